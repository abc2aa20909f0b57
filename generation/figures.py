"""What figure a question asks for: which line or measure, of which periods, in which unit and rounding.

question ─▶ plain words ─▶ the longest names of measures and lines ─▶ "X plus Y", "X as a share of Y" ─┐
         ─▶ years, quarters, days, "nine months" ──────────────────────────────────────────────────────┤
         ─▶ "change from … to", "average", "CAGR", "how did … develop" ────────────────────────────────┼─▶ Asked
         ─▶ "in USD millions", "round to two decimal places" ──────────────────────────────────────────┘
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from core import finance
from core.figures import scale_in
from core.finance import Statement, plain
from core.periods import dates_in, periods_in
from generation.words import ASKING, MONTHS, SMALL, words_of


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a statement; `labels` are its rows word for word, the preferred first.

    `parts` are the rows that are added up where no row is the line: for each part its labels. A line without a
    `statement` is a row of any table, known by its label alone. `pattern` tells rows that are the line in any
    wording.
    """

    name: str
    statement: Statement | None
    labels: tuple[str, ...]
    asked: tuple[str, ...]
    outflow: bool
    parts: tuple[tuple[str, ...], ...]
    pattern: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure worked out from lines; of a single line the formula is its name in braces."""

    name: str
    asked: tuple[str, ...]
    formula: str
    percent: bool


class Over(StrEnum):
    """What is asked over the years: the figure of one, the figures of several, or what became of it between two."""

    YEAR = "year"
    SERIES = "series"
    CHANGE = "change"
    GROWTH = "growth"
    CAGR = "compound annual growth rate"
    SUM = "sum"
    MEAN = "mean"


@dataclass(frozen=True, slots=True)
class When:
    """A period that is asked for: `months` long (12, 9, 6, 3), ending with a quarter (1 to 4) of a fiscal year.

    `end` is its last day where the question names that instead.
    """

    year: int
    months: int = 12
    quarter: int = 4
    end: date | None = None

    @property
    def name(self) -> str:
        if self.end is not None:
            return f"{self.end:%B} {self.end.day}, {self.end.year}"
        if self.months == 12:
            return str(self.year)
        return f"Q{self.quarter} {self.year}" if self.months == 3 else f"{self.months} months of {self.year}"

    def before(self, years: int) -> When:
        """The same part of an earlier year."""
        end = self.end
        if end is not None and years:
            end = end.replace(year=end.year - years, day=min(end.day, 28))
        return replace(self, year=self.year - years, end=end)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question for a figure. `measure` None: for one that is known by name but not how it is worked out.

    `whens` are in order of time. `scale` is the power of ten asked for; `places` the decimals, None where the question
    leaves them open.
    """

    name: str
    measure: Measure | None
    whens: tuple[When, ...]
    over: Over
    scale: int | None
    percent: bool
    places: int | None


def asked_figure(question: str) -> Asked | None:
    """What the question asks for; None for one that asks for something else than a figure of a statement."""
    text = _QUALIFIERS.sub(" ", plain(re.sub(r"%", " % ", question).replace("’", "'")))
    if not _ASKS.search(text) or _IN_WORDS.search(text):
        return None
    if not _defined_as_known(text):
        return None
    asked = _DEFINITION.sub(" ", text)
    named = _combined(asked, _phrases())
    whens = _whens(_DEFINED.split(question, maxsplit=1)[0]) or _whens(question)
    if named is None or not whens:
        return None
    measure = named[1]
    if "per share" in text and not (measure is not None and "per share" in measure.formula):
        return None
    return _asked_over(question, asked, _without_names(asked, _phrases()), named, whens)


def line(name: str) -> Line:
    """The line of that name; a name that is not listed is the label of a row."""
    return _lines().get(name) or Line(name, None, (name,), (), outflow=False, parts=())


