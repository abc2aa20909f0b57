"""The measurement over the whole product: files in, figures out, with the hash embedder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.service import App
from core.errors import NotFound
from eval.__main__ import main
from eval.report import markdown
from eval.retrieval import evaluate_app
from tests.conftest import CONTRACT

WORDS = "within thirty (30) days"


def a_judged_set(folder: Path, doc_id: str = "supply") -> Path:
    start = CONTRACT.index(WORDS)
    evidence = {"doc_id": doc_id, "start": start, "end": start + len(WORDS), "text": WORDS}
    row = {"id": "1", "query": "Within how many days are invoices paid?", "doc_id": doc_id, "evidence": [evidence]}
    path = folder / "queries.jsonl"
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("within_document", [False, True])
def test_the_search_finds_what_was_judged(
    app: App, a_folder: Callable[..., Path], tmp_path: Path, within_document: bool
) -> None:
    app.ingest([a_folder(supply__txt=CONTRACT, other__txt="Minutes of a meeting.")], collection="deal", by="anna")
    result = evaluate_app(app, a_judged_set(tmp_path), collection="deal", within_document=within_document, by="anna")
    assert result.metrics["hit@5"].value == 1
    assert not result.failures


def test_a_question_without_an_answer_is_met_by_silence(
    app: App, a_folder: Callable[..., Path], tmp_path: Path
) -> None:
    app.ingest([a_folder(supply__txt=CONTRACT)], collection="deal", by="anna")
    path = a_judged_set(tmp_path)
    silent = {"id": "2", "query": "Which airport is nearest?", "doc_id": "supply", "evidence": [], "answerable": False}
    path.write_text(path.read_text() + json.dumps(silent) + "\n")
    result = evaluate_app(app, path, collection="deal", by="anna")
    assert {one.id: (one.silent, one.right) for one in result.silence} == {"1": (False, True), "2": (True, True)}
    figures = result.to_json()["abstention"]["extractive"]
    assert figures["precision"]["value"] == figures["recall"]["value"] == figures["balanced_accuracy"]["value"] == 1
    assert figures["recall"]["low"] < 0.5, "one question proves nothing"
    assert {one.id: one.scores["abstention"] for one in result.all_scores()} == {"1": 1.0, "2": 1.0}
    assert "Not in the documents:" in markdown(result)


def test_an_unknown_collection_is_an_error_and_not_a_score_of_zero(app: App, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        evaluate_app(app, a_judged_set(tmp_path), collection="absent", by="anna")


def test_a_folder_with_its_judged_set_is_measured_in_one_command(a_folder: Callable[..., Path]) -> None:
    folder = a_folder(supply__txt=CONTRACT)
    a_judged_set(folder)
    ran = CliRunner().invoke(main, [str(folder), "--json"])
    assert ran.exit_code == 0, ran.output
    assert json.loads(ran.stdout)["metrics"]["hit@20"]["value"] == 1

    a_judged_set(folder, doc_id="absent")
    ran = CliRunner().invoke(main, [str(folder)])
    assert ran.exit_code == 1, "a failure is told by the exit code"
    assert "- 1: The collection holds no document named absent." in ran.stdout


def test_a_mistake_in_the_judged_set_is_told_before_anything_is_ingested(a_folder: Callable[..., Path]) -> None:
    folder = a_folder(supply__txt=CONTRACT, queries__jsonl="{")
    ran = CliRunner().invoke(main, [str(folder)])
    assert ran.exit_code == 2
    assert "line 1: this is not JSON" in ran.stderr
