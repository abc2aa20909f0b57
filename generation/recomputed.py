"""Claims about tables, held against the cells that they cite; what was worked out is worked out again.

Capital spending | 2021 | (4,625) (in millions) = $4.63 billion      a cell
Operating margin 2021: 1,196 / 3,930 = 30.4%                         an equation of cells
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from core.answers import Support
from core.figures import Figure, figure_of, figures_in, same, scale_in
from core.finance import labels_of, plain
from core.periods import fiscal_year_of
from core.sentences import cells_of_line, is_row
from generation.calculation import Equation, equations_in
from generation.figures import fits_pattern, labels_of_measure
from generation.tables import Column, Row, is_head, rows_of

Finding = tuple[Support, tuple[str, ...]]


def held_against_cells(claim: str, quotes: Sequence[str]) -> Finding | None:
    """What the cells of the quotes say of a claim; None for a claim that is neither a cell nor an equation."""
    cell = _CELL.fullmatch(claim)
    rows = list(_rows(quotes))
    if cell is not None and (_HEAD.search(cell["column"]) or any(_under(row, cell["column"]) for row in rows)):
        return _cell(cell, rows, quotes)
    doubt = _DOUBT.fullmatch(claim)
    if doubt is not None:
        return _doubt(doubt, rows)
    equations = list(equations_in(claim))
    if not equations:
        return None
    wrong = [
        f"worked out again, {claim[one.start : one.end].strip()} comes to {_short(one)}"
        for one in equations
        if not one.holds
    ]
    if wrong:
        return Support.ALTERED, tuple(wrong)
    if len(equations) == 1:
        return _equation(claim, equations[0], rows)
    return None


# ── one call below ────────────────────────────────────────────────────────────────────────────────────────────────────

_UNIT = r"(?: \(in (?P<unit>thousand|million|billion)s\))?"
_CELL = re.compile(
    r"(?P<label>[^|]+) \| (?P<column>[^|]*(?:[^\W\d_]|(?<!\d)(?:19|20)\d\d(?![\d,.]))[^|]*) \| "
    rf"(?P<written>[^|=]*?\d[^|=]*?){_UNIT}(?: = (?P<result>.+))?"
)
_DOUBT = re.compile(
    r"“(?P<label>.+)”(?: of (?P<column>.+))? is printed as (?P<printed>.*\d.*), but the lines that it sums come to "
    r"(?P<equation>.+ = .+), (?P<apart>[\d.,]+) (?P<way>less|more)"
)
_POWERS = {"thousand": 3, "million": 6, "billion": 9}
_HEAD = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_CONSTANTS = frozenset(range(1, 13)) | {100, 360, 365, 366, 1000, 10**6, 10**9}
"""Numbers that formulas bring along: halves and means, days of a year, per cent, thousands beside millions."""


def _rows(quotes: Sequence[str]) -> Iterator[Row]:
    """The rows of figures in the quotes, each under every quoted head that fits it."""
    heads: list[list[str]] = [[]]
    rows: list[tuple[int, str]] = []
    for line in (line for quote in quotes for line in quote.split("\n") if line.strip()):
        if is_row(line) and not is_head(cells_of_line(line)):
            rows.append((len(heads) - 1, line))
        elif rows and rows[-1][0] == len(heads) - 1:
            heads.append([line])
        else:
            heads[-1].append(line)
    for _, line in rows:
        read = [_read(head, line) for head in heads]
        fitting = [row for row in read if row is not None and row.columns]
        yield from fitting or [row for row in read[:1] if row is not None]


def _read(head: Sequence[str], line: str) -> Row | None:
    found = list(rows_of([*enumerate(head), (len(head), line)]))
    return found[-1] if found else None


def _cell(claim: re.Match[str], rows: Sequence[Row], quotes: Sequence[str]) -> Finding:
    wanted = set(labels_of(claim["label"]))
    here = [row for row in rows if set(labels_of(row.label)) & wanted]
    if not here:
        return Support.UNVERIFIED, (f"no quoted row is named “{claim['label']}”",)
    there = [
        cell
        for row in here
        for cell, column in zip(row.cells, row.columns, strict=False)
        if claim["column"] in column.names
    ]
    if not there:
        return Support.UNVERIFIED, (f"no quoted column is named “{claim['column']}”",)
    if claim["written"] not in there:
        return Support.ALTERED, (f"the claim says “{claim['written']}”, the table says “{there[0]}”",)
    if claim["unit"]:
        scales = {scale for quote in quotes if (scale := scale_in(quote)) is not None}
        if scales and _POWERS[claim["unit"]] not in scales:
            return Support.ALTERED, (f"the claim counts in {claim['unit']}s, the table does not",)
        if not scales:
            return Support.UNVERIFIED, ("no quote says in what the table counts",)
    if claim["result"]:
        return _converted(claim)
    return Support.VERIFIED, ()


def _converted(claim: re.Match[str]) -> Finding:
    figure = figure_of(claim["written"])
    said = list(figures_in(claim["result"]))
    if figure is None or len(said) != 1:
        return Support.UNVERIFIED, (f"“{claim['result']}” is not understood",)
    value = figure.times(_POWERS.get(claim["unit"] or "", 0))
    positive = Figure(abs(value.value), value.place, value.currency, value.percent, value.scaled, value.span)
    if same(value, said[0]) or same(positive, said[0]):
        return Support.VERIFIED, ()
    return Support.ALTERED, (f"“{claim['written']}” is not “{claim['result']}”",)


def _equation(claim: str, equation: Equation, rows: Sequence[Row]) -> Finding:
    title = claim[: equation.start].strip().rstrip(":")
    operands = [one for one in equation.operands if not _constant(one)]
    labels = labels_of_measure(title)
    for operand in operands:
        homes = [row for row in rows if _holds(row, operand)]
        if not homes:
            return Support.ALTERED, (f"the figure {operand.value:,} does not stand in the quotes",)
        if any(_is_named(row, title) for row in homes):
            continue
        if labels is None:
            return Support.UNVERIFIED, (f"“{title}” is no measure whose formula is known here",)
        if not any(_is_line(row, labels, title) for row in homes):
            return Support.UNVERIFIED, (f"the figure {operand.value:,} stands in the row “{homes[0].label}”",)
    years = set(_HEAD.findall(title))
    columns = {year for row in rows for column in row.columns for year in _years_of(column)}
    if not years <= columns:
        return Support.UNVERIFIED, (f"no quoted column is of {', '.join(sorted(years - columns))}",)
    if not _in_its_column(operands, rows, years):
        return Support.UNVERIFIED, ("a figure stands in the column of another year",)
    further = list(figures_in(claim[equation.end :].partition("=")[2]))
    if further and not _same_money(claim, equation, further[0]):
        return Support.ALTERED, ("the last figure is not the one before it in another unit",)
    return Support.VERIFIED, ()


def _doubt(claim: re.Match[str], rows: Sequence[Row]) -> Finding:
    """A total that is printed otherwise than its lines add up: both figures, and each line in the same column."""
    wanted = set(labels_of(claim["label"]))
    printed, apart = figure_of(claim["printed"]), figure_of(claim["apart"])
    equations = list(equations_in(claim["equation"]))
    if printed is None or apart is None or len(equations) != 1:
        return Support.UNVERIFIED, ("the sum is not understood",)
    if not equations[0].holds:
        return Support.ALTERED, (f"worked out again, the lines come to {_short(equations[0])}",)
    difference = equations[0].value - printed.value
    if abs(difference) != apart.value or (difference < 0) is not (claim["way"] == "less"):
        return Support.ALTERED, ("the two figures are not so far apart",)
    places = {
        place
        for row in rows
        if set(labels_of(row.label)) & wanted
        for place, cell in enumerate(row.cells)
        if cell == claim["printed"]
        and (not claim["column"] or (row.columns and claim["column"] in row.columns[place].names))
    }
    if not places:
        return Support.ALTERED, (f"the table does not print {claim['printed']} there",)
    for place in places:
        there = [figure_of(row.cells[place]) for row in rows if len(row.cells) > place]
        amounts = {abs(figure.value) for figure in there if figure is not None}
        if all(abs(operand.value) in amounts for operand in equations[0].operands):
            return Support.VERIFIED, ()
    return Support.ALTERED, ("a figure of the sum does not stand in the column",)


def _constant(figure: Figure) -> bool:
    return figure.place == 1 and int(figure.value) in _CONSTANTS


def _under(row: Row, name: str) -> bool:
    return any(name in column.names for column in row.columns)


def _years_of(column: Column) -> list[str]:
    """The years that a column names, and the one that it counts for where it ends in the first days of January."""
    counted = [str(fiscal_year_of(column.end))] if column.end else []
    return [*_HEAD.findall(column.names[1]), *counted]


def _holds(row: Row, operand: Figure) -> bool:
    figures = [figure for cell in row.cells if (figure := figure_of(cell)) is not None]
    return any(abs(figure.value) == abs(operand.value) for figure in figures)


def _is_line(row: Row, labels: frozenset[str], title: str) -> bool:
    return any(label in labels or label.startswith(_OWNED) or fits_pattern(label, title) for label in row.labels)


def _is_named(row: Row, title: str) -> bool:
    """True when the title names the row word for word."""
    said = f" {plain(title)} "
    return any(f" {label} " in said for label in row.labels)


_OWNED = ("net income attributable to", "net earnings attributable to")


def _in_its_column(operands: Sequence[Figure], rows: Sequence[Row], years: set[str]) -> bool:
    """True when every figure stands under one of the years of the title or the year before the first of them."""
    if not years:
        return True
    allowed = {int(year) for year in years} | {min(map(int, years)) - 1}
    allowed |= set(range(min(allowed), max(allowed) + 1))
    for operand in operands:
        under = [
            int(year)
            for row in rows
            if row.columns
            for column, cell in zip(row.columns, row.cells, strict=True)
            if (figure := figure_of(cell)) is not None and abs(figure.value) == abs(operand.value)
            for year in _years_of(column)
        ]
        if not allowed & set(under):
            return False
    return True


def _same_money(claim: str, equation: Equation, further: Figure) -> bool:
    first = list(figures_in(claim[equation.start :].partition("=")[2].partition("=")[0]))
    return bool(first) and same(first[0], further)


def _short(equation: Equation) -> str:
    value = equation.value * (100 if equation.said.percent else 1)
    return f"{value:.4f}".rstrip("0").rstrip(".") + ("%" if equation.said.percent else "")
