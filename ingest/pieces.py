"""Pieces of text on their way to be a reading: what the readers of formats without fixed pages share.

a reader ──▶ pieces in reading order ──▶ reading_of ──▶ text, pages, blocks
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.documents import Block, BlockKind, Fate, Page, Span
from core.errors import UnreadableDocument
from ingest.formats import Format
from ingest.reading import Reading

_WORD = re.compile(r"\w+(?:[.,]\w+)*")
_NUMBER = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Piece:
    """A block before it has its place. Pages count from 1. `pictured`: its words were read from a picture by OCR."""

    kind: BlockKind
    text: str
    level: int | None = None
    page: int = 1
    pictured: bool = False


def reading_of(pieces: Sequence[Piece], title: str, form: Format, warnings: Iterable[str], *, parser: str) -> Reading:
    """The pieces joined by blank lines, in order of their pages. Raises UnreadableDocument when there is no text."""
    parts: list[str] = []
    blocks: list[Block] = []
    starts: dict[int, int] = {}
    place = 0
    for piece in pieces:
        if parts:
            parts.append("\n\n")
            place += 2
        starts.setdefault(piece.page, place)
        blocks.append(Block(piece.kind, Span(place, place + len(piece.text)), piece.level))
        parts.append(piece.text)
        place += len(piece.text)
    text = "".join(parts)
    if not text.strip():
        raise UnreadableDocument("The file holds no text.")
    first = title or next((piece.text for piece in pieces if piece.kind is BlockKind.HEADING), "")
    return Reading(
        text=text,
        pages=_pages(text, starts, {piece.page for piece in pieces if not piece.pictured}),
        blocks=tuple(blocks),
        title=" ".join(first.split()),
        media_type=form,
        parser=parser,
        warnings=tuple(warnings),
    )


def _pages(text: str, starts: dict[int, int], written: set[int]) -> tuple[Page, ...]:
    """Pages 1 to the last one named; a page on which nothing begins is blank, one that is not among `written` came
    from pictures alone."""
    pages: list[Page] = []
    last = max(starts)
    end = len(text)
    for number in range(last, 0, -1):
        start = 0 if number == 1 else starts.get(number, end)
        span = Span(start, max(start, start + len(text[start:end].rstrip())) if number < last else end)
        fate = Fate.BLANK if not span.of(text).strip() else Fate.TEXT if number in written else Fate.OCR
        pages.append(Page(number, str(number), span, fate))
        end = start
    return tuple(reversed(pages))


def losses(expected: Iterable[str], found: Iterable[str]) -> list[str]:
    """A warning when words or numbers that stand in the file are missing from what was read of it."""
    there, read = _counted(expected), _counted(found)
    missing = there - read
    if not missing:
        return []
    numbers = sum(count for word, count in missing.items() if _NUMBER.search(word))
    lost = f"{missing.total():,} of the {there.total():,} words of the file"
    return [f"{lost} could not be read ({times(numbers, 'number')} among them)."]


def _counted(texts: Iterable[str]) -> Counter[str]:
    return Counter(word for text in texts for word in _WORD.findall(text))


def times(count: int, noun: str) -> str:
    """ "3 tracked changes", "1 passage that is struck through"."""
    first, *rest = noun.split(" ", 1) if " that " in noun else [noun]
    return " ".join([f"{count:,}", first if count == 1 else f"{first}s", *rest])
