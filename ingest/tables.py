"""Rows and cells: which words stand on one line, where a line's cells begin, and which lines together are a table.

words ──rows──▶ rows (one baseline each) ──separators──▶ "Total assets\\t$13,709\\t14,277" ──tables──▶ runs of rows

All of it is geometry on words with boxes, in points, y growing downwards. Nothing here invents, drops or changes a
character of a word: it only chooses what stands between two words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple


class Word(NamedTuple):
    """One word as it stands on the page, in the frame in which it reads from left to right.

    A NamedTuple, not a dataclass: a filing has hundreds of thousands, and it is made five times as fast.
    `size` is the font's size in points. `spaced` says that the file itself has a space character before it (a gap that
    was merely drawn does not count). `broken` says that it ends with the hyphen at which a line was broken.
    `parts` are the words that this one stands for, each with what stands before it: it is a cell of a ruled table.
    """

    text: str
    left: float
    top: float
    right: float
    bottom: float
    baseline: float
    size: float
    bold: bool = False
    spaced: bool = False
    broken: bool = False
    parts: tuple[tuple[str, Word], ...] = ()


class Rule(NamedTuple):
    """A straight line that is drawn across (`level`) or down the page: at `at`, from `start` to `end`, in points."""

    level: bool
    at: float
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a line: `[start, end)` in the line's text, its horizontal extent, and whether it holds a figure."""

    start: int
    end: int
    left: float
    right: float
    numeric: bool


class Row(NamedTuple):
    """What table detection sees of a line: its text, its cells, where it stands (points), and whether it is ruled."""

    text: str
    cells: Sequence[Cell]
    top: float
    bottom: float
    size: float
    ruled: bool = False


# Two words share a row when their baselines differ by less than this part of the smaller font's size: lines of text are
# set at least one size apart, while the cells of one table row wander by a point or so.
SAME_BASELINE = 0.3
# A raised or lowered mark is smaller than what it hangs on by at least this factor (TeX sets 0.7, Word 0.65).
SCRIPT_SIZE = 0.85
# Gaps, in sizes of the font. A word space is 0.25 to 0.33; a stretched one in justified text reaches 1.
CELL_GAP = 1.2
FIGURE_GAP = 0.45
# In a stretched line a cell's gap is this much wider than the line's own word spaces.
STRETCH = 2.2
# A closing bracket or a per cent sign belongs to a figure that ends at most this far before it.
CLOSING_GAP = 2.5
# Lines of one cell within a table: headings of groups of rows, one under the other, and the lines of wrapped labels.
MOST_LABELS = 5
# Lines of column headings and units above the first row that has figures.
MOST_CAPTIONS = 5

_FIGURE = re.compile(
    r"""[(\[+<>~≈-]*(?:(?:US|C|A|HK|NZ)?[$€£¥₹])?\s?[(\[+–—-]*
        (?:\d[\d,.'’]*|\.\d+)(?:[eE]\d+)?
        \s?(?:[)\]%*†‡xX¢]|bps?|pts?|\(\w{1,2}\))*[,;.]?$""",
    re.VERBOSE,
)
_NOTHING = re.compile(r"[($€£¥]*[-–—―−]+[)%]*$|(?:n/?[am]|N/?[AM]|NM|n\.m\.)$")
_CURRENCY = re.compile(r"[(\[]?(?:US|C|A|HK|NZ)?[$€£¥₹][(\[]?$|(?:USD|EUR|GBP|CHF|JPY)$")
_CLOSING = re.compile(r"[)\]%]+[,;.]?$")
# An amendment quotes the clauses that it puts in place of others: their numbers open with a quotation mark.
QUOTED = "[“”„«‹\"'‘\\[]{0,2}"
_MARKER = re.compile(
    r"[•‣◦▪●■□○·*–—-]$"
    rf"|{QUOTED}(?:\((?:\d{{1,3}}|[a-zA-Z]{{1,2}}|[ivxlcIVXLC]{{1,6}})[.)]+"
    r"|(?:\d{1,3}[A-Z]?|[a-zA-Z]{1,2}|[ivxlcIVXLC]{1,6})[.)\]]+)(?:\(\w{1,4}\))*$"
    rf"|{QUOTED}\d{{1,3}}[A-Z]?(?:\.\d{{1,3}}[A-Z]?){{1,4}}[.:]?(?:\(\w{{1,4}}\))*$"
    rf"|{QUOTED}(?:§§?|(?i:clause|article|section|item|part|note|schedule|exhibit|annex|appendix))$"
)
_LEADER = re.compile(r"[.…_·]{2,}$|\.$")
# "(in millions, except per share data)", "December 31,", "Years ended": lines that belong to the figures below them.
_UNITS = re.compile(
    r"\(?\s*(?:(?:amounts?|dollars?|figures?|shares?|all)\b.{0,20})?\b(?:in|expressed in|stated in)\s"
    r".{0,30}\b(?:millions?|thousands?|billions?|dollars|euros?|percent(?:age)?|%)"
    r"|\(?\s*(?:un)?audited\b|\(?\s*(?:for the\s+)?(?:fiscal\s+)?(?:years?|quarters?|(?:\w+\s+)?months|weeks|periods?)"
    r"(?:\s+\w+)?\s+end(?:ed|ing)\b",
    re.IGNORECASE,
)


