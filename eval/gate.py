"""The gate: is a change worse than what was agreed to be good? A paired test against a baseline kept in the repository.

    scores now ─┐
                ├─ paired by question ─ resampled by document ─▶ difference, interval ─▶ verdict per metric ─▶ verdict
    baseline ───┘

pass          no loss beyond the tolerance: the whole interval lies above −tolerance, on a set that could show one
regression    worse beyond doubt: more than chance moves any of the metrics, or a question could not be asked
inconclusive  neither: the set is too small, or rankings moved both ways. It is no pass: a person has to look

A regression is one metric of several, and each is a chance of a false alarm: so they are tested as a family. A pass
wants every metric within its own interval, which needs no correction (R. Berger, Technometrics 24 (1982) 295).

A baseline changes only on purpose, with a reason: see `eval/baseline.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.provenance import made_with
from core.errors import UsageError
from core.settings import Settings
from eval.baseline import Baseline, updated
from eval.compare import moved
from eval.report import Result, Scored
from eval.runs import commit
from eval.shipped import Judged
from eval.statistics import (
    ALONE,
    LEAST_CLUSTERS,
    POWER,
    RULE_OF_THREE,
    Interval,
    difference_interval,
    families,
    smallest_effect,
)

GATED = ("hit@1", "hit@5", "hit@10", "recall@10", "mrr", "ndcg@10", "document_hit@1", "abstention")
"""The metrics that decide. More would be the same thing said again, and each is one more chance of a false alarm."""

TOLERANCE = 0.05
"""The largest loss that may pass. One rank swapped by another processor's rounding moves a set of 100 by 0.01."""

_DOUBT = 0.025
"""The chance of a false alarm of all metrics together: that of the lower end of an interval at 95 %."""

_ROUNDING = 1e-6
"""Scores in a baseline have six decimals: less is no difference."""

_DECIMALS = 4


class Verdict(StrEnum):
    PASS = "pass"  # noqa: S105  a verdict
    REGRESSION = "regression"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Gated:
    """One metric held against the baseline. `smallest` is the least loss that this set can show, in the metric's unit,
    as one of a family of metrics; `alone` is what it could show if it were the only one.

    `difference` is now minus baseline, over the `questions` that have the metric in both, on `documents` documents.
    `chance` is that of any metric falling so far were nothing worse.
    """

    metric: str
    before: float
    now: float
    difference: Interval
    smallest: float
    alone: float
    chance: float
    questions: int
    documents: int
    verdict: Verdict
    because: str


@dataclass(frozen=True, slots=True)
class Gate:
    """What the gate says. `won` and `lost` are ids of questions that moved one way only; `notes` are sentences."""

    metrics: tuple[Gated, ...]
    tolerance: float
    won: tuple[str, ...]
    lost: tuple[str, ...]
    failures: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    critical: float = ALONE

    @property
    def verdict(self) -> Verdict:
        verdicts = {one.verdict for one in self.metrics}
        if self.failures or Verdict.REGRESSION in verdicts:
            return Verdict.REGRESSION
        return Verdict.INCONCLUSIVE if Verdict.INCONCLUSIVE in verdicts else Verdict.PASS

    @property
    def family(self) -> str:
        """In a sentence, what testing the metrics together does to what the set can show."""
        if len(self.metrics) == 1:
            return ""
        return (
            f"{len(self.metrics)} metrics are tested together, at {_DOUBT:.1%} for all: a loss of one must reach "
            f"{self.critical:.2f} standard errors ({ALONE:.2f} if it were the only one), so the smallest effect is "
            f"{(self.critical + POWER) / (ALONE + POWER):.2f} times as large."
        )

    @property
    def exit_code(self) -> int:
        """0 for a pass only: what could not be decided has not passed."""
        return 0 if self.verdict is Verdict.PASS else 1

    def to_json(self) -> dict[str, Any]:
        return {
            "verdict": self.verdict.value,
            "tolerance": self.tolerance,
            "critical": round(self.critical, _DECIMALS),
            "family": self.family,
            "metrics": {
                one.metric: {
                    "baseline": round(one.before, _DECIMALS),
                    "now": round(one.now, _DECIMALS),
                    "difference": round(one.difference.value, _DECIMALS),
                    "low": round(one.difference.low, _DECIMALS),
                    "high": round(one.difference.high, _DECIMALS),
                    "smallest_effect": round(one.smallest, _DECIMALS),
                    "smallest_effect_alone": round(one.alone, _DECIMALS),
                    "chance": round(one.chance, _DECIMALS),
                    "questions": one.questions,
                    "documents": one.documents,
                    "verdict": one.verdict.value,
                    "because": one.because,
                }
                for one in self.metrics
            },
            "won": list(self.won),
            "lost": list(self.lost),
            "failures": list(self.failures),
            "notes": list(self.notes),
        }

    def markdown(self) -> str:
        """The verdict as a table, for a terminal and for the summary of a job in CI."""
        lines = [
            f"**{self.verdict.value.upper()}** · the largest loss that may pass is {self.tolerance:g}; "
            "intervals at 95 %, paired by question, resampled by document",
            "",
            "| metric | baseline | now | difference | 95 % interval | smallest effect it can show | verdict |",
            "|---|---|---|---|---|---|---|",
        ]
        lines += [
            f"| {one.metric} | {one.before:.3f} | {one.now:.3f} | {one.difference.value:+.3f} | "
            f"{one.difference.low:+.3f} – {one.difference.high:+.3f} | {one.smallest:.3f} | "
            f"{one.verdict.value}: {one.because} |"
            for one in self.metrics
        ]
        for name, ids in (("Won", self.won), ("Lost", self.lost), ("Could not be asked", self.failures)):
            if ids:
                lines += ["", f"{name}: {', '.join(ids)}"]
        for sentence in filter(None, (self.family, *self.notes)):
            lines += ["", sentence]
        return "\n".join(lines) + "\n"


