"""What a generator points at: chunks cut into sentences and table rows, numbered from 1, each with its place.

They are cut as core/sentences.py cuts; together they cover every non-blank character of the chunks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.documents import Chunk, DocumentId, Span
from core.sentences import cells_of_line, cuts, is_row

_LEADERS = re.compile(r"(?:[ ]?[.·…]){4,}(?=\s|$)")


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence or table row of a document. `text == span.of(document.text)`; `rank` is that of its chunk, from 0.

    `number` counts from 1 in the order of the chunks, and is what a model points with. `page` is the first of its
    chunk; the exact pages come from the span when a citation is resolved.
    """

    number: int
    document_id: DocumentId
    span: Span
    text: str
    title: str
    section: str
    page: int | None
    rank: int

    @property
    def is_row(self) -> bool:
        return is_row(self.text)

    @property
    def readable(self) -> str:
        """The same words on one line: line breaks become spaces, cells of a row are separated by " | ".

        Dot leaders, which only guide the eye across the page, are left out.
        """
        text = _LEADERS.sub("", self.text)
        if is_row(self.text):
            return " | ".join(cell for cell in cells_of_line(text) if cell)
        return " ".join(text.split())


def passages_of(chunks: Sequence[Chunk]) -> tuple[Passage, ...]:
    """The passages of `chunks` in their order. Every non-blank character of each chunk is in exactly one of them."""
    placed = [
        (rank, chunk, cut.shifted(chunk.span.start), cut.of(chunk.text))
        for rank, chunk in enumerate(chunks)
        for cut in cuts(chunk.text)
    ]
    return tuple(
        Passage(
            number=number,
            document_id=chunk.document_id,
            span=span,
            text=text,
            title=chunk.title,
            section=chunk.section,
            page=chunk.pages[0] if chunk.pages else None,
            rank=rank,
        )
        for number, (rank, chunk, span, text) in enumerate(placed, start=1)
    )
