"""Which documents a question is about: names, periods and kinds in it, held against the facts of the documents.

    question ─ names ──▶ a known company or party    others are left out     (sure)  or come later (unsure)
             ─ periods ▶ the filing of that year first, the next year's second
             ─ kinds ──▶ the 10-K, the lease first
             ─ law ────▶ what that law governs first

Only a name may leave documents out, and only one that a fact is sure of. Everything else changes the order, and all of
it is told in words. A question that names nothing narrows nothing.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from core.answers import Scope
from core.documents import DocumentId, Span
from core.facts import SURE, FactKind, Facts, values_of
from core.kinds import CONTRACT_WORDS, KINDS
from core.names import key_of, squashed
from core.periods import Period, period_of, periods_in

LONGEST_NAME = 8
"""Words of the longest name that is looked for: few companies have more in front of their legal form."""

LEAST_MISSPELT = 6
"""Letters below which a misspelling cannot be told from another word."""

FUZZY = 0.5
"""How sure a misspelt name is: below SURE, so that it only weights."""

UNSURE = 0.5
"""Share that is left of the sureness of a name of one word which is not sure: such a word may be any word."""

FEWER_NAMES = 0.8
"""Weight of a document that has one of three or more names less than the best: a subsidiary of the party, say."""

OTHER_PERIOD, EARLIER_ASKED, NEXT_YEAR, YEAR_AFTER, SAME_YEAR, STATED_LESS = 0.5, 0.9, 0.75, 0.6, 0.8, 0.9
"""Weights of a document by its period: none that was asked; an earlier one of several; the report of the next year
and of the year after, which tell that year again; a quarter of the year or the year of the quarter; and what a
document only implies (a calendar quarter), where another says it in so many words."""

ALONE = 0.5
"""Share of their effect that period, kind and law keep where no name is told: a date in a question is often the date of
what it asks about, not of the document."""

OTHER_KIND = 0.7
OTHER_LAW = 0.8


def _words(line: str) -> frozenset[str]:
    return frozenset(line.split())


_WORD = re.compile(r"[^\W_]+(?:[-.&'’/][^\W_]+)*|&")
_POSSESSIVE = re.compile(r"(?:['’]s|(?<=s)['’])$")
_LATEST = re.compile(
    r"\b(?:latest|most\s+recent|newest|last\s+(?:reported\s+)?(?:quarter|year|fiscal\s+year|filing|report)|"
    r"neueste[nrs]?|jüngste[nrs]?|aktuellste[nrs]?|letzte[nrs]?\s+(?:Quartal|Jahr|Geschäftsjahr|Bericht))\b",
    re.IGNORECASE,
)
_TITLE = re.compile(rf"\b(?:{CONTRACT_WORDS})\b", re.IGNORECASE)
_CONTRACT = re.compile(rf"\b(?:(?P<before>[\w&-]+)\s+)?(?P<word>{CONTRACT_WORDS})\b", re.IGNORECASE)
_GENERIC = _words("agreement agreements contract statement note vertrag vereinbarung license licence")
_POINTING = _words(
    "the this that a an any each every our your its their of under in by der die das dieser diese dem den which what "
    "whose all these those such and or to for from with is income cash flow financial operations promissory"
)
"""Words before "agreement" that do not say which one; statements of income and of cash flows are no contracts."""

_LAW = re.compile(r"\b(?:law|laws|Recht|Rechts|jurisdiction|governed)\b", re.IGNORECASE)
_LAW_NAMES = {
    "germany": ("german", "deutsch"),
    "england": ("english",),
    "switzerland": ("swiss", "schweiz"),
    "austria": ("austrian", "österreich"),
}
_UNKNOWN = re.compile(
    r"\b(?P<name>[A-Z][\w&-]*(?:\s+[A-Z][\w&-]*){0,3})(?:['’]s\b|,?\s+(?:Inc|Corp|Corporation|Ltd|LLC|plc|GmbH|AG)\b)"
)


@dataclass(frozen=True)
class Candidate:
    """A document that a question may be about. What its facts mean is worked out once, whatever register it is in."""

    document_id: DocumentId
    source: str
    facts: Facts

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        return values_of(self.facts, FactKind.KIND)

    @cached_property
    def laws(self) -> tuple[str, ...]:
        return values_of(self.facts, FactKind.LAW)

    @cached_property
    def titles(self) -> tuple[str, ...]:
        return tuple(squashed(kind) for kind in self.kinds if " " in kind)

    @cached_property
    def periods(self) -> list[tuple[Period, float]]:
        read = ((period_of(fact.value), fact.sure) for fact in self.facts if fact.kind is FactKind.PERIOD)
        return [(period, sure) for period, sure in read if period]

    @cached_property
    def names(self) -> Mapping[str, tuple[str, float]]:
        """Key of a name → as the surest fact writes it, and how sure that is."""
        found: dict[str, tuple[str, float]] = {}
        for fact in self.facts:
            if fact.kind in (FactKind.PARTY, FactKind.ALIAS):
                for key in {key_of(fact.value), squashed(fact.value)}:
                    if len(key) > 1 and fact.sure > found.get(key, ("", 0.0))[1]:
                        found[key] = fact.value, fact.sure
        return found

    @cached_property
    def whole_names(self) -> tuple[str, ...]:
        return tuple(squashed(fact.value) for fact in self.facts if fact.kind in (FactKind.PARTY, FactKind.ALIAS))


@dataclass(frozen=True, slots=True)
class _Name:
    """A name under which documents are known: how sure it is for each, and whether it is written in one word."""

    sure: dict[DocumentId, float] = field(default_factory=dict)
    shown: dict[DocumentId, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Mention:
    """A name in the question, and the documents it may mean."""

    words: str
    documents: Mapping[DocumentId, float]
    sure: bool
    party: str
    misspelt: bool = False


class Register:
    """The facts of some documents, turned round: from a name to the documents. Built once, asked often."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self.documents = tuple(dict.fromkeys(one.document_id for one in candidates))
        self.sources = {one.document_id: one.source for one in candidates}
        self._names: dict[str, _Name] = defaultdict(_Name)
        self._periods: dict[DocumentId, list[tuple[Period, float]]] = defaultdict(list)
        self._of_kind: dict[str, set[DocumentId]] = defaultdict(set)
        self._titles: dict[str, set[DocumentId]] = defaultdict(set)
        self._laws: dict[str, list[DocumentId]] = defaultdict(list)
        self._whole: dict[str, set[DocumentId]] = defaultdict(set)
        for one in candidates:
            document = one.document_id
            for kind in one.kinds:
                self._of_kind[kind].add(document)
            for title in one.titles:
                self._titles[title].add(document)
            for law in one.laws:
                self._laws[law].append(document)
            for key, (shown, sure) in one.names.items():
                name = self._names[key]
                if sure > name.sure.get(document, 0.0):
                    name.sure[document], name.shown[document] = sure, shown
            for key in one.whole_names:
                self._whole[key].add(document)
            self._periods[document] += one.periods

    @cached_property
    def _misspelt(self) -> Mapping[str, str]:
        """A name with one letter too many, too few, another, or two exchanged, shares one of these with the right one
        (the deletions of W. Garbe's SymSpell, with a distance of one)."""
        found: dict[str, str] = {}
        for key, name in self._names.items():
            if len(key) >= LEAST_MISSPELT and max(name.sure.values()) >= SURE:
                for less in _with_a_letter_less(key):
                    found.setdefault(less, key)
        return found

    # ── names ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def mentions(self, question: str) -> tuple[_Mention, ...]:
        """The names in a question, the longest first where they overlap; misspelt ones only where none is sure."""
        capitals = any(letter.isupper() for letter in question[1:]) and not question.isupper()
        words = [Span(*match.span()) for match in _WORD.finditer(question)]
        taken: set[int] = set()
        found: list[tuple[int, _Mention]] = []
        for exact in (True, False):
            if not exact and any(mention.sure for _, mention in found):
                break
            for length in range(min(LONGEST_NAME, len(words)), 0, -1):
                for at in range(len(words) - length + 1):
                    place = range(at, at + length)
                    if taken.isdisjoint(place):
                        text = question[words[at].start : words[at + length - 1].end]
                        mention = self._mention(text, exact=exact, capitals=capitals)
                        if mention is not None:
                            taken.update(place)
                            found.append((at, mention))
        return tuple(mention for _, mention in sorted(found, key=lambda one: one[0]))

    def _mention(self, text: str, *, exact: bool, capitals: bool) -> _Mention | None:
        text = _POSSESSIVE.sub("", text)
        if not _may_be_a_name(text, capitals=capitals):
            return None
        for key in dict.fromkeys((key_of(text), squashed(text))):
            if exact:
                if key in self._names and len(key) > 1 and (len(key) > 2 or text.isupper()):
                    return self._known(text, self._names[key])
            elif len(key) >= LEAST_MISSPELT and not _is_common(text):
                near = next((self._misspelt[one] for one in _with_a_letter_less(key) if one in self._misspelt), None)
                if near:
                    name = self._names[near]
                    documents = {one: sure * FUZZY for one, sure in name.sure.items() if sure >= SURE}
                    if documents:
                        return _Mention(text, documents, False, _most_shown(name), misspelt=True)
        return None

    def _known(self, text: str, name: _Name) -> _Mention:
        """All documents that know the name; one of them being sure of it makes it the name of all."""
        sure = max(name.sure.values()) >= SURE
        if not any(letter.isupper() for letter in text) and " " not in text and "." not in text:
            sure = sure and len(squashed(text)) > 3
        return _Mention(text, dict(name.sure), sure, _most_shown(name))

    def unknown(self, question: str, mentions: Sequence[_Mention]) -> tuple[str, ...]:
        """Names of companies in the question, as their form shows, that no document is known by."""
        said = [squashed(one.words) for one in mentions]
        names = (match["name"] for match in _UNKNOWN.finditer(question))
        return tuple(
            dict.fromkeys(
                name for name in names if not any(squashed(name) in one or one in squashed(name) for one in said)
            )
        )

    # ── periods, kinds, law ───────────────────────────────────────────────────────────────────────────────────────

    def newest(self, documents: Sequence[DocumentId]) -> DocumentId | None:
        """The document of the latest period, None when no two differ."""
        ends = {one: max(map(_end, (period for period, _ in self._periods[one])), default=None) for one in documents}
        known = {one: end for one, end in ends.items() if end is not None}
        if len(set(known.values())) < 2:
            return None
        return max(known, key=lambda one: (known[one], one))

    def period_weight(self, document: DocumentId, asked: Sequence[Period]) -> float:
        """How well the document's period fits those asked: 1 for the latest of them."""
        own = self._periods[document]
        latest = max(one.year for one in asked)
        best = OTHER_PERIOD
        for period, sure in own:
            stated = 1.0 if sure >= SURE + 0.1 else STATED_LESS
            for one in asked:
                fit = _fit(period, one) * (1.0 if one.year == latest else EARLIER_ASKED)
                best = max(best, fit * stated)
        return best

    def of_kind(self, kinds: Sequence[str]) -> set[DocumentId]:
        """The documents of a kind whose name holds one of these. Kinds are few where documents are many."""
        named = [own for own in self._of_kind if any(kind in own for kind in kinds)]
        return {document for own in named for document in self._of_kind[own]}

    def titles_in(self, question: str) -> Mapping[DocumentId, int]:
        """The documents whose title the question repeats ("the Reseller Agreement"), with its letters."""
        if not _TITLE.search(question):
            return {}
        asked = squashed(question)
        found: dict[DocumentId, int] = defaultdict(int)
        for title, documents in self._titles.items():
            if title in asked:
                for document in documents:
                    found[document] += len(title)
        return found

    def governed(self, question: str) -> Mapping[DocumentId, str]:
        """The documents governed by a law that the question names."""
        if not _LAW.search(question):
            return {}
        found: dict[DocumentId, str] = {}
        asked = question.lower()
        for law, documents in self._laws.items():
            words = (law.lower(), *_LAW_NAMES.get(law.lower().split(" ")[0], ()))
            if any(word in asked for word in words):
                found |= dict.fromkeys(documents, law)
        return found


