"""What a document is: one canonical text, and spans of it for everything that has a place.

Document.text ──┬── Page.span    every page, with its fate
                ├── Block.span   headings, paragraphs, tables … in reading order
                └── Chunk.span   what is embedded and found;  span.of(document.text) == chunk.text, always
"""

from __future__ import annotations

import uuid
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from core.finance import Statement
from core.privacy import Clearance
from core.readers import EVERYBODY, Readers

DocumentId = NewType("DocumentId", str)
"""SHA-256 of the file's bytes, in hexadecimal: the same bytes are the same document wherever they lie."""

# Namespace of all chunk ids (a random constant: changing it would orphan every stored point).
_CHUNKS = uuid.UUID("b3a1c9de-7f0e-5c55-9d0f-0d6a4e1f52c7")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range `[start, end)` of characters (Unicode code points) of `Document.text`."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"not a span: {self.start}..{self.end}")

    def __len__(self) -> int:
        return self.end - self.start

    def of(self, text: str) -> str:
        """The characters of `text` that this span covers."""
        return text[self.start : self.end]

    def overlaps(self, other: Span) -> bool:
        """True when both share at least one character."""
        return max(self.start, other.start) < min(self.end, other.end)

    def contains(self, other: Span) -> bool:
        return self.start <= other.start and other.end <= self.end

    def within(self, outer: Span) -> Span:
        """The same place told inside `outer`, a span of the same text that contains this one."""
        if not outer.contains(self):
            raise ValueError(f"{self} is not inside {outer}")
        return Span(self.start - outer.start, self.end - outer.start)

    def shifted(self, by: int) -> Span:
        return Span(self.start + by, self.end + by)

    def trimmed(self, text: str) -> Span:
        """The same place without the blanks at its ends; empty where it is blank."""
        start, end = self.start, self.end
        while start < end and text[start].isspace():
            start += 1
        while end > start and text[end - 1].isspace():
            end -= 1
        return Span(start, end)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a page, in points (1/72 inch) from the top left corner of the page as a viewer shows it."""

    page: int
    left: float
    top: float
    right: float
    bottom: float


class Fate(StrEnum):
    """What became of a page. No page is without one."""

    TEXT = "text"
    OCR = "ocr"
    BLANK = "blank"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Page:
    """One page. `number` counts from 1 as a viewer does; `label` is the printed one ("iv", "F-12") and stays a string.

    `size` is (width, height) in points as displayed, None where the format has no pages of its own.
    `note` says why a page is unreadable, in a sentence.
    """

    number: int
    label: str
    span: Span
    fate: Fate
    size: tuple[float, float] | None = None
    note: str | None = None


class BlockKind(StrEnum):
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST = "list"
    TABLE = "table"
    HEADER = "header"
    FOOTER = "footer"
    FOOTNOTE = "footnote"


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of the page in reading order. `level` is 1 for the highest heading, None for what is no heading."""

    kind: BlockKind
    span: Span
    level: int | None = None
    boxes: tuple[Box, ...] = ()


class HiddenKind(StrEnum):
    """Why a person who looks at the document does not see a text that a machine would read there."""

    INVISIBLE = "invisible"
    WHITE = "white"
    TINY = "tiny"
    OFF_PAGE = "off_page"
    COVERED = "covered"
    LAYER = "switched_off_layer"
    ANNOTATION = "annotation"
    COMMENT = "comment"
    DELETED = "deleted"
    HIDDEN_SHEET = "hidden_sheet"
    HIDDEN_ROW = "hidden_row"
    HIDDEN_COLUMN = "hidden_column"
    HIDDEN_SLIDE = "hidden_slide"
    HIDDEN_TEXT = "hidden_text"
    NOTES = "notes"


@dataclass(frozen=True, slots=True)
class Hidden:
    """Text of the file that is not in the canonical text, because whoever looks at the page does not see it there.

    `page` is None where the format has no pages of its own.
    """

    kind: HiddenKind
    page: int | None
    text: str
    boxes: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed document. `source` is the path as the user gave it, `parser` the name and version that read it."""

    id: DocumentId
    title: str
    source: str
    media_type: str
    text: str
    pages: tuple[Page, ...]
    blocks: tuple[Block, ...]
    collection: str
    clearance: Clearance
    parser: str
    warnings: tuple[str, ...] = ()
    hidden: tuple[Hidden, ...] = ()
    readers: Readers = EVERYBODY

    def fates(self) -> dict[Fate, int]:
        """How many pages met each fate; every fate is named, also with 0."""
        return {fate: sum(page.fate is fate for page in self.pages) for fate in Fate}


@dataclass(frozen=True, slots=True)
class Chunk:
    """What is embedded and found. `section` is the path of headings above it, joined by " › ".

    `context` is what the rows of a table need that stand apart from its head: the caption, units and column headings,
    as in "(in millions, except per share data) · 2024 | 2023". It is embedded and shown; the text has it in its place.
    `statement` is the financial statement that its table is a part of.
    """

    id: str
    document_id: DocumentId
    title: str
    span: Span
    text: str
    pages: tuple[int, ...]
    section: str
    context: str = ""
    statement: Statement | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk that search found. The order of hits is the ranking; scores compare only within one search.

    `because` says in words what raised it beyond the likeness of its words, and is empty for most. `duplicates` are
    further chunks with the same words, in the order of the ranking: this hit stands for them.
    """

    chunk: Chunk
    score: float
    because: str = ""
    duplicates: tuple[Chunk, ...] = ()


def chunk_id(collection: str, document_id: DocumentId, span: Span) -> str:
    """The id of a chunk: uuid5 of what it is, so that ingesting again writes the same points."""
    return str(uuid.uuid5(_CHUNKS, f"{collection}\n{document_id}\n{span.start}:{span.end}"))


def pages_of(span: Span, pages: Sequence[Page]) -> tuple[int, ...]:
    """The numbers of the pages that `span` touches; the first is the page it begins on.

    `pages` are in order and do not overlap. A span that lies between two pages (on the line break that joins them)
    belongs to the page before.
    """
    starts = [page.span.start for page in pages]
    first = max(bisect_right(starts, span.start) - 1, 0)
    touched = [page.number for page in pages[first + 1 :] if page.span.start < span.end]
    return (pages[first].number, *touched) if pages else ()
