"""What a measurement of search brings back: figures with intervals, slices, failures; as JSON and as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.documents import DocumentId, Span
from core.privacy import Mode
from eval.statistics import Interval, mean_interval, wilson

_DECIMALS = 4

_ID = 12
"""Characters of a document's id that are enough to name it; `dossier show` takes it so."""

ABSTENTION = "abstention"
"""The metric of a question that is 1 when it got an answer exactly if the documents have one."""


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
class Silence:
    """Whether a question got no answer, and whether that is right: exactly when the documents do not answer it."""

    id: str
    document: str
    answerable: bool
    silent: bool
    mode: str = Mode.EXTRACTIVE.value

    @property
    def right(self) -> bool:
        return self.silent is not self.answerable


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a document: its pages, and its span of the canonical text where that is known."""

    document: DocumentId
    pages: tuple[int, ...]
    span: Span | None

    def to_json(self) -> dict[str, Any]:
        """The document by the beginning of its id, which is that of its bytes: no name, no words."""
        place = {} if self.span is None else {"start": self.span.start, "end": self.span.end}
        return {"document_id": self.document[:_ID], "pages": list(self.pages), **place}


@dataclass(frozen=True, slots=True)
class Found:
    """Where a question's judged places are, at which rank the first of them was found, and what came first instead."""

    id: str
    rank: int | None
    judged: tuple[Spot, ...]
    first: tuple[Spot, ...]


@dataclass(frozen=True, slots=True)
class Slice:
    """The same figures over some of the questions."""

    queries: int
    metrics: Mapping[str, Interval]


@dataclass(frozen=True, slots=True)
class Result:
    """A measurement. `queries` counts all that were read = len(scored) + unanswerable + unjudged.

    `unanswerable` have no answer in the documents, `unjudged` have one that nobody marked: neither can be ranked.
    `failures` are among `scored`, with 0. `slices` is dimension → value → figures. `seconds` are those of each search.
    `silence` tells of every question whether it got no answer, mode by mode, and is empty where all have one. `found`
    tells of every question that was searched where its places came.
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
    seconds: tuple[float, ...] = ()
    silence: tuple[Silence, ...] = ()
    found: tuple[Found, ...] = ()

    def latency(self) -> dict[str, float]:
        """Seconds of a search, measured on the spot: half of them took at most p50, 19 of 20 at most p95."""
        if not self.seconds:
            return {}
        return {name: float(np.quantile(self.seconds, share)) for name, share in (("p50", 0.5), ("p95", 0.95))}

    def modes(self) -> tuple[str, ...]:
        """The modes that the questions were put to."""
        return tuple(dict.fromkeys(one.mode for one in self.silence))

    def all_scores(self) -> tuple[Scored, ...]:
        """`scored`, and of every question that was put to a mode whether it was silent when it should be: `abstention`
        of extractive mode, `abstention:gdpr` and so on of the others."""
        rows = {one.id: one for one in self.scored}
        for one in self.silence:
            name = ABSTENTION if one.mode == Mode.EXTRACTIVE.value else f"{ABSTENTION}:{one.mode}"
            scores = {**(rows[one.id].scores if one.id in rows else {}), name: float(one.right)}
            rows[one.id] = Scored(one.id, one.document, scores)
        return tuple(rows.values())

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
            "latency": {name: round(value, _DECIMALS) for name, value in self.latency().items()},
            **(
                {"abstention": {mode: _metrics_json(self.abstention(mode)) for mode in self.modes()}}
                if self.silence
                else {}
            ),
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
                for scored in self.all_scores()
            },
            "found": {
                one.id: {
                    "rank": one.rank,
                    "judged": [spot.to_json() for spot in one.judged],
                    "first": [spot.to_json() for spot in one.first],
                }
                for one in self.found
                if one.rank != 1
            },
            "failures": [{"id": failure.id, "reason": failure.reason} for failure in self.failures],
        }

    def abstention(self, mode: str) -> dict[str, Interval]:
        """`abstention_figures` of one mode."""
        return abstention_figures([one for one in self.silence if one.mode == mode])


def markdown(result: Result) -> str:
    """The figures as a Markdown table under the sentence that says what they are over, then the failures."""
    lines = [result.summary(), "", "| metric | value | 95 % interval |", "|---|---|---|"]
    lines += [f"| {name} | {value:.3f} | {low:.3f} – {high:.3f} |" for name, (value, low, high) in result.rows()]
    for mode in result.modes():
        lines += ["", f"Not in the documents: {mode} mode.", "", "| | value | 95 % interval |", "|---|---|---|"]
        figures = result.abstention(mode).items()
        lines += [f"| {name} | {value:.3f} | {low:.3f} – {high:.3f} |" for name, (value, low, high) in figures]
    if result.seconds:
        latency = result.latency()
        lines += ["", f"A search took {latency['p50']:.3f} s (p50), {latency['p95']:.3f} s (p95)."]
    if result.failures:
        lines += ["", "Failures:", "", *(f"- {failure}" for failure in result.failures)]
    return "\n".join(lines) + "\n"


def abstention_figures(silence: Sequence[Silence]) -> dict[str, Interval]:
    """How well "not in the documents" is told.

    precision  share of the silences that were right;   recall  share of the unanswerable questions that were met by one
    balanced_accuracy  mean of recall and of the share of answerable questions that got an answer: of a decision that is
                       yes or no it is also the area under the ROC curve. Its interval is the mean of theirs
    """
    silent = [one for one in silence if one.silent]
    unanswerable = [one for one in silence if not one.answerable]
    answerable = [one for one in silence if one.answerable]
    figures = {ABSTENTION: mean_interval([float(one.right) for one in silence], [one.document for one in silence])}
    for name, ones in (("precision", silent), ("recall", unanswerable), ("answered", answerable)):
        if ones:
            figures[name] = wilson(sum(one.right for one in ones) / len(ones), len(ones))
    if unanswerable and answerable:
        halves = figures["recall"], figures["answered"]
        figures["balanced_accuracy"] = Interval(*(sum(ends) / 2 for ends in zip(*halves, strict=True)))
    return figures


def _metrics_json(metrics: Mapping[str, Interval]) -> dict[str, dict[str, float]]:
    return {
        name: {field: round(number, _DECIMALS) for field, number in interval._asdict().items()}
        for name, interval in metrics.items()
    }


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
