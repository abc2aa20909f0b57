"""Points in Qdrant Edge: the engine of Qdrant inside our process, one shard per collection, no server.

    <root>/<safe name>/collection.json    name, what it was built with, and which shard counts
    <root>/<safe name>/shard-<token>/     qdrant_edge's own files
    <root>/<safe name>.lock               held while the shard is open; names the process that holds it

A shard can be open in one process only, and opening takes a tenth of a second and more: so it is kept open until
another process wants it (`keeping`), and a screen and a nightly run share a desk. What was written is on the disk after
each operation. Edge is called *beta* by its makers: its version is pinned.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import qdrant_edge as edge

from core.documents import DocumentId
from core.errors import BrokenStore, Busy, NotFound, ServiceDown
from core.readers import Readers
from retrieval.index import CANDIDATES, Built, Point, Within, safe_name
from retrieval.keeping import Keeper
from retrieval.ranking import RRF_K, Scored
from retrieval.sparse import Weights

WAIT = 60.0
"""Seconds to wait for the lock. Whoever holds it writes a document or answers a question: seconds at most, but the
end of a large run builds its graph under it (22 s at 50,000 points)."""

PAGE = 1000
"""Points read at once when all are read."""

ROOM = 64 << 20
"""Bytes that must be free on the disk before anything is written. Edge maps sparse files into memory: where the disk is
full, touching them ends the process with SIGBUS and no word, so this is asked first. Two log segments of 32 MB."""

POINT_BYTES = 8 << 10
"""Bytes that a point may take on top of that: 7 kB were measured with 384 dimensions."""

_DENSE, _SPARSE = "dense", "bm25"
_INDEXED = ("collection", "document_id", "clearance", "readers", "statement")


@dataclass(frozen=True, slots=True)
class _About:
    """collection.json."""

    name: str
    shard: str
    built: Built


class EdgeStore:
    """The collections below one folder."""

    def __init__(self, root: Path, *, wait: float = WAIT) -> None:
        self._root = root
        self._keeper: Keeper[EdgePoints] = Keeper(root, wait=wait)

    @contextmanager
    def open(self, collection: str) -> Iterator[EdgePoints]:
        self._there(collection)  # without the lock first: asking for what is not there leaves no lock file behind
        name = safe_name(collection)
        with self._keeper.taken(name, lambda: self._opened(collection), called=_called(collection)) as points:
            yield points

    def close(self) -> None:
        """Close the shards that are kept open, before somebody else touches their files."""
        self._keeper.close()

    def create(self, collection: str, built: Built) -> None:
        """Made beside its place and moved there in one step: killed at any moment, it is there whole or not at all."""
        with self._keeper.alone(safe_name(collection), called=_called(collection)):
            _must_have_room(self._root, ROOM)
            folder = self._folder(collection)
            for left in self._root.glob(f".*-{safe_name(collection)}-*"):
                shutil.rmtree(left)  # a killed run left it half made or half deleted
            if folder.exists():
                return
            fresh = self._root / f".new-{safe_name(collection)}-{secrets.token_hex(4)}"
            shard = self._create_shard(fresh, collection, built)
            self._write_about(fresh, _About(collection, shard, built))
            fresh.rename(folder)
            _sync(self._root)

    def built(self, collection: str) -> Built | None:
        about = self._about(self._folder(collection))
        return None if about is None else about.built

    def collections(self) -> tuple[str, ...]:
        if not self._root.is_dir():
            return ()
        found = (self._about(file.parent) for file in self._root.glob("[!.]*/collection.json"))
        return tuple(sorted(about.name for about in found if about is not None))

    def drop(self, collection: str) -> None:
        with self._keeper.alone(safe_name(collection), called=_called(collection)):
            folder = self._folder(collection)
            if folder.exists():
                gone = self._root / f".gone-{safe_name(collection)}-{secrets.token_hex(4)}"
                folder.rename(gone)
                shutil.rmtree(gone)

    def purge(self, collection: str) -> None:
        """Copies the living points into a new shard, points collection.json to it, and deletes the old files.

        Deleting points in a shard leaves their text in its log and storage pages, whatever is optimised afterwards.
        """
        with self._keeper.alone(safe_name(collection), called=_called(collection)):
            about = self._there(collection)
            folder = self._folder(collection)
            shard = self._create_shard(folder, collection, about.built)
            old = self._opened(collection)
            new = self._load(folder / shard, collection)
            try:
                _must_have_room(self._root, ROOM + old.count() * POINT_BYTES)
                for records in old.records(None, with_payload=True, with_vector=True):
                    new.write([edge.Point(record.id, record.vector or {}, record.payload) for record in records])
                new.settle()
            finally:
                new.close()
                old.close()
            self._write_about(folder, _About(collection, shard, about.built))
            for left in folder.glob("shard-*"):
                if left.name != shard:
                    shutil.rmtree(left)

    def _opened(self, collection: str) -> EdgePoints:
        return self._load(self._folder(collection) / self._there(collection).shard, collection)

    def _load(self, shard: Path, collection: str) -> EdgePoints:
        with _told(collection):
            return EdgePoints(edge.EdgeShard.load(str(shard)), collection, shard)

    def _create_shard(self, folder: Path, collection: str, built: Built) -> str:
        """An empty shard in `folder`; returns its name."""
        name = f"shard-{secrets.token_hex(4)}"
        (folder / name).mkdir(parents=True, mode=0o700)
        with _told(collection):
            shard = edge.EdgeShard.create(
                str(folder / name),
                edge.EdgeConfig(
                    vectors={_DENSE: edge.EdgeVectorParams(size=built.size, distance=edge.Distance.Cosine)},
                    sparse_vectors={_SPARSE: edge.EdgeSparseVectorParams(modifier=edge.Modifier.Idf)},
                ),
            )
            for field in _INDEXED:
                shard.update(edge.UpdateOperation.create_field_index(field, edge.PayloadSchemaType.Keyword))
            shard.close()
        return name

    def _there(self, collection: str) -> _About:
        about = self._about(self._folder(collection))
        if about is None:
            raise NotFound(f"There is no collection named {collection}.")
        return about

    def _about(self, folder: Path) -> _About | None:
        try:
            stored = json.loads((folder / "collection.json").read_text(encoding="utf-8"))
            return _About(stored["name"], stored["shard"], Built(**stored["built"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BrokenStore(f"The file {folder.name}/collection.json of the index cannot be read.") from error

    def _write_about(self, folder: Path, about: _About) -> None:
        built = {"fingerprint": about.built.fingerprint, "size": about.built.size, "format": about.built.format}
        fresh = folder / "collection.json.new"
        with fresh.open("w", encoding="utf-8") as file:
            json.dump({"name": about.name, "shard": about.shard, "built": built}, file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(folder / "collection.json")
        _sync(folder)

    def _folder(self, collection: str) -> Path:
        return self._root / safe_name(collection)


class EdgePoints:
    """An open shard."""

    def __init__(self, shard: edge.EdgeShard, collection: str, folder: Path) -> None:
        self._shard = shard
        self._collection = collection
        self._folder = folder
        self._pending = False

    def upsert(self, points: Sequence[Point]) -> None:
        self.write(
            [
                edge.Point(
                    point.id,
                    {_DENSE: point.dense.tolist(), _SPARSE: _sparse(point.sparse)},
                    dict(point.payload),
                )
                for point in points
            ]
        )

    def write(self, points: list[edge.Point]) -> None:
        """Edge's own points, as they are."""
        if points:
            _must_have_room(self._folder, ROOM + len(points) * POINT_BYTES)
            with _told(self._collection):
                self._pending = True
                self._shard.update(edge.UpdateOperation.upsert_points(points))

    def delete(self, ids: Sequence[str]) -> None:
        if ids:
            with _told(self._collection):
                self._pending = True
                self._shard.update(edge.UpdateOperation.delete_points(list(ids)))

    def query(
        self, dense: Sequence[float], weights: Weights, *, meaning: float, within: Within, limit: int
    ) -> list[Scored]:
        seen = _seen(within)
        candidates = max(CANDIDATES, limit)
        request = edge.QueryRequest(
            limit=limit,
            prefetches=[
                edge.Prefetch(limit=candidates, query=edge.Query.Nearest(list(dense), using=_DENSE), filter=seen),
                edge.Prefetch(limit=candidates, query=edge.Query.Nearest(_sparse(weights), using=_SPARSE), filter=seen),
            ],
            # Qdrant counts ranks from 0, the formula from 1.
            query=edge.Fusion.Rrf(RRF_K + 1, [meaning, 1.0]),  # type: ignore[arg-type]
            with_payload=True,
        )
        with _told(self._collection):
            found = self._shard.query(request)
        return [Scored(str(point.id), point.score, point.payload or {}) for point in found]

    def ranking(self, query: Sequence[float] | Weights, *, within: Within, limit: int) -> list[str]:
        if isinstance(query, Weights):
            nearest = edge.Query.Nearest(_sparse(query), using=_SPARSE)
        else:
            nearest = edge.Query.Nearest(list(query), using=_DENSE)
        request = edge.QueryRequest(limit=limit, query=nearest, filter=_seen(within))
        with _told(self._collection):
            return [str(point.id) for point in self._shard.query(request)]

    def give_to(self, document_id: DocumentId, readers: Readers) -> None:
        of = edge.Filter(must=[edge.FieldCondition(key="document_id", match=edge.MatchValue(str(document_id)))])
        with _told(self._collection):
            self._pending = True
            if readers.named is None:
                self._shard.update(edge.UpdateOperation.delete_payload_by_filter(of, ["readers"]))
            else:
                self._shard.update(edge.UpdateOperation.set_payload_by_filter(of, {"readers": list(readers.named)}))

    def count(self, document_id: DocumentId | None = None) -> int:
        with _told(self._collection):
            return int(self._shard.count(edge.CountRequest(exact=True, filter=_of(document_id))))

    def ids(self, document_id: DocumentId | None = None) -> set[str]:
        return {str(record.id) for page in self.records(document_id) for record in page}

    def payloads(self, document_id: DocumentId | None = None) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for page in self.records(document_id, with_payload=True):
            for record in page:
                yield str(record.id), record.payload or {}

    def records(
        self, document_id: DocumentId | None, *, with_payload: bool = False, with_vector: bool = False
    ) -> Iterator[list[edge.Record]]:
        """Edge's own records, a page at a time."""
        offset: Any = None
        while True:
            request = edge.ScrollRequest(
                offset=offset,
                limit=PAGE,
                filter=_of(document_id),
                with_payload=with_payload,
                with_vector=with_vector,
            )
            with _told(self._collection):
                page, offset = self._shard.scroll(request)
            yield page
            if offset is None:
                return

    def settle(self) -> None:
        """Below 10 MB of vectors (6,500 chunks of MiniLM) there is nothing to build: a full scan is fast."""
        _must_have_room(self._folder, ROOM + self.count() * POINT_BYTES)
        with _told(self._collection):
            self._pending = True
            for field in _INDEXED:  # an older version made fewer; what is there stays
                self._shard.update(edge.UpdateOperation.create_field_index(field, edge.PayloadSchemaType.Keyword))
            self._shard.optimize()

    def flush(self) -> None:
        if self._pending:
            with _told(self._collection):
                self._shard.flush()
            self._pending = False

    def close(self) -> None:
        """Writes what is pending to disk as well: flushing first would only do that twice."""
        with _told(self._collection):
            self._shard.close()


