"""The words of one page → its text, line by line in reading order. The same words always give the same text.

    words ─▶ cells of drawn grids, each as one word ─▶ columns (where two blocks of prose stand side by side) ─▶ rows
          ─▶ lines: "label\\t1,234\\t5,678"

A line keeps what the kinds of blocks are told from (size, weight, cells, place). Which lines are running headers, and
which are headings, depends on the whole document and is decided in `ingest.blocks`; it never changes the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from ingest.grids import Grid, in_cells
from ingest.scripts import joins, read_row, runs_from_right
from ingest.tables import Cell, Word, cells, is_marker, rows


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the page: `[start, end)` in the page's text, its box in the reading frame, and how it is set.

    `area` is the index of the area that it was laid out from, `column` numbers the page's columns in reading order.
    `ruled` says that it is a row of a drawn grid; then its box holds all the lines that its cells run over.
    `lead` is how many characters at its start are in bold while the rest is not, and `lead_right` where they end on the
    page.
    """

    start: int
    end: int
    text: str
    left: float
    top: float
    right: float
    bottom: float
    baseline: float
    size: float
    bold: bool
    area: int
    column: int
    cells: tuple[Cell, ...]
    ruled: bool = False
    lead: int = 0
    lead_right: float = 0.0


@dataclass(frozen=True, slots=True)
class Placed:
    """A word with its place in the page's text, and the index of the area that it came from."""

    start: int
    end: int
    area: int
    word: Word


@dataclass(frozen=True, slots=True)
class Layout:
    """The page's text, its lines and its words in reading order."""

    text: str
    lines: tuple[Line, ...]
    words: tuple[Placed, ...]


# Columns of prose: that many rows must have text on both sides of the gutter …
COLUMN_ROWS = 6
# … and that text must fill more than half of its column, which the cells of a table do not.
COLUMN_FILL = 0.55
# A gutter is at least one size of the font wide.
GUTTER = 1.0
# Neighbouring columns seldom share baselines exactly: for finding the gutter, rows are this tolerant (font sizes).
SAME_BAND = 0.6
# Where lines are broken at a hyphen this often, the typesetter hyphenates, and the hyphen is no part of the word.
# Filings and contracts break lines only at hyphens that are there anyway (measured: 0.2 to 2 % of lines).
HYPHENATES = 0.06

_WORD_LIKE = re.compile(r"[^\W\d_]{2,}")


def lay_out(areas: Iterable[Sequence[Word]], drawn: Sequence[Grid] = ()) -> Layout:
    """The page's text from its words; each of `areas` (usually one) is read for itself, one after the other.

    `drawn` are the grids of ruled tables in the first of them; a row of theirs is one line.

    Lines are joined by "\\n" (by nothing where a script without blanks goes on), cells by "\\t", words by a space. A
    word that was broken at the end of a line is whole again, at its first half's place.
    """
    grouped: list[tuple[int, list[list[Word]]]] = []
    for area, found in enumerate(areas):
        words = list(found)
        for grid in () if area else drawn:
            words = in_cells(words, grid)
        grouped.extend((area, rows(column)) for column in _columns(words))
    keep_hyphens = _hyphens_kept([row for _, column in grouped for row in column])
    text: list[str] = []
    lines: list[Line] = []
    placed: list[Placed] = []
    position = 0
    for number, (area, column) in enumerate(grouped):
        edge = max(word.right for row in column for word in row)
        above: list[Word] = []
        for row, between in _joined(column, keep_hyphens):
            if lines and not (above and joins(above, row, edge=edge)):
                text.append("\n")
                position += 1
            above = row
            start = position
            for separator, word in zip(between, row, strict=True):
                position += len(separator)
                for before, part in word.parts or (("", word),):
                    position += len(before)
                    placed.append(Placed(position, position + len(part.text), area, part))
                    position += len(part.text)
            line = "".join(separator + word.text for separator, word in zip(between, row, strict=True))
            text.append(line)
            lines.append(_line(line, start, row, between, area, number))
    return Layout("".join(text), tuple(lines), tuple(placed))


