"""Points that were found, with their scores: what stores give, and what the second look and the reranker order anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

RRF_K = 60
"""The constant of reciprocal rank fusion, score = Σ 1/(k + rank) with ranks from 1: G. Cormack, C. Clarke,
S. Buettcher, Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning Methods (SIGIR 2009)."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A point that was found. `because` says in words what raised it; empty for what its words alone brought up.

    `duplicates` are further points with the same words, which it stands for.
    """

    id: str
    score: float
    payload: Mapping[str, Any] = field(repr=False)
    because: str = ""
    duplicates: tuple[Scored, ...] = field(default=(), repr=False)


def ordered(found: Iterable[Scored]) -> list[Scored]:
    """Best first; what scores the same in the order of the ids, so that the same search gives the same answer."""
    return sorted(found, key=lambda one: (-one.score, one.id))
