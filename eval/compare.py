"""Two measurements of the same questions, held against each other: differences, and questions won and lost.

run  ─┐                          ┌─ settings, models, prompts, commit, libraries: what differs between them
      ├─ paired by question ─────┼─ difference of each metric, with its interval ─▶ better · worse · undecided
run  ─┘                          └─ the questions that flipped, by id
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.errors import UsageError
from eval.report import Scored
from eval.runs import FAITHFULNESS, EvalRun
from eval.statistics import LEAST_CLUSTERS, Interval, difference_interval, families, smallest_effect

_DECIMALS = 4

_EQUAL = 1e-4
"""Scores are kept with so many decimals: less is no difference."""

_DOUBT = 0.025
"""The chance of a false alarm in either direction, of all metrics together: 5 % in all."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something that the two were made with and that is not the same; "" where one has none of it."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """`differences` are new minus old, paired by question; `before` are the old means; `baseline` names the old one.

    `won` and `lost` are ids of the questions of which some metrics moved, all of them one way. `flipped` is, for the
    metrics that are yes or no, (ids that came to yes, ids that came to no). `smallest` is the least difference that the
    set can show, `verdicts` what is beyond doubt for all metrics together. `changes` say what differs between the two,
    `warnings` what makes the comparison less than it seems.
    """

    baseline: str
    questions: int
    documents: int
    before: Mapping[str, float]
    differences: Mapping[str, Interval]
    smallest: Mapping[str, float]
    verdicts: Mapping[str, str]
    won: tuple[str, ...]
    lost: tuple[str, ...]
    flipped: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]
    changes: tuple[Change, ...] = ()
    warnings: tuple[str, ...] = ()

    def verdict(self, metric: str) -> str:
        """better or worse where no doubt is left of the sign, else undecided."""
        return self.verdicts[metric]

    def summary(self) -> str:
        """In a sentence, what was held against what."""
        found = [
            f"{sum(one == word for one in self.verdicts.values())} {word}" for word in ("better", "worse", "undecided")
        ]
        return (
            f"Against {self.baseline}: {self.questions} questions on {self.documents} documents, paired by question; "
            f"of {len(self.verdicts)} metrics {', '.join(found)} (tested together at 5 %). Differences are new minus "
            "old, intervals at 95 %, by resampling documents."
        )

    def to_json(self) -> dict[str, Any]:
        """The shape of `dossier eval compare --json`, and of `baseline` in `dossier eval retrieval --json`."""
        return {
            "name": self.baseline,
            "questions": self.questions,
            "documents": self.documents,
            "before": {metric: round(value, _DECIMALS) for metric, value in self.before.items()},
            "difference": {
                metric: {field: round(number, _DECIMALS) for field, number in interval._asdict().items()}
                for metric, interval in self.differences.items()
            },
            "smallest_effect": {metric: round(value, _DECIMALS) for metric, value in self.smallest.items()},
            "verdict": dict(self.verdicts),
            "won": list(self.won),
            "lost": list(self.lost),
            "flipped": {
                metric: {"gained": list(gained), "lost": list(lost)} for metric, (gained, lost) in self.flipped.items()
            },
            "changes": [{"what": one.what, "before": one.before, "after": one.after} for one in self.changes],
            "warnings": list(self.warnings),
        }

    def markdown(self) -> str:
        lines = [*(f"**{warning}**\n" for warning in self.warnings), self.summary(), ""]
        lines += [
            "| metric | before | difference | 95 % interval | smallest effect it can show | verdict |",
            "|---|---|---|---|---|---|",
        ]
        lines += [
            f"| {metric} | {self.before[metric]:.3f} | {value:+.3f} | {low:+.3f} – {high:+.3f} | "
            f"{self.smallest[metric]:.3f} | {self.verdict(metric)} |"
            for metric, (value, low, high) in self.differences.items()
        ]
        if self.changes:
            lines += ["", "| differs | before | now |", "|---|---|---|"]
            lines += [f"| {one.what} | {one.before or '–'} | {one.after or '–'} |" for one in self.changes]
        for name, ids in (("Won", self.won), ("Lost", self.lost)):
            if ids:
                lines += ["", f"{name} ({len(ids)}): {', '.join(ids)}"]
        for metric, flips in self.flipped.items():
            for word, ids in zip(("now found", "no longer found"), flips, strict=True):
                if ids:
                    lines += ["", f"{metric}, {word} ({len(ids)}): {', '.join(ids)}"]
        return "\n".join(lines) + "\n"


