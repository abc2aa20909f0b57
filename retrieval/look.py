"""A second look at what the first pass found: what shows only when the candidates lie side by side.

    first pass (dense and BM25, fused) ─┐
    each statement that the question    ├─▶ with_statements ─▶ spread ─▶ the ranking
    needs, searched by itself ──────────┘

Statements are searched by themselves because their rows say little of what a question says: of the questions of
FinanceBench that the first pass missed, nine in ten asked for a line of a statement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from core.finance import items_in, labels_of
from retrieval.questions import Part

RRF_K = 60
"""The constant of reciprocal rank fusion, score = Σ 1/(k + rank) with ranks from 1: G. Cormack, C. Clarke,
S. Buettcher, Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning Methods (SIGIR 2009)."""

SURE_VOICE = 2.0
"""What a rank among the chunks of a statement counts when the question can only be answered from there: as much as the
same rank in both rankings of the first pass."""

UNSURE_VOICE = 1.0
"""… when the answer may as well stand in prose, or in a table of segments: as much as one of them."""

STATEMENT_CHUNKS = 3
"""Chunks of each statement that are raised: a statement has two to five, and two of them hold what is asked for."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A point that was found. `because` says in words what raised it; empty for what its words alone brought up."""

    id: str
    score: float
    payload: Mapping[str, Any] = field(repr=False)
    because: str = ""


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


def ordered(found: Any) -> list[Scored]:
    """Best first; what scores the same in the order of the ids, so that the same search gives the same answer."""
    return sorted(found, key=lambda one: (-one.score, one.id))


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
