"""Text and Markdown: the canonical text is the file, and blocks stand where their lines stand."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.documents import BlockKind, Fate
from core.errors import UnreadableDocument
from ingest.parse import check
from ingest.plain import blocks_in, decoded, read_plain
from ingest.reading import Reading


def a_reading(tmp_path: Path, content: bytes | str, *, markdown: bool = False) -> Reading:
    path = tmp_path / ("contract.md" if markdown else "contract.txt")
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    reading = read_plain(path, markdown=markdown)
    check(reading)
    return reading


def kinds(reading: Reading) -> list[tuple[BlockKind, str]]:
    return [(block.kind, block.span.of(reading.text)) for block in reading.blocks]


_TEXTS = st.text(
    alphabet=st.one_of(st.sampled_from("ab1.#|-* \t\n\r\f`=§("), st.characters(exclude_categories=["Cs", "Cc"])),
    max_size=300,
)


@given(text=_TEXTS.filter(lambda text: text.strip() != "" and not text.startswith("\ufeff")), markdown=st.booleans())
def test_the_text_is_the_decoded_file_and_every_character_has_its_block(
    tmp_path_factory: pytest.TempPathFactory, text: str, markdown: bool
) -> None:
    reading = a_reading(tmp_path_factory.mktemp("plain"), text, markdown=markdown)
    assert reading.text == text


@pytest.mark.parametrize(
    ("content", "text", "warned"),
    [
        (b"\xef\xbb\xbfFees: \xe2\x82\xac5\r\n", "Fees: €5\r\n", False),
        ("Fees: €5".encode("utf-16"), "Fees: €5", False),
        ("\ufeffFees: €5".encode("utf-16-be"), "Fees: €5", False),
        ("Gebühr: €5".encode("cp1252"), "Gebühr: €5", True),
        (b"caf\xe9 \x81", "café \x81", True),
    ],
)
def test_encodings_are_told_apart_and_a_guess_is_a_warning(content: bytes, text: str, warned: bool) -> None:
    found, warnings = decoded(content)
    assert found == text
    assert bool(warnings) is warned


@pytest.mark.parametrize("content", [b"\x00\x01\x02binary" * 20, b"word\0word", bytes(range(1, 9)) * 50])
def test_binary_data_under_a_text_name_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UnreadableDocument, match="binary data"):
        a_reading(tmp_path, content)


def test_a_file_of_white_space_holds_no_text(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocument, match="holds no text"):
        a_reading(tmp_path, " \n\f\n\t")


def test_form_feeds_part_pages_and_an_empty_one_is_blank(tmp_path: Path) -> None:
    reading = a_reading(tmp_path, "one\f \ftwo\n\f")
    assert [(page.number, page.label, page.fate) for page in reading.pages] == [
        (1, "1", Fate.TEXT),
        (2, "2", Fate.BLANK),
        (3, "3", Fate.TEXT),
    ]


def test_markdown_headings_lists_and_tables_are_told(tmp_path: Path) -> None:
    reading = a_reading(
        tmp_path,
        "# Agreement\n\nFees\n----\n\nThe table:\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\n"
        "- first\n  goes on\n- second\n\n"
        "```\n# no heading\n\nstill code\n```\n",
        markdown=True,
    )
    assert reading.title == "Agreement"
    assert kinds(reading) == [
        (BlockKind.HEADING, "# Agreement"),
        (BlockKind.HEADING, "Fees\n----"),
        (BlockKind.PARAGRAPH, "The table:"),
        (BlockKind.TABLE, "| a | b |\n| --- | --- |\n| 1 | 2 |"),
        (BlockKind.LIST, "- first\n  goes on"),
        (BlockKind.LIST, "- second"),
        (BlockKind.PARAGRAPH, "```\n# no heading\n\nstill code\n```"),
    ]


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("ARTICLE IV REPRESENTATIONS", 1),
        ("Section 5.2 Payment of Fees", 3),
        ("2.1 Definitions", 2),
        ("§ 12 Haftung", 1),
        ("CONFIDENTIALITY", 1),
        ("The Supplier shall pay the fees.", None),
        ("2.1 The Supplier shall pay all fees within thirty days of the invoice, without any deduction.", None),
        ("12 months", None),
        ("Section 5 shall apply accordingly", None),
    ],
)
def test_a_line_of_plain_text_is_a_heading_only_when_it_looks_like_nothing_else(line: str, level: int | None) -> None:
    from core.documents import Span

    (block,) = blocks_in(line, Span(0, len(line)), markdown=False)
    assert (block.kind is BlockKind.HEADING, block.level) == (level is not None, level)


def test_columns_of_plain_text_are_a_table_and_list_marks_are_not(tmp_path: Path) -> None:
    reading = a_reading(tmp_path, "Revenue\t1,234\t1,100\nCost\t(5)\t(4)\n\n(a)\tfirst;\n(b)\tsecond.\n")
    assert [kind for kind, _ in kinds(reading)] == [BlockKind.TABLE, BlockKind.LIST, BlockKind.LIST]
