"""The lines of a document's pages → its blocks: headings with levels, paragraphs, lists, tables, footnotes, running
headers and footers.

Kinds are told from the whole document (what repeats at the edges of pages, which size is the body's, which sizes stand
above it), but the text is already there and is not touched.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median

from core.documents import BlockKind
from ingest.layout import Line
from ingest.tables import QUOTED, Row, is_figure, is_units, tables


@dataclass(frozen=True, slots=True)
class PageLines:
    """A page's lines in reading order and its height in points; `upright` says which of its areas read upright."""

    lines: tuple[Line, ...]
    height: float
    upright: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """A block as lines `[first, last)` of its page.

    `lead` is the length of the heading that its first line begins with: a block of its own, before this one.
    """

    kind: BlockKind
    first: int
    last: int
    level: int | None = None
    lead: int = 0


# Running headers and footers stand in the outermost eighth of the page (1.4 inch of a letter page) …
EDGE = 0.125
# … are among its outermost lines …
EDGE_LINES = 4
# … and repeat on at least three pages (two would make a header of every pair of like first lines; in a document of two
# pages it takes the same words in the same place, in small print).
REPEATS = 3
# A heading's font is at least that much bigger than the body's.
BIGGER = 1.12
# A heading is at most this long (characters) and this high (lines).
HEADING_LENGTH = 160
HEADING_LINES = 3
# A numbered line that ends with a full stop ("2.6 Compliance.") is a heading when no longer than this.
RUN_IN = 60
# Footnotes are set smaller than the body by this factor at least (11 to 12 points), and end below this part of a page.
SMALL = 0.92
NOTE_DEPTH = 0.5
# … and say something: this many letters.
NOTE_LETTERS = 8
# Lines of a paragraph keep the page's usual pitch; a gap half as wide again starts a new one.
NEW_PARAGRAPH = 1.45
# The first line of a paragraph is indented by about one size of the font or more.
INDENT = 0.9
# A line that ends this far (part of its column's width) before the right edge may be a paragraph's last.
SHORT_LINE = 0.12
# Levels below this say nothing that a reader could use.
DEEPEST = 6

_PAGE_NUMBER = re.compile(
    r"(?:page\s*)?[-–—\[(]*\s*(?:[A-Z]{1,3}\s?-\s?)?(?:\d{1,4}|[ivxlc]{1,7})\s*[-–—\])]*(?:\s*(?:of|/)\s*\d{1,4})?$",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"\d+")
_NAMED = re.compile(
    r"(?P<high>PART|ARTICLE)\s+(?:[IVXLC]+|\d+)\b|(?P<low>ITEM|SECTION|SCHEDULE|EXHIBIT|ANNEX|APPENDIX)"
    r"\s+(?:\d+(?:\.\d+)*[A-Z]?|[A-Z]|[IVXLC]+)\b",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"(?P<number>\d{1,2}(?:\.\d{1,2}){0,4})\.?\s+[“\"(]?[A-ZÄÖÜÉ]")
_ITEM = re.compile(
    rf"(?:[•‣◦▪●■□○·*–—]|{QUOTED}(?:\(?(?:\d{{1,3}}|[a-z]{{1,2}}|[ivxlc]{{1,6}})[.)]+"
    r"|\d{1,3}[A-Z]?(?:\.\d{1,3}[A-Z]?){1,4}\.?)(?:\(\w{1,4}\))*)[\s\t]+\S",
    re.IGNORECASE,
)
# What else numbers a clause where the lines below its first begin further in: "5", "9A.", "§ 4", "Clause 12".
_HANGING = re.compile(
    rf"{QUOTED}(?:§§?\s*|(?:article|section|clause|item|part|note|schedule|exhibit|annex|appendix)\s+)?"
    r"(?:\d{1,3}(?:\.\d{1,3})*[a-z]?|[ivxlc]{1,6})[.:)\]]?\s+\S",
    re.IGNORECASE,
)
# What a footnote begins with: "1", "(2)", "*", "†", "a)", also glued to its first word as a raised mark is.
_NOTE = re.compile(r"(?:\(\d{1,3}\)|\d{1,3}[.)]?|\(?[a-z]\)|[*∗†‡§¶]{1,3})(?:\s+(?=\S)|(?=[A-ZÄÖÜ“\"(]))")
_TABLE_NOTE = re.compile(r"(?:\((?:\d{1,2}|[a-z])\)|[*∗†‡§¶]{1,3})\s*\S")
_TEXT_GOES_ON = re.compile(r" ?[\w“„\"'(]")
_BULLET = re.compile(r"[•‣◦▪●■□○·*–—]\s")


