"""The facts of documents: read when they are ingested, read again when the rules are newer, said by a person, asked.

ingest ─ facts_of ─▶ catalogue ─▶ Register ─▶ resolve(question)          person ─▶ edits, which always count
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from weakref import WeakKeyDictionary

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
from core.terms import amendment_to_json
from ingest.amendments import VERSION as AMENDMENTS
from ingest.amendments import amendments_of
from ingest.facts import VERSION as FACTS
from ingest.facts import facts_of
from retrieval.catalogue import Kept, Record, Shelf
from retrieval.reading_room import ReadingRoom
from retrieval.scope import Candidate, Register

log = logging.getLogger("dossier.app")

VERSION = 1000 * FACTS + AMENDMENTS
"""Of both sets of rules: when either is newer, a document is read again from its stored text."""

_kept: WeakKeyDictionary[Shelf, tuple[Kept, ...]] = WeakKeyDictionary()
_registers: WeakKeyDictionary[Shelf, Register] = WeakKeyDictionary()
"""The facts of a shelf turned round; gone with the shelf, so that nothing that was erased stays in memory."""

_candidates: dict[tuple[str, Kept], Candidate] = {}
"""What the register that was built last was built of, by source and stored facts: while a run writes, the next register
differs in a document or two. Whoever builds one leaves nothing here that is not in it, and erasing empties it."""


@dataclass(frozen=True, slots=True)
class Known:
    """The facts of a document as they count, and what a person said."""

    collection: str
    document_id: DocumentId
    facts: Facts
    edits: Edits


def kept_facts(document: Document, facts: Facts) -> Kept:
    """The facts of a document as they are stored."""
    amendment = amendments_of(document)
    return Kept(
        document.collection,
        document.id,
        VERSION,
        _stored(facts_to_json(facts)),
        amends=None if amendment is None else _stored(amendment_to_json(amendment)),
    )


def _stored(value: object) -> str:
    stored = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # Half a surrogate pair is no character and no database takes one; a broken PDF may hold it in a name.
    return stored.encode("utf-8", "replace").decode("utf-8")


def known(library: ReadingRoom, records: Sequence[Record], collection: str | None) -> tuple[Known, ...]:
    """The facts of these documents, in their order."""
    current = _current(library, library.facts(collection), collection)
    kept = {(one.collection, one.document_id): one for one in current}
    return tuple(
        as_known(kept[record.collection, record.document_id])
        for record in records
        if (record.collection, record.document_id) in kept
    )


def current(library: ReadingRoom, shelf: Shelf, collection: str | None) -> tuple[Kept, ...]:
    """The stored facts of a shelf, read again where the rules are newer; once for each shelf."""
    found = _kept.get(shelf)
    if found is None:
        found = _kept[shelf] = _current(library, shelf.facts, collection)
    return found


def register(library: ReadingRoom, shelf: Shelf, collection: str | None) -> Register:
    """The facts of the documents of a shelf, to be asked by name. Built once for each shelf."""
    found = _registers.get(shelf)
    if found is None:
        kept = {(one.collection, one.document_id): one for one in current(library, shelf, collection)}
        candidates = {
            (record.source, one): _candidates.get((record.source, one))
            or Candidate(record.document_id, record.source, as_known(one).facts)
            for record in shelf.records
            if (one := kept.get((record.collection, record.document_id)))
        }
        found = _registers[shelf] = Register(list(candidates.values()))
        _candidates.clear()
        _candidates.update(candidates)
    return found


def forget() -> None:
    """Let go of what the last register was built of: a document was erased."""
    _candidates.clear()


def change(library: ReadingRoom, record: Record, edits: Edits, *, by: str) -> None:
    """Store what a person said of a document in one collection; nothing said means what was read."""
    stored = json.dumps(edits_to_json(edits), ensure_ascii=False) if edits else None
    library.keep_edits(record.collection, record.document_id, stored, by=by)


def _current(library: ReadingRoom, kept: tuple[Kept, ...], collection: str | None) -> tuple[Kept, ...]:
    """These stored facts; those that are missing or older than the rules are read from the stored text first."""
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
        Kept(one.collection, one.document_id, VERSION, new.facts, one.edits, new.amends)
        if (new := read.get((one.collection, one.document_id)))
        else one
        for one in kept
    )


def as_known(kept: Kept) -> Known:
    """Stored facts as they count."""
    edits = edits_from_json(json.loads(kept.edits)) if kept.edits else Edits()
    return Known(kept.collection, kept.document_id, edits.applied(facts_from_json(json.loads(kept.facts))), edits)
