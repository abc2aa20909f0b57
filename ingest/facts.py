"""Whose a document is, of when, and what kind of thing: read from where people write it.

    cover of a filing   "(Exact name of registrant …)", "for the fiscal year ended …", trading symbols
    preamble            "between X Inc. ("Supplier") and Y GmbH ("Buyer")", "dated as of …"
    running headers     the company whose report it is          first lines   "X Announces Second Quarter 2023 Results"
    the file's name     what people put there, as far as the text bears it out

Patterns of the trade, no list of companies. A pure function of the document; where nothing is sure, little is said.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from core.documents import BlockKind, Document, Span
from core.facts import Fact, FactKind, Facts, Origin
from core.kinds import CONTRACT_WORDS, KINDS
from core.names import LEGAL_FORMS, initials, key_of, short_form, squashed
from core.periods import Period, dates_in, fiscal_year_of, periods_in, quarter_of

VERSION = 2
"""Raise it when the rules change: facts of an older one are read again from the stored text."""

HEAD = 8_000
"""Characters in which a title page and a preamble end: two pages of a contract, three of a filing's cover."""

TITLE = 700
"""Characters within which a document says of what kind it is."""

PREAMBLE = 1_800
"""Characters after "between" in which the parties are named, with addresses and forms of company."""

USES = 3
"""Times that a running header must come back, or a common word in small letters, before it counts."""

OFTEN = 10
"""Times that a document calls a company by the first word of its name alone before that word is its name too."""

MOST_PARTIES = 8
"""More than these are not the parties of a document, but names on its first pages."""

