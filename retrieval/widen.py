"""From what was found to what is read: widening happens at read time, so that chunks need no overlap."""

from __future__ import annotations

from bisect import bisect_right
from enum import StrEnum

from core.documents import Block, BlockKind, Chunk, Document, Span, chunk_id

_RUNNING = frozenset({BlockKind.HEADER, BlockKind.FOOTER})


class Around(StrEnum):
    """How far around a hit is read."""

    NEIGHBOURS = "neighbours"
    TABLE = "table"
    SECTION = "section"
    PAGE = "page"


def widened(document: Document, span: Span, around: Around) -> Span:
    """The span to read around `span`, which it always contains.

    neighbours  the blocks that it touches, and one before and one after them
    table       the whole of each table that it touches, over page breaks; without a table the blocks alone
    section     from the heading that holds there to the next of its level or a higher one
    page        the pages that it touches
    """
    if around is Around.PAGE:
        touched = [page.span for page in document.pages if page.span.overlaps(span)]
        return _covering(span, touched)
    blocks = [block for block in document.blocks if block.kind not in _RUNNING]
    places = [place for place, block in enumerate(blocks) if block.span.overlaps(span)]
    if not places:
        return span
    first, last = places[0], places[-1]
    if around is Around.SECTION:
        return _covering(span, [block.span for block in _section(blocks, first, last)])
    if around is Around.NEIGHBOURS:
        first, last = max(first - 1, 0), last + 1
    else:
        while first and _one_table(blocks[first - 1], blocks[first]):
            first -= 1
        while last + 1 < len(blocks) and _one_table(blocks[last], blocks[last + 1]):
            last += 1
    return _covering(span, [block.span for block in blocks[first : last + 1]])


def page_chunks(document: Document) -> tuple[Chunk, ...]:
    """The whole document as one chunk per page that has text, in order: what a long window is given to read."""
    return tuple(
        Chunk(
            id=chunk_id(document.collection, document.id, page.span),
            document_id=document.id,
            title=document.title,
            span=page.span,
            text=page.span.of(document.text),
            pages=(page.number,),
            section="",
        )
        for page in document.pages
        if page.span.of(document.text).strip()
    )


def _section(blocks: list[Block], first: int, last: int) -> list[Block]:
    """The blocks under the heading that holds at `first`, up to `last` at least."""
    headings = [place for place, block in enumerate(blocks) if block.kind is BlockKind.HEADING]
    before = bisect_right(headings, first)
    start = headings[before - 1] if before else 0
    level = (blocks[start].level or 1) if before else 0
    ends = (place for place in headings if place > last and (blocks[place].level or 1) <= max(level, 1))
    return blocks[start : next(ends, len(blocks))]


def _one_table(before: Block, after: Block) -> bool:
    """True for two tables with nothing between them: one that a page break, or a gap, has cut."""
    return before.kind is BlockKind.TABLE and after.kind is BlockKind.TABLE


def _covering(span: Span, others: list[Span]) -> Span:
    return Span(min([span.start, *(one.start for one in others)]), max([span.end, *(one.end for one in others)]))
