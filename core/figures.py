"""Figures as people write them: "$1,234.5 million", "(339)", "12.4 %", "1.500.000,50 EUR", and the scale of a table.

Values are exact decimals; how many digits were shown is kept, since 4.6 and 4.625 may be the same figure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from core.documents import Span

SCALES = {
    "hundred": 2, "thousand": 3, "k": 3, "tsd": 3, "tausend": 3, "thousands": 3,
    "million": 6, "millions": 6, "mn": 6, "mm": 6, "m": 6, "mio": 6, "millionen": 6,
    "billion": 9, "billions": 9, "bn": 9, "b": 9, "mrd": 9, "milliarde": 9, "milliarden": 9,
    "trillion": 12, "trillions": 12, "tn": 12,
}  # fmt: skip
# The signs and codes met in filings and contracts; "$" alone does not say whose dollar it is, so it stays itself.
CURRENCIES = {
    "$": "$", "us$": "USD", "usd": "USD", "€": "EUR", "eur": "EUR", "euro": "EUR", "euros": "EUR", "£": "GBP",
    "gbp": "GBP", "¥": "¥", "jpy": "JPY", "yen": "JPY", "chf": "CHF", "cad": "CAD", "c$": "CAD", "aud": "AUD",
    "a$": "AUD", "cny": "CNY", "rmb": "CNY", "hkd": "HKD", "hk$": "HKD", "sgd": "SGD", "s$": "SGD", "inr": "INR",
    "₹": "INR", "krw": "KRW", "₩": "KRW", "sek": "SEK", "nok": "NOK", "dkk": "DKK", "pln": "PLN", "czk": "CZK",
    "mxn": "MXN", "brl": "BRL", "r$": "BRL", "zar": "ZAR", "ils": "ILS", "nis": "ILS", "vnd": "VND", "₫": "VND",
    "dollar": "$", "dollars": "$", "u.s. dollars": "USD", "us dollars": "USD", "pounds sterling": "GBP",
}  # fmt: skip

_SIGNS = r"(?:US|C|A|HK|S|R)?\$|[€£¥₹₩₫]"
_CODES = "|".join(sorted((one.upper() for one in CURRENCIES if len(one) == 3 and one.isalpha()), key=len, reverse=True))
_SCALES = "|".join(sorted((re.escape(one) for one in SCALES), key=len, reverse=True))
_DASHES = "-\u2010\u2011\u2012\u2013\u2212"

_FIGURE = re.compile(
    rf"""
    (?<![\w.,])
    (?P<before>(?:(?:{_CODES})\s?)?(?:{_SIGNS})|(?:{_CODES})(?=\s?[\d(]))?\s?
    (?P<open>\()?\s?(?P<minus>[{_DASHES}])?\s?(?P<inner>{_SIGNS})?\s?
    (?P<digits>\d{{1,3}}(?:[,.'’\u00a0\u202f]\d{{3}})+(?:[.,]\d+)?(?![\d])|\d+(?:[.,]\d+)?|\.\d+)
    (?:\s?(?P<early>%))?
    \s?(?P<close>\))?
    (?:[^\S\t\n]?-?(?P<scale>(?i:{_SCALES}))\b\.?|[^\S\t\n]?\(in\s(?P<told>(?i:thousand|million|billion)s)\))?
    (?:[^\S\t\n]?(?P<after>(?:{_CODES})\b|€|(?i:euros?|dollars?)\b))?
    (?:[^\S\t\n]?(?P<percent>%|(?i:per\s?cent|percent|prozent)\b))?
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure in a text. `value` has its scale and sign; a percentage is its hundredth: "12.4 %" is 0.124.

    `place` is what the last digit shown counts (of "4.6 billion": 100,000,000). `scaled` tells that the scale was said
    with the figure; without it, that of its table or question holds.
    """

    value: Decimal
    place: Decimal
    currency: str
    percent: bool
    scaled: bool
    span: Span

    def times(self, scale: int) -> Figure:
        """The same figure where its table counts in powers of ten; unchanged when it says its scale or is a share."""
        if self.scaled or self.percent or not scale:
            return self
        factor = Decimal(10) ** scale
        return Figure(self.value * factor, self.place * factor, self.currency, self.percent, True, self.span)


def figures_in(text: str) -> Iterator[Figure]:
    """The figures of a text, in order. Dates, section numbers and the like are figures here too."""
    for match in _FIGURE.finditer(text):
        yield _figure(match)


def figure_of(cell: str) -> Figure | None:
    """The one figure that a cell of a table holds; None for a cell of words, a dash or several figures."""
    found = list(figures_in(cell))
    if len(found) != 1:
        return None
    rest = (found[0].span.of(cell), cell.replace(found[0].span.of(cell), "", 1))[1]
    return None if re.search(r"\w", re.sub(r"\([a-z0-9]\)|\b(?:bps?|x)\b", "", rest)) else found[0]


_SCALE_OF_TABLE = re.compile(
    r"(?:\bin|\bof|USD|EUR|[$€£]|\bdollars|\bdollar amounts in)\s+"
    r"(?P<scale>thousand|million|billion|tausend|Tsd|Mio|Mrd)(?:en|e|s)?\b"
    r"|\b(?P<alone>thousands|millions|billions)\b|(?:T|k)(?P<t>€|EUR)|(?P<zeros>000)['’]?s\b"
    r"|(?:[$€£¥]|\b(?:RMB|USD|EUR|GBP|CHF))\s?(?:(?P<short>mn|m|bn|k)\b|['’](?P<noughts>000)\b)",
    re.IGNORECASE,
)


def scale_in(text: str) -> int | None:
    """The power of ten in which a table or a question counts, as "(in millions, except per share data)" says it; None
    when nothing does. The first that is said holds."""
    found = _SCALE_OF_TABLE.search(text)
    if found is None:
        return None
    word = (found["scale"] or found["alone"] or found["short"] or "").casefold().rstrip("s")
    return SCALES[word] if word else 3


def same(one: Figure, other: Figure, *, within: Decimal = Decimal("0.5")) -> bool:
    """Equal at the digits of the coarser of the two: 4.625 and 4.6 are, 4.7 and 4.6 are not.

    `within` is how many of the last digit shown they may differ.
    """
    return abs(one.value - other.value) <= within * max(one.place, other.place)


def _figure(match: re.Match[str]) -> Figure:
    digits = _plain_digits(match["digits"])
    percent = bool(match["percent"] or match["early"])
    scale = match["scale"] or match["told"]
    power = SCALES.get((scale or "").casefold().rstrip("."), 0) - (2 if percent else 0)
    factor = Decimal(10) ** power
    # "thirty (30) days" is no loss of thirty: accounting parentheses are not followed by what is counted.
    counted = re.match(r" ?[^\W\d_]", match.string[match.end() :])
    negative = bool(match["minus"]) or bool(match["open"] and match["close"] and not counted)
    value = Decimal(digits) * factor
    decimals = len(digits.partition(".")[2])
    money = " ".join((match["before"] or match["inner"] or match["after"] or "").split()).casefold()
    return Figure(
        -value if negative else value,
        Decimal(10) ** -decimals * factor,
        CURRENCIES.get(money) or CURRENCIES.get(money[:3], ""),
        percent,
        bool(scale),
        Span(*match.span()),
    )


def _plain_digits(written: str) -> str:
    """ "1,234.50", "1.234,50" and "1 234.50" are 1234.50; a single comma before other than three digits is decimal."""
    written = re.sub("['’\u00a0\u202f]", "", written)
    if "," in written and "." in written:
        decimal = max(written.rfind(","), written.rfind("."))
        return re.sub("[.,]", "", written[:decimal]) + "." + written[decimal + 1 :]
    if re.fullmatch(r"\d{1,3}(,\d{3})+", written) or written.count(".") > 1:
        return re.sub("[.,]", "", written)
    return written.replace(",", ".")
