"""What of an answer is in force on a day: the same pure functions for every mode.

    claims, their documents, the changes of the collection, a day
      ──▶ citations marked: in force, superseded, not yet in force, unclear
      ──▶ terms: each change that the claims rest on, with the section as it was and as it is, both cited
      ──▶ definitions of the terms that are used

Without a day every amendment applies. An amendment without a date applies then too; on a day it is `unclear`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date

from app.terms import Applied, Terms, touched, touches
from core.answers import Citation, Claim, DefinedTerm, Term
from core.documents import Document, DocumentId, Span, pages_of
from core.sentences import cuts
from core.terms import Change, Force
from ingest.clauses import Clause, clauses_of, section_spans
from ingest.definitions import definitions_of

MOST_DEFINITIONS = 8
"""Definitions that an answer brings: more than a reader looks up for one answer. The number left out is told."""

LONGEST_SECTION = 2_500
"""Characters of a section that is cited whole; of a longer one, its first words and those that the claim rests on."""

WHOLE_TEXT = 500
"""Characters of a new text that is a claim as it stands; of a longer one the sentence that is most like the old."""

Open = Callable[[DocumentId], Document]


@dataclass(frozen=True, slots=True)
class InForce:
    """The claims with their citations marked, and the changes that they rest on."""

    claims: tuple[Claim, ...]
    terms: tuple[Term, ...]


def in_force(
    claims: Sequence[Claim], terms: Terms, open_document: Open, *, on: date | None, quotable: AbstractSet[DocumentId]
) -> InForce:
    """The claims and their terms on a day, or with every amendment applied.

    Documents outside `quotable` are named, not quoted: they are outside what was asked about.
    """
    reader = _Reader(terms, open_document, on, quotable)
    marked = tuple(
        replace(claim, citations=tuple(reader.marked(citation) for citation in claim.citations)) for claim in claims
    )
    return InForce(marked, tuple(reader.found.values()))


def with_what_stands(found: InForce) -> tuple[Claim, ...]:
    """The claims with, before each that is not in force, one that quotes what is; those of the past come last.

    For quotes alone: where a model wrote the answer its sentences stay in their order, and are marked.
    """
    standing: list[Claim] = []
    past = [claim for claim in found.claims if claim.force in (Force.SUPERSEDED, Force.NOT_YET)]
    for claim in found.claims:
        if claim not in past:
            standing.append(claim)
            continue
        for text in _instead_of(claim, found.terms):
            quote = _likest(text, claim.text)
            made = [one for one in found.claims if one not in past and any(_overlap(text, of) for of in one.citations)]
            standing += made or [Claim(" ".join(quote.quote.split()), (quote,))]
    return (*dict.fromkeys(standing), *past)


def _instead_of(claim: Claim, terms: Sequence[Term]) -> Iterable[Citation]:
    for one in terms:
        about = [one.original, one.amendment, one.text]
        if not any(place is not None and _overlap(place, citation) for place in about for citation in claim.citations):
            continue
        stands = None
        if one.in_force is Force.IN_FORCE:
            words = one.change in (Change.REWORDED, Change.DELETED, Change.EXTENDED)
            stands = one.amendment if words else one.text or one.amendment
        elif one.in_force is Force.NOT_YET and not any(_settles(other, one) for other in terms):
            stands = one.original
        if stands is not None and not any(_overlap(stands, citation) for citation in claim.citations):
            yield replace(stands, force=Force.IN_FORCE)


def _settles(other: Term, one: Term) -> bool:
    """True where another change of the same section counts, or may: then the original is not what is in force."""
    if other.in_force is Force.NOT_YET or one.original is None or other.original is None:
        return False
    return _overlap(other.original, one.original)


def _overlap(a: Citation, b: Citation) -> bool:
    return a.document_id == b.document_id and a.span.overlaps(b.span)


def _likest(text: Citation, words: str) -> Citation:
    """The sentence of a text that has most words in common with another; all of it where it is short."""
    if len(text.quote) <= WHOLE_TEXT:
        return text
    wanted = set(re.findall(r"\w{4,}", words.lower()))
    best = max(cuts(text.quote), key=lambda cut: len(wanted & set(re.findall(r"\w{4,}", cut.of(text.quote).lower()))))
    return replace(text, span=best.shifted(text.span.start), quote=best.of(text.quote))


class _Reader:
    """Reads the documents that the citations lie in, each once, and notes the terms they rest on."""

    def __init__(self, terms: Terms, open_document: Open, on: date | None, quotable: AbstractSet[DocumentId]) -> None:
        self._terms = terms
        self._open = open_document
        self._on = on
        self._quotable = quotable
        self._clauses: dict[DocumentId, tuple[Clause, ...]] = {}
        self.found: dict[tuple[DocumentId, Span, str, Span | None], Term] = {}

    def marked(self, citation: Citation) -> Citation:
        """The citation with what is known of its force, after the terms that it rests on are noted."""
        forces: list[Force] = []
        document = self._open(citation.document_id)
        for one in self._terms.of(citation.document_id):  # it lies in an agreement that was changed
            if one.change.change is Change.RESTATED:
                forces.append(self._of_original(one, None, citation))
            elif not one.change.target.number and not one.change.target.term:
                if self._has_old_words(one, citation):
                    forces.append(self._of_original(one, None, citation))
            elif clause := touched(one.change, document, self._clauses_of(citation.document_id), citation.span):
                force = self._of_original(one, clause, citation)
                if self._has_old_words(one, citation):
                    forces.append(force)
        forces += [  # it lies in an amendment, in the words of a change
            self._of_amendment(one)
            for one in self._terms.by(citation.document_id)
            if any(place and place.overlaps(citation.span) for place in (one.change.sentence, one.change.new))
        ]
        order = (Force.SUPERSEDED, Force.NOT_YET, Force.UNCLEAR, Force.IN_FORCE)
        return replace(citation, force=next((force for force in order if force in forces), None))

    def _of_original(self, one: Applied, clause: Clause | None, citation: Citation) -> Force:
        """Of the words as they were: superseded from the day that the change counts."""
        force = self._note(one, clause, citation)
        if one.agreement is None or one.change.change is Change.INSERTED:
            return Force.UNCLEAR if one.agreement is None else Force.IN_FORCE
        return {Force.NOT_YET: Force.IN_FORCE, Force.UNCLEAR: Force.UNCLEAR}.get(force, Force.SUPERSEDED)

    def _of_amendment(self, one: Applied) -> Force:
        """Of the words of an amendment: those of a later one on the same section supersede them."""
        self._note(one, None, None)
        if one.agreement:
            for later in self._terms.of(one.agreement):
                if (
                    later.order > one.order
                    and self._changes_again(later, one)
                    and self._counts(later) is Force.IN_FORCE
                ):
                    self._note(later, None, None)
                    return Force.SUPERSEDED
        return self._counts(one) if one.agreement else Force.UNCLEAR

    def _counts(self, one: Applied) -> Force:
        """Whether a change counts on the day; whether a later one undoes it is another matter."""
        day = one.change.effective.day
        if self._on is None:
            return Force.IN_FORCE
        if day is None:
            return Force.UNCLEAR
        return Force.IN_FORCE if day <= self._on else Force.NOT_YET

    def _changes_again(self, later: Applied, one: Applied) -> bool:
        if later.change.change is Change.RESTATED:
            return True
        a, b = later.change.target, one.change.target
        if a.term or b.term:
            return bool(a.term) and a.term.lower() == b.term.lower()
        if later.change.change is Change.REWORDED:
            old, text = later.change.old, one.change.new
            return touches(later.change, b.number, parsed=[b.number]) and (
                old is None or text is None or self._words(later, old).lower() in self._words(one, text).lower()
            )
        return bool(a.number) and b.number[: len(a.number)] == a.number

    def _words(self, one: Applied, span: Span) -> str:
        return " ".join(span.of(self._open(one.amended_by).text).split())

    def _has_old_words(self, one: Applied, citation: Citation) -> bool:
        """True unless a change exchanges words that the quote does not have."""
        if one.change.change is not Change.REWORDED or one.change.old is None:
            return True
        return self._words(one, one.change.old).lower() in " ".join(citation.quote.split()).lower()

    def _note(self, one: Applied, clause: Clause | None, citation: Citation | None) -> Force:
        """Note the change among the terms; returns its own force, undone by a later one where that counts."""
        force = self._counts(one) if one.agreement else Force.UNCLEAR
        if force is Force.IN_FORCE and one.agreement:
            later = [two for two in self._terms.of(one.agreement) if two.order > one.order]
            if any(self._changes_again(two, one) and self._counts(two) is Force.IN_FORCE for two in later):
                force = Force.SUPERSEDED
        place = (one.amended_by, one.change.sentence, one.change.target.name, one.change.new)
        if place not in self.found or (self.found[place].original is None and citation is not None):
            quoted = one.amended_by in self._quotable
            day = one.change.effective.day
            notes = [
                one.note,
                "nothing tells where its new text ends: it may go on in the amendment" if one.change.open_ended else "",
                "" if quoted else "the amendment is not among the documents that you asked about, so it is not quoted",
                f"not dated, so whether it counted on {self._on.isoformat()} is not known"
                if self._on and day is None
                else "",
            ]
            self.found[place] = Term(
                section=one.change.target.name,
                change=one.change.change,
                agreement=one.agreement,
                amended_by=one.amended_by,
                effective=day,
                effective_because=one.change.effective.because,
                in_force=force,
                original=self._original(one, clause, citation),
                amendment=self._cited(one.amended_by, one.change.sentence) if quoted else None,
                text=self._cited(one.amended_by, one.change.new) if quoted and one.change.new else None,
                note="; ".join(filter(None, notes)),
            )
        return force

    def _original(self, one: Applied, clause: Clause | None, citation: Citation | None) -> Citation | None:
        """The section as it was: where the claim rests on it, else where the agreement has its number."""
        agreement = one.agreement or (citation.document_id if citation else None)
        if agreement is None or agreement not in self._quotable or one.change.change is Change.INSERTED:
            return None
        if clause is not None:
            if len(clause.span) <= LONGEST_SECTION:
                return self._cited(agreement, clause.span)
            return citation
        if citation is not None and citation.document_id == agreement:
            return citation
        spans = section_spans(self._clauses_of(agreement), one.change.target.number) if one.change.target.number else ()
        span = next(iter(spans), None)
        if span is None:
            return None
        return self._cited(agreement, Span(span.start, min(span.end, span.start + LONGEST_SECTION)))

    def _clauses_of(self, document: DocumentId) -> tuple[Clause, ...]:
        if document not in self._clauses:
            self._clauses[document] = clauses_of(self._open(document))
        return self._clauses[document]

    def _cited(self, document_id: DocumentId, span: Span) -> Citation:
        return cited(self._open(document_id), span)


def cited(document: Document, span: Span) -> Citation:
    """A place of a document as a citation, without blanks at its ends."""
    words = span.of(document.text)
    span = Span(span.start + len(words) - len(words.lstrip()), max(span.start, span.start + len(words.rstrip())))
    return Citation(document.id, span, span.of(document.text), pages_of(span, document.pages))


# ── defined terms ─────────────────────────────────────────────────────────────────────────────────────────────────────


def defined_terms(
    claims: Sequence[Claim],
    question: str,
    terms: Terms,
    open_document: Open,
    *,
    on: date | None,
    quotable: AbstractSet[DocumentId],
) -> tuple[tuple[DefinedTerm, ...], int]:
    """The definitions of the terms that the claims, their quotes or the question use, and how many more there are.

    Only from the documents that are cited and the agreements that those amend. A definition that an amendment in force
    replaced comes from there.
    """
    found: dict[str, DefinedTerm] = {}
    documents = list(dict.fromkeys(citation.document_id for claim in claims for citation in claim.citations))
    documents += [one.agreement for document in list(documents) for one in terms.by(document) if one.agreement]
    words = " ".join([*(claim.text for claim in claims), *(one.quote for claim in claims for one in claim.citations)])
    used: list[tuple[int, DefinedTerm]] = []
    for document_id in dict.fromkeys(documents):
        if document_id not in quotable:
            continue
        document = open_document(document_id)
        for definition in definitions_of(document):
            at = _used(definition.term, words, question)
            if at is None or definition.term in found or _is_quoted(document_id, definition.span, claims):
                continue
            place = _amended(definition.term, document_id, terms, open_document, on, quotable)
            citation = place or cited(document, _sentence_of(document, definition.span))
            found[definition.term] = DefinedTerm(definition.term, citation, definition.elsewhere if not place else "")
            used.append((at, found[definition.term]))
    used.sort(key=lambda one: one[0])
    return tuple(one for _, one in used[:MOST_DEFINITIONS]), max(0, len(used) - MOST_DEFINITIONS)


def _used(term: str, words: str, question: str) -> int | None:
    """Where a term is used first: in the claims as it is written, in the question in any case if of several words."""
    match = re.search(rf"(?<!\w){re.escape(term)}(?:s|es|en)?(?!\w)", " ".join(words.split()))
    if match:
        return match.start()
    several = " " in term
    asked = re.search(rf"(?<!\w){re.escape(term)}(?!\w)", question, re.IGNORECASE if several else 0)
    return len(words) if asked else None


def _is_quoted(document: DocumentId, span: Span, claims: Sequence[Claim]) -> bool:
    """True where a claim quotes the definition itself."""
    return any(
        citation.document_id == document and citation.span.contains(span)
        for claim in claims
        for citation in claim.citations
    )


def _sentence_of(document: Document, span: Span) -> Span:
    return Span(span.start, min(span.end, span.start + LONGEST_SECTION)) if span.end <= len(document.text) else span


def _amended(
    term: str,
    document: DocumentId,
    terms: Terms,
    open_document: Open,
    on: date | None,
    quotable: AbstractSet[DocumentId],
) -> Citation | None:
    place = None
    for one in terms.of(document):
        day = one.change.effective.day
        counts = on is None or (day is not None and day <= on)
        if one.change.target.term.lower() == term.lower() and counts and one.agreement and one.amended_by in quotable:
            place = cited(open_document(one.amended_by), one.change.new or one.change.sentence)
    return place
