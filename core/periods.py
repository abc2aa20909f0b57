"""Periods and dates as filings, contracts and questions write them.

    FY2022       a fiscal or business year          2023Q1     a quarter of one
    2022-05-20   a day: the end of a period, the date of a contract, an event

English and German in full; day-first and ISO dates of any language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from core.documents import Span


def _listed(words: str) -> list[str]:
    return words.split()


_MONTH_NAMES = _listed(
    "january|januar|jänner|jan february|februar|feb march|märz|mar|mär april|apr may|mai june|juni|jun "
    "july|juli|jul august|aug september|sept|sep october|oktober|oct|okt november|nov december|dezember|dec|dez"
)
MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, start=1) for name in names.split("|")}

_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_ORDINALS = {"first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4}
_QUARTER_WORD = "|".join(_ORDINALS)
_YEAR = r"(?:19|20)\d{2}"

_DATE = re.compile(
    rf"\b(?P<m1>{_MONTH})\.?\s+(?P<d1>\d{{1,2}})(?:st|nd|rd|th)?\s*,?\s+(?P<y1>{_YEAR})\b"
    rf"|\b(?P<d2>\d{{1,2}})\s?(?:st|nd|rd|th|\.)?\s+(?:day\s+of\s+)?(?P<m2>{_MONTH})\.?,?\s+(?P<y2>{_YEAR})\b"
    rf"|\b(?P<y3>{_YEAR})-(?P<m3>\d{{2}})-(?P<d3>\d{{2}})\b"
    rf"|\b(?P<d4>\d{{1,2}})\.\s?(?P<m4>\d{{1,2}})\.\s?(?P<y4>{_YEAR})\b",
    re.IGNORECASE,
)
_QUARTER = re.compile(
    rf"\b(?:FY|fiscal\s+(?:year\s+)?)?\s?(?P<y1>{_YEAR})[\s,_-]*(?:'s\s+)?Q(?P<q1>[1-4])\b"
    rf"|\bQ(?P<q2>[1-4])[\s,_-]*(?:of\s+)?(?:the\s+)?(?:FY|fiscal\s+(?:year\s+)?)?[\s'’]*(?P<y2>{_YEAR})"
    rf"|\bQ(?P<q5>[1-4])[\s,_-]*(?:FY)?[\s'’]*(?P<y5>\d{{2}})\b"
    rf"|\b(?P<q3>{_QUARTER_WORD})[\s-]+(?:fiscal\s+)?quarter\s*,?\s*(?:of\s+)?(?:the\s+)?"
    rf"(?:fiscal\s+|financial\s+|business\s+)?(?:year\s+)?(?P<y3>{_YEAR})"
    rf"|\b(?P<q4>[1-4])\.\s?Quartal\s+(?:des\s+(?:Geschäftsjahr(?:e?s)?|Jahr(?:e?s)?)\s+)?(?P<y4>{_YEAR})",
    re.IGNORECASE,
)
_FISCAL_YEAR = re.compile(
    rf"\bFY[\s'’-]*(?P<y1>{_YEAR}|\d{{2}})\b"
    rf"|\b(?:fiscal|financial)(?:[\s-]+years?)?[\s,-]+(?P<y2>{_YEAR})\b"
    rf"|\b(?:Geschäftsjahr(?:e?s)?|Jahresabschluss|Konzernabschluss|Geschäftsbericht)\s+(?P<y3>{_YEAR})\b",
    re.IGNORECASE,
)
_BARE_YEAR = re.compile(rf"(?<![\d.,/$€£-])(?P<y>{_YEAR})(?![\d%]|[.,/]\d)")

_FEW_DAYS = 7
"""A year that ends in the first days of January is the one before: 52 and 53 week years end on a weekday."""


@dataclass(frozen=True, slots=True)
class Period:
    """A year, a quarter of it (1 to 4), or a day. `span` is where it was read."""

    year: int
    quarter: int | None = None
    day: date | None = None
    span: Span | None = None
    fiscal: bool = False

    @property
    def value(self) -> str:
        if self.day is not None:
            return self.day.isoformat()
        return f"{self.year}Q{self.quarter}" if self.quarter else f"FY{self.year}"


def periods_in(text: str) -> tuple[Period, ...]:
    """Every period that a text names, in order; a year inside a date or a quarter is not named again."""
    found: list[Period] = []
    taken: list[Span] = []
    for period in (*_quarters(text), *dates_in(text), *_fiscal_years(text), *_bare_years(text)):
        if period.span is not None and not any(period.span.overlaps(one) for one in taken):
            taken.append(period.span)
            found.append(period)
    return tuple(sorted(found, key=lambda one: one.span.start if one.span else 0))


def dates_in(text: str) -> Iterator[Period]:
    """The days that a text names."""
    for match in _DATE.finditer(text):
        got = match.groupdict()
        for number in "1234":
            if got[f"y{number}"]:
                month = got[f"m{number}"]
                try:
                    day = date(
                        int(got[f"y{number}"]),
                        MONTHS[month.lower()] if not month.isdigit() else int(month),
                        int(got[f"d{number}"]),
                    )
                except ValueError:
                    break
                yield Period(day.year, day=day, span=Span(*match.span()))


def _quarters(text: str) -> Iterator[Period]:
    for match in _QUARTER.finditer(text):
        got = match.groupdict()
        number = next(n for n in "12345" if got[f"y{n}"])
        quarter = got[f"q{number}"].lower()
        yield Period(
            _full(got[f"y{number}"]),
            quarter=_ORDINALS.get(quarter) or int(quarter),
            span=Span(*match.span()),
            fiscal=True,
        )


def _fiscal_years(text: str) -> Iterator[Period]:
    for match in _FISCAL_YEAR.finditer(text):
        year = next(value for value in match.groups() if value)
        yield Period(_full(year), span=Span(*match.span()), fiscal=True)


def _bare_years(text: str) -> Iterator[Period]:
    for match in _BARE_YEAR.finditer(text):
        yield Period(int(match["y"]), span=Span(*match.span()))


def period_of(value: str) -> Period | None:
    """The period that a fact's value stands for; None when it is written otherwise."""
    if match := re.fullmatch(rf"({_YEAR})Q([1-4])", value):
        return Period(int(match[1]), quarter=int(match[2]))
    if match := re.fullmatch(rf"(?:FY)?({_YEAR})", value, re.IGNORECASE):
        return Period(int(match[1]))
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return None
    return Period(day.year, day=day)


def fiscal_year_of(end: date) -> int:
    """The calendar's name for a year that ends on this day; a company may call it otherwise."""
    return end.year - 1 if end.month == 1 and end.day <= _FEW_DAYS else end.year


def quarter_of(end: date) -> tuple[int, int]:
    """(year, quarter) of the calendar that a quarter ending about this day covers most of."""
    month = end.month - (1 if end.day <= 15 else 0)
    year = end.year if month else end.year - 1
    month = month or 12
    return year, (month + 2) // 3


def _full(year: str) -> int:
    return int(year) if len(year) == 4 else 2000 + int(year)
