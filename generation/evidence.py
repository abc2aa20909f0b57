"""Text made ready to be compared: sentences, rows and facts of a record, each with its place and its words.

text ──┬── a JSON object or list ──► one fact for each value: "Outdoor Seating: no", long values in sentences
       └── anything else         ──► sentences and rows (see generation.passages)

Not the atoms of generation.atoms: those say what must be *equal*; these words are what may resemble each other.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core.documents import Span
from core.sentences import cuts
from generation.words import COMMON, COMPARATIVES, MODALS, NEGATIONS, NUMBER_WORDS


@dataclass(frozen=True, slots=True)
class Word:
    """A word at `start`–`end` of its unit's text. `stem` is "#" and the value for a number: twelve is "#12".

    `clock` is a time of day in minutes after midnight. `kind` is number, negation, modal, comparative or word.
    """

    start: int
    end: int
    folded: str
    stem: str
    kind: str
    capital: bool
    common: bool
    clock: int | None = None


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence, row or fact. `span` is its place in the whole text, `text` what it says on one line.

    For a fact of a record, `name` is its key in words ("OutdoorSeating" is outdoor, seating), and `value` its value.
    """

    span: Span
    text: str
    words: tuple[Word, ...]
    name: tuple[Word, ...] = ()
    value: str | None = None


def units_of(text: str) -> tuple[Unit, ...]:
    """The units of `text` in order: sentences and rows, or the facts of a record where the text is JSON."""
    facts = _facts(text)
    return tuple(_units_of_facts(facts) if facts else (_unit(cut, cut.of(text)) for cut in cuts(text)))


def words_of_line(line: str) -> tuple[Word, ...]:
    """The words of one sentence or row, in order."""
    clocks = _clocks(line)
    return tuple(
        _word(match, first=number == 0, clock=clocks.get(match.start()))
        for number, match in enumerate(_WORD.finditer(line))
    )


def most_shared(
    claims: Sequence[Sequence[Hashable]], units: Sequence[Sequence[Hashable]], lengths: Sequence[int], *, room: int
) -> list[int]:
    """The numbers, in order, of the units that share most with the claims and together are at most `room` long: all of
    them when they fit, the best one whether it fits or not. What is compared are words or tokens; rare ones count more.

    Each claim first names its best unit and the two beside it, then each its second best, and so on.
    """
    if sum(lengths) <= room:
        return list(range(len(units)))
    kinds = [set(unit) for unit in units]
    counts = Counter(kind for unit in kinds for kind in unit)
    number_of = {kind: number for number, kind in enumerate(counts)}
    rarity = np.log((len(units) + 1) / np.array(list(counts.values()), dtype=np.float64))
    there = np.zeros((len(units), len(counts)))
    for row, unit in enumerate(kinds):
        there[row, [number_of[kind] for kind in unit]] = 1.0
    wanted = np.zeros((len(claims), len(counts)))
    for row, claim in enumerate(claims):
        wanted[row, [number_of[kind] for kind in set(claim) if kind in number_of]] = 1.0
    order = np.argsort(-((wanted * rarity) @ there.T), axis=1, kind="stable")
    kept: set[int] = set()
    for rank in range(len(units)):
        for best in order[:, rank]:
            for number in (best, best - 1, best + 1) if rank == 0 else (best,):
                if 0 <= number < len(units) and number not in kept and (lengths[number] <= room or not kept):
                    kept.add(int(number))
                    room -= lengths[number]
    return sorted(kept)


def pieces_of(words: Sequence[Word], places: Sequence[tuple[int, int]]) -> list[list[int]]:
    """For each word the numbers of the tokens that it consists of; `places` are those of the tokens in the unit."""
    pieces: list[list[int]] = [[] for _ in words]
    at = 0
    for number, (start, end) in enumerate(places):
        while at < len(words) and words[at].end <= start:
            at += 1
        if at < len(words) and end > words[at].start:
            pieces[at].append(number)
    return pieces


# ── one call below ────────────────────────────────────────────────────────────────────────────────────────────────────

_WORD = re.compile(r"\d{1,2}:\d{2}|\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)?")

_CLOCK = re.compile(r"\b(?P<hour>\d{1,2})(?::(?P<minute>\d{1,2}))?\s*(?P<half>[ap]\.?m\b)?", re.IGNORECASE)
_NAMED_CLOCKS = {"midnight": 0, "noon": 720}

