"""Answers without a language model: the sentences and table rows that answer, in their own words, or a reason why none.

question ──► terms (stems, numbers, names) ─┐
passages ──► terms + those of their heading ├─► score ──► best few ──► claims        (or nothing: see ENOUGH)
similarity(question, passages), if given ───┘
"""

from __future__ import annotations

import math
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from core.answers import Usage
from core.documents import Chunk, DocumentId
from core.names import initials, short_form
from core.questions import asked_of
from core.sentences import cells_of_line
from generation.asked_for import (
    clause_named,
    decided,
    heading_of,
    kinds_wanted,
    topic_of_clause,
    wants_list,
    with_items,
)
from generation.draft import Draft, DraftClaim
from generation.figure_answers import figure_answer, row_answer
from generation.figures import asked_figure, words_for_figures
from generation.passages import Passage, passages_of
from generation.tables import is_head
from generation.words import ASKING, LANGUAGES, MONTHS, SMALL

Similarity = Callable[[str, Sequence[str]], Sequence[float]]
"""Cosine, in [-1, 1], of a question with each of several texts."""

VERSION = "extractive-3"
"""Stands for the prompt version in answers that no prompt made: scoring changed when this changed."""

_MOST_CLAIMS = 3
"""More than three sentences stop being an answer and become search results."""

_COMPARED = 48
"""Passages that the (dense) similarity is asked about, best by words first: a second's work on two CPU cores."""

_CONTEXT = 0.5
"""What a term counts that stands only in the heading, title or column heads of a passage."""

_LOOKED_AT = 6
"""Sentences among the best in which a verdict or the beginning of a list is looked for."""

_RUNNER_UP = 0.8
"""A further claim has at least this share of the best score."""

# Weights of the score, whose parts lie in [0, 1]. Six settings were tried with benchmarks/abstain.py on 98 questions: a
# claim overlaps the judged span in 52 to 57 of a hundred, so the choice hardly matters; cosine may count for more.
_COVERAGE, _COSINE, _RANK, _KIND = 1.0, 2.0, 0.1, 0.15

ENOUGH = 0.45
"""Evidence (a third word coverage, two thirds cosine) from which there is an answer. benchmarks/abstain.py with six
documents of five questions each per set: at 0.45 a document of the same kind (cuad, obliqa, legalquad, policyqa, 91
questions) is made to answer what it cannot answer in 5 of a hundred, one of another kind never; 10 to 12 of a
hundred get no answer though there is one. At 0.40 that is 20, none, and 7 to 9; at 0.35 37, none, and 5 to 8. One
right answer in a hundred is lost to it."""

ENOUGH_WITHOUT_SIMILARITY = 0.20
"""The same for words alone: ten in a hundred without an answer got one, 24 with one got none (at 0.15: 16 and 13)."""


_WHOSE = "The question names no company, and the statements of several documents were read: name one."


@dataclass(frozen=True, slots=True)
class Scored:
    """A passage and how well it answers; `evidence` is what is held against the threshold of abstaining."""

    passage: Passage
    score: float
    evidence: float
    heads: tuple[int, ...]


