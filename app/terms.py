"""The amendments of a shelf, each tied to the agreement that it amends; and what a model is to see.

Recognised when a document is ingested and kept with its facts, so that a question opens no document but those that it
finds. Tied anew for each shelf: an agreement that comes after its amendment is found then.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from weakref import WeakKeyDictionary

from app.facts import as_known, current
from core.documents import Chunk, Document, DocumentId, Hit, Span, chunk_id, pages_of
from core.terms import Amending, Amendment, Change, Number, amendment_from_json
from ingest.clauses import Clause, clauses_at, clauses_of
from retrieval.amended import agreement_meant, agreement_restated
from retrieval.catalogue import Record, Shelf
from retrieval.reading_room import ReadingRoom
from retrieval.scope import Candidate

_terms: WeakKeyDictionary[Shelf, Terms] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Applied:
    """A change, the document that makes it and the agreements that may be meant: one, none or several (`note` says so).

    `order` sorts the changes of an agreement as they follow each other: by effect, number and place. `in_passing`: the
    document has terms of its own beside it.
    """

    amended_by: DocumentId
    agreements: tuple[DocumentId, ...]
    change: Amending
    order: tuple[date, int, int]
    note: str = ""
    in_passing: bool = False

    @property
    def agreement(self) -> DocumentId | None:
        return self.agreements[0] if len(self.agreements) == 1 else None


class Terms:
    """The changes of a shelf, by the agreement they change and by the document that makes them."""

    def __init__(self, applied: Sequence[Applied]) -> None:
        self._of: dict[DocumentId, list[Applied]] = defaultdict(list)
        self._by: dict[DocumentId, list[Applied]] = defaultdict(list)
        for one in sorted(applied, key=lambda one: one.order):
            self._by[one.amended_by].append(one)
            for agreement in one.agreements:
                self._of[agreement].append(one)

    def of(self, agreement: DocumentId) -> Sequence[Applied]:
        """The changes of an agreement, the earliest first; also those that may be of another."""
        return self._of.get(agreement, ())

    def by(self, document: DocumentId) -> Sequence[Applied]:
        """The changes that a document makes."""
        return self._by.get(document, ())

    def to_come(self, document: DocumentId, on: date) -> bool:
        """True for an amendment of which every change takes effect after a day."""
        changes = self.by(document)
        return bool(changes) and all(_after(one.change.effective.day, on) and not one.in_passing for one in changes)

    def amending(self, agreements: Sequence[DocumentId]) -> tuple[DocumentId, ...]:
        """The documents that amend one of these."""
        return tuple(dict.fromkeys(one.amended_by for agreement in agreements for one in self.of(agreement)))


def terms_of(library: ReadingRoom, shelf: Shelf, collection: str | None) -> Terms:
    """The changes of all documents of a shelf. Built once for each shelf."""
    found = _terms.get(shelf)
    if found is None:
        kept = {(one.collection, one.document_id): one for one in current(library, shelf, collection)}
        amends = {key: amendment_from_json(json.loads(one.amends)) for key, one in kept.items() if one.amends}
        applied: dict[tuple[DocumentId, Span, Number, Span | None], Applied] = {}
        if amends:
            facts = {key: as_known(one).facts for key, one in kept.items()}
            by_collection: dict[str, list[Candidate]] = defaultdict(list)
            for record in shelf.records:
                key = (record.collection, record.document_id)
                by_collection[record.collection].append(
                    Candidate(record.document_id, record.source, facts.get(key, ()))
                )
            for (name, document), amendment in amends.items():
                for one in _tied(document, amendment, by_collection[name], _amendments_only(amends, name)):
                    place = (document, one.change.sentence, one.change.target.number, one.change.new)
                    if place not in applied or not applied[place].agreement:
                        applied[place] = one
        found = _terms[shelf] = Terms(tuple(applied.values()))
    return found


def _amendments_only(amends: Mapping[tuple[str, DocumentId], Amendment], name: str) -> set[DocumentId]:
    """The amendments of a collection without the agreements that restate another: those are amended in their turn."""
    return {
        document
        for (collection, document), one in amends.items()
        if collection == name and not any(change.change is Change.RESTATED for change in one.changes)
    }


def _tied(
    document: DocumentId, amendment: Amendment, others: Sequence[Candidate], amending: set[DocumentId]
) -> list[Applied]:
    own = next(one for one in others if one.document_id == document)
    restates = any(change.change is Change.RESTATED for change in amendment.changes)
    named = [
        agreement_restated(one, amendment.day, own, others, amending=amending)
        if restates and one.day is None
        else agreement_meant(one, own, others, amending=amending)
        for one in amendment.agreements
    ]
    nothing = agreement_meant(None, own, others, amending=amending)
    tied = []
    for at, change in enumerate(amendment.changes):
        meant = named[change.agreement] if change.agreement is not None else nothing
        day = change.effective.day or amendment.day or date.max
        note = "" if len(meant.documents) == 1 and not meant.concluded else meant.because
        order = (day, amendment.number or 0, at)
        tied.append(Applied(document, meant.documents, change, order, note, amendment.in_passing))
    return tied


# ── which places a change touches ─────────────────────────────────────────────────────────────────────────────────────


def touches(one: Amending, number: Number, *, parsed: Sequence[Number]) -> bool:
    """True where a change reaches a section: it is changed, it lies in what is changed, or part of it is, which is an
    item of running text and so no section of its own in `parsed`."""
    target = one.target.number
    if not target:
        return False
    if number[: len(target)] == target:
        return one.change is not Change.INSERTED or number == target
    deepest = max((known for known in parsed if target[: len(known)] == known), key=len, default=())
    return bool(number) and number == deepest and not target[len(number)][:1].isdigit()


def touched(one: Amending, document: Document, clauses: Sequence[Clause], span: Span) -> Clause | None:
    """The section at a place of the agreement that a change reaches; None where it reaches none."""
    parsed = [clause.number for clause in clauses]
    if one.target.term:
        return next(
            (clause for clause in clauses_at(clauses, span) if _speaks_of(one.target.term, clause, document)), None
        )
    return next((clause for clause in clauses_at(clauses, span) if touches(one, clause.number, parsed=parsed)), None)


def _speaks_of(term: str, clause: Clause, document: Document) -> bool:
    """True for the clause that is headed by a term, or begins by defining it."""
    words = clause.span.of(document.text)[:160].lower()
    head = clause.heading.lower()
    return term.lower() in head.split(":")[0] or f"“{term.lower()}”" in words or f'"{term.lower()}"' in words


# ── what a model is to see ────────────────────────────────────────────────────────────────────────────────────────────


def with_amendments(
    hits: Sequence[Hit],
    terms: Terms,
    open_document: Callable[[DocumentId], Document],
    allowed: Mapping[DocumentId, Record],
    *,
    on: date | None = None,
) -> tuple[Hit, ...]:
    """The hits, and after each that lies in a section which was changed the words that change it.

    Only documents of `allowed` are opened. What was found already is not added again, nor what takes effect after the
    day `on`.
    """
    clauses: dict[DocumentId, tuple[Clause, ...]] = {}
    found = {(hit.chunk.document_id, hit.chunk.span) for hit in hits}
    added: set[tuple[DocumentId, Span]] = set()
    result: list[Hit] = []
    for hit in hits:
        result.append(hit)
        chunk = hit.chunk
        changes = [
            one
            for one in terms.of(chunk.document_id)
            if one.amended_by in allowed and one.agreement and not _after(one.change.effective.day, on)
        ]
        if not changes:
            continue
        agreement = open_document(chunk.document_id)
        own = clauses.setdefault(chunk.document_id, clauses_of(agreement))
        for one in changes:
            if touched(one.change, agreement, own, chunk.span) is None:
                continue
            document = open_document(one.amended_by)
            span = Span(
                one.change.sentence.start, max(one.change.sentence.end, one.change.new.end if one.change.new else 0)
            )
            there = any(place == one.amended_by and known.contains(span) for place, known in found | added)
            if not there:
                added.add((one.amended_by, span))
                result.append(
                    replace(
                        hit, chunk=_chunk(document, span), because="changes a section that was found", duplicates=()
                    )
                )
    return tuple(result)


def _after(day: date | None, on: date | None) -> bool:
    return day is not None and on is not None and day > on


def _chunk(document: Document, span: Span) -> Chunk:
    return Chunk(
        chunk_id(document.collection, document.id, span),
        document.id,
        document.title,
        span,
        span.of(document.text),
        pages_of(span, document.pages),
        "",
    )
