"""The library: originals and parsed documents by id, with the catalogue that says what is on which shelf.

<home>/catalogue.sqlite                              (or the database of DOSSIER_CATALOGUE_URL)
<home>/library/<id[:2]>/<id>/original.<ending>       the bytes as they came
<home>/library/<id[:2]>/<id>/<collection>.json.gz    the parsed document, one per collection that holds it: two
                                                     collections may have read it with different parsers, and
                                                     spans mean the text that *their* chunks were cut from

keep → (index) → shelve      unshelve → (index) → forget       a run killed in between is seen in `unfinished`
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import secrets
import shutil
import zlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from core.documents import Block, BlockKind, Box, Document, DocumentId, Fate, Hidden, HiddenKind, Page, Span
from core.errors import BrokenStore, NotFound, UnreadableDocument
from core.privacy import Clearance
from core.readers import EVERYBODY, Readers
from retrieval.catalogue import Catalogue, Kept, Place, Quarantined, Record, Run, Shelf
from retrieval.index import safe_name

FORMAT = 1
"""Of the stored JSON. Another one is refused rather than guessed at."""

_COMPRESSION = 6
"""gzip's own default: level 9 takes twice the time for 1 % less."""

_READ = 1 << 20
_ID = re.compile(r"[0-9a-f]{64}")


def catalogue_url(home: Path) -> str:
    """The SQLAlchemy URL of the catalogue of a home that names no other."""
    return f"sqlite:///{home / 'catalogue.sqlite'}"


