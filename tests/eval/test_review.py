"""A generated set is read by a person: each decision is in the file at once, and the file is whole at any time."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from app.service import App
from core.errors import NotFound, UsageError
from eval.dataset import read_queries
from eval.generate import generate
from eval.review import Counts, Question, Review, Verdict, document_of, place_in
from tests.conftest import CONTRACT
from tests.ui.test_cli import dossier


@pytest.fixture
def deal(app: App, a_folder: Callable[..., Path], tmp_path: Path) -> App:
    app.ingest([a_folder(supply__txt=CONTRACT)], collection="deal", by="anna")
    generate(app, tmp_path / "set.jsonl", collection="deal", limit=20, seed=1)
    return app


def a_review(folder: Path, questions: int = 4) -> Review:
    rows = [
        {
            "id": f"q{number}", "query": f"What is said on matter {number}?", "doc_id": f"paper{number % 2}",
            "evidence": [{"doc_id": f"paper{number % 2}", "page": 1, "text": "Matter."}],
            "split": "dev" if number % 2 == 0 else "test",
            "by": "model" if number % 3 else "patterns", "extra": {"kept": [number, "ü"]},
        }
        for number in range(questions)
    ]  # fmt: skip
    path = folder / "set.jsonl"
    path.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows), encoding="utf-8")
    return Review(path)


def rows_of(review: Review) -> list[dict[str, Any]]:
    return [json.loads(line) for line in review.path.read_text("utf-8").splitlines()]


def first(review: Review) -> Question:
    return review.questions()[0]


def test_each_decision_is_in_the_file_at_once_and_whoever_opens_it_again_goes_on_there(tmp_path: Path) -> None:
    review = a_review(tmp_path)
    review.accept("q0", by="anna")
    review.reject("q1", by="anna")
    again = Review(review.path)
    assert [one.verdict for one in again.questions()] == [Verdict.ACCEPTED, Verdict.REJECTED, None, None]
    assert again.undecided_after(0) == 2
    assert again.undecided_after(3) == 3
    review.accept("q3", by="bert")
    assert again.undecided_after(3) == 2, "from the start, when none is left behind"
    counts = again.counts()
    assert str(counts) == "3 of 4 questions reviewed: 2 accepted, 0 edited, 1 rejected; 1 left."
    assert counts.to_json()["split"] == {"dev": {"accepted": 1, "left": 1}, "test": {"accepted": 1, "rejected": 1}}
    review.accept("q2", by="bert")
    assert again.undecided_after(0) is None
    assert rows_of(review)[3]["review"]["by"] == "bert"


@examples(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["accept", "reject", "edit", "take back"]))))
def test_whatever_is_decided_no_row_is_lost_moved_or_put_into_another_split(
    tmp_path: Path, decisions: list[tuple[int, str]]
) -> None:
    review = a_review(tmp_path)
    before = rows_of(review)
    for number, decision in decisions:
        if decision == "edit":
            review.edit(f"q{number}", query=f"Other {number}?", answer="", evidence="Matter.", document=None, by="anna")
        else:
            getattr(review, decision.replace(" ", "_"))(f"q{number}", by="anna")
    after = rows_of(review)
    untouched = ("id", "doc_id", "evidence", "split", "by", "extra")
    assert [[row[name] for name in untouched] for row in after] == [[row[name] for name in untouched] for row in before]
    for number, (row, made) in enumerate(zip(after, before, strict=True)):
        here = [decision for place, decision in decisions if place == number]
        since = here[len(here) - here[::-1].index("take back") :] if "take back" in here else here
        assert row["query"] == (f"Other {number}?" if "edit" in since else made["query"])
        assert ("review" in row) == bool(since)
        if since:
            told = {"accept": "edited" if "edit" in since else "accepted", "edit": "edited", "reject": "rejected"}
            assert row["review"]["verdict"] == told[since[-1]]
    assert isinstance(review.counts(), Counts)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".set")] == []


def test_rejected_questions_stay_in_the_file_and_are_not_measured(tmp_path: Path) -> None:
    review = a_review(tmp_path)
    review.reject("q1", by="anna")
    assert len(rows_of(review)) == 4
    assert [query.id for query in read_queries(review.path)] == ["q0", "q2", "q3"]
    for number in (0, 2, 3):
        review.reject(f"q{number}", by="anna")
    with pytest.raises(UsageError, match="no question"):
        read_queries(review.path)


def test_an_edited_question_keeps_what_it_was_and_can_be_taken_back(deal: App, tmp_path: Path) -> None:
    review = Review(tmp_path / "set.jsonl")
    made = rows_of(review)
    one = next(question for question in review.questions() if question.query == "What is said on Payment?")
    document = document_of(deal, one)
    assert document is not None
    review.edit(
        one.id,
        query="By when must an  invoice be paid?",
        answer="thirty (30) days",
        evidence="each invoice within\nthirty (30) days",
        document=document,
        by="anna",
    )
    (row,) = [row for row in rows_of(review) if row["id"] == one.id]
    place = row["evidence"][0]
    assert row["query"] == "By when must an invoice be paid?"
    assert document.text[place["start"] : place["end"]] == place["text"] == "each invoice within thirty (30) days"
    assert row["review"]["was"]["query"] == one.query
    assert row["overlap"] != next(other for other in made if other["id"] == one.id)["overlap"]
    (query,) = [query for query in read_queries(review.path) if query.id == one.id]
    assert query.answer == "thirty (30) days"
    review.take_back(one.id, by="anna")
    assert rows_of(review) == made


def test_words_that_do_not_stand_in_the_document_are_no_evidence(deal: App, tmp_path: Path) -> None:
    review = Review(tmp_path / "set.jsonl")
    one = first(review)
    before = review.path.read_bytes()
    with pytest.raises(UsageError, match="do not stand"):
        review.edit(
            one.id, query="?", answer="", evidence="within ninety days", document=document_of(deal, one), by="anna"
        )
    with pytest.raises(UsageError, match="empty"):
        review.edit(one.id, query=" ", answer="", evidence=one.evidence, document=None, by="anna")
    assert review.path.read_bytes() == before


def test_the_evidence_is_shown_at_its_span_and_where_only_its_page_is_known_there(deal: App, tmp_path: Path) -> None:
    one = first(Review(tmp_path / "set.jsonl"))
    document = document_of(deal, one)
    assert document is not None
    citation = place_in(document, one)
    assert citation.span.of(document.text) == citation.quote == one.evidence
    review = a_review(tmp_path)
    shown = place_in(document, first(review))
    assert (len(shown.span), shown.pages) == (0, (1,))
    assert document_of(deal, first(review)) is None, "a document that is not in the library cannot be shown"


def test_a_file_that_cannot_be_replaced_stays_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    review = a_review(tmp_path)
    before = review.path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match="No space"):
        review.accept("q0", by="anna")
    assert review.path.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["set.jsonl"]


def test_what_is_no_judged_set_or_no_question_of_it_is_a_mistake(tmp_path: Path) -> None:
    review = a_review(tmp_path)
    with pytest.raises(NotFound):
        review.accept("q9", by="anna")
    (tmp_path / "odd").write_text("no json\n")
    for name in ("odd", "absent"):
        with pytest.raises(UsageError):
            Review(tmp_path / name)


# ── the command ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_command_counts_goes_through_the_rest_at_the_terminal_and_writes_what_was_accepted(tmp_path: Path) -> None:
    review = a_review(tmp_path)
    path = str(review.path)
    told = dossier("eval", "review", path, "--json", home=tmp_path / "home")
    assert told.returncode == 0 and json.loads(told.stdout)["left"] == 4
    nothing = dossier("eval", "review", path, "--output", str(tmp_path / "good"), "--counts", home=tmp_path / "home")
    assert nothing.returncode == 2 and "accepted yet" in nothing.stderr
    done = dossier("eval", "review", path, "--terminal", home=tmp_path, stdin="a\ne\nA better one?\nanswer\nx\nq\n")
    assert done.returncode == 0, done.stderr
    assert "What is said on matter 2?" in done.stdout and "Matter." in done.stdout
    assert [one.verdict for one in review.questions()] == [Verdict.ACCEPTED, Verdict.EDITED, Verdict.REJECTED, None]
    assert review.questions()[1].query == "A better one?"
    dossier("eval", "review", path, "--output", str(tmp_path / "good"), "--counts", home=tmp_path / "home")
    assert [query.id for query in read_queries(tmp_path / "good")] == ["q0", "q1"]
