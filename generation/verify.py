"""Whether the words of a claim are carried by its quotes, and whether a quote stands in its source. No model, no score.

Fuzzy matching passes exactly the errors that lose cases: on a clause of 370 characters "shall not exceed" and "shall
exceed" are 99 % alike. So both texts are aligned atom by atom (see generation.atoms), and critical atoms must be equal.
What the alignment cannot settle is *unverified*, never verified.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from enum import StrEnum

from core.answers import Claim, Support
from generation.atoms import Atom, Kind, atoms_of
from generation.recomputed import held_against_cells
from generation.words import CONDITIONS, CONNECTIVES, DENYING, DOLLARS, FALLING, SMALL


class Agreement(StrEnum):
    """How a quote stands in its source.

    exact       character by character
    normalised  but for blanks, hyphenation, kinds of quotation marks and dashes, digit grouping, case of common words
    altered     the place is there, but words of it differ
    absent      no such place
    """

    EXACT = "exact"
    NORMALISED = "normalised"
    ALTERED = "altered"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a quote, and in words what differs."""

    agreement: Agreement
    differences: tuple[str, ...] = ()


def verify(claims: Sequence[Claim]) -> tuple[Claim, ...]:
    """The same claims, each with its support and the differences found."""
    return tuple(verified(claim) for claim in claims)


def verified(claim: Claim) -> Claim:
    """The claim held against each of its quotes and against all of them together; the best of these counts.

    verified    its atoms stand in a quote in the same order; what the quote has between them is not critical
    altered     a critical atom contradicts the quotes; `differences` says which
    unverified  neither
    none        there is no citation
    """
    quotes = [citation.quote for citation in claim.citations]
    if not quotes:
        return replace(claim, support=Support.NONE, differences=())
    verdict = _VERDICT.match(claim.text)
    if verdict is not None:
        rest = verified(replace(claim, text=claim.text[verdict.end() :]))
        denies = any(atom.kind is Kind.NEGATION for atom in atoms_of(rest.text))
        if denies is (verdict[1] in _DENIALS) or rest.support is Support.ALTERED:
            return replace(rest, text=claim.text)
        differences = (f"the claim says “{verdict[1]}”, its words say otherwise",)
        return replace(rest, text=claim.text, support=Support.ALTERED, differences=differences)
    cells = held_against_cells(claim.text, quotes)
    if cells is not None:
        return replace(claim, support=cells[0], differences=cells[1])
    said = atoms_of(claim.text)
    sources = list(dict.fromkeys([*quotes, "\n\n".join(quotes)]))
    outcomes = [_held_against(said, atoms_of(source)) for source in sources]
    best = min(outcomes, key=lambda outcome: (_ORDER[outcome.support], len(outcome.differences)))
    if best.support is not Support.VERIFIED:
        best = outcomes[-1]  # all quotes together: what none of them says alone may still be said between them
    return replace(claim, support=best.support, differences=best.differences)


def compare(quote: str, source: str) -> Verdict:
    """How `quote`, words that somebody put in quotation marks, stands in `source`."""
    quote = quote.strip()
    if not quote:
        return Verdict(Agreement.ABSENT)
    place, turned = source.find(quote), False
    while place >= 0:
        if _whole(source, place, place + len(quote)):
            if not _turned(source[max(place - 20, 0) : place], source[place + len(quote) :][:20]):
                return Verdict(Agreement.EXACT)
            turned = True
        place = source.find(quote, place + 1)
    said, found = atoms_of(quote), atoms_of(source)
    if not said:
        return Verdict(Agreement.ABSENT)
    if turned:
        return Verdict(Agreement.ALTERED, ("the quote leaves out the negation that stands next to it",))
    for start in _occurrences(said, found):
        end = start + len(said)
        beside = [*found[max(start - 1, 0) : start], *found[end : end + 1]]
        if any(
            atom.key in DENYING and atom.sentence in (found[start].sentence, found[end - 1].sentence) for atom in beside
        ):
            continue
        free = _one_case(said) or _one_case(found[start:end])
        if all(_same_shape(one, other, free=free) for one, other in zip(said, found[start:], strict=False)):
            return Verdict(Agreement.NORMALISED)
    window = _window(said, found)
    matcher = SequenceMatcher(None, _keys(said), _keys(window), autojunk=False)
    matched = sum(block.size for block in matcher.get_matching_blocks())
    if matched < _SAME_PLACE * len(said):
        return Verdict(Agreement.ABSENT)
    return Verdict(Agreement.ALTERED, tuple(_every_difference(matcher, said, window)))


