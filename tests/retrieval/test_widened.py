"""Widening: what is read around a hit always contains it, and is what its name says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.documents import BlockKind, Document, Span
from retrieval.widen import Around, widened
from tests.ingest.test_chunk import FOOT, H, P, T, a_document

DOCUMENT = a_document(
    [(H, "1 Fees", 1), (P, "Fees are due in May."), (H, "1.1 Interest", 2), (P, "Interest is 8 %."), (FOOT, "Page 1")],
    [(H, "2 Figures", 1), (P, "In millions:"), (T, "Assets\t3"), (FOOT, "Page 2")],
    [(T, "Total assets\t4"), (P, "See the notes.")],
)


def around(words: str, how: Around) -> str:
    start = DOCUMENT.text.index(words)
    return widened(DOCUMENT, Span(start, start + len(words)), how).of(DOCUMENT.text)


@pytest.mark.parametrize(
    ("words", "how", "begins", "ends"),
    [
        ("Interest is", Around.NEIGHBOURS, "1.1 Interest", "2 Figures"),
        ("Interest is", Around.SECTION, "1.1 Interest", "Interest is 8 %."),
        ("Fees are due", Around.SECTION, "1 Fees", "Interest is 8 %."),
        ("Interest is", Around.PAGE, "1 Fees", "Page 1"),
        ("Assets", Around.TABLE, "Assets", "Total assets\t4"),
        ("Total", Around.TABLE, "Assets", "Total assets\t4"),
        ("Fees are", Around.TABLE, "Fees are due", "in May."),
        ("Total", Around.SECTION, "2 Figures", "See the notes."),
    ],
)
def test_each_way_reads_what_its_name_says(words: str, how: Around, begins: str, ends: str) -> None:
    found = around(words, how)
    assert found.startswith(begins) and found.endswith(ends)


@st.composite
def a_span(draw: st.DrawFn, document: Document) -> Span:
    start = draw(st.integers(0, len(document.text) - 1))
    return Span(start, draw(st.integers(start + 1, len(document.text))))


@given(a_span(DOCUMENT), st.sampled_from(Around))
def test_what_is_read_contains_the_hit_and_lies_in_the_document(span: Span, how: Around) -> None:
    wider = widened(DOCUMENT, span, how)
    assert 0 <= wider.start <= span.start and span.end <= wider.end <= len(DOCUMENT.text)
    if how in (Around.TABLE, Around.PAGE):
        assert widened(DOCUMENT, wider, how) == wider


def test_a_document_without_headings_is_one_section() -> None:
    document = a_document([(P, "One."), (P, "Two.")])
    assert widened(document, Span(0, 1), Around.SECTION).of(document.text) == "One.\n\nTwo."
    assert document.blocks[0].kind is BlockKind.PARAGRAPH