def is_figure(text: str) -> bool:
    """True for a number as tables print it ("13,709", "$ (1,234)", "4.5%") and for a dash or "n/a" in its place."""
    return bool(_FIGURE.match(text) or _NOTHING.match(text))


def is_marker(text: str) -> bool:
    """True for what opens a list item or a clause: "•", "(a)", "iv.", "4.2", "“8.2(a)", "Item"."""
    return bool(_MARKER.match(text))


def is_units(text: str) -> bool:
    """True for a line that says what the figures below it are in, or which period they are of."""
    return bool(_UNITS.match(text))


def rows(words: Sequence[Word], *, tolerance: float = SAME_BASELINE) -> list[list[Word]]:
    """The words grouped by baseline from the top down, each row from left to right.

    `tolerance` is the difference of baselines within a row, in sizes of the smaller font. Raised and lowered marks
    (the "(1)" of a footnote) join the row that they hang on.
    """
    found: list[list[Word]] = []
    row: list[Word] = []
    reference = size = 0.0
    for word in sorted(words, key=lambda word: word.baseline):
        if row and word.baseline - reference <= tolerance * min(size, word.size):
            row.append(word)
            # The reference follows the biggest font of the row, so that marks do not drag it away.
            if word.size > size:
                reference, size = word.baseline, word.size
        else:
            row = [word]
            found.append(row)
            reference, size = word.baseline, word.size
    found = _with_scripts(found)
    for row in found:
        row.sort(key=lambda word: word.left)
    return found


def _with_scripts(found: list[list[Word]]) -> list[list[Word]]:
    """Rows made only of small marks are given to the neighbour whose letters they overlap."""
    heights = [max(word.size for word in row) for row in found]
    kept: list[list[Word]] = []
    for index, row in enumerate(found):
        target = None
        for other in (index + 1, index - 1):
            if 0 <= other < len(found) and heights[index] < SCRIPT_SIZE * heights[other] and len(row) <= 4:
                host = found[other]
                if all(_hangs_on(word, host) for word in row):
                    target = host
                    break
        if target is None:
            kept.append(row)
        else:
            target.extend(row)
    return kept


def _hangs_on(mark: Word, row: Sequence[Word]) -> bool:
    """True when `mark` stands beside a bigger word of `row` and within the height of its letters."""
    middle = (mark.top + mark.bottom) / 2
    return any(
        host.top <= middle <= host.bottom
        and mark.size < SCRIPT_SIZE * host.size
        and (
            -0.3 * host.size <= mark.left - host.right <= 0.7 * host.size
            or -0.3 * host.size <= host.left - mark.right <= 0.7 * host.size
        )
        for host in row
    )


def separators(row: Sequence[Word]) -> list[str]:
    """What stands before each word of a row (one baseline, left to right): "" (glued), " " or "\\t" (a new cell).

    A lone currency sign keeps to the figure after it and a lone ")" or "%" to the figure before it, however far the
    typesetter pulled them apart; a bullet or a clause number keeps to its text.
    """
    if not row:
        return []
    gaps = [after.left - before.right for before, after in zip(row, row[1:], strict=False)]
    spaces = [
        gap
        for gap, before, after in zip(gaps, row, row[1:], strict=False)
        if before.text[-1].isalpha() and after.text[0].isalpha()
    ]
    stretch = STRETCH * median(spaces) if len(spaces) >= 3 else 0.0
    found = [""]
    figures = [is_figure(word.text) for word in row]
    for index, gap in enumerate(gaps):
        before, after = row[index], row[index + 1]
        size = max(before.size, after.size)
        if _CURRENCY.match(before.text) and (figures[index + 1] or after.text[0].isdigit()):
            found.append(" " if after.spaced or before.text[-1].isalpha() else "")
        elif before.parts or after.parts:
            found.append("\t")
        elif _CLOSING.match(after.text) and gap <= CLOSING_GAP * size and _open_figure(before.text):
            found.append(" " if after.spaced else "")
        elif index <= 1 and not figures[index + 1] and _opens_text(row[: index + 1], figures):
            found.append(" ")
        else:
            # A sign that was pulled from its figure ("$" at the column's left edge) opens a cell as a figure does.
            opens = figures[index + 1] or bool(_CURRENCY.match(after.text))
            narrow = opens and (figures[index] or bool(_CLOSING.match(before.text) or _LEADER.match(before.text)))
            limit = max((FIGURE_GAP if narrow else CELL_GAP) * size, stretch)
            found.append("\t" if gap > limit else " ")
    return found


