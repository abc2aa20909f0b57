"""Figures of statements: the cell or the measure that is asked for, with what it rests on, or the reason why not."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.answers import Support
from core.documents import Chunk, Span
from core.finance import Statement
from generation.calculation import equations_in, evaluate
from generation.citations import resolve
from generation.draft import Draft
from generation.extractive import Extractive
from generation.figures import asked_figure
from generation.recomputed import held_against_cells
from generation.verify import verify
from tests.generation.test_extractive import a_document

INCOME = """Tessera Pumps, Inc.
CONSOLIDATED STATEMENTS OF INCOME
(in millions, except per share data)
Year ended December 31,\t2023\t2022
Net sales\t$8,120\t$7,540
Cost of sales\t5,010\t4,800
Operating income\t1,245\t1,101
Net income\t(120)\t830"""
CASH = """Tessera Pumps, Inc.
CONSOLIDATED STATEMENTS OF CASH FLOWS
(in millions)
Year ended December 31,\t2023\t2022
Depreciation and amortization\t310\t290
Net cash provided by operating activities\t1,500\t1,300
Capital expenditures\t(415)\t(398)"""
BALANCE = """Tessera Pumps, Inc.
CONSOLIDATED BALANCE SHEETS
(in thousands)
December 31,\t2023\t2022
Inventories, net\t1,300,000\t1,100,000
Total current liabilities\t3,000,000\t2,900,000"""


FILING = a_document("\n\n".join((INCOME, CASH, BALANCE)), "filing")


def chunks_of_filing(text: str = FILING.text) -> list[Chunk]:
    parts = []
    for piece, statement in zip(
        text.split("\n\n"), (Statement.INCOME, Statement.CASH_FLOW, Statement.BALANCE_SHEET), strict=True
    ):
        start = text.index(piece)
        span = Span(start, start + len(piece))
        parts.append(Chunk(piece[:40], FILING.id, "Tessera Pumps, Inc.", span, piece, (1,), "", "", statement))
    return parts


def ask(question: str) -> Draft:
    return Extractive(None).answer(question, chunks_of_filing())


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is the FY2023 COGS of Tessera Pumps in USD millions?", "Cost of sales | 2023 | 5,010 (in millions)"),
        (
            "How much was the capital expenditure of Tessera Pumps in FY2022 (in USD billions)?",
            "Capital expenditures | 2022 | (398) (in millions) = 0.40 billion",
        ),
        (
            "What is the FY2023 unadjusted EBITDA % margin of Tessera Pumps?",
            "EBITDA margin 2023: (1,245 + 310) / 8,120 = 19.2%",
        ),
        (
            "What is Tessera Pumps' year-over-year change in revenue from FY2022 to FY2023? Round to two decimals.",
            "Revenue, change from 2022 to 2023: (8,120 - 7,540) / 7,540 = 7.69%",
        ),
        (
            "What was the free cash flow of Tessera Pumps in 2023?",
            "Free cash flow 2023: 1,500 - 415 = 1,085 million",
        ),
        (
            "What was the ratio of COGS to inventory at Tessera Pumps in 2023?",
            "Cost of sales to inventories 2023: 5,010 / (1,300,000 / 1,000) = 3.85",
        ),
        (
            "By how much did net sales of Tessera Pumps rise from 2022 to 2023?",
            "Revenue, change from 2022 to 2023: 8,120 - 7,540 = $580 million",
        ),
        (
            "What was the average capex of Tessera Pumps in 2022 and 2023?",
            "Capital expenditure, mean of 2022 to 2023: (398 + 415) / 2 = 406.5 million",
        ),
        (
            "What was the compound annual growth rate of revenue of Tessera Pumps from 2022 to 2023?",
            "Revenue, compound annual growth from 2022 to 2023: (8,120 / 7,540) ^ (1 / 1) - 1 = 7.7%",
        ),
        (
            "What is the sum of COGS and capex of Tessera Pumps in 2023?",
            "Cost of sales + capital expenditure 2023: 5,010 + 415 = 5,425 million",
        ),
        (
            "What is capex as a share of operating cash flow of Tessera Pumps in 2023?",
            "Capital expenditure as a share of operating cash flow 2023: 415 / 1,500 = 27.7%",
        ),
        (
            "By how much did net income of Tessera Pumps fall from 2022 to 2023?",
            "Net income, change from 2022 to 2023: -120 - 830 = -950 million",
        ),
    ],
)
def test_a_figure_is_given_with_its_row_column_and_unit_and_each_claim_is_verified(question: str, answer: str) -> None:
    draft = ask(question)
    assert draft.claims[0].text == answer
    claims = verify(resolve(draft, {FILING.id: FILING}))
    assert {claim.support for claim in claims} == {Support.VERIFIED}
    assert all(claim.citations for claim in claims)


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("What is the FY2019 COGS of Tessera Pumps?", "no statement with a column for 2019"),
        ("What is the FY2023 COGS of Borealis?", "mentions “Borealis”"),
        ("What is the FY2023 COGS of AMD?", "mentions “AMD”"),
        ("What is the FY2023 goodwill of Tessera Pumps?", "no row “goodwill”"),
        ("What is the FY2023 return on invested capital of Tessera Pumps?", "not known here"),
        ("What is the FY2022 inventory turnover of Tessera Pumps?", "column for 2021"),
    ],
)
def test_what_row_year_unit_or_company_does_not_meet_is_not_answered(question: str, reason: str) -> None:
    draft = ask(question)
    assert draft.claims == ()
    assert reason in str(draft.reason)


def test_quarters_and_years_that_end_in_january_are_not_taken_for_a_year() -> None:
    for heads in ("Three months ended June 30,\t2023\t2022", "Year ended\tJanuary 28, 2023\tJanuary 29, 2022"):
        text = FILING.text.replace("Year ended December 31,\t2023\t2022", heads)
        draft = Extractive(None).answer("What is the FY2023 COGS of Tessera Pumps?", chunks_of_filing(text))
        assert draft.claims == ()


def test_the_same_line_in_another_filing_with_another_figure_is_named() -> None:
    later = FILING.text.replace("2023\t2022", "2024\t2023").replace("5,010\t4,800", "5,500\t5,060")
    other = [
        Chunk(
            f"later {chunk.id}",
            a_document(later, "later").id,
            chunk.title,
            chunk.span,
            piece,
            (1,),
            "",
            "",
            chunk.statement,
        )
        for chunk, piece in zip(chunks_of_filing(), later.split("\n\n"), strict=True)
    ]
    draft = Extractive(None).answer("What is the FY2023 COGS of Tessera Pumps?", [*other, *chunks_of_filing()])
    assert [claim.text for claim in draft.claims] == [
        "Cost of sales | 2023 | 5,010 (in millions)",
        "Cost of sales 2023: 5,010 as first reported, 5,060 in the filing of 2024, restated by 5,060 - 5,010"
        " = 50 million",
        "Cost of sales | 2023 | 5,060 (in millions)",
    ]


@pytest.mark.parametrize(
    ("claim", "support"),
    [
        ("Operating income | 2023 | 1,245 (in millions)", Support.VERIFIED),
        ("Operating income | 2022 | 1,245 (in millions)", Support.ALTERED),
        ("Operating income | 2023 | 1,245 (in thousands)", Support.ALTERED),
        ("Net income | 2023 | 120 (in millions)", Support.ALTERED),
        ("Operating income | 2023 | 1,245 (in millions) = 12.45 billion", Support.ALTERED),
        ("Operating income | 2021 | 1,245 (in millions)", Support.UNVERIFIED),
        ("Operating margin 2023: 1,245 / 8,120 = 15.3%", Support.VERIFIED),
        ("Operating margin 2023: 1,245 / 8,120 = 15.4%", Support.ALTERED),
        ("Operating margin 2023: 1,254 / 8,120 = 15.4%", Support.ALTERED),
        ("Gross margin 2023: 1,245 / 8,120 = 15.3%", Support.UNVERIFIED),
        ("Operating margin 2021: 1,245 / 8,120 = 15.3%", Support.UNVERIFIED),
    ],
)
def test_a_cell_or_an_equation_is_held_against_row_column_unit_and_is_worked_out_again(
    claim: str, support: Support
) -> None:
    finding = held_against_cells(claim, [INCOME])
    assert finding is not None
    assert finding[0] is support
    assert (finding[1] == ()) is (support is Support.VERIFIED)


@given(st.integers(1, 10**7), st.integers(1, 10**7), st.integers(0, 4))
def test_an_equation_holds_exactly_when_its_result_is_rounded_rightly(one: int, other: int, places: int) -> None:
    value = (Decimal(one) / Decimal(other)).quantize(Decimal(1).scaleb(-places))
    right = next(equations_in(f"The ratio is {one:,} / {other:,} = {value:f}"), None)
    assert right is not None
    assert right.holds
    wrong = next(equations_in(f"The ratio is {one:,} / {other:,} = {value + 2 * Decimal(1).scaleb(-places):f}"), None)
    assert wrong is not None
    assert not wrong.holds


def test_expressions_are_worked_out_with_their_brackets() -> None:
    assert evaluate("365 * ((10 + 20) / 2) / (100 - 27)") == 75
    with pytest.raises(ValueError, match="bracket"):
        evaluate("(1 + 2")
    with pytest.raises(ZeroDivisionError):
        evaluate("1 / 0")


@pytest.mark.parametrize(
    "question",
    [
        "Why did the operating margin of Tessera fall in FY2023?",
        "What is the governing law of the agreement of 2023?",
        "What drove the revenue of 2023?",
        "What was the revenue of the segment Valves in 2023?",
        "Inventory turnover is defined as: revenue / total assets. What is the 2023 inventory turnover of Tessera?",
    ],
)
def test_a_question_that_asks_for_no_figure_of_a_statement_is_left_to_the_words(question: str) -> None:
    assert asked_figure(question) is None


TENQ = """Tessera Pumps, Inc.
CONDENSED CONSOLIDATED STATEMENTS OF INCOME
(In millions, except per share amounts)
Three Months Ended\tNine Months Ended
June 25,\tJune 26,\tJune 25,\tJune 26,
2022\t2021\t2022\t2021
Net sales\t829\t814\t3,041\t2,826
Depreciation of property and equipment\t12\t11\t36\t33
Income before income taxes\t231\t241\t901\t823
Provision for income taxes\t36\t26\t145\t116
Net income\t194\t217\t790\t741
Earnings per share:
Basic\t$1.20\t$1.31\t$4.86\t$4.42
Diluted\t$1.19\t$1.29\t$4.82\t$4.38