# ── the test ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def gate(
    now: Sequence[Scored],
    baseline: Baseline,
    *,
    judged: str,
    tolerance: float = TOLERANCE,
    failures: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> Gate:
    """Hold the scores of now against the baseline, metric by metric.

    Questions that were not scored now are left out: `notes` says why. Raises UsageError when the baseline was taken on
    another judged set (`judged` differs), or nothing of it was scored now.
    """
    if judged != baseline.judged:
        raise UsageError(
            "The baseline was taken on another judged set: its questions or their documents have changed since. "
            'Update it on purpose, apart from any other change: --update --reason "…".'
        )
    before = {one.id: one for one in baseline.scored()}
    paired = [(one, before[one.id]) for one in now if one.id in before]
    metrics = [name for name in GATED if any(name in new.scores and name in old.scores for new, old in paired)]
    if not metrics:
        raise UsageError("No question of the baseline was scored now: there is nothing to compare.")
    won, lost = moved(now, baseline.scored(), metrics)
    pairs = [_Paired.of(name, paired) for name in metrics]
    family = families([one.differences for one in pairs], [one.documents for one in pairs])
    return Gate(
        tuple(_held(one, chance, family.critical, tolerance) for one, chance in zip(pairs, family.worse, strict=True)),
        tolerance,
        won,
        lost,
        tuple(failures),
        tuple(notes),
        family.critical,
    )


def gate_judged(judged: Judged, result: Result, baseline: Baseline, *, tolerance: float = TOLERANCE) -> Gate:
    """`gate` the measurement of a judged set. Raises as it does."""
    left_out = len(judged.queries) - len(judged.measurable())
    notes = []
    if left_out:
        notes.append(
            f"{left_out} questions were left out: {', '.join(judged.unread)} cannot be read on this machine "
            "(a scan needs tesseract)."
        )
    return gate(
        result.all_scores(),
        baseline,
        judged=judged.digest(),
        tolerance=tolerance,
        failures=[failure.id for failure in result.failures],
        notes=notes,
    )


def updated_by(settings: Settings, judged: Judged, result: Result, before: Baseline | None, *, reason: str) -> Baseline:
    """The baseline that a measurement makes. Raises UsageError without a reason, or when it is not of the whole set."""
    if result.failures or judged.unread:
        raise UsageError("A baseline has all questions of its set: some could not be asked on this machine.")
    return updated(
        before,
        result.all_scores(),
        judged=judged.digest(),
        made_with=made_with(settings),
        reason=reason,
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        commit=commit(),
    )


@dataclass(frozen=True, slots=True)
class _Paired:
    """The scores of the questions that have a metric both times, and the documents that they count for."""

    metric: str
    new: NDArray[np.float64]
    old: NDArray[np.float64]
    documents: tuple[str, ...]

    @classmethod
    def of(cls, metric: str, paired: Sequence[tuple[Scored, Scored]]) -> _Paired:
        rows = [(new, old) for new, old in paired if metric in new.scores and metric in old.scores]
        new = np.array([one.scores[metric] for one, _ in rows])
        old = np.array([one.scores[metric] for _, one in rows])
        new = np.where(np.abs(new - old) <= _ROUNDING, old, new)
        return cls(metric, new, old, tuple(one.document for _, one in rows))

    @property
    def differences(self) -> list[float]:
        return [float(one) for one in self.new - self.old]


def _held(pair: _Paired, chance: float, critical: float, tolerance: float) -> Gated:
    difference = difference_interval(pair.new, pair.old, pair.documents)
    documents = len(set(pair.documents))
    verdict, because = _verdict(difference, chance, len(pair.new), documents, tolerance)
    return Gated(
        pair.metric,
        float(pair.old.mean()),
        float(pair.new.mean()),
        difference,
        smallest_effect(pair.differences, pair.documents, critical=critical),
        smallest_effect(pair.differences, pair.documents),
        chance,
        len(pair.new),
        documents,
        verdict,
        because,
    )


def _verdict(
    difference: Interval, chance: float, questions: int, documents: int, tolerance: float
) -> tuple[Verdict, str]:
    if documents < LEAST_CLUSTERS:
        return Verdict.INCONCLUSIVE, f"{documents} documents are too few, {LEAST_CLUSTERS} are needed"
    if chance <= _DOUBT:
        return Verdict.REGRESSION, f"worse beyond doubt (p = {chance:.3f})"
    if RULE_OF_THREE / questions > tolerance:
        needed = int(np.ceil(RULE_OF_THREE / tolerance))
        return Verdict.INCONCLUSIVE, f"{questions} questions are too few, {needed} are needed"
    if difference.low < -tolerance:
        return Verdict.INCONCLUSIVE, f"a loss of {-difference.low:.3f} cannot be ruled out"
    return Verdict.PASS, "no loss" if difference.low >= 0 else "no loss that matters"