def _opens_text(words: Sequence[Word], figures: Sequence[bool]) -> bool:
    """True for a bullet or a clause's number: "•", "4.2", "Item 1.", and "7" where the line has no other figure."""
    first = words[0].text
    bare = first.lstrip("“”„«‹\"'‘[")
    if len(words) == 2:
        named = bare.isalpha() or bare in ("§", "§§")
        return named and is_marker(first) and len(words[1].text) <= 5 and words[1].text[0].isalnum()
    return is_marker(first) or (bare.isdigit() and len(bare) <= 2 and sum(figures) <= 1)


def _open_figure(text: str) -> bool:
    """True for a figure, or a dash in its place, that a bracket or a per cent sign may close: "(1,234", "(4.5%"."""
    return text[-1].isdigit() or (text[-1] in "%)-–—" and is_figure(text))


def cells(row: Sequence[Word], between: Sequence[str]) -> tuple[Cell, ...]:
    """The cells of a row, whose text is each word after its separator. Starts count from the row's first character."""
    found: list[Cell] = []
    start = position = 0
    first = 0
    for index, (word, separator) in enumerate(zip(row, between, strict=True)):
        if separator == "\t":
            found.append(_cell(row[first:index], between[first:index], start, position))
            start, first = position + 1, index
        position += len(separator) + len(word.text)
    if row:
        found.append(_cell(row[first:], between[first:], start, position))
    return tuple(found)


def _cell(words: Sequence[Word], between: Sequence[str], start: int, end: int) -> Cell:
    text = words[0].text + "".join(
        separator + word.text for separator, word in zip(between[1:], words[1:], strict=True)
    )
    return Cell(start, end, min(word.left for word in words), max(word.right for word in words), is_figure(text))


def tables(lines: Sequence[Row]) -> list[tuple[int, int]]:
    """The tables among the lines of one column, as ranges `[first, last)` of their indices, in order.

    A table is a run of lines with two or more cells: at least two of them with figures, or in a drawn grid, or at least
    three whose second cells begin at the same place, or one of column headings above one of figures. Up to five lines
    of one cell may stand between (a heading of a group of rows, the first lines of a wrapped label), when the lines
    keep their distance. The column headings and the line of units directly above belong to the table.
    """
    if len(lines) < 2:
        return []
    pitches = [after.bottom - before.bottom for before, after in zip(lines, lines[1:], strict=False)]
    usual = median([pitch for pitch in pitches if pitch > 0] or [12.0])
    found: list[tuple[int, int]] = []
    index = 0
    while index < len(lines):
        if len(lines[index].cells) < 2:
            index += 1
            continue
        first, last = index, index + 1
        position = last
        while position < len(lines) and position - last <= MOST_LABELS and _near(lines, position, usual):
            if len(lines[position].cells) >= 2:
                last = position + 1
            elif not lines[position].ruled and _prose(lines[position], lines[first:last]):
                break
            position += 1
        if _is_table(lines[first:last]):
            floor = found[-1][1] if found else 0
            first = _top(lines, first, floor=floor, usual=usual)
            found.append((first, last))
        index = last
    return found


@dataclass(frozen=True, slots=True)
class Head:
    """What the head of a table says: the line of units, and the headings of its columns from left to right."""

    units: str
    columns: tuple[str, ...]


_YEAR = re.compile(r"(?:FY|CY|Q[1-4])?\s?['’]?(?:19|20)\d\d[EAP]?(?:\s?\([\w ]{1,3}\))?$")
# Rows of a table in which its head is looked for.
MOST_HEADS = 8


