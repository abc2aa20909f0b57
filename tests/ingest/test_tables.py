"""Rows and cells: numbers in are numbers out, a label keeps its figures, and a sign keeps to its number."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from ingest.layout import lay_out
from ingest.tables import Head, Row, Word, cells, head_of, is_figure, is_marker, is_units, rows, separators, tables

SIZE = 10.0


def a_word(text: str, left: float, *, baseline: float = 100.0, size: float = SIZE, spaced: bool = False) -> Word:
    """A word half a size wide for each letter."""
    right = left + 0.5 * size * len(text)
    return Word(text, left, baseline - 0.8 * size, right, baseline + 0.2 * size, baseline, size, spaced=spaced)


def a_line(*texts: str, gap: float = 2.5, left: float = 72, baseline: float = 100) -> list[Word]:
    words: list[Word] = []
    for text in texts:
        words.append(a_word(text, words[-1].right + gap if words else left, baseline=baseline))
    return words


def text_of(row: Sequence[Word]) -> str:
    return "".join(separator + word.text for separator, word in zip(separators(row), row, strict=True))


def test_a_label_and_its_figures_are_one_line_of_cells() -> None:
    row = [*a_line("Total", "current", "assets"), a_word("13,709", 400), a_word("14,277", 480)]
    assert text_of(row) == "Total current assets\t13,709\t14,277"


def test_a_lone_currency_sign_keeps_to_the_figure_far_after_it() -> None:
    row = [a_word("Cash", 72), a_word("$", 300), a_word("13,709", 360), a_word("€", 420), a_word("(1,204)", 480)]
    assert text_of(row) == "Cash\t$13,709\t€(1,204)"


def test_a_space_that_was_typed_after_the_sign_stays() -> None:
    assert text_of([a_word("$", 300), a_word("500", 307.5, spaced=True)]) == "$ 500"


def test_a_lone_bracket_or_per_cent_sign_keeps_to_the_figure_before_it() -> None:
    row = [a_word("Loss", 72), a_word("(1,204", 300), a_word(")", 333), a_word("(4.5", 400), a_word(")%", 423)]
    assert text_of(row) == "Loss\t(1,204)\t(4.5)%"


def test_figures_set_close_together_are_still_two_cells() -> None:
    assert text_of([a_word("$3,226.8", 300), a_word("$2,729.4", 346)]) == "$3,226.8\t$2,729.4"


def test_a_stretched_line_of_prose_has_no_cells() -> None:
    row = a_line("on", "or", "before", "June", "30,", "2024", "at", "the", "latest", gap=13)
    assert text_of(row) == "on or before June 30, 2024 at the latest"


def test_a_clause_number_keeps_to_its_text() -> None:
    assert text_of([a_word("4.2", 72), a_word("Payment", 110)]) == "4.2 Payment"
    assert text_of([a_word("•", 72), a_word("Goods", 110)]) == "• Goods"
    assert text_of([a_word("“8.2", 72), a_word("The", 110), a_word("Customer", 127.5)]) == "“8.2 The Customer"
    assert text_of([a_word("8.2(a)", 72), a_word("Interest", 140)]) == "8.2(a) Interest"
    assert text_of([a_word("§", 72), a_word("12a", 80), a_word("Zahlung", 140)]) == "§ 12a Zahlung"


def test_the_mark_of_a_footnote_stays_on_its_line() -> None:
    host = a_word("Revenue", 72)
    mark = a_word("(1)", host.right + 0.5, baseline=96, size=6)
    below = a_word("Costs", 72, baseline=114)
    assert [[word.text for word in row] for row in rows([below, mark, host])] == [["Revenue", "(1)"], ["Costs"]]


def test_what_a_table_prints_for_a_figure_is_told_from_words() -> None:
    for text in ("13,709", "$13,709", "$ (1,204)", "(4.5%)", "4.5%", "—", "n/a", "1.2x", "US$5", "12.5%(1)"):
        assert is_figure(text), text
    for text in ("Cash", "Note 7", "10-K", "A1", "31 December 2024"):
        assert not is_figure(text), text


def test_markers_and_units_are_told_from_words() -> None:
    assert all(map(is_marker, ("•", "(a)", "iv.", "4.2", "12)", "Item", "ARTICLE")))
    assert not any(map(is_marker, ("Payment", "2024", "13,709")))
    assert all(map(is_units, ("(in millions, except per share data)", "Year Ended December 31,", "(Unaudited)")))
    assert not is_units("The parties agree in good faith")


def as_row(words: Sequence[Word]) -> Row:
    found = cells(words, separators(words))
    return Row(text_of(words), found, min(w.top for w in words), max(w.bottom for w in words), SIZE)


def test_a_table_takes_its_units_and_column_headings_and_leaves_the_title_and_the_prose() -> None:
    lines = [
        a_line("Consolidated", "balance", "sheet", "of", "the", "company", baseline=100),
        a_line("(in", "millions)", baseline=114),
        [a_word("2024", 400, baseline=128), a_word("2023", 480, baseline=128)],
        [a_word("Cash", 72, baseline=142), a_word("13", 400, baseline=142), a_word("14", 480, baseline=142)],
        [a_word("Assets:", 72, baseline=156)],
        [a_word("Goods", 72, baseline=170), a_word("15", 400, baseline=170), a_word("16", 480, baseline=170)],
        a_line(*["prose"] * 20, baseline=190),
    ]
    assert tables([as_row(words) for words in lines]) == [(1, 6)]


def test_the_head_of_a_table_says_its_units_and_its_columns() -> None:
    table = "(in millions, except per share)\nYears ended December 31,\t2024\t2023\nRevenue:\nGoods\t13\t14"
    assert head_of(table) == Head("(in millions, except per share) Years ended December 31,", ("2024", "2023"))


def test_column_headings_over_several_rows_are_joined() -> None:
    table = "Carrying\tFair\nAmount\tValue\nAssets\nNotes\t1,204\t1,180"
    assert head_of(table).columns == ("Carrying Amount", "Fair Value")


def test_a_table_that_begins_with_figures_has_no_head() -> None:
    assert head_of("Goods\t13\t14\nServices\t2\t3") == Head("", ())
    assert head_of("Item 9C. Disclosure of\nForeign Jurisdictions\t122") == Head("", ())


def test_lines_of_one_cell_are_no_table() -> None:
    assert tables([as_row(a_line("one", "line", baseline=y)) for y in (100, 114, 128)]) == []


words_anywhere = st.builds(
    a_word,
    st.text(st.characters(codec="utf-8", exclude_categories=("Z", "C")), min_size=1, max_size=8),
    st.floats(0, 600),
    baseline=st.floats(0, 800),
    size=st.floats(4, 30),
    spaced=st.booleans(),
)


@given(st.lists(words_anywhere, max_size=40))
def test_every_word_is_in_exactly_one_row_and_rows_run_from_left_to_right(words: list[Word]) -> None:
    found = rows(words)
    assert Counter(word for row in found for word in row) == Counter(words)
    assert all(row == sorted(row, key=lambda word: word.left) for row in found)


@given(st.lists(words_anywhere, max_size=40))
def test_laying_out_loses_and_adds_no_character_but_space(words: list[Word]) -> None:
    layout = lay_out([words])
    assert Counter(re.sub(r"[ \t\n]", "", layout.text)) == Counter("".join(word.text for word in words))
    for placed in layout.words:
        assert layout.text[placed.start : placed.end] == placed.word.text
    for line in layout.lines:
        assert layout.text[line.start : line.end] == line.text
    assert "\n".join(line.text for line in layout.lines) == layout.text


figures = st.from_regex(r"\(?[1-9][0-9]{0,2}(,[0-9]{3}){0,3}(\.[0-9]{1,2})?\)?", fullmatch=True)


@given(st.lists(figures, min_size=1, max_size=8))
def test_figures_in_are_figures_out_and_each_is_a_cell(printed: list[str]) -> None:
    row = [a_word("Label", 20), *(a_word(figure, 100 + 120 * column) for column, figure in enumerate(printed))]
    layout = lay_out([row])
    assert layout.text.split("\t")[1:] == printed
    assert Counter(re.findall(r"\d+", layout.text)) == Counter(re.findall(r"\d+", " ".join(printed)))
    assert [layout.text[cell.start : cell.end] for cell in layout.lines[0].cells] == ["Label", *printed]


@given(st.lists(words_anywhere, min_size=2, max_size=30))
def test_tables_are_in_order_and_inside_the_lines(words: list[Word]) -> None:
    lines = [as_row(row) for row in rows(words)]
    found = tables(lines)
    edges = [edge for span in found for edge in span]
    assert edges == sorted(edges)
    assert all(0 <= first < last <= len(lines) for first, last in found)
