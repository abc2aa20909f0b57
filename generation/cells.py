"""The cells of financial statements: each figure with its row, its period, its unit and its passages.

    CONSOLIDATED BALANCE SHEETS
    (in millions, except per share data)      ─▶ scale 6
    December 31,│   2016│   2017              ─▶ years of the columns
    Inventories │ 11,461│ 16,047              ─▶ Cell(row "Inventories", year 2017, 16,047, scale 6)

What is not certain is no cell: a row with more or fewer figures than there are columns, a column without a year, a
quarter of which nothing says which one it is, a table that does not say in what it counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from core.documents import Chunk, DocumentId
from core.figures import Figure, figure_of
from core.finance import Statement
from core.periods import dates_in, fiscal_year_of, periods_in
from generation.figures import When
from generation.passages import Passage
from generation.tables import Column, Row, rows_of


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure of a statement. `figure` is as written; `scale` the power of ten that its table counts in.

    `labels` are the row's in plain words, `group` the line above it that heads a part of the table. `year` is the
    fiscal year that its column counts for; `quarter` the one that it ends with, `months` how long it is (None: a day,
    as of a balance sheet), `end` its last day where it is printed. `passages` are the numbers of its row and of its
    column heads, as far as they were read; `newest` is the latest year among the columns. `about` is what stands around
    the table: title, headings, captions. A table that is no statement and does not say in what it counts has `scale` 0.
    """

    document_id: DocumentId
    statement: Statement | None
    label: str
    labels: tuple[str, ...]
    group: str
    column: str
    year: int
    quarter: int
    months: int | None
    end: date | None
    newest: int
    written: str
    figure: Figure
    scale: int
    about: str
    passages: tuple[int, ...]

    def is_of(self, when: When) -> bool:
        """True for a figure of the period; of a balance sheet, for one of its last day."""
        if self.months not in (None, when.months):
            return False
        if when.end is not None:
            return self.end is not None and abs((self.end - when.end).days) <= DAYS_OFF
        return (self.year, self.quarter) == (when.year, when.quarter)


def cells_of(chunks: Sequence[Chunk], passages: Sequence[Passage]) -> list[Cell]:
    """The cells of the tables among `chunks`; `passages` are those that were cut from them."""
    by_rank: dict[int, list[Passage]] = {}
    for passage in passages:
        by_rank.setdefault(passage.rank, []).append(passage)
    rows: dict[DocumentId, list[_Read]] = {}
    for rank, chunk in enumerate(chunks):
        here = by_rank.get(rank, [])
        lines = [(passage.number, passage.text) for passage in here]
        about = "\n".join([chunk.title, chunk.section, chunk.context, *(one.text for one in here if _is_caption(one))])
        rows.setdefault(chunk.document_id, []).extend(
            _Read(chunk.statement, row, about) for row in rows_of(lines, chunk.context)
        )
    found: list[Cell] = []
    for document, read in rows.items():
        calendar = _calendar_of([chunk for chunk in chunks if chunk.document_id == document], read)
        found += _cells(document, read, calendar)
    return found


# ── one call below ────────────────────────────────────────────────────────────────────────────────────────────────────

_PER_SHARE = re.compile(
    r"\bper\b.{0,30}\b(?:share|unit|ads)\b|\bje (?:stamm|vorzugs)?aktie\b|^(?:basic|diluted)\b(?!.*shares)"
)
_SHARES = re.compile(r"\bshares\b|\baktien\b")
_NAMES_YEAR = re.compile(r"(?:19|20)\d\d")
DAYS_OFF = 10
"""Days by which the ends of two years that are twelve months apart may miss each other: 52 and 53 weeks."""


def is_per_share(label: str, group: str) -> bool:
    """True for a row that counts in whole units of money, whatever its table counts in."""
    label = label.casefold()
    basic = label.startswith(("basic", "diluted", "unverwässert", "verwässert"))
    return bool(_PER_SHARE.search(label)) or (basic and bool(_PER_SHARE.search(group.casefold())))


@dataclass(frozen=True, slots=True)
class _Read:
    """A row that was read, the statement that its table is a part of, and what stands around it."""

    statement: Statement | None
    row: Row
    about: str


_CAPTION = 240
"""Characters of a passage that may say what a table is about; two lines."""


def _is_caption(passage: Passage) -> bool:
    text = passage.text.rstrip()
    return not passage.is_row and len(text) <= _CAPTION and (not text.endswith(".") or "table" in text)


def _cells(document: DocumentId, rows: Sequence[_Read], calendar: _Calendar) -> Iterator[Cell]:
    heads: dict[tuple[str, ...], tuple[int, ...]] = {}
    for read in rows:
        if read.row.heads:
            heads.setdefault(tuple(column.name for column in read.row.columns), read.row.heads)
    for read in rows:
        statement, row = read.statement, read.row
        if (row.scale is None and statement is not None) or row.doubtful or not row.columns:
            continue
        scale = row.scale or 0
        if is_per_share(row.label, row.group):
            scale = 0
        elif statement is Statement.INCOME and (
            _SHARES.search(row.label.casefold()) or "shares" in row.group.casefold()
        ):
            continue  # in what shares are counted is said elsewhere
        placed = [
            calendar.place(column, instant=statement is Statement.BALANCE_SHEET or _of_days(statement, column))
            for column in row.columns
        ]
        years = [place[0] for place in placed if place is not None]
        cited = row.heads or heads.get(tuple(column.name for column in row.columns), ())
        for column, place, written in zip(row.columns, placed, row.cells, strict=True):
            figure = figure_of(written)
            if figure is None or figure.percent or place is None:
                continue
            year, quarter, months = place
            yield Cell(
                document_id=document,
                statement=statement,
                label=row.label,
                labels=row.labels,
                group=row.group,
                column=column.name if months in (None, 12) and _NAMES_YEAR.search(column.name) else column.names[1],
                year=year,
                quarter=quarter,
                months=months,
                end=column.end,
                newest=max(years),
                written=written,
                figure=figure,
                scale=scale,
                about=read.about,
                passages=(*cited, row.key),
            )


