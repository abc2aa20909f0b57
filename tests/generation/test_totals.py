"""Totals added up again: every planted error is named, nothing that adds up is doubted, and each doubt is verified."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from core.answers import Citation, Claim, Support
from core.documents import Block, BlockKind, Document, Span
from generation.totals import doubts_on_totals, totals_of
from generation.verify import verify
from tests.generation.test_extractive import a_document

Figures = list[int]

amounts = st.integers(-90_000, 90_000).filter(lambda one: abs(one) > 99)


def shown(value: int) -> str:
    return f"({-value:,})" if value < 0 else f"{value:,}"


def a_row(label: str, values: Figures, separator: str) -> str:
    cells = [label, *map(shown, values)]
    return f"| {' | '.join(cells)} |" if separator == "|" else separator.join(cells)


@st.composite
def statements(draw: st.DrawFn) -> tuple[list[str], list[tuple[str, int, int]]]:
    """Lines of a balance sheet of two parts and their total, and the planted errors: (label, column, by how much)."""
    separator = draw(st.sampled_from(["\t", "|"]))
    columns = draw(st.integers(1, 3))
    heads = ["", *[str(2024 - number) for number in range(columns)]]
    lines = ["(in millions)"]
    lines += [f"| {' | '.join(heads)} |", "|" + " --- |" * len(heads)] if separator == "|" else ["\t".join(heads[1:])]
    lines.append(a_row_of_heading("Assets", separator, columns))
    planted: list[tuple[str, int, int]] = []
    grand: Figures = [0] * columns
    before: Figures = []
    for part in ("current assets", "non-current assets"):
        lines.append(a_row_of_heading(f"{part.capitalize()}:", separator, columns))
        rows = draw(st.lists(st.lists(amounts, min_size=columns, max_size=columns), min_size=2, max_size=6))
        lines += [a_row(f"Line {number} of {part}", row, separator) for number, row in enumerate(rows)]
        total = [sum(column) for column in zip(*rows, strict=True)]
        printed = list(total)
        if draw(st.booleans()):
            place = draw(st.integers(0, columns - 1))
            apart = draw(st.integers(len(rows) + 1, 10_000)) * draw(st.sampled_from([1, -1]))
            printed[place] += apart
            # A figure that the last rows alone come to as well tells nothing of which rows are meant.
            values = [*([before[place]] if before else []), *(row[place] for row in rows)]
            assume(all(abs(sum(values[start:]) - printed[place]) > len(values) for start in range(len(values) - 1)))
            planted.append((f"Total {part}", place, apart))
        lines.append(a_row(f"Total {part}", printed, separator))
        grand = [sum(pair) for pair in zip(grand, printed, strict=True)]
        before = printed
    lines.append(a_row("Total assets", grand, separator))
    return lines, planted


def a_row_of_heading(label: str, separator: str, columns: int) -> str:
    return f"| {label} |" + "  |" * columns if separator == "|" else label


@given(statements())
def test_every_wrong_total_is_named_and_no_other(made: tuple[list[str], list[tuple[str, int, int]]]) -> None:
    lines, planted = made
    found = list(totals_of(list(enumerate(lines))))
    doubted = [(one.row.label, one.place, int(one.figure.value - one.value)) for one in found if not one.agrees]
    assert doubted == planted
    assert len({(one.row.label, one.place) for one in found}) == len(found)


@given(statements())
def test_a_doubt_cites_both_figures_and_is_verified(made: tuple[list[str], list[tuple[str, int, int]]]) -> None:
    lines, planted = made
    document = a_table("\n".join(lines))
    claims = [
        Claim(line, (Citation(document.id, span, line, (1,)),))
        for line in lines
        if "Total" in line
        for span in [Span(document.text.index(line), document.text.index(line) + len(line))]
    ]
    doubts = verify(doubts_on_totals(claims, {document.id: document}))
    assert len(doubts) == len(planted)
    for claim in doubts:
        assert claim.support is Support.VERIFIED, claim
        assert all(one.quote == one.span.of(document.text) for one in claim.citations)
        wrong = replace(claim, text=claim.text.replace(" = ", " = 1"))
        assert verify([wrong])[0].support is not Support.VERIFIED


def a_table(text: str) -> Document:
    return replace(a_document(text), blocks=(Block(BlockKind.TABLE, Span(0, len(text))),))


NOTE = """(in millions)
\t2023\t2022
Trade receivables\t120\t110
Less: allowance\t(5)\t(4)
Other receivables\t12\t10
Total\t127\t121
of which due after one year\t30\t20"""


def test_a_total_without_a_heading_is_known_by_a_column_that_adds_up() -> None:
    found = {one.column: one for one in totals_of(list(enumerate(NOTE.split("\n"))))}
    assert found["2023"].agrees
    assert found["2022"].doubt == (
        "“Total” of 2022 is printed as 121, but the lines that it sums come to 110 - 4 + 10 = 116, 5 less"
    )


def test_rounding_is_no_difference_and_percentages_are_not_added() -> None:
    table = ["\t2023\t2022", "Current assets:", "Cash\t1.4\t10%", "Stock\t1.3\t20%", "Total current assets\t2.8\t31%"]
    found = list(totals_of(list(enumerate(table))))
    assert [one.agrees for one in found] == [True]


def test_a_total_whose_rows_the_table_does_not_tell_is_left_alone() -> None:
    table = ["\t2023", "Average headcount\t120", "Sites\t12", "Total return\t7"]
    assert list(totals_of(list(enumerate(table)))) == []


def test_a_line_that_is_a_sum_without_saying_so_makes_no_doubt_though_a_column_comes_out_by_chance() -> None:
    table = [
        "\t2023\t2022\t2021",
        "Profit\t900\t800\t700",
        "Gains on hedges\t40\t20\t10",
        "Taxes on them\t(10)\t(4)\t(10)",
        "Hedges, net\t30\t16\t—",
        "Total comprehensive profit\t930\t816\t700",
    ]
    assert all(one.agrees for one in totals_of(list(enumerate(table))))
