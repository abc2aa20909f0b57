"""Passages: cut at sentences and rows, at their place, without losing a character."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.documents import Chunk, DocumentId, Span
from generation.passages import passages_of
from tests.core.test_sentences import texts


def a_chunk(text: str, *, start: int = 0) -> Chunk:
    return Chunk("c", DocumentId("d"), "A title", Span(start, start + len(text)), text, (1,), "1 Terms")


@given(texts, st.integers(0, 1000))
def test_the_text_of_a_passage_is_what_its_span_covers_in_the_document(text: str, start: int) -> None:
    document = "·" * start + text
    for number, passage in enumerate(passages_of([a_chunk(text, start=start)]), start=1):
        assert passage.number == number
        assert passage.text == passage.span.of(document)
        assert "\n" not in passage.readable


def test_a_table_row_is_one_passage_and_its_cells_stay_apart() -> None:
    passages = passages_of([a_chunk("In thousands.\n\t2023\t2022\nRevenue\t1,234\t(5)\nText after.")])
    assert [passage.readable for passage in passages] == [
        "In thousands.",
        "2023 | 2022",
        "Revenue | 1,234 | (5)",
        "Text after.",
    ]
    assert [passage.is_row for passage in passages] == [False, True, True, False]


def test_dot_leaders_are_not_read_out() -> None:
    (passage,) = passages_of([a_chunk("Goodwill . . . . . . . . .\t742\t731")])
    assert passage.readable == "Goodwill | 742 | 731"
