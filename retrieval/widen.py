"""From what was found to what is read: widening happens at read time, so that chunks need no overlap.

page_chunks   the whole document, page by page
sections      the whole document, from heading to heading; long ones are cut where a page, a block or a line ends
around        the blocks in which some spans lie, so that a row comes with the head of its table
cut_out       some spans and nothing else
widened       what a person reads around one hit: its neighbours, table, section or page
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import pairwise

from core.documents import Block, BlockKind, Chunk, Document, Span, chunk_id, pages_of

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
    return tuple(_chunk(document, page.span) for page in document.pages if page.span.of(document.text).strip())


def sections(document: Document, *, longest: int) -> tuple[Chunk, ...]:
    """The whole document in its sections, in order, none of more than `longest` characters."""
    text = document.text
    starts = [
        block.span.start
        for before, block in zip((None, *document.blocks), document.blocks, strict=False)
        if block.kind is BlockKind.HEADING and (before is None or before.kind is not BlockKind.HEADING)
    ]
    spans = [Span(start, end) for start, end in pairwise(sorted({0, *starts, len(text)}))]
    return tuple(
        _chunk(document, piece) for span in spans for piece in _cut(document, span, longest) if piece.of(text).strip()
    )


def around(document: Document, spans: Sequence[Span]) -> tuple[Chunk, ...]:
    """The blocks that any of `spans` lies in, in order; blocks that follow each other become one chunk."""
    wanted = sorted(spans)
    found: list[Span] = []
    last = -2
    for number, block in enumerate(document.blocks):
        place = bisect_right(wanted, block.span.start, key=lambda span: span.end)
        if place == len(wanted) or wanted[place].start >= block.span.end:
            continue
        if number == last + 1:
            found[-1] = Span(found[-1].start, block.span.end)
        else:
            found.append(block.span)
        last = number
    return tuple(_chunk(document, span) for span in found)


def cut_out(document: Document, spans: Sequence[Span]) -> tuple[Chunk, ...]:
    """Exactly these places, in order."""
    return tuple(_chunk(document, span) for span in sorted(set(spans)))


def _cut(document: Document, span: Span, longest: int) -> Iterator[Span]:
    """`span` in pieces of at most `longest` characters, each cut at the coarsest end that lies within reach."""
    if len(span) <= longest:
        yield span
        return
    ends = (
        [page.span.end for page in document.pages],
        [block.span.end for block in document.blocks],
    )
    start = span.start
    while span.end - start > longest:
        reach = start + longest
        within = (_last(one, start, reach) for one in ends)
        end = next((place for place in within if place is not None), None)
        if end is None:
            line = document.text.rfind("\n", start + 1, reach)
            end = line if line > start else reach
        yield Span(start, end)
        start = end
    yield Span(start, span.end)


def _last(ends: Sequence[int], start: int, reach: int) -> int | None:
    """The last of `ends` after `start` and up to `reach`."""
    place = bisect_right(ends, reach)
    return ends[place - 1] if place and ends[place - 1] > start else None


def _chunk(document: Document, span: Span) -> Chunk:
    return Chunk(
        id=chunk_id(document.collection, document.id, span),
        document_id=document.id,
        title=document.title,
        span=span,
        text=span.of(document.text),
        pages=pages_of(span, document.pages),
        section="",
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