_JSON = re.compile(r'"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|NaN|[{}\[\]:]')
_SAID = {"true": "yes", "false": "no", "null": "unknown", "NaN": "unknown"}

_PROSE = 80
"""A value of a record with more characters is prose, and read sentence by sentence."""


def _unit(span: Span, text: str) -> Unit:
    line = " ".join(text.split())
    return Unit(span, line, words_of_line(line))


@dataclass(frozen=True, slots=True)
class _Fact:
    span: Span
    key: str
    label: str
    value: str


def _units_of_facts(facts: list[_Fact]) -> Iterator[Unit]:
    for fact in facts:
        if len(fact.value) > _PROSE:
            yield from (_unit(fact.span, cut.of(fact.value)) for cut in cuts(fact.value))
        elif fact.value.strip():
            line = f"{fact.label}: {fact.value}" if fact.label else fact.value
            yield Unit(fact.span, line, words_of_line(line), words_of_line(_in_words(fact.key)), fact.value)


def _facts(text: str) -> list[_Fact]:
    """Every value of a JSON text with its place; none when the text is not JSON."""
    if not text.lstrip().startswith(("{", "[")):
        return []
    try:
        json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return []
    facts: list[_Fact] = []
    opened: list[str] = []
    path: list[str] = []
    key = ""
    tokens = list(_JSON.finditer(text))
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        said = token.group()
        if said in "{[":
            opened.append(said)
            path.append(key)
            key = ""
        elif said in "}]":
            opened.pop()
            path.pop()
        elif said == ":":
            continue
        elif opened and opened[-1] == "{" and following is not None and following.group() == ":":
            key = json.loads(said, strict=False)
        else:
            value = json.loads(said, strict=False) if said[0] == '"' else _SAID.get(said, said)
            label = " ".join(_in_words(part) for part in (*path[-1:], key) if part)
            facts.append(_Fact(Span(token.start(), token.end()), key, label, value))
    return facts


def _in_words(key: str) -> str:
    """ "OutdoorSeating" and "outdoor_seating" are "Outdoor Seating" and "outdoor seating"."""
    return " ".join(re.sub(r"(?<=[a-z])(?=[A-Z])|[_.-]", " ", key).split())


def _word(match: re.Match[str], *, first: bool, clock: int | None) -> Word:
    surface = match.group()
    folded = surface.casefold()
    stem, kind, common = _read(folded)
    return Word(match.start(), match.end(), folded, stem, kind, surface[0].isupper() and not first, common, clock)


@lru_cache(maxsize=1 << 16)
def _read(folded: str) -> tuple[str, str, bool]:
    """The stem and kind of a word, and whether it is common."""
    base = re.sub(r"['’]s$", "", folded)
    number = _number(base)
    kind = (
        "number"
        if number is not None
        else "negation"
        if base in NEGATIONS or re.search(r"n['’]t$", base)
        else "modal"
        if base in MODALS
        else "comparative"
        if base in COMPARATIVES
        else "word"
    )
    return f"#{number}" if number is not None else _stem(base), kind, base in COMMON


def _number(word: str) -> str | None:
    """The value as digits: "1,500.50" is 1500.5, "twelve" 12; None for a word."""
    if word in NUMBER_WORDS:
        return str(NUMBER_WORDS[word])
    if word == "one":
        return "1"
    if not word[0].isdigit() or ":" in word:
        return word if word[0].isdigit() else None
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", word):
        word = word.replace(",", "")
    word = word.replace(",", ".")
    return word.rstrip("0").rstrip(".") or "0" if word.count(".") == 1 else word


def _stem(word: str) -> str:
    import Stemmer

    return str(Stemmer.Stemmer("english").stemWord(word))


def _clocks(line: str) -> dict[int, int]:
    """Times of day by their place: "5 pm", "17:00" and "5:00 p.m." are all 1020. A bare number is no time."""
    clocks = {
        match.start(): _NAMED_CLOCKS[match.group().casefold()]
        for match in re.finditer(r"\b(?:midnight|noon)\b", line, re.IGNORECASE)
    }
    for match in _CLOCK.finditer(line):
        hour, minute, half = int(match["hour"]), int(match["minute"] or 0), match["half"]
        if (match["minute"] is None and half is None) or hour > 24 or minute > 59:
            continue
        if half is not None:
            hour = hour % 12 + (12 if half[0] in "pP" else 0)
        clocks[match.start()] = hour % 24 * 60 + minute
    return clocks