@dataclass(frozen=True, slots=True)
class _Calendar:
    """How a filing counts its years: the last day of one, and the years that go by another name than the calendar's.

    `year_end` None: nothing says that it is not the day that the columns name. `quarter` is the one that the title
    names, with its year, for the newest columns that are part of a year.
    """

    year_end: date | None
    named: Mapping[date, int]
    quarter: tuple[int, int] | None
    newest: date | None

    def place(self, column: Column, *, instant: bool) -> tuple[int, int, int | None] | None:
        """(fiscal year, the quarter that ends it, months) of a column; None where that is not certain."""
        if column.year is None or (self.newest is not None and column.months is None and not (instant and column.end)):
            return None
        if column.months in (None, 12) and (self.year_end is None or column.end is None):
            year = self._year_of(column.end) if column.end else column.year
            return None if year is None else (year, 4, None if instant else 12)
        if column.end is None:
            return None
        months = None if instant else column.months or 12
        place = self._counted(column.end)
        if place is None or (months == 12 and place[1] != 4):
            return None
        return (*place, months)

    def _year_of(self, end: date) -> int | None:
        """The name of the fiscal year that ends on a day; one that ends in January or February goes by two."""
        if end in self.named:
            return self.named[end]
        year = fiscal_year_of(end)
        return None if end.month <= 2 and year == end.year else year

    def _counted(self, end: date) -> tuple[int, int] | None:
        """(fiscal year, quarter) that end on a day."""
        if self.year_end is not None:
            months = round((end - self.year_end).days / 30.4375)
            name = self._year_of(self.year_end)
            if name is not None and months % 3 == 0:
                return name + -(-months // 12), (months % 12) // 3 or 4
        if self.quarter is not None and self.newest is not None:
            years = round((self.newest - end).days / 365.25)
            if abs((self.newest - end).days - years * 365.25) <= DAYS_OFF:
                return self.quarter[0] - years, self.quarter[1]
        return None


def _of_days(statement: Statement | None, column: Column) -> bool:
    """True for a column of a table that is no statement and does not say that it is of a period."""
    return statement is None and column.months is None


def _calendar_of(chunks: Sequence[Chunk], rows: Sequence[_Read]) -> _Calendar:
    columns = [(one.statement, one.row.columns) for one in rows if one.row.columns and one.statement is not None]
    parts = [column for _, some in columns for column in some if column.months in (3, 6, 9) and column.end]
    newest = max((column.end for column in parts if column.end), default=None)
    year_end = None
    for statement, some in columns:
        days = sorted({column.end for column in some if column.end})
        if statement is Statement.BALANCE_SHEET and len(days) > 1:
            apart = (days[-1] - days[-2]).days
            if abs(apart - 365.25 * round(apart / 365.25)) > DAYS_OFF or round(apart / 365.25) == 0:
                # The sheet of a quarter stands beside that of the last year's end.
                year_end, newest = days[-2], newest or days[-1]
                break
    if year_end is None and newest is not None:
        ends = [column.end for _, some in columns for column in some if column.months == 12 and column.end]
        year_end = max(ends, default=None)
    quarters = {
        (one.year, one.quarter) for chunk in chunks for one in periods_in(chunk.title) if one.quarter is not None
    }
    named = {}
    for chunk in chunks:
        named.update(years_named(f"{chunk.section}\n{chunk.text}"))
    only = next(iter(quarters)) if len(quarters) == 1 else None
    return _Calendar(year_end, named, (only[0], only[1]) if only and only[1] else None, newest)


_NAMED = re.compile(
    r"\bfiscal(?: years?)?\s+(?P<year>(?:19|20)\d\d)\b[^.;]{0,80}?\bended\s+(?:on\s+)?"
    r"(?P<day>[^\W\d_]+\.? \d{1,2}, ?\d{4})"
    r"|\byear ended\s+(?P<day2>[^\W\d_]+\.? \d{1,2}, ?\d{4})\s*\(\W{0,3}fiscal(?: year)?\s+(?P<year2>(?:19|20)\d\d)",
    re.IGNORECASE,
)


def years_named(text: str) -> dict[date, int]:
    """The days on which a text says that a fiscal year ended: "fiscal 2022 … ended January 28, 2023"."""
    found: dict[date, int] = {}
    for match in _NAMED.finditer(" ".join(text.split())):
        year, day = match["year"] or match["year2"], match["day"] or match["day2"]
        for one in dates_in(day):
            if one.day is not None and 0 <= one.day.year - int(year) <= 1:
                found[one.day] = int(year)
    return found