_UPPER = "A-ZÀ-ÖØ-Þ"
_CAPITAL = rf"[{_UPPER}0-9][\w.'’&/@+-]*"
_INNER = rf"(?:{_CAPITAL}|&|of|and|und|de|für|van|von)"
# "Northwind LifeSciences Corporation", "TESSERA.COM, INC.", "Tessera Network Technology (Beijing) Co., Ltd."
_COMPANY = re.compile(
    rf"(?<![\w.])(?:{_CAPITAL}(?:[ \t]+{_INNER}|[ \t]*\(\w+\)){{0,8}}?)"
    rf"(?:,?[ \t]+&?[ \t]?(?:(?-i:{LEGAL_FORMS})|(?-i:{LEGAL_FORMS.upper()}))(?![\w])\.?)+"
)
_REGISTRANT = re.compile(
    r"^[ \t]*(?P<name>[^\n(]{2,90}?)[ \t]*\n[_\s-]*\(?[ \t]*Exact\s+name\s+of\s+(?:the\s+)?registrant", re.I | re.M
)
_LISTED = re.compile(
    r"\((?:the\s+)?(?:NYSE|NASDAQ|AMEX|LSE|TSX|ASX|SIX|Xetra|XETRA|FWB|Euronext|HKEX|Nasdaq|OTC)[^():]{0,20}:"
    r"\s?(?P<symbol>[A-Z][A-Z0-9.]{0,6})\b[^()]{0,40}\)"
)
_SYMBOL_TABLE = re.compile(
    r"(?:^|[\s|])(?P<symbol>[A-Z]{1,5})[\s|]+(?:The\s+)?(?:New\s+York\s+Stock|N(?:ASDAQ|asdaq)|NYSE|Cboe|CBOE|London"
    r"\s+Stock|Toronto|Chicago)"
)
_UNDER_SYMBOL = re.compile(r"under\s+the\s+(?:ticker\s+|trading\s+)?symbols?\s+[“\"'‘](?P<symbol>[A-Z]{1,6})[”\"'’]")
_REPORTS = re.compile(
    rf"^[ \t]*(?P<name>{_CAPITAL}(?:[ \t]+{_INNER}){{0,5}}?)[ \t]+(?:Reports|Announces|Delivers|Posts|Declares|"
    r"REPORTS|ANNOUNCES|meldet|berichtet|veröffentlicht)\b",
    re.M,
)
_BETWEEN = re.compile(r"\b(?:by\s+and\s+(?:between|among)|between|among|zwischen|entre)\b", re.IGNORECASE)
_RECITALS = re.compile(
    r"\b(?:WHEREAS|WITNESSETH|RECITALS?|BACKGROUND|Background|Recitals|NOW,?\s+THEREFORE|Präambel|Vorbemerkung)\b"
)
_DEFINED = re.compile(r"\((?P<before>[^()“”\"„]{0,80})(?P<terms>[“\"„][^()]{1,120})\)")
_TERM = re.compile(r"[“\"„'‘](?P<term>[^“”\"„]{2,60}?)[,.]?[”\"“'’]")
_FORMER = re.compile(
    r"(?:\bd/b/a|\bdba|\bdoing\s+business\s+as|\bf/k/a|\bformerly\s+known\s+as|\bformerly|\bvormals|\bfrüher|"
    rf"\btrading\s+as|\bfirmierend\s+als)[\s“\"„]+(?P<name>{_CAPITAL}(?:[ \t]+{_INNER}){{0,6}})",
)
_PERSON_NAME = re.compile(rf"(?:[{_UPPER}][\w.'’-]+[ \t]+){{1,3}}[{_UPPER}][\w'’-]+")
_YEAR_ENDED = re.compile(
    r"\b(?:fiscal|financial|business)?\s*year\s+ended\b|\bGeschäftsjahr\b[^\n]{0,40}\b(?:bis|zum)\b"
    r"|\b(?:52|53|fifty-(?:two|three))[\s-]weeks?\s+(?:period\s+)?ended\b",
    re.IGNORECASE,
)
_QUARTER_ENDED = re.compile(
    r"\b(?:quarter(?:ly)?(?:\s+period)?|(?:three|3)\s+months|(?:12|13|14|thirteen|twelve)[\s-]weeks?)\s+ended\b"
    r"|\bQuartal\b[^\n]{0,40}\b(?:bis|zum)\b",
    re.IGNORECASE,
)
_DATED = re.compile(
    r"\b(?:dated(?:\s+as)?(?:\s+of)?|effective(?:\s+as)?(?:\s+of)?|made(?:\s+and\s+entered\s+into)?(?:\s+effective)?"
    r"(?:\s+as)?(?:\s+of|\s+on|\s+this)?|entered\s+into(?:\s+as)?(?:\s+of|\s+on)?|as\s+of|executed(?:\s+as)?\s+of|"
    r"date\s+of\s+(?:this\s+)?report|datiert|vom|Datum|Date)\b",
    re.IGNORECASE,
)
_LAW = re.compile(
    r"\b(?:governed|construed|interpreted)\b[^.;]{0,160}?\blaws?\s+of\s+(?:the\s+)?(?:(?i:state|commonwealth|province|"
    rf"republic|kingdom)\s+of\s+)?(?P<law>(?:the\s+)?[{_UPPER}]\w+(?:[ \t\n]+(?:and[ \t\n]+)?[{_UPPER}]\w+){{0,3}})"
    r"|\bRecht\s+der\s+(?P<law2>Bundesrepublik\s+Deutschland|Schweiz|Republik\s+Österreich)"
    r"|\b(?P<law3>deutsches|deutschem|österreichisches|schweizerisches|schweizer)\s+Recht\b",
)
_CONTRACT_TITLE = re.compile(
    rf"^[ \t]*(?P<title>(?:[^\n]{{0,70}}?\b)?(?:{CONTRACT_WORDS})\b[^\n]{{0,40}})$", re.MULTILINE | re.IGNORECASE
)
_THIS_CONTRACT = re.compile(
    rf"\b(?:this|dieser|diese)\s+(?P<title>(?:[{_UPPER}][\w&,/-]*\s+){{0,7}}(?:{CONTRACT_WORDS}))\b", re.IGNORECASE
)
_NUMBERED = re.compile(r"\b(?:amendment|nachtrag)\s+(?:no|nr)\.?\s*(?P<number>\d+)", re.IGNORECASE)
_LAWS_OF = {
    "deutsches": "Germany", "deutschem": "Germany", "österreichisches": "Austria", "schweizerisches": "Switzerland",
    "schweizer": "Switzerland", "bundesrepublik deutschland": "Germany", "schweiz": "Switzerland",
    "republik österreich": "Austria",
}  # fmt: skip
_NO_NAME = re.compile(
    r"^(?:form|exhibit|part|item|note|table|section|article|this|page|schedule|annex|subsidiar\w+|parent|holding|"
    r"its|our|an?|commission|registrant|registration)\b",
    re.IGNORECASE,
)