def resolve(question: str, register: Register) -> Scope:
    """The documents to search for a question, the likeliest first, and in words why these and in this order.

    `weights` has those below 1: search multiplies scores by them.
    """
    because: list[str] = []
    documents, weights = _by_name(question, register, because)
    named = bool(weights) or len(documents) < len(register.documents)
    for part in (_by_kind, _by_period, _by_law):
        for document, weight in part(question, register, documents, because).items():
            if not named:
                weight = 1 - ALONE * (1 - weight)
            weights[document] = weights.get(document, 1.0) * weight
    ranked = sorted(documents, key=lambda one: -weights.get(one, 1.0)) if weights else documents
    inside = set(documents)
    return Scope(
        tuple(ranked),
        tuple(because),
        weights={one: round(weight, 4) for one, weight in weights.items() if weight < 1 and one in inside},
        narrowed=len(documents) < len(register.documents),
    )


def _by_name(question: str, register: Register, because: list[str]) -> tuple[list[DocumentId], dict[DocumentId, float]]:
    everything = list(register.documents)
    mentions = register.mentions(question)
    telling = [one for one in mentions if len(one.documents) < len(everything)]
    sure = [one for one in telling if one.sure]
    because.extend(
        f"“{name}” is no party of any of these documents, as far as their facts tell"
        for name in register.unknown(question, mentions)
    )
    if not telling:
        if mentions:
            because.append(f"“{mentions[0].words}” is a party of all of them: no name told the documents apart")
        else:
            because.append("the question names no party of these documents: nothing was left out")
        return everything, {}
    chosen = _meant(sure, telling)
    for one in telling:
        spelt = (
            f"“{one.words}” is read as {one.party}"
            if one.misspelt or squashed(one.words) != squashed(one.party)
            else f"“{one.words}”"
        )
        because.append(f"{spelt}: {_documents(len(one.documents))}{'' if one.sure else ', not surely'}")
    if sure:
        left_out = len(everything) - len(chosen)
        because.append(f"{_documents(left_out)} of others {'is' if left_out == 1 else 'are'} left out")
        return [one for one in everything if one in chosen], {one: w for one, w in chosen.items() if w < 1}
    strength = {
        one: max(name.documents.get(one, 0.0) * (1.0 if " " in name.words else UNSURE) for name in telling)
        for one in everything
    }
    best = max(strength.values())
    return everything, {one: 1 - (best - own) for one, own in strength.items() if own < best}


