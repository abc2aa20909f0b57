"""What is known about the documents, in SQL: SQLite under DOSSIER_HOME, or any database that SQLAlchemy speaks to.

    documents    one row per collection and document, written last: what has a row here is kept and indexed
    places       where its bytes were seen: several paths may hold the same document
    quarantine   files that could not be read, with the reason
    facts        what was read of each document's party, period and kind, and of what it amends: places and numbers;
                 with the version of the rules that read it
    edits        what a person said of it; it outlives reading the document again, and goes with the document
    unfinished   documents between two states: kept but not yet shelved, or unshelved but not yet forgotten
    runs         when ingest ran, and what came of it; the row is written before the work starts
    state        one row: a word that every write changes, so that what was read is read again only then

Text of documents is never stored here, but titles, paths and reasons are.
"""

from __future__ import annotations

import os
import secrets
import threading
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import sqlalchemy as sql

from core.documents import DocumentId, Fate
from core.privacy import Clearance
from core.readers import EVERYBODY, Readers, readers_stored
from retrieval.database import Database

_tables = sql.MetaData()

_documents = sql.Table(
    "documents",
    _tables,
    sql.Column("collection", sql.String(100), primary_key=True),
    sql.Column("document_id", sql.String(64), primary_key=True),
    sql.Column("source", sql.Text, nullable=False),
    sql.Column("origin", sql.Text, nullable=False),
    sql.Column("title", sql.Text, nullable=False),
    sql.Column("media_type", sql.String(200), nullable=False),
    sql.Column("clearance", sql.String(20), nullable=False),
    sql.Column("parser", sql.String(200), nullable=False),
    sql.Column("pages", sql.Integer, nullable=False),
    sql.Column("characters", sql.Integer, nullable=False),
    sql.Column("fates", sql.JSON, nullable=False),
    sql.Column("chunks", sql.Integer, nullable=False),
    sql.Column("warnings", sql.JSON, nullable=False),
    sql.Column("ingested_at", sql.String(40), nullable=False),
    sql.Column("ingested_by", sql.String(200), nullable=False),
    sql.Column("readers", sql.JSON(none_as_null=True)),
)

_places = sql.Table(
    "places",
    _tables,
    sql.Column("collection", sql.String(100), primary_key=True),
    sql.Column("origin", sql.Text, primary_key=True),
    sql.Column("document_id", sql.String(64), primary_key=True),
    sql.Column("source", sql.Text, nullable=False),
)

_quarantine = sql.Table(
    "quarantine",
    _tables,
    sql.Column("collection", sql.String(100), primary_key=True),
    sql.Column("origin", sql.Text, primary_key=True),
    sql.Column("source", sql.Text, nullable=False),
    sql.Column("document_id", sql.String(64)),
    sql.Column("reason", sql.Text, nullable=False),
    sql.Column("at", sql.String(40), nullable=False),
    sql.Column("reading", sql.Text),
    sql.Column("readers", sql.JSON(none_as_null=True)),
)

_facts = sql.Table(
    "facts",
    _tables,
    sql.Column("collection", sql.String(100), primary_key=True),
    sql.Column("document_id", sql.String(64), primary_key=True),
    sql.Column("version", sql.Integer, nullable=False),
    sql.Column("facts", sql.Text, nullable=False),
    sql.Column("amends", sql.Text),
)

_edits = sql.Table(
    "edits",
    _tables,
    sql.Column("collection", sql.String(100), primary_key=True),
    sql.Column("document_id", sql.String(64), primary_key=True),
    sql.Column("edits", sql.Text, nullable=False),
    sql.Column("by", sql.String(200), nullable=False),
    sql.Column("at", sql.String(40), nullable=False),
)

_unfinished = sql.Table(
    "unfinished",
    _tables,
    sql.Column("collection", sql.String(100), primary_key=True),
    sql.Column("document_id", sql.String(64), primary_key=True),
)

_runs = sql.Table(
    "runs",
    _tables,
    sql.Column("run_id", sql.String(40), primary_key=True),
    sql.Column("collection", sql.String(100), nullable=False),
    sql.Column("started", sql.String(40), nullable=False),
    sql.Column("finished", sql.String(40)),
    sql.Column("counts", sql.JSON),
    sql.Column("pid", sql.Integer, nullable=False),
    sql.Column("outcome", sql.String(20)),
    sql.Column("reason", sql.Text),
)