def facts_of(document: Document) -> Facts:
    """The facts of a document, the surest of each kind first; the same document gives the same facts.

    Spans are of `document.text`. Nothing found is an empty tuple.
    """
    page = _Page(document)
    found: list[Fact] = []
    found += _parties(page)
    found += _aliases(page, [one for one in found if one.kind is FactKind.PARTY])
    found += _from_file_name(page, found)
    found += _periods(page)
    kinds = list(_kinds(page))
    if all(one.origin is Origin.FILE_NAME for one in kinds):  # contracts are filed as exhibits of a 10-K or an 8-K
        kinds = [*_contract_titles(page), *kinds]
        found += _law(document.text)
    return _sorted((*found, *kinds))


@dataclass(slots=True)
class _Page:
    """The document, and the parts of it that are asked for again and again."""

    document: Document
    head: str = ""
    prose: str = field(default="", repr=False)
    """The head with blanks for line breaks: what runs over a line keeps its place."""

    def __post_init__(self) -> None:
        self.head = self.document.text[:HEAD]
        self.prose = self.head.replace("\n", " ").replace("\t", " ")

    def running_heads(self) -> Iterator[tuple[str, Span]]:
        """What stands at the top or bottom of at least `USES` pages, once each, with its first place."""
        first: dict[str, Span] = {}
        count: Counter[str] = Counter()
        for block in self.document.blocks:
            if block.kind in (BlockKind.HEADER, BlockKind.FOOTER):
                at = block.span.start
                for line in block.span.of(self.document.text).split("\n"):
                    words = re.sub(r"\d+$|^\d+", "", line).strip()
                    if words:
                        count[words] += 1
                        first.setdefault(words, Span(at, at + len(line)))
                    at += len(line) + 1
        for words, times in count.most_common():
            if times >= USES:
                yield words, first[words]


# ── whose ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _parties(page: _Page) -> list[Fact]:
    """Names with a legal form, where a title page, a preamble or a running header puts them."""
    found: list[Fact] = []

    def note(name: str, origin: Origin, sure: float, span: Span | None) -> None:
        name = _clean(name)
        if name and not _NO_NAME.match(name) and len(squashed(name)) > 1:
            found.append(Fact(FactKind.PARTY, name, origin, sure, span))

    for match in _REGISTRANT.finditer(page.head):
        note(match["name"], Origin.TITLE_PAGE, 0.98, Span(*match.span("name")))
    if not found:
        found += _preamble(page)
    for match in _LISTED.finditer(page.head):
        named = list(_COMPANY.finditer(page.head, max(0, match.start() - 80), match.start()))
        if named:
            note(named[-1].group(), Origin.TITLE_PAGE, 0.95, Span(*named[-1].span()))
    for words, span in page.running_heads():
        for name in _COMPANY.finditer(words):
            note(name.group(), Origin.HEADER, 0.9, span)
    for match in _REPORTS.finditer(page.head[:1500]):
        note(match["name"], Origin.TITLE_PAGE, 0.85, Span(*match.span("name")))
    if not found:
        found += _standing_alone(page)
    for name in _COMPANY.finditer(page.document.title):
        note(re.sub(r"^.*\bfor\s+", "", name.group()), Origin.TITLE, 0.6, None)
    if not found:
        counted = Counter(match.group() for match in _COMPANY.finditer(page.head))
        for often, times in counted.most_common(2):
            at = page.head.index(often)
            note(often, Origin.TEXT, 0.5 if times >= USES else 0.4, Span(at, at + len(often)))
    return _best(found)[:MOST_PARTIES]


