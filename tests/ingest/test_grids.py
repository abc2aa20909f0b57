"""Drawn lines make grids, and a grid loses, doubles or changes no word; neither does the order of reading."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from ingest.grids import grids, in_cells
from ingest.scripts import read_row
from ingest.tables import Rule, Word


def a_word(text: str, left: float, baseline: float, *, width: float = 20) -> Word:
    return Word(text, left, baseline - 8, left + width, baseline + 2, baseline, 10)


def a_frame(columns: list[float], rows: list[float]) -> list[Rule]:
    across = [Rule(True, y, columns[0], columns[-1]) for y in rows]
    return [*across, *(Rule(False, x, rows[0], rows[-1]) for x in columns)]


def test_a_cell_over_two_lines_is_one_word_of_its_row() -> None:
    (grid,) = grids(a_frame([0, 100, 200], [0, 20, 60]))
    words = [a_word("Party", 5, 14), a_word("Due", 105, 14), a_word("The", 5, 34), a_word("Buyer", 5, 46)]
    found = in_cells([*words, a_word("30", 105, 34)], grid)
    assert sorted(word.text for word in found) == ["30", "Due", "Party", "The Buyer"]


def test_figures_one_below_the_other_stay_rows() -> None:
    (grid,) = grids(a_frame([0, 100, 200], [0, 20, 60]))
    words = [a_word("Cash", 5, 34), a_word("Debt", 5, 46), a_word("1,204", 105, 34), a_word("873", 105, 46)]
    head = [a_word("Item", 5, 14), a_word("2024", 105, 14)]
    assert {"Cash", "Debt", "1,204", "873"} <= {word.text for word in in_cells([*head, *words], grid)}


def test_a_grid_whose_cells_hold_several_figures_does_not_divide_the_table() -> None:
    (grid,) = grids(a_frame([0, 150, 400], [0, 20, 60]))
    words = [
        *(a_word(text, 5, y) for text, y in (("Revenues", 34), ("Costs", 46))),
        *(a_word(text, x, y) for x in (200, 300) for text, y in (("44,538", 34), ("24,576", 46))),
    ]
    assert in_cells(words, grid) == words


def test_lines_that_do_not_meet_are_no_grid() -> None:
    assert grids([Rule(True, y, 0, 200) for y in (0, 20, 40)]) == []
    assert grids([*(Rule(True, y, 0, 90) for y in (0, 20)), Rule(False, 300, 0, 20), Rule(False, 400, 0, 20)]) == []
    # A frame around a text is no table.
    assert grids(a_frame([0, 200], [0, 300])) == []


_LINES = st.lists(st.floats(0, 300).map(lambda x: round(x, 1)), min_size=2, max_size=6, unique=True).map(sorted)
_TEXTS = st.sampled_from(["Fee", "1,204", "(3)", "30", "שלום", "契約", "—"])
_WORDS = st.lists(st.builds(a_word, _TEXTS, st.floats(0, 300), st.floats(0, 300)), max_size=25)


@given(_LINES, _LINES, _WORDS)
def test_every_word_is_in_one_cell_or_none(columns: list[float], rows: list[float], words: list[Word]) -> None:
    found = list(words)
    for grid in grids(a_frame(columns, rows)):
        found = in_cells(found, grid)
    told = [part for word in found for _, part in (word.parts or (("", word),))]
    assert Counter(told) == Counter(words)
    assert all(word.text == "".join(before + part.text for before, part in word.parts) for word in found if word.parts)


@given(_WORDS, st.booleans())
def test_reading_a_row_neither_loses_nor_doubles_a_word(words: list[Word], from_right: bool) -> None:
    row = sorted(words, key=lambda word: word.left)
    order, between = read_row(row, from_right=from_right)
    assert Counter(order) == Counter(row)
    assert len(between) == len(order)
    assert between[:1] in ([], [""])
