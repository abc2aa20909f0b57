"""OpenDocument texts: what a reader sees of them; deleted and hidden text and comments are told."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from core.documents import BlockKind
from core.errors import UnreadableDocument
from ingest.formats import Format, format_of
from ingest.opendocument import read_odt
from ingest.parse import check
from ingest.reading import Reading

SPACES = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for short, name in [
        ("office", "office"),
        ("text", "text"),
        ("table", "table"),
        ("draw", "drawing"),
        ("style", "style"),
    ]
)


def an_odt(path: Path, body: str, *, styles: str = "", manifest: str = "") -> Path:
    content = (
        f"<office:document-content {SPACES}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:text>{body}</office:text></office:body></office:document-content>"
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", Format.ODT.value, zipfile.ZIP_STORED)
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", f"<m>{manifest}</m>")
    return path


def read(path: Path) -> Reading:
    assert format_of(path) is Format.ODT
    reading = read_odt(path)
    check(reading)
    return reading


def test_headings_lists_tables_notes_and_boxes_are_read_on_their_pages(tmp_path: Path) -> None:
    body = (
        '<text:h text:outline-level="2">1. Fees</text:h>'
        '<text:p>The fee<text:s text:c="2"/>is<text:tab/>EUR 12<text:note><text:note-citation>1</text:note-citation>'
        "<text:note-body><text:p>Net of tax.</text:p></text:note-body></text:note> per month."
        "<draw:frame><draw:text-box><text:p>In a box.</text:p></draw:text-box></draw:frame></text:p>"
        "<text:list><text:list-item><text:p>first</text:p></text:list-item></text:list>"
        "<text:soft-page-break/>"
        "<table:table><table:table-header-rows><table:table-row><table:table-cell><text:p>Year</text:p>"
        "</table:table-cell><table:table-cell><text:p>2025</text:p></table:table-cell></table:table-row>"
        "</table:table-header-rows><table:table-row><table:table-cell><text:p>EBIT</text:p></table:table-cell>"
        "<table:table-cell><text:p>(4.2)</text:p></table:table-cell></table:table-row></table:table>"
    )
    reading = read(an_odt(tmp_path / "a.odt", body))
    assert [(block.kind, block.span.of(reading.text)) for block in reading.blocks] == [
        (BlockKind.HEADING, "1. Fees"),
        (BlockKind.PARAGRAPH, "The fee is EUR 12 per month."),
        (BlockKind.PARAGRAPH, "In a box."),
        (BlockKind.LIST, "first"),
        (BlockKind.TABLE, "Year\t2025\nEBIT\t(4.2)"),
        (BlockKind.FOOTNOTE, "1 Net of tax."),
    ]
    assert [page.span.of(reading.text)[:7] for page in reading.pages] == ["1. Fees", "Year\t20"]
    assert reading.warnings == ()


def test_deleted_and_hidden_text_and_comments_are_told_and_not_read(tmp_path: Path) -> None:
    hidden = (
        '<style:style style:name="T1" style:family="text"><style:text-properties text:display="none"/></style:style>'
    )
    body = (
        "<text:tracked-changes><text:changed-region><text:deletion><text:p>GONE</text:p></text:deletion>"
        "</text:changed-region></text:tracked-changes>"
        '<text:p>Seen<text:change/><text:span text:style-name="T1"> HIDDEN</text:span>'
        "<office:annotation><text:p>SAID</text:p></office:annotation> too.</text:p>"
        '<text:section text:display="none"><text:p>SECTION</text:p></text:section>'
    )
    reading = read(an_odt(tmp_path / "a.odt", body, styles=hidden))
    assert reading.text == "Seen too."
    assert reading.warnings == (
        "2 hidden passages were not read.",
        "1 comment was not read.",
        "1 tracked deletion was not read.",
    )


def test_a_locked_or_empty_text_is_a_sentence(tmp_path: Path) -> None:
    locked = an_odt(tmp_path / "a.odt", "<text:p>x</text:p>", manifest="<encryption-data/>")
    with pytest.raises(UnreadableDocument, match="protected by a password"):
        read_odt(locked)
    with pytest.raises(UnreadableDocument, match="holds no text"):
        read_odt(an_odt(tmp_path / "b.odt", "<text:p/>"))