def _standing_alone(page: _Page) -> Iterator[Fact]:
    """A line of the first page that is a company's name and nothing else."""
    at = 0
    for line in page.head[:2500].split("\n"):
        name = line.strip()
        if (match := _COMPANY.fullmatch(name)) and not _NO_NAME.match(name):
            start = at + line.index(name)
            yield Fact(FactKind.PARTY, _clean(match.group()), Origin.TITLE_PAGE, 0.85, Span(start, start + len(name)))
        at += len(line) + 1


def _preamble(page: _Page) -> list[Fact]:
    """The parties of a contract: what stands before each ("Term"), and each company, between "between" and recitals."""
    best: list[Fact] = []
    for start in _BETWEEN.finditer(page.prose):
        ends = _RECITALS.search(page.prose, start.end())
        end = min(start.end() + PREAMBLE, ends.start() if ends else len(page.prose))
        window = page.prose[start.end() : end]
        found = list(_named_in(window, start.end()))
        if sum(one.sure > 0.8 for one in found) > sum(one.sure > 0.8 for one in best):
            best = found
        if len(best) >= 2:
            break
    return best


def _named_in(window: str, offset: int) -> Iterator[Fact]:
    """Parties of a preamble: companies where one may begin, and whoever stands before a definition."""
    defined = [match.start() for match in _DEFINED.finditer(window)]
    last = 0
    for match in _COMPANY.finditer(window):
        follows = next((at - match.end() for at in defined if at >= match.end()), None)
        opens = _opens_a_party(window, match.start())
        if not opens:
            continue
        sure = 0.92 if follows is not None and follows < 400 else 0.8
        last = match.end()
        yield Fact(FactKind.PARTY, _clean(match.group()), Origin.TITLE_PAGE, sure, Span(*match.span()).shifted(offset))
    for at in defined:  # persons, universities, and companies without a legal form
        start = max((window.rfind(mark, 0, at) for mark in (" and ", ") ", "; ", " und ")), default=-1)
        segment = window[max(start, 0) : at]
        match_name = _PERSON_NAME.search(segment[:120])
        if match_name and not _COMPANY.search(segment) and at < last + 600:
            name = Span(*match_name.span()).shifted(max(start, 0) + offset)
            yield Fact(FactKind.PARTY, _clean(match_name.group()), Origin.TITLE_PAGE, 0.75, name)


def _opens_a_party(window: str, at: int) -> bool:
    """True where a party may begin: at the start, after "and", "among", a bracket, a number or a comma."""
    before = window[max(0, at - 14) : at].rstrip(' (“"„\t')
    return not before or bool(
        re.search(
            r"(?:\band|\bund|\bet|\by|&|[;:),.]|\d\)?|\bthe|\bder|\bdie|\bamong|\bbetween)$", before, re.IGNORECASE
        )
    )


