"""Chunks: the exact text of their spans, in order, whole where they can be, with nothing lost."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.documents import Block, BlockKind, Chunk, Document, DocumentId, Fate, Page, Span, pages_of
from core.privacy import Clearance
from ingest.chunk import chunk

H, P, L, T, FOOT = BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.LIST, BlockKind.TABLE, BlockKind.FOOTER


def words(text: str) -> int:
    return len(re.findall(r"\w+|[^\w\s]", text))


def a_document(*pages: list[tuple[BlockKind, str] | tuple[BlockKind, str, int]]) -> Document:
    """A document of pages, each a list of (kind, text, level)."""
    text = ""
    blocks: list[Block] = []
    spans: list[Span] = []
    for page in pages:
        if spans:
            text += "\n\f\n"
        start = len(text)
        for index, (kind, content, *level) in enumerate(page):
            if index:
                text += "\n\n"
            blocks.append(Block(kind, Span(len(text), len(text) + len(content)), level[0] if level else None))
            text += content
        spans.append(Span(start, len(text)))
    return Document(
        id=DocumentId("0" * 64),
        title="Agreement",
        source="agreement.txt",
        media_type="text/plain",
        text=text,
        pages=tuple(Page(number, str(number), span, Fate.TEXT) for number, span in enumerate(spans, start=1)),
        blocks=tuple(blocks),
        collection="deal",
        clearance=Clearance.RESTRICTED,
        parser="test 1",
    )


def chunks_of(document: Document, max_tokens: int = 40) -> tuple[Chunk, ...]:
    chunks = chunk(document, max_tokens=max_tokens, count_tokens=words)
    end = 0
    covered: set[int] = set()
    for found in chunks:
        assert found.span.start >= end
        end = found.span.end
        assert found.span.of(document.text) == found.text
        assert found.text.strip()
        assert found.pages == pages_of(found.span, document.pages)
        covered.update(range(found.span.start, found.span.end))
    for block in document.blocks:
        if block.kind not in (BlockKind.HEADER, BlockKind.FOOTER):
            for place in range(block.span.start, block.span.end):
                assert document.text[place].isspace() or place in covered
    assert len({found.id for found in chunks}) == len(chunks)
    return chunks


_CONTENT = st.text(alphabet="ab.,; 1\nÜ。\u3000", min_size=1, max_size=200).map(str.strip).filter(bool)
_BLOCKS = st.tuples(st.sampled_from([H, P, L, T, FOOT, BlockKind.HEADER, BlockKind.FOOTNOTE]), _CONTENT)


@settings(deadline=None, max_examples=150)
@given(pages=st.lists(st.lists(_BLOCKS, max_size=6), min_size=1, max_size=4), max_tokens=st.integers(1, 60))
def test_chunks_are_in_order_exact_and_lose_nothing(pages: list[list[tuple[BlockKind, str]]], max_tokens: int) -> None:
    document = a_document(*pages)  # type: ignore[arg-type]
    for found in chunks_of(document, max_tokens):
        assert words(found.text) <= max_tokens


def test_repeated_text_is_placed_where_it_stands() -> None:
    sentence = "The Supplier shall pay the fees. "
    chunks = chunks_of(a_document([(P, (sentence * 40).strip())]), max_tokens=20)
    assert len(chunks) > 10
    assert all(found.text.startswith("The Supplier") and found.text.endswith("fees.") for found in chunks)


def test_a_heading_begins_a_chunk_with_what_it_heads_and_names_the_section() -> None:
    chunks = chunks_of(
        a_document(
            [
                (H, "1. Fees", 1),
                (H, "1.1 Payment", 2),
                (P, "Thirty days."),
                (H, "1.2 Interest", 2),
                (P, "Five per cent."),
                (H, "2. Term", 1),
                (P, "One year."),
            ]
        )
    )
    assert [(found.text.split("\n")[0], found.section) for found in chunks] == [
        ("1. Fees", "1. Fees › 1.1 Payment"),
        ("1.2 Interest", "1. Fees › 1.2 Interest"),
        ("2. Term", "2. Term"),
    ]


def test_a_heading_stays_with_the_first_part_of_what_is_too_long() -> None:
    chunks = chunks_of(a_document([(H, "1. Fees", 1), (P, "The fee is due. " * 30)]), max_tokens=40)
    assert chunks[0].text.startswith("1. Fees\n\nThe fee is due.")
    assert all(words(found.text) <= 40 for found in chunks)


def test_a_heading_at_the_foot_of_a_page_goes_over_with_its_text() -> None:
    chunks = chunks_of(a_document([(P, "Text."), (H, "2. Term", 1)], [(P, "One year.")]))
    assert [found.pages for found in chunks] == [(1,), (1, 2)]


def test_a_table_keeps_its_intro_and_is_cut_between_rows_only() -> None:
    rows = "\n".join(f"Line {number}\t1,{number:03}\t(2,{number:03})" for number in range(20))
    chunks = chunks_of(
        a_document([(P, "Prose that belongs elsewhere. " * 3), (P, "(in millions)"), (T, rows)]), max_tokens=60
    )
    assert chunks[1].text.startswith("(in millions)\n\nLine 0")
    for found in chunks[1:]:
        assert all(
            re.fullmatch(r"\(in millions\)||Line \d+\t1,\d{3}\t\(2,\d{3}\)", row) for row in found.text.split("\n")
        )


def test_small_neighbours_are_joined_and_pages_part_them() -> None:
    chunks = chunks_of(a_document([(P, "One."), (L, "Two.")], [(P, "Three.")]))
    assert [found.text for found in chunks] == ["One.\n\nTwo.", "Three."]


def test_a_sentence_that_runs_over_the_page_stays_whole() -> None:
    chunks = chunks_of(a_document([(P, "The Supplier shall not"), (FOOT, "Page 1")], [(P, "exceed the cap.")]))
    (found,) = chunks
    assert found.text.startswith("The Supplier shall not") and found.text.endswith("exceed the cap.")
    assert found.pages == (1, 2)


def test_running_headers_and_footers_make_no_chunks() -> None:
    chunks = chunks_of(a_document([(BlockKind.HEADER, "Form 10-K"), (P, "Text."), (FOOT, "12")]))
    assert [found.text for found in chunks] == ["Text."]


def test_an_amount_is_never_cut_at_its_comma() -> None:
    text = "amounting to USD 1,500,000 and " * 60
    chunks = chunks_of(a_document([(P, text.strip())]), max_tokens=25)
    assert sum(found.text.count("1,500,000") for found in chunks) == 60


def test_ids_depend_on_the_collection_and_nothing_that_changes() -> None:
    document = a_document([(P, "Text.")])
    assert chunks_of(document)[0].id == chunks_of(replace(document, title="other"))[0].id
    assert chunks_of(document)[0].id != chunks_of(replace(document, collection="other"))[0].id


def test_a_chunk_needs_room_for_a_token() -> None:
    with pytest.raises(ValueError, match="at least one"):
        chunk(a_document([(P, "x")]), max_tokens=0, count_tokens=words)


def test_rows_cut_off_from_the_head_of_their_table_carry_its_caption_units_and_columns() -> None:
    rows = "\n".join(f"Item number {number}\t{number},000\t{number},500" for number in range(1, 31))
    table = f"(in millions)\n2024\t2023\n{rows}"
    first, *others = chunks_of(a_document([(P, "Revenue by product was as follows:"), (T, table)]), max_tokens=100)
    assert first.context == ""
    assert "(in millions)" in first.text
    assert len(others) > 1
    assert {found.context for found in others} == {"Revenue by product was as follows: · (in millions) · 2024 | 2023"}
    assert all(words(found.text) + words(found.context) <= 100 for found in others)


def test_a_table_that_goes_on_on_the_next_page_keeps_its_columns() -> None:
    rows = "Services\t2\t3\nLicences\t4\t5"
    first = f"(in millions)\n2024\t2023\n{rows}"
    found = chunks_of(a_document([(T, first)], [(T, rows)], [(P, "Prose between them."), (T, rows)]), max_tokens=60)
    assert [one.context for one in found] == ["", "(in millions) · 2024 | 2023", ""]


def test_the_head_of_a_table_is_cut_to_a_quarter_of_a_chunk() -> None:
    head = "\t".join(f"Column{number}" for number in range(40))
    rows = "\n".join("Row\t" + "\t".join("1,000" for _ in range(40)) for _ in range(5))
    found = chunks_of(a_document([(T, f"{head}\n{rows}")]), max_tokens=60)
    assert 0 < words(found[-1].context) <= 15
    assert found[-1].context.endswith(" | …")
