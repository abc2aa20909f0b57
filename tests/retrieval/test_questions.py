"""What a question needs beyond its own words."""

from __future__ import annotations

import pytest

from core.finance import Statement, measures
from core.questions import asked_of
from retrieval.questions import clause_wording, parts_of

BALANCE, INCOME, CASH = Statement.BALANCE_SHEET, Statement.INCOME, Statement.CASH_FLOW


@pytest.mark.parametrize(
    ("question", "needed"),
    [
        ("What is the quick ratio of Acme at the end of FY2022?", {BALANCE}),
        ("How long are days payable outstanding?", {BALANCE, INCOME}),
        ("What was the capex in 2021?", {CASH}),
        ("What was the free cash flow in FY2021?", {INCOME, CASH}),
        ("According to the statement of financial position, what are net PP&E?", {BALANCE}),
        ("Give the unadjusted EBITDA, using only the P&L and the cash flow statement.", {INCOME, CASH}),
        ("Wie hoch ist die Eigenkapitalquote laut Bilanz?", {BALANCE}),
        ("Does the supplier have to keep an insurance?", set()),
        ("What happens to the licence after a change of control?", set()),
    ],
)
def test_a_question_about_figures_needs_statements_and_another_none(question: str, needed: set[Statement]) -> None:
    assert {part.statement for part in parts_of(question)} == needed


def test_each_part_names_its_lines_and_why() -> None:
    balance, income = parts_of("What is the inventory turnover?")
    assert [item.name for item in balance.items] == ["inventories"]
    assert [item.name for item in income.items] == ["cost of sales"]
    assert balance.because == "balance sheet: inventory turnover = cost of sales / average inventories"
    assert "cost of goods sold" in income.wording


def test_a_question_for_reasons_or_segments_is_less_sure() -> None:
    assert all(part.sure for part in parts_of("What is the operating margin in FY2022?"))
    assert not any(part.sure for part in parts_of("What drove the operating margin in FY2022?"))
    assert not any(part.sure for part in parts_of("Which segment had the highest net revenue?"))


def test_a_longer_name_hides_the_shorter_one_within_it() -> None:
    (ratio,) = [part for part in parts_of("What is the cash ratio?") if part.statement is BALANCE]
    assert "accounts receivable" not in {item.name for item in ratio.items}
    assert {part.statement for part in parts_of("What are net sales per share repurchases?")} == {INCOME, CASH}


def test_every_name_of_every_measure_is_understood() -> None:
    for measure in measures():
        for phrase in measure.asked:
            found = {item for part in parts_of(f"What is the {phrase} of Acme?") for item in part.items}
            assert set(measure.items) <= found, phrase


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("In the Supply Agreement between A, Inc. and B, who bears the loss?", "who bears the loss?"),
        ("Gemäß dem Mietvertrag vom 3. Mai 2021, wer trägt die Nebenkosten?", "wer trägt die Nebenkosten?"),
        ("[acme] Do you sell my data?", "Do you sell my data?"),
        ("In the Lease, if rent is late, what is the interest?", "what is the interest?"),
    ],
)
def test_where_to_look_is_told_from_what_is_asked(question: str, asked: str) -> None:
    assert asked_of(question) == asked


@pytest.mark.parametrize(
    "question",
    [
        "If the supplier is late under the agreement, what may the customer do?",
        "In a master-feeder structure, is it possible for the feeder to be foreign?",
        "Who bears the loss under the agreement?",
        "In 2021, what was paid under the agreement?",
    ],
)
def test_a_condition_or_a_topic_is_part_of_what_is_asked(question: str) -> None:
    assert asked_of(question) is None


def test_a_clause_is_also_sought_by_the_words_that_contracts_have_for_it() -> None:
    assert "substantially all of the assets" in clause_wording("What happens on a change of control?")
    assert "haftung begrenzt" in clause_wording("Gibt es eine Haftungsbegrenzung?")
    assert clause_wording("What was the capex in 2021?") == ""
    assert clause_wording("Is the insured required to report the loss?") == ""
