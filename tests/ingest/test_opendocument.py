"""OpenDocument texts: what a reader sees of them; deleted and hidden text and comments are told."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from core.documents import BlockKind, Fate, HiddenKind
from core.errors import UnreadableDocument
from ingest.formats import Format, format_of
from ingest.opendocument import read_odt
from ingest.opendocument_sheets import read_ods
from ingest.opendocument_slides import read_odp
from ingest.parse import check
from ingest.reading import Reading
from tests.ingest.pdfs import a_picture_of
from tests.ingest.test_pictures import needs_tesseract

SPACES = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for short, name in [
        ("office", "office"),
        ("text", "text"),
        ("table", "table"),
        ("draw", "drawing"),
        ("style", "style"),
        ("presentation", "presentation"),
        ("fo", "xsl-fo-compatible"),
        ("svg", "svg-compatible"),
    ]
)
SPACES += ' xmlns:xlink="http://www.w3.org/1999/xlink"'


def an_odt(
    path: Path,
    body: str,
    *,
    styles: str = "",
    manifest: str = "",
    kind: tuple[Format, str] = (Format.ODT, "text"),
    parts: Mapping[str, bytes] | None = None,
) -> Path:
    """A file of a kind: its media type, and the name of its body."""
    form, name = kind
    content = (
        f"<office:document-content {SPACES}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:{name}>{body}</office:{name}></office:body></office:document-content>"
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", form.value, zipfile.ZIP_STORED)
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", f"<m>{manifest}</m>")
        for part, data in (parts or {}).items():
            archive.writestr(part, data)
    return path


def read(path: Path) -> Reading:
    reading = {Format.ODT: read_odt, Format.ODS: read_ods, Format.ODP: read_odp}[format_of(path)](path)
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


def p(text: str, style: str = "") -> str:
    return f'<text:p text:style-name="{style}">{text}</text:p>'


def a_style(name: str, family: str, group: str, properties: str) -> str:
    inner = f"<style:{group}-properties {properties}/>"
    return f'<style:style style:name="{name}" style:family="{family}">{inner}</style:style>'


def test_headers_and_footers_are_read_once_as_such(tmp_path: Path) -> None:
    masters = (
        f"<office:document-styles {SPACES}><office:master-styles><style:master-page>"
        f"<style:header>{p('Northwind confidential')}</style:header>"
        f"<style:header-left>{p('Northwind confidential')}</style:header-left>"
        f"<style:footer>{p('Draft 3')}</style:footer>"
        "</style:master-page></office:master-styles></office:document-styles>"
    )
    reading = read(an_odt(tmp_path / "a.odt", p("Clause."), parts={"styles.xml": masters.encode()}))
    assert [(block.kind, block.span.of(reading.text)) for block in reading.blocks] == [
        (BlockKind.HEADER, "Northwind confidential"),
        (BlockKind.PARAGRAPH, "Clause."),
        (BlockKind.FOOTER, "Draft 3"),
    ]


def test_white_and_tiny_text_is_told_and_white_text_in_a_dark_cell_is_read(tmp_path: Path) -> None:
    styles = (
        a_style("W", "text", "text", 'fo:color="#ffffff"')
        + a_style("T", "text", "text", 'fo:font-size="1pt"')
        + a_style("D", "table-cell", "table-cell", 'fo:background-color="#1f3864"')
    )
    white = '<text:span text:style-name="W">PALE</text:span>'
    tiny = '<text:span text:style-name="T">TINY</text:span>'
    dark_cell = f'<table:table-cell table:style-name="D">{p(white)}</table:table-cell>'
    cells = f"{dark_cell}<table:table-cell>{p(white)}</table:table-cell>"
    table = f"<table:table><table:table-row>{cells}</table:table-row></table:table>"
    reading = read(an_odt(tmp_path / "a.odt", p(f"Seen {white} {tiny}") + table, styles=styles))
    assert reading.text == "Seen\n\nPALE"
    assert [one.kind for one in reading.hidden] == [HiddenKind.WHITE, HiddenKind.TINY, HiddenKind.WHITE]


@needs_tesseract
def test_a_picture_in_an_open_document_is_read_where_it_stands(tmp_path: Path) -> None:
    picture = io.BytesIO()
    a_picture_of(["The deposit is EUR 4,200."]).save(picture, "PNG")
    frame = '<draw:frame><draw:image xlink:href="Pictures/a.png"/></draw:frame>'
    body = p("Before.") + p(frame) + p("After.")
    reading = read(an_odt(tmp_path / "a.odt", body, parts={"Pictures/a.png": picture.getvalue()}))
    assert reading.text == "Before.\n\nThe deposit is EUR 4,200.\n\nAfter."
    assert reading.warnings == ("1 picture in the file was read by OCR.",)


def test_a_workbook_is_read_as_its_program_showed_it(tmp_path: Path) -> None:
    def row(*cells: str, more: str = "") -> str:
        return f"<table:table-row {more}>{''.join(cells)}</table:table-row>"

    def cell(text: str, more: str = "") -> str:
        return f"<table:table-cell {more}>{p(text) if text else ''}</table:table-cell>"

    note = f"<table:table-cell><office:annotation>{p('Check!')}</office:annotation>{p('(4.2)')}</table:table-cell>"
    empty = cell("", 'table:number-columns-repeated="16384"')
    body = (
        '<table:table table:name="Income"><table:table-column table:number-columns-repeated="3"/>'
        '<table:table-column table:visibility="collapse"/>'
        + row(cell(""), cell("2025"), cell("2024"), cell("MEMO"))
        + row(cell("EBIT"), note, cell("12.5%"), cell("MEMO"))
        + row(cell("WORKING"), more='table:visibility="collapse"')
        + row(empty, more='table:number-rows-repeated="1048574"')
        + f'</table:table><table:table table:name="Old" table:style-name="H">{row(cell("SECRET"))}</table:table>'
        f'<table:table table:name="Notes">{row(cell("All net."))}</table:table>'
    )
    styles = a_style("H", "table", "table", 'table:display="false"')
    reading = read(an_odt(tmp_path / "a.ods", body, styles=styles, kind=(Format.ODS, "spreadsheet")))
    assert [(block.kind, block.span.of(reading.text)) for block in reading.blocks] == [
        (BlockKind.HEADING, "Income"),
        (BlockKind.TABLE, "\t2025\t2024\nEBIT\t(4.2)\t12.5%"),
        (BlockKind.HEADING, "Notes"),
        (BlockKind.PARAGRAPH, "All net."),
    ]
    assert [page.label for page in reading.pages] == ["Income", "Notes"]
    assert sorted((one.kind, one.text) for one in reading.hidden) == [
        (HiddenKind.COMMENT, "Check!"),
        (HiddenKind.HIDDEN_COLUMN, "MEMO\nMEMO"),
        (HiddenKind.HIDDEN_ROW, "WORKING"),
        (HiddenKind.HIDDEN_SHEET, "SECRET"),
    ]


def test_a_presentation_is_read_slide_by_slide(tmp_path: Path) -> None:
    def shape(text: str, more: str = "") -> str:
        return f"<draw:frame {more}><draw:text-box>{text}</draw:text-box></draw:frame>"

    notes = f"<presentation:notes>{shape(p('Do not say 10.'))}</presentation:notes>"
    body = (
        "<draw:page>"
        + shape(p("Below."), 'svg:y="10cm"')
        + shape(p("Above."), 'svg:y="4cm"')
        + shape(p("Offer"), 'presentation:class="title" svg:y="5cm"')
        + notes
        + "</draw:page>"
        + f'<draw:page draw:style-name="H">{shape(p("Backup"))}</draw:page>'
        + f"<draw:page><draw:custom-shape>{p('In a shape')}</draw:custom-shape></draw:page>"
        + '<draw:page><draw:frame><draw:image xlink:href="http://example.com/a.png"/></draw:frame></draw:page>'
    )
    styles = a_style("H", "drawing-page", "drawing-page", 'presentation:visibility="hidden"')
    reading = read(an_odt(tmp_path / "a.odp", body, styles=styles, kind=(Format.ODP, "presentation")))
    assert [(block.kind, block.span.of(reading.text)) for block in reading.blocks] == [
        (BlockKind.HEADING, "Offer"),
        (BlockKind.PARAGRAPH, "Above."),
        (BlockKind.PARAGRAPH, "Below."),
        (BlockKind.PARAGRAPH, "In a shape"),
    ]
    assert [page.fate for page in reading.pages] == [Fate.TEXT, Fate.BLANK, Fate.TEXT, Fate.UNREADABLE]
    assert sorted((one.kind, one.page, one.text) for one in reading.hidden) == [
        (HiddenKind.HIDDEN_SLIDE, 2, "Backup"),
        (HiddenKind.NOTES, 1, "Do not say 10."),
    ]
    assert reading.media_type == Format.ODP