@dataclass(frozen=True, slots=True)
class _Outcome:
    support: Support
    differences: tuple[str, ...] = ()


_VERDICT = re.compile(r"(Yes|No|Ja|Nein): +")
_DENIALS = frozenset(["No", "Nein"])
"""A claim may put the answer to a question of yes or no before the words that it cites: a denial needs a negation."""

_ORDER = {Support.VERIFIED: 0, Support.UNVERIFIED: 1, Support.ALTERED: 2}

_SAME_PLACE = 0.5
"""A quote of which less than half stands in order at one place of the source is not that place."""

_NEAR_COPY = 0.6
"""From this share of matched atoms on a claim retells one sentence of the quote, so that a critical atom which stands
opposite another one contradicts it; below, the claim is worded anew and the opposite atom may be about something else.
One changed atom in a claim of three is 0.67."""

_GAP = 4
"""A negation that the claim leaves out together with at most this many atoms was dropped on purpose or by mistake;
with more of them a whole clause was left out."""


def _keys(atoms: Sequence[Atom]) -> list[str]:
    return [atom.key for atom in atoms]


def _whole(source: str, start: int, end: int) -> bool:
    """True when the place does not begin or end inside a word or a number."""
    before, after = source[max(start - 2, 0) : start], source[end : end + 2]
    inside_before = re.search(r"[^\W_]$|\d[.,]$", before) and re.match(r"[^\W_]", source[start:end])
    inside_after = re.match(r"[^\W_]|[.,]\d", after) and re.search(r"[^\W_]$", source[start:end])
    return not inside_before and not inside_after


_DENIED_BEFORE = re.compile(rf"(?:^|[^\w-])(?:{'|'.join(sorted(DENYING))})\s+$", re.IGNORECASE)
_DENIED_AFTER = re.compile(rf"^\s+(?:{'|'.join(sorted(DENYING))})(?!\w)", re.IGNORECASE)


def _turned(before: str, after: str) -> bool:
    """True for a quote cut off right beside its negation: "… shall be liable" of "No party shall be liable"."""
    return bool(_DENIED_BEFORE.search(before) or _DENIED_AFTER.match(after))


def _occurrences(said: Sequence[Atom], found: Sequence[Atom]) -> Iterator[int]:
    """Where the atoms of `said` stand in `found` one after the other."""
    wanted, there = _keys(said), _keys(found)
    for start in range(len(there) - len(wanted) + 1):
        if there[start] == wanted[0] and there[start : start + len(wanted)] == wanted:
            yield start


def _one_case(atoms: Sequence[Atom]) -> bool:
    """True when all words are in small or all in capital letters: then their case says nothing about names."""
    words = [atom.surface for atom in atoms if atom.surface.lower() != atom.surface.upper()]
    return all(word.islower() for word in words) or all(word.isupper() for word in words)


def _same_shape(one: Atom, other: Atom, *, free: bool = False) -> bool:
    """Written alike; and where one is a name inside a sentence, also in the same case: "Apple" is not "apple".

    `free` leaves case aside.
    """
    if one.shape != other.shape:
        return False
    free = free or one.leads or other.leads or one.surface.isupper() or other.surface.isupper()
    return free or one.surface[:1].isupper() == other.surface[:1].isupper()


def _window(said: Sequence[Atom], found: Sequence[Atom]) -> Sequence[Atom]:
    """The stretch of `found`, twice as long as `said`, that shares most with it: rare atoms count more."""
    length = 2 * len(said)
    if len(found) <= 2 * length:
        return found
    counts = Counter(_keys(found))
    wanted = {key: 1 / counts[key] ** 0.5 for key in _keys(said) if key in counts}
    inside: Counter[str] = Counter()
    score = best = 0.0
    best_end = length
    for end, atom in enumerate(found, start=1):
        if atom.key in wanted:
            score += wanted[atom.key] if not inside[atom.key] else 0.0
            inside[atom.key] += 1
        if end > length:
            leaving = found[end - length - 1].key
            if leaving in wanted:
                inside[leaving] -= 1
                score -= wanted[leaving] if not inside[leaving] else 0.0
        if score > best + 1e-9:
            best, best_end = score, end
    # The window that is first to hold everything ends with the last match: leave as much room behind it.
    return found[max(best_end - length, 0) : best_end + len(said)]


