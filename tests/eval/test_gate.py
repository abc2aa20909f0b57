"""The gate: it passes what is no worse, stops what is, and says when a set cannot tell."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.service import App
from core.errors import UsageError
from eval.baseline import Baseline, read_baseline, updated, write_baseline
from eval.dataset import read_queries
from eval.gate import GATED, TOLERANCE, Gate, Verdict, gate
from eval.report import Scored
from eval.shipped import BASELINE, SETS, judged, measured
from eval.statistics import smallest_effect
from retrieval import sparse
from tests.conftest import ROOT

AT = "2026-01-05T09:00:00+00:00"


def scores(values: Sequence[float], *, documents: int = 12) -> tuple[Scored, ...]:
    """A question for each value, dealt out to the documents in turn."""
    return tuple(
        Scored(f"q{number}", f"document {number % documents}", {"mrr": value}) for number, value in enumerate(values)
    )


def a_baseline(scored: Sequence[Scored], before: Baseline | None = None, reason: str = "Agreed.") -> Baseline:
    return updated(before, scored, judged="set", made_with={"settings": "s"}, reason=reason, at=AT, commit=None)


def held(now: Sequence[Scored], then: Sequence[Scored], tolerance: float = TOLERANCE) -> Gate:
    return gate(now, a_baseline(then), judged="set", tolerance=tolerance)


# ── the verdict ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_did_not_change_passes_and_the_smallest_effect_is_told() -> None:
    verdict = held(scores([0.5] * 120), scores([0.5] * 120))
    assert (verdict.verdict, verdict.exit_code) == (Verdict.PASS, 0)
    assert verdict.metrics[0].smallest == pytest.approx(3 / 120), "0 of 120 seen still allows 3 of 120"
    assert "PASS" in verdict.markdown() and "0.025" in verdict.markdown()


def test_a_loss_on_most_documents_is_a_regression() -> None:
    verdict = held(scores([0.4] * 90 + [1.0] * 30), scores([1.0] * 120))
    assert (verdict.verdict, verdict.exit_code) == (Verdict.REGRESSION, 1)
    assert len(verdict.lost) == 90 and not verdict.won


def test_an_improvement_passes() -> None:
    verdict = held(scores([1.0] * 120), scores([0.3] * 60 + [1.0] * 60))
    assert verdict.verdict is Verdict.PASS
    assert len(verdict.won) == 60


def test_few_documents_or_few_questions_can_show_nothing_even_when_nothing_changed() -> None:
    few_documents = held(scores([1.0] * 120, documents=5), scores([1.0] * 120, documents=5))
    assert (few_documents.verdict, few_documents.exit_code) == (Verdict.INCONCLUSIVE, 1)
    assert "5 documents are too few" in few_documents.markdown()
    few_questions = held(scores([1.0] * 24), scores([1.0] * 24))
    assert few_questions.verdict is Verdict.INCONCLUSIVE
    assert "24 questions are too few, 60 are needed" in few_questions.markdown()
    assert held(scores([1.0] * 24), scores([1.0] * 24), tolerance=0.2).verdict is Verdict.PASS


def test_rankings_that_moved_both_ways_are_for_a_person_to_look_at() -> None:
    then = [float(number % 2) for number in range(72)]
    now = [1 - value if number < 36 else value for number, value in enumerate(then)]
    assert held(scores(now), scores(then)).verdict is Verdict.INCONCLUSIVE


def test_ranks_swapped_by_the_rounding_of_another_processor_pass() -> None:
    """bf16 and fp32 differ in the last bits of a vector: a question wins a rank, another loses one."""
    then = [1.0] * 128
    now = [*then[:-1], 0.5]
    assert held(scores(now, documents=17), scores(then, documents=17)).verdict is Verdict.PASS


def test_a_question_that_could_not_be_asked_fails_the_gate() -> None:
    baseline = a_baseline(scores([1.0] * 120))
    assert gate(scores([1.0] * 120), baseline, judged="set", failures=["q7"]).exit_code == 1


@given(st.lists(st.floats(0, 1, allow_subnormal=False), min_size=1, max_size=30), st.integers(1, 8))
def test_nothing_is_ever_worse_than_itself(values: list[float], documents: int) -> None:
    same = scores(values, documents=documents)
    verdict = held(same, same)
    assert verdict.verdict is not Verdict.REGRESSION
    assert not verdict.won and not verdict.lost
    assert verdict.to_json() == held(same, same).to_json()


@given(st.lists(st.floats(-1, 1, allow_subnormal=False), min_size=1, max_size=30))
def test_no_set_shows_less_than_three_of_its_questions(differences: list[float]) -> None:
    documents = [str(number % 7) for number in range(len(differences))]
    assert smallest_effect(differences, documents) >= 3 / len(differences)


def test_a_loss_that_chance_makes_in_one_of_eight_metrics_is_no_regression_and_the_price_of_that_is_told() -> None:
    """One metric falls on six documents of seventeen, alone enough; the seven others move both ways."""
    moves = np.random.default_rng(1).choice([-0.1, 0.1], size=(17, len(GATED)))
    moves[:, 0] = [-0.1] * 6 + [0.0] * 11

    def rows(moves: np.ndarray, names: Sequence[str]) -> list[Scored]:
        return [
            Scored(
                f"q{number}", f"d{number % 17}", {name: 0.5 + moves[number % 17, at] for at, name in enumerate(names)}
            )
            for number in range(119)
        ]

    def against_nothing(names: Sequence[str]) -> Gate:
        return held(rows(moves, names), rows(0 * moves, names))

    alone, together = against_nothing(GATED[:1]), against_nothing(GATED)
    assert alone.verdict is Verdict.REGRESSION and alone.family == ""
    first = together.metrics[0]
    assert first.verdict is not Verdict.REGRESSION and first.chance > alone.metrics[0].chance == 2**-6
    assert first.smallest > first.alone == alone.metrics[0].smallest
    assert "8 metrics are tested together" in together.markdown()


# ── the baseline ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_baseline_is_updated_for_a_reason_only_and_keeps_all_reasons(tmp_path: Path) -> None:
    first = a_baseline(scores([0.5] * 9), reason="The first.")
    second = a_baseline(scores([0.75] * 9), first, reason="Chunks of 150 tokens.")
    write_baseline(second, tmp_path / "baseline.json")
    read = read_baseline(tmp_path / "baseline.json")
    assert read == second
    assert [(one.reason, one.metrics["mrr"]) for one in read.history] == [
        ("The first.", 0.5),
        ("Chunks of 150 tokens.", 0.75),
    ]
    with pytest.raises(UsageError, match="say why"):
        a_baseline(scores([1.0]), first, reason="  ")


def test_another_judged_set_is_no_regression_and_no_pass_but_a_mistake() -> None:
    with pytest.raises(UsageError, match="another judged set"):
        gate(scores([1.0]), a_baseline(scores([1.0])), judged="other")


@pytest.mark.parametrize("text", ["", "{}", '{"format": 9}', "[1]"])
def test_what_is_no_baseline_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "baseline.json").write_text(text)
    with pytest.raises(UsageError):
        read_baseline(tmp_path / "baseline.json")
    with pytest.raises(UsageError, match="cannot be read"):
        read_baseline(tmp_path / "absent.json")


def test_the_committed_baseline_is_of_the_committed_set_and_could_show_the_tolerance() -> None:
    baseline = read_baseline(BASELINE)
    queries = [query for _, questions in SETS for query in read_queries(questions)]
    assert set(baseline.scores) == {query.id for query in queries}
    assert len(set(baseline.documents.values())) >= 12
    same = gate(baseline.scored(), baseline, judged=baseline.judged)
    assert same.verdict is Verdict.PASS
    assert [one.metric for one in same.metrics] == list(GATED)


# ── over the product ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_gate_passes_the_same_search_and_fails_one_without_its_words(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the hash embedder, on the papers of eval/data: what CI does with the model, and the matter, as well."""
    folder, questions = SETS[1]
    app.ingest([folder], collection="judged", by="eval")
    ours = judged(app, "judged", [query for query in read_queries(questions) if query.answerable])
    first, second = measured(ours, by="eval"), measured(ours, by="eval")
    one, other = first.to_json(), second.to_json()
    one.pop("latency"), other.pop("latency")
    assert json.dumps(one) == json.dumps(other), "the same search scores the same, to the last digit"

    baseline = updated(
        None, first.all_scores(), judged=ours.digest(), made_with={}, reason="Both legs.", at=AT, commit=None
    )
    assert gate(second.all_scores(), baseline, judged=ours.digest()).verdict is Verdict.PASS
    few = gate(second.all_scores()[:10], baseline, judged=ours.digest())
    assert few.verdict is Verdict.INCONCLUSIVE

    monkeypatch.setattr(sparse, "question_weights", lambda _question: sparse.Weights((), ()))
    without = measured(ours, by="eval")
    verdict = gate(without.all_scores(), baseline, judged=ours.digest())
    assert verdict.verdict is Verdict.REGRESSION, verdict.markdown()


def test_the_committed_gate_passes_from_a_clone_and_writes_what_ci_keeps(tmp_path: Path) -> None:
    """What CI does, from the command to its files: with the model, in less than two minutes of a processor."""
    before = os.times()
    names = [str(tmp_path / f"gate.{ending}") for ending in ("md", "json", "html")]
    reports = [word for name in names for word in ("--report", name)]
    done = subprocess.run(
        [sys.executable, "-m", "ui.cli", "eval", "gate", *reports, "--json"],
        capture_output=True,
        text=True,
        timeout=600,
        cwd=ROOT,
        env={**os.environ, "DOSSIER_HOME": str(tmp_path / "home"), "DOSSIER_EMBEDDING_MODEL": "all-MiniLM-L6-v2"},
    )
    after = os.times()
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-500:]
    assert json.loads(done.stdout)["verdict"] == "pass"
    assert after.children_user + after.children_system - before.children_user - before.children_system < 120
    assert Path(names[0]).read_text().startswith("**PASS**")
    assert "Verdict of the gate" in Path(names[2]).read_text()
