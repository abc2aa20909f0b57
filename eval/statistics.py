"""Intervals at 95 %: what a mean over questions is worth when several questions are asked of one document.

Questions about one contract succeed and fail together, so documents are resampled, not questions (the clustered errors
of Miller, "Adding Error Bars to Evals", arXiv 2411.00640, by the percentile bootstrap of Efron & Tibshirani 1993).
Several metrics tested at once are several chances of a false alarm: `families` holds them together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

RESAMPLES = 2_000
"""Leaves 50 drawings beyond each end of a 95 % interval, so that the ends do not hang on a handful."""

SEED = 20_240_901
"""Any constant: the same scores always give the same interval."""

_LEVEL = 0.95
_Z = 1.959963984540054  # the normal quantile of (1 + _LEVEL) / 2


LEAST_CLUSTERS = 6
"""Below it no paired test of signs over documents can reach 5 %, whatever the scores: 2 · 2⁻ⁿ ≤ 0.05 needs n ≥ 6."""

RULE_OF_THREE = 3
"""0 changes seen in n questions still allow a share of 3/n, at 95 %: Hanley & Lippman-Hand, JAMA 249 (1983) 1743."""

ALONE = _Z
"""So many standard errors show the difference of one metric that is tested alone."""

POWER = 0.841621
"""The normal quantile of 80 %: so many standard errors more, and an effect is shown four times in five."""

_EXACT = 12
"""Documents that moved up to which all 2ⁿ ways to turn their signs are counted; with more of them they are drawn."""

_TURNS = 10_000
"""Ways that are drawn: they tell a chance of 0.025 to within 0.003."""

_TIE = 1e-9
"""Below it two statistics are equal but for the order in which floating point added them."""


class Interval(NamedTuple):
    """A value and the 95 % interval around it: `low <= value <= high`."""

    value: float
    low: float
    high: float


def wilson(value: float, n: int) -> Interval:
    """The score interval of a rate `value` over `n` questions (Wilson 1927), inside [0, 1].

    Also safe for a mean of scores in [0, 1]: p(1 - p) is the largest variance such a score can have.
    Raises ValueError for a rate outside [0, 1] or n < 1.
    """
    if n < 1 or not 0 <= value <= 1:
        raise ValueError(f"not a rate over questions: {value} of {n}")
    share = _Z**2 / n
    centre = (value + share / 2) / (1 + share)
    half = _Z * math.sqrt(value * (1 - value) / n + share / (4 * n)) / (1 + share)
    return Interval(value, max(0.0, min(centre - half, value)), min(1.0, max(centre + half, value)))


def mean_intervals(
    scores: ArrayLike, clusters: Sequence[str], *, seed: int = SEED, resamples: int = RESAMPLES
) -> tuple[Interval, ...]:
    """The mean of each column of `scores` (questions × metrics, each in [0, 1]), by cluster bootstrap.

    `clusters[i]` names the document of question i. With a single document there is nothing to resample: Wilson over
    its questions then, which says nothing about other documents. Scores that are all equal give an interval of no
    width, which is not certainty: 0 failures in n documents still allow a failure rate of 3/n.
    Raises ValueError when there are no scores, or not one cluster for each question.
    """
    table, codes = _table(scores, clusters)
    means = table.mean(axis=0)
    if codes.max() == 0:
        return tuple(wilson(float(mean), len(table)) for mean in np.clip(means, 0, 1))
    return _percentiles(means, _resampled_means(table, codes, seed=seed, resamples=resamples))


def mean_interval(
    scores: ArrayLike, clusters: Sequence[str], *, seed: int = SEED, resamples: int = RESAMPLES
) -> Interval:
    """`mean_intervals` for one metric: `scores` has one number per question."""
    return mean_intervals(np.asarray(scores, dtype=float)[:, None], clusters, seed=seed, resamples=resamples)[0]


def difference_interval(
    new: ArrayLike, old: ArrayLike, clusters: Sequence[str], *, seed: int = SEED, resamples: int = RESAMPLES
) -> Interval:
    """The mean of `new - old`, paired by question, by cluster bootstrap: positive where `new` is better.

    With a single document its questions are resampled. Raises ValueError as `mean_intervals`, and where the two do
    not score the same number of questions.
    """
    new_scores, old_scores = np.asarray(new, dtype=float), np.asarray(old, dtype=float)
    if new_scores.shape != old_scores.shape:
        raise ValueError(f"not paired: {new_scores.shape} and {old_scores.shape} scores")
    table, codes = _table((new_scores - old_scores)[:, None], clusters)
    if codes.max() == 0:
        codes = np.arange(len(table))
    return _percentiles(table.mean(axis=0), _resampled_means(table, codes, seed=seed, resamples=resamples))[0]


def statistic_intervals(
    statistic: Callable[[NDArray[np.intp]], Sequence[float]],
    clusters: Sequence[str],
    *,
    seed: int = SEED,
    resamples: int = RESAMPLES,
) -> tuple[Interval, ...]:
    """Figures that are no means (AUROC, F1 …), by cluster bootstrap. `statistic` maps rows, by number, to figures.

    A drawing for which a figure is not defined (no row of one class) says nothing about it and is left out. With a
    single cluster its rows are resampled. Raises ValueError when there are no rows, or a figure of all of them is not a
    number.
    """
    codes = np.unique(np.asarray(clusters, dtype=object), return_inverse=True)[1]
    if not len(codes):
        raise ValueError("no rows")
    if codes.max() == 0:
        codes = np.arange(len(codes))
    values = np.asarray(statistic(np.arange(len(codes))), dtype=float)
    if not np.isfinite(values).all():
        raise ValueError("a figure is not a number")
    members = [np.flatnonzero(codes == code) for code in range(codes.max() + 1)]
    draw = np.random.default_rng(seed)
    drawn = np.array(
        [
            statistic(np.concatenate([members[code] for code in draw.integers(len(members), size=len(members))]))
            for _ in range(resamples)
        ],
        dtype=float,
    )
    return tuple(
        _percentiles(values[[column]], drawn[np.isfinite(drawn[:, column])][:, [column]])[0]
        for column in range(len(values))
    )


@dataclass(frozen=True, slots=True)
class Family:
    """Paired differences of several metrics, tested together: p-values that hold for all of them at once.

    `worse` and `better` are one-sided, in the order of the metrics: the chance that, were nothing changed, any metric
    of the family had moved so far that way. `critical` is what the difference of one must reach, in standard errors, to
    be shown at one-sided 2.5 % among all of them: never less than ALONE, which few documents that moved would ask for.
    """

    worse: tuple[float, ...]
    better: tuple[float, ...]
    critical: float


def families(differences: Sequence[ArrayLike], clusters: Sequence[Sequence[str]]) -> Family:
    """Test the paired differences of each metric (a row of numbers per metric, with the documents of its questions).

    Were nothing changed, the sum of a document's differences would as well have had the other sign. So the signs of
    documents are turned, of all metrics together, and the largest statistic of the family is noted each time (P.
    Westfall & S. Young, Resampling-Based Multiple Testing, 1993, the single-step maxT; as metrics of one ranking move
    together, it asks for less than Holm or Bonferroni). The statistic is the sum over documents divided by the root of
    the sum of their squares, its standard error when signs are turned. With a single document its questions are turned.
    Raises ValueError when there is no metric, or one is without questions.
    """
    names = sorted({name for own in clusters for name in own})
    place = {name: number for number, name in enumerate(names)}
    if not differences or any(
        np.size(row) == 0 or np.size(row) != len(own) for row, own in zip(differences, clusters, strict=True)
    ):
        raise ValueError("differences do not fit their clusters")
    if len(names) == 1:
        width = max(np.size(row) for row in differences)
        sums = np.array([np.pad(np.asarray(row, dtype=float), (0, width - np.size(row))) for row in differences])
    else:
        sums = np.zeros((len(differences), len(names)))
        for row, own, into in zip(differences, clusters, sums, strict=True):
            np.add.at(into, [place[name] for name in own], np.asarray(row, dtype=float))
    moved = sums[:, np.abs(sums).max(axis=0) > _TIE]
    scale = np.sqrt(np.square(moved).sum(axis=1))
    if not moved.size or not scale.any():
        return Family((1.0,) * len(sums), (1.0,) * len(sums), ALONE)
    units = moved[scale > 0] / scale[scale > 0][:, None]
    turned = _turns(moved.shape[1]) @ units.T
    lowest, highest = turned.min(axis=1), turned.max(axis=1)
    seen = np.zeros(len(sums))
    seen[scale > 0] = units.sum(axis=1)
    return Family(
        tuple(float(np.mean(lowest <= one + _TIE)) for one in seen),
        tuple(float(np.mean(highest >= one - _TIE)) for one in seen),
        max(float(np.quantile(-lowest, (1 + _LEVEL) / 2, method="higher")), ALONE),
    )


def smallest_effect(differences: Sequence[float], clusters: Sequence[str], *, critical: float = ALONE) -> float:
    """The least difference of means that such a set can show, four times in five, where it must reach `critical`
    standard errors; never less than 3/n.

    The standard error is that of a ratio over clusters: W. Cochran, Sampling Techniques (1977), section 11. With a
    single cluster it is that of its rows.
    """
    values = np.asarray(differences, dtype=float)
    names, codes = np.unique(np.asarray(clusters, dtype=object), return_inverse=True)
    if len(names) == 1:
        names, codes = values, np.arange(len(values))
    rest = np.zeros(len(names))
    np.add.at(rest, codes, values - values.mean())
    factor = len(names) / max(len(names) - 1, 1)
    error = float(np.sqrt(factor * np.square(rest).sum())) / len(values)
    return max((critical + POWER) * error, RULE_OF_THREE / len(values))


# ── one call below ────────────────────────────────────────────────────────────────────────────────────────────────────


def _table(scores: ArrayLike, clusters: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    table = np.asarray(scores, dtype=np.float64)
    if table.ndim != 2 or len(table) == 0 or len(table) != len(clusters):
        raise ValueError(f"scores of shape {table.shape} do not fit {len(clusters)} clusters")
    if not np.isfinite(table).all():
        raise ValueError("a score is not a number")
    return table, np.unique(np.asarray(clusters, dtype=object), return_inverse=True)[1]


def _resampled_means(
    table: NDArray[np.float64], codes: NDArray[np.intp], *, seed: int, resamples: int
) -> NDArray[np.float64]:
    """Means of `resamples` drawings of clusters with replacement; resamples × metrics.

    A drawing says how often each cluster was drawn, so a mean over its questions is a ratio of two weighted sums.
    """
    count = int(codes.max()) + 1
    sums = np.zeros((count, table.shape[1]))
    np.add.at(sums, codes, table)
    drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=resamples)
    means: NDArray[np.float64] = (drawn @ sums) / (drawn @ np.bincount(codes, minlength=count))[:, None]
    return means


def _percentiles(means: NDArray[np.float64], resampled: NDArray[np.float64]) -> tuple[Interval, ...]:
    tail = (1 - _LEVEL) / 2
    lows, highs = np.quantile(resampled, (tail, 1 - tail), axis=0)
    # A percentile interval may miss the value itself when a few documents hold most questions: it is stretched to it.
    return tuple(
        Interval(float(mean), float(min(low, mean)), float(max(high, mean)))
        for mean, low, high in zip(means, lows, highs, strict=True)
    )


def _turns(count: int) -> NDArray[np.float64]:
    """Signs for `count` documents, a row for each way: all ways, or drawn ones, of which the first turns none."""
    if count <= _EXACT:
        ways = np.arange(2**count)[:, None] >> np.arange(count) & 1
    else:
        ways = np.random.default_rng(SEED).integers(0, 2, size=(_TURNS, count))
        ways[0] = 0
    return np.asarray(1.0 - 2.0 * ways, dtype=np.float64)
