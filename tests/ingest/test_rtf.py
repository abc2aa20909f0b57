"""Rich text: what a reader sees of it; deleted and hidden text and comments are told."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.documents import BlockKind, HiddenKind
from core.errors import UnreadableDocument
from ingest.parse import check
from ingest.reading import Reading
from ingest.rtf import read_rtf
from tests.ingest.pdfs import a_picture_of
from tests.ingest.test_pictures import needs_tesseract

HEAD = (
    rb"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\froman\fcharset0 Times;}{\f1\fcharset204 Arial CYR;}}"
    rb"{\colortbl;\red0\green0\blue0;}{\stylesheet{\s0 Normal;}{\s1\outlinelevel0 heading 1;}{\s2 heading 2;}}"
    b"{\n\\*\\generator Word;}"
    rb"{\info{\title Secret}}"
)


def read(tmp_path: Path, body: bytes) -> Reading:
    (tmp_path / "a.rtf").write_bytes(HEAD + body + b"}")
    reading = read_rtf(tmp_path / "a.rtf")
    check(reading)
    return reading


def test_paragraphs_headings_tables_notes_and_boxes_are_read(tmp_path: Path) -> None:
    body = (
        rb"\pard\s1 1. Fees\par"
        rb"\pard\plain The \b fee\b0  is{\footnote\pard Net of tax.\par} EUR 12\emdash per month.\par"
        rb"\pard\s2 Table\par\trowd\cellx1\cellx2\pard\intbl Year\cell 2025\cell\row"
        rb"\trowd\cellx1\cellx2\pard\intbl EBIT\par before tax\cell (4.2)\cell\row"
        rb"\pard{\listtext 1.\tab}first\par"
        rb"{\shp{\*\shpinst{\sp{\sn x}{\sv y}}{\shptxt\pard In a box.\par}}}"
        rb'{\field{\*\fldinst HYPERLINK "http://example.com"}{\fldrslt A link}}\page Second page\par'
        rb"{\pict\wmetafile8 0102abcdef}{\header\pard Running head\par}"
    )
    reading = read(tmp_path, body)
    assert [(block.kind, block.span.of(reading.text), block.level) for block in reading.blocks] == [
        (BlockKind.HEADING, "1. Fees", 1),
        (BlockKind.PARAGRAPH, "The fee is EUR 12—per month.", None),
        (BlockKind.HEADING, "Table", 2),
        (BlockKind.TABLE, "Year\t2025\nEBIT before tax\t(4.2)", None),
        (BlockKind.LIST, "1. first", None),
        (BlockKind.PARAGRAPH, "In a box.", None),
        (BlockKind.PARAGRAPH, "A link", None),
        (BlockKind.PARAGRAPH, "Second page", None),
        (BlockKind.FOOTNOTE, "Net of tax.", None),
        (BlockKind.HEADER, "Running head", None),
    ]
    assert len(reading.pages) == 2
    assert reading.warnings == ("1 picture in the file was not read: pictures of the kind .wmf cannot be opened here.",)


def test_letters_of_all_code_pages_are_read(tmp_path: Path) -> None:
    body = rb"\'dcber \u8364?500 \uc2\u-10179\'3f\'3f\uc1\u-8960? \{x\}\~y\_z \f1\'cf\'f0\'e8\par"
    assert read(tmp_path, body).text == "Über €500 \U0001f500 {x}\u00a0y-z При".replace("\u00a0", " ")


def test_deleted_and_hidden_text_and_comments_are_told_and_not_read(tmp_path: Path) -> None:
    body = (
        rb"Seen{\v  HID}{\v DEN} and{\deleted  GONE}{\revised  new}"
        rb"{\*\atnid AB}{\*\annotation\pard SAID\par} text.\v0\par"
    )
    reading = read(tmp_path, body)
    assert reading.text == "Seen and new text."
    assert reading.warnings == (
        "1 hidden passage was not read.",
        "1 comment was not read.",
        "1 tracked deletion was not read.",
    )


def test_binary_data_is_passed_over_by_its_length(tmp_path: Path) -> None:
    assert read(tmp_path, rb"a{\pict\bin5 }}}}}}b\par").text == "ab"


def test_an_empty_text_and_groups_without_end_are_sentences(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocument, match="holds no text"):
        read(tmp_path, rb"\par")
    with pytest.raises(UnreadableDocument, match="never end"):
        read(tmp_path, b"{" * 5000)


@given(st.text(alphabet="{}\\'*upargcelrowintblv0 x\n", max_size=80))
def test_no_commands_however_odd_break_the_reader(tmp_path_factory: pytest.TempPathFactory, body: str) -> None:
    try:
        read(tmp_path_factory.getbasetemp(), body.encode())
    except UnreadableDocument as error:
        assert "holds no text" in str(error)


def test_white_and_tiny_text_is_told_and_white_text_on_a_colour_is_read(tmp_path: Path) -> None:
    colours = rb"{\colortbl;\red255\green255\blue255;\red0\green0\blue128;}"
    body = (
        rb"\pard Seen {\cf1 PALE}{\fs2 TINY} {\cf1\highlight2 on navy}\par"
        rb"\trowd\clcbpat2\cellx99\pard\intbl{\cf1 in a dark cell}\cell\row\pard end\par"
    )
    reading = read(tmp_path, colours + body)
    assert reading.text == "Seen on navy\n\nin a dark cell\n\nend"
    assert [(one.kind, one.text) for one in reading.hidden] == [(HiddenKind.WHITE, "PALE"), (HiddenKind.TINY, "TINY")]


@needs_tesseract
def test_pictures_in_rich_text_are_read_or_told(tmp_path: Path) -> None:
    picture = io.BytesIO()
    a_picture_of(["The deposit is EUR 4,200."]).save(picture, "PNG")
    shown = rb"{\*\shppict{\pict{\*\picprop x}\pngblip\picw9 " + picture.getvalue().hex().encode() + b"}}"
    old = rb"{\nonshppict{\pict\wmetafile8 0102}}"
    reading = read(tmp_path, rb"\pard Before.\par " + shown + old + rb"\par After.\par{\pict\wmetafile8 010203}")
    assert reading.text == "Before.\n\nThe deposit is EUR 4,200.\n\nAfter."
    assert reading.warnings == (
        "1 picture in the file was not read: pictures of the kind .wmf cannot be opened here.",
        "1 picture in the file was read by OCR.",
    )
