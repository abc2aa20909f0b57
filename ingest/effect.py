# ruff: noqa: E501 (patterns are read better on one line)
"""From when a change counts: what its sentence says, what the amendment says of itself, else the amendment's own date.

with effect from 1 October 2024                        the day, and the place
from the Amendment Effective Date                      the day that the definition gives
upon satisfaction of the conditions in paragraph 3     not known: a condition, told as such
nothing                                                the date of the amendment, where it has one
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.documents import Document, Span
from core.periods import dates_in
from core.terms import AgreementNamed, Effective
from ingest.clauses import clauses_at, clauses_of, normal
from ingest.prose import MASK, Paragraph, first_containing, sentences_in

SAID, OF_ALL, DEFINED, OWN = (
    "as the change itself says",
    "as the amendment says of its changes",
    "as the amendment defines it",
    "no other date is given: the date of the amendment",
)
ON_A_CONDITION = "it takes effect on a condition, not on a date that is written here"
UNDATED = "the amendment has no date"

_FROM = re.compile(
    r"\b(?:with\s+(?:retroactive\s+)?effect\s+(?:from|as\s+of|on)|effective(?:\s+(?:date|as\s+of|as\s+from|from|on|upon))?|as\s+(?:of|from)|"
    r"commencing(?:\s+on)?|beginning(?:\s+on)?|on\s+and\s+(?:from|after)|from(?:\s+and\s+(?:after|including))?|on\s+or\s+after|"
    r"takes?\s+effect(?:\s+(?:on|from|as\s+of))?|in\s+effect\s+(?:from|as\s+of)|come[s]?\s+into\s+(?:force|effect)\s+(?:on|from)|mit\s+(?:rück)?wirkung\s+(?:zum|ab|vom|ab\s+dem)|"
    r"ab(?:\s+dem)?|tritt\s+(?:am|zum|mit\s+wirkung\s+(?:zum|vom))|gilt\s+ab(?:\s+dem)?|gelten\s+ab(?:\s+dem)?|zum)\s+(?:and\s+including\s+|the\s+)?",
    re.IGNORECASE,
)
_GENERAL = re.compile(
    r"\b(?:this\s+(?:[\w.]+\s+){0,3}(?:amendment|addendum|deed|agreement|supplement|variation|letter)|(?:the|these)\s+(?:amendments?|changes?|variations?|modifications?)|"
    r"(?:dieser|diese|die)\s+(?:\w*nachtrag|änderung\w*|\w*vereinbarung))\b[^.;]{0,160}?\b(?:effective|take[s]?\s+effect|in\s+effect|into\s+(?:force|effect)|"
    r"in\s+kraft|wirksam|gelten|gilt|tritt|treten)\b",
    re.IGNORECASE,
)
_ALL_FROM = re.compile(
    r"^\W*(?:[\w.()]{1,6}\s+)?(?:with\s+effect\s+from|effective(?:\s+(?:as\s+of|from|on))?|as\s+of|mit\s+wirkung\s+(?:zum|ab|vom))\b[^:]{0,260}"
    r"\b(?:agreement|lease|contract|deed|vertrag)\b[^:]{0,120}\b(?:amended|varied|modified|geändert)\b",
    re.IGNORECASE,
)
_CONDITION = re.compile(
    r"\b(?:effective|take[s]?\s+effect|in\s+effect|into\s+(?:force|effect)|wirksam|in\s+kraft)\b[^.;]{0,40}\b(?:upon|on\s+the\s+date\s+(?:on\s+which|of\s+(?:the\s+)?last|when|that)|"
    r"when|once|subject\s+to|only\s+if|mit\s+(?:unterzeichnung|zustimmung)|sobald|nach\s+(?:unterzeichnung|zustimmung))\b",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"\b(?P<name>(?:[A-Z][\w.]*\s+){0,4}(?:Effective\s+Date|Amendment\s+Date|Variation\s+Date|Commencement\s+Date|Restatement\s+Date|Stichtag|Wirksamkeitsdatum|Änderungsdatum))\b"
)
_PARAGRAPH = re.compile(
    r"\b(?:paragraphs?|clauses?|sections?|ziffern?|abs[aä]tz\w*)\s+(?P<numbers>\d[\w.()]*(?:(?:,|\s+and|\s+und|\s+to|\s+bis)\s*\d[\w.()]*)*)",
    re.IGNORECASE,
)


class Dates:
    """The dates of one amendment, to be asked for each of its changes."""

    def __init__(self, document: Document, paragraphs: Sequence[Paragraph], own: AgreementNamed | None) -> None:
        self._paragraphs = paragraphs
        self._clauses = clauses_of(document)
        self._own = own
        self._definitions = self._defined()
        self._general: list[tuple[tuple[tuple[str, ...], ...], Effective]] = list(self._of_the_whole())

    def of(self, sentence: Span) -> Effective:
        """From when the change counts that this sentence makes."""
        at = first_containing(self._paragraphs, sentence.start)
        if at is not None:
            paragraph = self._paragraphs[at]
            said = self._said(paragraph, sentence.within(paragraph.span) if paragraph.span.contains(sentence) else Span(0, len(paragraph.text)), SAID)  # fmt: skip
            if said is not None:
                return said
        own = [clause.number for clause in clauses_at(self._clauses, Span(sentence.start, sentence.start + 1))]
        of_all: Effective | None = None
        for numbers, effective in self._general:
            if not numbers:
                of_all = of_all or effective
            elif any(number[: len(one)] == one for number in own for one in numbers):
                return effective
        if of_all is not None:
            return of_all
        for name, effective in self._definitions.items():
            if name.lower() not in ("commencement date",):
                return effective
        if self._own is not None and self._own.day is not None:
            return Effective(self._own.day, OWN, self._own.span)
        return Effective(None, UNDATED)

    def _said(self, paragraph: Paragraph, within: Span, because: str) -> Effective | None:
        """What a sentence says: a date after "with effect from", or a name that stands for one."""
        words = within.of(paragraph.masked)
        for match in _FROM.finditer(words):
            after = words[match.end() : match.end() + 40]
            for period in dates_in(after):
                if (
                    period.span
                    and period.span.start < 4
                    and period.day
                    and _is_effect(match.group(), words, match.start())
                ):
                    return Effective(
                        period.day, because, period.span.shifted(paragraph.span.start + within.start + match.end())
                    )
            named = _NAME.match(words, match.end())
            if named and (known := self._definitions.get(named["name"])):
                return Effective(known.day, f"{DEFINED}: {named['name']}" if known.day else known.because, known.span)
        return None

    def _defined(self) -> dict[str, Effective]:
        """The days that names stand for: "(the “Effective Date”)" after a date, or "“Effective Date” means 1 May 2024"."""
        found: dict[str, Effective] = {}
        for paragraph in self._paragraphs:
            for match in _NAME.finditer(paragraph.text):
                before, after = paragraph.text[: match.start()], paragraph.text[match.end() :]
                if re.search(r"\((?:[^()]{0,60})(?:the\s+)?[“\"„‘']?(?:the\s+)?$", before) and re.match(
                    r"[”\"“’']?\s*\)", after
                ):
                    days = list(dates_in(before[-160:]))
                    base = paragraph.span.start + max(0, len(before) - 160)
                    if (
                        days
                        and days[-1].span
                        and len(before[-160:]) - days[-1].span.end < 60
                        and not _names_contract(before[-160:][: days[-1].span.start])
                    ):
                        found.setdefault(match["name"], Effective(days[-1].day, DEFINED, days[-1].span.shifted(base)))
                    elif not days and _CONDITION.search(before[-260:]):
                        found.setdefault(match["name"], Effective(None, ON_A_CONDITION, paragraph.span))
                    continue
                means = re.match(
                    r"[”\"“’']?\s*(?:shall\s+)?(?:means?|:|is|bedeutet|ist)?\s*(?:the\s+date\s+of\s+|den\s+|der\s+)?",
                    after,
                )
                if means and re.search(r"[“\"„‘']$|^\W*$", before):
                    for period in dates_in(after[means.end() : means.end() + 40]):
                        if period.span and period.span.start < 4:
                            at = paragraph.span.start + match.end() + means.end()
                            found.setdefault(match["name"], Effective(period.day, DEFINED, period.span.shifted(at)))
                        break
                    else:
                        if re.match(
                            r"[”\"“’']?\s*(?:shall\s+)?means?\s+(?:the\s+)?(?:first\s+)?(?:date|day)\s+(?:on|when|that|upon)",
                            after,
                        ):
                            found.setdefault(match["name"], Effective(None, ON_A_CONDITION, paragraph.span))
        return found

    def _of_the_whole(self) -> list[tuple[tuple[tuple[str, ...], ...], Effective]]:
        """What the amendment says of all its changes, or of those in some of its paragraphs: (numbers, from when)."""
        found = []
        for paragraph in self._paragraphs:
            for sentence in sentences_in(paragraph):
                words = sentence.of(paragraph.masked)
                general = _GENERAL.search(words)
                if not general and not _ALL_FROM.search(words):
                    continue
                numbers: tuple[tuple[str, ...], ...] = ()
                if general and (listed := _PARAGRAPH.search(general.group())):
                    numbers = tuple(normal(one) for one in re.findall(r"\d[\w.()]*", listed["numbers"]))
                said = self._said(paragraph, sentence, OF_ALL)
                condition = _CONDITION.search(words)
                if said is None and condition and MASK not in condition.group():
                    said = Effective(None, ON_A_CONDITION, sentence.shifted(paragraph.span.start))
                if said is not None:
                    found.append((numbers, said))
        return found


def _is_effect(said: str, words: str, at: int) -> bool:
    """ "from" and "as of" before a date tell an effect at the start or end of a sentence, not inside the new words."""
    plain = said.strip().lower()
    if plain not in (
        "from",
        "as of",
        "zum",
        "ab",
        "ab dem",
        "from the",
        "as of the",
        "on or after",
        "commencing",
        "beginning",
    ):
        return True
    before = words[max(0, at - 40) : at]
    return not re.search(
        r"\b(?:dated|made|entered\s+into|agreement|extended|datiert|verlängert|bis)\s*$", before, re.IGNORECASE
    )


def _names_contract(before: str) -> bool:
    return (
        re.search(r"\b(?:agreement|lease|contract|vertrag)\s+(?:dated|vom)\s+(?:as\s+of\s+)?$", before, re.IGNORECASE)
        is not None
    )
