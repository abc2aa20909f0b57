"""Answers to questions for a figure of the statements: the cell, or a measure worked out from cited cells.

A figure is only given when row, year, unit and company of the question are all met by the cell; else the reason says
which of them is not. Two filings may give the same line of one year differently: then both are shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

from core.documents import Chunk, DocumentId
from generation.calculation import rounded, work_out
from generation.cells import Cell, cells_of
from generation.draft import DraftClaim
from generation.figures import Asked, Over, line
from generation.passages import Passage


@dataclass(frozen=True, slots=True)
class FigureAnswer:
    """Claims, or in words why there are none."""

    claims: tuple[DraftClaim, ...]
    reason: str | None


def figure_answer(
    asked: Asked, chunks: Sequence[Chunk], passages: Sequence[Passage], *, within: Collection[DocumentId]
) -> FigureAnswer:
    """The figure asked for with the cells that it rests on, from the documents `within`: those about the company asked.

    `passages` were cut from `chunks`.
    """
    if asked.measure is None:
        return _none(f"How {asked.name} is worked out is not known here, and no row gives it by that name.")
    cells = [cell for cell in cells_of(chunks, passages) if cell.document_id in within]
    last = max(asked.years)
    reasons: list[str] = []
    for document in _documents(cells, last):
        try:
            return _answered(asked, asked.measure.formula, _Statements(document, cells))
        except _Missing as missing:
            reasons.append(str(missing))
        except ZeroDivisionError:
            reasons.append(f"{asked.name} would divide by nothing")
    if not reasons:
        reasons = [f"no statement with a column for {last} was found"]
    return _none(f"{asked.name[0].upper()}{asked.name[1:]} cannot be given: {reasons[0]}.")


# ── one call below ────────────────────────────────────────────────────────────────────────────────────────────────────


class _Missing(Exception):
    """A line that no cell gives with certainty."""


def _none(reason: str) -> FigureAnswer:
    return FigureAnswer((), reason)


def _documents(cells: Sequence[Cell], year: int) -> list[DocumentId]:
    """The documents with a column for the year: that year's own report before later ones, then in order of reading."""
    newest: dict[DocumentId, int] = {}
    for cell in cells:
        if cell.year == year:
            newest[cell.document_id] = max(newest.get(cell.document_id, 0), cell.newest)
    return sorted(newest, key=lambda document: newest[document])


class _Statements:
    """The cells of one document, by line and year."""

    def __init__(self, document: DocumentId, cells: Sequence[Cell]) -> None:
        self._cells = [cell for cell in cells if cell.document_id == document]
        self._others = [cell for cell in cells if cell.document_id != document]

    def cell(self, name: str, year: int) -> Cell:
        """The cell of a line. Raises _Missing when there is none, or when two cells of the best label disagree."""
        wanted = line(name)
        here = [one for one in self._cells if one.statement is wanted.statement and one.year == year]
        if not here:
            raise _Missing(f"no {wanted.statement.value} with a column for {year} was found")
        for label in _labels(name, here):
            found = [one for one in here if label in one.labels]
            if len({(one.figure.value, one.scale) for one in found}) > 1:
                raise _Missing(f"the {wanted.statement.value} gives {name} of {year} twice, with different figures")
            if found:
                return max(found, key=lambda one: len(one.passages))
        raise _Missing(f"the {wanted.statement.value} that was found has no row “{wanted.labels[0]}” or the like")

    def restated(self, cell: Cell) -> list[Cell]:
        """The same line and year where other documents give another figure."""
        same = [
            one
            for one in self._others
            if one.statement is cell.statement and one.year == cell.year and set(one.labels) & set(cell.labels)
        ]
        return [one for one in same if _amount(one) != _amount(cell)]


def _labels(name: str, cells: Sequence[Cell]) -> Sequence[str]:
    """The labels to look for, the preferred first. To whom income is attributable is named after the company."""
    wanted = line(name).labels
    if name != "net income attributable to shareholders":
        return wanted
    own = [
        label
        for cell in cells
        for label in cell.labels
        if re.match(r"net (?:income|earnings) attributable to (?!non ?-?controlling|redeemable|minority)", label)
        and "per " not in label
    ]
    return [*dict.fromkeys(own), *wanted]