def _called(collection: str) -> str:
    return f"The index of {collection}"


def _must_have_room(folder: Path, wanted: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < wanted:
        raise ServiceDown(
            f"The disk of the index has {free >> 20} MB left, and {wanted >> 20} MB are needed: "
            "make room, and try again."
        )


def _seen(within: Within) -> edge.Filter:
    must: list[Any] = [
        edge.FieldCondition(key="collection", match=edge.MatchValue(within.collection)),
        edge.FieldCondition(key="clearance", match=edge.MatchAny(any=sorted(one.value for one in within.clearances))),
        # Who is not named reads what names nobody.
        edge.Filter(
            should=[
                edge.IsEmptyCondition("readers"),
                edge.FieldCondition(key="readers", match=edge.MatchAny(any=list(within.reader.known_as))),
            ]
        ),
    ]
    if within.documents is not None:
        match = edge.MatchAny(any=[str(document) for document in within.documents])
        must.append(edge.FieldCondition(key="document_id", match=match))
    if within.statement is not None:
        must.append(edge.FieldCondition(key="statement", match=edge.MatchValue(within.statement.value)))
    return edge.Filter(must=must)


def _of(document_id: DocumentId | None) -> edge.Filter | None:
    if document_id is None:
        return None
    return edge.Filter(must=[edge.FieldCondition(key="document_id", match=edge.MatchValue(str(document_id)))])


def _sparse(weights: Weights) -> edge.SparseVector:
    return edge.SparseVector(list(weights.indices), list(weights.values))


@contextmanager
def _told(collection: str) -> Iterator[None]:
    """qdrant_edge raises a bare Exception for everything that goes wrong: told as what it means to the user."""
    try:
        yield
    except Exception as error:
        if "WouldBlock" in str(error):  # a process that does not take our lock, such as an older version
            raise Busy(f"The index of {collection} is in use by another process; try again.") from error
        raise BrokenStore(
            f"The index of {collection} cannot be read or written: its disk is full or its files are damaged."
        ) from error


def _sync(folder: Path) -> None:
    """Let a rename inside `folder` reach the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
