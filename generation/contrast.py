"""Where a claim follows a sentence word for word and says something else at one place that matters.

claim     The Customer shall pay each invoice within  sixty (60)   days of receipt.
evidence  The Customer shall pay each invoice within  thirty (30)  days of receipt.
                                                      └ a number opposite another number: contradicted

Stricter than the verdict of generation.verify, which is there to refuse whatever it cannot settle: retold sentences of
honest answers differ from their sources in first words, list numbers and abbreviations, and are not wrong for that.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

from generation.evidence import Unit, Word
from generation.words import words_of


def contradicts(claim: Unit, unit: Unit) -> bool:
    """Whether `claim` repeats `unit` but for a critical word: a number, name, modal or bound opposite another one, or a
    negation that only one of them has."""
    said, found = _without_marker(claim.words), _without_marker(unit.words)
    if len(said) < _FEWEST:
        return False
    matcher = SequenceMatcher(None, [word.stem for word in said], [word.stem for word in found], autojunk=False)
    codes = matcher.get_opcodes()
    if sum(end - start for tag, start, end, _, _ in codes if tag == "equal") < _COPIED * len(said):
        return False
    return any(
        _opposed(said[first:last], found[start:end])
        for tag, first, last, start, end in codes
        if tag != "equal" and first > 0 and start > 0 and (last < len(said) or last > first)
    )


# ── one call below ────────────────────────────────────────────────────────────────────────────────────────────────────

_FEWEST = 4
"""Words of a claim below which nothing is told from its likeness."""

_COPIED = 0.75
"""Share of a claim's words that stand in the sentence in the same order."""

_GAP = 2
"""Words on either side of a difference: with more of them a clause was worded anew, and what is opposite may be about
something else."""

_OBLIGING = words_of("shall must required muss müssen phải doit doivent debe deben")
"""Opposite one of these, any other modal takes an obligation away; among the others honest answers choose freely."""

_MORE = words_of(
    "least minimum more over above greater larger higher exceed exceeds after increase increased increases rose"
)
_LESS = words_of("most maximum less under below fewer smaller lower within before decrease decreased decreases fell")
"""Bounds and movements to either side; "most" is that of "at most"."""


def _without_marker(words: Sequence[Word]) -> Sequence[Word]:
    """The words after the number that a list begins a line with."""
    return words[1:] if words and words[0].kind == "number" and words[0].start == 0 else words


def _opposed(said: Sequence[Word], found: Sequence[Word]) -> bool:
    if len(said) > _GAP or len(found) > _GAP:
        return False
    negated = [any(word.kind == "negation" for word in words) for words in (said, found)]
    if negated[0] != negated[1]:
        return True
    ours, theirs = ({word.stem for word in words if word.kind == "number"} for words in (said, found))
    if ours and theirs and not ours & theirs:
        return True
    bound = [{word.folded in _OBLIGING for word in words if word.kind == "modal"} for words in (said, found)]
    if bound[0] and bound[1] and not bound[0] & bound[1]:
        return True
    sides = [{word.folded in _MORE for word in words if word.folded in _MORE | _LESS} for words in (said, found)]
    if sides[0] and sides[1] and not sides[0] & sides[1]:
        return True
    if _written(said) == _written(found):
        return False
    ours, theirs = ({word.stem for word in words if word.capital and not word.common} for words in (said, found))
    return bool(ours and theirs and not ours & theirs)


def _written(words: Sequence[Word]) -> str:
    """The letters alone: "Ph.D." is "PhD", and "U.S." "US"."""
    return "".join(word.folded for word in words)