def _amount(cell: Cell) -> Decimal:
    return cell.figure.times(cell.scale).value


def _answered(asked: Asked, formula: str, statements: _Statements) -> FigureAnswer:
    used: list[Cell] = []
    years = asked.years if asked.over is Over.MEAN else (max(asked.years),)
    scales: set[int] = set()

    def lookup_at(year: int) -> Callable[[str, int], tuple[str, Decimal]]:
        def lookup(name: str, before: int) -> tuple[str, Decimal]:
            cell = statements.cell(name, year - before)
            used.append(cell)
            scales.add(cell.scale)
            value = abs(cell.figure.value) if line(name).outflow else cell.figure.value
            digits = re.sub(r"[^\d.,]", "", cell.written)
            return (f"-{digits}" if value < 0 else digits), value

        return lookup

    shown: list[str] = []
    if asked.over is Over.GROWTH:
        now, before = (work_out(formula, lookup_at(year)) for year in (years[-1], years[-1] - 1))
        text = f"({_bracketed(now.shown)} - {_bracketed(before.shown)}) / {_bracketed(before.shown)}"
        value = (now.value - before.value) / abs(before.value)
    else:
        worked = [work_out(formula, lookup_at(year)) for year in years]
        shown = [one.shown for one in worked]
        value = sum((one.value for one in worked), Decimal(0)) / len(worked)
        text = shown[0] if len(shown) == 1 else f"({' + '.join(map(_bracketed, shown))}) / {len(shown)}"
    if len(scales) > 1:
        raise _Missing("its lines are counted in different units")
    single = len(used) == 1 and asked.over is Over.YEAR
    left = _cell_text(used[0]) if single else f"{_title(asked)}: {text}"
    main = " = ".join(dict.fromkeys([left, *_results(asked, formula, value, used, single=single)]))
    cells = list({(cell.label, cell.year): cell for cell in used}.values())
    pointers = tuple(dict.fromkeys(number for cell in cells for number in cell.passages))
    claims = [DraftClaim(main, pointers)]
    if not single:
        claims += [DraftClaim(_cell_text(cell), cell.passages) for cell in cells]
    for cell in cells:
        claims += [DraftClaim(_cell_text(other), other.passages) for other in statements.restated(cell)[:1]]
    return FigureAnswer(tuple(claims), None)


def _bracketed(text: str) -> str:
    return f"({text})" if " " in text else text


def _title(asked: Asked) -> str:
    name = asked.name[0].upper() + asked.name[1:]
    if asked.over is Over.GROWTH:
        return f"{name}, change from {max(asked.years) - 1} to {max(asked.years)}"
    if asked.over is Over.MEAN:
        return f"{name}, mean of {min(asked.years)} to {max(asked.years)}"
    return f"{name} {max(asked.years)}"


_UNITS = {3: "thousand", 6: "million", 9: "billion"}


def _cell_text(cell: Cell) -> str:
    return f"{cell.label} | {cell.column} | {cell.written}" + (
        f" (in {_UNITS[cell.scale]}s)" if cell.scale in _UNITS else ""
    )


def _results(asked: Asked, formula: str, value: Decimal, used: Sequence[Cell], *, single: bool) -> list[str]:
    """The figure in the unit and rounding that the question asks for; else money as its table counts it, shares in per
    cent with one decimal, other ratios with two. Money in another unit than its table's comes in both."""
    is_money = not re.search(r"\}.*/", formula) and asked.over is not Over.GROWTH
    if asked.percent and not is_money:
        return [f"{rounded(value * 100, 1 if asked.places is None else asked.places)}%"]
    if not is_money:
        return [f"{rounded(value, 2 if asked.places is None else asked.places):,}"]
    scale = used[0].scale
    wanted = scale if asked.scale is None else asked.scale
    money = [] if single else [_money(value, scale, 0, used)]
    if wanted != scale:
        amount = value * Decimal(10) ** (scale - wanted)
        places = asked.places if asked.places is not None else (2 if wanted > scale else 0)
        money.append(_money(amount, wanted, places, used))
    return money


def _money(amount: Decimal, scale: int, places: int, used: Sequence[Cell]) -> str:
    currency = "$" if any("$" in cell.written for cell in used) else ""
    return f"{currency}{rounded(amount, places):,} {_UNITS.get(scale, '')}".rstrip()
