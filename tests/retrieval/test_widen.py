"""What is cut for reading covers the document, whatever its layout."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.documents import Block, BlockKind, Document, DocumentId, Fate, Page, Span
from core.privacy import Clearance
from retrieval.widen import around, cut_out, page_chunks, sections
from tests.conftest import assert_cover

PIECES = st.lists(
    st.tuples(st.sampled_from(list(BlockKind)), st.text("ab c\n", min_size=1, max_size=40), st.booleans()),
    min_size=1,
    max_size=25,
)


def a_document(pieces: list[tuple[BlockKind, str, bool]]) -> Document:
    """A document of blocks (kind, text, whether a page ends after it)."""
    text, blocks, pages, start = "", [], [], 0
    for kind, piece, ends in pieces:
        blocks.append(Block(kind, Span(len(text), len(text) + len(piece))))
        text += piece
        if ends:
            pages.append(Span(start, len(text)))
            text += "\n"
            start = len(text)
        else:
            text += "\n"
    pages.append(Span(start, len(text)))
    return Document(
        DocumentId("d"), "Title", "d.txt", "text/plain", text,
        tuple(Page(number, str(number), span, Fate.TEXT) for number, span in enumerate(pages, start=1)),
        tuple(blocks), "deal", Clearance.CLOUD, "test 1",
    )  # fmt: skip


@given(PIECES, st.integers(1, 60))
def test_sections_cover_every_word_once_in_order_and_none_is_too_long(
    pieces: list[tuple[BlockKind, str, bool]], longest: int
) -> None:
    document = a_document(pieces)
    cut = sections(document, longest=longest)
    assert_cover(document.text, [chunk.span for chunk in cut])
    assert all(len(chunk.text) <= longest for chunk in cut)
    assert all(chunk.span.of(document.text) == chunk.text for chunk in cut)


@given(PIECES)
def test_a_section_begins_at_a_heading_and_runs_to_the_next(pieces: list[tuple[BlockKind, str, bool]]) -> None:
    document = a_document(pieces)
    heads = {block.span.start for block in document.blocks if block.kind is BlockKind.HEADING}
    for chunk in sections(document, longest=10_000)[1:]:
        assert chunk.span.start in heads


@given(PIECES, st.data())
def test_what_is_around_a_place_holds_it_and_ends_where_blocks_end(
    pieces: list[tuple[BlockKind, str, bool]], data: st.DataObject
) -> None:
    document = a_document(pieces)
    block = data.draw(st.sampled_from(document.blocks))
    start = data.draw(st.integers(block.span.start, block.span.end - 1))
    place = Span(start, data.draw(st.integers(start + 1, block.span.end)))
    (chunk,) = around(document, [place])
    assert chunk.span == block.span
    assert [one.span for one in cut_out(document, [place, place])] == [place]


def test_neighbouring_blocks_are_read_in_one_piece() -> None:
    document = a_document(
        [(BlockKind.TABLE, "a b", False), (BlockKind.TABLE, "c a", False), (BlockKind.LIST, "b", True)]
    )
    table, more, last = (block.span for block in document.blocks)
    assert [chunk.text for chunk in around(document, [table, more])] == ["a b\nc a"]
    assert len(around(document, [table, last])) == 2


@pytest.mark.parametrize("text", ["", " \n "])
def test_pages_without_words_are_not_read(text: str) -> None:
    document = a_document([(BlockKind.PARAGRAPH, text or " ", True), (BlockKind.PARAGRAPH, "a", False)])
    assert [chunk.pages for chunk in page_chunks(document)] == [(2,)]