class Extractive:
    """Answers from the words of the documents alone. `similarity` adds meaning; without it the words must match.

    `enough` is the evidence below which there is no answer; unset, the one that was measured.
    """

    def __init__(self, similarity: Similarity | None, *, enough: float | None = None) -> None:
        self._similarity = similarity
        measured = ENOUGH if similarity else ENOUGH_WITHOUT_SIMILARITY
        self._enough = measured if enough is None else enough

    def answer(self, question: str, chunks: Sequence[Chunk], on_text: Callable[[str], None] | None = None) -> Draft:
        """Up to three claims, best first, each the text of a passage; or none, with a reason.

        A claim that is a table row points at its column heads too. The same words in several documents are one claim.
        """
        started = time.perf_counter()
        passages = passages_of(chunks)
        language = _language(question, passages)
        about = names_in(question, language)
        words = _words_by_document(passages) if about else {}
        unmentioned = _unmentioned(about, words)
        claims: tuple[DraftClaim, ...] = ()
        reason = None
        figure = asked_figure(question)
        companies = companies_in(question, language) if figure is not None else ()
        # A row that resembles the question is no answer to it: the figure asked for, or none. Only where no statement
        # of the company was read are rows of other tables quoted.
        of_statements = False
        if figure is not None:
            within = _statements_of(companies, chunks)
            stated = {chunk.document_id for chunk in chunks if chunk.statement}
            of_statements = bool(stated & within) if within else bool(companies or stated)
            if of_statements:
                unmentioned = () if within else companies
                found = figure_answer(figure, chunks, passages, within=within)
                claims, reason = found.claims, (found.reason if within else None if companies else _WHOSE)
        if not claims and not unmentioned:
            companies = companies_in(question, language)
            within = _statements_of(companies, chunks)
            row = row_answer(question, chunks, passages, companies=companies, within=within)
            claims = row.claims if row is not None else ()
        if not of_statements and not claims and not unmentioned:
            claims = self._quoted(asked_of(question) or question, _of_whom(about, passages, words), language)
        if on_text is not None and claims:
            on_text(" ".join(claim.text for claim in claims))
        return Draft(
            claims=claims,
            passages=passages,
            reason=None if claims else reason or _reason(passages, unmentioned),
            model="extractive",
            prompt_version=VERSION,
            usage=Usage(seconds=time.perf_counter() - started),
        )

    def _quoted(self, asked: str, passages: Sequence[Passage], language: str | None) -> tuple[DraftClaim, ...]:
        """The words of the passages that answer best, as the question wants them: a clause, a whole list, yes or no."""
        topic = topic_of_clause(asked)
        if topic is not None and (named := clause_named(topic, passages, lambda text: _asked(text, language))):
            return named
        ranked = self.scored(asked, passages)
        if not ranked or ranked[0].evidence < self._enough:
            return ()
        # A heading tells that this is the place, and is no answer.
        ranked = tuple(one for one in ranked if not _is_heading(one.passage))
        if not ranked:
            return ()
        claims = tuple(_claims(ranked))
        looked = ranked[:_LOOKED_AT]
        near = [one.passage for one in looked if one.score >= _RUNNER_UP * ranked[0].score]
        first = _verdict(asked, [one.passage for one in looked])
        if first is None and wants_list(asked):
            first = _list(near, passages)
        if first is None:
            return claims
        rest = [claim for claim in claims if not set(claim.passages) & set(first.passages)]
        return (first, *rest[: _MOST_CLAIMS - 1])

    def scored(self, question: str, passages: Sequence[Passage]) -> tuple[Scored, ...]:
        """The passages that have words of their own, best first."""
        bodies = [passage for passage in passages if _says_something(passage)]
        if not bodies:
            return ()
        heads = _column_heads(passages)
        language = _language(question, bodies)
        asked = _asked(question, language)
        own = [_terms(passage.text, language) for passage in bodies]
        around = [
            _terms(
                "\n".join([passage.section, passage.title, *(head.text for head in heads.get(passage.number, ()))]),
                language,
            )
            for passage in bodies
        ]
        weights = _weights(asked, own)
        total = sum(weights.values()) or 1.0
        coverages = [
            sum(
                weight * (1.0 if term in words else _CONTEXT if term in near else 0.0)
                for term, weight in weights.items()
            )
            / total
            for words, near in zip(own, around, strict=True)
        ]
        firm = [sum(weight for term, weight in weights.items() if term in words) / total for words in own]
        wants = kinds_wanted(question)
        ranks = [1 / (1 + passage.rank) for passage in bodies]
        kinds = [float(any(kind.search(passage.text) for kind in wants)) for passage in bodies]
        by_words = [
            _COVERAGE * coverage + _RANK * rank + _KIND * kind
            for coverage, rank, kind in zip(coverages, ranks, kinds, strict=True)
        ]
        cosines = self._cosines(question, bodies, by_words)
        scored = [
            Scored(
                passage,
                score=words + _COSINE * cosines.get(place, 0.0),
                evidence=_evidence(firm[place], cosines.get(place)),
                heads=tuple(head.number for head in heads.get(passage.number, ())),
            )
            for place, (passage, words) in enumerate(zip(bodies, by_words, strict=True))
            if self._similarity is None or place in cosines
        ]
        return tuple(sorted(scored, key=lambda one: (-one.score, one.passage.number)))

    def _cosines(self, question: str, passages: Sequence[Passage], by_words: Sequence[float]) -> dict[int, float]:
        """Similarity of the most promising passages, by their place. Empty without a similarity."""
        if self._similarity is None:
            return {}
        places = sorted(range(len(passages)), key=lambda place: -by_words[place])[:_COMPARED]
        values = self._similarity(question, [passages[place].readable for place in places])
        return {place: max(float(value), 0.0) for place, value in zip(places, values, strict=True)}


