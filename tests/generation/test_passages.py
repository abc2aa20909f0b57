"""Passages: cut at sentences and rows, at their place, without losing a character."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.documents import Chunk, DocumentId, Span
from generation.passages import passages_of

PIECES = [
    "The term is twelve (12) months. ",
    "See Sec. 4.2 and No. 5. ",
    "Acme Inc. and J. P. Morgan agree; ",
    "(a) deliver; (b) pay. ",
    "\n",
    "\n\n",
    "Revenue\t1,234\t(5)\n",
    "4.3 Term\n",
    "am 31. Dezember 2023. Danach ",
    "等级。第二句！",
    "\t",
    "… ",
    " \u00a0",
    "•\titem one\n",
]
texts = st.one_of(st.lists(st.sampled_from(PIECES)).map("".join), st.text(max_size=200))


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
