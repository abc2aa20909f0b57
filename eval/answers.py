"""How good the answers are, mode by mode, on the same questions: which one wins on *your* documents.

    questions ─ ask in each mode ─▶ answers ─┬─ the figure expected?                      right · wrong · silent
                                             ├─ citations held against the judged places  precision, recall
                                             └─ support of the claims, seconds, money

Correctness is judged without a model where the expected answer is one figure (`eval.judge`); other answers are counted
as answered or silent, and measured by their citations.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from core.answers import Answer, Citation, Support
from core.errors import DossierError, UsageError
from core.privacy import Mode
from core.rows import read_rows
from eval.dataset import Query, read_queries
from eval.judge import Correctness, expected_figure, judge_figure
from eval.report import Failure
from eval.retrieval import Place, place_of
from eval.statistics import Interval, mean_interval, wilson

if TYPE_CHECKING:
    from app.service import App

Ask = Callable[[Query], Answer]


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of one question in one mode. None where a measure does not apply.

    `correct` is None for answers that no figure decides; `precision` is None without citations, `recall` without
    judged places. `supported` and `altered` are shares of the claims.
    """

    id: str
    document: str
    type: str
    answered: bool
    correct: Correctness | None
    precision: float | None
    recall: float | None
    supported: float | None
    altered: float | None
    seconds: float
    cost_usd: float
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Scores:
    """The measures of one mode, each with its 95 % interval, and the sums behind them."""

    mode: str
    questions: int
    metrics: Mapping[str, tuple[Interval, int]]
    asked: tuple[Asked, ...]

    @property
    def failures(self) -> tuple[Failure, ...]:
        return tuple(one.failure for one in self.asked if one.failure)

    def to_json(self) -> dict[str, Any]:
        return {
            "mode": self.mode,
            "questions": self.questions,
            "metrics": {
                name: {**{key: round(number, 4) for key, number in interval._asdict().items()}, "n": count}
                for name, (interval, count) in self.metrics.items()
            },
            "answers": [
                {
                    "id": one.id,
                    "answered": one.answered,
                    "correct": one.correct.value if one.correct else None,
                    "citation_precision": one.precision,
                    "citation_recall": one.recall,
                    "supported": one.supported,
                    "seconds": round(one.seconds, 3),
                    "cost_usd": round(one.cost_usd, 6),
                }
                for one in self.asked
            ],
            "failures": [{"id": one.id, "reason": one.reason} for one in self.failures],
        }


def evaluate_answers(
    app: App,
    queries: Path,
    *,
    collection: str,
    modes: Sequence[Mode],
    types: Sequence[str] = (),
    within_document: bool = False,
    by: str,
) -> tuple[Scores, ...]:
    """Ask every question of the judged set in every mode. `types` keeps only questions of these types.

    Raises UsageError for a judged set that cannot be read or has nothing of these types; NotFound for an unknown
    collection. A question that fails is a failure of its mode and counts as not answered.
    """
    read = [query for query in read_queries(queries) if not types or query.type in types]
    if not read:
        raise UsageError(f"The judged set {queries} has no question of type {', '.join(types)}.")
    documents = {PurePath(record.source).stem: record.document_id for record in app.documents(collection)}
    paged = {
        record.document_id
        for record in app.documents(collection)
        if PurePath(record.source).suffix.lower() not in (".txt", ".md")
    }

    def asked(query: Query, mode: Mode) -> Asked:
        try:
            within = [documents[name] for name in query.doc_ids if name in documents] if within_document else []
            answer = app.ask(query.query, collection=collection, documents=within, mode=mode, by=by)
        except DossierError as error:
            return _failed(query, Failure(query.id, str(error)))
        places = [
            place_of(one, documents[one.doc_id], paged=documents[one.doc_id] in paged)
            for one in query.evidence
            if one.doc_id in documents
        ]
        return judged(query, answer, tuple(dict.fromkeys(places)))

    return tuple(scored(mode.value, [asked(query, mode) for query in read]) for mode in modes)


def judged(query: Query, answer: Answer, places: Sequence[Place]) -> Asked:
    """An answer held against what was expected and where."""
    citations = [citation for claim in answer.claims for citation in claim.citations]
    return Asked(
        id=query.id,
        document=query.doc_id,
        type=query.type or "",
        answered=bool(answer.claims),
        correct=_correct(query, answer),
        precision=_share(any(_touches(one, place) for place in places) for one in citations) if places else None,
        recall=_share(any(_touches(one, place) for one in citations) for place in places) if answer.claims else None,
        supported=_share(claim.support is Support.VERIFIED for claim in answer.claims),
        altered=_share(claim.support is Support.ALTERED for claim in answer.claims),
        seconds=answer.usage.seconds,
        cost_usd=answer.usage.cost_usd,
    )


