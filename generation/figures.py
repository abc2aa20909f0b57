"""What figure a question asks for: which line or measure, of which years, in which unit and rounding.

question ─▶ plain words ─▶ the longest name of a measure or line ─┐
         ─▶ years, "year-over-year change", "3 year average" ─────┼─▶ Asked
         ─▶ "in USD millions", "round to two decimal places" ─────┘
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from core import finance
from core.figures import scale_in
from core.finance import Statement, plain
from generation.words import words_of


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a statement; `labels` are its rows word for word, the preferred first."""

    name: str
    statement: Statement
    labels: tuple[str, ...]
    asked: tuple[str, ...]
    outflow: bool


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure worked out from lines; of a single line the formula is its name in braces."""

    name: str
    asked: tuple[str, ...]
    formula: str
    percent: bool


class Over(StrEnum):
    """What is asked over the years: the figure of one, its growth over the year before, or a mean of several."""

    YEAR = "year"
    GROWTH = "growth"
    MEAN = "mean"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question for a figure. `measure` None: for one that is known by name but not how it is worked out.

    `scale` is the power of ten asked for; `places` the decimals, None where the question leaves them open.
    """

    name: str
    measure: Measure | None
    years: tuple[int, ...]
    over: Over
    scale: int | None
    percent: bool
    places: int | None


def asked_figure(question: str) -> Asked | None:
    """What the question asks for; None for one that asks for something else than a figure of a statement."""
    text = plain(re.sub(r"%", " % ", question).replace("’", "'"))
    if not _ASKS.search(text) or _IN_WORDS.search(text):
        return None
    if not _defined_as_known(text):
        return None
    years = tuple(sorted({int(year) for year in _YEAR.findall(question)}))
    named = _named(text)
    if named is None or not years:
        return None
    name, measure = named
    over = Over.YEAR
    if _GROWTH.search(text):
        over = Over.GROWTH
    elif _MEAN.search(text):
        over = Over.MEAN
        years = tuple(range(years[0], years[-1] + 1))
    places = _PLACES.search(text)
    percent = measure is not None and measure.percent
    return Asked(
        name=name,
        measure=measure,
        years=years,
        over=over,
        scale=scale_in(question),
        percent=percent or over is Over.GROWTH or bool(re.search(r"\bpercents?\b|\bper cent\b", text)),
        places=_NUMBERS.get(places["count"], 0) if places else None,
    )


def line(name: str) -> Line:
    return _lines()[name]


def lines_named(formula: str) -> tuple[str, ...]:
    """The names of the lines that a formula needs."""
    return tuple(dict.fromkeys(re.findall(r"\{([^}]*)\}", formula)))


def labels_of_measure(title: str) -> frozenset[str] | None:
    """The labels of all lines that a measure or line named in `title` is worked out from; None for an unknown one."""
    named = _named(plain(title.replace("%", " % ")))
    if named is None or named[1] is None:
        return None
    return frozenset(label for name in lines_named(named[1].formula) for label in line(name).labels)


@cache
def words_for_figures() -> frozenset[str]:
    """The words that name lines, measures, statements and units in questions: in capitals, they are no company."""
    words = {word for phrase, _, _ in _phrases() for word in re.split(r"[\s&]+", phrase)}
    return frozenset(words | _OTHER_TERMS)


_OTHER_TERMS = words_of(
    "usd eur gbp chf us gaap ifrs cf pl bs is p l m mn bn k yoy cagr ttm ltm fy 10k 10q 10-k ok ceo cfo sec eps na"
)


# ── one call below ────────────────────────────────────────────────────────────────────────────────────────────────────

