"""What a measurement of search brings back: figures with intervals, slices, failures; as JSON and as Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eval.statistics import Interval, difference_interval

_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class Failure:
    """A question that could not be measured and therefore scores 0 everywhere. Names the question by its id only."""

    id: str
    reason: str

    def __str__(self) -> str:
        return f"{self.id}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Scored:
    """The scores of one question, each in [0, 1]; `document` is the judged one, the cluster of all intervals."""

    id: str
    document: str
    scores: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Slice:
    """The same figures over some of the questions."""

    queries: int
    metrics: Mapping[str, Interval]


@dataclass(frozen=True, slots=True)
class Result:
    """A measurement. `queries` counts all that were read = len(scored) + unanswerable + unjudged.

    `unanswerable` have no answer in the documents, `unjudged` have one that nobody marked: neither can be ranked.
    `failures` are among `scored`, with 0. `slices` is dimension → value → figures.
    """

    queries: int
    unanswerable: int
    unjudged: int
    scored: tuple[Scored, ...]
    metrics: Mapping[str, Interval]
    slices: Mapping[str, Mapping[str, Slice]]
    failures: tuple[Failure, ...]
    limit: int
    within_document: bool

    def rows(self) -> tuple[tuple[str, Interval], ...]:
        """(metric, (value, low, high)), in the order to print."""
        return tuple(self.metrics.items())

    def summary(self) -> str:
        """In a sentence, what the figures are over."""
        documents = len({scored.document for scored in self.scored})
        where = "inside the judged document" if self.within_document else "over the whole collection"
        left_out = [
            f"{count} {why}"
            for count, why in ((self.unanswerable, "unanswerable"), (self.unjudged, "unjudged"))
            if count
        ]
        by = "Wilson over questions" if documents == 1 else "by resampling documents"
        return (
            f"{_many(len(self.scored), 'question')} on {_many(documents, 'document')}, searched {where}, "
            f"{len(self.failures)} failed (scored 0)"
            + (f"; left out: {', '.join(left_out)}" if left_out else "")
            + f"; intervals at 95 %, {by}."
        )

    def to_json(self) -> dict[str, Any]:
        """The shape of `dossier eval retrieval --json`; `scores` are per question, for a paired comparison later."""
        return {
            "queries": self.queries,
            "measured": len(self.scored),
            "unanswerable": self.unanswerable,
            "unjudged": self.unjudged,
            "within_document": self.within_document,
            "limit": self.limit,
            "metrics": _metrics_json(self.metrics),
            "slices": {
                dimension: {
                    value: {"queries": part.queries, "metrics": _metrics_json(part.metrics)}
                    for value, part in parts.items()
                }
                for dimension, parts in self.slices.items()
            },
            "scores": {
                scored.id: {
                    "document": scored.document,
                    **{name: round(score, _DECIMALS) for name, score in scored.scores.items()},
                }
                for scored in self.scored
            },
            "failures": [{"id": failure.id, "reason": failure.reason} for failure in self.failures],
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """A measurement held against another of the same questions. `differences` are new minus old, paired by question."""

    baseline: str
    old: Result
    differences: Mapping[str, Interval]

    def verdict(self, metric: str) -> str:
        """better or worse where the interval leaves no doubt of the sign, else undecided."""
        _, low, high = self.differences[metric]
        return "better" if low > 0 else "worse" if high < 0 else "undecided"

    def to_json(self) -> dict[str, Any]:
        """What `baseline` holds in `dossier eval retrieval --json`."""
        return {
            "name": self.baseline,
            "metrics": _metrics_json(self.old.metrics),
            "difference": _metrics_json(self.differences),
            "verdict": {metric: self.verdict(metric) for metric in self.differences},
        }


def compared(new: Result, old: Result, *, baseline: str) -> Comparison:
    """`new` held against `old`, both measured on the same questions. Raises ValueError where they are not."""
    if [one.id for one in new.scored] != [one.id for one in old.scored]:
        raise ValueError("two measurements of different questions cannot be compared")
    clusters = [one.document for one in new.scored]
    return Comparison(
        baseline,
        old,
        {
            metric: difference_interval(
                [one.scores[metric] for one in new.scored], [one.scores[metric] for one in old.scored], clusters
            )
            for metric in new.metrics
        },
    )


def markdown(result: Result) -> str:
    """The figures as a Markdown table under the sentence that says what they are over, then the failures."""
    lines = [result.summary(), "", "| metric | value | 95 % interval |", "|---|---|---|"]
    lines += [f"| {name} | {value:.3f} | {low:.3f} – {high:.3f} |" for name, (value, low, high) in result.rows()]
    if result.failures:
        lines += ["", "Failures:", "", *(f"- {failure}" for failure in result.failures)]
    return "\n".join(lines) + "\n"


def _metrics_json(metrics: Mapping[str, Interval]) -> dict[str, dict[str, float]]:
    return {
        name: {field: round(number, _DECIMALS) for field, number in interval._asdict().items()}
        for name, interval in metrics.items()
    }


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
