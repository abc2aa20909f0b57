# ruff: noqa: E501 (patterns are read better on one line)
"""What a document changes in the terms of another: operative sentences, told by their grammar.

    subject                                   verb                                  new text
    Clause 8.2 (payment)                      is deleted and replaced by            the following: “8.2 …”
    In Clause 7.2 the words “31 March 2025”   are replaced by                       “31 March 2026”
    Nach Ziffer 4.2                           wird folgende Ziffer 4.3 eingefügt:   „4.3 …“

A sentence counts when its subject is a section, or words in one, and nothing makes it doubtful ("may be", "if", "not").
"Nothing in this Clause 4.2 is amended" has another subject. Patterns of drafting, in English and German; what is quoted
is never read for verbs. A pure function of the document.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from core.documents import BlockKind, Document, Span
from core.terms import Amending, Amendment, Change, Number, Target
from ingest.agreements_named import Named, agreement_of, agreements_named, own_date, restated_title
from ingest.clauses import ANNEXES, annex_number, normal
from ingest.effect import Dates
from ingest.prose import QUOTED, Paragraph, first_containing, paragraphs_of, quotes_in, sentences_in

VERSION = 2
"""Raise it when the rules change: amendments of older ones are read again from the stored text."""

HEAD = 2_500
"""Characters in which a document says that it is an amendment: its title and the first lines under it."""

LONGEST_NEW = 8_000
"""Characters of a new text that is not in quotes: three pages; what is longer is another part of the document."""

_KIND = (
    rf"(?:sub-?)?(?:clause|section|article|paragraph)s?|item|part|recital|(?:{ANNEXES})s?|sec\.|art\.|"
    r"artikels?|ziffern?|ziff\.|abschnitts?|absatz|abs\.|nummer|nr\.|punkt|klauseln?|paragra(?:f|ph)en|§+"
)
_GAP = r"(?:\s+|(?<=[.§])|(?=[\d(]))"
"""Between kind and number: "party" is no Part Y."""
_NUMBER = (
    r"(?:\d{1,3}[A-Za-z]?(?![\w%])(?:\.\d{1,3}[A-Za-z]?)*(?:\s?\([A-Za-z0-9]{1,5}\))*(?:\s+(?:Abs(?:atz|\.)|Satz|lit\.|"
    r"Nr\.)\s*\w{1,3})*|[IVXLC]{1,6}(?:\.\d{1,3})*\b(?!-\d)|[A-Z](?:-?\d{1,2})?\b|\([A-Za-z0-9]{1,5}\)(?:\([A-Za-z0-9]{1,5}\))*)"
)
_ONE = rf"(?:{_KIND}){_GAP}{_NUMBER}"
_REF = rf"(?:{_ONE}(?:(?:\s*,\s*|\s+(?:and|und|sowie|&)\s+|\s*,\s*and\s+){_NUMBER}(?!\s*[A-Za-z]*\s+20\d\d))*)"
REFERENCE = re.compile(
    rf"(?P<kind>{_KIND}){_GAP}(?P<number>{_NUMBER})(?P<more>(?:(?:\s*,\s*(?:and\s+)?|\s+(?:and|und|sowie|&)\s+){_NUMBER}"
    r"(?!\s+(?:\w+\s+)?20\d\d))*)",
    re.IGNORECASE,
)

# ── how a sentence may begin before its subject ──
_LABEL = r"(?:[“\"„]?(?:\(?[A-Za-z0-9]{1,4}[.)]|\d+(?:\.\d+)+\.?|[•▪–—*-])\s+(?:[A-Z][A-Za-z ]{2,40}:\s+)?)*"
_LEAD = re.compile(
    rf"{_LABEL}(?:(?:[^.;:]{{0,200}}?\b(?:agree[ds]?|acknowledges?|vereinbaren|confirm)\b[^.;:]{{0,80}}?\b(?:that|dass|as\s+follows)\b"
    r"[:,]?|accordingly|therefore|furthermore|in\s+addition|further|additionally|now,?\s+therefore|hiermit)\s*,?\s*)?"
    r"(?:(?:(?:with\s+effect|effective|as\s+of|as\s+from|from|commencing|beginning|on\s+and\s+(?:from|after)|upon|mit\s+wirkung|"
    r"ab\s+dem|subject\s+to|pursuant\s+to|in\s+accordance|for\s+the\s+purposes?|in\s+relation\s+to|in\s+respect)\b"
    rf"[^;:]{{0,160}}?,\s+)|(?:with\s+effect|effective|as\s+of|as\s+from|mit\s+wirkung)\b[^;:]{{0,80}}?\s(?=(?:{_KIND})\s*\d))?(?:the\s+(?:\w+\s+){{0,3}}?(?:agreement|lease|contract|deed)\s+(?:is|shall\s+be)\s+(?:hereby\s+)?(?:amended|varied|modified)\s+(?:as\s+follows|so\s+that|by)[:,]?\s+)?(?:that\s+)?",
    re.IGNORECASE,
)
_HEADS = (
    r"sentences?|paragraphs?|bullets?|lines?|rows?|entry|entries|tables?|text|wording|provisions?|language|dates?|figures?|"
    r"numbers?|amounts?|percentages?|rates?|prices?|fees?|references?|headings?|titles?|addresse?s?|definitions?|terms?|"
    r"contents?|periods?|proviso|words?|phrases?|expressions?|parts?|lists?|opening|closing|"
    r"worte?|wörter|satz|sätze|angaben?|betr[aä]ge?|zahl|datum|fassung|regelung|bestimmung|definition|begriff|frist|tabelle"
)
_SUBJECT = re.compile(
    rf"(?:(?:the\s+)?(?:provisions?|text|wording|content\w*|whole|entirety)\s+of\s+)?(?:(?:the|existing|current|old|said|bisherige[rns]?|die|der|das|den)\s+)*{_REF}"
    rf"|(?:(?:the|each|all|any|both|existing|a|an|die|der|das|den|dem|in)\s+)?(?:(?!under|of|in|by|to|for|with)[\w%-]+\s+){{0,4}}?(?:{_HEADS})\b.*"
    rf"|(?:in|at|under|to|after|before|following|immediately|at\s+the\s+(?:end|beginning)|the\s+following|there|nach|vor|in|im|am|hinter|es)\b.*"
    rf"|(?:a|an|the)?\s*(?:additional\s+|further\s+)?new\s+.*|new\s+.*|eine?\s+neuer?s?\s+.*|[“\"„«‘'].*",
    re.IGNORECASE | re.DOTALL,
)
_AFTER_REF = re.compile(
    r"\s*(?:[(,“\"„‘'].{0,160}|(?:of|to|in|under|des|der|zum|im)\s.{0,160}|[–—-]?\s*[A-Z][\w,&/ -]{0,80}|and\s.{0,120})?\s*,?\s*",
    re.DOTALL,
)
_DOUBT = re.compile(
    r"\b(?:if|in\s+the\s+event|unless|where|whenever|when|until|(?-i:may)|might|could|would|can|should|neither|nor|no|not|nothing|never|without|"
    r"notwithstanding|save|except(?!ion)|other\s+than|was|were|had|has\s+been|have\s+been|wenn|falls|sofern|soweit|kann|können|nicht|nichts|"
    r"kein\w*|wurden?|außer|any\s+reference)\b",
    re.IGNORECASE,
)
_BE = r"(?:shall\s+be\s*,\s*and\s+hereby\s+(?:is|are)\s*,|is|are|shall|will|be|hereby|to\s+be|shall\s+be|will\s+be)\s+(?:(?:be|hereby|also|further|accordingly|therefore|now|forthwith|deemed)\s+)*(?:to\s+be\s+)?"
_GONE = r"(?:deleted|removed|struck(?:\s+out)?|stricken|cancell?ed|revoked|repealed|rescinded|annulled|omitted)"
_WHOLE = r"(?:\s+(?:in\s+(?:its|their)\s+entirety|entirely|in\s+full|in\s+whole))?"
_VERBS: tuple[tuple[Change, re.Pattern[str]], ...] = tuple(
    (change, re.compile(pattern, re.IGNORECASE))
    for change, pattern in (
        (Change.REPLACED, rf"\b{_BE}(?:amended|modified|revised|changed)\s+and\s+restated\b"),
        (
            Change.REPLACED,
            rf"\b{_BE}(?:(?:{_GONE}|amended){_WHOLE}\s*,?\s*(?:and|,)\s*(?:(?:is|are|shall\s+be|be)\s+)?"
            rf"(?:hereby\s+)?(?:replaced|substituted|superseded)|(?:deleted|removed){_WHOLE}\s+and\s+(?:the\s+following|QUOTE)|"
            r"(?:replaced|substituted|superseded))\b",
        ),
        (
            Change.REPLACED,
            rf"\b{_BE}(?:amended|modified|revised|changed|corrected){_WHOLE}\s+(?:so\s+as\s+)?to\s+(?:read|provide|state|be)\b",
        ),
        (Change.REPLACED, r"\b(?:shall|will|should)\s+(?:now\s+|henceforth\s+|hereafter\s+)?read\b|\bnow\s+reads?\b"),
        (Change.REWORDED, rf"\b{_BE}(?:amended|modified|varied|revised|changed|corrected)\b"),
        (
            Change.DELETED,
            rf"\b{_BE}(?:{_GONE}|waived\s+permanently|of\s+no\s+further\s+(?:force|effect))\b"
            r"|\bshall\s+cease\s+to\s+(?:have\s+effect|apply)\b|\bshall\s+(?:no\s+longer\s+apply|have\s+no\s+further)\b"
            r"|\bno\s+longer\s+appl(?:y|ies)\b",
        ),
        (
            Change.INSERTED,
            rf"\b{_BE}(?:attached\s+(?:here)?to\s+and\s+)?(?:inserted|added|included|incorporated|supplemented|appended)\b",
        ),
        (Change.EXTENDED, rf"\b{_BE}(?:extended|postponed|prolonged)\b"),
        (
            Change.REPLACED,
            r"\b(?:wird|werden)\b(?=.*\b(?:neu\s+gefasst|ersetzt|neugefasst)\b)|\berh(?:ä|ae)lt\b(?=.*\bFassung\b)|\blautet\b|\blauten\b",
        ),
        (
            Change.DELETED,
            r"\b(?:wird|werden)\b(?=.*\b(?:gestrichen|aufgehoben|gelöscht)\b)|\bentf(?:ä|ae)llt\b|\bentfallen\b"
            r"|\b(?:ist|sind)\b(?=[^.;:]{0,40}\b(?:gegenstandslos|hinfällig)\b)"
            r"|\bverlier(?:t|en)\b(?=[^.;:]{0,40}\b(?:Gültigkeit|Geltung|Wirkung|Wirksamkeit)\b)",
        ),
        (Change.INSERTED, r"\b(?:wird|werden)\b(?=.*\b(?:eingefügt|hinzugefügt|angefügt|ergänzt)\b)"),
        (Change.EXTENDED, r"\b(?:wird|werden)\b(?=.*\bverlängert\b)"),
        (Change.REWORDED, r"\b(?:wird|werden)\b(?=.*\b(?:geändert|angepasst)\b)"),
    )
)
_ANOTHER = re.compile(
    r"[^“\"„:]{0,120}?\b(?:and|und|sowie)\b[^“\"„:]{0,60}?\b(?:replaced|substituted|superseded|ersetzt|neu\s+gefasst)\b"
    r"|[^“\"„:]{0,120}?\b(?:und|sowie)\b[^“\"„:]{0,20}?\bdurch\b.*\bersetzt\b",
    re.IGNORECASE,
)
"""A second verb after one that deletes: what is deleted and replaced is replaced."""

_INSTEAD = re.compile(
    r"(?:for|in\s+place\s+of|instead\s+of)\s+(?=[^;:]{0,300}?\bsubstitute\b)"
    r"|an\s+(?:die\s+)?stelle\s+(?=[^;:]{0,160}?\btr(?:itt|eten)\b(?!\s+(?:am|ab|in|zum|mit)\b))",
    re.IGNORECASE,
)
"""Sentences whose verb has no section before it: "For “X” in Clause 4 substitute “Y”", "An die Stelle von § 4 tritt …"."""

_ACTIVE = re.compile(
    r"(?:(?:the\s+)?(?:parties|[A-Z][\w ]{2,40}\s+and\s+[A-Z][\w ]{2,40})\s+(?:hereby\s+)?(?:agree\s+to\s+|shall\s+)?(?:hereby\s+)?)?"
    r"(?P<verb>delet(?:e|ing)|remov(?:e|ing)|replac(?:e|ing)|substitut(?:e|ing)|insert(?:ing)?|add(?:ing)?|amend(?:ing)?|extend|strik(?:e|ing))\s+",
    re.IGNORECASE,
)
_TERM = re.compile(
    r"\b(?:the\s+)?(?P<term>(?:initial\s+|current\s+|original\s+)?(?:term|duration|(?:(?:termination|expir(?:y|ation)|maturity|"
    r"end|completion|closing|longstop|long\s+stop)\s+date))|laufzeit|vertragslaufzeit|mietzeit)\b",
    re.IGNORECASE,
)
_NOUNS = r"(?:(?:the|die|der|das|den|a|such)\s+)?(?:(?:words?|figures?|date|number|amount|phrase|expression|reference|term|worte?|wörter|angaben?|zahl|datum|betrag)\s+(?:to\s+)?)?"
_CHANGED = r"(?:(?:is|are|be|shall\s+be|wird|werden)\s+)?(?:hereby\s+)?(?:replaced|substituted|changed|amended|deleted\s+and\s+replaced|modified|corrected)"
_INTO = re.compile(
    rf"\s*,?\s*(?:(?:in\s+[^“\"„;:]{{1,60}}?)?(?:{_CHANGED}\s+)?(?:by|with|to|durch|in|into)\s+{_NOUNS}(?:to\s+read\s+)?|(?:shall\s+)?becomes?\s+{_NOUNS}"
    rf"|,?\s*and\s+(?:by\s+)?(?:inserting|substituting|adding|inserted|substituted)\s+(?:in\s+(?:its|their)\s+place\s+)?{_NOUNS})",
    re.IGNORECASE,
)
_AND = re.compile(
    rf"[\s,;.]*(?:in\s+its\s+place|therefor|in\s+lieu\s+thereof|instead|ersetzt)?[\s,;]*(?:and|und|sowie|,|;)[\s,]*(?:(?:and|und)\s+)?(?:\(?[a-z0-9]{{1,4}}\)\s+)?(?:by\s+)?"
    rf"(?:(?:replacing|changing|deleting|substituting|striking|removing|amending)\s+)?{_NOUNS}",
    re.IGNORECASE,
)
_LISTED = re.compile(rf"\s*(?:,|and|und|sowie|,\s*and)\s*{_NOUNS}", re.IGNORECASE)
_FROM_TO = re.compile(r"\b(?:by|with|to|durch|substitute|become)\b", re.IGNORECASE)
_DEFINITION = re.compile(rf"\bdefinition\s+(?:of|for)\s+(?:the\s+term\s+)?(?={QUOTED})|\bdefined\s+term\s+(?={QUOTED})|\b(?:Definition|Begriff)\s+(?={QUOTED})", re.IGNORECASE)  # fmt: skip
_AMENDS = re.compile(
    r"\b(?:amendment|addendum|deed\s+of\s+(?:variation|amendment)|variation\s+agreement|supplemental\s+agreement|amending\s+"
    r"agreement|amendment\s+agreement|side\s+letter|extension\s+agreement|letter\s+of\s+amendment|modification\s+agreement|"
    r"supplement|nachtrag|nachtragsvereinbarung|änderungsvereinbarung|änderungsvertrag|ergänzungsvereinbarung|zusatzvereinbarung)\b",
    re.IGNORECASE,
)
_WISH = re.compile(
    r"\b(?:wish(?:es)?|desires?|want|agreed?|intend)\s+to\s+(?:\w+\s+){0,2}?(?:amend(?!\s+and\s+restate)|vary|modify|change|extend|supplement)\b"
    r"|\b(?:hereby|do)\s+amend\b(?!\s+and\s+restate)|\bmöchten\b.{0,80}\b(?:ändern|anpassen|ergänzen|verlängern)\b",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    r"\b(?:amendment|addendum|nachtrag|supplement|variation)\s+(?:no|nr|number)\.?\s*(?P<number>\d{1,2})"
    r"|\b(?P<word>first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth)\s+(?:amendment|addendum|supplement\w*|deed\s+of\s+variation)"
    r"|\b(?P<first>\d{1,2})\.\s*Nachtrag|\b(?P<german>erster|zweiter|dritter|vierter|fünfter)\s+nachtrag",
    re.IGNORECASE,
)
_ORDINALS = {
    word: number
    for number, words in enumerate(
        ("first erster", "second zweiter", "third dritter", "fourth vierter", "fifth fünfter", "sixth", "seventh", "eighth",
         "ninth", "tenth"), start=1
    )
    for word in words.split()
}  # fmt: skip
_RESTATED_TITLE = re.compile(
    r"\b(?:amended\s+and\s+restated|amendment\s+and\s+restatement|neufassung)\b", re.IGNORECASE
)
_RESTATES = re.compile(
    r"\bamend(?:s|ed|ing)?\s+and\s+restat(?:e|es|ed|ing)\b|\b(?:supersedes?|replaces?)\s+(?:and\s+(?:replaces?|supersedes?)\s+)?(?:in\s+its\s+entirety\s+)?"
    r"(?:the|that\s+certain)\b|\b(?:ersetzt|löst)\b.{0,80}\b(?:vom|ab)\b",
    re.IGNORECASE,
)
_CONTINUES = re.compile(
    r"\W*(?:\d+(?:\.\d+)*\.?\s+)?(?:except\s+as|save\s+as|save\s+for|other\s+than\s+as|all\s+other\s+(?:terms|provisions)|in\s+all\s+other\s+respects|"
    r"the\s+remaining|in\s+witness|signed\b|executed\b|im\s+übrigen|alle\s+übrigen|the\s+agreement\s+(?:otherwise|shall\s+remain)|"
    r"continuing\s+effect|governing\s+law|counterparts)",
    re.IGNORECASE,
)
_NOW_READS = re.compile(
    r"\W*(?:it\s+|and\s+|the\s+same\s+)?(?:is\s+(?:hereby\s+)?(?:amended|changed|replaced)\b.{0,40}(?:read|with)|(?:shall|will)\s+(?:now\s+)?read|"
    r"(?:it\s+)?now\s+(?:reads?|states?)|to\s+(?:now\s+)?read|new\s+text)",
    re.IGNORECASE,
)
_FOLLOWING = re.compile(
    r"\b(?:following|as\s+follows|folgende\w*|wie\s+folgt|read|reads|state[sd]?|with|by|lautet)\W*$", re.IGNORECASE
)
_PREVIOUS = re.compile(
    r"\b(?:previously|currently|formerly)\s+(?:read|states?|provides?)\b|\bwhereas\b[^“\"„:]{0,80}\b(?:was|were|read|provided|stated)\b",
    re.IGNORECASE,
)
_NOW = re.compile(r"\b(?:now|nunmehr)\b[^.;:“\"„]{0,40}:\s*$", re.IGNORECASE)
_ITEM = re.compile(r"\s*(?:\([A-Za-z0-9]{1,4}\)|[a-z]\)|[•▪●–—*-])\s")


@dataclass(frozen=True, slots=True)
class _Found:
    """An operative sentence: `targets` are all sections that it changes in the same way."""

    change: Change
    targets: tuple[Target, ...]
    sentence: Span
    old: Span | None
    new: Span | None
    follows: bool
    label: str
    paragraph: int
    open_ended: bool = False


def amendments_of(document: Document) -> Amendment | None:
    """What the document changes in other agreements; None when it changes nothing. Spans are of `document.text`."""
    paragraphs = paragraphs_of(document)
    named = agreements_named(paragraphs)
    amends = _is_amendment(document, paragraphs)
    restated = _restatement(paragraphs, named) if not amends else None
    undated = not any(one.agreement.day for one in named)
    if not amends and undated and (itself := restated_title(paragraphs)):
        named, restated = (itself,), (_sentence_at(paragraphs, itself.agreement.span), 0)
    may_change = not restated and (amends or _changes_another(paragraphs, named))
    found = _with_texts(list(_operative(paragraphs)), paragraphs) if may_change else []
    found += list(_rows(document)) if amends else []
    if not amends:  # a side letter, say: it must name in the sentence itself what it changes
        found = [one for one in found if _names_another(one.sentence.of(document.text), named)]
    if not found and restated is None:
        return None
    dated = own_date(paragraphs, named)
    dates = Dates(document, paragraphs, dated)
    changes = [
        Amending(one.change, target, one.sentence, dates.of(one.sentence), one.new, one.old,
                 agreement_of(one.sentence.of(document.text), named), one.open_ended)
        for one in _without_umbrellas(found)
        for target in one.targets
    ]  # fmt: skip
    if restated:
        place, at = restated
        changes = [Amending(Change.RESTATED, Target(name="the whole agreement"), place, dates.of(place), agreement=at)]
    head = " ".join(paragraph.text for paragraph in paragraphs)[:HEAD]
    return Amendment(
        tuple(one.agreement for one in named),
        tuple(sorted(changes, key=lambda one: one.sentence.start)),
        _number(head),
        dated.day if dated else None,
        not amends and restated is None,
    )


# ── is it one ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _is_amendment(document: Document, paragraphs: Sequence[Paragraph]) -> bool:
    """True where a title line, or what the document calls itself, says that it amends."""
    for paragraph in paragraphs:
        if paragraph.span.start > HEAD:
            break
        titled = len(paragraph.text) < 200 and not paragraph.text.rstrip().endswith((".", ";"))
        if titled and _AMENDS.search(paragraph.text) and not _RESTATED_TITLE.search(paragraph.text.split(" to ")[0]):
            return True
        if re.search(r"\b(?:this|dieser|diese)\s+(?:[\w.]+\s+){0,3}" + _AMENDS.pattern, paragraph.text, re.IGNORECASE):
            return True
    start = document.text[: 2 * HEAD].replace("\n", " ")
    return _WISH.search(start) is not None or bool(
        _AMENDS.search(document.title) and not _RESTATED_TITLE.search(document.title)
    )


def _names_another(sentence: str, named: Sequence[Named]) -> bool:
    at = agreement_of(sentence, named)
    return at is not None and (named[at].agreement.day is not None or named[at].called is not None) and bool(
        re.search(r"\b(?:of|to|in|under|des|der)\s+(?:the|that|said|such|des|der)?\s*", sentence)
        and named[at].in_words(sentence)
    )  # fmt: skip


def _changes_another(paragraphs: Sequence[Paragraph], named: Sequence[Named]) -> bool:
    """True where a sentence that changes something names another agreement. Most documents have none, and all their
    sentences need not be read to know it."""
    words = [name for one in named for name in (one.called, one.agreement.title) if name]
    if not words:
        return False
    naming = re.compile("|".join(map(re.escape, words)), re.IGNORECASE)
    return any(
        _names_another(paragraph.words(sentence), named) and _read(paragraph, sentence, ("1",), number)
        for number, paragraph in enumerate(paragraphs)
        if naming.search(paragraph.text)
        for sentence in sentences_in(paragraph)
        if naming.search(paragraph.words(sentence))
    )


def _restatement(paragraphs: Sequence[Paragraph], named: Sequence[Named]) -> tuple[Span, int | None] | None:
    """The place where a document says that it restates another agreement, and which."""
    title = next(
        (
            one
            for one in paragraphs
            if one.span.start < HEAD and len(one.text) < 200 and _RESTATED_TITLE.search(one.text)
        ),
        None,
    )
    for paragraph in paragraphs:
        if paragraph.span.start > 4 * HEAD:
            break
        for sentence in sentences_in(paragraph):
            words = sentence.of(paragraph.masked)
            at = agreement_of(words, named, dated=True)
            if at is not None and (match := _RESTATES.search(words)):
                whole = re.search(r"entirety|restat|ersetzt|löst", words, re.IGNORECASE)
                inside = named[at].agreement.span.shifted(0)
                if (
                    whole
                    and paragraph.span.contains(inside)
                    and not _DOUBT.search(words[max(0, match.start() - 60) : match.start()])
                ):
                    return sentence.shifted(paragraph.span.start), at
    if title is not None and named:
        return title.span, 0 if named[0].agreement.day or len(named) == 1 else None
    return None


def _sentence_at(paragraphs: Sequence[Paragraph], span: Span) -> Span:
    at = first_containing(paragraphs, span.start)
    assert at is not None  # a place in one of them
    paragraph = paragraphs[at]
    sentences = (sentence.shifted(paragraph.span.start) for sentence in sentences_in(paragraph))
    return next((sentence for sentence in sentences if sentence.overlaps(span)), span)


def _number(head: str) -> int | None:
    match = _NUMBERED.search(head)
    if match is None:
        return None
    if digits := match["number"] or match["first"]:
        return int(digits)
    return _ORDINALS[(match["word"] or match["german"]).lower()]


# ── operative sentences ───────────────────────────────────────────────────────────────────────────────────────────────


def _operative(paragraphs: Sequence[Paragraph]) -> Iterator[_Found]:
    above: Number = ()
    for number, paragraph in enumerate(paragraphs):
        for sentence in sentences_in(paragraph):
            found = _read(paragraph, sentence, above, number)
            for one in found:
                if one.follows and one.targets and one.targets[0].number and one.change is Change.REWORDED:
                    above = one.targets[0].number
            yield from found


def _read(paragraph: Paragraph, sentence: Span, above: Number, number: int) -> list[_Found]:
    """What a sentence changes: one change, or one for each pair of words that it exchanges; empty for no change."""
    words = sentence.of(paragraph.masked)
    lead = _LEAD.match(words)
    begins = lead.end() if lead else 0
    label = re.match(r"\s*[“\"„]?(\(?[A-Za-z0-9]{1,4}[.)]|\d+(?:\.\d+)+\.?)\s", words)
    for at in sorted({begins, _after_label(words)}, reverse=True):
        body = words[at:]
        read = _passive(body) or _active(body)
        if read is None:
            continue
        change, subject, rest = read
        targets, change = _targets(subject, rest, change, above, body=body, words=paragraph.words(sentence)[at:])
        if not targets:
            continue
        offset = paragraph.span.start + sentence.start + at
        before, after = quotes_in(subject, offset), quotes_in(rest, offset + len(body) - len(rest))
        old, new = _quoted(subject, rest, change, [one for one in before if not after or one < after[0]], after)
        inline = re.search(r"\b(?:follows|following|read|reads|with|by)\s*:\s+(?=[^\s“\"„])", rest)
        if new is None and inline and change is not Change.DELETED:
            new = Span(offset + len(body) - len(rest) + inline.end(), offset + len(body))
        if change is Change.REWORDED and old is None and new is None and not _FOLLOWING.search(body) and not above:  # noqa: SIM102
            if not re.search(r"\b(?:so\s+that|such\s+that|by|as\s+follows|to)\b|geändert", rest, re.IGNORECASE):
                continue
        follows = bool(_FOLLOWING.search(body.rstrip(" :–—-")) or body.rstrip().endswith(":"))
        pairs: Sequence[tuple[Span | None, Span | None]] = _exchanges(body, offset) if change is Change.REWORDED else ()
        return [
            _Found(
                change,
                targets,
                sentence.shifted(paragraph.span.start),
                old,
                new,
                follows,
                label[1] if label else "",
                number,
            )
            for old, new in pairs or [(old, new)]
        ]
    return []


def _after_label(words: str) -> int:
    match = re.match(_LABEL, words)
    return match.end() if match else 0


def _passive(body: str) -> tuple[Change, str, str] | None:
    """(change, subject, rest): the first verb that changes, with what stands before and after it."""
    best: tuple[int, int, Change, int] | None = None
    for order, (change, pattern) in enumerate(_VERBS):
        match = pattern.search(body)
        if match and (best is None or match.start() < best[0]):
            best = (match.start(), order, change, match.end())
    if best is None:
        return None
    at, _, change, end = best
    subject = body[:at].rstrip()
    if not subject or _DOUBT.search(subject) or len(subject) > 400:
        return None
    if re.search(r"\b(?:not|nicht)\b", body[at : end + 5], re.IGNORECASE):
        return None
    if change is Change.DELETED and _ANOTHER.match(body, end):
        change = Change.REPLACED
    if not _SUBJECT.fullmatch(subject.strip(" ,")) and not _bare_reference(subject) and not _TERM.search(subject):
        return None
    return change, subject, body[at:]


def _bare_reference(subject: str) -> bool:
    match = REFERENCE.match(re.sub(r"^(?:the|die|der|das|in)\s+", "", subject.strip(), flags=re.IGNORECASE))
    if match is None:
        return False
    rest = re.sub(r"^(?:the|die|der|das|in)\s+", "", subject.strip(), flags=re.IGNORECASE)[match.end() :]
    return _AFTER_REF.fullmatch(rest) is not None


def _active(body: str) -> tuple[Change, str, str] | None:
    if instead := _INSTEAD.match(body):
        in_words = re.match(rf"[^;:]{{0,80}}?{QUOTED}", body[instead.end() :]) is not None
        reference = REFERENCE.search(body[:220])
        of_words = in_words and "stelle" not in instead.group().lower()
        return (Change.REWORDED if of_words else Change.REPLACED, "", body[instead.end() :]) if reference else None
    match = _ACTIVE.match(body)
    if match is None or _DOUBT.search(body[: match.end()]):
        return None
    verb, rest = match["verb"].lower()[:3], body[match.end() :]
    change = {"del": Change.DELETED, "rem": Change.DELETED, "str": Change.DELETED, "rep": Change.REPLACED,
              "sub": Change.REPLACED, "ins": Change.INSERTED, "add": Change.INSERTED, "ame": Change.REWORDED,
              "ext": Change.EXTENDED}[verb]  # fmt: skip
    if change is Change.DELETED and re.search(r"\b(?:replace|substitut|insert)\w*\b", rest, re.IGNORECASE):
        change = Change.REPLACED
    reference = REFERENCE.search(rest[:220])
    if reference is None and not _TERM.match(rest) and not _DEFINITION.search(rest[:120]):
        return None
    return change, "", rest


def _targets(
    subject: str, rest: str, change: Change, above: Number, *, body: str, words: str
) -> tuple[tuple[Target, ...], Change]:
    """The sections that a sentence changes; the change itself may be told more exactly by what is changed."""
    """`words` is `body` with its quotations readable."""
    in_words = bool(
        re.search(QUOTED, subject)
        or re.search(
            r"\b(?:sentence|words?|date|figure|entry|row|line|reference|satz|worte|wörter)\b", subject, re.IGNORECASE
        )
        or re.match(
            rf"(?:wird|werden)\s[^.;:]{{0,60}}?\b(?:worte?|wörter|satz|zahl|angabe|betrag)\b|(?:wird|werden)\s[^.;:]{{0,12}}{QUOTED}",
            rest,
            re.IGNORECASE,
        )
    )
    subject = subject or rest[:220]
    inserted = re.search(
        rf"\bnew\b[^.;:]{{0,60}}?(?P<ref>{_ONE})|\b(?:folgende[rns]?|neue[rns]?)\s+(?:neue[rns]?\s+)?(?P<german>{_ONE})"
        rf"|\bas\s+(?:a\s+)?(?:new\s+)?(?P<as>{_ONE})|\bfollowing\s+(?:as\s+)?(?:new\s+)?(?P<following>{_ONE})",
        f"{subject} {rest}",
        re.IGNORECASE,
    )
    by = re.match(r"[^.;:]{0,60}?\bby\s+(?:(?P<add>adding|inserting|including)|(?P<del>deleting|replacing|striking|substituting|removing))", rest, re.IGNORECASE)  # fmt: skip
    if change in (Change.INSERTED, Change.REWORDED) and inserted and (change is Change.INSERTED or (by and by["add"])):
        written = next(value for value in inserted.groups() if value)
        return (_target(written),), Change.INSERTED
    if definition := _DEFINITION.search(body):
        quoted = re.match(QUOTED, body[definition.end() :])
        assert quoted is not None  # the pattern looks ahead to it
        term = words[definition.end() + 1 : definition.end() + quoted.end() - 1].strip(" ,.;")
        anew = change is Change.REWORDED and not (by and by["add"])
        return (Target((), term, f"definition of “{term}”"),), Change.REPLACED if anew else change
    references = list(REFERENCE.finditer(subject)) or list(REFERENCE.finditer(rest[:160]))
    if (
        not references
        and change is Change.EXTENDED
        or (not references and _TERM.search(subject) and change is Change.REPLACED)
    ):
        if dated := _TERM.search(subject):
            return (Target((), " ".join(dated["term"].split()), " ".join(subject.split())[:80]),), change
        return (), change
    if not references:
        if in_words and re.search(r"\breferences?\b", subject, re.IGNORECASE) and re.search(QUOTED, subject):
            return (Target(name="wherever it stands"),), Change.REWORDED
        if above and re.search(rf"\(([a-z]{{1,4}}|\d)\)|{QUOTED}", subject):
            return (Target(above, name=_named(above)),), Change.REWORDED if in_words else change
        return (), change
    targets = _numbers(references, above)
    if in_words and change in (Change.REPLACED, Change.DELETED, Change.INSERTED):
        change = Change.REWORDED
    if change is Change.INSERTED:
        change = Change.REWORDED  # something is added to a section that is there
    if (
        change is Change.REWORDED
        and by
        and by["del"]
        and re.search(r"\bin\s+(?:its|their)\s+entirety\b", rest, re.IGNORECASE)
    ):
        change = Change.REPLACED
    return targets, change


def _numbers(references: Sequence[re.Match[str]], above: Number) -> tuple[Target, ...]:
    """One target for each number; "paragraph (b) of Clause 4.2" and "Part A of Schedule 1" are one."""
    targets: list[Target] = []
    skip = False
    for at, one in enumerate(references):
        if skip:
            skip = False
            continue
        number = _of_kind(one["kind"], one["number"])
        name = " ".join(one.group().split())
        following = references[at + 1] if at + 1 < len(references) else None
        between = one.string[one.end() : following.start()] if following else ""
        if following and re.fullmatch(
            r"\s*(?:\([^)]*\)\s*)?,?\s*(?:of|to|in|under|des|der|von|in der)\s+(?:the\s+)?", between, re.IGNORECASE
        ):
            outer = _of_kind(following["kind"], following["number"])
            targets.append(Target((*outer, *number), name=f"{name} of {' '.join(following.group().split())}"))
            skip = True
            continue
        if re.match(r"\(", one["number"]) and above:
            targets.append(Target((*above, *number), name=f"{_named(above)}{one['number'].strip()}"))
        elif not re.match(r"\(", one["number"]):
            kind = re.sub(r"(?<=[a-z])s$", "", one["kind"]) if one["more"] else one["kind"]
            targets.append(Target(number, name=f"{kind} {' '.join(one['number'].split())}" if one["more"] else name))
            for more in filter(None, re.split(r"\s*,\s*(?:and\s+)?|\s+(?:and|und|sowie|&)\s+", one["more"] or "")):
                targets.append(Target(_of_kind(one["kind"], more), name=f"{kind} {more}"))  # noqa: PERF401
    return tuple({target.number: target for target in targets}.values())


def _target(written: str) -> Target:
    match = REFERENCE.match(written)
    assert match is not None
    return Target(_of_kind(match["kind"], match["number"]), name=" ".join(written.split()))


def _of_kind(kind: str, number: str) -> Number:
    kind = kind.lower()
    if re.fullmatch(rf"(?:{ANNEXES})s?", kind) and (own := re.match(r"\s*(\w+(?:-\d+)?)", number)):
        word = re.sub(r"^anlagen$", "anlage", re.sub(r"s$", "", kind))
        word = "annex" if word == "annexe" else "appendix" if word == "appendice" else word
        return f"{word} {annex_number(own[1])}", *normal(number[own.end() :])
    levels = normal(number)
    return (f"part {levels[0]}",) if kind == "part" else levels


def _named(number: Number) -> str:
    digits = ".".join(level for level in number if level[:1].isdigit())
    return f"Clause {digits}" + "".join(f"({level})" for level in number if not level[:1].isdigit())


# ── the words that go and the words that come ─────────────────────────────────────────────────────────────────────────


def _quoted(
    subject: str, rest: str, change: Change, before: list[Span], after: list[Span]
) -> tuple[Span | None, Span | None]:
    """(old, new): what is quoted before and after the verb, by the words around it."""
    heading = re.search(
        rf"{REFERENCE.pattern}\s*[(,]?\s*(?:entitled|headed|titled)?\s*{QUOTED}\s*\)?\s*$", subject, re.IGNORECASE
    )
    if heading or (
        before
        and change in (Change.REPLACED, Change.DELETED)
        and not re.search(r"\b(?:words?|date|figure|amount|reference|worte|wörter)\b", subject, re.IGNORECASE)
    ):
        before = before if change is Change.REWORDED and not heading else []
    if not after:
        if re.search(r"\b(?:insert|add|eingefügt|ergänzt|angefügt)", rest, re.IGNORECASE):
            return None, before[0] if before else None
        return (before[0] if before else None), None
    if before:
        if re.match(r".{0,60}\b(?:inserted|added|eingefügt)\b", rest, re.IGNORECASE):
            return None, before[0]  # the words “X” are inserted after “Y”
        return before[0], after[-1] if len(after) == 1 else after[0]
    if (
        re.search(r"\bsubstitut\w+\s+[^“\"„]{0,40}[“\"„'‘][^”\"“'’]*[”\"“'’]\s+(?:for|in\s+place)", rest, re.IGNORECASE)
        and len(after) > 1
    ):
        return after[1], after[0]
    if re.search(r"\b(?:insert|add)(?:ing|ed)?\b", rest, re.IGNORECASE) and not re.search(
        r"\b(?:delet|replac|strik|remov|substitut)", rest, re.IGNORECASE
    ):
        return None, after[0]
    if len(after) > 1 and re.search(r"\b(?:delet|replac|strik|remov|substitut|durch|chang|amend)", rest, re.IGNORECASE):
        return after[0], after[1]
    if change in (Change.DELETED,) or re.search(
        r"\b(?:by\s+(?:deleting|striking|removing)|gestrichen)\b", rest, re.IGNORECASE
    ):
        return after[0], None
    return None, after[-1]


def _exchanges(body: str, offset: int) -> list[tuple[Span, Span]]:
    """The pairs (old, new) of a sentence that exchanges words twice or more; empty unless every quotation is in one.

    “a” is replaced by “b” and “c” by “d”                    the words between tell which is old
    “a” and “c” are replaced by “b” and “d” respectively     the first half are old
    """
    marks = [(match.start(), match.end()) for match in re.finditer(QUOTED, body)]
    if len(marks) < 4 or len(marks) % 2:
        return []
    places = quotes_in(body, offset)
    between = [body[end:start] for (_, end), (start, _) in itertools.pairwise(marks)]
    after = body[marks[-1][1] :]
    half = len(marks) // 2
    by_turns = all((_INTO if at % 2 == 0 else _AND).fullmatch(words) for at, words in enumerate(between))
    if by_turns and not re.search(r"\b(?:respectively|jeweils)\b", body, re.IGNORECASE):
        return [(places[at], places[at + 1]) for at in range(0, len(places), 2)]
    listed = all(_LISTED.fullmatch(words) for at, words in enumerate(between) if at != half - 1)
    if listed and _FROM_TO.search(between[half - 1]) and re.search(
        r"\b(?:respectively|jeweils)\b", between[half - 1] + after, re.IGNORECASE
    ):  # fmt: skip
        return [(places[at], places[at + half]) for at in range(half)]
    return []


def _with_texts(found: list[_Found], paragraphs: Sequence[Paragraph]) -> list[_Found]:
    """Each with the new text that follows it; sentences inside the new text of another are none of their own."""
    whole: list[_Found] = []
    end = -1
    for place, one in enumerate(found):
        if one.sentence.start < end:
            continue
        following = found[place + 1] if place + 1 < len(found) else None
        if one.new is None and one.follows and one.change is not Change.DELETED:
            text = _text_after(one, paragraphs, following)
            if text is not None:
                one = replace(one, new=text[0], open_ended=text[1])
                end = text[0].end
        whole.append(one)
    return whole


def _text_after(one: _Found, paragraphs: Sequence[Paragraph], following: _Found | None) -> tuple[Span, bool] | None:
    """What comes after "… the following:", and whether nothing tells where it ends.

    That is what is quoted, else the paragraphs up to the next of the same list; where none comes, the first one with
    its items.
    """
    own = paragraphs[one.paragraph]
    rest = own.masked[one.sentence.end - own.span.start :]
    if rest.strip():
        start = one.sentence.end + len(rest) - len(rest.lstrip(" :"))
        quoted = quotes_in(rest, one.sentence.end)
        if quoted and not own.masked[one.sentence.end - own.span.start : quoted[0].start - own.span.start - 1].strip(
            " :"
        ):
            return quoted[0], False
        return Span(start, own.span.end), False
    after: int | None = one.paragraph + 1
    if _PREVIOUS.search(own.words(one.sentence.within(own.span))):
        told = _now_reads(one.paragraph + 1, paragraphs, following)
        if isinstance(told, Span):
            return told, False
        after = told
    if after is None or after >= len(paragraphs):
        return None
    first = paragraphs[after]
    if first.quote_end is not None:
        start = first.span.start + len(first.text) - len(first.text.lstrip()) + 1
        return Span(start, max(first.quote_end, start)), False
    return _unquoted(one, after, paragraphs, following)


def _now_reads(after: int, paragraphs: Sequence[Paragraph], following: _Found | None) -> Span | int | None:
    """After "… previously read", the new text in the paragraph that says "now reads", or the number of the one after
    it; None where nothing says so before the next change."""
    for at in range(after, min(after + 12, len(paragraphs))):
        paragraph = paragraphs[at]
        if following is not None and paragraph.span.end > following.sentence.start:
            return None
        if _NOW.search(paragraph.text):
            return at + 1
        if _NOW_READS.match(paragraph.text):
            rest = re.sub(r"^[^:]*:?", "", paragraph.text)
            return (
                Span(paragraph.span.end - len(rest.lstrip()), paragraph.span.end) if len(rest.strip()) > 3 else at + 1
            )
    return None


def _unquoted(
    one: _Found, after: int, paragraphs: Sequence[Paragraph], following: _Found | None
) -> tuple[Span, bool] | None:
    first, last, told = paragraphs[after], None, False
    for paragraph in paragraphs[after:]:
        if paragraph.span.end - first.span.start > LONGEST_NEW:
            break
        told = (
            _CONTINUES.match(paragraph.text) is not None
            or (following is not None and paragraph.span.end > following.sentence.start)
            or (last is not None and paragraph.heading)
            or (bool(one.label) and _goes_on(one.label, paragraph.text))
        )
        if told or (last is not None and not one.label and not _belongs(paragraph, last)):
            break
        last = paragraph
    if last is None:
        return None
    if told or last is first and after + 1 == len(paragraphs):
        return Span(first.span.start, last.span.end), False
    # Nothing tells its end: too little is read on by whoever reads it, too much would be taken for the clause.
    last = first
    for paragraph in paragraphs[after + 1 :]:
        if not _belongs(paragraph, last) or paragraph.span.end - first.span.start > LONGEST_NEW:
            break
        last = paragraph
    return Span(first.span.start, last.span.end), True


def _belongs(paragraph: Paragraph, before: Paragraph) -> bool:
    """True for a table, and for an item of a list that the paragraph before it opens or goes on with."""
    opens = re.search(r"(?:[:;,]|\b(?:and|or|und|oder))\s*$", before.text) is not None
    return paragraph.is_table or (opens and _ITEM.match(paragraph.text) is not None)


def _goes_on(label: str, text: str) -> bool:
    """True where a paragraph has the number after `label`, or one of a level above."""
    match = re.match(r"\s*(\(?[A-Za-z0-9]{1,4}[.)]|\d+(?:\.\d+)+\.?)\s", text)
    if match is None:
        return False
    own, other = normal(label), normal(match[1])
    if not own or not other or label[:1] == "(" != (match[1][:1] == "("):
        return False
    if own[-1].isdigit() and other[-1].isdigit():
        return (len(other) == len(own) and other[:-1] == own[:-1] and int(other[-1]) == int(own[-1]) + 1) or (
            len(other) < len(own) and other[0].isdigit() and own[0].isdigit() and int(other[0]) == int(own[0]) + 1
        )
    return len(own) == len(other) == 1 and len(own[0]) == 1 == len(other[0]) and ord(other[0]) == ord(own[0]) + 1


def _without_umbrellas(found: Sequence[_Found]) -> list[_Found]:
    """Without "Section 1 is amended as follows:" where the items below it say how."""
    kept = []
    for at, one in enumerate(found):
        below = found[at + 1] if at + 1 < len(found) else None
        umbrella = (
            one.follows and one.change in (Change.REWORDED, Change.REPLACED) and one.new is None and one.old is None
        )
        if umbrella and below and all(
            any(target.number[: len(own.number)] == own.number for target in below.targets) for own in one.targets
        ):  # fmt: skip
            continue
        kept.append(one)
    return kept


# ── tables of amendments ──────────────────────────────────────────────────────────────────────────────────────────────

_ROW_VERBS = (
    (Change.REPLACED, re.compile(r"\breplac|\bsubstitut|\bersetz|\bneu(?:e|gefasst)", re.IGNORECASE)),
    (
        Change.INSERTED,
        re.compile(r"\binsert|\badd(?:ed|ition)?\b|\bnew\s+(?:clause|section)|\beinf(?:ü|u)g|\bergänz", re.IGNORECASE),
    ),
    (Change.DELETED, re.compile(r"\bdelet|\bremov|\bgestrichen|\bentf[aä]ll", re.IGNORECASE)),
    (Change.REWORDED, re.compile(r"\bamend|\bchang|\bvari|\bgeändert", re.IGNORECASE)),
)
_ROW_HEAD = re.compile(r"\b(?:amend|new|revis|replac|chang|variation|amended|neu|änderung)", re.IGNORECASE)


def _rows(document: Document) -> Iterator[_Found]:
    """Rows that name a section in their first cell and say in another what becomes of it."""
    for block in document.blocks:
        if block.kind is not BlockKind.TABLE:
            continue
        head = None
        at = block.span.start
        for line in block.span.of(document.text).split("\n"):
            cells = line.split("\t")
            place, at = at, at + len(line) + 1
            if head is None:
                head = cells
            reference = re.match(
                rf"\s*(?:\d+\.?\s*\t)?\s*(?:the\s+)?(?P<ref>{_ONE}|\d+(?:\.\d+)+)(?![\w.])", line, re.IGNORECASE
            )
            if reference is None or len(cells) < 2:
                continue
            says = next(
                (change for change, pattern in _ROW_VERBS if any(pattern.search(cell) for cell in cells[1:])), None
            )
            headed = cells is not head and any(_ROW_HEAD.search(cell) for cell in head[1:])
            if says is None and not headed:
                continue
            written = reference["ref"]
            target = _target(written) if REFERENCE.match(written) else Target(normal(written), name=f"Clause {written}")
            new = Span(place + len(line) - len(cells[-1].lstrip()), place + len(line.rstrip()))
            gone = says is Change.DELETED
            yield _Found(says or Change.REPLACED, (target,), Span(place, place + len(line.rstrip())), None,
                         None if gone or not len(new) else new, False, "", 0)  # fmt: skip