def _meant(sure: Sequence[_Mention], telling: Sequence[_Mention]) -> dict[DocumentId, float]:
    """For each sure name, the documents that most of the names point at, each with its weight.

    Of a contract between A and B both names point at it; asked of A and of B, each points at its own documents.
    """
    points: dict[DocumentId, float] = defaultdict(float)
    for one in telling:
        for document, strength in one.documents.items():
            points[document] += 1.0 if strength >= SURE else 0.5
    chosen: dict[DocumentId, float] = {}
    for one in sure:
        best = max(points[document] for document in one.documents)
        for document in one.documents:
            # The same company is known more surely by one document than by another: that makes no difference.
            if points[document] > best - 1.0:
                chosen[document] = 1.0
            elif best >= 3.0 and points[document] >= best - 1.0:
                chosen.setdefault(document, FEWER_NAMES)
    return chosen


def _by_kind(
    question: str, register: Register, documents: Sequence[DocumentId], because: list[str]
) -> dict[DocumentId, float]:
    inside = set(documents)
    titled = {one: length for one, length in register.titles_in(question).items() if one in inside}
    kinds = [kind.value for kind in KINDS if kind.in_question.search(question)] + _contracts_in(question)
    fitting = register.of_kind(kinds).intersection(documents)
    if titled and len(titled) < len(documents):
        longest = max(titled.values())
        fitting = {one for one, length in titled.items() if length == longest}
        because.append(f"the question repeats the title of {_documents(len(fitting))}")
    elif fitting and len(fitting) < len(documents):
        because.append(f"asked of a {kinds[0]}: {_documents(len(fitting))} first")
    else:
        return {}
    return {one: OTHER_KIND for one in documents if one not in fitting}


