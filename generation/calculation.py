"""Figures worked out from cited cells, with exact decimals; and equations in a text worked out again.

"{net income} / avg{total assets}" ─▶ 1,248 / ((87,896 + 87,270) / 2) = 0.0142
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, DivisionByZero, InvalidOperation, Overflow, localcontext

from core.figures import Figure, figures_in

_OPERATORS = "+-*/^()"
_TOKEN = re.compile(r"\s*(?:(?P<line>(?:prev|avg|change)?\{[^}]*\})|(?P<number>\d+(?:\.\d+)?)|(?P<sign>[-+*/^()]))")


Lookup = Callable[[str, int], str]
"""(name of a line, years before the one asked for) → the figure as it is to stand in the expression."""


def put_in(formula: str, lookup: Lookup) -> str:
    """The formula with the figures of its lines: "16,830 / ((2,667 + 2,721) / 2)". Raises what `lookup` raises."""
    shown: list[str] = []
    for match in _TOKEN.finditer(formula):
        if match["line"]:
            kind, _, name = match["line"].rstrip("}").partition("{")
            now = lookup(name, 0) if kind != "prev" else ""
            before = lookup(name, 1) if kind else ""
            shown.append(
                {"": now, "prev": before, "avg": f"(({before} + {now}) / 2)", "change": f"({now} - {before})"}[kind]
            )
        else:
            shown.append(match["number"] or match["sign"])
    return re.sub(r"\(\s+", "(", re.sub(r"\s+\)", ")", " ".join(shown)))


def evaluate(expression: str) -> Decimal:
    """The value of an expression of figures, + - * / ^ and brackets; "(1,234)" after an operator is just 1,234.

    Raises ValueError for anything else, ZeroDivisionError for a division by zero.
    """
    tokens = list(_tokens(expression))
    with localcontext() as context:
        context.prec = 40
        try:
            value, rest = _sum(tokens)
        except (DivisionByZero, InvalidOperation, Overflow) as error:
            raise ZeroDivisionError(expression) from error
    if rest:
        raise ValueError(f"not an expression of figures: {expression}")
    return value


def rounded(value: Decimal, places: int) -> Decimal:
    """Half up, as people round and as questions mean it."""
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Equation:
    """An equation of a text: its place, the figures on its left, what its right says and what it comes to."""

    start: int
    end: int
    operands: tuple[Figure, ...]
    said: Figure
    value: Decimal

    @property
    def holds(self) -> bool:
        """True when the figure said is the value, rounded to the digits that are shown."""
        return abs(self.value - self.said.value) <= self.said.place / 2


_SIDE = r"[\s\d.,()+*/^×÷$€£%·−–-]+"
_EQUATION = re.compile(
    rf"(?P<left>(?<!\w)(?:[-−](?=[\d(]))?[\d($€£]{_SIDE}?[+*/^×÷−–-]{_SIDE}?)\s*=\s*(?P<right>[-−(]?[$€£]?\d[\d.,]*\)?\s*%?)"
)


def equations_in(text: str) -> Iterator[Equation]:
    """The equations that a text states: "1,469,502 / 2,213,556 = 0.66"."""
    for match in _EQUATION.finditer(text):
        right = list(figures_in(match["right"].rstrip(".,")))
        left = match["left"].translate(str.maketrans("×÷−–·", "*/--*"))
        try:
            value = evaluate(re.sub(r"[$€£]", "", left))
        except (ValueError, ZeroDivisionError):
            continue
        if len(right) == 1:
            operands = tuple(figures_in(re.sub(r"[()+*/^-]", " ", left)))
            yield Equation(match.start(), match.end(), operands, right[0], value)


# ── one call below ────────────────────────────────────────────────────────────────────────────────────────────────────

_PIECE = re.compile(r"\s*(?P<number>\d[\d.,]*\s?%?|[-+*/^()])")


def _tokens(expression: str) -> Iterator[str]:
    place = 0
    expression = expression.strip()
    while place < len(expression):
        match = _PIECE.match(expression, place)
        if match is None:
            raise ValueError(f"not an expression of figures: {expression}")
        yield match["number"].strip()
        place = match.end()


def _sum(tokens: list[str]) -> tuple[Decimal, list[str]]:
    value, rest = _product(tokens)
    while rest and rest[0] in "+-":
        right, after = _product(rest[1:])
        value, rest = (value + right if rest[0] == "+" else value - right), after
    return value, rest


def _product(tokens: list[str]) -> tuple[Decimal, list[str]]:
    value, rest = _power(tokens)
    while rest and rest[0] in "*/":
        right, after = _power(rest[1:])
        value, rest = (value * right if rest[0] == "*" else value / right), after
    return value, rest


def _power(tokens: list[str]) -> tuple[Decimal, list[str]]:
    value, rest = _factor(tokens)
    if rest and rest[0] == "^":
        exponent, rest = _factor(rest[1:])
        value = value**exponent
    return value, rest


def _factor(tokens: list[str]) -> tuple[Decimal, list[str]]:
    if not tokens:
        raise ValueError("an expression ends too early")
    first, *rest = tokens
    if first == "(":
        value, rest = _sum(rest)
        if not rest or rest[0] != ")":
            raise ValueError("a bracket is not closed")
        return value, rest[1:]
    if first == "-":
        value, rest = _factor(rest)
        return -value, rest
    figures = list(figures_in(first))
    if first in _OPERATORS or len(figures) != 1:
        raise ValueError(f"not a figure: {first}")
    return figures[0].value, rest
