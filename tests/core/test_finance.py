"""The list of lines and measures: what rows are, and that every entry can be used."""

from __future__ import annotations

import pytest

from core.finance import Statement, items, items_in, labels_of, measures, plain


@pytest.mark.parametrize(
    ("row", "line"),
    [
        ("Total liabilities and shareholders’ equity\t$117,359", "total liabilities and equity"),
        ("Net cash provided by (used in) operating activities\t12", "operating cash flow"),
        ("Cash (used) provided by investing activities\t(8)", "investing cash flow"),
        ("(Loss)/earnings before income taxes\t(5,022)", "income before taxes"),
        ("Provision for (benefit from) income taxes 1,252", "income taxes"),
        ("Property, plant and equipment, net of accumulated depreciation\t12", "property, plant and equipment"),
        ("| Cost of goods sold | 9 | 8 |", "cost of sales"),
        ("Sachanlagen\t12.645", "property, plant and equipment"),
        ("Umsatzerlöse\t1.000", "revenue"),
    ],
)
def test_a_row_is_known_by_how_its_label_begins(row: str, line: str) -> None:
    assert line in {item.name for item in items_in(labels_of(row))}


@pytest.mark.parametrize(
    "row", ["Net product sales mix\t3", "Salesforce.com, Inc.\t12", "Assets held under management\t9"]
)
def test_a_row_that_only_resembles_a_line_is_none(row: str) -> None:
    assert not items_in(labels_of(row))


def test_the_longest_known_beginning_decides() -> None:
    assert {item.name for item in items_in([plain("Net income per share, basic")])} == {"earnings per share"}


def test_every_measure_names_its_formula_and_lines_that_are_there() -> None:
    assert len({item.name for item in items()}) == len(items())
    for measure in measures():
        assert measure.meaning and measure.items
    for statement in Statement:
        assert sum(item.anchor for item in items() if item.statement is statement) >= 3
