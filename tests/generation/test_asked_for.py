"""Kinds of questions: the clause by its heading, the list whole, yes or no only where a modal decides it."""

from __future__ import annotations

import pytest

from core.answers import Citation, Claim, Support
from core.documents import Span
from generation.asked_for import decided, topic_of_clause, wants_list
from generation.citations import resolve
from generation.extractive import Extractive
from generation.verify import verified, verify
from tests.generation.test_extractive import a_document, chunks_of

AGREEMENT = """LOAN AGREEMENT

11. Events of Default

11.1 Each of the following is an Event of Default:

(a) the Borrower fails to pay an amount when due;

(b) a representation of the Borrower is incorrect when made; and

(c) the Borrower is insolvent.

11.2 The Lender shall notify the Borrower of an Event of Default.

12. Assignment

12.1 The Borrower shall not assign this Agreement.

12.2 The Lender may assign this Agreement to an affiliate.

13. Notices

13.1 The Borrower may terminate this Agreement on thirty (30) days' notice."""
LOAN = a_document(AGREEMENT)


def answer(question: str) -> list[Claim]:
    draft = Extractive(None).answer(question, chunks_of(LOAN))
    return list(verify(resolve(draft, {LOAN.id: LOAN})))


@pytest.mark.parametrize(
    "question",
    [
        "Which clause deals with assignment?",
        "What section of the agreement covers assignment?",
        "In which clause is assignment addressed?",
    ],
)
def test_which_clause_is_answered_by_its_number_and_heading(question: str) -> None:
    claims = answer(question)
    assert claims[0].text == "12. Assignment"
    assert claims[0].citations[0].quote == "12. Assignment"
    assert claims[1].text == "12.1 The Borrower shall not assign this Agreement."
    assert {claim.support for claim in claims} == {Support.VERIFIED}


def test_a_clause_that_no_heading_names_is_not_made_up() -> None:
    assert topic_of_clause("Which clause deals with force majeure?") == "force majeure"
    assert all("Assignment" not in claim.text for claim in answer("Which clause deals with force majeure?"))


def test_a_list_comes_with_all_its_items_and_nothing_behind_them() -> None:
    claims = answer("What are the events of default?")
    assert wants_list("What are the events of default?")
    listed = next(claim for claim in claims if "(a)" in claim.text)
    assert listed is claims[0]
    for words in (
        "following is an Event of Default:",
        "(a) the Borrower fails",
        "(b) a representation",
        "(c) the Borr",
    ):
        assert words in listed.text
    assert "11.2" not in listed.text
    assert listed.support is Support.VERIFIED


@pytest.mark.parametrize(
    ("question", "sentence", "verdict"),
    [
        ("May the Borrower assign this Agreement?", "12.1 The Borrower shall not assign this Agreement.", "No"),
        (
            "Can the Borrower terminate?",
            "The Borrower may terminate this Agreement on thirty (30) days' notice.",
            "Yes",
        ),
        ("Can a party terminate?", "Either party may terminate this Agreement at any time.", "Yes"),
        ("May a party assign this Agreement?", "Neither party may assign this Agreement.", "No"),
        ("Must the Lender notify the Borrower?", "The Lender shall notify the Borrower.", "Yes"),
        # what decides nothing
        ("May the Lender assign this Agreement?", "The Lender may assign this Agreement to an affiliate.", None),
        ("May the Borrower assign this Agreement?", "The Borrower shall not assign this Agreement to a bank.", None),
        ("May the Borrower assign this Agreement?", "The Lender may assign this Agreement.", None),
        ("Must the Lender notify the Borrower?", "The Lender may notify the Borrower.", None),
        (
            "May the Borrower assign this Agreement?",
            "The Borrower may assign this Agreement if the Lender agrees.",
            None,
        ),
        ("May the Borrower assign this Agreement?", "Except as agreed, the Borrower may assign this Agreement.", None),
        ("May a party assign this Agreement?", "Neither party may not assign this Agreement.", None),
        ("Is the Borrower solvent?", "The Borrower is solvent.", None),
    ],
)
def test_yes_and_no_are_said_only_where_the_modal_of_the_sentence_decides(
    question: str, sentence: str, verdict: str | None
) -> None:
    assert decided(question, sentence) == verdict


def test_a_sentence_that_says_otherwise_undoes_the_verdict() -> None:
    question, one = "May the Borrower assign this Agreement?", "The Borrower may assign this Agreement."
    assert decided(question, one, ["The Borrower shall not assign this Agreement."]) is None


def test_an_answer_never_says_a_bare_yes() -> None:
    claim = answer("May the Borrower assign this Agreement?")[0]
    assert claim.text == "No: 12.1 The Borrower shall not assign this Agreement."
    assert claim.support is Support.VERIFIED


@pytest.mark.parametrize("said", ["Yes: The Borrower shall not assign.", "No: The Borrower may assign."])
def test_a_verdict_that_its_own_words_do_not_carry_is_altered(said: str) -> None:
    quote = said.partition(": ")[2]
    citation = Citation(LOAN.id, Span(0, len(quote)), quote, (1,))
    assert verified(Claim(said, (citation,))).support is Support.ALTERED