def _verdict(asked: str, near: Sequence[Passage]) -> DraftClaim | None:
    """The first of these sentences that decides a question of yes or no, when none decides it otherwise."""
    for passage in near:
        verdict = decided(asked, passage.readable, [other.readable for other in near])
        if verdict is not None:
            return DraftClaim(f"{verdict}: {passage.readable}", (passage.number,))
    return None


def _list(near: Sequence[Passage], passages: Sequence[Passage]) -> DraftClaim | None:
    """The first of these sentences that opens a list, with its items."""
    for passage in near:
        items = with_items(passage, passages)
        if len(items) > 1:
            return DraftClaim(" ".join(item.readable for item in items), tuple(item.number for item in items))
    return None


def _evidence(coverage: float, cosine: float | None) -> float:
    return coverage if cosine is None else (coverage + 2 * cosine) / 3


def _claims(ranked: Sequence[Scored]) -> Iterator[DraftClaim]:
    """The best passage and those hardly worse, without saying the same thing twice."""
    said: dict[str, list[Scored]] = {}
    for scored in ranked:
        same = " ".join(scored.passage.text.casefold().split())
        if same in said:
            said[same].append(scored)
        elif scored.score < _RUNNER_UP * ranked[0].score or len(said) == _MOST_CLAIMS:
            continue
        elif not any(_near(same, other) for other in said):
            said[same] = [scored]
    for places in said.values():
        pointers = [number for scored in places for number in (scored.passage.number, *scored.heads)]
        yield DraftClaim(places[0].passage.readable, tuple(dict.fromkeys(pointers)))


def _near(text: str, other: str) -> bool:
    """True when one text adds hardly a word to the other."""
    words, others = set(text.split()), set(other.split())
    return len(words & others) > 0.9 * min(len(words), len(others))  # nine words of ten: a repeated boilerplate


def _reason(passages: Sequence[Passage], unmentioned: Sequence[str]) -> str:
    if not passages:
        return "The search found nothing to read for this question."
    if unmentioned:
        names = ", ".join(f"“{name}”" for name in unmentioned)
        return f"None of the {len(passages)} sentences and table rows that fit the question best mentions {names}."
    documents = len({passage.document_id for passage in passages})
    return (
        f"None of the {len(passages)} sentences and table rows that were read, from {documents} "
        f"document{'s' if documents > 1 else ''}, answers the question."
    )


# ── of whom and when the question is ─────────────────────────────────────────────────────────────────────────────────

_YEAR = re.compile(r"(?:FY[ -]?)?((?:19|20)\d\d)")
_SENTENCE_START = re.compile(r"(?:^|[.?!:;]\s+)[\"“'(]*$")
_ACRONYM = 6
"""Capitals alone, up to this many, are as often a term (EBITDA, COGS, USD) as a name, and terms have other wordings."""
_SAME_NAME = 0.85
"""Likeness (difflib's ratio) at which two spellings are one name: one letter lost in eight, as people misspell them."""


