"""A cell's value as a spreadsheet program shows it: 0.125 in the format "0.0%" is "12.5%".

No library at hand renders number formats (openpyxl reads them, pandas and with it unstructured drop them), and a figure
without its format is another figure: a percentage becomes a fraction, a negative amount loses its parentheses, a date
becomes a count of days. Source of the codes: ECMA-376 Part 1, 18.8.30 and 18.8.31.

Month and day names are English whatever the file asks for; a date in a format that depends on the reader's country
(number format 14) is shown as ISO 8601, which no one can misread. A width that would make a program show "####", and
fractions ("# ?/?", shown as decimals here), are beyond this.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation, localcontext
from functools import lru_cache
from typing import Literal, NamedTuple

_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - day 0 of the 1900 date system as all programs count it; it has no zone
_LOCAL_DATES = {"mm-dd-yy": "yyyy-mm-dd", "m/d/yy h:mm": "yyyy-mm-dd hh:mm"}  # numbers 14 and 22: the country decides
_DIGITS = 15  # significant digits that a spreadsheet keeps (ECMA-376 says IEEE double; every program shows 15)
_PRECISION = 350  # digits of the arithmetic: the largest double has 309 before the point

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|_(?P<space>.)|\*(?P<fill>.)|\[(?P<bracket>[^\]]*)\]'
    r"|(?P<general>general)|(?P<meridiem>am/pm|a/p)|(?P<exponent>e[+-])"
    r"|(?P<date>y+|m+|d+|h+|s+(?:\.0+)?|b+(?=b))|(?P<digits>[0#?](?:[0#?,]*[0#?])?(?P<scale>,*))"
    r"|(?P<point>\.)|(?P<percent>%)|(?P<text>@)|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?[\d.]+)")
_ELAPSED = re.compile(r"h+|m+|s+", re.IGNORECASE)
_COMPARE = {
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
}

Value = str | int | float | bool | datetime | date | time | timedelta | None
_Kind = Literal["literal", "general", "meridiem", "exponent", "date", "elapsed", "digits", "point", "percent", "text"]


class _Token(NamedTuple):
    kind: _Kind
    text: str


class _Section(NamedTuple):
    """One of the up to four parts of a format. `condition` is (operator, limit) where one is written out."""

    tokens: tuple[_Token, ...]
    condition: tuple[str, Decimal] | None
    is_date: bool


def shown(value: Value, number_format: str = "General") -> str:
    """The value as its cell shows it, without padding; "" for an empty cell and for what the format hides."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    sections = _sections(_LOCAL_DATES.get(number_format, number_format or "General"))
    if isinstance(value, str):
        return _text(value, sections)
    if isinstance(value, datetime | date | time | timedelta):
        section = next((one for one in sections if one.is_date), None)
        return _moment(value, section) if section is not None else _iso(value)
    number = Decimal(f"{value:.{_DIGITS}g}" if isinstance(value, float) else value)
    if not number.is_finite():
        return str(value)
    try:
        with localcontext(prec=_PRECISION):
            return _number(number, sections)
    except (InvalidOperation, OverflowError, ValueError):  # a number or a date beyond what any cell can hold
        return _general(number)


def _text(value: str, sections: tuple[_Section, ...]) -> str:
    last = sections[-1]
    if len(sections) < 4 and not any(token.kind == "text" for token in last.tokens):
        return value
    return "".join(value if token.kind == "text" else token.text for token in last.tokens if _is_shown(token)).strip()


def _is_shown(token: _Token) -> bool:
    return token.kind in ("text", "literal")


def _number(number: Decimal, sections: tuple[_Section, ...]) -> str:
    section, signed = _section_for(number, sections)
    if section.is_date:
        return _moment(_EPOCH + timedelta(days=float(number)), section) if 0 <= number < 2_958_466 else _general(number)
    if not signed:
        number = abs(number)
    kinds = [token.kind for token in section.tokens]
    if "digits" not in kinds:
        parts = [_general(number) if token.kind in ("general", "text") else token.text for token in section.tokens]
        return "".join(parts).strip()
    return _in_digits(number, section)


