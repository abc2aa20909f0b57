"""The library as one reader sees it: what they may not read is not there, whichever way they ask.

    Library ── everything ──▶ ingest, verify, erase        ReadingRoom ── what this reader may read ──▶ every other verb

Two readers who may read the same are given the same shelf, so that what is made of it is made once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from weakref import WeakKeyDictionary

from core.documents import Document, DocumentId
from core.errors import NotFound
from core.readers import Reader, Readers
from retrieval.catalogue import Kept, Quarantined, Record, Shelf
from retrieval.library import Library


class ReadingRoom:
    """Reads from a library for one reader. Raises what the library raises."""

    def __init__(self, library: Library, reader: Reader) -> None:
        self._library = library
        self._may_read = reader.may_read
        self._shelves: WeakKeyDictionary[Shelf, Mapping[frozenset[Readers], Shelf]] = WeakKeyDictionary()

    def collections(self) -> tuple[str, ...]:
        """Names of the collections that hold a document or a file in quarantine for this reader, sorted."""
        held = {one.collection for one in self.records()} | {one.collection for one in self.quarantined()}
        return tuple(sorted(held))

    def records(self, collection: str | None = None) -> tuple[Record, ...]:
        """The rows of one collection, or of all, sorted by collection, source and id."""
        return self.shelf(collection).records

    def record(self, collection: str, document_id: DocumentId) -> Record | None:
        """One row, None when there is none for this reader."""
        record = self._library.record(collection, document_id)
        return record if record is not None and self._may_read(record.readers) else None

    def facts(self, collection: str | None = None) -> tuple[Kept, ...]:
        """The stored facts of each of `records`, in their order."""
        return self.shelf(collection).facts

    def quarantined(self, collection: str | None = None) -> tuple[Quarantined, ...]:
        """Files that could not be read, of which this reader may know."""
        return self.shelf(collection).quarantined

    def shelf(self, collection: str | None = None) -> Shelf:
        """All of that: the same object until somebody writes to the catalogue."""
        shelf = self._library.shelf(collection)
        open_to = frozenset(readers for readers in shelf.readers if self._may_read(readers))
        if open_to == shelf.readers:
            return shelf
        made = self._shelves.get(shelf, {})
        if open_to not in made:
            made = {**made, open_to: _part(shelf, open_to)}
            self._shelves[shelf] = made
        return made[open_to]

    def holders(self, document_id: DocumentId) -> tuple[str, ...]:
        """The collections that hold a document for this reader, sorted."""
        holders = self._library.holders(document_id)
        return tuple(one for one in holders if self.record(one, document_id) is not None)

    def shelved(
        self, document_ids: Collection[DocumentId], collections: Collection[str]
    ) -> set[tuple[str, DocumentId]]:
        """(collection, document) of what this reader may read of them at this moment."""
        held = self._library.shelved(document_ids, collections)
        return {(collection, id) for collection, id, readers in held if self._may_read(readers)}

    def document(self, collection: str, document_id: DocumentId) -> Document:
        """A document as it was parsed. Raises NotFound as for one that does not exist."""
        if self.record(collection, document_id) is None:
            raise NotFound(f"There is no document with the id {document_id} in the collection {collection}.")
        return self._library.document(collection, document_id)

    def original(self, document: Document) -> Path:
        """The file as it came, of a document that was read here."""
        if self.record(document.collection, document.id) is None:
            raise NotFound(f"There is no document with the id {document.id}.")
        return self._library.original(document.id)

    def keep_facts(self, kept: Sequence[Kept]) -> None:
        """Write what was read of documents that are shelved; what was said of them stays."""
        self._library.keep_facts(kept)

    def keep_edits(self, collection: str, document_id: DocumentId, edits: str | None, *, by: str) -> None:
        """Write what a person said of a document that they may read; None takes all of it back."""
        if self.record(collection, document_id) is not None:
            self._library.keep_edits(collection, document_id, edits, by=by)


def _part(shelf: Shelf, open_to: Collection[Readers]) -> Shelf:
    records = tuple(record for record in shelf.records if record.readers in open_to)
    keys = {(record.collection, record.document_id) for record in records}
    return replace(
        shelf,
        records=records,
        facts=tuple(one for one in shelf.facts if (one.collection, one.document_id) in keys),
        quarantined=tuple(one for one in shelf.quarantined if one.readers in open_to),
    )
