"""Ruled tables: which drawn lines together make a grid, and which words are one cell of it, on how many lines ever.

    rules ──grids──▶ Grid of bands and columns ──in_cells──▶ words, a cell that runs over several lines as one of them

A band between two lines that cross the whole grid is one row of the table, unless its words say otherwise: two figures
one under the other in one column are two rows that nobody ruled off.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ingest.scripts import EAST, read_row
from ingest.tables import Rule, Word, is_figure, rows, separators

# Two rules closer than this (points) are one, drawn twice; so far may a rule end before the one that it meets.
_SAME = 2.0
_MEETS = 3.0
# A rule crosses the grid when it covers this part of its width.
_ACROSS = 0.95
# No letters fit between rules that are closer than this (points).
_LOWEST_BAND = 5.0
# More crossings to try than this: a drawing, not a table.
_MOST_CROSSINGS = 1_000_000
# Lines that stand side by side in all columns are rows of their own from this many on, and a cell that is alone in its
# band and has more is prose in a frame.
_MOST_BESIDE = 4
# Lines of a label keep together; a gap of this many sizes of the font begins another row.
_LABEL_GAP = 2.0


class Band(NamedTuple):
    """The space between two rules, and the edges of its columns from left to right."""

    top: float
    bottom: float
    edges: tuple[float, ...]


class Grid(NamedTuple):
    """A ruled table: its bands from the top down; those that are ruled in an irregular way are left out."""

    bands: tuple[Band, ...]


def grids(rules: Sequence[Rule]) -> list[Grid]:
    """The grids that level and upright rules make: at least two bands, each of at least two columns."""
    level, upright = _joined([rule for rule in rules if rule.level]), _joined([r for r in rules if not r.level])
    if len(level) < 2 or not upright or len(level) * len(upright) > _MOST_CROSSINGS:
        return []
    found = []
    for across, down in _connected(level, upright):
        bands = tuple(_bands(across, down))
        if sum(len(band.edges) > 2 for band in bands) >= 2:
            found.append(Grid(bands))
    return found


def _joined(rules: Sequence[Rule]) -> list[Rule]:
    """The rules with pieces of one line put together, and lines that were drawn twice told once."""
    found: list[Rule] = []
    line: list[Rule] = []
    for rule in [*sorted(rules, key=lambda rule: rule.at), None]:
        if rule is not None and line and rule.at - line[0].at <= _SAME:
            line.append(rule)
            continue
        piece: Rule | None = None
        for part in sorted(line, key=lambda part: part.start):
            if piece is not None and part.start <= piece.end + _MEETS:
                piece = piece._replace(end=max(piece.end, part.end))
                continue
            if piece is not None:
                found.append(piece)
            piece = part
        if piece is not None:
            found.append(piece)
        line = [rule] if rule is not None else []
    return found


def _connected(level: Sequence[Rule], upright: Sequence[Rule]) -> list[tuple[list[Rule], list[Rule]]]:
    """The rules that hang together, as (level, upright)."""
    group = list(range(len(level) + len(upright)))

    def root(place: int) -> int:
        while group[place] != place:
            group[place] = group[group[place]]
            place = group[place]
        return place

    for i, across in enumerate(level):
        for j, down in enumerate(upright, start=len(level)):
            if (
                across.start - _MEETS <= down.at <= across.end + _MEETS
                and down.start - _MEETS <= across.at <= down.end + _MEETS
            ):
                group[root(j)] = root(i)
    found: dict[int, tuple[list[Rule], list[Rule]]] = {}
    for place in range(len(group)):
        across_and_down = found.setdefault(root(place), ([], []))
        if place < len(level):
            across_and_down[0].append(level[place])
        else:
            across_and_down[1].append(upright[place - len(level)])
    return [pair for pair in found.values() if len(pair[0]) >= 2 and pair[1]]


def _bands(across: Sequence[Rule], down: Sequence[Rule]) -> list[Band]:
    left = min(*(rule.start for rule in across), *(rule.at for rule in down))
    right = max(*(rule.end for rule in across), *(rule.at for rule in down))
    whole = [rule.at for rule in across if rule.end - rule.start >= _ACROSS * (right - left)]
    part = [rule.at for rule in across if rule.end - rule.start < _ACROSS * (right - left)]
    # A grid may be open at its top or foot: there its upright lines end it.
    ends = (min(rule.start for rule in down), max(rule.end for rule in down))
    heights = sorted([*whole, *(end for end in ends if all(abs(end - at) > _MEETS for at in whole))])
    found = []
    for top, bottom in zip(heights, heights[1:], strict=False):
        if bottom - top < _LOWEST_BAND or any(top + _MEETS < at < bottom - _MEETS for at in part):
            continue
        edges = [rule.at for rule in down if rule.start <= top + _MEETS and rule.end >= bottom - _MEETS]
        edges += [side for side in (left, right) if all(abs(side - edge) > _MEETS for edge in edges)]
        found.append(Band(top, bottom, tuple(sorted(edges))))
    return found


def in_cells(words: Sequence[Word], grid: Grid) -> list[Word]:
    """The words, with one that stands for the whole cell in place of those of each cell of a row of the grid."""
    rest = list(words)
    taken: list[tuple[Band, list[list[Word]]]] = []
    for band in grid.bands:
        inside = [word for word in rest if band.top <= (word.top + word.bottom) / 2 <= band.bottom]
        columns = [
            [word for word in inside if left <= (word.left + word.right) / 2 < right]
            for left, right in zip(band.edges, band.edges[1:], strict=False)
        ]
        # A word that lies across a rule was not written into this grid.
        if not any(
            word.left < edge - _MEETS and word.right > edge + _MEETS for word in inside for edge in band.edges[1:-1]
        ):
            taken.append((band, [column for column in columns if column]))
    filled = [columns for _, columns in taken if columns]
    for columns in filled:
        lines = [rows(column) for column in columns]
        if _is_one_row(lines, ruled=len(filled) >= 3):
            own = {id(word) for column in columns for word in column}
            rest = [word for word in rest if id(word) not in own]
            baseline = min(cell[0][0].baseline for cell in lines)
            rest.extend(_cell(cell, baseline) for cell in lines)
    return rest


def _is_one_row(cells: Sequence[Sequence[Sequence[Word]]], *, ruled: bool) -> bool:
    """True when the lines of a band's cells are one row of the table; `ruled` says that the grid has rules for rows."""
    # Words that stand apart as cells do: the drawn lines are shading or underlines, and not what divides this table.
    if any("\t" in separators(line) for cell in cells for line in cell):
        return False
    heights = [len(cell) for cell in cells]
    if max(heights) == 1:
        return True
    if any(sum(is_figure("".join(word.text for word in line)) for line in cell) >= 2 for cell in cells):
        return False
    if len(cells) == 1:
        return heights[0] <= _MOST_BESIDE
    baselines = [line[0].baseline for line in cells[0]]
    size = max(word.size for word in cells[0][0])
    if any(after - before > _LABEL_GAP * size for before, after in zip(baselines, baselines[1:], strict=False)):
        return False
    if len(set(heights)) == 1 and _side_by_side(cells):
        return ruled and heights[0] <= _MOST_BESIDE
    return True


