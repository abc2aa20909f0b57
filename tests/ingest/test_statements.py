"""Statements are known by their rows, however they are headed and wherever pages break."""

from __future__ import annotations

from core.documents import Span
from core.finance import Statement
from ingest.chunk import chunk
from ingest.statements import statement_tables
from tests.ingest.test_chunk import H, P, T, a_document, words

ASSETS = """December 31,\t2022\t2021
Cash and cash equivalents\t$85\t116
Accounts receivable, net\t334\t271
Total current assets\t1,250\t1,554
Property, plant and equipment, net\t23,223\t21,084
Total assets\t$27,787\t$26,075"""
LIABILITIES = """Accounts payable\t254\t235
Total current liabilities\t2,811\t2,141
Long-term debt\t10,926\t10,341
Total liabilities and shareholders’ equity\t$27,787\t$26,075"""
INCOME = """2022\t2021
Umsatzerlöse\t1.000\t900
Umsatzkosten\t(600)\t(500)
Bruttoergebnis vom Umsatz\t400\t400
Ergebnis vor Steuern\t100\t90
Ertragsteuern\t(30)\t(20)
Konzernergebnis\t70\t70"""
CASH = """Net income\t820\t1,263
Depreciation and amortization\t649\t636
Net cash provided by (used in) operating activities\t1,108\t1,441
Capital expenditures\t(2,297)\t(1,764)
Net cash used in investing activities\t(2,127)\t(2,036)
Dividends paid\t(467)\t(428)
Net cash provided by financing activities\t1,000\t1,245"""


def statements(*pages: list[tuple]) -> dict[str, Statement]:  # type: ignore[type-arg]
    document = a_document(*pages)
    return {span.of(document.text): statement for span, statement in statement_tables(document).items()}


def test_a_statement_needs_no_heading_and_may_run_over_a_page() -> None:
    found = statements([(T, ASSETS)], [(P, "See the notes."), (T, LIABILITIES)], [(T, CASH)])
    assert found == {
        ASSETS: Statement.BALANCE_SHEET,
        LIABILITIES: Statement.BALANCE_SHEET,
        CASH: Statement.CASH_FLOW,
    }


def test_german_statements_are_known_by_their_rows_too() -> None:
    assert statements([(H, "Anlage 2"), (T, INCOME)]) == {INCOME: Statement.INCOME}


def test_a_heading_without_the_rows_is_no_statement() -> None:
    note = "Balance sheet\t2022\t2021\nInventories\t12\t13\nTotal assets\t99\t98"
    assert statements([(H, "Consolidated Balance Sheets"), (T, note)]) == {}


def test_a_summary_beside_the_statement_and_shares_of_sales_are_left_out() -> None:
    whole = ASSETS + "\n" + LIABILITIES
    summary = "\n".join(whole.split("\n")[i] for i in (1, 3, 5, 7, 9))
    shares = INCOME.replace("\t", "%\t") + "%"
    found = statements([(T, whole)], [(P, "In five years. " * 40), (T, summary)], [(T, shares)])
    assert found == {whole: Statement.BALANCE_SHEET}


def test_every_chunk_of_a_statement_says_so_and_no_other_chunk_does() -> None:
    document = a_document([(H, "Item 8", 1), (T, ASSETS + "\n" + LIABILITIES), (P, "Prose about total assets.")])
    chunks = chunk(document, max_tokens=40, count_tokens=words)
    table = Span(document.text.index("December"), document.text.index("\n\nProse"))
    assert len(chunks) > 3
    for one in chunks:
        assert (one.statement is Statement.BALANCE_SHEET) == one.span.overlaps(table)
