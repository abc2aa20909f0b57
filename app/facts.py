"""The facts of documents: read when they are ingested, read again when the rules are newer, said by a person, asked.

ingest ─ facts_of ─▶ catalogue ─▶ Register ─▶ resolve(question)          person ─▶ edits, which always count
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

from core.documents import Document, DocumentId
from core.errors import BrokenStore, Busy, ConfigError
from core.facts import (
    Edits,
    Facts,
    edits_from_json,
    edits_to_json,
    facts_from_json,
    facts_to_json,
)
from ingest.facts import VERSION, facts_of
from retrieval.catalogue import Kept, Record
from retrieval.library import Library
from retrieval.scope import Candidate, Register

log = logging.getLogger("dossier.app")

REGISTERS = 8
"""Collections whose facts are kept turned round in memory: a desk has a handful open."""


@dataclass(frozen=True, slots=True)
class Known:
    """The facts of a document as they count, and what a person said."""

    collection: str
    document_id: DocumentId
    facts: Facts
    edits: Edits


def kept_facts(document: Document, facts: Facts) -> Kept:
    """The facts of a document as they are stored."""
    stored = json.dumps(facts_to_json(facts), ensure_ascii=False, separators=(",", ":"))
    # Half a surrogate pair is no character and no database takes one; a broken PDF may hold it in a name.
    return Kept(document.collection, document.id, VERSION, stored.encode("utf-8", "replace").decode("utf-8"))


def known(library: Library, records: Sequence[Record], collection: str | None) -> tuple[Known, ...]:
    """The facts of these documents, in their order."""
    kept = {(one.collection, one.document_id): one for one in _kept(library, collection)}
    return tuple(
        _known(kept[record.collection, record.document_id])
        for record in records
        if (record.collection, record.document_id) in kept
    )


def register(library: Library, records: Sequence[Record], collection: str | None) -> Register:
    """The facts of these documents, to be asked by name. Built anew only when one of them has changed."""
    kept = {(one.collection, one.document_id): one for one in _kept(library, collection)}
    rows = tuple(
        (record.document_id, record.source, one.facts, one.edits)
        for record in records
        if (one := kept.get((record.collection, record.document_id)))
    )
    return _register(rows)


def change(library: Library, record: Record, edits: Edits, *, by: str) -> None:
    """Store what a person said of a document in one collection; nothing said means what was read."""
    stored = json.dumps(edits_to_json(edits), ensure_ascii=False) if edits else None
    library.keep_edits(record.collection, record.document_id, stored, by=by)


def _kept(library: Library, collection: str | None) -> tuple[Kept, ...]:
    """All stored facts; those that are missing or older than the rules are read from the stored text first."""
    kept = library.facts(collection)
    stale = {(one.collection, one.document_id) for one in kept if one.version != VERSION}
    if not stale:
        return kept
    fresh: list[Kept] = []
    for record in library.records(collection):
        if (record.collection, record.document_id) in stale:
            with suppress(BrokenStore):  # told by --verify; the document is then known by nothing
                document = library.document(record.collection, record.document_id)
                fresh.append(kept_facts(document, facts_of(document)))
    with suppress(Busy, ConfigError):  # a catalogue that cannot be written to just now is read again next time
        library.keep_facts(fresh)
    log.info("facts read", extra={"documents": len(fresh)})
    read = {(one.collection, one.document_id): one for one in fresh}
    return tuple(
        Kept(one.collection, one.document_id, VERSION, new.facts, one.edits)
        if (new := read.get((one.collection, one.document_id)))
        else one
        for one in kept
    )


def _known(kept: Kept) -> Known:
    edits = edits_from_json(json.loads(kept.edits)) if kept.edits else Edits()
    return Known(kept.collection, kept.document_id, edits.applied(facts_from_json(json.loads(kept.facts))), edits)


@lru_cache(maxsize=REGISTERS)
def _register(rows: tuple[tuple[DocumentId, str, str, str | None], ...]) -> Register:
    return Register(
        [
            Candidate(document_id, source, _known(Kept("", document_id, VERSION, facts, edits)).facts)
            for document_id, source, facts, edits in rows
        ]
    )
