"""Whether an answer says what was expected: two judges without a model, one for figures and a rough one for prose.

question ─► scale asked for ("in USD millions") ─┐
expected ─► one figure ──────────────────────────┼─► right · wrong · silent
answer ───► its conclusion ─► figures ───────────┘

Two figures are the same when they agree at the digits of the one that shows fewer, with their scale and sign. Prose is
held against the words and figures of what was expected: what it calls right is right nearly always, what it calls wrong
is often right in other words (docs/evaluation.md has the figures), so it is advisory, as a model is (app.proof).
"""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

from app.proof import Correctness
from core.figures import Figure, figures_in, same, scale_in


def expected_figure(expected: str | float) -> Figure | None:
    """The figure that a short expected answer consists of ("$400,000,000 increase.", 0.308); None for prose."""
    if isinstance(expected, str) and len(expected.split()) > _SHORT:
        return None
    text = expected if isinstance(expected, str) else format(Decimal(str(expected)), "f")
    # Sets print 4.6 as "$4.60" and 9068 as "$9068.00": noughts at the end say nothing of how exact a figure is.
    found = list(figures_in(re.sub(r"\.0+(?!\d)|(?<=\.\d)0+(?!\d)", "", text)))
    return found[0] if len(found) == 1 else None


def judge_figure(question: str, expected: Figure, answer: str) -> Correctness:
    """Held against the conclusion of the answer: its last sentence with figures, and its first."""
    wanted = _as_asked(question, expected)
    said = [one for part in _conclusions(_LISTING.sub("", answer)) for one in figures_in(part)]
    if any(_agree(question, wanted, one) for one in said):
        return Correctness.RIGHT
    if not answer.strip() or _SILENT.search(answer):
        return Correctness.SILENT
    return Correctness.WRONG


def judge_words(question: str, expected: str, answer: str) -> Correctness:
    """Prose held against the words of the expected answer that the question does not have, and against its figures.

    Right when the answer has at least half of each and no yes where a no was expected; else silent when it says that it
    cannot answer, and wrong otherwise. Half is no tuned threshold: it is the middle.
    """
    if not answer.strip():
        return Correctness.SILENT
    yes, said_yes = _YES_OR_NO.match(expected), _YES_OR_NO.match(answer)
    if yes and said_yes and bool(yes["yes"]) != bool(said_yes["yes"]):
        return Correctness.WRONG
    scale = scale_in(question) or 0
    found = [form for one in figures_in(answer) for form in (one, one.times(scale))]
    figures = [any(same(wanted, one) for one in found) for wanted in figures_in(expected)]
    answered = _words(answer)
    words = [word in answered for word in _words(expected) - _words(question)]
    if (figures or words) and all(2 * sum(there) >= len(there) for there in (figures, words)):
        return Correctness.RIGHT
    return Correctness.SILENT if _SILENT.search(answer) else Correctness.WRONG


# ── one call below ────────────────────────────────────────────────────────────────────────────────────────────────────

_SHORT = 4
"""Words of an expected answer up to which its one figure is all that it says."""

_ROUNDED_TWICE = Decimal("1.05")
"""Of the last digit: 7,110.5 rounded before it divides gives 3.45 instead of 3.46, which people call the same. Only
where that digit is fine, `_FINE` of the figure: $0.33 billion is not $0.4 billion."""

_FINE = Decimal("0.01")

_YES_OR_NO = re.compile(r"\W*(?:(?P<yes>yes|ja)|no|nein)\b", re.IGNORECASE)

_WORD = re.compile(r"[^\W\d_]{4,}")
"""Words of fewer letters are mostly those that every sentence has."""

_LISTING = re.compile(r"^\s*\(?\d{1,2}[.)]\s+", re.MULTILINE)

_LISTED = 12
"""A conclusion with more figures than that is a table read out, not a conclusion."""

_ASKS_PERCENT = re.compile(r"%|\bper\s?cent|\bpercentages?\b|\bmargin\b|\brate\b|\bprozent", re.IGNORECASE)

_SILENT = re.compile(
    r"\b(?:cannot|can't|can ?not|unable|not able|impossible)\b.{0,60}\b(?:provide|answer|determine|calculate|find|"
    r"assist|comput\w+|give|locat\w+|access|be (?:calculated|determined|answered))\b"
    r"|\b(?:does|do|did|is|are|was|were|has|have)(?: not|n't)\b.{0,60}\b(?:provid\w+|includ\w+|contain\w*|disclos\w+|"
    r"availabl\w+|access|enough|sufficient|specif\w+|mention\w*|inform\w+|listed|given|necessary|state[sd]?)\b"
    r"|\b(?:sorry|insufficient|not enough|no (?:specific |direct )?information|more information|further information)\b"
    r"|\b(?:if you (?:can|could|have|provide)|please (?:provide|refer|consult|check)"
    r"|you (?:would|will|can|may|should) need to"
    r"|(?:I|we) (?:would|will) need|would need)\b"
    r"|\b(?:kann|können)\b.{0,60}\bnicht\b|\bkeine Angaben?\b",
    re.IGNORECASE | re.DOTALL,
)


def _as_asked(question: str, expected: Figure) -> Figure:
    scale = scale_in(question)
    return expected.times(scale) if scale else expected


def _conclusions(answer: str) -> tuple[str, ...]:
    """The first sentence that has a figure, and the last one."""
    parts = [part for part in _SENTENCES.split(answer) if any(True for _ in figures_in(part))]
    chosen = list(dict.fromkeys([*parts[-1:], *parts[:1]]))
    return tuple(part for part in chosen if sum(1 for _ in figures_in(part)) <= _LISTED)


_SENTENCES = re.compile(r"(?<=[.!?:])\s+(?=[A-Z*\[(])|\n+")


def _agree(question: str, wanted: Figure, said: Figure) -> bool:
    if (
        said.currency
        and wanted.currency
        and said.currency != wanted.currency
        and "$" not in (said.currency, wanted.currency)
    ):
        return False
    candidates = [said]
    if not said.scaled and not said.percent:
        scale = scale_in(question)
        if scale:
            candidates.append(said.times(scale))
        if _ASKS_PERCENT.search(question):
            candidates.append(replace(said, value=said.value / 100, place=said.place / 100))
    return any(_same(wanted, one) for one in candidates)


def _same(wanted: Figure, said: Figure) -> bool:
    coarser = max(wanted.place, said.place)
    if said.place > wanted.place and abs(said.value) < 10 * said.place:  # "5 billion" says too little to be 4.6
        return said.value == wanted.value
    return same(wanted, said, within=_ROUNDED_TWICE if coarser <= _FINE * abs(wanted.value) else Decimal("0.5"))


def _words(text: str) -> set[str]:
    """In small letters, without a last s: "revenue" and "revenues" are one."""
    return {word.casefold().rstrip("s") for word in _WORD.findall(text)}
