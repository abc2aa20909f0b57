"""Answers to questions for figures of the statements: the cell, or what is worked out from cited cells.

A figure is only given when row, period, unit and company of the question are all met by the cell; else the reason says
which of them is not. A period is first read from its own report, then from later ones, which show it beside theirs;
where they print another figure for it, both are shown with the difference.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from core.documents import Chunk, DocumentId
from core.figures import Figure, same
from generation.calculation import evaluate, put_in, rounded
from generation.cells import Cell, cells_of
from generation.draft import DraftClaim
from generation.figures import Asked, Line, Measure, Over, When, asked_row, line, words_of_table
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
    cells = [cell for cell in cells_of(chunks, passages) if cell.document_id in within and cell.statement is not None]
    return _answer(asked, asked.measure, Filings(cells))


def row_answer(
    question: str,
    chunks: Sequence[Chunk],
    passages: Sequence[Passage],
    *,
    companies: Sequence[str],
    within: Collection[DocumentId],
) -> FigureAnswer | None:
    """The figures of rows that the question names word for word, in a table that all its other words fit; None where no
    table does, or two do and differ."""
    cells = [cell for cell in cells_of(chunks, passages) if cell.document_id in within]
    found = asked_row(question, dict.fromkeys(cell.labels[0] for cell in cells if cell.labels))
    if found is None:
        return None
    asked, words, beside = found
    assert asked.measure is not None
    owners = words_of_table(" ".join(companies))
    words, beside = words - owners, beside - owners
    fitting = [
        cell
        for cell in cells
        if words <= words_of_table(f"{cell.about} {cell.group} {cell.label} {cell.column}")
        and beside <= words_of_table(f"{cell.group} {cell.label} {cell.column}")
    ]
    answer = _answer(asked, asked.measure, Filings(fitting))
    return answer if answer.claims else None


def _answer(asked: Asked, measure: Measure, filings: Filings) -> FigureAnswer:
    try:
        if asked.over is Over.SERIES:
            claims = list(_series(asked, measure, filings))
        else:
            claims = list(_answered(asked, measure, filings))
    except Missing as missing:
        return _none(f"{_capital(asked.name)} cannot be given: {missing}.")
    except ZeroDivisionError:
        return _none(f"{_capital(asked.name)} cannot be given: it would divide by nothing.")
    return FigureAnswer(tuple(claims), None)


class Missing(Exception):
    """A line that no cell gives with certainty."""


class Filings:
    """The cells of the filings of one company, by line and period."""

    def __init__(self, cells: Sequence[Cell]) -> None:
        self._cells = cells

    def documents(self, when: When) -> list[DocumentId]:
        """Those that show a period: its own report before later ones, then in order of reading."""
        newest: dict[DocumentId, int] = {}
        for cell in self._cells:
            if cell.is_of(when):
                newest[cell.document_id] = max(newest.get(cell.document_id, 0), cell.newest)
        return sorted(newest, key=lambda document: newest[document])

    def cells(self, name: str, when: When, document: DocumentId) -> list[Cell]:
        """The cell of a line in a document; several, to be added up, where only its parts are rows.

        Raises Missing when there is none, or when two cells of the best label disagree.
        """
        wanted = line(name)
        here = [
            one
            for one in self._cells
            if one.document_id == document and wanted.statement in (None, one.statement) and one.is_of(when)
        ]
        kind = wanted.statement.value if wanted.statement else "table"
        if not here:
            raise Missing(f"no {kind} with a column for {when.name} was found")
        for label in _labels(wanted, here):
            if found := _only([one for one in here if label in one.labels], wanted, when):
                return [found]
        parts = [
            next((one for label in part if (one := _only([c for c in here if label in c.labels], wanted, when))), None)
            for part in wanted.parts
        ]
        found_parts = [one for one in parts if one is not None]
        if found_parts and len(found_parts) == len(parts):
            return found_parts
        raise Missing(f"the {kind} that was found has no row “{wanted.labels[0]}” or the like")

    def restated(self, cell: Cell, name: str) -> Cell | None:
        """The same row and period where a later filing gives another figure, beyond how each of them rounds."""
        others = [
            one
            for one in self._cells
            if one.document_id != cell.document_id
            and one.newest > cell.newest
            and one.statement is cell.statement
            and (one.year, one.quarter, one.months) == (cell.year, cell.quarter, cell.months)
            and set(one.labels) & set(cell.labels)
            and not same(_scaled(one, name), _scaled(cell, name))
        ]
        return min(others, key=lambda one: one.newest, default=None)


# ── one call below ────────────────────────────────────────────────────────────────────────────────────────────────────


def _none(reason: str) -> FigureAnswer:
    return FigureAnswer((), reason)


def _capital(name: str) -> str:
    return name[0].upper() + name[1:]


def _only(found: Sequence[Cell], wanted: Line, when: When) -> Cell | None:
    if len({(one.figure.value, one.scale) for one in found}) > 1:
        kind = wanted.statement.value if wanted.statement else "table"
        raise Missing(f"the {kind} gives {wanted.name} of {when.name} twice, with different figures")
    return max(found, key=lambda one: len(one.passages) > 1, default=None)


_OWNER = re.compile(
    r"(?:consolidated )?(?:net )?(?:income|earnings|loss|profit)(?: for the (?:year|period))? attributable to "
    r"(?!non ?-?controlling|redeemable|minority)"
)


def _labels(wanted: Line, cells: Sequence[Cell]) -> Sequence[str]:
    """The labels to look for, the preferred first. To whom income is attributable is named after the company."""
    known = [label for cell in cells for label in cell.labels]
    if wanted.pattern is not None:
        return [*wanted.labels, *dict.fromkeys(label for label in known if wanted.pattern.fullmatch(label))]
    if wanted.name != "net income attributable to shareholders":
        return wanted.labels
    own = [label for label in known if _OWNER.match(label) and "per " not in label]
    return [*dict.fromkeys(own), *wanted.labels]


def _scaled(cell: Cell, name: str) -> Figure:
    figure = cell.figure.times(cell.scale)
    return replace(figure, value=abs(figure.value)) if line(name).outflow else figure


@dataclass(frozen=True, slots=True)
class _Used:
    """A cell that an equation takes its figure from, and the line that it was taken for."""

    name: str
    cells: tuple[Cell, ...]


class _Lookup:
    """Finds the figures of a formula and keeps note of them; all are told in one unit, the largest that they have."""

    def __init__(self, filings: Filings, document: DocumentId | None) -> None:
        self._filings = filings
        self._document = document
        self.used: list[_Used] = []

    def at(self, when: When) -> Callable[[str, int], str]:
        """The figures of a period, as `put_in` asks for them."""

        def lookup(name: str, before: int) -> str:
            cells = self._found(name, when.before(before))
            self.used.append(_Used(name, cells))
            shown = [_shown(cell, name) for cell in cells]
            return shown[0] if len(shown) == 1 else f"({' + '.join(shown)})"

        return lookup

    @property
    def cells(self) -> list[Cell]:
        """The cells of the figures, in the order in which the formula names them."""
        return [cell for one in self.used for cell in one.cells]

    @property
    def scale(self) -> int:
        """The largest power of ten that one of the figures is counted in."""
        return max((cell.scale for cell in self.cells), default=0)

    def _found(self, name: str, when: When) -> tuple[Cell, ...]:
        reasons: list[str] = []
        documents = self._filings.documents(when)
        if self._document in documents:
            documents = [self._document, *(one for one in documents if one != self._document)]
        for document in documents:
            try:
                return tuple(self._filings.cells(name, when, document))
            except Missing as missing:
                reasons.append(str(missing))
        raise Missing(reasons[0] if reasons else f"no statement with a column for {when.name} was found")


def _shown(cell: Cell, name: str) -> str:
    """A figure with the power of ten that it is counted in, until all of an expression are known: "{5,010|6}"."""
    digits = re.sub(r"[^\d.,]", "", cell.written)
    negative = cell.figure.value < 0 and not line(name).outflow
    return f"{{{'-' if negative else ''}{digits}|{cell.scale}}}"


def _in_one_unit(text: str, scale: int) -> str:
    """The figures of an expression, each in the unit `scale`: "1,300,000 / 1,000" of a table in thousands."""

    def told(match: re.Match[str]) -> str:
        apart = scale - int(match["scale"])
        return match["shown"] if not apart else f"({match['shown']} / {10**apart:,})"

    return re.sub(r"\{(?P<shown>[^|}]*)\|(?P<scale>\d+)\}", told, text)


def _series(asked: Asked, measure: Measure, filings: Filings) -> Iterator[DraftClaim]:
    """The same line or measure in each period, in order of time, and what became of it between the first and the last.

    A period that no filing shows is left out, and said to be missing by a reason only when nothing is found.
    """
    reasons: list[Missing] = []
    found: list[tuple[When, list[DraftClaim]]] = []
    for when in asked.whens:
        one = replace(asked, over=Over.YEAR, whens=(when,))
        try:
            found.append((when, list(_answered(one, measure, filings))))
        except Missing as missing:
            reasons.append(missing)
    if len(found) < 2:
        raise reasons[0] if reasons else Missing("only one period was found")
    for _, claims in found:
        yield from claims
    ends = (found[0][0], found[-1][0])
    growth = replace(asked, over=Over.GROWTH, whens=ends, percent=True, places=None)
    if ends[0] != ends[1] and not measure.percent:
        try:
            yield next(_answered(growth, measure, filings))
        except Missing:
            return  # there is no rate of growth from a loss


def _answered(asked: Asked, measure: Measure, filings: Filings) -> Iterator[DraftClaim]:
    """The answer first, then the cells that it rests on, then where a later filing gives another figure for one."""
    lookup, texts = _worked(asked.whens, measure, filings)
    cells = list({(cell.document_id, cell.label, cell.column): cell for cell in lookup.cells}.values())
    single = asked.over is Over.YEAR and len(lookup.cells) == 1
    pointers = tuple(dict.fromkeys(number for cell in cells for number in cell.passages))
    yield DraftClaim(_equation(asked, measure, texts, lookup, single=single), pointers)
    if asked.over is Over.CHANGE and evaluate(texts[0]) > 0:
        growth = replace(asked, over=Over.GROWTH, percent=True, places=None)
        yield DraftClaim(_equation(growth, measure, texts, lookup, single=False), pointers)
    if not single:
        yield from (DraftClaim(cell_text(cell), cell.passages) for cell in cells)
    for used in lookup.used:
        yield from _restated(used, filings)


def _worked(whens: Sequence[When], measure: Measure, filings: Filings) -> tuple[_Lookup, list[str]]:
    """The figures of the measure in each period: all of one report where one has all of them."""
    documents = filings.documents(whens[-1])
    if not documents:
        raise Missing(f"no statement with a column for {whens[-1].name} was found")
    reasons: list[Missing] = []
    for document in documents:
        lookup = _Lookup(filings, document)
        try:
            texts = [put_in(measure.formula, lookup.at(when)) for when in whens]
        except Missing as missing:
            reasons.append(missing)
        else:
            return lookup, [_in_one_unit(text, lookup.scale) for text in texts]
    raise reasons[0]


def _equation(asked: Asked, measure: Measure, texts: Sequence[str], lookup: _Lookup, *, single: bool) -> str:
    text = _expression(asked, texts)
    left = cell_text(lookup.cells[0]) if single else f"{_title(asked)}: {text}"
    results = _results(asked, measure, evaluate(text), lookup, single=single)
    return " = ".join(dict.fromkeys([left, *results]))


def _expression(asked: Asked, texts: Sequence[str]) -> str:
    if asked.over in (Over.YEAR, Over.SERIES):
        return texts[0]
    figures = [_bracketed(text) for text in texts]
    if asked.over is Over.SUM:
        return " + ".join(figures)
    if asked.over is Over.MEAN:
        return f"({' + '.join(figures)}) / {len(figures)}"
    before, now = figures[0], figures[-1]
    if asked.over is Over.CHANGE:
        return f"{now} - {before}"
    if evaluate(before) <= 0:
        raise Missing(f"in {asked.whens[0].name} it is not above zero, so that it has no rate of growth")
    if asked.over is Over.CAGR:
        return f"({now} / {before}) ^ (1 / {asked.whens[-1].year - asked.whens[0].year}) - 1"
    return f"({now} - {before}) / {before}"


def _restated(used: _Used, filings: Filings) -> Iterator[DraftClaim]:
    """Where a later filing prints another figure for a cell: the difference with both cited, and the other cell."""
    if len(used.cells) != 1:
        return
    cell = used.cells[0]
    other = filings.restated(cell, used.name)
    if other is None:
        return
    scale = max(cell.scale, other.scale)
    before, after = (_in_one_unit(_shown(one, used.name), scale) for one in (cell, other))
    text = f"{after} - {before}"
    printed = "as first reported" if cell.newest == cell.year else f"in the filing of {cell.newest}"
    yield DraftClaim(
        f"{_capital(used.name)} {cell.year}: {cell.written} {printed}, {other.written} in the filing of {other.newest},"
        f" restated by {text} = {_amount(evaluate(text), scale, (cell, other))}",
        tuple(dict.fromkeys((*cell.passages, *other.passages))),
    )
    yield DraftClaim(cell_text(other), other.passages)


def _bracketed(text: str) -> str:
    whole = re.fullmatch(r"\([^()]*\)", text)
    return f"({text})" if " " in text and not whole else text


def _title(asked: Asked) -> str:
    name, first, last = _capital(asked.name), asked.whens[0], asked.whens[-1]
    if asked.over in (Over.CHANGE, Over.GROWTH):
        return f"{name}, change from {first.name} to {last.name}"
    if asked.over is Over.CAGR:
        return f"{name}, compound annual growth from {first.name} to {last.name}"
    if asked.over in (Over.MEAN, Over.SUM):
        together = last.year - first.year == len(asked.whens) - 1
        years = f"{first.name} to {last.name}" if together else ", ".join(when.name for when in asked.whens)
        return f"{name}, {asked.over.value} of {years}"
    return f"{name} {last.name}"


_UNITS = {3: "thousand", 6: "million", 9: "billion"}


def cell_text(cell: Cell) -> str:
    """A cell as a claim: "Inventories | 2017 | 16,047 (in millions)"."""
    return f"{cell.label} | {cell.column} | {cell.written}" + (
        f" (in {_UNITS[cell.scale]}s)" if cell.scale in _UNITS else ""
    )


def _results(asked: Asked, measure: Measure, value: Decimal, lookup: _Lookup, *, single: bool) -> list[str]:
    """The figure in the unit and rounding that the question asks for; else money as its table counts it, shares in per
    cent with one decimal, other ratios with two. Money in another unit than its table's comes in both."""
    is_money = not re.search(r"\}[^{]*/|/ ?\(?\{", measure.formula) and asked.over not in (Over.GROWTH, Over.CAGR)
    if asked.percent and not is_money:
        return [f"{rounded(value * 100, 1 if asked.places is None else asked.places)}%"]
    if not is_money:
        return [f"{rounded(value, 2 if asked.places is None else asked.places):,}"]
    scale = lookup.scale
    wanted = scale if asked.scale is None or not scale else asked.scale
    money = [] if single else [_amount(value, scale, lookup.cells)]
    if wanted != scale:
        amount = value * Decimal(10) ** (scale - wanted)
        places = asked.places if asked.places is not None else (2 if wanted > scale else 0)
        money.append(_money(amount, wanted, places, lookup.cells))
    return money


def _amount(value: Decimal, scale: int, cells: Sequence[Cell]) -> str:
    """Money in a unit, with as many decimals as its cells show, and one more where that is not exact."""
    shown = max(-int(cell.figure.place.normalize().as_tuple().exponent) for cell in cells)
    exact = rounded(value, max(shown, 0)) == value
    return _money(value, scale, max(shown, 0) + (not exact), cells)


def _money(amount: Decimal, scale: int, places: int, cells: Sequence[Cell]) -> str:
    currency = "$" if any("$" in cell.written for cell in cells) else ""
    return f"{currency}{rounded(amount, places):,} {_UNITS.get(scale, '')}".rstrip()