def blocks(pages: Sequence[PageLines]) -> list[list[Piece]]:
    """For each page its blocks in order; together they hold every line exactly once."""
    edges = _edges(pages)
    inner = [
        [line for index, line in enumerate(page.lines) if index not in edge]
        for page, edge in zip(pages, edges, strict=True)
    ]
    body = _body_size(inner)
    pieces = [_page(page.lines, edge, body, page.height) for page, edge in zip(pages, edges, strict=True)]
    return _levelled(pages, pieces, body)


def _body_size(pages: Sequence[Sequence[Line]]) -> float:
    """The size most characters are set in, to half a point."""
    sizes: Counter[float] = Counter()
    for lines in pages:
        for line in lines:
            sizes[_rounded(line.size)] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _rounded(size: float) -> float:
    return round(2 * size) / 2


def _edges(pages: Sequence[PageLines]) -> list[dict[int, BlockKind]]:
    """For each page the lines that are running headers or footers: what repeats at the edge, and page numbers."""
    candidates: list[dict[BlockKind, list[int]]] = []
    seen: dict[BlockKind, Counter[str]] = {BlockKind.HEADER: Counter(), BlockKind.FOOTER: Counter()}
    for place, page in enumerate(pages):
        upright = sorted(
            (index for index, line in enumerate(page.lines) if page.upright[line.area]),
            key=lambda index: page.lines[index].baseline,
        )
        found = {
            BlockKind.HEADER: [i for i in upright[:EDGE_LINES] if page.lines[i].bottom <= EDGE * page.height],
            BlockKind.FOOTER: [
                i for i in reversed(upright[-EDGE_LINES:]) if page.lines[i].top >= (1 - EDGE) * page.height
            ],
        }
        candidates.append(found)
        for kind, indices in found.items():
            seen[kind].update({key for index in indices for key in _keys(page.lines[index].text, place)})
            seen[kind].update({_place(page.lines[index]) for index in indices})
    numbered = _page_numbers(pages)
    body = _body_size([page.lines for page in pages])
    result: list[dict[int, BlockKind]] = []
    for place, (page, found, own) in enumerate(zip(pages, candidates, numbered, strict=True)):
        edge: dict[int, BlockKind] = {}
        for kind, indices in found.items():
            for index in indices:
                line = page.lines[index]
                # From the edge inwards: the first line that is none of them ends the header or footer.
                if not _repeats(line, seen[kind], place=place, pages=len(pages), body=body):
                    break
                edge.setdefault(index, kind)
        if own is not None:
            edge.setdefault(own, BlockKind.FOOTER)
        result.append(edge)
    return result


def _page_numbers(pages: Sequence[PageLines]) -> list[int | None]:
    """For each page the line at its end that is its number, wherever on the page it stands; None where there is none.

    It is one when it runs along with the pages: as far from the page's place in the file on several other pages.
    (Filings made from web pages print the number right below the last line of text.)
    """
    found: list[tuple[int, int] | None] = []
    for place, page in enumerate(pages):
        last = [(i, line.text) for i, line in enumerate(page.lines) if page.upright[line.area]][-2:]
        lone = [(i, int(text) - place) for i, text in last if text.isascii() and text.isdigit() and len(text) <= 4]
        found.append(lone[-1] if lone else None)
    offsets = Counter(number[1] for number in found if number)
    return [number[0] if number and offsets[number[1]] >= REPEATS else None for number in found]