def _section_for(number: Decimal, sections: tuple[_Section, ...]) -> tuple[_Section, bool]:
    """The part of the format for a number, and whether it still has to be given its minus sign."""
    if any(section.condition for section in sections):
        for section in sections:
            if section.condition is None or _COMPARE[section.condition[0]](number, section.condition[1]):
                return section, True
        return sections[-1], True
    numeric = sections[:3]
    if number < 0 and len(numeric) > 1:
        return numeric[1], False
    if number == 0 and len(numeric) > 2:
        return numeric[2], False
    return numeric[0], True


def _in_digits(number: Decimal, section: _Section) -> str:
    tokens = section.tokens
    point = next((place for place, token in enumerate(tokens) if token.kind == "point"), len(tokens))
    power = next((place for place, token in enumerate(tokens) if token.kind == "exponent"), len(tokens))
    whole = "".join(token.text for token in tokens[: min(point, power)] if token.kind == "digits")
    part = "".join(token.text for token in tokens[point:power] if token.kind == "digits").replace(",", "")
    number *= Decimal(100) ** sum(token.kind == "percent" for token in tokens)
    every = "".join(token.text for token in tokens if token.kind == "digits")
    number /= Decimal(1000) ** (len(every) - len(every.rstrip(",")))
    exponent = 0
    if power < len(tokens) and number:
        exponent = number.adjusted()
        number = number.scaleb(-exponent)
    number = number.quantize(Decimal(1).scaleb(-len(part)), ROUND_HALF_UP)
    digits, _, decimals = f"{abs(number):f}".partition(".")
    least = sum(character == "0" for character in whole)
    digits = digits.lstrip("0").rjust(least, "0")
    grouped = "," in whole.rstrip(",")
    kept = len(part.rstrip("#?"))
    decimals = decimals[:kept] + decimals[kept:].rstrip("0")
    sign = "-" if number < 0 else ""
    return sign + _placed(tokens, digits, decimals, power, exponent, grouped=grouped)


def _placed(tokens: tuple[_Token, ...], digits: str, decimals: str, power: int, exponent: int, *, grouped: bool) -> str:
    """The digits at their places among the literals. Literals between digits ("000-0000") split them from the right."""
    point = next((place for place, token in enumerate(tokens) if token.kind == "point"), len(tokens))
    places = [place for place, token in enumerate(tokens[: min(point, power)]) if token.kind == "digits"]
    shares: dict[int, str] = {}
    rest = digits
    for place in reversed(places[1:]):
        width = len(tokens[place].text.replace(",", ""))
        shares[place], rest = rest[-width:], rest[:-width]
    if places:
        shares[places[0]] = f"{int(rest):,}".rjust(len(rest)) if grouped and rest else rest
        if grouped and rest.startswith("0"):
            shares[places[0]] = rest
    out: list[str] = []
    for place, token in enumerate(tokens):
        if token.kind == "digits" and place > power:
            out.append(str(abs(exponent)).rjust(len(token.text), "0"))
        elif token.kind == "digits":
            out.append(shares.get(place, ""))
        elif token.kind == "point":
            out.append(f".{decimals}" if decimals else "")
        elif token.kind == "exponent":
            out.append("E-" if exponent < 0 else "E+" if token.text.endswith("+") else "E")
        elif token.kind in ("literal", "percent"):
            out.append(token.text)
    return "".join(out).strip()