_YEAR = re.compile(r"(?<!\d)(?:FY[ -]?)?((?:19|20)\d\d)(?!\d)")
_ASKS = re.compile(
    r"\b(?:what (?:is|was|are|were)|whats|how much|calculate|compute|how high|wie hoch|was (?:war|ist))\b"
)
_IN_WORDS = re.compile(
    r"\b(?:why|drove|drivers?|driven|driving|caused?|reasons?|explain|due to|improving|segments?|geograph\w+|regions?"
    r"|guidance|outlook|expect\w*|forecast\w*|quarter\w*|q[1-4]|per share|pro forma|organic|adjusted"
    r"|warum|weshalb|core|non-gaap|customers?|subsidiar\w+|changed|increased?|decreased?|ändert\w*)\b"
)
_GROWTH = re.compile(
    r"\b(?:year-over-year|year over year|yoy|y/y)\b"
    r"|\b(?:growth|percent\w* change|change in \w[\w ]* from (?:fy)?\s?\d{4})\b"
)
_MEAN = re.compile(r"\b(?:\d|two|three|four|five)[ -]year average\b|\baverage of\b.*\bfrom (?:fy)?\s?\d{4} to\b")
_PLACES = re.compile(r"\b(?P<count>zero|no|one|two|three|four|\d) decimal")
_NUMBERS = {"zero": 0, "no": 0, "one": 1, "two": 2, "three": 3, "four": 4, **{str(n): n for n in range(7)}}


def _named(text: str) -> tuple[str, Measure | None] | None:
    """The measure or line named first; at one place the longest name. A definition behind it names its parts."""
    spaced = f" {text} "
    best: tuple[int, int, str, Measure | None] | None = None
    for phrase, name, measure in _phrases():
        place = spaced.find(f" {phrase} ")
        # "365 * …" and other parts of a definition stand behind the name.
        if place >= 0 and (best is None or (place, -len(phrase)) < best[:2]) and not _inside(spaced, place):
            best = (place, -len(phrase), name, measure)
    return best[2:] if best else None


def _defined_as_known(text: str) -> bool:
    """False when the question defines its measure by other lines than we work it out from."""
    definition = re.search(
        r"\b(?:is defined as|define \w[\w %]* as)\b(?P<lines>.*?)(?= round | answer | give | respond |$)", text
    )
    named = _named(text)
    if definition is None or named is None or named[1] is None:
        return True
    rest = f" {definition['lines']} "
    found: set[str] = set()
    for phrase, _, measure in _phrases():
        if f" {phrase} " in rest and measure is not None:
            rest = rest.replace(f" {phrase} ", " ")
            found.update(lines_named(measure.formula))
    return found <= set(lines_named(named[1].formula))


def _inside(text: str, place: int) -> bool:
    """True for words that only name where to look: "the balance sheet", "statement of income"."""
    return bool(re.search(r"\b(?:statements? of(?: consolidated)?|using|given)\s*$", text[:place]))


@cache
def _phrases() -> tuple[tuple[str, str, Measure | None], ...]:
    """(words in a question, name, how it is worked out), the longest first."""
    found: dict[str, tuple[str, Measure | None]] = {}
    for known in finance.measures():  # known by name alone
        for phrase in known.asked:
            found[phrase] = (known.name, None)
    for item in finance.items():
        for phrase in item.asked:
            found[phrase] = (item.name, None)
    for line_ in _lines().values():
        measure = Measure(line_.name, line_.asked, f"{{{line_.name}}}", False)
        for phrase in (line_.name, *line_.asked):
            found[plain(phrase)] = (line_.name, measure)
    for one in _file()["measure"]:
        measure = Measure(one["name"], tuple(one["asked"]), one["formula"], one.get("percent", False))
        for phrase in (one["name"], *one["asked"]):
            found[plain(phrase.replace("%", " % "))] = (one["name"], measure)
    return tuple((phrase, *what) for phrase, what in sorted(found.items(), key=lambda pair: -len(pair[0])))


@cache
def _lines() -> dict[str, Line]:
    return {
        one["name"]: Line(
            one["name"],
            Statement(one["statement"]),
            tuple(one["labels"]),
            tuple(one["asked"]),
            one.get("outflow", False),
        )
        for one in _file()["line"]
    }


@cache
def _file() -> dict[str, list[dict[str, Any]]]:
    return tomllib.loads(Path(__file__).with_name("figures.toml").read_text(encoding="utf-8"))