def _held_against(said: list[Atom], found: list[Atom]) -> _Outcome:
    if not said:
        return _Outcome(Support.UNVERIFIED, ("the claim has no words to compare",))
    doubts: tuple[str, ...] = ()
    for start in _occurrences(said, found):
        doubts = tuple(_limits(found, start, start + len(said)))
        if not doubts:
            return _Outcome(Support.VERIFIED)
    if doubts:
        return _Outcome(Support.UNVERIFIED, doubts)
    window = _window(said, found)
    matcher = SequenceMatcher(None, _keys(said), _keys(window), autojunk=False)
    matched = sum(block.size for block in matcher.get_matching_blocks())
    finding = _Finding(said, found, near=matched >= _NEAR_COPY * len(said))
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag != "equal":
            edge = tag == "insert" and i in (0, len(said))
            finding.look(said[i:j], window[k:m], after=said[j : j + 1], edge=edge)
    matches = [block for block in matcher.get_matching_blocks() if block.size]
    if matches:
        last = matches[-1]
        finding.doubts += _limits(window, matches[0].b, last.b + last.size)
    if finding.contradictions:
        return _Outcome(Support.ALTERED, tuple(dict.fromkeys(finding.contradictions)))
    if finding.doubts:
        return _Outcome(Support.UNVERIFIED, tuple(dict.fromkeys(finding.doubts)))
    return _Outcome(Support.VERIFIED)


def _limits(found: Sequence[Atom], start: int, end: int) -> list[str]:
    """What the sentence says before and after the part that was taken, when that can turn or limit its meaning."""
    outside = [
        atom
        for atom in (*found[:start], *found[end:])
        if atom.sentence in (found[start].sentence, found[end - 1].sentence)
        and (atom.kind is Kind.NEGATION or atom.key in CONDITIONS)
    ]
    return [f"the claim leaves out “{atom.surface}” of the same sentence" for atom in outside]


class _Finding:
    """Collects, segment by segment of an alignment, what contradicts a claim and what leaves it in doubt."""

    def __init__(self, said: Sequence[Atom], found: Sequence[Atom], *, near: bool) -> None:
        self._found = found
        self._near = near
        self._signed = any(atom.key in FALLING for atom in said)
        self._said_keys = {atom.key for atom in said}
        self.contradictions: list[str] = []
        self.doubts: list[str] = []

    def look(self, said: Sequence[Atom], opposite: Sequence[Atom], *, after: Sequence[Atom], edge: bool) -> None:
        """One stretch of the claim and what stands opposite it in the source; either may be empty."""
        if not said:
            self._left_out(opposite, after, edge=edge)
            return
        for kind in (Kind.NUMBER, Kind.NEGATION, Kind.MODAL, Kind.COMPARATIVE, Kind.NAME):
            ours = [atom for atom in said if atom.kind is kind]
            theirs = [atom for atom in opposite if atom.kind is kind]
            if kind is Kind.NUMBER:
                for atom in ours:
                    self._number(atom, theirs)
            elif kind is Kind.NEGATION:
                if bool(ours) != bool(theirs) or (ours and ours[0].key != theirs[0].key):
                    self._say(said, opposite, after, against=self._near)
            else:
                self._word(said, opposite, ours, theirs, after)
        self._link(said, opposite, after)
        if any(atom.kind is Kind.WORD and atom.key not in SMALL for atom in said):
            self.doubts.append(f"the source does not say “{_surface(said)}” in this place")
        if any(atom.critical for atom in opposite) and not any(atom.critical for atom in said):
            self.doubts.append(f"the claim leaves out “{_surface(opposite)}”")

    def _left_out(self, opposite: Sequence[Atom], after: Sequence[Atom], *, edge: bool) -> None:
        critical = [atom for atom in opposite if atom.critical]
        if edge or not critical:
            return
        turned = any(atom.kind in (Kind.NEGATION, Kind.COMPARATIVE) for atom in critical)
        self._say((), opposite, after, against=turned and self._near and len(opposite) <= _GAP)

    def _number(self, atom: Atom, opposite: Sequence[Atom]) -> None:
        backing = max((_backed(atom, other, signed=self._signed) for other in self._found), default=0)
        same_class = [other for other in self._found if _class_of(other) == _class_of(atom)]
        new = [other for other in opposite if other.key not in self._said_keys]
        if backing == _YES:
            against = self._near and bool(new)
        elif backing == _PERHAPS:
            against = False
        else:
            spelled = atom.shape.isalpha() and atom.amount is not None and not atom.amount.unit
            against = bool(opposite) or (bool(same_class) and not spelled)
        others = new or ([] if backing else same_class[:3])
        self._say([atom], others, (), against=against)

    def _word(
        self,
        said: Sequence[Atom],
        opposite: Sequence[Atom],
        ours: Sequence[Atom],
        theirs: Sequence[Atom],
        after: Sequence[Atom],
    ) -> None:
        if not ours:
            return
        differ = {atom.key for atom in ours} != {atom.key for atom in theirs}
        if not differ:
            return
        kind = ours[0].kind
        known = {atom.key for atom in self._found if atom.kind is kind}
        unknown = any(atom.key not in known for atom in ours)
        if kind is Kind.NAME:
            opposed = bool(theirs) or any(atom.leads for atom in opposite)
            inner = any(atom.key not in known and not atom.leads for atom in ours)
            against = opposed and (self._near or (inner and bool(theirs)))
        else:
            against = self._near and (bool(theirs) or unknown)
        self._say(said, opposite, after, against=against)

    def _link(self, said: Sequence[Atom], opposite: Sequence[Atom], after: Sequence[Atom]) -> None:
        ours = {atom.key for atom in said if atom.kind is Kind.LINK}
        theirs = {atom.key for atom in opposite if atom.kind is Kind.LINK}
        if ours and theirs and ours != theirs:
            self._say(said, opposite, after, against=self._near)
        elif ours & CONNECTIVES and not theirs:
            self._say(said, opposite, after, against=False)

    def _say(self, said: Sequence[Atom], opposite: Sequence[Atom], after: Sequence[Atom], *, against: bool) -> None:
        ours, theirs = _surface([*said, *after]), _surface([*opposite, *after])
        if ours and theirs:
            sentence = f"the claim says “{ours}”, the source says “{theirs}”"
        elif ours:
            sentence = f"the claim says “{ours}”, which the source does not say in this place"
        else:
            sentence = f"the claim leaves out “{theirs}”"
        (self.contradictions if against else self.doubts).append(sentence)