def _contracts_in(question: str) -> list[str]:
    """How the question calls a contract: "lease", "supply agreement". "The agreement" says nothing."""
    found = []
    for match in _CONTRACT.finditer(question):
        before, word = match["before"], match["word"].lower()
        if before and before.lower() not in _POINTING:
            found.append(f"{before.lower()} {word}")
        elif word not in _GENERIC:
            found.append(word)
    return found


def _by_period(
    question: str, register: Register, documents: Sequence[DocumentId], because: list[str]
) -> dict[DocumentId, float]:
    if _LATEST.search(question) and (newest := register.newest(documents)):
        because.append(f"asked of the latest: {register.sources[newest]} first")
        return {one: OTHER_PERIOD for one in documents if one != newest}
    asked = periods_in(question)
    if not asked:
        return {}
    weights = {one: register.period_weight(one, asked) for one in documents}
    best = max(weights.values(), default=OTHER_PERIOD)
    if best <= OTHER_PERIOD or len(set(weights.values())) == 1:
        return {}
    first = sum(weight == best for weight in weights.values())
    named = ", ".join(dict.fromkeys(one.value for one in asked))
    because.append(f"{named}: {_documents(first)} of that period first")
    return {one: weight / best for one, weight in weights.items()}


def _by_law(
    question: str, register: Register, documents: Sequence[DocumentId], because: list[str]
) -> dict[DocumentId, float]:
    inside = set(documents)
    governed = {one: law for one, law in register.governed(question).items() if one in inside}
    if not governed or len(governed) == len(documents):
        return {}
    because.append(f"governed by the law of {next(iter(governed.values()))}: {_documents(len(governed))} first")
    return {one: OTHER_LAW for one in documents if one not in governed}