def _line(text: str, start: int, row: Sequence[Word], between: Sequence[str], area: int, column: int) -> Line:
    # The last half of a broken word stands on the next line: it does not stretch this one's box.
    first = row[0]
    whole = [word for word in row if word.baseline - first.baseline < word.size] or row
    weights: dict[float, int] = {}
    for word in whole:
        weights[word.size] = weights.get(word.size, 0) + len(word.text)
    size = max(weights, key=lambda size: weights[size])
    lettered = [word.bold for word in whole if any(map(str.isalpha, word.text))]
    bold = all(lettered) if lettered else all(word.bold for word in whole)
    lead, lead_right = (0, 0.0) if bold or not any(lettered) else _lead(row, between)
    return Line(
        start=start,
        end=start + len(text),
        text=text,
        left=min(word.left for word in whole),
        top=min(word.top for word in whole),
        right=max(word.right for word in whole),
        bottom=max(word.bottom for word in whole),
        baseline=median([word.baseline for word in whole]),
        size=size,
        bold=bold,
        area=area,
        column=column,
        cells=cells(row, between),
        ruled=any(word.parts for word in row),
        lead=lead,
        lead_right=lead_right,
    )


def _lead(row: Sequence[Word], between: Sequence[str]) -> tuple[int, float]:
    """How long the bold words at the start of a row are, in characters, and where on the page they end.

    The number or bullet before them may be in the weight of the text.
    """
    first = 1 if not row[0].bold and is_marker(row[0].text) else 0
    length = sum(len(separator) + len(word.text) for separator, word in zip(between[:first], row[:first], strict=True))
    right = 0.0
    for separator, word in zip(between[first:], row[first:], strict=True):
        if not word.bold:
            break
        length += len(separator) + len(word.text)
        right = word.right
    return (length, right) if right else (0, 0.0)


def _joined(column: list[list[Word]], keep_hyphens: bool) -> list[tuple[list[Word], list[str]]]:
    """Each row with its separators; the second half of a broken word has moved up to its first half."""
    result: list[tuple[list[Word], list[str]]] = []
    moved: Word | None = None
    from_right = runs_from_right([word for row in column for word in row])
    on_page = {word.text.strip(".,;:()").casefold() for row in column for word in row}
    for index, row in enumerate(column):
        words = row[1:] if moved is not None else row
        moved = None
        if not words:
            continue
        words, between = read_row(words, from_right=from_right)
        last = words[-1]
        if last.broken and index + 1 < len(column) and _continues(last, column[index + 1][0]):
            moved = column[index + 1][0]
            if not _keeps_hyphen(last.text, moved.text, keep_hyphens, on_page):
                words[-1] = last._replace(text=last.text[:-1])
            words.append(moved)
            between.append("")
        result.append((words, between))
    return result


def _continues(half: Word, rest: Word) -> bool:
    """True when `rest` begins the line directly below the one that ends with `half`."""
    return 0 < rest.baseline - half.baseline <= 2.5 * half.size and rest.left < half.right and rest.text[0].isalpha()


def _keeps_hyphen(half: str, rest: str, by_default: bool, on_page: set[str]) -> bool:
    stem, tail = half[:-1], rest.rstrip(".,;:)")
    if not stem or not stem[-1].isalpha() or not rest[0].islower() or "-" in stem:
        return True
    if (stem.lstrip("(") + "-" + tail).casefold() in on_page:
        return True
    if (stem.lstrip("(") + tail).casefold() in on_page:
        return False
    return by_default


def _hyphens_kept(page: Sequence[Sequence[Word]]) -> bool:
    """False on a page whose typesetter hyphenates: there a hyphen at a line's end is no part of the word."""
    long = [row for row in page if len(row) >= 5]
    broken = sum(row[-1].broken for row in long)
    return broken < 3 or broken < HYPHENATES * len(long)