def _aliases(page: _Page, parties: list[Fact]) -> Iterator[Fact]:
    """Short forms, defined terms, former names and tickers."""
    for party in parties:
        short = short_form(party.value)
        if squashed(short) != squashed(party.value):
            yield Fact(FactKind.ALIAS, short, party.origin, _distinct(page, short, party.sure), party.span)
        first = re.split(r"[\s,]+", short)[0]
        if first != short and len(squashed(first)) > 3:
            used = re.findall(rf"(?<!\w){re.escape(first)}(?=['’]s|\s+[a-z])", page.document.text, re.IGNORECASE)
            sure = _distinct(page, first, 0.8) if len(used) >= OFTEN else 0.45
            yield Fact(FactKind.ALIAS, first, party.origin, min(sure, party.sure), party.span)
    for match in _DEFINED.finditer(page.prose):
        around = page.prose[max(0, match.start() - 250) : match.start()]
        owner = next((one for one in reversed(parties) if key_of(one.value) in squashed(around)), None)
        if owner is None:
            continue
        for term in _TERM.finditer(match["terms"]):
            span = Span(*term.span("term")).shifted(match.start("terms"))
            named = _is_name_of(term["term"], owner.value)
            if _NO_ALIAS.fullmatch(term["term"].strip()):
                continue
            if not named and (owner.sure > 0.93 or not term["term"][:1].isupper() or len(term["term"].split()) > 4):
                continue  # what a filing defines is seldom another name of whose it is
            sure = _distinct(page, term["term"], owner.sure) if named else 0.3
            yield Fact(FactKind.ALIAS, _clean(term["term"]), Origin.TITLE_PAGE, sure, span)
    for match in _FORMER.finditer(page.prose):
        yield Fact(FactKind.ALIAS, _clean(match["name"]), Origin.TITLE_PAGE, 0.85, Span(*match.span("name")))
    if re.search(r"symbol", page.head, re.IGNORECASE):
        for pattern in (_SYMBOL_TABLE, _UNDER_SYMBOL):
            symbols = Counter(match["symbol"] for match in pattern.finditer(page.head))
            for symbol, _ in symbols.most_common(2):
                at = re.search(rf"(?<!\w){symbol}(?!\w)", page.head)
                if at and len(symbol) > 1:
                    sure = 0.95 if len(symbol) > 2 else 0.5
                    yield Fact(FactKind.ALIAS, symbol, Origin.TITLE_PAGE, sure, Span(*at.span()))
    for match in _LISTED.finditer(page.head):
        sure = 0.95 if len(match["symbol"]) > 2 else 0.5
        yield Fact(FactKind.ALIAS, match["symbol"], Origin.TITLE_PAGE, sure, Span(*match.span("symbol")))


def _is_name_of(term: str, party: str) -> bool:
    """A defined term that names the party ("Galaxy", "BNL"), not its role ("Supplier", "the Company")."""
    key, whole = squashed(re.sub(r"^(?:the|die|der|das)\s+", "", term, flags=re.IGNORECASE)), key_of(party)
    if not key or term.startswith("the "):
        return False
    if key in whole or key == initials(party) or key == initials(short_form(party)):
        return True
    if term.isupper() and len(key) <= 6:  # an abbreviation of another cut: its letters stand in the name in order
        letters = iter(whole)
        return all(letter in letters for letter in key)
    return any(len(word) > 3 and squashed(word) in whole for word in term.split())


def _distinct(page: _Page, name: str, sure: float) -> float:
    """How far a name alone tells a company: little, when the document uses the word for other things as well."""
    if re.search(r"[\s&.-]", name.strip()) or not name[:1].isalpha():
        return sure
    small = re.findall(rf"(?<![\w.@/-]){re.escape(name.lower())}(?![\w@/-]|\.\w)", page.document.text)
    return min(sure, 0.5) if len(small) >= USES else sure


# ── the file's name ───────────────────────────────────────────────────────────────────────────────────────────────────


def _from_file_name(page: _Page, named: Iterable[Fact]) -> Iterator[Fact]:
    """Words of the file's name: sure where the text names a party so, unsure where the text does not know them."""
    known = [squashed(one.value) for one in named if one.sure >= 0.5]
    text = squashed(page.head)
    titles = squashed(" ".join(one.value for one in _contract_titles(page)))
    for word in _words_of(_stem(page.document.source)):
        key = squashed(word)
        if len(key) < 2 or key.isdigit() or key in titles or _IN_TITLES.fullmatch(word) or _CODE.fullmatch(word):
            continue
        if periods_in(word.replace("-", " ")) or _is_kind(word):
            continue
        if any(key == one or (len(key) > 3 and one.startswith(key)) for one in known):
            sure = 0.9
        elif len(key) > 3 and key in text:
            sure = 0.75 if "." in word else 0.5  # a word may be any word, an address of the web is a name
        else:
            sure = 0.4
        yield Fact(FactKind.ALIAS, word, Origin.FILE_NAME, sure)


