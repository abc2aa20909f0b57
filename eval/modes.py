"""Modes held against each other on the same questions: figures with intervals, and which one wins.

Numeric equality and the judge of prose stand in rows of their own: the second is advisory, and named wherever it is
shown. Differences are paired by question, and documents are resampled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from app.proof import PROMPT_VERSION, Correctness
from core.answers import Support
from core.errors import UsageError
from core.privacy import Mode
from eval.agreement import FIGURES, WORDS, WORDS_ARE
from eval.answers import Asked, Expected, Outcome
from eval.dataset import Query, read_queries
from eval.runs import EvalRun, keep
from eval.shipped import judged
from eval.statistics import LEAST_CLUSTERS, Interval, difference_interval, mean_interval, smallest_effect

if TYPE_CHECKING:
    from app.service import App

DECIDING = ("right", "prose right", "silent where nothing answers", "citation recall (page)", "claims verified")
"""What modes are held against each other in; the first that the set has decides which one wins."""

LARGEST_UNSEEN = 0.10
"""A set that cannot show a difference of ten points says nothing when it shows none."""

_DECIMALS = 4


class Verdict(StrEnum):
    """better and worse: the interval leaves no doubt of the sign. no difference: none of ten points and more, which the
    set could show. too small: the set could not have shown it, or has too few documents."""

    BETTER = "better"
    WORSE = "worse"
    NO_DIFFERENCE = "no difference"
    TOO_SMALL = "too small"


@dataclass(frozen=True, slots=True)
class Scores:
    """The measures of one mode, each with its 95 % interval and over how many questions, and what they are made of."""

    mode: Mode
    asked: tuple[Asked, ...]
    documents: tuple[str, ...]
    metrics: Mapping[str, tuple[Interval, int]]

    def count(self, outcome: Outcome) -> int:
        return sum(one.outcome is outcome for one in self.asked)

    @property
    def unjudged(self) -> tuple[Asked, ...]:
        """Answers whose judge failed."""
        return tuple(one for one in self.asked if one.unjudged)

    @property
    def seconds(self) -> Mapping[str, float]:
        """Of the questions that were answered or not found: half took at most p50, 19 of 20 at most p95."""
        took = [one.seconds for one in self.asked if one.outcome in (Outcome.ANSWERED, Outcome.SILENT)]
        if not took:
            return {"p50": 0.0, "p95": 0.0, "total": 0.0}
        return {"p50": float(np.quantile(took, 0.5)), "p95": float(np.quantile(took, 0.95)), "total": sum(took)}

    @property
    def usd(self) -> float:
        return sum(one.cost_usd for one in self.asked)

    def scores_of(self, number: int) -> dict[str, float]:
        """What the question at `number` adds to each measure."""
        return _scores(self.asked[number])

    def to_json(self) -> dict[str, Any]:
        return {
            "mode": self.mode.value,
            "questions": len(self.asked),
            "outcomes": {outcome.value: self.count(outcome) for outcome in Outcome},
            "metrics": {name: {**_rounded(interval), "n": count} for name, (interval, count) in self.metrics.items()},
            "seconds": {name: round(value, 3) for name, value in self.seconds.items()},
            "cost_usd": round(self.usd, 6),
            "answers": [one.to_json() for one in self.asked],
            "failures": [
                {"id": one.id, "outcome": one.outcome.value, "reason": one.reason}
                for one in self.asked
                if one.outcome in (Outcome.REFUSED, Outcome.FAILED)
            ],
            "unjudged": [{"id": one.id, "reason": one.unjudged} for one in self.unjudged],
        }


@dataclass(frozen=True, slots=True)
class Duel:
    """Two modes in one measure: the mean of first minus second over the `questions` that both have, with its interval.

    `smallest` is the least difference that the set can show, at 5 % and four times in five.
    """

    first: Mode
    second: Mode
    metric: str
    difference: Interval
    questions: int
    documents: int
    smallest: float
    verdict: Verdict

    def __str__(self) -> str:
        value, low, high = self.difference
        told = (
            f"{self.first.value} against {self.second.value}, {self.metric}: {value:+.2f} ({low:+.2f} – {high:+.2f}) "
            f"over {self.questions} questions on {self.documents} documents: "
        )
        if self.verdict is Verdict.TOO_SMALL:
            if self.documents < LEAST_CLUSTERS:
                return f"{told}too small a set, {LEAST_CLUSTERS} documents are the least"
            return f"{told}too small a set, it can show differences of {self.smallest:.2f} and more"
        if self.verdict is Verdict.NO_DIFFERENCE:
            return f"{told}no difference of {self.smallest:.2f} or more"
        return f"{told}{self.first.value} is {self.verdict.value}"

    def to_json(self) -> dict[str, Any]:
        return {
            "first": self.first.value,
            "second": self.second.value,
            "metric": self.metric,
            **_rounded(self.difference),
            "questions": self.questions,
            "documents": self.documents,
            "smallest_effect": round(self.smallest, _DECIMALS),
            "verdict": self.verdict.value,
        }


@dataclass(frozen=True, slots=True)
class Contest:
    """All modes of a run, and each two of them against each other. `judges` names who judged prose, if anybody did."""

    scores: tuple[Scores, ...]
    duels: tuple[Duel, ...]
    judges: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """0 all was asked and judged; 1 something failed or was refused; 4 policy or a budget refused a whole mode."""
        if any(one.asked and one.count(Outcome.REFUSED) == len(one.asked) for one in self.scores):
            return 4
        some = any(one.count(Outcome.REFUSED) or one.count(Outcome.FAILED) or one.unjudged for one in self.scores)
        return 1 if some else 0

    def winners(self) -> tuple[str, ...]:
        """Which mode wins, a sentence for each two: by the first of DECIDING that both have."""
        first: dict[tuple[Mode, Mode], Duel] = {}
        for duel in self.duels:
            first.setdefault((duel.first, duel.second), duel)
        return tuple(str(duel) for duel in first.values())

    def notes(self) -> tuple[str, ...]:
        """What a reader has to know beside the figures."""
        notes = ["Intervals at 95 %, by resampling documents. right, wrong, silent: decided by numeric equality."]
        if self.judges:
            notes.append(
                f"prose …: judged by {', '.join(self.judges)}; advisory, and no part of right, wrong and silent."
            )
        if WORDS in self.judges:
            notes.append(f"{WORDS_ARE.capitalize()}.")
        by_model = [one for one in self.judges if one.startswith("llama ")]
        if by_model and any(one.mode in (Mode.GDPR, Mode.HYBRID, Mode.AUTO) for one in self.scores):
            notes.append("The model that judges prose also answers in one of these modes: it may like its own words.")
        if len(self.duels) > 1:
            notes.append(f"{len(self.duels)} comparisons at 95 % each: one in twenty errs by chance alone.")
        return tuple(notes)

    def to_json(self) -> dict[str, Any]:
        return {
            "modes": [one.to_json() for one in self.scores],
            "judges": {"right": FIGURES, "prose": list(self.judges), "prose_is": "advisory"},
            "comparisons": [duel.to_json() for duel in self.duels],
            "winners": list(self.winners()),
            "notes": list(self.notes()),
        }

    def table(self) -> tuple[tuple[str, ...], ...]:
        """Rows of words, the heads first: one column for each mode."""
        names = [name for name in ORDER if any(name in one.metrics for one in self.scores)]
        rows = [("", *(one.mode.value for one in self.scores))]
        rows.append(("questions", *(str(len(one.asked)) for one in self.scores)))
        rows += [
            (outcome.value, *(str(one.count(outcome)) for one in self.scores))
            for outcome in (Outcome.REFUSED, Outcome.FAILED)
            if any(one.count(outcome) for one in self.scores)
        ]
        rows += [(name, *(_cell(one, name) for one in self.scores)) for name in names]
        rows.append(
            ("seconds a question, p50 and p95", *("{p50:.2f}, {p95:.2f}".format(**s.seconds) for s in self.scores))
        )
        rows.append(("US dollars in all", *(f"{one.usd:.4f}" for one in self.scores)))
        return tuple(rows)

    def markdown(self) -> str:
        head, *rows = self.table()
        lines = [f"| {' | '.join(head)} |", "|---|" + "---|" * len(self.scores)]
        lines += [f"| {' | '.join(row)} |" for row in rows]
        lines += ["", *(f"- {duel}" for duel in self.duels)] if self.duels else []
        return "\n".join([*lines, "", " ".join(self.notes())]) + "\n"


ORDER = (
    "answered",
    "right", "wrong", "silent", "right when answered",
    "prose right", "prose partly", "prose wrong", "prose silent",
    "silent where nothing answers",
    "citation precision (page)", "citation recall (page)", "citation precision (span)", "citation recall (span)",
    *(f"claims {support.value}" if support is not Support.NONE else "claims without a source" for support in Support),
)  # fmt: skip
"""The measures, in the order to print."""


def contest(asked: Sequence[Asked], queries: Sequence[Query], modes: Sequence[Mode]) -> Contest:
    """The figures over what `eval.answers.ask_all` brought back."""
    document = {query.id: query.doc_id for query in queries}
    scores = tuple(
        _scored(mode, here, tuple(document[one.id] for one in here))
        for mode in modes
        if (here := tuple(one for one in asked if one.mode is mode))
    )
    duels = [duel for one, other in combinations(scores, 2) for name in DECIDING if (duel := _duel(one, other, name))]
    judges = dict.fromkeys(one.judge for one in asked if one.judge and one.expected is Expected.PROSE)
    return Contest(scores, tuple(duels), tuple(judges))


def modes_named(names: str) -> tuple[Mode, ...]:
    """The modes of "extractive,gdpr", each once. Raises UsageError for one that there is not."""
    chosen = list(dict.fromkeys(name.strip() for name in names.split(",")))
    known = [mode.value for mode in Mode]
    if not set(chosen) <= set(known):
        raise UsageError(f"--modes takes {', '.join(known)}, separated by commas.")
    return tuple(Mode(name) for name in chosen)


def questions_of(path: Path, types: Sequence[str]) -> tuple[Query, ...]:
    """The questions of a judged set, of these types alone where any are named. Raises UsageError where none is left."""
    read = tuple(query for query in read_queries(path) if not types or query.type in types)
    if not read:
        raise UsageError(f"The judged set {path} has no question of type {', '.join(types)}.")
    return read


def run_of(app: App, collection: str, queries: Sequence[Query], *, within_document: bool, judge: str) -> dict[str, str]:
    """All that answers and verdicts hang on, by name: an interrupted run goes on only where all of it is the same."""
    return {
        "questions and documents": judged(app, collection, queries).digest(),
        "collection": collection,
        "settings": app.settings.digest(),
        "prompts": PROMPT_VERSION,
        "judge": judge,
        "within document": str(within_document),
    }


def keep_modes(app: App, contest: Contest, made_of: Mapping[str, str], *, within_document: bool) -> tuple[EvalRun, ...]:
    """Keep a measurement of each mode, for `dossier eval runs`, `compare` and `report`."""
    kept = []
    for one in contest.scores:
        scores = {
            asked.id: {"document": document, **_scores(asked)}
            for asked, document in zip(one.asked, one.documents, strict=True)
        }
        result = {**one.to_json(), "queries": len(one.asked), "within_document": within_document, "scores": scores}
        del result["answers"], result["unjudged"]  # figures and ids alone are kept
        run = keep(
            app.settings,
            result,
            kind=f"answers, {one.mode.value}",
            collection=made_of["collection"],
            judged=made_of["questions and documents"],
        )
        kept.append(run)
    return tuple(kept)


# ── one call below ────────────────────────────────────────────────────────────────────────────────────────────────────


def _scored(mode: Mode, asked: tuple[Asked, ...], documents: tuple[str, ...]) -> Scores:
    values: dict[str, tuple[list[float], list[str]]] = {}
    for one, document in zip(asked, documents, strict=True):
        for name, score in _scores(one).items():
            scores, names = values.setdefault(name, ([], []))
            scores.append(score)
            names.append(document)
    metrics = {name: (mean_interval(scores, names), len(scores)) for name, (scores, names) in values.items()}
    return Scores(mode, asked, documents, metrics)


def _scores(one: Asked) -> dict[str, float]:
    """The measures of one question. One that was refused or failed is not right, and cites nothing."""
    scores: dict[str, float] = {}
    if one.expected is not Expected.SILENCE:
        scores["answered"] = float(one.outcome is Outcome.ANSWERED)
    unasked = one.outcome in (Outcome.REFUSED, Outcome.FAILED)
    if one.expected is Expected.SILENCE:
        scores["silent where nothing answers"] = float(one.outcome is Outcome.SILENT)
    elif one.expected is Expected.FIGURE:
        scores |= {kind.value: float(one.correct is kind) for kind in Correctness if kind is not Correctness.PARTLY}
        if one.outcome is Outcome.ANSWERED and one.correct is not Correctness.SILENT:
            scores["right when answered"] = float(one.correct is Correctness.RIGHT)
    elif one.judge and (one.correct is not None or unasked):
        scores |= {f"prose {kind.value}": float(one.correct is kind) for kind in Correctness}
    for level, cited in (("page", one.page), ("span", one.span)):
        if cited is not None:
            scores[f"citation recall ({level})"] = cited.recall
            if cited.precision is not None:
                scores[f"citation precision ({level})"] = cited.precision
    claims = sum(one.support.values())
    for support in Support if claims else ():
        name = f"claims {support.value}" if support is not Support.NONE else "claims without a source"
        scores[name] = one.support.get(support.value, 0) / claims
    return scores


def _duel(one: Scores, other: Scores, metric: str) -> Duel | None:
    paired = [
        (first[metric], second[metric], document)
        for number, document in enumerate(one.documents)
        if metric in (first := one.scores_of(number)) and metric in (second := other.scores_of(number))
    ]
    if not paired:
        return None
    new, old, documents = zip(*paired, strict=True)
    difference = difference_interval(new, old, documents)
    smallest = smallest_effect([a - b for a, b in zip(new, old, strict=True)], documents)
    if len(set(documents)) < LEAST_CLUSTERS:
        verdict = Verdict.TOO_SMALL
    elif difference.low > 0 or difference.high < 0:
        verdict = Verdict.BETTER if difference.low > 0 else Verdict.WORSE
    else:
        verdict = Verdict.NO_DIFFERENCE if smallest <= LARGEST_UNSEEN else Verdict.TOO_SMALL
    return Duel(one.mode, other.mode, metric, difference, len(paired), len(set(documents)), smallest, verdict)


def _cell(scores: Scores, name: str) -> str:
    if name not in scores.metrics:
        return "–"
    (value, low, high), count = scores.metrics[name]
    return f"{value:.2f} ({low:.2f} – {high:.2f}), n={count}"


def _rounded(interval: Interval) -> dict[str, float]:
    return {key: round(number, _DECIMALS) for key, number in interval._asdict().items()}
