"""Text and Markdown: the canonical text is the file's decoded text, character by character.

These do not go through unstructured, which joins lines and strips white space: spans would no longer be those of the
file, and judgements that others made by character on the file would not fit ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.documents import Block, BlockKind, Fate, Page, Span
from core.errors import UnreadableDocument
from ingest.formats import Format
from ingest.reading import Reading

PARSER = "dossier-plain 1"
"""Name and version of this reader; the version rises whenever the same file would give another reading."""

_BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)

_NOT_TEXT = re.compile(r"[\x00-\x08\x0e-\x1a\x7f]")
_NOT_TEXT_SHARE = 0.01  # control characters above this share of all are a sign of binary data; prose has none

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")
_FENCE = re.compile(r" {0,3}(```|~~~)")
_HASH_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+\S|[ \t]*$)")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_PIPE_ROW = re.compile(r"\s*\|.*\|\s*$|[^|]+\|[^|]+\|")
_PIPE_RULE = re.compile(r"\s*\|?\s*:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)*\|?\s*$")
_LIST_MARK = re.compile(r"\s*(?:[-*+•·▪–]|\(?[0-9]{1,3}[.)]|\((?:[a-z]{1,2}|[ivxlc]{1,6})\)|[a-z][.)])[ \t]+\S")
_COLUMNS = re.compile(r"\S(?:\t+| {3,})(?=\S)")  # three spaces: two stand after a full stop in typed prose

# Headings of plain text have no marks of their own, so only what looks like nothing else counts as one.
_HEADING_LENGTH = 100  # characters; one line of a page
_HEADING_WORDS = 14
_NUMBERED = re.compile(r"(?:§{1,2}\s*)?(\d{1,3}(?:\.\d{1,3}){0,5})[.)]?[ \t]+(?=\S*[^\W\d_a-z])")
_DIVISION = re.compile(
    r"(?:ARTICLE|PART|CHAPTER|TITLE|SCHEDULE|EXHIBIT|ANNEX|APPENDIX|SECTION|"
    r"Article|Part|Chapter|Title|Schedule|Exhibit|Annex|Appendix|Section|Artikel|Abschnitt|Kapitel|Teil|Anlage)"
    r"[ \t]+([IVXLC]+|[A-Z]|\d{1,3}(?:\.\d{1,3})*)\b"
)
_LOW_DIVISIONS = ("section", "artikel")
_ENDS_SENTENCE = re.compile(r"[.;:,?!]\s*$")


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    text: str  # without the line break

    @property
    def blank(self) -> bool:
        return not self.text.strip()


def read_plain(path: Path, *, markdown: bool) -> Reading:
    """The reading of a text or Markdown file. A form feed begins a new page; without one, all is page 1.

    Raises UnreadableDocument when the file is no text or holds nothing but white space.
    """
    text, warnings = decoded(path.read_bytes())
    if not text.strip():
        raise UnreadableDocument("The file holds no text.")
    pages = _pages(text)
    blocks = tuple(block for page in pages for block in blocks_in(text, page.span, markdown=markdown))
    return Reading(
        text=text,
        pages=pages,
        blocks=blocks,
        title=_title(text, blocks) if markdown else "",
        media_type=Format.MARKDOWN if markdown else Format.TEXT,
        parser=PARSER,
        warnings=warnings,
    )


def decoded(content: bytes) -> tuple[str, tuple[str, ...]]:
    """The text of `content`, without a byte order mark and with nothing else changed, and warnings about guesses.

    Tried in this order: what a byte order mark says, UTF-8, Windows-1252, Latin-1.
    Raises UnreadableDocument for what is no text.
    """
    encoding, start = next(((name, len(bom)) for bom, name in _BOMS if content.startswith(bom)), ("utf-8", 0))
    warnings: tuple[str, ...] = ()
    try:
        text = content[start:].decode(encoding)
    except UnicodeDecodeError as error:
        if start:
            raise UnreadableDocument(f"The file begins as {encoding.upper()} text but is damaged.") from error
        text, encoding = _western(content)
        warnings = (f"The file is not UTF-8; it was read as {encoding}, so single characters may be wrong.",)
    if len(_NOT_TEXT.findall(text)) > _NOT_TEXT_SHARE * len(text) or "\0" in text:
        raise UnreadableDocument("The file holds binary data, not text.")
    return text, warnings


def _western(content: bytes) -> tuple[str, str]:
    try:
        return content.decode("cp1252"), "Windows-1252"
    except UnicodeDecodeError:
        return content.decode("latin-1"), "Latin-1"


def _pages(text: str) -> tuple[Page, ...]:
    spans = []
    start = 0
    for piece in text.split("\f"):
        spans.append(Span(start, start + len(piece)))
        start += len(piece) + 1
    while len(spans) > 1 and not spans[-1].of(text).strip():  # a form feed at the very end begins no page
        spans.pop()
    spans[-1] = Span(spans[-1].start, len(text))
    return tuple(
        Page(number, str(number), span, Fate.TEXT if span.of(text).strip() else Fate.BLANK)
        for number, span in enumerate(spans, start=1)
    )


def _title(text: str, blocks: Iterable[Block]) -> str:
    first = next((block for block in blocks if block.kind is BlockKind.HEADING and block.level == 1), None)
    return first.span.of(text).splitlines()[0].strip("# \t") if first else ""


def blocks_in(text: str, within: Span, *, markdown: bool) -> tuple[Block, ...]:
    """The blocks of a part of `text`: together they cover every non-blank character of `within`, in order."""
    lines = [_Line(within.start + found.start(), found[0].rstrip("\r\n")) for found in _LINE.finditer(within.of(text))]
    blocks = []
    for group in _groups(lines, fences=markdown):
        pieces = _markdown_pieces(group) if markdown else _plain_pieces(group)
        for kind, level, members in pieces:
            first, last = members[0], members[-1]
            start = first.start + len(first.text) - len(first.text.lstrip())
            blocks.append(Block(kind, Span(start, last.start + len(last.text.rstrip())), level))
    return tuple(blocks)


def _groups(lines: Iterable[_Line], *, fences: bool) -> Iterator[list[_Line]]:
    """Lines between blank lines; a fenced part of a Markdown file is one group with its blank lines."""
    group: list[_Line] = []
    fence: str | None = None
    for line in lines:
        mark = _FENCE.match(line.text) if fences else None
        if fence is None and mark:
            if group:
                yield group
            group, fence = [line], mark[1]
        elif fence is not None:
            group.append(line)
            if mark and mark[1] == fence:
                yield group
                group, fence = [], None
        elif not line.blank:
            group.append(line)
        elif group:
            yield group
            group = []
    while group and group[-1].blank:  # a fence that is never closed
        group.pop()
    if group:
        yield group


_Piece = tuple[BlockKind, int | None, list[_Line]]


def _markdown_pieces(group: list[_Line]) -> Iterator[_Piece]:
    if _FENCE.match(group[0].text):
        yield BlockKind.PARAGRAPH, None, group
        return
    rest: list[_Line] = []
    position = 0
    while position < len(group):
        line = group[position]
        following = group[position + 1] if position + 1 < len(group) else None
        if heading := _HASH_HEADING.match(line.text):
            yield from _running(rest)
            rest = []
            yield BlockKind.HEADING, len(heading[1]), [line]
        elif following and not rest and "|" not in line.text and (under := _UNDERLINE.match(following.text)):
            yield BlockKind.HEADING, 1 if under[1].startswith("=") else 2, [line, following]
            position += 1
        elif following and "|" in line.text and "|" in following.text and _PIPE_RULE.match(following.text):
            yield from _running(rest)
            rest = []
            end = position + 2
            while end < len(group) and "|" in group[end].text:
                end += 1
            yield BlockKind.TABLE, None, group[position:end]
            position = end - 1
        else:
            rest.append(line)
        position += 1
    yield from _running(rest)


def _plain_pieces(group: list[_Line]) -> Iterator[_Piece]:
    level = _heading_level(group[0].text)
    listed = len(group) > 1 and all(_LIST_MARK.match(line.text) for line in group[:2])
    if level is not None and not listed and (len(group) == 1 or not _HEADING_GOES_ON.search(group[0].text)):
        yield BlockKind.HEADING, level, group[:1]
        group = group[1:]
    if not group:
        return
    columns = [
        bool(_PIPE_ROW.match(line.text)) or (bool(_COLUMNS.search(line.text)) and not _LIST_MARK.match(line.text))
        for line in group
    ]
    if len(group) > 1 and sum(columns) >= len(group) / 2:  # titles and units of a table have one column
        yield BlockKind.TABLE, None, group
    else:
        yield from _running(group)


# A heading directly above its text, with no blank line between, is told from the first line of a paragraph by its end.
_HEADING_GOES_ON = re.compile(r"(?:[,\-–]|\b(?:and|or|of|the|to|in|for|und|der|die|das))\s*$", re.IGNORECASE)


def _running(lines: list[_Line]) -> Iterator[_Piece]:
    """Paragraphs and list items: an item goes from its mark to the next."""
    piece: list[_Line] = []
    kind = BlockKind.PARAGRAPH
    for line in lines:
        if _LIST_MARK.match(line.text):
            if piece:
                yield kind, None, piece
            piece, kind = [line], BlockKind.LIST
        else:
            piece.append(line)
    if piece:
        yield kind, None, piece


def _heading_level(line: str) -> int | None:
    """The level of a line that can only be a heading, else None."""
    line = line.strip()
    words = line.split()
    if not words or len(line) > _HEADING_LENGTH or len(words) > _HEADING_WORDS or _ENDS_SENTENCE.search(line):
        return None
    if division := _DIVISION.match(line):
        depth = division[1].count(".") + 1
        rest = line[division.end() :].strip(" \t.:-–—")
        if rest and not rest[0].isupper() and not rest.startswith(("(", '"', "“")):
            return None
        return depth + 1 if line.lower().startswith(_LOW_DIVISIONS) else depth
    if numbered := _NUMBERED.match(line):
        return numbered[1].count(".") + 1
    letters = [character for character in line if character.isalpha()]
    if len(letters) >= 4 and line == line.upper() and line != line.lower() and len(letters) > len(line) / 2:
        return 1
    return None