def _keys(text: str, place: int) -> set[str]:
    """What is the same on every page that carries this line: its words, and its first or last number but for the page.

    "Annual Report 2024   17" is the same line as "Annual Report 2024   18" one page on; "Note 17" is not "Note 19".
    """
    folded = text.casefold().strip()
    numbers = [number for number in _DIGITS.finditer(folded) if len(number[0]) <= 4]
    return {folded} | {
        f"{folded[: number.start()]}#{int(number[0]) - place}{folded[number.end() :]}"
        for number in (numbers[:1] + numbers[-1:])
    }


def _repeats(line: Line, seen: Counter[str], *, place: int, pages: int, body: float) -> bool:
    if is_units(line.text):
        return False
    if _PAGE_NUMBER.match(line.text):
        # "iv" and "v" differ as keys; a lone number at the edge of a page is its number, if others have one too.
        numbers = sum(count for other, count in seen.items() if _PAGE_NUMBER.match(other))
        return numbers >= min(pages, 2)
    if sum(cell.numeric for cell in line.cells) >= 2:
        return False
    if pages == 2:
        return seen[_place(line)] == 2 and line.size <= 0.95 * body
    return any(seen[key] >= REPEATS for key in _keys(line.text, place))


def _place(line: Line) -> str:
    """The line's words and where they stand, to the point."""
    return f"{line.text.casefold()}@{round(line.left)},{round(line.baseline)}"


def _page(lines: Sequence[Line], edge: dict[int, BlockKind], body: float, height: float) -> list[Piece]:
    pieces: list[Piece] = []
    index = 0
    while index < len(lines):
        last = index + 1
        if index in edge:
            while last < len(lines) and edge.get(last) is edge[index]:
                last += 1
            pieces.append(Piece(edge[index], index, last))
        else:
            while last < len(lines) and last not in edge and lines[last].column == lines[index].column:
                last += 1
            pieces.extend(_column(lines, index, last, body, height))
        index = last
    return pieces


def _column(lines: Sequence[Line], first: int, last: int, body: float, height: float) -> Iterator[Piece]:
    """The blocks of the lines `[first, last)`, which stand in one column."""
    notes = _notes(lines, first, last, body, height)
    column = lines[first : notes[0] if notes else last]
    found = tables([Row(line.text, line.cells, line.top, line.bottom, line.size, line.ruled) for line in column])
    position = 0
    for start, end in [*found, (len(column), len(column))]:
        for piece in _prose(column, position, start, body):
            yield replace(piece, first=piece.first + first, last=piece.last + first)
        if start < end:
            yield Piece(BlockKind.TABLE, start + first, end + first)
        position = end
    for start, end in zip(notes, [*notes[1:], last], strict=False):
        apart = next((index for index in range(start + 1, end) if _apart(lines[index - 1], lines[index])), end)
        yield Piece(BlockKind.FOOTNOTE, start, apart)
        if apart < end:
            yield Piece(BlockKind.PARAGRAPH, apart, end)


def _apart(before: Line, line: Line) -> bool:
    """True for small print that stands too far below a footnote to be part of it."""
    return line.baseline - before.baseline > 2 * max(before.size, line.size)


def _notes(lines: Sequence[Line], first: int, last: int, body: float, height: float) -> list[int]:
    """Where the footnotes begin that end the column `[first, last)`: small print below the text, each with its mark.

    Where a table in small print stands above them, they need a mark in brackets or a sign: its rows begin with numbers.
    """
    small = last
    while small > first and lines[small - 1].size <= SMALL * body:
        small -= 1
    start = small
    while start < last and not (_NOTE if start == small else _TABLE_NOTE).match(lines[start].text):
        start += 1
    tail = lines[start:last]
    if not tail or small == first or tail[-1].bottom < NOTE_DEPTH * height:
        return []
    if any(line.ruled or len(line.cells) > 1 for line in tail) or (start > small and len(lines[start - 1].cells) < 2):
        return []
    if sum(map(str.isalpha, "".join(line.text for line in tail))) < NOTE_LETTERS:
        return []
    return [index for index in range(start, last) if index == start or _begins_note(lines[index - 1], lines[index])]