_NO, _PERHAPS, _YES = 0, 1, 2


def _backed(claimed: Atom, source: Atom, *, signed: bool) -> int:
    """Whether a number of the source is the one that was claimed.

    Perhaps: the claim says less ("December 2023" of 31 December), or names a scale or currency that a table gives
    elsewhere ("in millions"), or says in words that a negative number fell (`signed`).
    """
    if claimed.key == source.key:
        return _YES
    if claimed.key.startswith("date ") and source.key.startswith("date "):
        pairs = zip(claimed.key[5:].split("-"), source.key[5:].split("-"), strict=False)
        same = claimed.key.count("-") == source.key.count("-") and all(one in ("?", other) for one, other in pairs)
        return _PERHAPS if same else _NO
    ours, theirs = claimed.amount, source.amount
    if ours is None or theirs is None:
        year = ours is not None and source.key.startswith("date ") and ours.value == source.key[5:].split("-")[0]
        return _PERHAPS if year else _NO
    same_currency = ours.currency == theirs.currency or not ours.currency or not theirs.currency
    dollars = "$" in (ours.currency, theirs.currency) and {ours.currency, theirs.currency} <= DOLLARS
    same_unit = ours.unit == theirs.unit or not ours.unit or not theirs.unit
    same_value = ours.value == theirs.value or (ours.scaled and not theirs.scaled and ours.digits == theirs.digits)
    if signed:
        same_value = same_value or (theirs.value == f"-{ours.value}")
    return _PERHAPS if (same_currency or dollars) and same_unit and same_value and ours.value else _NO


def _class_of(atom: Atom) -> str:
    """Numbers of one class can contradict each other: two dates, two percentages, two amounts of money."""
    if atom.kind is not Kind.NUMBER:
        return atom.kind
    if atom.amount is None:
        return atom.key.split()[0]
    if re.fullmatch(r"(?:19|20)\d\d", atom.key):
        return "year"
    return atom.amount.unit or ("money" if atom.amount.currency else "number")


def _surface(atoms: Sequence[Atom]) -> str:
    return " ".join(atom.surface for atom in atoms)


def _every_difference(matcher: SequenceMatcher[str], said: Sequence[Atom], found: Sequence[Atom]) -> Iterator[str]:
    """All differences between a quote and the place that it was taken from, whatever their kind."""
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag == "equal":
            for ours, theirs in zip(said[i:j], found[k:m], strict=True):
                if not _same_shape(ours, theirs):
                    yield f"the quote says “{ours.surface}”, the source says “{theirs.surface}”"
        elif tag == "insert" and i in (0, len(said)):
            continue
        elif tag == "insert":
            yield f"the quote leaves out “{_surface(found[k:m])}”"
        elif tag == "delete" or k == m:
            yield f"the quote says “{_surface(said[i:j])}”, which the source does not say in this place"
        else:
            yield f"the quote says “{_surface(said[i:j])}”, the source says “{_surface(found[k:m])}”"
