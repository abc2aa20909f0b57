"""Whether a score means what it says, and what it is told by: reliability, calibration error, confusion by kind.

A score of 0.8 should be right four times in five. Items are put into ten bins by their score; in each, the mean score
is held against the share that was supported (M. DeGroot & S. Fienberg, The Statistician 32 (1983) 12).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.proof import SUPPORTED
from eval.statistics import SEED, Interval, statistic_intervals, wilson

BINS = 10
_DRAWINGS = 2_000
_LEVEL = 0.95
_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class Labelled:
    """A scored item that somebody judged: `score` says how probable it is that all is supported."""

    score: float
    supported: bool
    source: str


@dataclass(frozen=True, slots=True)
class Bin:
    """`items` with scores around `said` (their mean), of which the share `supported` was (Wilson's interval)."""

    said: float
    supported: Interval
    items: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """`error` is the expected calibration error: the mean distance of the bins from the diagonal, weighted by items.

    It is never 0 on a finite set: `perfect` is what a score without any error would stay below in 95 of 100 sets of the
    same scores. Only an error beyond it is seen.
    """

    bins: tuple[Bin, ...]
    error: Interval
    perfect: float

    def summary(self) -> str:
        """In a sentence, how far the score is from what it says, and whether that is seen."""
        seen = "more than" if self.error.low > self.perfect else "not shown to be more than"
        return (
            "Expected calibration error {:.3f} ({:.3f} – {:.3f}, by resampling sources): ".format(*self.error)
            + f"{seen} what a perfectly calibrated score would show on so many items ({self.perfect:.3f} and less)."
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "expected_calibration_error": _interval(self.error),
            "a_perfect_score_stays_below": round(self.perfect, _DECIMALS),
            "bins": [
                {"said": round(one.said, _DECIMALS), "supported": _interval(one.supported), "items": one.items}
                for one in self.bins
            ],
        }


@dataclass(frozen=True, slots=True)
class Confusion:
    """How the items of a kind were told: unsupported ones `found` or `missed`, supported ones `kept` or `blamed`."""

    found: int
    missed: int
    kept: int
    blamed: int

    def to_json(self) -> dict[str, int]:
        return {"found": self.found, "missed": self.missed, "kept": self.kept, "blamed": self.blamed}


def calibration(items: Sequence[Labelled]) -> Calibration | None:
    """None without items. The interval of the error is by resampling sources."""
    if not items:
        return None
    scores = np.array([one.score for one in items])
    supported = np.array([one.supported for one in items], dtype=float)
    places = np.minimum((scores * BINS).astype(int), BINS - 1)
    (error,) = statistic_intervals(
        lambda rows: (_error(places[rows], scores[rows], supported[rows]),), [one.source for one in items]
    )
    draw = np.random.default_rng(SEED)
    perfect = [_error(places, scores, (draw.random(len(scores)) < scores).astype(float)) for _ in range(_DRAWINGS)]
    bins = []
    for place in np.unique(places):
        inside = places == place
        count = int(inside.sum())
        share = float(supported[inside].mean())
        bins.append(Bin(float(scores[inside].mean()), wilson(share, count), count))
    return Calibration(tuple(bins), error, float(np.quantile(perfect, _LEVEL)))


def confusions(items: Sequence[tuple[Labelled, Sequence[str]]]) -> dict[str, Confusion]:
    """By each kind that an item is of; an item may be of several. The most frequent kind first."""
    counts: dict[str, list[int]] = {}
    for one, kinds in items:
        told = one.score >= SUPPORTED
        place = (2 if told else 3) if one.supported else (1 if told else 0)
        for kind in kinds:
            counts.setdefault(kind, [0, 0, 0, 0])[place] += 1
    return {kind: Confusion(*row) for kind, row in sorted(counts.items(), key=lambda pair: (-sum(pair[1]), pair[0]))}


def _error(places: NDArray[np.intp], scores: NDArray[np.float64], supported: NDArray[np.float64]) -> float:
    gaps = np.bincount(places, weights=supported - scores, minlength=BINS)
    return float(np.abs(gaps).sum() / len(scores)) if len(scores) else math.nan


def _interval(interval: Interval) -> dict[str, float]:
    return {name: round(number, _DECIMALS) for name, number in interval._asdict().items()}
