"""The running text of a document for rules that read sentences: paragraphs, with what is quoted out of the way.

text     the paragraph on one line, of the same length as its place in the document
masked   the same, with every letter between quotation marks struck out: “8.2 The Customer …” cannot be read as a verb
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.documents import BlockKind, Document, Span

MASK = "\ue000"
"""Stands for a sign between quotation marks: a character that no text uses, for it has no meaning of its own."""

QUOTED = rf"(?:[“\"„«‘'»]{MASK}+[”\"“»’'«])"
"""Something in quotation marks, in masked text."""

LONGEST_QUOTE = 8_000
"""Characters between two quotation marks that belong together: a new clause of three pages."""

_PAIRS = (
    re.compile(rf"“(?P<in>[^“”]{{1,{LONGEST_QUOTE}}})”"),
    re.compile(rf"„(?P<in>[^„“”\"]{{1,{LONGEST_QUOTE}}})[“”\"]"),
    re.compile(rf"(?<![\w.])\"(?P<in>[^\s\"][^\"]{{0,{LONGEST_QUOTE}}}?)\"(?!\w)"),
    re.compile(r"(?<!\w)‘(?P<in>[^‘’\n]{1,300})’(?!\w)"),
    re.compile(r"(?<!\w)'(?P<in>[^'\n]{1,300})'(?!\w)"),
    re.compile(rf"«\s?(?P<in>[^«»]{{1,{LONGEST_QUOTE}}})»"),
)
_STOP = re.compile(r"(?<=[.;])[”\"“’')]*\s+(?=[“\"„(\[§]?[A-ZÄÖÜ\d(])")
_NO_STOP = re.compile(
    r"(?:\b(?:No|Nos|Sec|Secs|Art|Arts|Abs|Nr|Ziff|Inc|Corp|Ltd|Co|Mr|Ms|Mrs|Dr|St|bzw|vgl|gem|approx|para|paras|cl|lit|S|p|pp|"
    r"i\.e|e\.g|z\.B)|\b[A-Z]|^\s*[“\"„]?\(?[A-Za-z0-9]{1,4}|\b\d+|^\s*\d+(?:\.\d+)+)\.$"
)
_BEGINS = re.compile(
    r"\s*(?:[“\"„«]|\(?[A-Za-z0-9]{1,4}[.)]\s|\d+(?:\.\d+)+\.?\s|[•▪●–—*-]\s|§|(?:clause|section|article|schedule|ziffer|whereas)\b)",
    re.IGNORECASE,
)
_ITEM = re.compile(r"\s*(?:[a-z]|[ivx]{1,4})[.)]\s")
"""Begins an item of a list in a small letter: it does not go on with what stands before."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """`text` and `masked` are as long as `span`. `quote_end` is where a quotation ends that the paragraph begins with,
    perhaps in a later one; None where it begins with none. `heading` is told by the parser."""

    span: Span
    text: str
    masked: str
    heading: bool
    is_table: bool
    quote_end: int | None

    def words(self, span: Span) -> str:
        """The words at a place inside the paragraph."""
        return span.of(self.text)


def paragraphs_of(document: Document) -> tuple[Paragraph, ...]:
    """The paragraphs in order, without running headers and footers; one that these cut in two is one."""
    masked, quotes = _masked(document.text)
    found: list[Paragraph] = []
    for span, heading, table in _joined(document):
        words = span.of(document.text)
        opened = re.match(r"\s*[“\"„«]", words)
        quote_end = quotes.get(span.start + opened.end()) if opened else None
        # A table keeps its tabs; anything else is read as running text.
        text = words if table else re.sub(r"[\n\t]", " ", words)
        hidden = span.of(masked)
        found.append(
            Paragraph(span, text, hidden if table else re.sub(r"[\n\t]", " ", hidden), heading, table, quote_end)
        )
    return tuple(found)


def sentences_in(paragraph: Paragraph) -> Iterator[Span]:
    """The sentences of a paragraph, as places inside it. None begins or ends inside a quotation."""
    start = 0
    for match in _STOP.finditer(paragraph.masked):
        if not _NO_STOP.search(paragraph.masked[start : match.start()].rstrip("”\"“’')")):
            yield Span(start, match.start()).trimmed(paragraph.text)
            start = match.end()
    last = Span(start, len(paragraph.text)).trimmed(paragraph.text)
    if len(last):
        yield last


def quotes_in(masked: str, base: int) -> list[Span]:
    """What stands between quotation marks in masked text that begins at `base` of the document, in order."""
    return [Span(match.start() + 1, match.end() - 1).shifted(base) for match in re.finditer(QUOTED, masked)]


def _masked(text: str) -> tuple[str, dict[int, int]]:
    """The text with quotations struck out, and where each ends, by where it starts (both inside the marks)."""
    signs = list(text)
    quotes: dict[int, int] = {}
    taken = bytearray(len(text))
    for pattern in _PAIRS:
        for match in pattern.finditer(text):
            start, end = match.span("in")
            if not any(taken[start:end]) and text[start:end].strip():
                quotes[start] = end
                taken[match.start() : match.end()] = b"\1" * (match.end() - match.start())
                signs[start:end] = MASK * (end - start)
    return "".join(signs), quotes


def _joined(document: Document) -> list[tuple[Span, bool, bool]]:
    """(place, is a heading, is a table) of each paragraph: blocks, cut where a line begins something of its own."""
    text = document.text
    found: list[tuple[Span, bool, bool]] = []
    for block in document.blocks:
        if block.kind in (BlockKind.HEADER, BlockKind.FOOTER):
            continue
        if block.kind is BlockKind.TABLE:
            found.append((block.span, False, True))
            continue
        for span in _cut(text, block.span):
            words = span.of(text).lstrip()
            before = found[-1] if found else None
            goes_on = (
                before is not None
                and not before[1]
                and not before[2]
                and words[:1].islower()
                and not _ITEM.match(words)
                and text[before[0].start : before[0].end].rstrip()[-1:] not in '.:;!?”"'
                and span.start - before[0].end < 400  # the foot of a page and the head of the next
            )
            if goes_on and before is not None and not _holds_others(document, before[0].end, span.start):
                found[-1] = (Span(before[0].start, span.end), False, False)
            else:
                found.append((span, block.kind is BlockKind.HEADING, False))
    return found


def _holds_others(document: Document, start: int, end: int) -> bool:
    """True where something stands between two places: a paragraph over it would not be running text."""
    return bool(document.text[start:end].strip())


def _cut(text: str, span: Span) -> Iterator[Span]:
    start = span.start
    for match in re.finditer(r"\n", span.of(text)):
        at = span.start + match.start()
        line = text[at + 1 : span.end]
        begins = _BEGINS.match(line) or not line.split("\n", 1)[0].strip() or text[start:at].rstrip().endswith(":")
        if begins and text[start:at].strip():
            yield Span(start, at)
            start = at + 1
    if text[start : span.end].strip():
        yield Span(start, span.end)


def first_containing(paragraphs: Sequence[Paragraph], at: int) -> int | None:
    """The number of the paragraph that a place lies in."""
    return next((number for number, one in enumerate(paragraphs) if one.span.start <= at < one.span.end), None)