Tessera Pumps, Inc.
CONDENSED CONSOLIDATED STATEMENTS OF CASH FLOWS
(In millions)
Nine Months Ended
June 25,\tJune 26,
2022\t2021
Depreciation\t36\t33
Amortization of intangible assets\t9\t8
Cash generated by operating activities\t980\t838

Tessera Pumps, Inc.
CONDENSED CONSOLIDATED BALANCE SHEETS
(In millions)
June 25,\tSeptember 25,
2022\t2021
Inventories\t54\t65
Total current assets\t1,122\t1,348"""
QUARTER = a_document(TENQ, "quarter")


def ask_quarter(question: str) -> Draft:
    parts = []
    for piece, statement in zip(
        TENQ.split("\n\n"), (Statement.INCOME, Statement.CASH_FLOW, Statement.BALANCE_SHEET), strict=True
    ):
        span = Span(TENQ.index(piece), TENQ.index(piece) + len(piece))
        parts.append(Chunk(piece[:60], QUARTER.id, "Tessera Pumps, Inc.", span, piece, (1,), "", "", statement))
    return Extractive(None).answer(question, parts)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (
            "What were the net sales of Tessera Pumps in Q3 2022?",
            "Net sales | Three Months Ended June 25, 2022 | 829 (in millions)",
        ),
        (
            "What were the net sales of Tessera Pumps for the nine months ended June 26, 2021?",
            "Net sales | Nine Months Ended June 26, 2021 | 2,826 (in millions)",
        ),
        (
            "By how much did net sales of Tessera Pumps rise from Q3 2021 to Q3 2022?",
            "Revenue, change from Q3 2021 to Q3 2022: 829 - 814 = 15 million",
        ),
        (
            "What was the diluted EPS of Tessera Pumps in the third quarter of 2022?",
            "Diluted | Three Months Ended June 25, 2022 | $1.19",
        ),
        (
            "What was the operating cash flow of Tessera Pumps in the first nine months of 2022?",
            "Cash generated by operating activities | Nine Months Ended June 25, 2022 | 980 (in millions)",
        ),
        (
            "What was depreciation and amortization of Tessera Pumps in the first nine months of 2022?",
            "Depreciation and amortization 9 months of 2022: (36 + 9) = 45 million",
        ),
        (
            "What were the inventories of Tessera Pumps as of June 25, 2022?",
            "Inventories | June 25, 2022 | 54 (in millions)",
        ),
        (
            "What were the inventories of Tessera Pumps in FY2021?",
            "Inventories | September 25, 2021 | 65 (in millions)",
        ),
    ],
)
def test_quarters_parts_of_a_year_and_the_day_of_a_balance_sheet_are_told_apart(question: str, answer: str) -> None:
    draft = ask_quarter(question)
    assert [claim.text for claim in draft.claims][:1] == [answer], draft.reason
    claims = verify(resolve(draft, {QUARTER.id: QUARTER}))
    assert {claim.support for claim in claims} == {Support.VERIFIED}, claims


@pytest.mark.parametrize(
    "question",
    [
        "What were the net sales of Tessera Pumps in FY2022?",
        "What were the net sales of Tessera Pumps in Q2 2022?",
        "What were the net sales of Tessera Pumps for the six months ended June 25, 2022?",
        "What were the inventories of Tessera Pumps in FY2022?",
        "What was the earnings per share of Tessera Pumps in Q3 2022?",
    ],
)
def test_a_quarter_is_no_year_and_no_other_quarter(question: str) -> None:
    assert ask_quarter(question).claims == ()


def test_a_year_that_ends_in_january_is_answered_where_the_filing_names_it() -> None:
    heads = "Year ended\tJanuary 28, 2023\tJanuary 29, 2022"
    text = FILING.text.replace("Year ended December 31,\t2023\t2022", heads)
    named = text.replace(
        "Tessera Pumps, Inc.\nCONSOLIDATED STATEMENTS OF INCOME",
        "Fiscal 2022 refers to the 52 weeks ended January 28, 2023.\nCONSOLIDATED STATEMENTS OF INCOME",
    )
    question = "What is the FY2022 COGS of Tessera Pumps?"
    assert Extractive(None).answer(question, chunks_of_filing(text)).claims == ()
    claims = Extractive(None).answer(question, chunks_of_filing(named)).claims
    assert [claim.text for claim in claims] == ["Cost of sales | January 28, 2023 | 5,010 (in millions)"]