def _general(number: Decimal) -> str:
    text = f"{number:f}"
    if number and not -7 <= number.adjusted() < _DIGITS:  # so many zeros that every program turns to exponents
        return f"{number.normalize():E}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _iso(value: datetime | date | time | timedelta) -> str:
    if isinstance(value, datetime):
        midnight = value.time() == time()
        return value.date().isoformat() if midnight else value.isoformat(" ", "seconds")
    if isinstance(value, timedelta):
        minutes, seconds = divmod(int(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    return value.isoformat()


def _moment(value: datetime | date | time | timedelta, section: _Section) -> str:
    """A date or time; m is minutes next to hours or seconds, else months."""
    if isinstance(value, timedelta):
        value = _EPOCH + value
    elif isinstance(value, time):
        value = datetime.combine(_EPOCH.date(), value)
    elif not isinstance(value, datetime):
        value = datetime.combine(value, time())
    tokens = section.tokens
    half_day = any(token.kind == "meridiem" for token in tokens)
    clock = [token.text[0].lower() if token.kind in ("date", "elapsed") else "" for token in tokens]
    out = []
    for place, token in enumerate(tokens):
        if token.kind == "date":
            before = next((unit for unit in reversed(clock[:place]) if unit), "")
            after = next((unit for unit in clock[place + 1 :] if unit), "")
            minutes = clock[place] == "m" and len(token.text) <= 2 and (before == "h" or after == "s")
            out.append(_unit(value, token.text.lower(), minutes=minutes, half_day=half_day))
        elif token.kind == "elapsed":
            passed = (value - _EPOCH).total_seconds()
            size = {"h": 3600, "m": 60, "s": 1}[token.text[0].lower()]
            out.append(str(int(passed // size)).rjust(len(token.text), "0"))
        elif token.kind == "meridiem":
            out.append("AM" if value.hour < 12 else "PM")
        elif token.kind in ("literal", "point", "percent"):
            out.append(token.text)
    return "".join(out).strip()


def _unit(value: datetime, code: str, *, minutes: bool, half_day: bool) -> str:
    letter, length = code[0], len(code)
    if minutes:
        return f"{value.minute:0{length}}"
    if letter == "y":
        return f"{value.year % 100:02}" if length <= 2 else f"{value.year:04}"
    if letter in "md" and length >= 3:
        name = value.strftime("%B" if letter == "m" else "%A")
        return name[:3] if length == 3 else name[:1] if length == 5 and letter == "m" else name
    if letter == "s":
        whole, point, _ = code.partition(".")
        parts = f".{value.microsecond:06}"[: len(code) - len(whole)] if point else ""
        return f"{value.second:0{min(len(whole), 2)}}{parts}"
    hour = (value.hour % 12 or 12) if half_day else value.hour
    number = {"m": value.month, "d": value.day, "h": hour}.get(letter, 0)
    return f"{number:0{min(length, 2)}}"


@lru_cache(maxsize=512)
def _sections(number_format: str) -> tuple[_Section, ...]:
    parts: list[list[_Token]] = [[]]
    conditions: list[tuple[str, Decimal] | None] = [None]
    for found in _TOKEN.finditer(number_format):
        kind, text = found.lastgroup or "other", found[0]
        if kind == "scale":
            kind = "digits"
        if kind == "other" and text == ";":
            parts.append([])
            conditions.append(None)
        elif kind == "bracket":
            inside = found["bracket"]
            if condition := _CONDITION.fullmatch(inside):
                conditions[-1] = (condition[1], Decimal(condition[2]))
            elif _ELAPSED.fullmatch(inside):
                parts[-1].append(_Token("elapsed", inside))
            elif inside.startswith("$"):  # a currency sign and the country it is written for: [$€-407]
                parts[-1].append(_Token("literal", inside[1:].split("-")[0]))
        elif kind in ("quoted", "escaped", "other"):
            parts[-1].append(_Token("literal", found[kind]))
        elif kind == "space":  # as wide as the character that follows, which is not shown
            parts[-1].append(_Token("literal", " "))
        elif kind != "fill":
            parts[-1].append(_Token(kind, text))  # type: ignore[arg-type]
    return tuple(
        _Section(tuple(tokens), condition, any(token.kind in ("date", "elapsed", "meridiem") for token in tokens))
        for tokens, condition in zip(parts, conditions, strict=True)
    )
