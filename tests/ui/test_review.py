"""The screen on which a judged set is reviewed: the question, its words on their page, each decision in the file."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.documents import Document
from eval.review import Review, Verdict
from tests.ui.fake import CONTRACT, MAIL, FakeApp, a_desk_over
from tests.ui.test_desk import MAIN, PATIENCE, click, shown


def a_row(number: int, query: str, document: Document, words: str, **more: Any) -> dict[str, Any]:
    start = document.text.index(words)
    name = Path(document.source).stem
    evidence = {"doc_id": name, "page": 1, "start": start, "end": start + len(words), "text": words}
    row = {"id": f"q{number}", "query": query, "doc_id": name, "evidence": [evidence], "answerable": True}
    return {**row, "type": "clause", "split": "test", "overlap": 0.5, "by": "patterns", **more}


def a_set_to_review(folder: Path) -> Path:
    rows = [
        a_row(
            0, "By when must an invoice be paid?", CONTRACT,
            "shall pay each invoice within thirty (30) days\nof receipt",
            by="model", type="model", answer="thirty (30) days", hard=True,
        ),
        a_row(1, "What is said on Liability?", CONTRACT, "shall not exceed\nEUR 1,500,000 in any contract year."),
        a_row(2, "What does the letter confirm?", MAIL, "clause 3.2 stands at EUR 1,500,000"),
    ]  # fmt: skip
    path = folder / "northwind.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def reviewing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], tuple[AppTest, Review]]:
    """The desk as `dossier eval review` starts it."""

    def start() -> tuple[AppTest, Review]:
        path = a_set_to_review(tmp_path)
        st.cache_resource.clear()
        monkeypatch.setitem(sys.modules, "app.wiring", a_desk_over(FakeApp()))
        monkeypatch.setattr(sys, "argv", [str(MAIN), str(path)])
        return AppTest.from_file(MAIN, default_timeout=PATIENCE).run(), Review(path)

    return start


def verdicts(review: Review) -> list[Verdict | None]:
    return [one.verdict for one in review.questions()]


def test_the_desk_opens_at_the_first_undecided_question_beside_the_page_that_answers_it(
    reviewing: Callable[[], tuple[AppTest, Review]],
) -> None:
    page, _ = reviewing()
    assert not page.exception and not page.error
    drawn = shown(page)
    assert "Question 1 of 3" in drawn and "By when must an invoice be paid?" in drawn
    assert "Answer: thirty (30) days" in drawn
    assert (
        "made by a language model · for test · 50% of its words stand in the evidence · search does not find it"
        in drawn
    )
    assert "Page 2 of 5" in drawn and "shall pay each invoice within" in drawn
    assert len(page.image) == 1


def test_a_decision_is_in_the_file_and_brings_the_next_question_with_its_page(
    reviewing: Callable[[], tuple[AppTest, Review]],
) -> None:
    page, review = reviewing()
    page = click(page, "accept")
    assert verdicts(review) == [Verdict.ACCEPTED, None, None]
    assert "Question 2 of 3" in shown(page) and "Page 3 of 5" in shown(page)
    page = click(click(page, "reject"), "reject")
    assert verdicts(review) == [Verdict.ACCEPTED, Verdict.REJECTED, Verdict.REJECTED]
    assert "Every question is reviewed" in shown(page)
    assert "<mark>clause 3.2 stands at EUR 1,500,000</mark>" in shown(page)


def test_one_can_go_back_see_what_was_decided_and_take_it_back(
    reviewing: Callable[[], tuple[AppTest, Review]],
) -> None:
    page, review = reviewing()
    page = click(click(page, "reject"), "go-previous")
    assert "Rejected by" in shown(page)
    assert page.button(key="go-previous").disabled
    page = click(page, "take-back")
    assert verdicts(review) == [None, None, None] and "Question 1 of 3" in shown(page)
    page = click(click(page, "go-next"), "go-next-undecided")
    assert "Question 3 of 3" in shown(page)


def test_question_answer_and_evidence_can_be_edited_but_only_to_words_that_stand_in_the_document(
    reviewing: Callable[[], tuple[AppTest, Review]],
) -> None:
    page, review = reviewing()
    page = click(page, "edit")
    page.text_area(key="query-q0").set_value("How long may Tessera take to pay?")
    page.text_area(key="evidence-q0").set_value("within sixty (60) days")
    page = next(button for button in page.button if button.label == "Save and accept").click().run()
    assert "do not stand in the document" in page.error[0].value.replace("\\", "")
    assert verdicts(review) == [None, None, None]
    page.text_area(key="evidence-q0").set_value("within thirty (30) days of receipt")
    page = next(button for button in page.button if button.label == "Save and accept").click().run()
    assert verdicts(review) == [Verdict.EDITED, None, None] and "Question 2 of 3" in shown(page)
    one = review.questions()[0]
    assert one.query == "How long may Tessera take to pay?" and one.was == "By when must an invoice be paid?"
    assert one.span is not None and one.span.of(CONTRACT.text) == "within thirty (30) days\nof receipt"


def test_a_file_that_cannot_be_written_is_told_and_the_question_stays(
    reviewing: Callable[[], tuple[AppTest, Review]],
) -> None:
    page, review = reviewing()
    rows = [json.loads(line) for line in review.path.read_text().splitlines()]
    review.path.write_text("".join(f"{json.dumps(row)}\n" for row in rows[1:]))  # somebody else took it out
    page = click(page, "accept")
    assert not page.exception and "not in northwind.jsonl any more" in page.error[0].value.replace("\\", "")


def test_without_a_set_the_desk_has_no_such_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    st.cache_resource.clear()
    monkeypatch.setitem(sys.modules, "app.wiring", a_desk_over(FakeApp()))
    page = AppTest.from_file(MAIN, default_timeout=PATIENCE).run()
    assert not page.exception and "Ask" in shown(page) and "Review" not in shown(page)