def _begins_note(before: Line, line: Line) -> bool:
    """True when a line opens a footnote, and does not go on with a number in the middle of a sentence."""
    return _NOTE.match(line.text) is not None and before.text[-1] in '.;:)”"’!?'


def _prose(column: Sequence[Line], first: int, last: int, body: float) -> Iterator[Piece]:
    """Headings, list items and paragraphs among lines that are no table."""
    pitches = [
        (after.baseline - before.baseline) / max(before.size, after.size, 1)
        for before, after in zip(column, column[1:], strict=False)
        if after.baseline > before.baseline and abs(after.size - before.size) < 1
    ]
    # 1.2 sizes is how text is usually set; the median of the column's own pitches follows double-spaced text.
    usual = median(pitches) if len(pitches) >= 3 else 1.2
    left, right = min(line.left for line in column), max(line.right for line in column)
    start = first
    while start < last:
        end = start + 1
        while end < last and not _breaks(column[end - 1], column[end], column[start], usual, left, right):
            end += 1
        kind = _kind(column[start:end], body)
        yield Piece(kind, start, end, lead=0 if kind is BlockKind.HEADING else _lead(column[start]))
        start = end


def _lead(line: Line) -> int:
    """The length of the heading that runs into the text of its line (bold, then a stop or a dash), 0 for none."""
    name = line.text[: line.lead]
    letters = sum(map(str.isalpha, name))
    if not line.lead or line.lead > RUN_IN or letters < 3 or "\t" in name or name[-1] not in ".:—–":
        return 0
    # A bold figure or the name of a party in the middle of things is no heading.
    return line.lead if _TEXT_GOES_ON.match(line.text, line.lead) else 0


def _breaks(before: Line, after: Line, first: Line, usual: float, left: float, right: float) -> bool:
    """True when `after` begins a new block; `first` is the block's first line."""
    size = max(before.size, after.size, 1)
    pitch = (after.baseline - before.baseline) / size
    if pitch <= 0 or pitch > NEW_PARAGRAPH * usual:
        return True
    if before.bold != after.bold or abs(before.size - after.size) > 0.1 * size:
        return True
    short = before.right < right - SHORT_LINE * (right - left)
    if _ITEM.match(after.text):
        # A number or "(b)" at the start of a line may be in the middle of a sentence ("… of fiscal\n2022. The …"): it
        # opens an item only where the line before could have ended.
        if _BULLET.match(after.text) or _NUMBERED.match(before.text) or before.text[-1] in ".;:,":
            return True
        return short or before.text.endswith((" and", " or"))
    if short and not after.text[0].islower() and _unaligned(before, after):
        return True
    if short and before.text[-1] in '.;:!?”")':
        return True
    # A first line's indent. Centred lines begin anywhere and are left together.
    return (
        before.left < left + 1
        and left + INDENT * size < after.left < left + 0.2 * (right - left)
        and not (_ITEM.match(first.text) or (before is first and _HANGING.match(first.text)))
    )


def _unaligned(before: Line, after: Line) -> bool:
    """True when two lines share neither an edge nor their middle, to about one size of the font."""
    size = max(before.size, after.size)
    return all(
        abs(one - other) > size
        for one, other in (
            (before.left, after.left),
            (before.right, after.right),
            ((before.left + before.right) / 2, (after.left + after.right) / 2),
        )
    )