def asked_row(question: str, labels: Iterable[str]) -> tuple[Asked, frozenset[str], frozenset[str]] | None:
    """What the question asks of rows that it names word for word; None for one that names no row or no period.

    Its other words tell which table: they come second, and third those of them that stand right beside a name, and so
    are part of what is named: "land" is no name of "land, property and equipment".

    `labels` are those of the tables that were read, in plain words. Words are compared in the singular.
    """
    text = _QUALIFIERS.sub(" ", plain(re.sub(r"%", " % ", question).replace("’", "'")))
    whens = _whens(question)
    if not _ASKS.search(text) or _IN_WORDS_OF_ROWS.search(text) or not whens:
        return None
    text = _singular(text)
    named: dict[str, tuple[str, Measure | None]] = {}
    for label in labels:
        phrase = _singular(label)
        if phrase and not set(phrase.split()) <= _SAY_NOTHING:
            named.setdefault(phrase, (label, Measure(label, (), f"{{{label}}}", False)))
    phrases = tuple((phrase, *what) for phrase, what in sorted(named.items(), key=lambda pair: -len(pair[0])))
    combined = _combined(text, phrases)
    if (
        combined is None
        or combined[1] is None
        or _OF_SHARES.search(text)
        or (combined in named.values() and len(list(_names_in(text, phrases))) > 1)
    ):
        return None
    rest = _without_names(text, phrases)
    asked = _asked_over(question, text, rest, combined, whens)
    if asked is not None and asked.percent and asked.over not in (Over.GROWTH, Over.CAGR) and _is_single(combined[1]):
        return None
    words = frozenset(word for word in _WORD.findall(rest) if not _said_of_periods(word))
    return (asked, words, _beside_names(text, phrases)) if asked is not None else None


def words_of_table(text: str) -> frozenset[str]:
    """The words of what stands around a table, in the singular, to hold those of a question against."""
    return frozenset(_singular(plain(text)).split())


def lines_named(formula: str) -> tuple[str, ...]:
    """The names of the lines that a formula needs."""
    return tuple(dict.fromkeys(re.findall(r"\{([^}]*)\}", formula)))


def labels_of_measure(title: str) -> frozenset[str] | None:
    """The labels of all lines that what `title` names is worked out from; None where it names nothing known."""
    lines = _lines_of(title)
    labels = {label for one in lines for label in (*one.labels, *(label for part in one.parts for label in part))}
    return frozenset(labels) if lines else None


def fits_pattern(label: str, title: str) -> bool:
    """True for a row that is, however it is worded, one of the lines that what `title` names is worked out from."""
    return any(one.pattern is not None and one.pattern.fullmatch(label) for one in _lines_of(title))


