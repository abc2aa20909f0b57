"""The terms that a document defines, each with the words that define it.

“Net Revenue” means …             Net Revenue means … (at the head of a paragraph)
… Northwind GmbH (the “Supplier”) a row of a table of definitions
“Products” has the meaning given in the Master Agreement: defined elsewhere, and said so
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from core.documents import Document, Span
from ingest.prose import Paragraph, paragraphs_of, sentences_in

LONGEST_TERM = 60
"""Characters of the longest term that is looked for: longer names in quotation marks are titles."""

_OPEN, _CLOSE = "“\"„‘'«", "”\"“’'»"
_VERB = (
    r"(?:\s*\([^)]{0,80}\))?(?:\s*,?\s*(?:and|or|und|oder)\s*[“\"„][^”\"“]{1,60}[”\"“])*\s*,?\s*"
    r"(?:(?:shall\s+)?(?:each\s+)?means?|(?:shall\s+)?ha(?:s|ve)\s+the\s+(?:respective\s+)?meanings?|refers?\s+to|is\s+defined|"
    r"bedeute[tn]|bezeichne[tn]|hat\s+die\s+(?:in|ihm)|sind\b|meint)\b"
)
_QUOTED = re.compile(
    rf"[{_OPEN}](?P<term>[^{_OPEN}{_CLOSE}\n]{{2,{LONGEST_TERM}}})[{_CLOSE}](?={_VERB})", re.IGNORECASE
)
_BARE = re.compile(
    r"^\s*(?:\(?[A-Za-z0-9.]{1,6}\)?[.)]?\s+)?(?P<term>[A-ZÄÖÜ][\w&/-]*(?:\s+(?:of|and|the|in|[A-ZÄÖÜ(][\w&/)-]*)){0,5})\s+(?:means|bedeutet|bezeichnet|has\s+the\s+meaning)\b"
)
_BRACKETS = re.compile(
    rf"\((?:[^(){_OPEN}]{{0,60}}?\b)?(?:the|der|die|das|each,?\s+an?|together,?\s+the|collectively,?\s+the|nachfolgend|hereinafter|im\s+folgenden|an?)?\s*"
    rf"[{_OPEN}](?:the\s+)?(?P<term>[^{_OPEN}{_CLOSE}()\n]{{2,{LONGEST_TERM}}})[{_CLOSE}][^()]{{0,40}}\)"
    rf"|\((?:the|der|die|das)\s+(?P<bare>[A-ZÄÖÜ][\w-]*(?:\s+[A-ZÄÖÜ][\w-]*){{0,4}})\)"
)
_ELSEWHERE = re.compile(
    r"\b(?:(?:meaning|defined|set\s+(?:out|forth)|given)\b[^.;]{0,80}?\b(?:in|by|to)\b[^.;]{0,30}?\b(?P<where>(?:the\s+)?(?:[A-Z][\w-]*\s+){0,5}"
    r"(?:Agreement|Contract|Lease|Deed|Act|Regulation|Amendment|Plan|Indenture))\b|im\s+Sinne\s+(?:des|der)\s+(?P<wo>[\w\s-]{3,40}))"
)
_HEADED = re.compile(
    r"\b(?:definitions?|interpretation|defined\s+terms|begriffsbestimmungen|definitionen)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Definition:
    """A term and the place that defines it; `elsewhere` names the document that does, where the place only refers."""

    term: str
    span: Span
    elsewhere: str = ""


def definitions_of(document: Document) -> tuple[Definition, ...]:
    """The definitions of a document in order, each term once: words that say "means" before a name in brackets."""
    found: dict[str, Definition] = {}
    brackets: list[Definition] = []
    headed = False
    for paragraph in paragraphs_of(document):
        if paragraph.is_table:
            if headed:
                for one in _rows(paragraph):
                    found.setdefault(one.term, one)
            continue
        if len(paragraph.text) < 200:
            headed = (headed and not paragraph.heading) or _HEADED.search(paragraph.text) is not None
        for one in _said(paragraph):
            found.setdefault(one.term, one)
        brackets += _in_brackets(paragraph)
    for one in brackets:
        found.setdefault(one.term, one)
    return tuple(sorted(found.values(), key=lambda one: one.span))


def _said(paragraph: Paragraph) -> Iterator[Definition]:
    starts = [(match.start(), match["term"]) for match in _QUOTED.finditer(paragraph.text)]
    if not starts and (bare := _BARE.match(paragraph.text)):
        starts = [(bare.start("term"), bare["term"])]
    ends = [start for start, _ in [*starts, (len(paragraph.text), "")][1:]]
    sentences = list(sentences_in(paragraph))
    for (start, term), end in zip(starts, ends, strict=True):
        if len(starts) > 1:  # several in one paragraph: each has its sentence
            end = min(end, next((one.end for one in sentences if one.start <= start < one.end), end))
        words = paragraph.text[start:end].rstrip()
        yield Definition(_clean(term), Span(start, start + len(words)).shifted(paragraph.span.start), _where(words))


def _in_brackets(paragraph: Paragraph) -> Iterator[Definition]:
    for match in _BRACKETS.finditer(paragraph.text):
        term = _clean(match["term"] or match["bare"])
        if not term[:1].isupper():
            continue
        for sentence in sentences_in(paragraph):
            if sentence.start <= match.start() < sentence.end:
                end = max(sentence.end, match.end())
                yield Definition(
                    term, Span(sentence.start, min(end, len(paragraph.text))).shifted(paragraph.span.start)
                )
                break


def _rows(paragraph: Paragraph) -> Iterator[Definition]:
    at = paragraph.span.start
    for line in paragraph.text.split("\n"):
        cells = line.split("\t")
        term = cells[0].strip().strip(_OPEN + _CLOSE + ":")
        if len(cells) == 2 and 1 < len(term) <= LONGEST_TERM and term[0].isupper() and len(cells[1].split()) > 2:
            yield Definition(_clean(term), Span(at, at + len(line.rstrip())), _where(cells[1]))
        at += len(line) + 1


def _clean(term: str) -> str:
    return " ".join(term.split()).strip(" ,.;:")


def _where(words: str) -> str:
    match = _ELSEWHERE.search(words[:260])
    if match is None:
        return ""
    where = " ".join((match["where"] or match["wo"]).split())
    return (
        ""
        if re.fullmatch(r"(?i)(?:this|the)?\s*(?:agreement|contract)", where) and "this" in words[:260].lower()
        else where
    )
