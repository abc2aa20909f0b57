"""A record's facts against a claim: what it says yes, no or nothing to, and the hours of each day.

{"OutdoorSeating": false, "WiFi": null, "hours": {"Monday": "9:0-17:0", …}}
"It has outdoor seating."            told otherwise
"There is no WiFi."                  left open by the record: neither yes nor no is supported
"Open from 9 am to 6 pm on Monday."  6 pm is not among that day's hours

A fact is named in a claim by the words of its key. Where a sentence of the record (a review, a remark) uses the same
words, nothing is told from the key alone.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from generation.evidence import Unit, Word
from generation.words import words_of

Flags = NDArray[np.float64]


class Record:
    """The facts of a context. Without any, as in prose, nothing is told of a claim."""

    def __init__(self, units: Sequence[Unit]) -> None:
        facts = [unit for unit in units if unit.name]
        self.exists = any(unit.value is not None for unit in units)
        keys = {tuple(word.stem for word in unit.name) for unit in facts}
        shared = {stem for stem, count in Counter(stem for key in keys for stem in set(key)).items() if count > 1}
        self._said: dict[tuple[Word, ...], set[str]] = defaultdict(set)
        elsewhere: set[str] = set()
        for unit in units:
            said = _said(unit)
            if said is None:
                elsewhere |= {word.stem for word in unit.words[len(unit.name) :]}
                continue
            own = tuple(word for word in unit.name if word.stem not in shared) or unit.name
            self._said[own].add(said)
        self._said = {
            name: said for name, said in self._said.items() if not all(word.stem in elsewhere for word in name)
        }
        self._hours = _hours(facts)
        self._clocks = {word.clock for unit in units for word in unit.words if word.clock is not None}

    def facts(self, claim: Unit) -> tuple[Flags, Flags]:
        """For each word of `claim` that names a fact: 1 where the claim affirms or denies it as the record does, -1
        where it does the contrary, else 0; and 1 where the record leaves open what the claim affirms or denies."""
        agrees, unknown = np.zeros(len(claim.words)), np.zeros(len(claim.words))
        if not self._said:
            return agrees, unknown
        denied, open_ = _by_clause(claim, _denies), _by_clause(claim, _leaves_open)
        for name, said in self._said.items():
            for place, length in _places(name, claim.words):
                if open_[place] or len(said) != 1:
                    continue
                if said == {"unknown"}:
                    unknown[place : place + length] = 1.0
                else:
                    agrees[place : place + length] = 1.0 if ("no" in said) == denied[place] else -1.0
        return agrees, unknown

    def hours(self, claim: Unit) -> Flags:
        """For each time of day in `claim`, the share of the days it is said of that have it among their hours; 0 for a
        day on which it is open by the claim and closed by the record; -1 for all other words."""
        found = np.full(len(claim.words), -1.0)
        if not self._hours:
            return found
        spoken = list(_times(claim.words))
        loose = any(word.folded in _LOOSE for word in claim.words)
        for place, days in spoken:
            if days is not None and not loose and any(not self._hours.get(day) for day in days):
                found[place] = 0.0
        # "9 to 5 on Monday" or "Monday: 9 to 5": the reading that fits better counts.
        readings = [list(self._read(claim.words, spoken, loose=loose, side=side)) for side in (1, -1)]
        for place, share in max(readings, key=lambda reading: sum(share for _, share in reading)):
            found[place] = share
        return found

    def _read(
        self, words: Sequence[Word], spoken: Sequence[tuple[int, frozenset[int] | None]], *, loose: bool, side: int
    ) -> Iterator[tuple[int, float]]:
        """Each time of day with the share of its days that have it; `side` is 1 where days follow their times."""
        for at, (place, days) in enumerate(spoken):
            if days is not None:
                continue
            clock = words[place].clock
            near, far = (spoken[at:], spoken[at::-1]) if side > 0 else (spoken[at::-1], spoken[at:])
            named = next((days for _, days in (*near, *far) if days is not None), None)
            if loose or named is None:
                yield place, float(clock in self._clocks)
            else:
                yield place, sum(clock in self._hours.get(day, ()) for day in named) / len(named)


# ── one call below ────────────────────────────────────────────────────────────────────────────────────────────────────

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY_OF = {day: number for number, name in enumerate(_DAYS) for day in (name, f"{name}s", name[:3])}
_GROUPS = {
    "weekdays": frozenset(range(5)), "weekday": frozenset(range(5)), "weekends": frozenset((5, 6)),
    "weekend": frozenset((5, 6)), "daily": frozenset(range(7)), "everyday": frozenset(range(7)),
}  # fmt: skip
_THROUGH = words_of("to through until till thru")

_LOOSE = words_of(
    "vary varies varying range ranges ranging between depending except extended extend extends different closed close "
    "closes"
)
"""Words that make hours of a claim limits, or say that days differ: then it is enough that some day has a time."""

_WITHOUT = words_of("lack lacks lacking unavailable without")
_OPEN = words_of(
    "specified specify specifies mentioned mention mentions stated state listed unknown unclear information data "
    "indicated indicate indicates unspecified details whether"
)

_CLAUSE = re.compile(
    r"[;:]|,? \b(?:but|although|though|while|whereas|however|yet|despite)\b"
    r"|, (?=(?:and )?(?:it|they|there|the|he|she|which|making|with|do|does|did|is|are|has|have|no)\b)"
    r"|\band (?=(?:also |it |they |there )?"
    r"(?:do|does|did|is|are|has|have|offers?|takes?|accepts?|provides?|lacks?|its|no)\b)"
    r"|\bwith (?=no\b)",
    re.IGNORECASE,
)


def _said(unit: Unit) -> str | None:
    """yes, no or unknown for a fact that says one of these; one small word that says how ("free") is yes."""
    if not unit.name or unit.value is None:
        return None
    value = unit.value.strip().casefold()
    if value in ("yes", "no", "unknown"):
        return value
    if value in ("none", "never"):
        return "no"
    return "yes" if re.fullmatch(r"[a-z][a-z_]*", unit.value.strip()) else None


def _hours(facts: Sequence[Unit]) -> dict[int, set[int]]:
    """The times of day of each day of the week; a day that is shut has none."""
    hours: dict[int, set[int]] = {}
    for unit in facts:
        day = _DAY_OF.get(unit.name[-1].folded)
        if day is not None:
            clocks = [word.clock for word in unit.words if word.clock is not None]
            hours.setdefault(day, set()).update(clocks if len(set(clocks)) > 1 else ())
    return hours if any(hours.values()) else {}


def _places(name: Sequence[Word], words: Sequence[Word]) -> Iterator[tuple[int, int]]:
    """Where the words of a key stand in a claim one after the other, also written as one ("takeout", "Wi-Fi")."""
    whole = "".join(word.folded for word in name)
    stems = [word.stem for word in name]
    said, folded = [word.stem for word in words], [word.folded for word in words]
    for first in range(len(words)):
        if said[first : first + len(name)] == stems:
            if len(name) > 1 or folded[first].endswith("s") == name[0].folded.endswith("s") or len(whole) > 6:
                yield first, len(name)
            continue
        if not whole.startswith(folded[first]):
            continue
        for length in (1, 2, 3):
            if length != len(name) and "".join(folded[first : first + length]) == whole:
                yield first, min(length, len(words) - first)
                break


def _by_clause(claim: Unit, holds: Callable[[Word], bool]) -> list[bool]:
    """For each word whether `holds` is true of any word of its clause."""
    cuts = [match.start() for match in _CLAUSE.finditer(claim.text)]
    clause = [sum(cut <= word.start for cut in cuts) for word in claim.words]
    true_of = {number for number, word in zip(clause, claim.words, strict=True) if holds(word)}
    return [number in true_of for number in clause]


def _denies(word: Word) -> bool:
    return word.kind == "negation" or word.folded in _WITHOUT


def _leaves_open(word: Word) -> bool:
    return word.folded in _OPEN


def _times(words: Sequence[Word]) -> Iterator[tuple[int, frozenset[int] | None]]:
    """Times of day, and the days between them that are named together, with the place of their last word."""
    named: set[int] = set()
    last = -1
    for number, word in enumerate(words):
        day = _DAY_OF.get(word.folded)
        group = _GROUPS.get(word.folded)
        if word.folded in ("days", "day") and number and words[number - 1].folded in ("seven", "7", "every"):
            group = frozenset(range(7))
        if day is not None:
            two_before = _DAY_OF.get(words[number - 2].folded) if number > 1 else None
            if two_before is not None and words[number - 1].folded in _THROUGH:
                named |= {(two_before + step) % 7 for step in range((day - two_before) % 7 + 1)}
            named.add(day)
            last = number
        elif group is not None:
            named |= group
            last = number
        elif word.clock is not None:
            if named:
                yield last, frozenset(named)
                named = set()
            yield number, None
    if named:
        yield last, frozenset(named)
