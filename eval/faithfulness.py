"""How well answers are carried by what they rest on, and how well a scorer tells: a score per item, figures per task.

    items      {id, context, response, question?, source_id?, task?, label?, kind?}   label 1: something is unsupported
    answers    a judged set of questions, put to a collection; each answer is held against its own quotes
                   │
                   ▼  scorer
    scores     {id, score, claims: [{text, start, end, score, support, evidence: [{start, end}]}]}, a line each

Figures need labels. They are never given for all tasks together without those of each: what looks good over several
tasks may only tell the tasks apart.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from app.proof import SUPPORTED, Scored, Scorer, kinds_in
from core.errors import DossierError, ServiceDown, UsageError
from core.privacy import Mode
from core.rows import read_rows, writing
from eval.calibration import Calibration, Confusion, Labelled, calibration, confusions
from eval.dataset import read_queries
from eval.report import Failure
from eval.statistics import Interval, mean_interval, statistic_intervals

if TYPE_CHECKING:
    from app.service import App

METRICS = ("auroc", "balanced_accuracy", "f1")
ALL = "all"


@dataclass(frozen=True, slots=True)
class Item:
    """A response and its context. `source` names what several items share, the cluster of all intervals; `label` is 1
    where something is unsupported, 0 where nothing is, None where nobody judged. `kind` is what was altered in it,
    where that is known. `failure`: why there is no response.
    `made_here`: the texts stand in no file yet, so that the row of scores brings them.
    """

    id: str
    context: str
    response: str
    question: str = ""
    source: str = ""
    task: str = ""
    label: int | None = None
    kind: str = ""
    failure: str | None = None
    made_here: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """The figures over the labelled items of one task, or of all. `tells_apart` has none where one kind is missing.

    auroc              how often an unsupported response scores below a supported one; half a point for a draw
    balanced_accuracy  the mean of how much of the unsupported is found, and how much of the supported is left alone
    f1                 of finding the unsupported: hangs on how many there are, so only sets of the same share compare
    """

    items: int
    unsupported: int
    tells_apart: Mapping[str, Interval]


@dataclass(frozen=True, slots=True)
class Told:
    """A scored item without its words. `verdict` and `holds` are those of its weakest claim, on which its score hangs:
    what the verifier says of it, and which kinds of critical words it holds. `score` is None where it failed."""

    id: str
    source: str
    task: str
    label: int | None
    score: float | None
    kind: str = ""
    verdict: str = ""
    holds: tuple[str, ...] = ()


BY = ("the verifier's word on the weakest claim", "what the weakest claim holds", "what was altered")
"""The ways in which items are told apart in `Faithfulness.confusion`."""


@dataclass(frozen=True, slots=True)
class Faithfulness:
    """A measurement. `seconds` are the times that items took, ascending, the first use of a model among them; `mean` is
    the mean score, with its interval; `told` has a row for each item."""

    scorer: str
    items: int
    claims: int
    mean: Interval | None
    supported: int
    tasks: Mapping[str, Task]
    failures: tuple[Failure, ...]
    seconds: tuple[float, ...]
    told: tuple[Told, ...] = ()

    def within(self, share: float) -> float:
        """The seconds in which `share` of the items that have a score were scored."""
        return self.seconds[max(0, math.ceil(share * len(self.seconds)) - 1)] if self.seconds else 0.0

    def calibration(self) -> Calibration | None:
        """Whether the scores of the labelled items mean what they say; None without any."""
        return calibration([labelled for _, labelled in self._labelled()])

    def confusion(self) -> dict[str, dict[str, Confusion]]:
        """How items were told, BY and then by kind; a way that nothing is known of is left out."""
        rows = self._labelled()
        ways: tuple[list[tuple[Labelled, Sequence[str]]], ...] = (
            [(labelled, [one.verdict] if one.verdict else []) for one, labelled in rows],
            [(labelled, one.holds) for one, labelled in rows],
            [(labelled, [one.kind] if one.kind else []) for one, labelled in rows],
        )
        return {name: found for name, way in zip(BY, ways, strict=True) if (found := confusions(way))}

    def _labelled(self) -> list[tuple[Told, Labelled]]:
        return [
            (one, Labelled(one.score, one.label == 0, one.source))
            for one in self.told
            if one.score is not None and one.label is not None
        ]

    def figures(self, task: Task) -> tuple[str, ...]:
        """The figures of a task in words, in the order of METRICS."""
        return tuple(
            "–" if metric not in task.tells_apart else "{:.3f} ({:.3f} – {:.3f})".format(*task.tells_apart[metric])
            for metric in METRICS
        )

    def summary(self) -> str:
        """In a sentence, what the figures are over."""
        mean = "" if self.mean is None else "; mean score {:.3f} ({:.3f} – {:.3f})".format(*self.mean)
        return (
            f"{self.items} items with {self.claims} claims, scored by {self.scorer} "
            f"in {self.within(0.5) * 1000:.0f} ms each at p50, {self.within(0.95) * 1000:.0f} at p95; "
            f"{self.supported} count as supported (score {SUPPORTED} and more), {len(self.failures)} failed{mean}; "
            "intervals at 95 %, by resampling sources."
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "scorer": self.scorer,
            "items": self.items,
            "claims": self.claims,
            "supported": self.supported,
            "mean_score": None if self.mean is None else _interval_json(self.mean),
            "tasks": {
                name: {
                    "items": task.items,
                    "unsupported": task.unsupported,
                    "metrics": {metric: _interval_json(interval) for metric, interval in task.tells_apart.items()},
                }
                for name, task in self.tasks.items()
            },
            **({"calibration": found.to_json()} if (found := self.calibration()) else {}),
            "confusion": {
                way: {kind: one.to_json() for kind, one in kinds.items()} for way, kinds in self.confusion().items()
            },
            "failures": [{"id": failure.id, "reason": failure.reason} for failure in self.failures],
            "seconds_per_item": round(sum(self.seconds) / max(1, len(self.seconds)), 4),
            "seconds_p50": round(self.within(0.5), 4),
            "seconds_p95": round(self.within(0.95), 4),
        }

    def scores_json(self) -> dict[str, dict[str, Any]]:
        """The score of every item, for a paired comparison later: no word of it."""
        return {
            one.id: {
                "document": one.source,
                "task": one.task,
                "label": one.label,
                "score": None if one.score is None else round(one.score, 6),
            }
            for one in self.told
        }

    def markdown(self) -> str:
        """The figures as tables, under the sentence that says what they are over."""
        lines = [self.summary()]
        if self.tasks:
            lines += [
                "",
                "| task | items | unsupported | AUROC | balanced accuracy | F1 |",
                "|---|---|---|---|---|---|",
            ]
            lines += [
                f"| {name} | {task.items} | {task.unsupported} | {' | '.join(self.figures(task))} |"
                for name, task in self.tasks.items()
            ]
        if found := self.calibration():
            lines += ["", found.summary()]
        if self.failures:
            lines += ["", "Failures:", "", *(f"- {failure}" for failure in self.failures)]
        return "\n".join(lines) + "\n"


def read_items(path: Path) -> tuple[Item, ...]:
    """The items of a file. Raises UsageError, naming the line where it can, for a file that is not of this form."""
    rows = read_rows(path, what="item", texts=["context", "response"])
    if not rows:
        raise UsageError(f"The file of items {path} holds no item.")
    for row in rows:
        if row.get("label") not in (None, 0, 1):
            raise UsageError(f"{path}: the label of item {row['id']} is neither 0 nor 1.")
    return tuple(
        Item(
            id=str(row["id"]),
            context=row["context"],
            response=row["response"],
            question=str(row.get("question") or ""),
            source=str(row.get("source_id") or row["id"]),
            task=str(row.get("task") or ""),
            label=row.get("label"),
            kind=str(row.get("kind") or ""),
        )
        for row in rows
    )


def answered(app: App, queries: Path, *, collection: str | None, mode: Mode, by: str) -> Iterator[Item]:
    """Each question of a judged set as an item: the answer, and its quotes as the context.

    A question that could not be answered at all is an item with a `failure`; "not in the documents" is an answer
    without claims.
    """
    for query in read_queries(queries):
        try:
            answer = app.ask(query.query, collection=collection, mode=mode, by=by)
        except DossierError as error:
            yield Item(query.id, "", "", query.query, query.doc_id, query.type or "", failure=str(error))
            continue
        quotes = dict.fromkeys(citation.quote for claim in answer.claims for citation in claim.citations)
        context = "\n\n".join(quotes)
        yield Item(query.id, context, answer.text, query.query, query.doc_id, query.type or "", made_here=True)


def measure(items: Iterable[Item], scorer: Scorer, output: Path) -> Faithfulness:
    """Score each item, write its row, and take the figures. An item without a finite score is a failure: it has no row,
    and counts as told wrongly in every figure. Raises UsageError when `output` cannot be written, ServiceDown when no
    item at all could be scored because the service is down."""
    done: list[tuple[Item, float | None]] = []
    told: list[Told] = []
    failures: list[Failure] = []
    claims = 0
    seconds: list[float] = []
    down: ServiceDown | None = None
    with writing(output) as out:
        for item in items:
            if item.failure is not None:
                failures.append(Failure(item.id, item.failure))
                done.append((item, None))
                told.append(_told(item, None))
                continue
            started = time.perf_counter()
            try:
                scored = scorer.score(item.response, item.context, item.question)
                _must_be_finite(scored)
            except ServiceDown as error:
                down = error
                failures.append(Failure(item.id, str(error)))
                done.append((item, None))
                told.append(_told(item, None))
                continue
            except ArithmeticError as error:
                failures.append(Failure(item.id, str(error)))
                done.append((item, None))
                told.append(_told(item, None))
                continue
            seconds.append(time.perf_counter() - started)
            claims += len(scored.claims)
            done.append((item, scored.score))
            told.append(_told(item, scored))
            texts = {"response": item.response, "context": item.context} if item.made_here else {}
            out.write(json.dumps({"id": item.id, **row_of(scored), **texts}, ensure_ascii=False) + "\n")
    if down is not None and len(failures) == len(done):
        raise down
    known = [(item, score) for item, score in done if score is not None]
    return Faithfulness(
        scorer=scorer.name,
        items=len(done),
        claims=claims,
        mean=mean_interval([score for _, score in known], [item.source for item, _ in known]) if known else None,
        supported=sum(score >= SUPPORTED for _, score in known),
        tasks=_tasks(done),
        failures=tuple(failures),
        seconds=tuple(sorted(seconds)),
        told=tuple(told),
    )


def data_hash(items: Iterable[Item]) -> str:
    """A hash of items with their texts and labels: only runs over the same ones compare."""
    rows = sorted(
        json.dumps([one.id, one.context, one.response, one.question, one.source, one.task, one.label]) for one in items
    )
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()[:16]


def row_of(scored: Scored) -> dict[str, Any]:
    """A row of scores: `start`/`end` of a claim are places in the response, those of evidence in the context."""
    return {
        "score": round(scored.score, 6),
        "claims": [
            {
                "text": claim.text,
                "start": claim.span.start,
                "end": claim.span.end,
                "score": round(claim.score, 6),
                "support": claim.support.value,
                "evidence": [{"start": span.start, "end": span.end} for span in claim.evidence],
            }
            for claim in scored.claims
        ],
    }


# ── one call below ────────────────────────────────────────────────────────────────────────────────────────────────────


def _told(item: Item, scored: Scored | None) -> Told:
    weakest = min(scored.claims, key=lambda claim: claim.score) if scored and scored.claims else None
    return Told(
        item.id,
        item.source,
        item.task,
        item.label,
        scored.score if scored else None,
        item.kind,
        weakest.support.value if weakest else "",
        kinds_in(weakest.text) if weakest else (),
    )


def _must_be_finite(scored: Scored) -> None:
    if not all(math.isfinite(score) for score in (scored.score, *(claim.score for claim in scored.claims))):
        raise ArithmeticError("The scorer gave no number.")


def _tasks(done: Sequence[tuple[Item, float | None]]) -> dict[str, Task]:
    """Each task by its name, then all together where there are several."""
    labelled = [(item, score) for item, score in done if item.label is not None]
    names = sorted({item.task for item, _ in labelled})
    tasks = {name or ALL: _task([(item, score) for item, score in labelled if item.task == name]) for name in names}
    if len(names) > 1:
        tasks[ALL] = _task(labelled)
    return tasks


def _task(done: Sequence[tuple[Item, float | None]]) -> Task:
    wrong = np.array([bool(item.label) for item, _ in done])
    # A failure is told wrongly: as supported where it is not, and the other way round.
    scores = np.array([score if score is not None else float(bool(item.label)) for item, score in done])
    if wrong.all() or not wrong.any():
        return Task(len(done), int(wrong.sum()), {})
    intervals = statistic_intervals(lambda rows: _figures(wrong[rows], scores[rows]), [item.source for item, _ in done])
    return Task(len(done), int(wrong.sum()), dict(zip(METRICS, intervals, strict=True)))


def _figures(wrong: NDArray[np.bool_], scores: NDArray[np.float64]) -> tuple[float, float, float]:
    """METRICS; not numbers where one kind is missing."""
    found = scores < SUPPORTED
    positives, negatives = int(wrong.sum()), int((~wrong).sum())
    if not positives or not negatives:
        return math.nan, math.nan, math.nan
    hits, alarms = int((found & wrong).sum()), int((found & ~wrong).sum())
    balanced = (hits / positives + 1 - alarms / negatives) / 2
    return _auroc(wrong, scores), balanced, 2 * hits / (2 * hits + alarms + positives - hits)


def _auroc(wrong: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    """Mann and Whitney's U over the number of pairs; draws share their rank."""
    _, place, counts = np.unique(-scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    positives, negatives = int(wrong.sum()), int((~wrong).sum())
    return float((ranks[wrong].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def _interval_json(interval: Interval) -> dict[str, float]:
    return {field: round(number, 4) for field, number in interval._asdict().items()}
