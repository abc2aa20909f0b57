"""Spans are the invariant that everything else hangs on."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.documents import DocumentId, Fate, Page, Span, chunk_id, pages_of


def spans(longest: int = 200) -> st.SearchStrategy[Span]:
    return st.tuples(st.integers(0, longest), st.integers(0, longest)).map(lambda pair: Span(min(pair), max(pair)))


@given(st.text(), spans())
def test_a_span_cuts_out_what_slicing_would(text: str, span: Span) -> None:
    assert span.of(text) == text[span.start : span.end]


@given(spans(), spans())
@example(Span(0, 2), Span(1, 1))
def test_two_spans_overlap_when_they_share_a_character(one: Span, other: Span) -> None:
    shared = set(range(one.start, one.end)) & set(range(other.start, other.end))
    assert one.overlaps(other) == bool(shared)
    assert one.overlaps(other) == other.overlaps(one)


@given(spans(), spans())
def test_a_place_inside_a_span_is_found_again_by_shifting_back(outer: Span, inner: Span) -> None:
    if outer.contains(inner):
        assert inner.within(outer).shifted(outer.start) == inner
    else:
        with pytest.raises(ValueError, match="not inside"):
            inner.within(outer)


def test_a_span_cannot_run_backwards() -> None:
    with pytest.raises(ValueError, match="not a span"):
        Span(3, 2)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=8), spans(250))
def test_the_pages_of_a_span_are_those_it_shares_characters_with(lengths: list[int], span: Span) -> None:
    pages, start = [], 0
    for number, length in enumerate(lengths, start=1):
        pages.append(Page(number, str(number), Span(start, start + length), Fate.TEXT))
        start += length + 1
    touched = pages_of(span, pages)
    assert list(touched) == sorted(touched)
    assert set(touched) >= {page.number for page in pages if page.span.overlaps(span)}
    assert pages[touched[0] - 1].span.start <= span.start


def test_the_same_place_in_the_same_document_has_the_same_chunk_id_for_ever() -> None:
    document = DocumentId("ab" * 32)
    one = chunk_id("deal", document, Span(0, 10))
    assert one == chunk_id("deal", document, Span(0, 10))
    assert one not in {chunk_id("other", document, Span(0, 10)), chunk_id("deal", document, Span(0, 11))}
