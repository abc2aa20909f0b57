"""Words in quotation marks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from retrieval.phrases import held, quoted


def test_every_kind_of_quotation_mark_is_known() -> None:
    asked = 'What are "Material Adverse Effect", “Change of Control.”, „höhere Gewalt“ and «force majeure»?'
    assert quoted(asked) == ("material adverse effect", "change of control", "höhere gewalt", "force majeure")
    assert quoted("the Supplier's obligations") == quoted('a 5" pipe') == ()


def test_a_phrase_is_whole_words_side_by_side_whatever_their_case_and_line_breaks() -> None:
    phrases = quoted('"change of control"')
    assert held("Upon a CHANGE\n of  Control, fees", phrases) == 1
    assert held("change in control; exchange of control; change of controller", phrases) == 0


@given(st.text(alphabet=st.characters(exclude_characters='"“”„«»'), min_size=2, max_size=50))
def test_what_is_quoted_from_a_text_is_held_by_it(text: str) -> None:
    phrases = quoted(f'Where is "{text}"?')
    assert held(text, phrases) == len(phrases)