def _columns(words: list[Word]) -> list[list[Word]]:
    """The words of an area, column by column where prose stands side by side, else all of them as one."""
    bands = rows(words, tolerance=SAME_BAND)
    gutter = _gutter(bands)
    if gutter is None:
        return [words] if words else []
    result: list[list[Word]] = []
    crossing: list[Word] = []
    run: list[list[Word]] = []
    for band in [*bands, None]:
        if (
            band is not None
            and not any(word.left < gutter < word.right or word.parts for word in band)
            and not _spans(band, gutter)
        ):
            run.append(band)
            continue
        if run:
            if _beside(run, gutter) >= COLUMN_ROWS // 2:
                if crossing:
                    result.append(crossing)
                    crossing = []
                for side in (True, False):
                    part = [word for row in run for word in row if ((word.left + word.right) / 2 < gutter) is side]
                    result.extend(_columns(part))
            else:
                crossing.extend(word for row in run for word in row)
            run = []
        if band is not None:
            crossing.extend(band)
    if crossing:
        result.append(crossing)
    return result


def _spans(band: Sequence[Word], gutter: float) -> bool:
    """True when the two words nearest to the gutter stand a mere word space apart: one line across both columns."""
    before = [word for word in band if word.right <= gutter]
    after = [word for word in band if word.left >= gutter]
    if not before or not after:
        return False
    left, right = max(before, key=lambda word: word.right), min(after, key=lambda word: word.left)
    return right.left - left.right < GUTTER * 0.8 * max(left.size, right.size)


def _beside(run: Sequence[Sequence[Word]], gutter: float) -> int:
    """How many rows of the run have words on both sides."""
    return sum(row[0].right <= gutter <= row[-1].left for row in run)


def _segments(band: Sequence[Word]) -> list[list[Word]]:
    found = [[band[0]]]
    for before, after in zip(band, band[1:], strict=False):
        if after.left - before.right > GUTTER * max(before.size, after.size):
            found.append([after])
        else:
            found[-1].append(after)
    return found


def _prose(segment: Sequence[Word]) -> bool:
    """At least two real words, and more letters than anything else: a cell of figures is none."""
    text = "".join(word.text for word in segment)
    return len(_WORD_LIKE.findall(" ".join(word.text for word in segment))) >= 2 and 2 * sum(
        map(str.isalpha, text)
    ) > len(text)


def _gutter(bands: Sequence[Sequence[Word]]) -> float | None:
    """The x that most rows leave free between two stretches of prose; None when there are no columns."""
    pairs: list[tuple[Sequence[Word], Sequence[Word]]] = []
    for band in bands:
        if len(band) < 4 or any(word.parts for word in band):
            continue
        segments = _segments(band)
        if len(segments) < 2:
            continue
        prose = [_prose(segment) for segment in segments]
        pairs.extend((segments[i], segments[i + 1]) for i in range(len(segments) - 1) if prose[i] and prose[i + 1])
    if len(pairs) < COLUMN_ROWS:
        return None
    middles = [(left[-1].right + right[0].left) / 2 for left, right in pairs]
    free = [sum(left[-1].right <= x <= right[0].left for left, right in pairs) for x in middles]
    best = max(range(len(pairs)), key=lambda index: free[index])
    gutter = middles[best]
    beside = [(left, right) for left, right in pairs if left[-1].right <= gutter <= right[0].left]
    if len(beside) < COLUMN_ROWS:
        return None
    # The gutter's free strip, common to all rows beside it, and the outer edges of both columns.
    near, far = max(left[-1].right for left, _ in beside), min(right[0].left for _, right in beside)
    outer_left, outer_right = min(left[0].left for left, _ in beside), max(right[-1].right for _, right in beside)
    fill_left = median([left[-1].right - left[0].left for left, _ in beside])
    fill_right = median([right[-1].right - right[0].left for _, right in beside])
    if fill_left < COLUMN_FILL * (near - outer_left) or fill_right < COLUMN_FILL * (outer_right - far):
        return None
    return (near + far) / 2