def _lines_of(title: str) -> list[Line]:
    named = _names_in(plain(title.replace("%", " % ")), _phrases())
    formulas = [measure.formula for _, _, measure in named if measure is not None]
    return [line(name) for formula in formulas for name in lines_named(formula)]


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
    r"\b(?:what (?:is|was|are|were|has|have|did)|whats|how (?:much|many|high|did|has|have|do|does)|calculate|compute"
    r"|by what|which (?:is|was)|give|show|list|wie (?:hoch|viel|hat|haben|entwickelte\w*)|um wie ?viel"
    r"|was (?:war|ist))\b"
)
_IN_WORDS = re.compile(
    r"\b(?:why|drove|drivers?|driven|driving|caused?|reasons?|explain|due to|improving|segments?|geograph\w+|regions?"
    r"|guidance|outlook|expect\w*|forecast\w*|pro forma|organic|adjusted"
    r"|warum|weshalb|core|non-gaap|customers?|subsidiar\w+)\b"
)
_OF_SHARES = re.compile(r"\bchange in (?:the )?(?:percentage|share|proportion)\b|\bpercentage points?\b")
_IN_WORDS_OF_ROWS = re.compile(
    r"\b(?:why|drove|drivers?|driven|driving|caused?|reasons?|explain|due to|expect\w*|forecast\w*|guidance"
    r"|warum|weshalb)\b"
)
_SAY_NOTHING = words_of("total net gross other sum amount balance value the a an of and in for to at by or year") | {""}
"""A label of these words alone is no name of a row: "Total", "Other, net"."""
_SAID_OF_PERIODS = (
    ASKING
    | SMALL
    | words_of(
        "year fiscal ended end ending month quarter fy million thousand billion usd dollar euro u u.s company "
        "group respective respectively amount value total balance figure number percent percentage % change "
        "increase decrease difference average mean growth rate rise fall higher lower more less than between per "
        "compared sum ratio much many its their over compare calculate compute did have has was were is are one "
        "two three decimal place round period as date both combined share proportion during answer give report "
        "reported statement table"
    )
)
_WORD = re.compile(r"[^\W\d_][\w&-]*")
_QUALIFIERS = re.compile(
    r"\b(?:unadjusted|consolidated|as reported|reported|annual(?! growth\b)|full-year|full year|year-end|year end)\b"
)
"""Words that leave a line what it is: the figures of the statements are those, unless something else is said."""
_GROWTH = re.compile(r"\b(?:year-over-year|year over year|year-on-year|yoy|y/y|growth|grew)\b")
_CHANGE = re.compile(
    r"\b(?:change|changed|increased?|decreased?|differences?|differ|rise|rose|risen|fall|fell|fallen|decline\w*|drop\w*"
    r"|grow|grown|higher|lower|veränder\w+|ändert\w*|änder\w+|anstieg|gestiegen|steigerung|rückgang|gesunken)\b"
)
_OPEN = re.compile(
    r"\bhow (?:did|has|have|do|does) .*\b(?:develop\w*|evolv\w*|trend\w*|change\w*|move\w*|perform\w*|look)\b"
    r"|\bwie (?:hat|haben|entwickelte\w*)\b|\btrend\b|\beach (?:of the )?(?:fiscal )?(?:years?|quarters?)\b"
    r"|\brespectively\b"
)
_CAGR = re.compile(r"\b(?:cagr|compound(?:ed)? annual growth)\b")
_MEAN = re.compile(r"\b(?:average|mean|durchschnitt\w*)\b")
_YEARS_AVERAGED = re.compile(r"\b(?P<count>\d|two|three|four|five)[ -]years? (?:average|mean)\b")
_RANGE = re.compile(
    r"\b(?:fy ?)?(?:19|20)\d\d(?: |-|–)(?:(?:to|through|until|till|bis) )?(?:fy ?)?(?:19|20)\d\d\b"
    r"|\b(?:between|since|from)\b"
)
_PLACES = re.compile(r"\b(?P<count>zero|no|one|two|three|four|\d) decimal")
_NUMBERS = {"zero": 0, "no": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, **{str(n): n for n in range(7)}}
_DEFINED = re.compile(r"\bis defined as\b|\bdefine\b", re.IGNORECASE)
_DEFINITION = re.compile(r"\b(?:is defined as|define \w[\w %]* as)\b.*?(?= round | answer | give | respond |$)")
_PART = re.compile(
    r"\b(?P<months>three|six|nine|3|6|9) months\b|\bfirst (?P<quarters>two|three) quarters\b"
    r"|\b(?P<half>first half|h1|half[- ]year|halbjahr)\b"
    r"|\b(?:quarter\w*|q[1-4]|quartal\w*|year[- ]to[- ]date|ytd|months|weeks|second half|h2)\b",
    re.IGNORECASE,
)