class Library:
    """Files under `home` and rows in the catalogue. Opens nothing before it is asked."""

    def __init__(self, home: Path, url: str | None = None) -> None:
        self._home = home
        self._root = home / "library"
        self._own_catalogue = url is None
        self._catalogue = Catalogue(url or catalogue_url(home))

    # ── files ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def keep(self, document: Document, path: Path) -> None:
        """Store the original, read from `path`, and the parsed document. Doing it again changes nothing.

        Raises UnreadableDocument when the file's bytes are no longer those that were parsed.
        """
        self._rows().begin(document.collection, document.id)
        folder = self._folder(document.id)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not any(folder.glob("original*")):
            _write(folder / f"original{path.suffix.lower()}", lambda file: _copy(path, file, document.id))
        stored = gzip.compress(document_to_json(document), _COMPRESSION, mtime=0)
        _write(self._parsed(document.collection, document.id), lambda file: file.write(stored))

    def document(self, collection: str, document_id: DocumentId) -> Document:
        """A document as it was parsed. Source, clearance and readers are those of the catalogue, which may be newer.

        Raises NotFound when the collection does not hold it, BrokenStore when its files are missing or damaged.
        """
        record = self._rows().record(collection, document_id)
        if record is None:
            raise NotFound(f"There is no document with the id {document_id} in the collection {collection}.")
        said = {"source": record.source, "clearance": record.clearance, "readers": record.readers}
        return replace(self.parsed(record), **said)  # type: ignore[arg-type]

    def parsed(self, record: Record) -> Document:
        """The document of a row exactly as it was stored. Raises BrokenStore when it is missing or damaged."""
        try:
            stored = gzip.decompress(self._parsed(record.collection, record.document_id).read_bytes())
            return document_from_json(stored)
        except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError, IndexError) as error:
            raise BrokenStore(
                f"The stored text of {record.source} is missing or damaged: ingest the document again."
            ) from error

    def original(self, document_id: DocumentId) -> Path:
        """The file as it came. Raises BrokenStore when it is not in the library."""
        for path in self._folder(document_id).glob("original*"):
            return path
        raise BrokenStore(f"The original of the document {document_id[:12]} is missing from the library.")

    def bring_back(self, document_id: DocumentId, path: Path) -> bool:
        """Store the original again from `path`, when those are its bytes and the stored ones are lost or damaged.

        True when the library has the original afterwards.
        """
        folder = self._folder(document_id)
        for kept in folder.glob("original*"):
            if _is(kept, document_id):
                return True
        if not _is(path, document_id):
            return False
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for damaged in folder.glob("original*"):
            damaged.unlink()
        _write(folder / f"original{path.suffix.lower()}", lambda file: _copy(path, file, document_id))
        return True

    def on_disk(self) -> tuple[DocumentId, ...]:
        """The documents that the library has files of, sorted."""
        return tuple(sorted(DocumentId(path.name) for path in self._root.glob("??/*") if _ID.fullmatch(path.name)))

    def files_of(self, document_id: DocumentId) -> int:
        """How many files the library has of a document: 0 after it was forgotten everywhere."""
        folder = self._folder(document_id)
        return sum(path.is_file() for path in folder.rglob("*")) if folder.is_dir() else 0

    def forget(self, document_id: DocumentId, *, collection: str | None = None) -> None:
        """Delete the files that no collection needs any more, after `unshelve` and the index.

        With `collection`, that one is done with the document; without, every one that has unshelved it is.
        """
        rows = self._rows()
        rows.finish(document_id, collection=collection)
        folder = self._folder(document_id)
        needed = {self._parsed(holder, document_id) for holder in rows.holders(document_id)}
        if not needed:
            shutil.rmtree(folder, ignore_errors=True)
            if folder.exists():
                raise BrokenStore(f"The files of the document {document_id[:12]} could not be deleted.")
            return
        for path in folder.glob("*.json.gz"):
            if path not in needed:
                path.unlink(missing_ok=True)

    # ── the catalogue ─────────────────────────────────────────────────────────────────────────────────────────────

    def shelve(self, record: Record) -> None:
        """Write the catalogue row, last of all: what has one is kept and indexed."""
        self._rows().shelve(record)

    def unshelve(self, collection: str, document_id: DocumentId) -> None:
        """Take the catalogue row away, first of all: from now on no answer can cite the document."""
        self._rows().unshelve(collection, document_id)

    def unfinished(self, collection: str | None = None) -> tuple[tuple[str, DocumentId], ...]:
        """(collection, document) of what a killed run kept but did not shelve, or unshelved but did not forget.

        What has a row was being read anew and is to be shelved again; the rest is to be forgotten.
        """
        return self._rows().unfinished(collection)

    def records(self, collection: str | None = None) -> tuple[Record, ...]:
        """The catalogue of one collection, or of all, sorted by collection, source and id."""
        return self._rows().records(collection)

    def shelf(self, collection: str | None = None) -> Shelf:
        """All of that, with the facts: the same object until somebody writes to the catalogue."""
        return self._rows().shelf(collection)

    def record(self, collection: str, document_id: DocumentId) -> Record | None:
        """One row, None when the collection does not hold the document."""
        return self._rows().record(collection, document_id)

    def give_to(self, record: Record, readers: Readers) -> None:
        """From now on only these may read the document; it is unfinished until its points say so and it is shelved."""
        self._rows().give_to(record.collection, record.document_id, readers)

    def shelved(
        self, document_ids: Collection[DocumentId], collections: Collection[str]
    ) -> set[tuple[str, DocumentId, Readers]]:
        """Collection, id and readers of these documents, where one of the collections holds it at this moment."""
        return self._rows().shelved(document_ids, collections)

    def facts(self, collection: str | None = None) -> tuple[Kept, ...]:
        """The stored facts of every document of one collection, or of all, in the order of `records`."""
        return self._rows().facts(collection)

    def keep_facts(self, kept: Sequence[Kept]) -> None:
        """Write what was read of documents that are shelved; what was said of them stays."""
        self._rows().keep_facts(kept)

    def keep_edits(self, collection: str, document_id: DocumentId, edits: str | None, *, by: str) -> None:
        """Write what a person said of a document; None takes all of it back."""
        self._rows().keep_edits(collection, document_id, edits, by=by)

    def collections(self) -> tuple[str, ...]:
        """Names of the collections that hold at least one document, sorted."""
        return self._rows().collections()

    def holders(self, document_id: DocumentId) -> tuple[str, ...]:
        """Collections that hold a document, also those in which its erasure was not finished, sorted."""
        return self._rows().holders(document_id)

    def seen(self, record: Record, source: str, origin: str) -> None:
        """The same bytes also lie at `origin`."""
        self._rows().seen(record, source, origin)

    def place(self, collection: str, origin: str, document_id: DocumentId | None) -> tuple[DocumentId, ...]:
        """Now `origin` holds this document, or nothing (None). Returns those that only `origin` had held."""
        return self._rows().place(collection, origin, document_id)

    def places(self, collection: str) -> tuple[Place, ...]:
        """Every place that a document of the collection was seen at, sorted by origin."""
        return self._rows().places(collection)

    def quarantine(
        self,
        collection: str,
        source: str,
        origin: str,
        document_id: DocumentId | None,
        reason: str,
        reading: str | None = None,
        readers: Readers = EVERYBODY,
    ) -> None:
        """Note that the file at `origin` could not be read; it ends when `origin` is shelved, seen or gone."""
        self._rows().quarantine(collection, source, origin, document_id, reason, reading, readers)

    def quarantined(self, collection: str | None = None) -> tuple[Quarantined, ...]:
        """Files that could not be read, each with the reason."""
        return self._rows().quarantined(collection)

    def start_run(self, collection: str) -> str:
        """Note that a run of ingest begins; returns its id."""
        return self._rows().start_run(collection)

    def finish_run(
        self, run_id: str, counts: Mapping[str, int], *, outcome: str = "finished", reason: str | None = None
    ) -> None:
        """Note that a run came to an end, and how."""
        self._rows().finish_run(run_id, counts, outcome=outcome, reason=reason)

    def runs(self, collection: str | None = None) -> tuple[Run, ...]:
        """The runs, newest first."""
        return self._rows().runs(collection)

    def _rows(self) -> Catalogue:
        if self._own_catalogue:
            self._home.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self._catalogue

    def _folder(self, document_id: DocumentId) -> Path:
        if not _ID.fullmatch(document_id):
            raise NotFound(f"There is no document with the id {document_id}.")
        return self._root / document_id[:2] / document_id

    def _parsed(self, collection: str, document_id: DocumentId) -> Path:
        return self._folder(document_id) / f"{safe_name(collection)}.json.gz"


