# ruff: noqa: E501 (patterns are read better on one line)
"""Which agreements an amendment names, how it calls them, and of when it is itself.

AMENDMENT NO. 1 to the Supply Agreement dated 14 March 2023        supply agreement, 2023-03-14
… are party to that certain Lease dated as of May 2, 2019 (the “Lease”)
Nachtrag Nr. 2 zum Rahmenliefervertrag vom 1. Juni 2021
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from core.documents import Span
from core.periods import dates_in
from core.terms import AgreementNamed
from ingest.prose import Paragraph

WITHIN = 6_000
"""Characters in which an amendment has named what it amends: title, parties and recitals."""

_NOUN = (
    r"agreements?|contract|lease|deed|licen[cs]e|indenture|note|terms\s+and\s+conditions|statement\s+of\s+work|"
    r"[a-zäöü]*(?:vertrag|vertrags|vertrages|vereinbarung)"
)
_TITLE = re.compile(
    rf"(?:(?<=\s)|(?<=^)|(?<=[(“\"„]))(?P<title>(?:[A-ZÄÖÜ][\w&/.'’-]*\s+(?:(?:and|of|for|und|für|&|the)\s+)*|(?-i:[a-z][a-z-]+\s+)){{0,7}}?"
    rf"(?:{_NOUN})(?:\s+(?:no|nr)\.?\s*[\w/-]*\d[\w/-]*)?)\b",
    re.IGNORECASE,
)
_AMENDMENT = re.compile(
    r"\b(?:amendment|addendum|nachtrag\w*|variation|supplement\w*|änderungs\w*|ergänzungs\w*|side)\b", re.IGNORECASE
)
_OPENS = re.compile(
    r"(?:.*\b(?:a|an|the|that|certain|to|this|such|said|their|existing|original|einen?|dem|den|der|des|zum|zur|into|of|von|vom|under|certain|"
    r"following|amends?|amending|varies|restates?|restating|in)\b\s*)(?P<title>.*)",
    re.IGNORECASE | re.DOTALL,
)
_DATED = re.compile(
    r"\s*[,(]?\s*(?:\([^)]{0,80}\)\s*)?(?:(?:between|by\s+and|among|zwischen|with|for|no\.|relating)\b[^.;]{0,200}?)?,?\s*(?:(?:which\s+(?:was|is)\s+)?(?:made\s+and\s+)?"
    r"(?:originally\s+)?(?:dated|made|entered\s+into|executed|signed|effective|concluded|abgeschlossen|datiert|vom|of|geschlossen)"
    r"(?:\s+(?:effective|dated|as|of|on|the|auf|den|am|vom))*)\s*[“\"]?",
    re.IGNORECASE,
)
_CALLED = re.compile(r"\(\s*(?:as\s+[^()“\"„]{0,80})?(?:hereinafter|hereafter|collectively|together|each)?[^()“\"„]{0,60}(?:the\s+|der\s+|die\s+)?[“\"„‘](?:the\s+)?(?P<called>[^”\"“’]{3,60})[”\"“’]\s*\)|\((?:the|der|die)\s+(?P<bare>[A-Z][\w ]{3,40})\)", re.IGNORECASE)  # fmt: skip
_TOLD = re.compile(
    r"\b(?:to|of|zum|zur|des|amends?|amending|vary|varies|varying|party\s+to|parties\s+to|entered\s+into|into|refer\s+to|under|pursuant\s+to|"
    r"relating\s+to|restat\w+|supersed\w+|replac\w+|concluded|geschlossen|ersetzt|certain|accordance\s+with)\s+(?:(?:the|a|an|that|certain|their|existing|original|"
    r"den|dem|einen?|der)\s+)*$",
    re.IGNORECASE,
)
_RESTATED = re.compile(
    rf"\b(?:this|dieser?)\s+(?:\w+\s+)?amended\s+and\s+restated\s+(?P<title>(?:[\w&/.,'’-]+\s+){{1,9}}?(?:{_NOUN}))\b",
    re.IGNORECASE,
)
_ITSELF = re.compile(r"\bthis\s+(?:\w+\s+)?amended\s+and\s+restated\s+(?:[\w&-]+,?\s+){0,8}$", re.IGNORECASE)
_ANOTHER_TIME = re.compile(
    r"\b(?:commenc\w+|beginning|ending|ends?|expir\w+|terminat\w+|until|through|to|by|before|endet|bis(?:\s+zum)?|beginnend)\s+(?:on\s+|at\s+|as\s+of\s+|from\s+)?(?:the\s+)?$",
    re.IGNORECASE,
)
"""Before the date of a term or of a limit: not that of the document."""
_GENERIC = ("agreement", "contract", "vertrag", "vereinbarung", "deed", "note", "vertrags", "vertrages")


@dataclass(frozen=True, slots=True)
class Named:
    """An agreement, and the word that the document uses for it from there on ("the Lease"); None where it defines none."""

    agreement: AgreementNamed
    called: str | None

    def in_words(self, sentence: str) -> bool:
        """True where a sentence names it by its title or by that word."""
        names = [self.called or "", self.agreement.title if self.agreement.title not in _GENERIC else ""]
        return any(name and re.search(rf"\b{re.escape(name)}\b", sentence, re.IGNORECASE) for name in names)


def agreements_named(paragraphs: Sequence[Paragraph]) -> tuple[Named, ...]:
    """The agreements that title and recitals name, the first told first; what is named twice is one."""
    found: list[Named] = []
    for paragraph in paragraphs:
        if paragraph.span.start > WITHIN:
            break
        for one in _in(paragraph):
            same = next((at for at, known in enumerate(found) if _same(known, one)), None)
            if same is None:
                found.append(one)
            else:
                found[same] = _merged(found[same], one)
    dated = [one for one in found if one.agreement.day or one.called]
    return tuple(dated or found[:1])


def restated_title(paragraphs: Sequence[Paragraph]) -> Named | None:
    """What a document restates that calls itself "Amended and Restated Supply Agreement": the agreement of that title,
    of a day that it does not tell. None where it does not call itself so."""
    for paragraph in paragraphs:
        if paragraph.span.start > WITHIN:
            break
        if match := _RESTATED.search(paragraph.text):
            title = " ".join(match["title"].split()).lower()
            return Named(AgreementNamed(title, None, Span(*match.span("title")).shifted(paragraph.span.start)), None)
    return None


def agreement_of(sentence: str, named: Sequence[Named], *, dated: bool = False) -> int | None:
    """Which of them a sentence speaks of: the one it names, else the only or the first one; None where there is none.

    With `dated`, only one that the sentence names, and of which a date is known.
    """
    told = [at for at, one in enumerate(named) if one.in_words(sentence)]
    if dated:
        return next((at for at in told if named[at].agreement.day), None)
    longest = sorted(told, key=lambda at: -len(named[at].called or named[at].agreement.title))
    return longest[0] if longest else 0 if named else None


def own_date(paragraphs: Sequence[Paragraph], named: Sequence[Named]) -> AgreementNamed | None:
    """When the document itself was made, with the place; its own title stands in for a name. None where it has no date.

    "This Amendment is made on …", "dated as of …", "entered into …": the first date of the head that is not the date of
    an agreement it names.
    """
    others = [one.agreement.day for one in named if one.agreement.day]
    best: tuple[int, AgreementNamed] | None = None
    for paragraph in paragraphs:
        if paragraph.span.start > WITHIN:
            break
        for period in dates_in(paragraph.text):
            assert period.span is not None and period.day is not None
            before = paragraph.text[max(0, period.span.start - 160) : period.span.start]
            if _is_other(before, period.day, others):
                continue
            sure = _own(before, alone=len(paragraph.text) < 60)
            if sure and (best is None or sure > best[0]):
                best = sure, AgreementNamed("", period.day, period.span.shifted(paragraph.span.start))
    return best[1] if best else _signed(paragraphs, others)


def _own(before: str, *, alone: bool) -> int:
    if _ANOTHER_TIME.search(before):
        return 0
    if re.search(
        r"\b(?:is|are|shall\s+be)\s+(?:made\s+(?:and\s+)?)?effective\s+(?:as\s+of|from|on)\s+(?:the\s+)?$",
        before,
        re.IGNORECASE,
    ):
        return 2
    if re.search(
        r"\b(?:this|dieser|diese|the\s+present)\b[^.;]{0,120}\b(?:dated|made|entered|effective|executed|as\s+of|vom|am|on|of|ist)\b[^.;]{0,60}$",
        before,
        re.IGNORECASE,
    ):
        return 3
    if re.search(r"\b(?:made|entered\s+into|executed|geschlossen)\b[^.;]{0,60}$", before, re.IGNORECASE):
        return 2
    if re.fullmatch(
        r"\s*(?:dated|date|datum|as\s+of|effective|vom|amendment\s+date|datiert)?[\s:]*(?:as\s+of|this|the|den)?\s*",
        before[-40:] if len(before) < 40 else before,
        re.IGNORECASE,
    ):
        return 2
    return 1 if alone and not re.search(r"\b(?:to|of|zum|agreement|vertrag)\b", before, re.IGNORECASE) else 0


def _signed(paragraphs: Sequence[Paragraph], others: Sequence[date]) -> AgreementNamed | None:
    """One date beside all signatures, at the end of the document."""
    days: dict[date, Span] = {}
    for paragraph in paragraphs[-25:]:
        for match in re.finditer(r"\b(?:date|dated|datum)\s*:?\s*", paragraph.text, re.IGNORECASE):
            for period in dates_in(paragraph.text[match.end() : match.end() + 30]):
                if period.span and period.span.start < 3 and period.day and period.day not in others:
                    days.setdefault(period.day, period.span.shifted(paragraph.span.start + match.end()))
    return AgreementNamed("", *days.popitem()) if len(days) == 1 else None


def _is_other(before: str, day: date, others: Sequence[date]) -> bool:
    """True where the date is that of an agreement which the words before it name."""
    head = re.search(rf"(?:{_NOUN}|amendment(?:\s+no\.?\s*\d+)?|nachtrag)\b[^.;]{{0,120}}$", before, re.IGNORECASE)
    if head is None:
        return day in others and not re.search(r"\bthis\b|\bdieser?\b", before, re.IGNORECASE)
    own = re.search(r"\b(?:this|dieser|diese)\s+(?:[\w.]+\s+){0,6}$", before[: head.start()] or " ", re.IGNORECASE)
    return own is None


def _in(paragraph: Paragraph) -> Iterator[Named]:
    text = paragraph.text
    for match in _TITLE.finditer(text):
        opened = _OPENS.fullmatch(match["title"])
        title = opened["title"] if opened else match["title"]
        start = match.end() - len(title)
        before = text[max(0, start - 80) : start]
        if re.search(r"\b(?:this|dieser|diese[mns]?)\s+$", before, re.IGNORECASE) or _AMENDMENT.search(title):
            continue
        if _ITSELF.search(before):
            continue
        if re.search(r"\b(?:any|no|other|each|entire|whole)\s+$", before, re.IGNORECASE):
            continue
        dated = _DATED.match(text, match.end())
        day = None
        if dated:
            for period in dates_in(text[dated.end() : dated.end() + 40]):
                if period.span and period.span.start < 8:
                    day = period.day
                break
        tail = text[match.end() : match.end() + 260]
        called = _CALLED.search(re.split(r"\.\s", tail)[0])
        name = (called["called"] or called["bare"]).strip(" ,.") if called else None
        if name and not re.search(rf"(?:{_NOUN})\b", name, re.IGNORECASE):
            name = None
        if day is None and name is None and not _TOLD.search(before):
            continue
        clean = " ".join(title.split()).lower().strip(" .,")
        yield Named(AgreementNamed(re.sub(r"s$", "", clean) if clean.endswith(("ments", "vertrags")) else clean, day,
                                   Span(paragraph.span.start + start, paragraph.span.start + match.end())), name)  # fmt: skip


def _same(known: Named, one: Named) -> bool:
    a, b = known.agreement, one.agreement
    if a.day and b.day:
        return a.day == b.day and (
            a.title == b.title
            or a.title in _GENERIC
            or b.title in _GENERIC
            or a.title.endswith(b.title)
            or b.title.endswith(a.title)
        )
    return (
        a.title == b.title
        or b.title in _GENERIC
        or a.title in _GENERIC
        or one.agreement.title == (known.called or "").lower()
        or a.title.endswith(b.title)
    )


def _merged(known: Named, one: Named) -> Named:
    a, b = known.agreement, one.agreement
    title = b.title if a.title in _GENERIC or (b.title.endswith(a.title) and len(b.title) > len(a.title)) else a.title
    better = b if a.day is None and b.day else a
    return Named(AgreementNamed(title, better.day, better.span), known.called or one.called)