def _side_by_side(cells: Sequence[Sequence[Sequence[Word]]]) -> bool:
    return all(
        abs(line[0].baseline - other[0].baseline) <= 1
        for cell in cells[1:]
        for line, other in zip(cells[0], cell, strict=True)
    )


def _cell(lines: Sequence[Sequence[Word]], baseline: float) -> Word:
    """One word for all those of a cell, line after line; a line never holds a tab, for the cell is one."""
    parts: list[tuple[str, Word]] = []
    for number, row in enumerate(lines):
        line, between = read_row(row)
        between = ["" if separator == "" else " " for separator in between]
        if number:
            before = parts[-1][1]
            broken = before.broken and line[0].text[0].isalpha()
            if broken and line[0].text[0].islower() and before.text[:-1].isalpha():
                parts[-1] = (parts[-1][0], before._replace(text=before.text[:-1]))
            between[0] = "" if broken or (EAST.match(before.text[-1]) and EAST.match(line[0].text[0])) else " "
        parts.extend(zip(between, line, strict=True))
    words = [word for _, word in parts]
    return Word(
        text="".join(separator + word.text for separator, word in parts),
        left=min(word.left for word in words),
        top=min(word.top for word in words),
        right=max(word.right for word in words),
        bottom=max(word.bottom for word in words),
        baseline=baseline,
        size=lines[0][0].size,
        bold=all(word.bold for word in words),
        parts=tuple(parts),
    )
