"""The memory of measurements: what was measured is kept without a word of it, and two runs can be compared."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from core.errors import BrokenStore, NotFound, UsageError
from core.settings import Settings
from eval.compare import compared, compared_runs
from eval.report import Failure, Result, Scored
from eval.runs import export_runs, forget_runs, import_runs, keep, kept_runs, run_named
from eval.statistics import Interval
from generation.prompts import PROMPT_VERSION

NAME = "dismissal of M. Example"


def a_result(*values: float, documents: int = 8) -> dict[str, Any]:
    scored = tuple(
        Scored(f"q{number}", f"{NAME} {number % documents}", {"mrr": value}) for number, value in enumerate(values)
    )
    failure = Failure("q0", f"The collection holds no document named {NAME}.")
    interval = Interval(0.5, 0.4, 0.6)
    return Result(
        len(values), 0, 0, scored, {"mrr": interval}, {"document": {}}, (failure,), limit=20, within_document=False
    ).to_json()


def test_a_run_is_kept_with_what_it_was_made_with_and_without_names_of_documents(settings: Settings) -> None:
    run = keep(settings, a_result(0.5, 1.0), kind="retrieval", collection="deal", judged="set")
    assert run_named(settings.home, "last") == run == run_named(settings.home, run.id[-6:])
    assert run.made_with == {"settings": settings.digest(), "embedding": "hash", "prompts": PROMPT_VERSION}
    assert run.libraries["numpy"] == version("numpy")
    assert run.settings["DOSSIER_EMBEDDING_MODEL"] == "hash"
    assert run.commit, "the tests run from a checkout"
    (kept,) = (settings.home / "eval").glob("*.json")
    assert "dismissal" not in kept.read_text() and "Example" not in kept.read_text()
    assert [one.scores for one in run.scored()] == [{"mrr": 0.5}, {"mrr": 1.0}]


def test_two_runs_of_the_same_questions_are_compared_and_others_are_not(settings: Settings) -> None:
    old = keep(settings, a_result(*[0.5] * 16), kind="retrieval", collection="deal", judged="set")
    new = keep(settings, a_result(*[1.0] * 15, 0.25), kind="retrieval", collection="deal", judged="set")
    comparison = compared_runs(new, old)
    assert comparison.verdict("mrr") == "better"
    assert (len(comparison.won), comparison.lost) == (15, ("q15",))
    assert comparison.to_json()["before"] == {"mrr": 0.5}
    assert "| mrr | 0.500 |" in comparison.markdown()

    other = keep(settings, a_result(1.0), kind="retrieval", collection="deal", judged="another set")
    with pytest.raises(UsageError, match="cannot be compared"):
        compared_runs(other, old)


def test_a_run_that_is_not_there_or_is_damaged_is_told(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        run_named(settings.home, "last")
    assert kept_runs(settings.home) == ()
    (settings.home / "eval").mkdir(parents=True)
    (settings.home / "eval" / "20260101-000000-abcdef.json").write_text("{")
    with pytest.raises(BrokenStore, match="abcdef"):
        kept_runs(settings.home)


# ── compared ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_comparison_says_what_differs_and_which_questions_flipped(settings: Settings) -> None:
    old = keep(settings, a_result(*[0.0] * 8, *[1.0] * 8), kind="retrieval", collection="deal", judged="set")
    other = settings.model_copy(update={"embedding": settings.embedding.model_copy(update={"model": "/models/other"})})
    new = keep(other, a_result(*[1.0] * 16), kind="retrieval", collection="deal", judged="set")
    comparison = compared_runs(new, old)
    told = {change.what: (change.before, change.after) for change in comparison.changes}
    assert told["embedding"] == told["DOSSIER_EMBEDDING_MODEL"] == ("hash", "other"), "the folder's name, not its place"
    assert "settings" in told and "numpy" not in told
    assert comparison.flipped == {"mrr": (tuple(f"q{number}" for number in range(8)), ())}
    assert comparison.smallest["mrr"] >= 3 / 16
    assert "| embedding | hash | other |" in comparison.markdown()


def test_a_metric_that_moves_by_chance_is_not_called_better() -> None:
    """Four documents of seventeen won and none lost: by chance one time in sixteen."""
    old = [Scored(f"q{number}", f"d{number}", {"mrr": 0.0}) for number in range(17)]
    new = [Scored(f"q{number}", f"d{number}", {"mrr": float(number < 4)}) for number in range(17)]
    assert compared(new, old, baseline="before").verdict("mrr") == "undecided"


def test_other_data_are_refused_and_compared_in_common_only_with_a_warning(settings: Settings) -> None:
    old = keep(settings, a_result(*[0.5] * 6, documents=3), kind="retrieval", collection="deal", judged="set")
    new = keep(settings, a_result(*[1.0] * 9, documents=3), kind="retrieval", collection="deal", judged="longer")
    with pytest.raises(UsageError, match="--common"):
        compared_runs(new, old)
    comparison = compared_runs(new, old, common=True)
    assert comparison.questions == 6
    assert "only 6 questions" in comparison.warnings[0] and "3 documents are too few" in comparison.warnings[1]


# ── kept, moved, forgotten ────────────────────────────────────────────────────────────────────────────────────────────


def test_runs_move_to_another_machine_and_come_but_once(settings: Settings, tmp_path: Path) -> None:
    for value in (0.25, 0.5, 0.75):
        keep(settings, a_result(value), kind="retrieval", collection="deal", judged="set")
    assert export_runs(settings.home, tmp_path / "runs.jsonl") == 3
    there = tmp_path / "there"
    assert import_runs(there, tmp_path / "runs.jsonl") == (3, 0)
    assert import_runs(there, tmp_path / "runs.jsonl") == (0, 3)
    assert kept_runs(there) == kept_runs(settings.home)
    assert [run.result["scores"]["q0"]["mrr"] for run in kept_runs(there)] == [0.75, 0.5, 0.25], "newest first"


@pytest.mark.parametrize("id", ["../../elsewhere", "20260101-000000-abcdef/../x", ""])
def test_a_run_from_elsewhere_cannot_name_a_file_outside_of_its_folder(
    settings: Settings, tmp_path: Path, id: str
) -> None:
    run = keep(settings, a_result(1.0), kind="retrieval", collection="deal", judged="set").to_json()
    (tmp_path / "runs.jsonl").write_text(json.dumps({**run, "id": id}))
    with pytest.raises(UsageError, match="line 1"):
        import_runs(tmp_path / "there", tmp_path / "runs.jsonl")
    assert not (tmp_path / "there").exists()


def test_a_run_that_was_changed_on_its_way_is_refused_and_nothing_is_taken(settings: Settings, tmp_path: Path) -> None:
    run = keep(settings, a_result(1.0), kind="retrieval", collection="deal", judged="set")
    fresh = {**run.to_json(), "id": "20260101-000000-abcdef"}
    changed = {**run.to_json(), "commit": "0000"}
    (tmp_path / "runs.jsonl").write_text(f"{json.dumps(fresh)}\n{json.dumps(changed)}\n")
    with pytest.raises(UsageError, match="line 2: another measurement"):
        import_runs(settings.home, tmp_path / "runs.jsonl")
    assert kept_runs(settings.home) == (run,)


def test_the_newest_of_each_series_are_kept(settings: Settings) -> None:
    for collection in ("deal", "deal", "yearly", "deal"):
        keep(settings, a_result(1.0), kind="retrieval", collection=collection, judged="set")
    assert forget_runs(settings.home, keep=1) == 2
    assert sorted(run.collection for run in kept_runs(settings.home)) == ["deal", "yearly"]
