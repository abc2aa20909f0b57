"""Two measurements of the same questions, held against each other: differences, and questions won and lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import UsageError
from eval.report import Scored
from eval.statistics import Interval, difference_interval

_DECIMALS = 4

_EQUAL = 1e-4
"""Scores are kept with so many decimals: less is no difference."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """`differences` are new minus old, paired by question; `before` are the old means; `baseline` names the old one.

    `won` and `lost` are ids of the questions of which some metrics moved, all of them one way.
    """

    baseline: str
    before: Mapping[str, float]
    differences: Mapping[str, Interval]
    won: tuple[str, ...]
    lost: tuple[str, ...]

    def verdict(self, metric: str) -> str:
        """better or worse where the interval leaves no doubt of the sign, else undecided."""
        _, low, high = self.differences[metric]
        return "better" if low > 0 else "worse" if high < 0 else "undecided"

    def to_json(self) -> dict[str, Any]:
        """The shape of `dossier eval compare --json`, and of `baseline` in `dossier eval retrieval --json`."""
        return {
            "name": self.baseline,
            "before": {metric: round(value, _DECIMALS) for metric, value in self.before.items()},
            "difference": {
                metric: {field: round(number, _DECIMALS) for field, number in interval._asdict().items()}
                for metric, interval in self.differences.items()
            },
            "verdict": {metric: self.verdict(metric) for metric in self.differences},
            "won": list(self.won),
            "lost": list(self.lost),
        }

    def markdown(self) -> str:
        lines = [
            f"Against {self.baseline}; differences are new minus old, intervals at 95 %, by resampling documents.",
            "",
            "| metric | before | difference | 95 % interval | verdict |",
            "|---|---|---|---|---|",
        ]
        lines += [
            f"| {metric} | {self.before[metric]:.3f} | {value:+.3f} | {low:+.3f} – {high:+.3f} | "
            f"{self.verdict(metric)} |"
            for metric, (value, low, high) in self.differences.items()
        ]
        for name, ids in (("Won", self.won), ("Lost", self.lost)):
            if ids:
                lines += ["", f"{name} ({len(ids)}): {', '.join(ids)}"]
        return "\n".join(lines) + "\n"


def compared(new: Sequence[Scored], old: Sequence[Scored], *, baseline: str) -> Comparison:
    """`new` against `old`, on every metric that both have. Raises UsageError where the questions are not the same."""
    before = {one.id: one for one in old}
    if set(before) != {one.id for one in new} or not before:
        raise UsageError("Two measurements of different questions cannot be compared.")
    pairs = [(one, before[one.id]) for one in new]
    means: dict[str, float] = {}
    differences: dict[str, Interval] = {}
    for metric in dict.fromkeys(name for one in new for name in one.scores):
        both = [(a, b) for a, b in pairs if metric in a.scores and metric in b.scores]
        if both:
            was = [b.scores[metric] for _, b in both]
            means[metric] = float(np.mean(was))
            differences[metric] = difference_interval(
                [a.scores[metric] for a, _ in both], was, [a.document for a, _ in both]
            )
    won, lost = moved(new, old, list(differences))
    return Comparison(baseline, means, differences, won, lost)


def moved(
    new: Sequence[Scored], old: Sequence[Scored], metrics: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(won, lost): ids of the questions of which a metric went up and none down, or the other way round."""
    before = {one.id: one.scores for one in old}
    won, lost = [], []
    for one in new:
        was = before.get(one.id, {})
        changes = [one.scores[name] - was[name] for name in metrics if name in one.scores and name in was]
        up, down = any(change > _EQUAL for change in changes), any(change < -_EQUAL for change in changes)
        if up and not down:
            won.append(one.id)
        elif down and not up:
            lost.append(one.id)
    return tuple(won), tuple(lost)
