"""What kind of answer a question wants, and the words of the documents that are one.

which clause   "Which clause deals with assignment?"     the clause, by its number and heading
list           "What are the Events of Default?"         the sentence that opens the list, with all its items
yes or no      "May the Supplier assign this Agreement?" the sentence, with "Yes:" or "No:" only where its own modal
                                                         says so of the same subject and verb, without conditions
when, how long, who, how much                            sentences that have a date, a period, a name, an amount
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from core.finance import plain
from generation.draft import DraftClaim
from generation.passages import Passage
from generation.words import ASKING, CONDITIONS, MONTHS, SMALL, UNITS, words_of

# ── which clause ──────────────────────────────────────────────────────────────────────────────────────────────────────

_PART = (
    "clause|section|article|paragraph|provision|part|chapter|schedule|rule|ziffer|klausel|abschnitt|artikel|paragraf"
)
_WHICH_CLAUSE = re.compile(
    rf"\b(?:which|what|in which|in what|under which|welche[rsnm]?|in welche[rm])\s+(?:{_PART})s?\b(?P<topic>.*)|"
    rf"\bwhere (?:in|does|do) (?:the|this) \w+\b(?P<topic2>.*)",
    re.IGNORECASE | re.DOTALL,
)
_ABOUT = re.compile(
    r"\b(?:deals?|dealt|with|governs?|governed|covers?|covered|addresse?s?d?|provides?|provided|sets?|out|contains?|contained"
    r"|regulates?|regulated|about|concerns?|relates?|relating|to|speaks?|found|stated|defines?|defined|regelt|behandelt"
    r"|agreement|contract|does|do|is|are|for|of|the|in|an?|this|question|topic|subject|matter)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"\s*(?:(?:article|section|clause|schedule|part|chapter|rule|§|artikel|abschnitt|ziffer)\s*)?"
    r"(?:\d{1,3}(?:\.\d{1,3})*[.)]?|[IVXLC]{1,6}[.)]?|\([a-z]{1,2}\)|[A-Z][.)])(?=[\s:–—-])",
    re.IGNORECASE,
)
_TITLE = re.compile(r"[\s:.–—-]*(?P<title>[A-ZÄÖÜ][^.:;\n\t]{2,90}?)(?=\s*(?:[.:;\n]|\s[–—-]\s|$))")


def topic_of_clause(question: str) -> str | None:
    """What the clause that a question wants named is about; None for other questions."""
    found = _WHICH_CLAUSE.search(question)
    if found is None:
        return None
    topic = " ".join(_ABOUT.sub(" ", found["topic"] or found["topic2"] or "").strip(" ?.").split())
    return topic or None


def clause_named(
    topic: str, passages: Sequence[Passage], terms: Callable[[str], frozenset[str]]
) -> tuple[DraftClaim, ...]:
    """The clauses whose headings say the whole topic, each by its number and heading and then by its first sentence.

    `terms` are the stems of a text. The fewer other words a heading has, the better it fits; none fits in part.
    """
    wanted = terms(topic)
    found: list[tuple[int, int, Passage, str]] = []
    for place, passage in enumerate(passages):
        heading = heading_of(passage)
        if heading is not None and wanted and wanted <= terms(heading):
            found.append((len(terms(heading)), place, passage, heading))
    if not found:
        return ()
    best = min(length for length, _, _, _ in found)
    claims: list[DraftClaim] = []
    for _, place, passage, heading in [one for one in found if one[0] == best][:_MOST]:
        claims.append(DraftClaim(heading, (passage.number,)))
        body = passage if len(passage.readable) > len(heading) + 20 else _next(passages, place)
        if body is not None:
            claims.append(DraftClaim(body.readable, (body.number,)))
    return tuple({claim.text: claim for claim in claims}.values())


_MOST = 2
"""Clauses of the same heading that are named: those of two contracts, or of a contract and its amendment."""


def heading_of(passage: Passage) -> str | None:
    """ "12.3 Assignment" of a passage that begins with the number and heading of a clause; None for others."""
    if passage.is_row:
        return None
    text = passage.readable
    number = _NUMBER.match(text)
    title = _TITLE.match(text, number.end() if number else 0)
    if title is None or (number is None and len(text) > len(title.group()) + 1):
        return None
    words = [word for word in re.findall(r"[^\W\d_]+", title["title"]) if len(word) > 3]
    if not words or not all(word[0].isupper() for word in words[:1] + words[-1:]) or len(words) > 10:
        return None
    return text[: title.end("title")].strip()


def _next(passages: Sequence[Passage], place: int) -> Passage | None:
    """The passage right behind, of the same chunk."""
    following = passages[place + 1] if place + 1 < len(passages) else None
    return following if following is not None and following.rank == passages[place].rank else None


# ── lists ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

_LIST = re.compile(
    r"^\W*(?:(?:what|which|welche[rs]?|was) (?:\w+ ){0,4}?(?:are|sind|constitutes?|comprises?|includes?)\b|list\b"
    r"|name all|enumerate|what (?:\w+ ){0,3}(?:conditions|events|requirements|obligations|documents|factors|criteria"
    r"|grounds|circumstances|steps|elements|information|items|duties|exceptions|types|kinds)\b|nenne)",
    re.IGNORECASE,
)
_ITEM = re.compile(r"\s*(?P<mark>\(?[^\W_]{1,5}[.)]|[•▪●–—*-]|\d{1,2}(?:\.\d{1,3})*[.)]?)\s+(?=\S)")
_OPENS = re.compile(r"[:—–-]\s*$|\b(?:following|folgende[nrs]?)\b[^.]*$", re.IGNORECASE)


def wants_list(question: str) -> bool:
    """True for a question that asks for the items of an enumeration."""
    return bool(_LIST.match(question))


def with_items(passage: Passage, passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """The passage and the items of the list that it opens, or that it is one of; the passage alone where there is none.

    Items are marked alike ("(a)", "1.", "•") and follow each other without a gap; what is marked otherwise between two
    of them is part of the first.
    """
    places = {one.number: place for place, one in enumerate(passages)}
    start = places[passage.number]
    mark = _mark(passage)
    if mark is not None:
        while start and _joined(passages[start - 1], passages[start]) and not _OPENS.search(passages[start].text):
            start -= 1
            if _OPENS.search(passages[start].text) and _mark(passages[start]) != mark:
                break
    if not _OPENS.search(passages[start].text):
        return (passage,)
    first = passages[start + 1] if start + 1 < len(passages) else None
    kind = _mark(first) if first is not None else None
    if first is None or kind is None or not _joined(passages[start], first):
        return (passage,)
    end = last = start + 1
    while end < len(passages) and _joined(passages[end - 1], passages[end]):
        found = _mark(passages[end])
        if found == kind:
            last = end
        elif found is None and passages[end - 1].text.rstrip()[-1:] == ".":
            break
        end += 1
    return tuple(passages[start : last + 1])


def _mark(passage: Passage) -> str | None:
    """The kind of mark that an item begins with: letters, numbers, or the bullet itself."""
    found = None if passage.is_row else _ITEM.match(passage.text)
    if found is None:
        return None
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "1", found["mark"]))


def _joined(one: Passage, other: Passage) -> bool:
    """True for passages that follow each other in a document with nothing between them but blanks."""
    return one.document_id == other.document_id and 0 <= other.span.start - one.span.end <= 3


# ── yes or no ─────────────────────────────────────────────────────────────────────────────────────────────────────────

_YES_NO = re.compile(
    r"^\W*(?P<aux>may|can|must|shall|should|will|does|do|is|are|has|have)\s+(?P<rest>.+?)\s*\?*\s*$", re.IGNORECASE
)
_MODAL = re.compile(r"\b(?P<modal>may|shall|must|can|will)(?P<not>\s+not|not)?\s+(?P<verb>[^\W\d_]+)\b", re.IGNORECASE)
_UNDECIDED = CONDITIONS | words_of(
    "except unless until without before after excluding notwithstanding however but or than other further"
)
_ANYBODY = frozenset(["a party", "either party", "any party", "each party", "the parties", "both parties", "one party"])
_NOBODY = frozenset(["neither party", "no party"])


def decided(question: str, sentence: str, others: Sequence[str] = ()) -> str | None:
    """ "Yes" or "No" where the modal of a sentence says so beyond doubt of what the question asks; else None.

    Beyond doubt: the same subject before the modal, the same verb behind it and the same further words behind that; no
    condition, exception or second modal in the sentence; and a modal that answers the question's own ("may" does not
    answer "must"). `others` are further sentences that fit as well: one that decides otherwise undoes it.
    """
    verdict = _decided(question, sentence)
    if verdict is not None and all(_decided(question, other) in (None, verdict) for other in others):
        return verdict
    return None


_ANSWERS: Mapping[str, frozenset[str]] = {
    "may": frozenset(["may", "shall", "must", "can"]),
    "can": frozenset(["may", "shall", "must", "can"]),
    "must": frozenset(["shall", "must"]),
    "shall": frozenset(["shall", "must"]),
    "should": frozenset(["shall", "must"]),
    "will": frozenset(["shall", "will", "must"]),
    "does": frozenset(["shall", "must", "will"]),
    "do": frozenset(["shall", "must", "will"]),
}
_FORBIDS = frozenset(["may", "shall", "must", "can"])


def _decided(question: str, sentence: str) -> str | None:
    asked = _YES_NO.match(question)
    modals = list(_MODAL.finditer(sentence))
    if asked is None or len(modals) != 1 or asked["aux"].casefold() not in _ANSWERS:
        return None
    modal = modals[0]
    words = plain(asked["rest"]).split()
    verb = modal["verb"].casefold()
    if verb not in words[1:] or set(plain(sentence).split()) & _UNDECIDED:
        return None
    place = words.index(verb, 1)
    subject, rest = " ".join(words[:place]), words[place + 1 :]
    said = plain(re.sub(r"^\W*(?:[\d.]+|\([^\W_]{1,4}\))\s+", "", sentence[: modal.start()]))
    nobody = said in _NOBODY
    same = said == subject or (subject in _ANYBODY and (said in _ANYBODY or nobody))
    behind = set(plain(sentence[modal.end() :]).split())
    if not same or not {word for word in rest if word not in SMALL and word not in ASKING} <= behind:
        return None
    further = set(plain(_IN_WHAT_WAY.sub(" ", sentence[modal.end() :])).split()) - set(rest) - SMALL
    if _DENIED_BEHIND & behind or further:
        return None
    kind, denied = modal["modal"].casefold(), bool(modal["not"])
    if denied and nobody:
        return None
    if denied or nobody:
        return "No" if kind in _FORBIDS else None
    return "Yes" if kind in _ANSWERS[asked["aux"].casefold()] else None


_IN_WHAT_WAY = re.compile(
    r"\b(?:on|upon|by|with|giving)\b[^,;.]*\b(?:notice|days|months)\b[^,;.]*|\bat any time\b|\bfor (?:any|no) reason\b"
    r"|\bin writing\b|\bin whole or in part\b|\bhereunder\b|\b(?:under )?this agreement\b",
    re.IGNORECASE,
)
"""How something may be done does not limit whether; to whom, for what and of what does: then nothing is decided."""
_DENIED_BEHIND = words_of("not no never neither nor none only")


# ── when, how long, who, how much ─────────────────────────────────────────────────────────────────────────────────────

_UNIT = rf"(?:(?:calendar|business|working|banking)\s+)?(?:{'|'.join(unit for unit in UNITS if unit[0].isalpha())})"
_SPELLED = "one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty|forty|sixty|ninety|hundred"
_PERIOD = re.compile(
    rf"\b(?:\d+|{_SPELLED})\b\W{{0,3}}(?:\d+\W{{0,3}})?{_UNIT}\b|\bperpetual\w*|\bindefinite\w*|\bfrist\b",
    re.IGNORECASE,
)
_DATE = re.compile(rf"\b(?:19|20)\d\d\b|\b\d+\s+(?:{'|'.join(UNITS)})\b|\b(?:{'|'.join(MONTHS)})\b", re.IGNORECASE)
_AMOUNT = re.compile(r"\d")
_NAME = re.compile(r"(?<=[^.!?\s] )[A-ZÀ-Þ][^\W\d_]+|\b(?:Inc|Ltd|LLC|GmbH|AG|Corp)\b")
_ASKS = (
    (
        re.compile(r"\b(?:how long|what (?:notice )?period|notice period|within what time|wie lange|frist)\b", re.I),
        _PERIOD,
    ),
    (re.compile(r"\b(?:when|what (?:is the )?date|wann|quand|cuándo|khi nào)\b", re.I), _DATE),
    (
        re.compile(r"\b(?:how (?:much|many)|what (?:amount|percent\w*|price)|wie ?viele?|combien|cuánt\w+)\b", re.I),
        _AMOUNT,
    ),
    (re.compile(r"\b(?:who|whom|whose|which (?:party|company)|wer|wem|wen|wessen|quién)\b", re.I), _NAME),
)  # fmt: skip


def kinds_wanted(question: str) -> tuple[re.Pattern[str], ...]:
    """What a sentence that answers has: a period, a date, an amount, a name."""
    return tuple(kind for asks, kind in _ASKS if asks.search(question))