def names_in(question: str, language: str | None) -> tuple[str, ...]:
    """The words of a question that name somebody or something, and its years: what an answer must be about.

    Only years where capitals tell no names: in German, which capitalises every noun, and in questions in capitals.
    Nothing in a language that is not known here, where a year is as often part of a statute's name as a period.
    """
    words = list(_NAME_WORD.finditer(question))
    capitals = [word for word in words if word.group()[0].isupper()]
    if language is None:
        return ()
    if language == "german" or 4 * len(capitals) > 3 * len(words):
        return tuple(_YEAR.findall(question))
    names = [
        name
        for word in capitals
        if not _SENTENCE_START.search(question, 0, word.start())
        and (name := re.sub(r"['’]s?$", "", word.group()).replace(".", ""))
        and name.casefold() not in ASKING | SMALL | MONTHS.keys()
        and not (name.isupper() and len(name) <= _ACRONYM)
        and len(name) > 1
    ]
    return tuple(dict.fromkeys([*names, *_YEAR.findall(question)]))


_NAME_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|['’.&-](?=[^\W\d_]))*")


def _words_of(passage: Passage) -> frozenset[str]:
    return _words_in(f"{passage.text} {passage.section} {passage.title}")


def _words_in(text: str) -> frozenset[str]:
    text = text.casefold()
    found = [re.sub(r"['’]s?$", "", word.group()) for word in _NAME_WORD.finditer(text)]
    # "Corvane-Tallis" is asked for as Corvane Tallis, "Tessera.com" as Tessera.
    words = {word.replace(".", "") for word in found} | {part for word in found for part in re.split(r"[.&-]", word)}
    return frozenset(words | set(_YEAR.findall(text.upper())))


def _mentioned(name: str, words: frozenset[str]) -> bool:
    name = name.casefold()
    return name in words or bool(get_close_matches(name, words, n=1, cutoff=_SAME_NAME))


def _words_by_document(passages: Sequence[Passage]) -> dict[DocumentId, frozenset[str]]:
    words: dict[DocumentId, frozenset[str]] = {}
    for passage in passages:
        words[passage.document_id] = words.get(passage.document_id, frozenset()) | _words_of(passage)
    return words


def _unmentioned(names: Sequence[str], words: Mapping[DocumentId, frozenset[str]]) -> tuple[str, ...]:
    """The names that nothing of what was read mentions: then it cannot answer, however well it fits otherwise."""
    everywhere = frozenset[str]().union(*words.values())
    return tuple(name for name in names if not _mentioned(name, everywhere))


def companies_in(question: str, language: str | None) -> tuple[str, ...]:
    """Whose figures a question asks for: its names without the years, and the acronyms that are no terms of finance."""
    names = [name for name in names_in(question, language) if not _YEAR.fullmatch(name)]
    terms = words_for_figures()
    acronyms = [
        word.group()
        for word in _ACRONYM_WORD.finditer(question)
        if word.group().casefold() not in terms and not _FISCAL.fullmatch(word.group())
    ]
    return tuple(dict.fromkeys([*names, *acronyms]))


_ACRONYM_WORD = re.compile(r"(?<![\w&])(?=[\dA-Z]*[A-Z]{1,5}[\dA-Z]*\b)[\dA-Z]{2,6}(?![\w&])")
_FISCAL = re.compile(r"FY\d*|Q[1-4]|[HQ]\d?")


def _statements_of(companies: Sequence[str], chunks: Sequence[Chunk]) -> frozenset[DocumentId]:
    """The documents that are about all these companies, by their titles, headings and the heads of their statements.

    Where no company is named, the one document that was read. That a filing mentions a rival is not enough.
    """
    words: dict[DocumentId, frozenset[str]] = {}
    for chunk in chunks:
        text = f"{chunk.title}\n{chunk.section}\n{chunk.context}\n{chunk.text if chunk.statement else ''}"
        short = {initials(short_form(chunk.title)), initials(chunk.title)}
        words[chunk.document_id] = words.get(chunk.document_id, frozenset()) | _words_in(text) | short
    if not companies:
        return frozenset(words) if len(words) == 1 else frozenset()
    return frozenset(
        document for document, known in words.items() if all(_mentioned(company, known) for company in companies)
    )


def _of_whom(
    names: Sequence[str], passages: Sequence[Passage], words: Mapping[DocumentId, frozenset[str]]
) -> Sequence[Passage]:
    """The passages of the documents that mention most of the names: those of another company answer nothing."""
    if not names:
        return passages
    counts = {document: sum(_mentioned(name, one) for name in names) for document, one in words.items()}
    most = max(counts.values(), default=0)
    return tuple(passage for passage in passages if counts[passage.document_id] == most)


# ── terms ────────────────────────────────────────────────────────────────────────────────────────────────────────────

_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)?")
# Scripts that write no blanks between words: their terms are pairs of characters.
_UNSPACED = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]+")
_NUMBER = re.compile(r"\d")


