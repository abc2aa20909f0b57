"""Totals of tables added up again: which rows a total sums, told by the table itself, and whether they come to it.

    Current assets:                │        │           the heading that the total names,
    Cash                           │    214 │    187     or the rows down to it from a heading or from another total,
    Inventories                    │    356 │    349     where they come to it in one of its columns
    Total current assets           │    580 │    536  ─▶ 214 + 356 = 570, 10 less than is printed;  187 + 349 = 536

A total is doubted only where the table leaves no doubt about its rows: they add up in another column, or they all stand
between the heading that the total repeats and the total, in a table where another total adds up. Where more columns
fail than add up, the rows were read wrongly: two misprints in one row are rarer. And only in the column of a year. Each
figure may have been rounded, so as many halves of the last digit as there are figures are no difference.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from core.answers import Citation, Claim, Support
from core.documents import Block, BlockKind, Document, DocumentId, Span, pages_of
from core.figures import Figure, figure_of
from core.finance import plain
from core.sentences import cells_of_line, is_row
from generation.tables import Row, is_head, rows_of


@dataclass(frozen=True, slots=True)
class Total:
    """A total in one of its columns and the rows that it sums. `parts` are their lines and figures, with the sign that
    they are added with; `place` is the column, counted from 0, and `column` its name, empty where it has none."""

    row: Row
    place: int
    column: str
    figure: Figure
    parts: tuple[tuple[Row, Figure, int], ...]

    @property
    def value(self) -> Decimal:
        """What the rows come to."""
        return sum((sign * figure.value for _, figure, sign in self.parts), Decimal(0))

    @property
    def rounding(self) -> Decimal:
        """How far value and figure may be apart when every figure was rounded to the last digit that it shows."""
        return _rounding(self.figure, [figure for _, figure, _ in self.parts])

    @property
    def agrees(self) -> bool:
        return abs(self.value - self.figure.value) <= self.rounding

    @property
    def is_of_a_year(self) -> bool:
        """True for a column of a year; others hold changes, averages, levels, which are added up otherwise or not."""
        return bool(re.search(r"(?:19|20)\d\d", self.column)) and not _NOT_ADDED.search(self.column)

    @property
    def doubt(self) -> str:
        """In words, what the rows come to and what is printed."""
        of = f" of {self.column}" if self.column else ""
        signed = [(sign * figure.value < 0, _digits(row.cells[self.place])) for row, figure, sign in self.parts]
        first = f"{'-' if signed[0][0] else ''}{signed[0][1]}"
        sums = " ".join([first, *(f"{'-' if negative else '+'} {digits}" for negative, digits in signed[1:])])
        value, apart = self.value, abs(self.value - self.figure.value)
        return (
            f"“{self.row.label}”{of} is printed as {self.row.cells[self.place]}, but the lines that it sums come to "
            f"{sums} = {value:,}, {apart:,} {'less' if value < self.figure.value else 'more'}"
        )


@dataclass(frozen=True, slots=True)
class Table:
    """The numbered lines of a table and of the short lines above it, and where each stands in the document."""

    lines: tuple[tuple[int, str], ...]
    spans: tuple[Span, ...]


def tables_in(document: Document, *, at: Span | None = None) -> Iterator[Table]:
    """The tables of a document, over page breaks; with `at`, those that a span touches."""
    blocks = [block for block in document.blocks if block.kind not in (BlockKind.HEADER, BlockKind.FOOTER)]
    run: list[Block] = []
    for number, block in enumerate([*blocks, None]):
        if block is not None and block.kind is BlockKind.TABLE:
            run.append(block)
            continue
        if any(at is None or one.span.overlaps(at) for one in run):
            first = number - len(run)
            yield _table(document, [*blocks[max(first - _ABOVE, 0) : first], *run])
        run = []


def totals_of(lines: Sequence[tuple[int, str]]) -> Iterator[Total]:
    """The totals among the lines of a table, in each of their columns, as far as the table tells what they sum."""
    rows = {row.key: row for row in rows_of(lines)}
    standing: list[_Heading | _Line] = []
    found: list[_Sum] = []
    for key, text in lines:
        row = rows.get(key)
        if row is None:
            cells = [cell for cell in (cells_of_line(text) if is_row(text) else text.splitlines()[-1:]) if cell]
            if cells and not (is_row(text) and is_head(cells_of_line(text))):
                standing.append(_Heading(plain(cells[0]), clean=len(cells) == 1))
            continue
        if not _ASIDE.match(plain(row.label)):
            if _is_total(row.label) and (summed := _summed(row, standing)) is not None:
                found.append(summed)
                del standing[summed.start :]
            standing.append(_Line(row, tuple(map(figure_of, row.cells))))
    # An extract shows some lines of a part and its total: nothing in it adds up.
    whole = any(one.proven for one in found)
    for one in found:
        yield from (total for total in one.totals if total.agrees or (total.is_of_a_year and (one.proven or whole)))


def doubts_on_totals(claims: Sequence[Claim], documents: Mapping[DocumentId, Document]) -> tuple[Claim, ...]:
    """A claim for each total that the claims rest on and that is not the sum of its lines: both figures, all cited."""
    found: dict[str, Claim] = {}
    for claim in claims:
        for citation in claim.citations:
            document = documents[citation.document_id]
            for table in tables_in(document, at=citation.span):
                for total in totals_of(table.lines):
                    row = table.spans[total.row.key]
                    if (
                        not total.agrees
                        and row.overlaps(citation.span)
                        and _digits(total.row.cells[total.place]) in claim.text
                    ):
                        keys = [*total.row.heads, *(part.key for part, _, _ in total.parts), total.row.key]
                        citations = tuple(_citations(document, [table.spans[key] for key in keys]))
                        found.setdefault(f"{document.id} {total.doubt}", Claim(total.doubt, citations, Support.NONE))
    return tuple(found.values())


# ── one call below ────────────────────────────────────────────────────────────────────────────────────────────────────

_TOTAL = re.compile(
    r"(?:sub-?)?totals?\b|(?:zwischen|gesamt)?summe\b|insgesamt\b|gesamt\w*\b"
    r"|net cash\b|cash (?:flows? )?(?:provided|used|generated|from)\b.*\bactivities"
)
_TOTAL_AT_END = re.compile(r"\b(?:total|gesamt|insgesamt|summe)$")
_NOT_ADDED = re.compile(r"%|\b(?:change|percent\w*|average|per|ratio|rate|vs|veränderung)\b", re.IGNORECASE)
_ASIDE = re.compile(r"(?:of which|thereof|including|included in|davon|darunter|memo|supplement)\b")
_LESS = re.compile(r"(?:less|abzüglich|minus)\b")
_NOTHING = re.compile(r"[($€£¥ ]*[-–—―−]+[)% ]*|")
_LINES = 40
"""Lines before a total from any of which on its rows might begin, when a column is held against other readings."""
_ZERO = Figure(Decimal(0), Decimal(0), "", False, False, Span(0, 0))
_STARTS = 20
"""Headings and totals before a total from which its rows may begin: one that sums over more of them is not known."""
_CLEAR = 10
"""A column shows which rows are summed only when its total is at least so many times what rounding can hide."""


@dataclass(frozen=True, slots=True)
class _Heading:
    name: str
    clean: bool


@dataclass(frozen=True, slots=True)
class _Line:
    """A row with the figure of each of its cells, None for what is none."""

    row: Row
    figures: tuple[Figure | None, ...]


def _is_total(label: str) -> bool:
    label = plain(label)
    return bool(_TOTAL.match(label) or _TOTAL_AT_END.search(label))


def _rounding(figure: Figure, parts: Iterable[Figure]) -> Decimal:
    return sum((one.place / 2 for one in parts), figure.place / 2)


def _digits(cell: str) -> str:
    return re.sub(r"[^\d.,]", "", cell).strip(".,")


@dataclass(frozen=True, slots=True)
class _Sum:
    """A total in its columns, where its rows begin, and whether one of the columns shows that they are its rows."""

    start: int
    totals: tuple[Total, ...]
    proven: bool


def _summed(row: Row, standing: Sequence[_Heading | _Line]) -> _Sum | None:
    """The rows that a total sums; None where the table does not tell. A column that other rows would come to is left
    out: which of them are meant is not told there."""
    starts = [place for place, one in enumerate(standing) if isinstance(one, _Heading)]
    starts += [place + 1 for place, one in enumerate(standing) if isinstance(one, _Line) and _is_total(one.row.label)]
    tried = [(start, _added(row, standing[start:])) for start in sorted({0, *starts}, reverse=True)[:_STARTS]]
    anywhere = [_added(row, standing[start:]) for start in range(max(len(standing) - _LINES, 0), len(standing))]
    explained = {one.place for totals in (*anywhere, *(some for _, some in tried)) for one in totals if one.agrees}
    best: tuple[int, int, list[Total]] | None = None
    for start, totals in tried:
        proofs = sum(one.agrees and abs(one.figure.value) >= _CLEAR * one.rounding for one in totals)
        if proofs and (best is None or proofs > best[0]):
            best = (proofs, start, totals)
    if best is not None:
        agreeing = [one for one in best[2] if one.agrees]
        others = [one for one in best[2] if not one.agrees and one.place not in explained]
        # A line that is a sum without being named so is added twice: few columns come out then, by chance.
        return _Sum(best[1], tuple(agreeing + (others if len(others) <= len(agreeing) else [])), proven=True)
    named = _named_start(row.label, standing)
    if named is not None and not explained and _is_plain(row, standing[named + 1 :]):
        return _Sum(named, tuple(_added(row, standing[named:])), proven=False)
    return None


def _named_start(label: str, standing: Sequence[_Heading | _Line]) -> int | None:
    """The heading that a total repeats: "Current assets:" of "Total current assets"."""
    name = re.sub(r"^(?:sub)?totals? |^summe (?:der )?|(?: |^)total$", "", plain(label)).strip()
    places = [place for place, one in enumerate(standing) if isinstance(one, _Heading) and name and one.name == name]
    return places[-1] if places else None


def _is_plain(row: Row, part: Sequence[_Heading | _Line]) -> bool:
    """True for two rows or more and nothing else, each with as many figures as the total."""
    return len(part) > 1 and all(isinstance(one, _Line) and len(one.row.cells) == len(row.cells) for one in part)


def _added(row: Row, part: Sequence[_Heading | _Line]) -> list[Total]:
    """The total in each of its columns with the rows of `part`; only the columns where each row has a figure."""
    lines = [one for one in part if isinstance(one, _Line)]
    if len(lines) < 2:
        return []
    found = []
    for place, cell in enumerate(row.cells):
        figure = figure_of(cell)
        if figure is None or figure.percent:
            continue
        parts: list[tuple[Row, Figure, int]] = []
        for line in lines:
            added = _part(line, place, len(row.cells))
            if added is None or added[1].percent:
                break
            parts.append(added)
        else:
            summed = tuple(one for one in parts if one[1].value)
            if len(summed) > 1:
                column = row.columns[place].name if row.columns else ""
                found.append(Total(row, place, column, figure, summed))
    return found


def _part(line: _Line, place: int, count: int) -> tuple[Row, Figure, int] | None:
    row = line.row
    if len(row.cells) != count:
        return None
    figure = line.figures[place]
    if figure is None:
        return (row, _ZERO, 1) if _NOTHING.fullmatch(row.cells[place]) else None
    return row, figure, -1 if figure.value > 0 and _LESS.match(plain(row.label)) else 1


_ABOVE = 3
"""Blocks above a table in which it is said what it counts in, and of when it is."""


def _table(document: Document, blocks: Sequence[Block]) -> Table:
    spans: list[Span] = []
    for block in blocks:
        start = block.span.start
        for line in block.span.of(document.text).split("\n"):
            if line.strip():
                spans.append(Span(start, start + len(line)))
            start += len(line) + 1
    return Table(tuple((key, span.of(document.text)) for key, span in enumerate(spans)), tuple(spans))


def _citations(document: Document, spans: Iterable[Span]) -> Iterator[Citation]:
    """The lines in the order of the document; those that follow each other are one citation."""
    joined: list[Span] = []
    for span in sorted(set(spans)):
        if joined and not document.text[joined[-1].end : span.start].strip():
            joined[-1] = Span(joined[-1].start, span.end)
        else:
            joined.append(span)
    for span in joined:
        quote = span.of(document.text)
        trimmed = Span(span.end - len(quote.lstrip()), span.start + len(quote.rstrip()))
        yield Citation(document.id, trimmed, trimmed.of(document.text), pages_of(trimmed, document.pages))
