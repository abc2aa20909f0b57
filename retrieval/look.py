"""A second look at what the first pass found: what shows only when the candidates lie side by side.

    first pass (dense and BM25, fused) ─▶ with_asked ─▶ with_statements ─▶
                                              ▲               ▲
    what is asked, without where to look ─────┘               │          (each searched by itself)
    each statement that the question needs ───────────────────┘

    ─▶ reranked (`rerank`, off by default) ─▶ without_duplicates ─▶ hits

Statements are searched by themselves because their rows say little of what a question says: of the questions of
FinanceBench that the first pass missed, nine in ten asked for a line of a statement.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from core.documents import DocumentId
from core.finance import items_in, labels_of
from retrieval.questions import Part
from retrieval.ranking import RRF_K, Scored, ordered

if TYPE_CHECKING:
    from retrieval.rerank import Reranker

SURE_VOICE = 2.0
"""What a rank among the chunks of a statement counts when the question can only be answered from there: as much as the
same rank in both rankings of the first pass."""

UNSURE_VOICE = 1.0
"""… when the answer may as well stand in prose, or in a table of segments: as much as one of them."""

ASKED_VOICE = 2.0
"""What a rank for what is asked counts against the same rank for the whole question, which also says where to look."""

VOTERS = 20
"""Chunks of the first pass that vote for their documents."""

STATEMENT_CHUNKS = 3
"""Chunks of each statement that are raised: a statement has two to five, and two of them hold what is asked for."""


_NOT_LETTERS = re.compile(r"[\W_]+")
_TYPOGRAPHY = "“”’‘„«»–—§•…\N{NO-BREAK SPACE}"
_NO_LETTERS = bytes(code for code in range(128) if not chr(code).isalnum())


class Lever(StrEnum):
    """What the second look does; `benchmarks/ablation.py` prints what each of them is worth."""

    ASKED = "asked"
    CLAUSES = "clauses"
    STATEMENTS = "statements"
    DUPLICATES = "duplicates"


FEW = 3
"""Places up to which the same words stay hits of their own. The reports of three years share pages word for word, and
which year is meant matters; a clause that stands in forty contracts would fill the screen."""


@dataclass(frozen=True, slots=True)
class Look:
    """How the second look is taken: with every lever, unless it is measured what one is worth."""

    levers: frozenset[Lever] = frozenset(Lever)
    reranker: Reranker | None = None


def voted(found: Sequence[Scored]) -> list[DocumentId]:
    """The document that the first pass points to: the one with most of the scores of its best chunks, or none.

    One document, since a question that says where to look names one: with the two or three first ones its clause was
    found less often. Without a majority the words that say where to look were not understood, and none is guessed: of
    14 such votes in 143 questions on privacy policies 3 were right, with a majority 129 of 129.
    """
    votes: dict[DocumentId, float] = defaultdict(float)
    for one in found[:VOTERS]:
        votes[one.payload["document_id"]] += one.score
    return [document for document, share in votes.items() if share > sum(votes.values()) / 2]


def with_asked(found: Sequence[Scored], asked: Sequence[Scored]) -> list[Scored]:
    """`found` for the whole question and `asked` for what is asked, in the documents that it points to; best first."""
    by_id = {one.id: one for one in found}
    for one in asked:
        before = by_id.get(one.id, replace(one, score=0.0))
        by_id[one.id] = replace(before, score=before.score + ASKED_VOICE * one.score)
    return ordered(by_id.values())


def with_statements(found: Sequence[Scored], parts: Sequence[tuple[Part, Sequence[Scored]]]) -> list[Scored]:
    """`found`, with the best chunks of each part (its own search, best first) raised or put in; best first."""
    by_id = {one.id: one for one in found}
    for part, here in parts:
        for rank, one in enumerate(_by_lines(part, here)[:STATEMENT_CHUNKS], start=1):
            before = by_id.get(one.id, replace(one, score=0.0))
            voice = SURE_VOICE if part.sure else UNSURE_VOICE
            because = "; ".join(filter(None, (before.because, part.because)))
            by_id[one.id] = replace(before, score=before.score + voice / (RRF_K + rank), because=because)
    return ordered(by_id.values())


def without_duplicates(found: Sequence[Scored]) -> list[Scored]:
    """`found` with one point for a wording that stands in many places, the best; the others are its `duplicates`.

    The same are the same letters and digits in the same order. Nothing less: clauses that resemble each other differ
    in the "not", the name or the figure that matters.
    """
    same: dict[bytes, list[Scored]] = {}
    for one in found:
        same.setdefault(_letters(one.payload["text"]), []).append(one)
    behind = {one.id for group in same.values() if len(group) > FEW for one in group[1:]}
    stands_for = {group[0].id: tuple(group[1:]) for group in same.values() if len(group) > FEW}
    return [replace(one, duplicates=stands_for.get(one.id, ())) for one in found if one.id not in behind]


def _letters(text: str) -> bytes:
    """The letters and digits of a text, alike in every case and form. Two hundred are compared for each question, so
    ASCII, where that is the same, goes the short way, and so does what is ASCII but for its quotes and dashes."""
    if not text.isascii():
        for sign in _TYPOGRAPHY:
            text = text.replace(sign, " ")
    if text.isascii():
        return text.encode().lower().translate(None, _NO_LETTERS)
    return _NOT_LETTERS.sub("", unicodedata.normalize("NFKC", text).casefold()).encode("utf-8", "surrogatepass")


def _by_lines(part: Part, here: Sequence[Scored]) -> list[Scored]:
    """The chunks of a statement by how well they fit; rows that are the lines wanted count as a first rank does."""
    if not part.items:
        return list(here)
    wanted = frozenset(part.items)
    raised = []
    for one in here:
        share = len(wanted & items_in(labels_of(one.payload["text"]))) / len(wanted)
        raised.append(replace(one, score=one.score + share / (RRF_K + 1)))
    return ordered(raised)