_state = sql.Table(
    "state",
    _tables,
    sql.Column("name", sql.String(20), primary_key=True),
    sql.Column("word", sql.String(32), nullable=False),
)

SHELVES = 8
"""Collections whose rows are kept in memory: a desk has a handful open. The rows of 10,000 take 20 MB."""


@dataclass(frozen=True, slots=True)
class Record:
    """A document in a collection, as the catalogue knows it. `source` is the path as the user gave it, `origin` where
    the bytes lie (an absolute path); `ingested_at` is ISO 8601 in UTC; `characters` counts the canonical text."""

    collection: str
    document_id: DocumentId
    source: str
    origin: str
    title: str
    media_type: str
    clearance: Clearance
    parser: str
    pages: int
    characters: int
    fates: Mapping[Fate, int]
    chunks: int
    warnings: tuple[str, ...]
    ingested_at: str
    ingested_by: str
    readers: Readers = EVERYBODY


@dataclass(frozen=True, slots=True)
class Place:
    """Where the bytes of a document were seen; `source` and `origin` as in `Record`."""

    source: str
    origin: str
    document_id: DocumentId


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A file that could not be read. `document_id` is None when not even its bytes could be.

    `reading` says with what it was tried (parser, OCR, limits): the same bytes read in the same way fail again.
    """

    collection: str
    source: str
    origin: str
    document_id: DocumentId | None
    reason: str
    at: str
    reading: str | None = None
    readers: Readers = EVERYBODY


@dataclass(frozen=True, slots=True)
class Kept:
    """The facts of a document as they are stored, in JSON: what was read, by rules of `version`, and what was said.

    `amends` is what it changes in other agreements, None for a document that amends nothing. `version` is None where
    nothing was read yet.
    """

    collection: str
    document_id: DocumentId
    version: int | None
    facts: str
    edits: str | None = None
    amends: str | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """A run of ingest. `finished`, `counts` and `outcome` are None while it runs, and for ever when it was killed.

    `outcome` is finished, stopped (somebody asked it to end) or failed; `reason` is the sentence why.
    """

    run_id: str
    collection: str
    started: str
    finished: str | None
    counts: Mapping[str, int] | None
    pid: int
    outcome: str | None = None
    reason: str | None = None


@dataclass(frozen=True, eq=False)
class Shelf:
    """What a question may be about, as the catalogue had it: the rows, the facts in their order, files not read.

    The same object comes again until somebody writes to the catalogue: what is made of it may be kept beside it. What
    every question asks of all rows is worked out once.
    """

    records: tuple[Record, ...]
    facts: tuple[Kept, ...]
    quarantined: tuple[Quarantined, ...]

    @cached_property
    def readers(self) -> frozenset[Readers]:
        """Every readers that is said of a row or of a file in quarantine."""
        return frozenset({one.readers for one in self.records} | {one.readers for one in self.quarantined})

    @cached_property
    def documents(self) -> tuple[DocumentId, ...]:
        """Each document once, in the order of the rows."""
        return tuple(dict.fromkeys(record.document_id for record in self.records))

    @cached_property
    def sizes(self) -> Mapping[str, int]:
        """How many documents each collection holds; the names are sorted."""
        return dict(sorted(Counter(record.collection for record in self.records).items()))

    @cached_property
    def by_id(self) -> Mapping[DocumentId, tuple[int, ...]]:
        """Where the rows of each document stand in `records`."""
        places: dict[DocumentId, tuple[int, ...]] = {}
        for place, record in enumerate(self.records):
            places[record.document_id] = (*places.get(record.document_id, ()), place)
        return places

    @cached_property
    def sources(self) -> Mapping[DocumentId, str]:
        """The source of each document: that of its last row."""
        return {record.document_id: record.source for record in self.records}

    def of(self, documents: Sequence[DocumentId]) -> tuple[Record, ...]:
        """The rows of these documents, in the order of `records`; all of them without looking at each."""
        if len(documents) == len(self.documents):
            return self.records
        return tuple(self.records[place] for place in sorted(at for one in documents for at in self.by_id.get(one, ())))


class Catalogue(Database):
    """Holds the connection. Nothing is opened before the first question."""

    def __init__(self, url: str) -> None:
        super().__init__(url, _tables)
        self._shelves: dict[str | None, Shelf] = {}
        self._word: str | None = None
        self._reading_shelves = threading.Lock()

    @contextmanager
    def writing(self) -> Iterator[sql.Connection]:
        with super().writing() as connection:
            yield connection
            word = {"word": secrets.token_hex(8)}
            if connection.execute(sql.update(_state).values(word)).rowcount == 0:
                connection.execute(sql.insert(_state).values(name="catalogue", **word))

    def shelf(self, collection: str | None = None) -> Shelf:
        """`records`, `facts` and `quarantined`, read only when something was written since."""
        with self._reading_shelves:
            with self.reading() as connection:  # the word first: what is written from here on is seen next time
                word = connection.execute(sql.select(_state.c.word)).scalar()
            if word != self._word:
                self._shelves.clear()  # also of other collections: nothing that was erased stays in memory
                self._word = word
            if collection not in self._shelves:
                if len(self._shelves) >= SHELVES:
                    self._shelves.pop(next(iter(self._shelves)))
                self._shelves[collection] = Shelf(
                    self.records(collection), self.facts(collection), self.quarantined(collection)
                )
            return self._shelves[collection]

    # ── documents ─────────────────────────────────────────────────────────────────────────────────────────────────

    def shelve(self, record: Record) -> None:
        """Write the row of a document that is kept and indexed; also where it was seen. Its quarantine ends."""
        values = {name: getattr(record, name) for name in Record.__dataclass_fields__}
        values["clearance"] = record.clearance.value
        values["fates"] = {fate.value: count for fate, count in record.fates.items()}
        values["warnings"] = list(record.warnings)
        values["readers"] = _stored(record.readers)
        with self.writing() as connection:
            _put(connection, _documents, values)
            _seen(connection, record.collection, record.document_id, record.source, record.origin)
            _delete(connection, _unfinished, collection=record.collection, document_id=record.document_id)

    def unshelve(self, collection: str, document_id: DocumentId) -> None:
        """Take the row away, with every place and quarantine of the document; until `finish` it stays unfinished."""
        with self.writing() as connection:
            for table in (_documents, _places, _quarantine, _facts, _edits):
                _delete(connection, table, collection=collection, document_id=document_id)
            _put(connection, _unfinished, {"collection": collection, "document_id": document_id})

    def give_to(self, collection: str, document_id: DocumentId, readers: Readers) -> None:
        """Write who may read a document; until `shelve` it is unfinished, for its points still say otherwise."""
        where = _are(_documents, collection=collection, document_id=document_id)
        with self.writing() as connection:
            _put(connection, _unfinished, {"collection": collection, "document_id": document_id})
            connection.execute(sql.update(_documents).where(where).values(readers=_stored(readers)))

    def begin(self, collection: str, document_id: DocumentId) -> None:
        """From here until `shelve` or `finish` the document is unfinished."""
        with self.writing() as connection:
            _put(connection, _unfinished, {"collection": collection, "document_id": document_id})

    def finish(self, document_id: DocumentId, *, collection: str | None) -> None:
        """Nothing of the document is left in `collection` (None: anywhere)."""
        where = {"document_id": str(document_id)} | ({} if collection is None else {"collection": collection})
        with self.writing() as connection:
            _delete(connection, _unfinished, **where)
        self.empty_log()

    def unfinished(self, collection: str | None = None) -> tuple[tuple[str, DocumentId], ...]:
        """(collection, document) of what a killed run left between two states; those being read anew have a row."""
        query = sql.select(_unfinished).order_by(_unfinished.c.collection, _unfinished.c.document_id)
        if collection is not None:
            query = query.where(_unfinished.c.collection == collection)
        with self.reading() as connection:
            return tuple((row.collection, DocumentId(row.document_id)) for row in connection.execute(query))

    def records(self, collection: str | None = None) -> tuple[Record, ...]:
        """The rows of one collection, or of all, sorted by collection, source and id."""
        query = sql.select(_documents).order_by(_documents.c.collection, _documents.c.source, _documents.c.document_id)
        if collection is not None:
            query = query.where(_documents.c.collection == collection)
        with self.reading() as connection:
            return tuple(_record(dict(row)) for row in connection.execute(query).mappings())

    def record(self, collection: str, document_id: DocumentId) -> Record | None:
        """The row of a document, None when the collection does not hold it."""
        query = sql.select(_documents).where(_are(_documents, collection=collection, document_id=document_id))
        with self.reading() as connection:
            row = connection.execute(query).mappings().one_or_none()
            return None if row is None else _record(dict(row))

    def shelved(
        self, document_ids: Collection[DocumentId], collections: Collection[str]
    ) -> set[tuple[str, DocumentId, Readers]]:
        """Collection, id and readers of the rows of these documents in these collections: by their key, which begins
        with the collection, and not by looking at every row."""
        columns = (_documents.c.collection, _documents.c.document_id, _documents.c.readers)
        query = sql.select(*columns).where(
            _documents.c.collection.in_(sorted(collections)), _documents.c.document_id.in_(sorted(document_ids))
        )
        with self.reading() as connection:
            return {
                (row.collection, DocumentId(row.document_id), readers_stored(row.readers))
                for row in connection.execute(query)
            }

    def collections(self) -> tuple[str, ...]:
        """Names of the collections that hold at least one document, sorted."""
        query = sql.select(_documents.c.collection).distinct().order_by(_documents.c.collection)
        with self.reading() as connection:
            return tuple(connection.execute(query).scalars())

    def holders(self, document_id: DocumentId) -> tuple[str, ...]:
        """The collections that hold a document, whether shelved or unfinished, sorted."""
        query = sql.union(
            *(sql.select(table.c.collection).where(table.c.document_id == document_id) for table in _HOLDING)
        )
        with self.reading() as connection:
            return tuple(sorted(connection.execute(query).scalars()))

    # ── facts ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def facts(self, collection: str | None = None) -> tuple[Kept, ...]:
        """The facts of every document of one collection, or of all, sorted by collection, source and id."""
        same = [
            sql.and_(table.c.collection == _documents.c.collection, table.c.document_id == _documents.c.document_id)
            for table in (_facts, _edits)
        ]
        query = (
            sql.select(
                _documents.c.collection,
                _documents.c.document_id,
                _facts.c.version,
                _facts.c.facts,
                _facts.c.amends,
                _edits.c.edits,
            )
            .select_from(_documents.outerjoin(_facts, same[0]).outerjoin(_edits, same[1]))
            .order_by(_documents.c.collection, _documents.c.source, _documents.c.document_id)
        )
        if collection is not None:
            query = query.where(_documents.c.collection == collection)
        with self.reading() as connection:
            return tuple(
                Kept(row.collection, DocumentId(row.document_id), row.version, row.facts or "[]", row.edits, row.amends)
                for row in connection.execute(query)
            )

    def keep_facts(self, kept: Sequence[Kept]) -> None:
        """Write what was read of some documents; what was said of them stays."""
        with self.writing() as connection:
            for one in kept:
                values = {"collection": one.collection, "document_id": one.document_id}
                if connection.execute(sql.select(_documents.c.source).where(_are(_documents, **values))).first():
                    _put(
                        connection, _facts, {**values, "version": one.version, "facts": one.facts, "amends": one.amends}
                    )

    def keep_edits(self, collection: str, document_id: DocumentId, edits: str | None, *, by: str) -> None:
        """Write what a person said of a document; None takes all of it back."""
        key = {"collection": collection, "document_id": document_id}
        with self.writing() as connection:
            if edits is None:
                _delete(connection, _edits, collection=collection, document_id=document_id)
            else:
                _put(connection, _edits, {**key, "edits": edits, "by": by, "at": _now()})

    # ── places ────────────────────────────────────────────────────────────────────────────────────────────────────

    def seen(self, record: Record, source: str, origin: str) -> None:
        """The bytes of a shelved document also lie at `origin`. Its quarantine ends."""
        with self.writing() as connection:
            _seen(connection, record.collection, record.document_id, source, origin)

    def place(self, collection: str, origin: str, document_id: DocumentId | None) -> tuple[DocumentId, ...]:
        """Now `origin` holds `document_id`, or nothing at all (None). Returns the documents that only it had held.

        Those keep their place until they are unshelved, so that a run killed in between finds them again.
        """
        held = _are(_places, collection=collection, origin=origin)
        with self.writing() as connection:
            if document_id is None:
                _delete(connection, _quarantine, collection=collection, origin=origin)
            former = connection.execute(sql.select(_places.c.document_id).where(held)).scalars().all()
            alone = []
            for other in sorted(set(former) - {document_id}):
                elsewhere = connection.execute(
                    sql.select(_places.c.origin, _places.c.source)
                    .where(_are(_places, collection=collection, document_id=other), _places.c.origin != origin)
                    .order_by(_places.c.origin)
                ).first()
                if elsewhere is None:
                    alone.append(DocumentId(other))
                    continue
                _delete(connection, _places, collection=collection, origin=origin, document_id=other)
                connection.execute(
                    sql.update(_documents)
                    .where(_are(_documents, collection=collection, document_id=other, origin=origin))
                    .values(origin=elsewhere.origin, source=elsewhere.source)
                )
        return tuple(alone)

    def places(self, collection: str) -> tuple[Place, ...]:
        """Every place that a document of the collection was seen at, sorted by origin."""
        query = (
            sql.select(_places.c.source, _places.c.origin, _places.c.document_id)
            .where(_places.c.collection == collection)
            .order_by(_places.c.origin, _places.c.document_id)
        )
        with self.reading() as connection:
            return tuple(
                Place(row.source, row.origin, DocumentId(row.document_id)) for row in connection.execute(query)
            )

    # ── quarantine and runs ───────────────────────────────────────────────────────────────────────────────────────

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
        """Note that the file at `origin` could not be read. A later note about it replaces this one."""
        values = {
            "collection": collection,
            "source": source,
            "origin": origin,
            "document_id": document_id,
            "reason": reason,
            "at": _now(),
            "reading": reading,
            "readers": _stored(readers),
        }
        with self.writing() as connection:
            _put(connection, _quarantine, values)

    def quarantined(self, collection: str | None = None) -> tuple[Quarantined, ...]:
        """Files that could not be read, sorted by collection and source."""
        query = sql.select(_quarantine).order_by(_quarantine.c.collection, _quarantine.c.source, _quarantine.c.origin)
        if collection is not None:
            query = query.where(_quarantine.c.collection == collection)
        with self.reading() as connection:
            return tuple(
                Quarantined(**{**row, "readers": readers_stored(row["readers"])})
                for row in connection.execute(query).mappings()
            )

    def start_run(self, collection: str) -> str:
        """Note that a run begins; returns its id."""
        started = _now()
        run_id = f"{started[:19].replace('-', '').replace(':', '')}Z-{secrets.token_hex(3)}"
        values = {"run_id": run_id, "collection": collection, "started": started, "pid": os.getpid()}
        with self.writing() as connection:
            _put(connection, _runs, values)
        return run_id

    def finish_run(
        self, run_id: str, counts: Mapping[str, int], *, outcome: str = "finished", reason: str | None = None
    ) -> None:
        """Note that a run came to an end, what it did, and how it ended."""
        values = {"finished": _now(), "counts": dict(counts), "outcome": outcome, "reason": reason}
        with self.writing() as connection:
            connection.execute(sql.update(_runs).where(_runs.c.run_id == run_id).values(values))

    def runs(self, collection: str | None = None) -> tuple[Run, ...]:
        """The runs, newest first."""
        query = sql.select(_runs).order_by(_runs.c.started.desc(), _runs.c.run_id.desc())
        if collection is not None:
            query = query.where(_runs.c.collection == collection)
        with self.reading() as connection:
            return tuple(Run(**row) for row in connection.execute(query).mappings())


_HOLDING = (_documents, _unfinished)


def _put(connection: sql.Connection, table: sql.Table, values: Mapping[str, Any]) -> None:
    """Insert a row, or overwrite the one with the same key; in the words of every database."""
    key = {column.name: values[column.name] for column in table.primary_key}
    _delete(connection, table, **key)
    connection.execute(sql.insert(table).values(values))


def _delete(connection: sql.Connection, table: sql.Table, **where: str | None) -> None:
    connection.execute(sql.delete(table).where(_are(table, **where)))


def _are(table: sql.Table, **where: str | None) -> sql.ColumnElement[bool]:
    return sql.and_(*(table.c[name] == value for name, value in where.items()))


def _seen(connection: sql.Connection, collection: str, document_id: DocumentId, source: str, origin: str) -> None:
    place = {"collection": collection, "origin": origin, "document_id": document_id, "source": source}
    _put(connection, _places, place)
    _delete(connection, _quarantine, collection=collection, origin=origin)


_CLEARANCES = {clearance.value: clearance for clearance in Clearance}
_FATES = {fate.value: fate for fate in Fate}


def _record(values: dict[str, Any]) -> Record:
    values["clearance"] = _CLEARANCES[values["clearance"]]
    values["fates"] = {fate: int(values["fates"].get(name, 0)) for name, fate in _FATES.items()}
    values["warnings"] = tuple(values["warnings"])
    values["readers"] = readers_stored(values["readers"])
    return Record(**values)


def _stored(readers: Readers) -> list[str] | None:
    return None if readers.named is None else list(readers.named)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
