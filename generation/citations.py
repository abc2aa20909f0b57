"""From pointers to places: the quotes of an answer are cut out of the canonical text here, and nowhere else."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from core.answers import Citation, Claim
from core.documents import Document, DocumentId, Span, pages_of
from core.errors import Busy
from generation.draft import Draft
from generation.passages import Passage

log = logging.getLogger("dossier.generation")


def resolve(draft: Draft, documents: Mapping[DocumentId, Document]) -> tuple[Claim, ...]:
    """The claims of a draft with citations in place of pointers, in the order in which the draft names them.

    Passages of one claim that follow each other with nothing but blanks between become one citation. A pointer to a
    passage that was not given is dropped (`draft.stray_pointers` counts them).
    Raises Busy when a document is gone or was read anew since its passages were cut.
    """
    if draft.stray_pointers:
        log.warning("stray pointers dropped", extra={"count": draft.stray_pointers, "model": draft.model})
    by_number = {passage.number: passage for passage in draft.passages}
    return tuple(
        Claim(
            claim.text,
            _citations([by_number[number] for number in claim.passages if number in by_number], documents),
        )
        for claim in draft.claims
    )


def _citations(passages: Sequence[Passage], documents: Mapping[DocumentId, Document]) -> tuple[Citation, ...]:
    named_at = {passage.number: place for place, passage in reversed(list(enumerate(passages)))}
    groups: list[list[Passage]] = []
    for passage in sorted(
        {passage.number: passage for passage in passages}.values(), key=lambda one: (one.document_id, one.span)
    ):
        text = _text_of(passage, documents)
        last = groups[-1][-1] if groups else None
        if (
            last is not None
            and last.document_id == passage.document_id
            and not text[last.span.end : passage.span.start].strip()
        ):
            groups[-1].append(passage)
        else:
            groups.append([passage])
    groups.sort(key=lambda group: min(named_at[passage.number] for passage in group))
    return tuple(_citation(group, documents[group[0].document_id]) for group in groups)


def _text_of(passage: Passage, documents: Mapping[DocumentId, Document]) -> str:
    document = documents.get(passage.document_id)
    if document is None or passage.span.of(document.text) != passage.text:
        raise Busy("A document was removed or read anew while the answer was being made. Ask again.")
    return document.text


def _citation(group: Sequence[Passage], document: Document) -> Citation:
    span = Span(group[0].span.start, max(passage.span.end for passage in group))
    quote = span.of(document.text)
    trimmed = Span(span.end - len(quote.lstrip()), span.start + len(quote.rstrip()))
    return Citation(document.id, trimmed, trimmed.of(document.text), pages_of(trimmed, document.pages))