def document_to_json(document: Document) -> bytes:
    """The document as compact JSON in UTF-8: pages and blocks are rows of bare values, in the order written here."""
    pages = [
        [page.number, page.label, page.span.start, page.span.end, page.fate.value, page.size, page.note]
        for page in document.pages
    ]
    blocks = [
        [
            block.kind.value,
            block.span.start,
            block.span.end,
            block.level,
            [[box.page, box.left, box.top, box.right, box.bottom] for box in block.boxes],
        ]
        for block in document.blocks
    ]
    stored = {
        "format": FORMAT,
        "id": document.id,
        "title": document.title,
        "source": document.source,
        "media_type": document.media_type,
        "text": document.text,
        "pages": pages,
        "blocks": blocks,
        "collection": document.collection,
        "clearance": document.clearance.value,
        "parser": document.parser,
        "warnings": document.warnings,
        "hidden": [
            [
                one.kind.value,
                one.page,
                one.text,
                [[box.page, box.left, box.top, box.right, box.bottom] for box in one.boxes],
            ]
            for one in document.hidden
        ],
    }
    # Half a surrogate pair is no character, but a broken PDF may hold one, and positions must not move.
    return json.dumps(stored, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def document_from_json(stored: bytes) -> Document:
    """The document that `document_to_json` wrote. Raises ValueError, KeyError, TypeError or IndexError for others."""
    values: dict[str, Any] = json.loads(stored.decode("utf-8", "surrogatepass"))
    if values["format"] != FORMAT:
        raise ValueError(f"format {values['format']}, not {FORMAT}")
    return Document(
        id=DocumentId(values["id"]),
        title=values["title"],
        source=values["source"],
        media_type=values["media_type"],
        text=values["text"],
        pages=tuple(
            Page(number, label, Span(start, end), Fate(fate), None if size is None else (size[0], size[1]), note)
            for number, label, start, end, fate, size, note in values["pages"]
        ),
        blocks=tuple(
            Block(BlockKind(kind), Span(start, end), level, tuple(Box(*box) for box in boxes))
            for kind, start, end, level, boxes in values["blocks"]
        ),
        collection=values["collection"],
        clearance=Clearance(values["clearance"]),
        parser=values["parser"],
        warnings=tuple(values["warnings"]),
        # Documents that were stored before hidden text was looked for have none.
        hidden=tuple(
            Hidden(HiddenKind(kind), page, text, tuple(Box(*box) for box in boxes))
            for kind, page, text, boxes in values.get("hidden", ())
        ),
    )


def _is(path: Path, document_id: DocumentId) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == document_id
    except OSError:
        return False


def _copy(path: Path, file: IO[bytes], document_id: DocumentId) -> None:
    """The bytes of `path`, which must be those that were parsed."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as original:
            while part := original.read(_READ):
                digest.update(part)
                file.write(part)
    except OSError as error:
        raise UnreadableDocument(f"{path.name} could not be copied into the library: {error.strerror}.") from error
    if digest.hexdigest() != document_id:
        raise UnreadableDocument(f"{path.name} was changed while it was being read; ingest it again.")


def _write(path: Path, fill: Callable[[IO[bytes]], object]) -> None:
    """Write beside `path` and move it there in one step: a reader sees the old file or the new one, whole."""
    fresh = path.with_name(f".new-{secrets.token_hex(4)}")
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            fill(file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