_BETWEEN_WORDS = re.compile(r"[\s_,;()\[\]]+")
_ADDRESS = re.compile(r"[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*\.[a-z]{2,}", re.IGNORECASE)
"""An address of the web: its hyphens are part of a name, where those of other words join two."""


def _words_of(stem: str) -> Iterator[str]:
    for word in _BETWEEN_WORDS.split(stem):
        for part in [word] if _ADDRESS.fullmatch(word) else re.split(r"(?<=\D)-(?=\D)", word):
            yield part.strip(".-")


_NO_ALIAS = re.compile(
    rf"(?i)(?:the\s+|this\s+)?(?:{CONTRACT_WORDS}|part(?:y|ies)|effective\s+date|[\w\s]*\b(?:agreement|date|term|period))"
)
"""What a contract defines beside its parties."""

_IN_TITLES = re.compile(rf"(?i)(?:{CONTRACT_WORDS})\d*|{LEGAL_FORMS}|and|of|the|for")
_CODE = re.compile(
    r"(?i)q[1-4]|ex(?:hibit)?[-.]?[\d.]*|v\d+|ver\w*|draft|final|signed|copy|scan\w*|img\w*|doc\w*|file\w*|dated|\d+[a-z]?"
)


def _stem(source: str) -> str:
    return PurePosixPath(source.rsplit(" › ", 1)[-1]).stem


def _is_kind(word: str) -> bool:
    return any(kind.in_question.fullmatch(word) for kind in KINDS)


# ── of when ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _periods(page: _Page) -> Iterator[Fact]:
    for period in periods_in(_readable(_stem(page.document.source))):
        yield Fact(FactKind.PERIOD, period.value, Origin.FILE_NAME, 0.95)
    for match in _YEAR_ENDED.finditer(page.head):
        if end := _date_after(page.head, match.end(), 80):
            yield Fact(FactKind.PERIOD, f"FY{fiscal_year_of(end.day)}", Origin.TITLE_PAGE, 0.9, end.span)  # type: ignore[arg-type]
            yield Fact(FactKind.PERIOD, end.value, Origin.TITLE_PAGE, 0.8, end.span)
            break
    for match in _QUARTER_ENDED.finditer(page.head):
        if end := _date_after(page.head, match.end(), 80):
            year, quarter = quarter_of(end.day)  # type: ignore[arg-type]
            yield Fact(FactKind.PERIOD, f"{year}Q{quarter}", Origin.TITLE_PAGE, 0.7, end.span)
            yield Fact(FactKind.PERIOD, end.value, Origin.TITLE_PAGE, 0.8, end.span)
            break
    for words, span in page.running_heads():
        for period in periods_in(words):
            if period.fiscal or period.quarter:
                yield Fact(FactKind.PERIOD, period.value, Origin.HEADER, 0.9, span)
    for period in periods_in(page.document.title):
        if period.fiscal:
            yield Fact(FactKind.PERIOD, period.value, Origin.TITLE, 0.8)
    for period in periods_in(page.head[:400]):
        if period.fiscal:  # "Second Quarter 2023 Results", "Geschäftsbericht 2022"
            yield Fact(FactKind.PERIOD, period.value, Origin.TITLE_PAGE, 0.85, period.span)
    if not (_YEAR_ENDED.search(page.head) or _QUARTER_ENDED.search(page.head)):
        yield from _day(page)


def _day(page: _Page) -> Iterator[Fact]:
    """When it was made: the first date after "dated", "as of", "made this" …, else the first of the title page."""
    for match in _DATED.finditer(page.prose[:4000]):
        if day := _date_after(page.prose, match.end(), 60):
            yield Fact(FactKind.PERIOD, day.value, Origin.TITLE_PAGE, 0.75, day.span)
            for other in dates_in(page.prose[day.span.end : day.span.end + 25] if day.span else ""):
                yield Fact(FactKind.PERIOD, other.value, Origin.TITLE_PAGE, 0.7)  # "May 20, 2022 (May 18, 2022)"
            return
    for first in dates_in(page.prose[:2500]):
        yield Fact(FactKind.PERIOD, first.value, Origin.TITLE_PAGE, 0.5, first.span)
        return