def compared(new: Sequence[Scored], old: Sequence[Scored], *, baseline: str) -> Comparison:
    """`new` against `old`, on every metric that both have. Raises UsageError where the questions are not the same."""
    before = {one.id: one for one in old}
    if set(before) != {one.id for one in new} or not before:
        raise UsageError("Two measurements of different questions cannot be compared.")
    pairs = [(one, before[one.id]) for one in new]
    metrics: dict[str, tuple[list[str], list[float], list[float], list[str]]] = {}
    for metric in dict.fromkeys(name for one in new for name in one.scores):
        both = [(a, b) for a, b in pairs if metric in a.scores and metric in b.scores]
        if both:
            metrics[metric] = (
                [a.id for a, _ in both],
                [a.scores[metric] for a, _ in both],
                [b.scores[metric] for _, b in both],
                [a.document for a, _ in both],
            )
    changes = {
        metric: [b if abs(a - b) <= _EQUAL else a for a, b in zip(now, was, strict=True)]
        for metric, (_, now, was, _) in metrics.items()
    }
    moves = {
        metric: [a - b for a, b in zip(changes[metric], was, strict=True)] for metric, (_, _, was, _) in metrics.items()
    }
    family = families(list(moves.values()), [documents for *_, documents in metrics.values()])
    flipped = {
        metric: (
            tuple(id for id, move in zip(ids, moves[metric], strict=True) if move > 0),
            tuple(id for id, move in zip(ids, moves[metric], strict=True) if move < 0),
        )
        for metric, (ids, now, was, _) in metrics.items()
        if {*now, *was} <= {0.0, 1.0} and any(moves[metric])
    }
    won, lost = moved(new, old, list(metrics))
    return Comparison(
        baseline=baseline,
        questions=len(pairs),
        documents=len({one.document for one in new}),
        before={metric: float(np.mean(was)) for metric, (_, _, was, _) in metrics.items()},
        differences={
            metric: difference_interval(changes[metric], was, documents)
            for metric, (_, _, was, documents) in metrics.items()
        },
        smallest={
            metric: smallest_effect(moves[metric], documents, critical=family.critical)
            for metric, (*_, documents) in metrics.items()
        },
        verdicts={
            metric: "better" if better <= _DOUBT else "worse" if worse <= _DOUBT else "undecided"
            for metric, better, worse in zip(metrics, family.better, family.worse, strict=True)
        },
        won=won,
        lost=lost,
        flipped=flipped,
    )


def compared_runs(new: EvalRun, old: EvalRun, *, common: bool = False) -> Comparison:
    """`new` held against `old`, with what differs between the two.

    Raises UsageError when they measured different questions or documents, or in another way. With `common` the
    questions that both have are compared all the same, with a warning: the documents may have changed under them.
    """
    if (new.kind == FAITHFULNESS) != (old.kind == FAITHFULNESS):
        raise UsageError("One of the two runs searched and the other scored responses: they cannot be compared.")
    if new.result.get("within_document") != old.result.get("within_document"):
        raise UsageError("One of the two runs searched inside the judged document: they cannot be compared.")
    scored, was = new.scored(), old.scored()
    warnings = []
    if new.judged != old.judged:
        if not common:
            raise UsageError(
                f"These two runs measured different questions or documents (data {old.judged} and {new.judged}): they "
                "cannot be compared. --common compares the questions that both have."
            )
        shared = {one.id for one in scored} & {one.id for one in was}
        warnings.append(
            f"The data differ: only {len(shared)} questions that both runs have are compared, of {len(scored)} and "
            f"{len(was)}, and their documents may have changed."
        )
        scored = tuple(one for one in scored if one.id in shared)
        was = tuple(one for one in was if one.id in shared)
    comparison = compared(scored, was, baseline=old.id)
    if comparison.documents < LEAST_CLUSTERS:
        warnings.append(
            f"{comparison.documents} documents are too few to say anything beyond them; {LEAST_CLUSTERS} are needed."
        )
    return replace(comparison, changes=changes_between(old, new), warnings=tuple(warnings))


def changes_between(old: EvalRun, new: EvalRun) -> tuple[Change, ...]:
    """What the two were made with and is not the same: data, commit, models and prompts, settings, libraries."""
    sides = [
        {
            "kind": run.kind,
            "collection": run.collection,
            "data": run.judged,
            "commit": run.commit or "",
            "hits per question": str(run.result.get("limit", "")),
            **run.made_with,
            **run.settings,
            **run.libraries,
        }
        for run in (old, new)
    ]
    names = dict.fromkeys([*sides[0], *sides[1]])
    # A run of an earlier version told less: what it did not note is no change.
    noted = [set(side) for side in sides]
    told = [name for name in names if all(name in side for side in noted) or name in new.made_with | old.made_with]
    return tuple(
        Change(name, sides[0].get(name, ""), sides[1].get(name, ""))
        for name in told
        if sides[0].get(name, "") != sides[1].get(name, "")
    )


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
