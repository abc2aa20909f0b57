"""Tables as they are read line by line: the columns that a row of figures stands under, and what it counts in.

    (in millions)                                  ─▶ scale 6
    Three Months Ended │ Nine Months Ended         ─▶ each heads two columns
    June 25, │ June 26, │ June 25, │ June 26,
    2022 │ 2021 │ 2022 │ 2021                      ─▶ "Three Months Ended June 25, 2022": 3 months to that day
    Net sales │ 82,959 │ 81,434 │ 304,182 │ …      ─▶ Row("Net sales", four cells, four columns)

What is not certain has no columns: a row with more or fewer cells than its heads name, heads that do not fit together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from core.figures import figure_of, scale_in
from core.finance import labels_of
from core.periods import MONTHS, dates_in
from core.sentences import cells_of_line, is_row


@dataclass(frozen=True, slots=True)
class Column:
    """A column of figures. `name` is what the heads right above it say, the highest first; `caption` what is said of
    all columns. `year` is the one that is printed; `end` the last day, where the heads tell it; `months` how long the
    period is, None where nothing says so.
    """

    name: str
    caption: str
    year: int | None
    end: date | None
    months: int | None

    @property
    def names(self) -> tuple[str, str]:
        """How a claim may name it: by its own heads, or with the caption before them."""
        return self.name, f"{self.caption} {self.name}".strip()


@dataclass(frozen=True, slots=True)
class Row:
    """A row of figures. `key` is the number of its line, `heads` those of the lines that say what it is under.

    `columns` is empty where they are not certain, else has one for each of `cells`. `scale` is the power of ten that
    the table counts in, None where it does not say. `group` is the line without figures above it: "Current assets:".
    `doubtful` says that the lines read so far speak of parts of a year without saying of which column.
    """

    key: int
    label: str
    cells: tuple[str, ...]
    columns: tuple[Column, ...]
    scale: int | None
    heads: tuple[int, ...]
    group: str
    doubtful: bool

    @property
    def labels(self) -> tuple[str, ...]:
        """The label in plain words: with and without brackets, and without what it is net of."""
        whole = list(labels_of(self.label))
        return tuple(dict.fromkeys([*whole, *(re.split(r" net of | less ", form)[0] for form in whole)]))


def rows_of(lines: Sequence[tuple[int, str]], context: str = "") -> Iterator[Row]:
    """The rows of figures among numbered lines and paragraphs, in order.

    `context` is what a chunk carries of the head of its table: "(in millions) · December 31, | 2016 | 2017".
    """
    caption, _, names = context.rpartition(" · ")
    reader = _Reader()
    for text in (caption, names if "|" not in names else ""):
        if text:
            reader.read_text(None, text)
    if "|" in names:
        reader.read_heads(None, [cell.strip() for cell in names.split("|")])
    for key, text in lines:
        if not is_row(text):
            reader.read_text(key, text)
            continue
        cells = cells_of_line(text)
        if is_head(cells):
            reader.read_heads(key, cells)
        elif (row := reader.row(key, cells)) is not None:
            yield row


def is_head(cells: Sequence[str]) -> bool:
    """True for a row of years, dates, periods or words, and no amounts: what stands above columns."""
    said = [cell for cell in cells if cell]
    if all(_RULE.fullmatch(cell) for cell in said):
        return True
    values = [cell for cell in cells[1:] if cell] if _dated(said) is None else said[_dated(said) :]
    return bool(values) and all(_is_head_cell(cell) for cell in values)


def is_value(cell: str) -> bool:
    """True for an amount, and for the dash or "n/a" in its place."""
    return bool(_NOTHING.fullmatch(cell)) or figure_of(cell) is not None


# ── one call below ────────────────────────────────────────────────────────────────────────────────────────────────────

_YEAR = re.compile(r"(?<![\d.,])((?:19|20)\d\d)(?![\d%]|[.,]\d)")
_NOTHING = re.compile(r"[($€£¥ ]*[-–—―−]+[)% ]*|n/?[am]|N/?[AM]|NM|n\.m\.")
_RULE = re.compile(r":?-{2,}:?")
_SIGNS = frozenset(["$", "€", "£", "¥", "%", ")", "(", "US$"])
_NOTES = re.compile(r"(?:notes?|anhang|ref\.?)", re.IGNORECASE)
_NOTE_NUMBER = re.compile(r"\(?\d{1,2}(?:\.\d)?[a-z]?\)?(?:[,&] ?\d{1,2}[a-z]?)*")
_NUMBERS = {"three": 3, "six": 6, "nine": 9, "twelve": 12, "drei": 3, "sechs": 6, "neun": 9, "zwölf": 12}
_WEEKS = {"12": 3, "13": 3, "14": 3, "24": 6, "26": 6, "27": 6, "36": 9, "39": 9, "40": 9, "52": 12, "53": 12,
          "twelve": 3, "thirteen": 3, "fourteen": 3, "twenty-six": 6, "twenty-seven": 6, "thirty-nine": 9, "forty": 9,
          "thirty-six": 9, "fifty-two": 12, "fifty-three": 12}  # fmt: skip
"""Weeks of a fiscal year of 52 or 53, as retailers and food companies count: quarters of 12 to 14."""
_MONTHS = re.compile(
    rf"\b(?P<months>{'|'.join(_NUMBERS)}|3|6|9|12)[- ](?:months?|monate?)\b"
    rf"|\b(?P<weeks>{'|'.join(_WEEKS)})[- ]weeks?\b(?=.{{0,20}}\bended)"
    r"|\b(?P<quarter>quarter(?:s|ly)?(?:\s+period)?s?\s+end(?:ed|ing)|(?:first|second|third|fourth)\s+(?:fiscal\s+)?quarter|q[1-4]\b|quartal)"
    r"|\b(?P<half>(?:first|second)\s+half|half[- ]years?\s+ended|halbjahr)\b"
    r"|\b(?P<year>(?:fiscal\s+|financial\s+)?years?(?:[- ]end(?:ed|ing))?|annual|geschäftsjahr\w*)\b",
    re.IGNORECASE,
)
_PART_OF_YEAR = re.compile(
    r"\b(?:three|six|nine|3|6|9)\s+months\b|\bquarter(?:s|ly)?\b|\b(?:12|13|24|26|36|39)\s+weeks\b|\bpro\s?forma\b"
    r"|\bparent (?:company )?only\b|\bguarantor|\bquartal",
    re.IGNORECASE,
)
_DAY_AT_END = re.compile(
    rf"\b(?P<day>(?:{'|'.join(name for name in MONTHS)})\.?\s+\d{{1,2}})\s*[,.:]?\s*(?=\(|$)", re.IGNORECASE
)
_ONE_HEAD = re.compile(r"(?:[^\W\d_]{3,9}\.? \d{1,2},? )?(?:FY ?)?(?:19|20)\d\d")
_MONTH_DAY = re.compile(r"[^\W\d_]{3,9}\.? \d{1,2},?$|\d{1,2}\.\d{1,2}\.?$")
_LONGEST_CAPTION = 160
"""Characters of a line that may say what a table is of; longer ones are prose about something else."""


def _dated(said: Sequence[str]) -> int | None:
    """The first cell that has a year, when it and all behind it are heads."""
    place = next((place for place, cell in enumerate(said) if _YEAR.search(cell)), None)
    return place if place is not None and all(_is_head_cell(cell) for cell in said[place:]) else None


def _is_head_cell(cell: str) -> bool:
    if _NOTHING.fullmatch(cell):
        return False
    if not re.search(r"\d", cell):
        return True
    if any(dates_in(cell)):
        return True
    bare = _YEAR.sub("", cell)
    if bare == cell:
        return bool(_MONTHS.search(cell) or _MONTH_DAY.search(cell)) and figure_of(cell) is None
    return figure_of(cell) is None or cell.strip("() *") in _YEAR.findall(cell)


class _Reader:
    """What has been said so far about the rows that come next."""

    def __init__(self) -> None:
        self._heads: list[tuple[int | None, list[str]]] = []  # as they stand, blank cells as well
        self._scale: int | None = None
        self._counted: int | None = None
        self._period = ""
        self._period_key: int | None = None
        self._day = ""
        self._said: list[str] = []
        self._before: tuple[int | None, str] = (None, "")
        self._group = ""
        self._rows = 0

    def read_text(self, key: int | None, text: str) -> None:
        self._before = (key, text)
        self._said.append(text)
        if scale_in(text) is not None:
            self._scale, self._counted = scale_in(text), key
        for line in text.splitlines():
            line = line.strip()
            if not line or len(line) > _LONGEST_CAPTION:
                continue
            if not self._heads and _ONE_HEAD.fullmatch(line):
                self.read_heads(key, [line])  # of a table with one column
                continue
            self._group = line
            self._day = _tail(line) or self._day
            spans = {months for match in _MONTHS.finditer(line) if (months := _months(match)) is not None}
            if len(spans) == 1 and (re.search(r"\bend(?:ed|ing)\b", line, re.IGNORECASE) or max(spans) < 12):
                self._period, self._period_key = line, key

    def read_heads(self, key: int | None, cells: Sequence[str]) -> None:
        said = [cell for cell in cells if cell and not _RULE.fullmatch(cell)]
        if not said:
            return
        told_before = key is not None and any(before is None for before, _ in self._heads)
        if self._rows or told_before:  # by the context of a chunk, which may have the head itself as well
            self._heads, self._rows = [], 0
        self._heads.append((key, list(cells)))
        self._said.append(" ".join(said))
        self._before = (None, "")
        if scale_in(" ".join(said)) is not None:
            self._scale, self._counted = scale_in(" ".join(said)), key

    def row(self, key: int, cells: Sequence[str]) -> Row | None:
        label, *rest = cells
        values = tuple(cell for cell in rest if cell and cell not in _SIGNS)
        if not label or not values or not any(is_value(cell) for cell in values):
            self._before = (key, label)
            return None
        begun, before = self._before
        goes_on = label[0].islower() and before.strip() and before.rstrip()[-1] not in ".:;"
        if goes_on:
            label = f"{before.splitlines()[-1].strip()} {label}"  # a label on two lines
        self._before = (None, "")
        self._rows += 1
        values, columns = self._aligned(values, rest)
        keys = [self._counted, self._period_key if columns and columns[0].caption else None]
        keys += [head for head, _ in self._heads]
        keys += [begun] if goes_on else []
        return Row(
            key=key,
            label=re.sub(r"[\s.·…]+$", "", label),
            cells=values,
            columns=columns,
            scale=self._scale,
            heads=tuple(dict.fromkeys(number for number in keys if number is not None)),
            group=self._group,
            doubtful=bool(_PART_OF_YEAR.search(" ".join(self._said))) and not any(one.months for one in columns),
        )

    def _aligned(self, values: tuple[str, ...], rest: Sequence[str]) -> tuple[tuple[str, ...], tuple[Column, ...]]:
        heads = [[cell for cell in said if cell and not _NOTES.fullmatch(cell)] for _, said in self._heads]
        noted = any(_NOTES.fullmatch(cell) for _, said in self._heads for cell in said)
        if noted and len(values) > 1 and _NOTE_NUMBER.fullmatch(values[0]):
            values = values[1:]
        columns = columns_of([said for said in heads if said], len(values), self._period, self._day)
        if columns or noted or "" not in rest or any(cell in _SIGNS for cell in rest):
            return values, columns
        # Blank cells hold their columns open where every row has as many cells as the heads.
        wide = [said[1:] for _, said in self._heads if len(said) == len(rest) + 1]
        if not wide or any(not cell for cell in wide[-1]):
            return values, ()
        return tuple(rest), columns_of([wide[-1]], len(rest), self._period, self._day)


def columns_of(heads: Sequence[Sequence[str]], count: int, period: str = "", day: str = "") -> tuple[Column, ...]:
    """The columns above `count` figures, from rows of heads, the highest first; none where they do not fit together.

    `period` is the line that says how long the periods of all columns are, and when they end; `day` ("December 31")
    what completes a year that stands alone.
    """
    if not count or not heads:
        return ()
    names: list[list[str]] = [[] for _ in range(count)]
    captions: list[str] = []
    placed = False
    for said in heads:
        whole = _spread(said, count)
        if whole is None:
            if any(_YEAR.search(cell) or _MONTHS.search(cell) for cell in said):
                return ()
            continue
        caption, cells = whole
        captions += [caption] if caption else []
        if len(set(cells)) == 1 and count > 1:
            captions.append(cells[0])  # over all of them
            continue
        placed = True
        for column, cell in zip(names, cells, strict=True):
            column.append(cell)
    if not placed:
        return ()
    caption = " ".join(captions)
    if _months_in(caption) is None and period and not any(_months_in(" ".join(name)) for name in names):
        caption = f"{caption} {period}".strip()
    return tuple(_column(" ".join(name), caption, day) for name in names)


def _spread(said: Sequence[str], count: int) -> tuple[str, list[str]] | None:
    """(what heads all columns, what heads each of them); None where the cells do not fit the columns."""
    if len(said) == count:
        return "", list(said)
    if len(said) > 1 and len(said) == count + 1 and not _YEAR.search(said[0]):
        return said[0], list(said[1:])
    if len(said) < count and count % len(said) == 0:
        return "", [cell for cell in said for _ in range(count // len(said))]
    if 1 < len(said) <= count and count % (len(said) - 1) == 0 and not _YEAR.search(said[0]):
        return said[0], [cell for cell in said[1:] for _ in range(count // (len(said) - 1))]
    return None


def _column(name: str, caption: str, day: str) -> Column:
    years = [int(year) for year in _YEAR.findall(name)] or [int(year) for year in _YEAR.findall(caption)]
    year = years[-1] if len(set(years)) == 1 else None
    dated = [name] if any(dates_in(name)) else [f"{_tail(caption) or day} {year}"] if year else []
    ends = {one.day for text in dated for one in dates_in(text) if one.day}
    end = next(iter(ends)) if len(ends) == 1 else None
    months = _months_in(name) or _months_in(caption)
    return Column(name, caption, end.year if end else year, end, months)


def _tail(caption: str) -> str:
    """ "December 31," of "For the years ended December 31,": the day that the year of a column completes."""
    found = _DAY_AT_END.search(caption)
    return found["day"] if found else ""


def _months_in(text: str) -> int | None:
    spans = {months for match in _MONTHS.finditer(text) if (months := _months(match)) is not None}
    return min(spans) if spans and (len(spans) == 1 or spans == {3, 12}) else None


def _months(match: re.Match[str]) -> int | None:
    if match["months"]:
        return _NUMBERS.get(match["months"].casefold()) or int(match["months"])
    if match["weeks"]:
        return _WEEKS.get(match["weeks"].casefold().replace(" ", "-"))
    return 3 if match["quarter"] else 6 if match["half"] else 12