def _fit(own: Period, asked: Period) -> float:
    if asked.day is not None:
        if own.day is None:
            return SAME_YEAR if own.year == asked.year and own.quarter is None else OTHER_PERIOD
        apart = abs((own.day - asked.day).days)
        return 1.0 if apart == 0 else 0.9 if apart <= 7 else SAME_YEAR if own.year == asked.year else OTHER_PERIOD
    if asked.quarter:
        if own.quarter == asked.quarter and own.year == asked.year:
            return 1.0
        return SAME_YEAR if own.year == asked.year else OTHER_PERIOD
    if own.year == asked.year:
        return 1.0 if own.quarter is None and own.day is None else SAME_YEAR + 0.1
    if own.day is None and own.quarter is None:
        return {1: NEXT_YEAR, 2: YEAR_AFTER}.get(own.year - asked.year, OTHER_PERIOD)
    return OTHER_PERIOD


def _end(period: Period) -> date:
    if period.day is not None:
        return period.day
    return date(period.year, 3 * (period.quarter or 4), 28)


def _with_a_letter_less(key: str) -> Iterator[str]:
    """The key, and the key without each of its letters."""
    yield key
    for at in range(len(key)):
        yield key[:at] + key[at + 1 :]


def _may_be_a_name(text: str, *, capitals: bool) -> bool:
    """Names have a capital, a digit or a dot; in a question that has no capitals at all any word may be one."""
    first, last = text[:1], text.rsplit(" ", 1)[-1][:1]
    if not (first.isalnum() and (last.isalnum())):
        return False
    if not capitals:
        return len(text) > 3
    return first.isupper() or first.isdigit() or "." in text or any(letter.isupper() for letter in text.split(" ")[0])


_COMMON = _words(
    "what which when where who whom whose why how does did do has have had was were are is can could should would will "
    "please according between based given report reports company agreement contract considering looking basing"
)


def _is_common(text: str) -> bool:
    """A word that begins a sentence rather than a name."""
    return " " not in text and text.lower() in _COMMON


def _most_shown(name: _Name) -> str:
    """The spelling that the surest document has."""
    best = max(name.sure, key=lambda one: (name.sure[one], one))
    return name.shown[best]


def _documents(count: int) -> str:
    return "1 document" if count == 1 else f"{count} documents"
