"""The memory of measurements: what was measured is kept without a word of it, and two runs can be compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.errors import BrokenStore, NotFound, UsageError
from core.settings import Settings
from eval.report import Failure, Result, Scored
from eval.runs import compared_runs, keep, kept_runs, run_named
from eval.statistics import Interval

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
    assert run.made_with == {"settings": settings.digest(), "embedding": "hash"}
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