def _date_after(text: str, at: int, within: int) -> Period | None:
    """The first date that begins within so many characters of a place, with its span in `text`."""
    for period in dates_in(text[at : at + within + 20]):
        if period.span and period.span.start <= within:
            return Period(period.year, day=period.day, span=period.span.shifted(at))
    return None


def _readable(stem: str) -> str:
    """Underscores as blanks, and the dates of file names (20190920, 02_07_2020, 2022-05-20) as dates."""
    stem = re.sub(r"(?<!\d)((?:19|20)\d{2})(\d{2})(\d{2})(?!\d)", r" \1-\2-\3 ", stem)
    stem = re.sub(r"(?<!\d)(\d{2})[_-](\d{2})[_-]((?:19|20)\d{2})(?!\d)", r" \3-\1-\2 ", stem)
    return stem.replace("_", " ")


# ── what ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _kinds(page: _Page) -> Iterator[Fact]:
    """The kinds that the title page or the file's name states."""
    name = _readable(_stem(page.document.source))
    for kind in KINDS:
        if kind.in_question.search(name):
            yield Fact(FactKind.KIND, kind.value, Origin.FILE_NAME, 0.9)
        if kind.on_title_page and (match := kind.on_title_page.search(page.head[:TITLE])):
            yield Fact(FactKind.KIND, kind.value, Origin.TITLE_PAGE, 0.9, Span(*match.span()))


def _contract_titles(page: _Page) -> Iterator[Fact]:
    """The title of a contract: the line that says it, and what it calls itself."""
    for pattern, text, sure in ((_CONTRACT_TITLE, page.head[:2500], 0.8), (_THIS_CONTRACT, page.prose[:4000], 0.75)):
        for match in pattern.finditer(text):
            title = re.sub(r"\s+", " ", match["title"]).strip(" .,:;*-–_")
            if len(title) > 4 and sum(sign.isalpha() for sign in title) > 0.7 * len(title):
                yield Fact(FactKind.KIND, title.lower(), Origin.TITLE_PAGE, sure, Span(*match.span("title")))
                break
    for match in _NUMBERED.finditer(page.prose[:1500]):
        yield Fact(FactKind.KIND, f"amendment no. {match['number']}", Origin.TITLE_PAGE, 0.8, Span(*match.span()))
        break


def _law(text: str) -> Iterator[Fact]:
    for match in _LAW.finditer(text):
        named = next(value for value in match.groups() if value)
        law = _LAWS_OF.get(re.sub(r"\s+", " ", named).lower(), re.sub(r"\s+", " ", named).removeprefix("the "))
        yield Fact(FactKind.LAW, law.strip(" ."), Origin.TEXT, 0.8, Span(*match.span()))
        return


# ── order ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _clean(name: str) -> str:
    """The name alone: an address before it ("CA 92703 and X Inc.") and joining words at its ends are cut off."""
    name = re.sub(r"\s+", " ", name).strip(" ,;:“”\"„'_-|")
    return re.sub(r"^(?:.*\d\w* (?i:and|und) |(?i:and|und|of|by|between|among) )", "", name)


def _best(found: Iterable[Fact]) -> list[Fact]:
    """One fact for each company, under the spelling and place that is surest."""
    best: dict[str, Fact] = {}
    for one in found:
        key = key_of(one.value)
        if key not in best or one.sure > best[key].sure:
            best[key] = one
    return sorted(best.values(), key=lambda one: -one.sure)


def _sorted(found: Iterable[Fact]) -> Facts:
    """By kind, the surest first; each value once, from where it is surest."""
    best: dict[tuple[FactKind, str], Fact] = {}
    for one in found:
        key = (one.kind, one.value if one.kind is FactKind.PERIOD else squashed(one.value))
        if key[1] and (key not in best or one.sure > best[key].sure):
            best[key] = one
    order = list(FactKind)
    return tuple(sorted(best.values(), key=lambda one: (order.index(one.kind), -one.sure, one.value)))