def scored(mode: str, asked: Sequence[Asked]) -> Scores:
    """The measures over the answers of one mode."""
    values: dict[str, list[tuple[float, str]]] = {}

    def note(name: str, value: float | None, one: Asked) -> None:
        if value is not None:
            values.setdefault(name, []).append((value, one.document))

    for one in asked:
        note("answered", float(one.answered), one)
        if one.correct is not None:
            note("right", float(one.correct is Correctness.RIGHT), one)
            note("wrong", float(one.correct is Correctness.WRONG), one)
            note("silent", float(one.correct is Correctness.SILENT), one)
            if one.correct is not Correctness.SILENT:
                note("right when answered", float(one.correct is Correctness.RIGHT), one)
        note("citation precision", one.precision, one)
        note("citation recall", one.recall, one)
        note("claims supported", one.supported, one)
        note("claims altered", one.altered, one)
    metrics = {name: (_interval(pairs), len(pairs)) for name, pairs in values.items()}
    return Scores(mode, len(asked), metrics, tuple(asked))


def markdown(scores: Sequence[Scores]) -> str:
    """One column for each mode; of each measure the value, its interval and over how many answers."""
    names = list(dict.fromkeys(name for one in scores for name in one.metrics))
    lines = ["| | " + " | ".join(one.mode for one in scores) + " |", "|---|" + "---|" * len(scores)]
    for name in names:
        cells = []
        for one in scores:
            if name in one.metrics:
                (value, low, high), count = one.metrics[name]
                cells.append(f"{value:.2f} ({low:.2f} – {high:.2f}), n={count}")
            else:
                cells.append("–")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    seconds = [sum(a.seconds for a in one.asked) / max(len(one.asked), 1) for one in scores]
    lines.append("| seconds per question | " + " | ".join(f"{value:.2f}" for value in seconds) + " |")
    lines.append(
        "| US dollars in all | " + " | ".join(f"{sum(a.cost_usd for a in s.asked):.4f}" for s in scores) + " |"
    )
    return "\n".join(lines) + "\n"


# ── the judge itself, held against people ─────────────────────────────────────────────────────────────────────────────

_LABELS = {
    "Correct Answer": Correctness.RIGHT,
    "Incorrect Answer": Correctness.WRONG,
    "Refusal": Correctness.SILENT,
}


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often the judge without a model says what people said. `counts` is (people, judge) → answers."""

    answers: int
    skipped: int
    counts: Mapping[tuple[Correctness, Correctness], int]

    @property
    def three_way(self) -> Interval:
        """Right, wrong or silent."""
        return self._agree(lambda people, judge: people is judge)

    @property
    def two_way(self) -> Interval:
        """Right or not."""
        return self._agree(lambda people, judge: (people is Correctness.RIGHT) == (judge is Correctness.RIGHT))

    def _agree(self, same: Callable[[Correctness, Correctness], bool]) -> Interval:
        agreed = sum(count for (people, judge), count in self.counts.items() if same(people, judge))
        return wilson(agreed / self.answers, self.answers)

    def to_json(self) -> dict[str, Any]:
        return {
            "answers": self.answers,
            "skipped": self.skipped,
            "right_or_not": {key: round(number, 4) for key, number in self.two_way._asdict().items()},
            "right_wrong_silent": {key: round(number, 4) for key, number in self.three_way._asdict().items()},
            "counts": [
                {"people": people.value, "judge": judge.value, "answers": count}
                for (people, judge), count in sorted(self.counts.items())
            ],
        }


def judge_judged(files: Sequence[Path]) -> Agreement:
    """Judge answers that people judged: rows {id, question, gold_answer, response, label} as FinanceBench has them.

    Rows whose expected answer is not one figure are skipped and counted. Raises UsageError for a file that cannot be
    read, an unknown label, or when no row is left.
    """
    counts: Counter[tuple[Correctness, Correctness]] = Counter()
    skipped = 0
    for path in files:
        for row in read_rows(path, what="judged answer", texts=["question", "response", "label"]):
            if row["label"] not in _LABELS or "gold_answer" not in row:
                known = ", ".join(_LABELS)
                raise UsageError(f"{path}: the answer {row['id']} has no gold_answer or none of the labels {known}.")
            expected = expected_figure(row["gold_answer"])
            if expected is None:
                skipped += 1
                continue
            counts[_LABELS[row["label"]], judge_figure(row["question"], expected, row["response"])] += 1
    if not counts:
        raise UsageError("No row has one figure as its expected answer: there is nothing to judge.")
    return Agreement(counts.total(), skipped, counts)


# ── one call below ────────────────────────────────────────────────────────────────────────────────────────────────────


def _correct(query: Query, answer: Answer) -> Correctness | None:
    if not query.answerable:
        return Correctness.WRONG if answer.claims else Correctness.SILENT
    expected = expected_figure(query.answer) if query.answer else None
    if expected is None:
        return None
    if not answer.claims:
        return Correctness.SILENT
    # The first claim is the answer; those behind it say what it rests on.
    return judge_figure(query.query, expected, answer.claims[0].text)


def _touches(citation: Citation, place: Place) -> bool:
    if citation.document_id != place.document:
        return False
    if place.spans:
        return any(span.overlaps(citation.span) for span in place.spans)
    return not place.pages or not place.pages.isdisjoint(citation.pages)


def _share(values: Iterable[bool]) -> float | None:
    counted = list(values)
    return sum(counted) / len(counted) if counted else None


def _interval(pairs: Sequence[tuple[float, str]]) -> Interval:
    return mean_interval([value for value, _ in pairs], [document for _, document in pairs])


def _failed(query: Query, failure: Failure) -> Asked:
    return Asked(query.id, query.doc_id, query.type or "", False, None, None, None, None, None, 0.0, 0.0, failure)
