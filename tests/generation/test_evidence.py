"""What is compared: sentences, rows and facts with exact places; numbers and times of day by their meaning."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.evidence import most_shared, units_of, words_of_line
from generation.forest import Forest, logistic


def test_a_record_is_read_fact_by_fact_each_at_the_place_of_its_value() -> None:
    text = '{"name": "Pier 9", "attributes": {"OutdoorSeating": false, "WiFi": null}, "stars": 4.0}'
    units = units_of(text)
    assert [(unit.text, unit.span.of(text)) for unit in units] == [
        ("name: Pier 9", '"Pier 9"'),
        ("attributes Outdoor Seating: no", "false"),
        ("attributes Wi Fi: unknown", "null"),
        ("stars: 4.0", "4.0"),
    ]
    assert [[word.folded for word in unit.name] for unit in units[1:3]] == [["outdoor", "seating"], ["wi", "fi"]]


def test_long_values_of_a_record_are_read_sentence_by_sentence() -> None:
    text = json.dumps({"review": "The food was cold and nobody came to ask about it. We waited for more than an hour."})
    assert [unit.text for unit in units_of(text)] == [
        "The food was cold and nobody came to ask about it.",
        "We waited for more than an hour.",
    ]


def test_text_that_only_begins_like_a_record_is_prose() -> None:
    assert [unit.text for unit in units_of("{name} is a placeholder.")] == ["{name} is a placeholder."]
    assert [unit.value for unit in units_of("[1] See note 4.")] == [None]


@pytest.mark.parametrize(("one", "other"), [("twelve", "12"), ("1,500,000", "1500000"), ("4.0", "4"), ("one", "1")])
def test_a_number_is_its_value_however_it_is_written(one: str, other: str) -> None:
    assert words_of_line(one)[0].stem == words_of_line(other)[0].stem
    assert words_of_line(one)[0].kind == "number"


@pytest.mark.parametrize("line", ["open at 5 pm", "open at 17:00", "open at 5:00 p.m.", "open at 17:0"])
def test_a_time_of_day_is_the_same_however_it_is_written(line: str) -> None:
    assert [word.clock for word in words_of_line(line) if word.clock is not None] == [17 * 60]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda v: st.lists(v) | st.dictionaries(st.text(), v)
    )
)
def test_whatever_a_record_holds_its_places_are_in_order_and_inside(value: object) -> None:
    text = json.dumps(value)
    end = 0
    for unit in units_of(text):
        assert 0 <= unit.span.start < unit.span.end <= len(text)
        assert unit.span.start >= end or unit.span.end == end
        end = unit.span.end
        assert all(unit.text[word.start : word.end].casefold() == word.folded for word in unit.words)


def test_of_a_long_context_the_units_are_read_that_share_most_with_the_claims_and_their_neighbours() -> None:
    units = [["a"], ["b"], ["rare", "b"], ["c"], ["a", "b"], ["c"]]
    assert most_shared([["rare", "a"]], units, [1] * 6, room=6) == [0, 1, 2, 3, 4, 5]
    assert most_shared([["rare", "a"]], units, [1] * 6, room=3) == [1, 2, 3]
    assert most_shared([["c"]], units, [4] * 6, room=3) == [3]


def test_a_forest_adds_up_the_leaves_that_a_row_reaches() -> None:
    import numpy as np

    forest = Forest(
        feature=np.array([0, -1, 1, -1, -1, -1], dtype=np.int16),
        threshold=np.array([0.5, 0, 2, 0, 0, 0], dtype=np.float32),
        left=np.array([1, 0, 3, 0, 0, 0], dtype=np.int32),
        right=np.array([2, 0, 4, 0, 0, 0], dtype=np.int32),
        value=np.array([0, 1, 0, 10, 100, 1000], dtype=np.float32),
        roots=np.array([0, 5], dtype=np.int32),
        base=0.25,
        depth=3,
    )
    rows = np.array([[0.5, 9], [1, 2], [1, 3]], dtype=np.float32)
    assert forest.total(rows).tolist() == [1001.25, 1010.25, 1100.25]
    assert logistic(np.array([0.0]))[0] == 0.5