def _kind(lines: Sequence[Line], body: float) -> BlockKind:
    if _is_heading(lines, body):
        return BlockKind.HEADING
    hangs = len(lines) > 1 and lines[1].left > lines[0].left + INDENT * lines[0].size
    numbered = _ITEM.match(lines[0].text) or (hangs and _HANGING.match(lines[0].text))
    return BlockKind.LIST if numbered else BlockKind.PARAGRAPH


def _is_heading(lines: Sequence[Line], body: float) -> bool:
    # A row of dashes under a heading is how typewriters, and filings of the nineties, underline.
    lines = [line for line in lines if any(map(str.isalnum, line.text))]
    text = " ".join(line.text for line in lines)
    letters = sum(map(str.isalpha, text))
    if (
        len(lines) > HEADING_LINES
        or len(text) > HEADING_LENGTH
        or letters < 3
        or 2 * letters < len(text.replace(" ", ""))
    ):
        return False
    if is_units(text) or is_figure(text) or text[-1] in ",;":
        return False
    if min(line.size for line in lines) >= BIGGER * body:
        return True
    ends = text[-1] in ".:" and not _NAMED.match(text)
    # Scripts without capitals are neither in capitals nor not.
    strong = all(line.bold for line in lines) or text.upper() == text != text.lower()
    numbered = _NUMBERED.match(text) or _NAMED.match(text)
    if numbered and not strong and text[-1] == ".":
        return len(lines) == 1 and len(text) <= RUN_IN and _titled(text)
    if numbered:
        return strong or (len(lines) == 1 and not ends and len(text) <= HEADING_LENGTH / 2 and _titled(text))
    return strong and not text.endswith(".") and letters >= 4 and text[0].isalnum()


def _titled(text: str) -> bool:
    """True when most longer words begin with a capital, as in "4.2 Payment of Fees"."""
    words = [word for word in re.findall(r"[^\W\d_]+", text) if len(word) > 3]
    return bool(words) and 2 * sum(word[0].isupper() for word in words) > len(words)


def _levelled(pages: Sequence[PageLines], pieces: Sequence[Sequence[Piece]], body: float) -> list[list[Piece]]:
    """The same blocks with a level for every heading: first by size, then ARTICLE, Item, 4.2, then plain bold ones."""
    sizes: Counter[float] = Counter()
    high = False
    for page, found in zip(pages, pieces, strict=True):
        for piece in found:
            if piece.kind is BlockKind.HEADING:
                line = page.lines[piece.first]
                if line.size >= BIGGER * body:
                    sizes[_rounded(line.size)] += 1
                named = _NAMED.match(line.text)
                high = high or bool(named and named["high"])
    # What recurs is a level; the sizes of a cover page are not, and stand above all. Three levels by size are what
    # documents have; smaller steps share the third.
    recurring = sorted((size for size, count in sizes.items() if count >= REPEATS), reverse=True)
    ranks = {size: min(rank, 3) for rank, size in enumerate(recurring, start=1)}
    base = max(ranks.values(), default=1 if sizes else 0) + 1

    def level(piece: Piece, line: Line) -> int:
        if piece.lead:
            return base + high + DEEPEST
        if line.size >= BIGGER * body:
            return ranks.get(_rounded(line.size), 1)
        named, numbered = _NAMED.match(line.text), _NUMBERED.match(line.text)
        if named:
            return base if named["high"] else base + high
        if numbered:
            return base + high + numbered["number"].count(".")
        return base + high + 1

    levels = [
        [
            level(piece, page.lines[piece.first]) if piece.kind is BlockKind.HEADING or piece.lead else None
            for piece in found
        ]
        for page, found in zip(pages, pieces, strict=True)
    ]
    # Levels that no heading has are left out: below 1 comes 2.
    used = sorted({level for found in levels for level in found if level is not None})
    dense = {level: min(place, DEEPEST) for place, level in enumerate(used, start=1)}
    return [
        [
            piece if level is None else replace(piece, level=dense[level])
            for piece, level in zip(found, own, strict=True)
        ]
        for found, own in zip(pieces, levels, strict=True)
    ]