def head_of(table: str) -> Head:
    """The head of a table from its text (rows by line breaks, cells by tabs): what stands above its first figures.

    Headings that run over several rows are joined column by column where the rows have as many cells, else row by row.
    """
    heads: list[list[str]] = []
    units: list[str] = []
    for row in table.split("\n")[:MOST_HEADS]:
        found = [cell.strip() for cell in row.split("\t") if cell.strip()]
        if any(is_figure(cell) and not _YEAR.match(cell) for cell in found):
            break
        if found and is_units(found[0]):
            units.append(found.pop(0))
        if found:
            heads.append(found)
    else:
        # Rows without any figure: what comes first names the columns when each of the others has as many cells.
        heads = heads[:1] if len(heads) > 1 and len(heads[0]) >= 2 else []
    # Below the column headings stands the first group's name: "Assets", "Current assets:".
    while heads and len(heads[-1]) == 1 and not _YEAR.match(heads[-1][0]):
        heads.pop()
    joined: list[list[str]] = []
    for names in heads:
        if joined and len(joined[-1]) == len(names) and not any(_YEAR.match(cell) for cell in joined[-1]):
            joined[-1] = [f"{above} {name}" for above, name in zip(joined[-1], names, strict=True)]
        else:
            joined.append(names)
    return Head(" ".join(units), tuple(cell for row in joined for cell in row))


def _near(lines: Sequence[Row], index: int, usual: float) -> bool:
    """True when the line keeps its distance from the one above. 2.5 lines: one blank line within a table, not two."""
    before, line = lines[index - 1], lines[index]
    # Rows of several lines stand as close as others, edge to edge.
    pitch = min(line.bottom - before.bottom, max(line.top - before.bottom, 0) + line.size)
    return 0 < pitch <= max(2.5 * usual, 2.8 * lines[index].size)


def _prose(line: Row, table: Sequence[Row]) -> bool:
    """True when a line of one cell runs as wide as the table: text between two tables, not a row's label."""
    left = min(row.cells[0].left for row in table)
    right = max(row.cells[-1].right for row in table)
    return line.cells[0].right - line.cells[0].left > 0.75 * (right - left)


def _is_table(run: Sequence[Row]) -> bool:
    many = [row for row in run if len(row.cells) >= 2]
    if sum(row.ruled for row in many) >= 2 or _is_header_and_row(many):
        return True
    if sum(any(cell.numeric for cell in row.cells[1:]) for row in many) >= 2:
        return True
    second = [row.cells[1].left for row in many]
    # Three points: typesetters align columns to a fraction of one.
    return len(many) >= 3 and sum(abs(left - median(second)) <= 3 for left in second) >= max(3, len(many) / 2)


def _is_header_and_row(many: Sequence[Row]) -> bool:
    """True for a line of column headings, none of them a figure, right above one row with a figure under each of them.

    The row's label may be without a heading.
    """
    if len(many) != 2:
        return False
    head, row = many
    if any(cell.numeric for cell in head.cells) or row.cells[0].numeric or len(head.cells) < 2:
        return False
    values = row.cells[1:]
    named = head.cells[len(head.cells) - len(values) :] if len(head.cells) >= len(values) else ()
    return (
        0 <= len(row.cells) - len(head.cells) <= 1
        and sum(cell.numeric for cell in values) >= 1
        and all(
            min(above.right, cell.right) - max(above.left, cell.left) > 0
            for above, cell in zip(named, values, strict=True)
        )
    )


def _top(lines: Sequence[Row], first: int, *, floor: int, usual: float) -> int:
    """The table's first line when its column headings and units are counted in."""
    body = [row for row in lines[first:] if any(cell.numeric for cell in row.cells[1:])][:5] or lines[first : first + 1]
    figures = min(cell.left for row in body for cell in row.cells[1:])
    found = top = first
    while top > floor and first - top < MOST_CAPTIONS and _near(lines, top, usual):
        top -= 1
        line = lines[top]
        # A heading over several columns begins a little before the first of them; a title begins above the labels.
        over_figures = line.cells[0].left > figures - 3 * line.size
        # The headings of a drawn grid's columns stand inside it: what is above is a heading of the text.
        heads = is_units(line.text) or (over_figures and not lines[first].ruled)
        if len(line.cells) >= 2 or (len(line.text) <= 80 and heads):
            found = top
        elif _prose(line, body) and not (top > floor and len(lines[top - 1].cells) >= 2):
            # Column headings that stand so close that they read as one cell have others above them.
            break
    return found
