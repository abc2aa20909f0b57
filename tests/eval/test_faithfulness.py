"""Scores in a file, and figures that cannot flatter: per task, with intervals, a failure counted as told wrongly."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.proof import Scored, ScoredClaim
from app.service import App
from core.answers import Support
from core.documents import Span
from core.errors import ServiceDown, UsageError
from core.privacy import Mode
from eval.faithfulness import ALL, METRICS, Item, answered, measure, read_items
from tests.conftest import CONTRACT
from tests.ui.test_cli import dossier


class Says:
    """Scores a response by the number that it consists of."""

    name = "says"

    def score(self, response: str, context: str, question: str = "") -> Scored:
        del context, question
        if response == "down":
            raise ServiceDown("The server did not answer.")
        claim = ScoredClaim(response, Span(0, len(response)), float(response), Support.UNVERIFIED, (Span(0, 1),))
        return Scored(float(response), (claim,))


def an_item(number: int, score: float | str, label: int | None, task: str = "qa") -> Item:
    return Item(str(number), "context", str(score), source=f"s{number % 7}", task=task, label=label)


def some_items(task: str = "qa", shift: float = 0.0) -> list[Item]:
    draw = np.random.default_rng(5)
    return [
        an_item(number, round(float(np.clip(0.35 + 0.3 * (number % 2 == 0) + shift + draw.normal(0, 0.2), 0, 1)), 3),
                int(number % 2 == 1), task)
        for number in range(60)
    ]  # fmt: skip


def test_the_figures_are_those_of_scikit_learn(tmp_path: Path) -> None:
    from sklearn.metrics import balanced_accuracy_score, f1_score, roc_auc_score

    items = some_items()
    task = measure(items, Says(), tmp_path / "out").tasks["qa"]
    wrong, scores = [item.label for item in items], np.array([float(item.response) for item in items])
    expected = (
        roc_auc_score(wrong, 1 - scores),
        balanced_accuracy_score(wrong, scores < 0.5),
        f1_score(wrong, scores < 0.5),
    )
    assert [task.tells_apart[metric].value for metric in METRICS] == pytest.approx(expected)
    assert all(low <= value <= high for value, low, high in task.tells_apart.values())


def test_figures_over_all_never_come_without_those_of_each_task(tmp_path: Path) -> None:
    measured = measure([*some_items("qa"), *some_items("summary")], Says(), tmp_path / "out")
    assert set(measured.tasks) == {"qa", "summary", ALL}
    assert set(measure(some_items("qa"), Says(), tmp_path / "out").tasks) == {"qa"}


def test_a_task_of_one_kind_tells_nothing_apart(tmp_path: Path) -> None:
    measured = measure([an_item(1, 0.4, 1), an_item(2, 0.9, 1)], Says(), tmp_path / "out")
    assert measured.tasks["qa"].tells_apart == {}
    assert measured.figures(measured.tasks["qa"]) == ("–", "–", "–")


@pytest.mark.parametrize("bad", ["nan", "inf", "down"])
def test_an_item_without_a_number_is_a_failure_that_counts_as_told_wrongly(tmp_path: Path, bad: str) -> None:
    good = [an_item(1, 0.1, 1), an_item(2, 0.9, 0), an_item(3, 0.2, 1), an_item(4, 0.8, 0)]
    measured = measure([*good, an_item(5, bad, 1)], Says(), tmp_path / "out")
    assert [failure.id for failure in measured.failures] == ["5"]
    assert measured.tasks["qa"].tells_apart["balanced_accuracy"].value == pytest.approx((2 / 3 + 1) / 2)
    rows = [json.loads(line) for line in (tmp_path / "out").read_text().splitlines()]
    assert [row["id"] for row in rows] == ["1", "2", "3", "4"]
    assert not any(math.isnan(row["score"]) for row in rows)


def test_a_service_that_is_down_for_every_item_is_down_not_a_measurement(tmp_path: Path) -> None:
    with pytest.raises(ServiceDown):
        measure([an_item(1, "down", 1)], Says(), tmp_path / "out")


def test_a_row_has_the_promised_shape(tmp_path: Path) -> None:
    measure([an_item(1, 0.25, None)], Says(), tmp_path / "out")
    claim = {
        "text": "0.25",
        "start": 0,
        "end": 4,
        "score": 0.25,
        "support": "unverified",
        "evidence": [{"start": 0, "end": 1}],
    }
    assert json.loads((tmp_path / "out").read_text()) == {"id": "1", "score": 0.25, "claims": [claim]}


@pytest.mark.parametrize("row", [{"id": 1, "context": "a"}, {"id": 1, "context": "a", "response": "b", "label": 2}])
def test_items_of_another_form_are_a_mistake(tmp_path: Path, row: dict[str, Any]) -> None:
    (tmp_path / "items.jsonl").write_text(json.dumps(row))
    with pytest.raises(UsageError):
        read_items(tmp_path / "items.jsonl")


def test_the_command_scores_items_and_tells_the_altered_from_the_true(tmp_path: Path) -> None:
    true = "The Supplier shall not be liable for loss of profit."
    rows = [
        {"id": "true", "context": CONTRACT, "response": true, "label": 0, "task": "contract", "source_id": "a"},
        {"id": "altered", "context": CONTRACT, "response": true.replace(" not", ""), "label": 1, "task": "contract"},
    ]
    (tmp_path / "items.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    output = tmp_path / "scores.jsonl"
    done = dossier(
        "eval", "faithfulness", str(tmp_path / "items.jsonl"), "--output", str(output), "--json", home=tmp_path / "home"
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["tasks"]["contract"]["metrics"]["auroc"]["value"] == 1.0
    scores = {row["id"]: row["score"] for row in map(json.loads, output.read_text().splitlines())}
    assert scores["altered"] < 0.5 <= scores["true"]


def test_the_command_keeps_its_run_draws_its_calibration_and_says_the_same_twice(tmp_path: Path) -> None:
    true = "The Supplier shall not be liable for loss of profit."
    rows = [
        {"id": "true", "context": CONTRACT, "response": true, "label": 0, "task": "contract", "source_id": "a"},
        {"id": "altered", "context": CONTRACT, "response": true.replace(" not", ""), "label": 1, "task": "contract",
         "kind": "negation dropped"},
    ]  # fmt: skip
    (tmp_path / "items.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    report = tmp_path / "report.html"
    asked = ("eval", "faithfulness", str(tmp_path / "items.jsonl"), "--output", str(tmp_path / "scores.jsonl"))
    first, second = (
        json.loads(dossier(*asked, "--report", str(report), "--json", home=tmp_path / "home").stdout) for _ in range(2)
    )
    for measured in (first, second):
        times = [measured.pop(name) for name in ("seconds_per_item", "seconds_p50", "seconds_p95")]
        assert all(seconds >= 0 for seconds in times)
    assert json.dumps(first) == json.dumps(second), "to the last digit"
    assert first["calibration"]["bins"] and first["confusion"]["what was altered"]["negation dropped"]["found"] == 1
    text = report.read_text()
    assert "Calibration" in text and "negation dropped" in text and "2 kept runs" in text
    assert "liable" not in text and "Supplier" not in text, "no words of a response or its context"
    compared = dossier("eval", "compare", "last", "last", "--json", home=tmp_path / "home")
    assert json.loads(compared.stdout)["verdict"]["told rightly"] == "undecided"
    kept = "".join(path.read_text() for path in (tmp_path / "home" / "eval").glob("*.json"))
    assert "liable" not in kept


QUESTIONS = {"due": "Within how many days shall each invoice be paid?", "rent": "What is the rent of the premises?"}


def questions(folder: Path) -> Path:
    rows = [{"id": key, "query": text, "doc_id": "supply", "evidence": []} for key, text in QUESTIONS.items()]
    path = folder / "queries.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


class Copied:
    """1 where every line of the response stands in the context, else 0."""

    name = "copied"

    def score(self, response: str, context: str, question: str = "") -> Scored:
        del question
        return Scored(float(all(line in context for line in response.splitlines() if line)), ())


def test_an_answer_is_scored_on_its_own_quotes_and_its_row_brings_the_texts(
    app: App, a_folder: Callable[..., Path], tmp_path: Path
) -> None:
    app.ingest([a_folder(supply__txt=CONTRACT)], collection="deal", by="anna")
    asked = list(answered(app, questions(tmp_path), collection="deal", mode=Mode.EXTRACTIVE, by="anna"))
    assert [item.question for item in asked] == list(QUESTIONS.values())
    assert asked[0].context and asked[0].context in CONTRACT, "the quotes, not the document"
    measured = measure(asked, Copied(), tmp_path / "out")
    rows = {row["id"]: row for row in map(json.loads, (tmp_path / "out").read_text().splitlines())}
    assert (measured.items, measured.supported, measured.tasks, measured.failures) == (2, 2, {}, ())
    assert "thirty (30) days" in rows["due"]["response"]
    assert rows["due"]["context"] == asked[0].context


def test_a_question_that_is_not_answered_by_the_documents_is_an_item_and_one_that_cannot_be_asked_a_failure(
    app: App, a_folder: Callable[..., Path], tmp_path: Path
) -> None:
    app.ingest([a_folder(supply__txt=CONTRACT)], collection="deal", by="anna")
    silent = list(answered(app, questions(tmp_path), collection="deal", mode=Mode.EXTRACTIVE, by="anna"))[1]
    assert (silent.response, silent.context, silent.failure) == ("", "", None)
    unasked = list(answered(app, questions(tmp_path), collection="absent", mode=Mode.EXTRACTIVE, by="anna"))
    measured = measure(unasked, Copied(), tmp_path / "out")
    assert [failure.id for failure in measured.failures] == list(QUESTIONS)
    assert all("absent" in failure.reason for failure in measured.failures)
    assert (tmp_path / "out").read_text() == ""


def test_the_command_refuses_a_collection_for_items_that_bring_their_answers(tmp_path: Path) -> None:
    (tmp_path / "items.jsonl").write_text('{"id": "1", "context": "a", "response": "b"}\n')
    asked = ("eval", "faithfulness", str(tmp_path / "items.jsonl"), "--output", str(tmp_path / "out"), "-c", "deal")
    done = dossier(*asked, home=tmp_path / "home")
    assert (done.returncode, (tmp_path / "out").exists()) == (2, False)