def _says_something(passage: Passage) -> bool:
    """Headings and lone numbers answer nothing: a passage needs two words, and a row a label and a value."""
    words = _WORD.findall(passage.text)
    if " ".join(passage.text.split()) in passage.section.split(" › "):
        return False
    if passage.is_row:
        return (
            not is_head(cells_of_line(passage.text))
            and len(words) >= 2
            and any(not _NUMBER.match(word) for word in words)
        )
    return len(words) >= 3 or bool(_UNSPACED.search(passage.text))


def _is_heading(passage: Passage) -> bool:
    text = passage.readable.lstrip("# ")
    return text in (heading_of(passage), passage.title, *passage.section.split(" › "))


def _terms(text: str, language: str | None) -> frozenset[str]:
    return frozenset(_stems(tuple(word.casefold() for word in _WORD.findall(text)), language))


def _asked(question: str, language: str | None) -> frozenset[str]:
    """The informative terms of a question; all of them when it has no others."""
    words = tuple(word.casefold() for word in _WORD.findall(question))
    informative = tuple(word for word in words if word not in ASKING and word not in SMALL)
    return frozenset(_stems(informative or words, language))


def _stems(words: tuple[str, ...], language: str | None) -> Iterator[str]:
    stem = _stemmer(language) if language else None
    for word in words:
        if _UNSPACED.search(word):
            yield from (word[place : place + 2] for place in range(max(len(word) - 1, 1)))
        elif _NUMBER.match(word):
            yield word.replace(",", "")
        else:
            yield stem(word) if stem else word


@lru_cache(maxsize=len(LANGUAGES))
def _stemmer(language: str) -> Callable[[str], str]:
    import Stemmer

    stemmer: Any = Stemmer.Stemmer(language)
    stem: Callable[[str], str] = stemmer.stemWord
    return stem


def _language(question: str, passages: Sequence[Passage]) -> str | None:
    """The language that most function words speak for, or None. A sample of the passages helps short questions."""
    sample = " ".join([question, question, *(passage.text for passage in passages[:20])])
    words = Counter(word.casefold() for word in _WORD.findall(sample))
    votes = {language: sum(words[word] for word in common) for language, common in LANGUAGES.items()}
    best = max(votes, key=lambda language: votes[language])
    return best if votes[best] * 20 >= sum(words.values()) else None  # function words are a third of any European text


def _weights(asked: frozenset[str], passages: Sequence[frozenset[str]]) -> dict[str, float]:
    """How much each term of the question tells: rarity among the candidates; numbers and years count double."""
    count = len(passages)
    weights = {}
    for term in asked:
        having = sum(term in words for words in passages)
        rarity = math.log(1 + (count - having + 0.5) / (having + 0.5))  # as in BM25
        weights[term] = (0.2 + rarity) * (2.0 if _NUMBER.match(term) else 1.0)
    return weights


# ── tables ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _column_heads(passages: Sequence[Passage]) -> dict[int, tuple[Passage, ...]]:
    """For each row that has values, the rows of column heads at the top of its table, by the number of the row."""
    heads: dict[int, tuple[Passage, ...]] = {}
    table: list[Passage] = []
    top: list[Passage] = []
    for passage in passages:
        follows = table and table[-1].rank == passage.rank and table[-1].is_row
        if not passage.is_row:
            table, top = [], []
            continue
        if not follows:
            table, top = [], []
        heading = is_head(cells_of_line(passage.text)) and len(top) == len(table)
        table.append(passage)
        if heading:
            top.append(passage)
        elif top:
            heads[passage.number] = tuple(top)
    return heads
