"""The judges themselves, held against people who judged the same answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from app.proof import Correctness, ProseJudge
from core.errors import ServiceDown, UsageError
from core.rows import read_rows
from eval.judge import expected_figure, judge_figure, judge_words
from eval.statistics import Interval, statistic_intervals

if TYPE_CHECKING:
    from app.service import App

_LABELS = {
    "Correct Answer": Correctness.RIGHT,
    "Incorrect Answer": Correctness.WRONG,
    "Refusal": Correctness.SILENT,
}

Judge = Callable[[str, str, str], Correctness]
"""(question, expected answer, answer) → what became of it."""

FIGURES = "numeric equality"


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often one judge says what people said. `counts` is (people, judge) → answers; `failed` could not be judged.

    Intervals are at 95 %, by resampling questions: several answers to one question are not independent.
    right_or_not        the share that both call right, or both do not; partly right is not right
    right_wrong_silent  the share of the same verdict
    balanced            the mean of how much of the right is called right and of the rest is not: one half is chance
    balanced_answered   the same without what people call a refusal, which is easily told
    majority            right_or_not of a judge that always says what is most frequent
    """

    judge: str
    answers: int
    failed: int
    counts: Mapping[tuple[Correctness, Correctness], int]
    figures: Mapping[str, Interval]
    majority: float

    def to_json(self) -> dict[str, Any]:
        return {
            "judge": self.judge,
            "answers": self.answers,
            "failed": self.failed,
            **{
                name: {key: round(number, 4) for key, number in interval._asdict().items()}
                for name, interval in self.figures.items()
            },
            "majority": round(self.majority, 4),
            "counts": [
                {"people": people.value, "judge": judge.value, "answers": count}
                for (people, judge), count in sorted(self.counts.items())
            ],
        }


WORDS = "words, without a model"

WORDS_ARE = "of what the words call right people agree to 93 %, of what they call wrong to half: read it as the least"
"""FinanceBench, 496 answers to questions that expect prose (docs/evaluation.md)."""


def prose_judge(app: App, way: str) -> tuple[str, Judge] | None:
    """The judge of prose with its name, None for `none`; `auto` is the configured Llama, without one the words.

    Raises UsageError for `llama` where none is configured.
    """
    if way == "none":
        return None
    if way == "words" or (way == "auto" and not app.settings.llama.url):
        return WORDS, judge_words
    judge = ProseJudge(f"llama {app.settings.llama.model}", app.llama().reply)
    return f"{judge.name}, prompt {judge.version}", judge.judge


def agreements(
    files: Sequence[Path],
    *,
    prose: tuple[str, Judge] | None,
    on_progress: Callable[[int, int], None] = lambda _, __: None,
) -> tuple[tuple[Agreement, ...], int]:
    """How far numeric equality agrees with people, and the judge of prose (its name and itself), and how many rows
    nobody judged: those that expect prose, where there is no judge of it.

    Rows are {id, question, gold_answer, response, label} as FinanceBench has them. Raises UsageError for a file that
    cannot be read, an unknown label, or when no row can be judged; ServiceDown when the judge answered not once.
    """
    figures: list[tuple[str, Correctness, Correctness]] = []
    waiting: list[tuple[str, Correctness, str, str]] = []
    for path in files:
        for row in read_rows(path, what="judged answer", texts=["question", "response", "label"]):
            if row["label"] not in _LABELS or not isinstance(row.get("gold_answer"), str | int | float):
                known = ", ".join(_LABELS)
                raise UsageError(f"{path}: the answer {row['id']} has no gold_answer or none of the labels {known}.")
            label, expected = _LABELS[row["label"]], expected_figure(row["gold_answer"])
            if expected is not None:
                figures.append((row["question"], label, judge_figure(row["question"], expected, row["response"])))
            else:
                waiting.append((row["question"], label, str(row["gold_answer"]), row["response"]))
    found = [_agreement(FIGURES, figures, failed=0)] if figures else []
    if prose is not None and waiting:
        name, judge = prose
        judged: list[tuple[str, Correctness, Correctness]] = []
        down: ServiceDown | None = None
        for number, (question, label, wanted, response) in enumerate(waiting, start=1):
            try:
                judged.append((question, label, judge(question, wanted, response)))
            except ServiceDown as error:
                down = error
            on_progress(number, len(waiting))
        if not judged and down is not None:
            raise down
        found.append(_agreement(name, judged, failed=len(waiting) - len(judged)))
    if not found:
        raise UsageError("No row has one figure as its expected answer, and there is no judge of prose.")
    return tuple(found), len(waiting) if prose is None else 0


# ── one call below ────────────────────────────────────────────────────────────────────────────────────────────────────


def _agreement(judge: str, judged: Sequence[tuple[str, Correctness, Correctness]], *, failed: int) -> Agreement:
    people = np.array([label.value for _, label, _ in judged])
    said = np.array([verdict.value for _, _, verdict in judged])
    names = ("right_or_not", "right_wrong_silent", "balanced", "balanced_answered")
    values = _agree(people, said)
    defined = [name for name, value in zip(names, values, strict=True) if np.isfinite(value)]

    def statistic(rows: NDArray[np.intp]) -> Sequence[float]:
        drawn = dict(zip(names, _agree(people[rows], said[rows]), strict=True))
        return [drawn[name] for name in defined]

    right = float((people == Correctness.RIGHT.value).mean())
    return Agreement(
        judge,
        len(judged),
        failed,
        Counter((one, other) for _, one, other in judged),
        dict(zip(defined, statistic_intervals(statistic, [one[0] for one in judged]), strict=True)),
        max(right, 1 - right),
    )


def _agree(people: NDArray[Any], said: NDArray[Any]) -> tuple[float, float, float, float]:
    right, called = people == Correctness.RIGHT.value, said == Correctness.RIGHT.value
    answered = people != Correctness.SILENT.value
    return (
        float((right == called).mean()),
        float((people == said).mean()),
        _balanced(right, called),
        _balanced(right[answered], called[answered]),
    )


def _balanced(right: NDArray[Any], called: NDArray[Any]) -> float:
    """Not a number where one kind is missing."""
    if right.all() or not right.any():
        return float("nan")
    return float((called[right].mean() + (~called[~right]).mean()) / 2)