def _whens(question: str) -> tuple[When, ...]:
    """The periods that a question names, in order of time; none where it names a part of a year but not which."""
    days = [one.day for one in dates_in(question) if one.day is not None]
    quarters = [one for one in periods_in(question) if one.quarter is not None]
    part = _PART.search(question)
    months = 12
    if part is not None:
        months = _months_of(part) or (3 if quarters else 0)
    if days:
        found = {When(day.year, months or 12, 4, day) for day in days} if months or not part else set()
    elif quarters:
        found = {When(one.year, 3, one.quarter or 4) for one in quarters}
        named = {one.year for one in quarters}
        later = {int(year) for year in _YEAR.findall(question)} - named
        if len(quarters) == 1:
            found |= {When(year, 3, quarters[0].quarter or 4) for year in later}
    elif months:
        years = {int(year) for year in _YEAR.findall(question)}
        bare_quarter = part is not None and months == 3
        found = set() if bare_quarter else {When(year, months, months // 3) for year in years}
    else:
        found = set()
    return tuple(sorted(found, key=lambda when: (when.year, when.end or date.min)))


_OF_TWO = re.compile(r"\b(?:sum of|plus|minus|divided by|ratio of|difference between)\b")


def _is_single(measure: Measure) -> bool:
    return bool(re.fullmatch(r"\{[^}]*\}", measure.formula))


def _months_of(part: re.Match[str]) -> int:
    if part["months"]:
        return {"three": 3, "six": 6, "nine": 9}.get(part["months"].casefold()) or int(part["months"])
    if part["quarters"]:
        return {"two": 6, "three": 9}[part["quarters"].casefold()]
    return 6 if part["half"] else 0


def _asked_over(
    question: str, text: str, rest: str, named: tuple[str, Measure | None], whens: tuple[When, ...]
) -> Asked | None:
    """What is asked of a measure. `text` is the question in plain words without a definition, `rest` without names."""
    name, measure = named
    percent = measure is not None and measure.percent
    wants_percent = percent or bool(re.search(r"\bpercent\w*|\bper cent\b|%", text))
    over = _over(rest, whens, percent=wants_percent)
    if (over is Over.YEAR and _MEAN.search(rest)) or (_MEAN.search(rest) and _CHANGE.search(rest)):
        return None
    if over is not Over.SUM and _OF_TWO.search(rest) and measure is not None and _is_single(measure):
        return None
    years = [when.year for when in whens]
    if over is Over.MEAN:
        if many := _YEARS_AVERAGED.search(text):
            count = int(_NUMBERS.get(many["count"], 0) or 0)
            years = [*range(years[-1] - count + 1, years[-1] + 1)] if len(years) == 1 and count else years
        years = [*range(years[0], years[-1] + 1)] if many or _RANGE.search(text) else years
    elif over in (Over.SERIES, Over.SUM) and _RANGE.search(text):
        years = [*range(years[0], years[-1] + 1)]
    elif over in (Over.CHANGE, Over.GROWTH, Over.CAGR):
        years = [years[0] if len(years) > 1 else years[-1] - 1, years[-1]]
    elif over is Over.YEAR:
        years = years[-1:]
    places = _PLACES.search(text)
    return Asked(
        name=name,
        measure=measure,
        whens=tuple(whens[-1].before(whens[-1].year - year) for year in years),
        over=over,
        scale=scale_in(question),
        percent=percent or over in (Over.GROWTH, Over.CAGR) or (wants_percent and over is not Over.CHANGE),
        places=_NUMBERS.get(places["count"], 0) if places else None,
    )


def _over(text: str, whens: tuple[When, ...], *, percent: bool) -> Over:
    """What is asked over the periods; a question that names one only asks for its change against the one before."""
    several = len(whens) > 1
    if _CAGR.search(text):
        return Over.CAGR if several else Over.YEAR
    if several and re.search(r"\b(?:sum of|summe|combined|aggregate|cumulative)\b", text):
        return Over.SUM
    if _MEAN.search(text) and (several or _YEARS_AVERAGED.search(text)) and not _GROWTH.search(text):
        return Over.MEAN
    if _OPEN.search(text) and several:
        return Over.SERIES
    if _GROWTH.search(text) or (_CHANGE.search(text) and percent):
        return Over.GROWTH
    if _CHANGE.search(text):
        return Over.CHANGE
    return Over.SERIES if several else Over.YEAR


# "X plus Y" and the like, by the words between and before the two names; {0} and {1} are their formulas.
_SUM_OF = re.compile(r"\b(?:sum|total|combined|aggregate|together|add(?:ing|ed)?|summe|zusammen)\b(?: \w+){0,4} $")
_BETWEEN = (
    (re.compile(r"^ (?:plus|\+|added to|zuzüglich) $"), "{0} + {1}", False),
    (re.compile(r"^ (?:minus|less|abzüglich|net of|-) $"), "{0} - {1}", False),
    (re.compile(r"^ (?:divided by|over|/|geteilt durch) $"), "{0} / {1}", False),
    (
        re.compile(
            r"^ (?:\w+ ){0,4}?(?:as a |as )?(?:percent(?:age)?|%|share|proportion|fraction) of (?:the |its |total )?$"
        ),
        "{0} / {1}",
        True,
    ),
)


def _combined(text: str, phrases: Phrases) -> tuple[str, Measure | None] | None:
    """The measure that a question asks for: the one named first, or two that it puts together."""
    found = list(_names_in(text, phrases))
    if not found:
        return None
    (start, name, first), *others = found
    if not others or first is None or others[0][2] is None:
        return name, first
    spaced = f" {text} "
    place, other_name, other = others[0]
    assert other is not None
    between = spaced[start + len(_phrase_at(spaced, start, phrases)) + 1 : place + 1]
    before = spaced[: start + 1]
    for pattern, shape, percent in _BETWEEN:
        if pattern.match(between):
            return _two(first, other, shape, percent=percent)
    joined = re.fullmatch(r" (?:and|und) (?:the |its )?", between)
    if joined and _SUM_OF.search(before):
        every = [first, *(one for _, _, one in others if one is not None)]
        formula = " + ".join(_bracketed(one.formula) for one in every)
        return " + ".join(one.name for one in every), Measure("sum", (), formula, False)
    if joined and re.search(r"\bdifference between (?:the |its )?$", before):
        return _two(first, other, "{0} - {1}", percent=False)
    if re.search(r"\bratio of (?:the |its )?$", before) and re.fullmatch(r" (?:to|and|over) (?:the |its )?", between):
        return _two(first, other, "{0} / {1}", percent=False)
    if re.search(r"\b(?:percent(?:age)?|%|share|proportion) of (?:the |its )?$", before) and re.search(
        r"\b(?:is|was|were|are)\b", between
    ):
        return _two(other, first, "{0} / {1}", percent=True)
    return name, first


def _two(one: Measure, other: Measure, shape: str, *, percent: bool) -> tuple[str, Measure]:
    signs = {"{0} + {1}": "+", "{0} - {1}": "-", "{0} / {1}": "as a share of" if percent else "to"}
    name = f"{one.name} {signs[shape]} {other.name}"
    return name, Measure(name, (), shape.format(_bracketed(one.formula), _bracketed(other.formula)), percent)


def _bracketed(formula: str) -> str:
    return formula if re.fullmatch(r"\{[^}]*\}", formula) else f"({formula})"


Phrases = Sequence[tuple[str, str, "Measure | None"]]
"""(words in a question, name, how it is worked out), the longest first."""


def _names_in(text: str, phrases: Phrases) -> Iterator[tuple[int, str, Measure | None]]:
    """(place, name, how it is worked out) of the measures and lines that plain words name, in order of place; at one
    place the longest name."""
    spaced = f" {text} "
    taken: list[tuple[int, int]] = []
    found: list[tuple[int, str, Measure | None]] = []
    for phrase, name, measure in phrases:
        place = spaced.find(f" {phrase} ")
        while place >= 0:
            end = place + len(phrase) + 1
            if not any(start < end and place < stop for start, stop in taken):
                taken.append((place, end))
                if not _inside(spaced, place):
                    found.append((place, name, measure))
            place = spaced.find(f" {phrase} ", place + 1)
    yield from sorted(found, key=lambda one: one[0])


def _beside_names(text: str, phrases: Phrases) -> frozenset[str]:
    """The words right before and after the names in plain words that are no words of periods and the like."""
    spaced = f" {text} "
    found: set[str] = set()
    for place, _, _ in _names_in(text, phrases):
        before = spaced[:place].split()[-1:]
        after = spaced[place + len(_phrase_at(spaced, place, phrases)) + 1 :].split()[:1]
        found |= {word for word in (*before, *after) if _WORD.fullmatch(word) and not _said_of_periods(word)}
    return frozenset(found)


def _said_of_periods(word: str) -> bool:
    """True for words that say when, how or in what unit, and nothing about which table."""
    return word in _SAID_OF_PERIODS or word in MONTHS or bool(re.fullmatch(r"fy\d*|q[1-4]", word))


def _singular(text: str) -> str:
    return " ".join(
        word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word for word in text.split()
    )


def _without_names(text: str, phrases: Phrases) -> str:
    """The words of a question that name no measure and no line."""
    spaced = f" {text} "
    for place in sorted((place for place, _, _ in _names_in(text, phrases)), reverse=True):
        spaced = spaced[:place] + spaced[place + len(_phrase_at(spaced, place, phrases)) + 1 :]
    return spaced


def _phrase_at(spaced: str, place: int, phrases: Phrases) -> str:
    """The longest known phrase that stands at a place."""
    return next(phrase for phrase, _, _ in phrases if spaced.startswith(f" {phrase} ", place))


def _defined_as_known(text: str) -> bool:
    """False when the question defines its measure by other lines than we work it out from."""
    definition = _DEFINITION.search(text)
    named = next(((name, measure) for _, name, measure in _names_in(text, _phrases())), None)
    if definition is None or named is None or named[1] is None:
        return True
    rest = f" {definition.group()} "
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
            tuple(tuple(part) for part in one.get("parts", ())),
            re.compile(one["pattern"]) if "pattern" in one else None,
        )
        for one in _file()["line"]
    }


@cache
def _file() -> dict[str, list[dict[str, Any]]]:
    return tomllib.loads(Path(__file__).with_name("figures.toml").read_text(encoding="utf-8"))
