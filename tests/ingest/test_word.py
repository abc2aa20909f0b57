"""Word documents: what a reader would see of them, nothing less, without the network."""

from __future__ import annotations

import contextlib
import zipfile
from pathlib import Path

import docx
import pytest
from docx.shared import Inches
from PIL import Image

from core.documents import BlockKind, Fate, HiddenKind
from core.errors import UnreadableDocument
from ingest.formats import Format, format_of
from ingest.ocr import OcrChoice
from ingest.parse import check
from ingest.reading import Reading
from ingest.word import read_docx
from tests.ingest.pdfs import a_picture_of
from tests.ingest.test_pictures import needs_tesseract

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def a_docx(path: Path, body: str = "", **parts: str) -> Path:
    """A Word document whose body is the given WordprocessingML; further parts by name (footnotes="<w:footnotes …>")."""
    document = docx.Document()
    document.save(str(path))
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    content["word/document.xml"] = f"<w:document {W}><w:body>{body}<w:sectPr/></w:body></w:document>".encode()
    content |= {f"word/{name}.xml": part.encode() for name, part in parts.items()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return path


def p(*runs: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr>{''.join(runs)}</w:p>"


def r(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def inserted(*inner: str) -> str:
    return f'<w:ins w:id="1" w:author="a">{"".join(inner)}</w:ins>'


def deleted(text: str) -> str:
    return f'<w:del w:id="2" w:author="a"><w:r><w:delText xml:space="preserve">{text}</w:delText></w:r></w:del>'


def read(path: Path) -> Reading:
    reading = read_docx(path)
    check(reading)
    return reading


def kinds(reading: Reading) -> list[tuple[BlockKind, str]]:
    return [(block.kind, block.span.of(reading.text)) for block in reading.blocks]


def test_tracked_changes_are_read_as_accepted(tmp_path: Path) -> None:
    body = p(r("The cap shall "), inserted(r("not ")), r("exceed EUR "), deleted("5"), inserted(r("7")), r(" million."))
    reading = read(a_docx(tmp_path / "a.docx", body))
    assert reading.text == "The cap shall not exceed EUR 7 million."
    assert reading.warnings == ("1 tracked deletion was not read.", "3 tracked changes were read as accepted.")
    assert [(one.kind, one.text) for one in reading.hidden] == [(HiddenKind.DELETED, "5")]


def test_a_deleted_row_and_a_deleted_paragraph_end_are_gone(tmp_path: Path) -> None:
    def row(text: str, properties: str = "") -> str:
        return f"<w:tr><w:trPr>{properties}</w:trPr><w:tc>{p(r(text))}</w:tc><w:tc>{p(r('1'))}</w:tc></w:tr>"

    body = (
        p(r("first "), properties='<w:rPr><w:del w:id="3"/></w:rPr>')
        + p(r("second"))
        + "<w:tbl><w:tblPr/><w:tblGrid><w:gridCol/><w:gridCol/></w:tblGrid>"
        + row("keep")
        + row("drop", '<w:del w:id="4"/>')
        + "</w:tbl>"
        + p(r("end"))
    )
    assert read(a_docx(tmp_path / "a.docx", body)).text == "first second\n\nkeep\t1\n\nend"


def test_content_controls_text_boxes_fields_and_footnotes_are_read(tmp_path: Path) -> None:
    body = (
        f"<w:sdt><w:sdtPr/><w:sdtContent>{p(r('In a control.'))}</w:sdtContent></w:sdt>"
        + p(r("Inline "), f"<w:sdt><w:sdtContent>{r('control')}</w:sdtContent></w:sdt>")
        + p(f'<w:fldSimple w:instr="REF x">{r("Section 5")}</w:fldSimple>', r(" applies."))
        + p(r("Anchor."), f"<w:r><w:pict><w:txbxContent>{p(r('In a box.'))}</w:txbxContent></w:pict></w:r>")
    )
    notes = (
        f'<w:footnotes {W}><w:footnote w:type="separator" w:id="-1">{p()}</w:footnote>'
        f'<w:footnote w:id="1">{p(r("A note of 12.5 percent."))}</w:footnote></w:footnotes>'
    )
    reading = read(a_docx(tmp_path / "a.docx", body, footnotes=notes))
    assert [text for _, text in kinds(reading)] == [
        "In a control.",
        "Inline control",
        "Section 5 applies.",
        "Anchor.",
        "In a box.",
        "A note of 12.5 percent.",
    ]
    assert reading.blocks[-1].kind is BlockKind.FOOTNOTE
    assert reading.warnings == ()


def test_hidden_text_is_left_out_and_struck_text_and_comments_are_told(tmp_path: Path) -> None:
    body = p(r("Seen"), r(" HIDDEN", "<w:vanish/>"), r(" struck", "<w:strike/>"), r(" plain", '<w:vanish w:val="0"/>'))
    comments = f'<w:comments {W}><w:comment w:id="1">{p(r("Ask Ben."))}</w:comment></w:comments>'
    reading = read(a_docx(tmp_path / "a.docx", body, comments=comments))
    assert reading.text == "Seen struck plain"
    assert reading.warnings == (
        "1 hidden passage was not read.",
        "1 comment was not read.",
        "1 passage that is struck through was read as it stands.",
    )
    assert [(one.kind, one.text) for one in reading.hidden] == [
        (HiddenKind.HIDDEN_TEXT, " HIDDEN"),
        (HiddenKind.COMMENT, "Ask Ben."),
    ]


def test_headings_lists_and_tables_of_word_keep_their_kind(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_heading("Agreement", 1)
    document.add_heading("Fees", 2)
    document.add_paragraph("first", style="List Bullet")
    document.add_paragraph().add_run("In bold").bold = True
    table = document.add_table(2, 3)
    for cell, text in zip(table._cells, ["", "2023", "2022", "Revenue", "", "1,100"], strict=True):
        cell.text = text
    document.sections[0].header.paragraphs[0].text = "Confidential"
    document.save(str(tmp_path / "a.docx"))
    reading = read(tmp_path / "a.docx")
    assert reading.title == "Agreement"
    assert [(block.kind, block.level, block.span.of(reading.text)) for block in reading.blocks] == [
        (BlockKind.HEADER, None, "Confidential"),
        (BlockKind.HEADING, 1, "Agreement"),
        (BlockKind.HEADING, 2, "Fees"),
        (BlockKind.LIST, None, "first"),
        (BlockKind.HEADING, 6, "In bold"),
        (BlockKind.TABLE, None, "\t2023\t2022\nRevenue\t\t1,100"),
    ]


def test_pages_of_word_are_where_word_last_broke_them(tmp_path: Path) -> None:
    body = p(r("one")) + p("<w:r><w:lastRenderedPageBreak/><w:t>two</w:t></w:r>") + p(r("still two"))
    reading = read(a_docx(tmp_path / "a.docx", body))
    assert [page.span.of(reading.text) for page in reading.pages] == ["one", "two\n\nstill two"]


@pytest.mark.parametrize("body", ["", p(), p(r(" "))])
def test_a_word_document_without_text_is_an_error(tmp_path: Path, body: str) -> None:
    with pytest.raises(UnreadableDocument, match="holds no text"):
        read(a_docx(tmp_path / "a.docx", body))


def test_a_damaged_word_document_and_a_zip_bomb_are_errors(tmp_path: Path) -> None:
    path = a_docx(tmp_path / "a.docx", p(r("text")))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnreadableDocument, match="damaged"):
        read(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", bytes(1 << 20))
        archive.getinfo("word/document.xml").file_size = 2 << 30
    with pytest.raises(UnreadableDocument, match="unpacks to more than"):
        read(path)


def test_no_entity_of_a_word_document_reads_a_file(tmp_path: Path) -> None:
    path = a_docx(tmp_path / "a.docx", p(r("text &x;")))
    (tmp_path / "secret").write_text("SECRET")
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    entity = f'<!DOCTYPE x [<!ENTITY x SYSTEM "file://{tmp_path}/secret">]>'.encode()
    content["word/document.xml"] = entity + content["word/document.xml"]
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    with contextlib.suppress(UnreadableDocument):
        assert "SECRET" not in read(path).text


def test_white_tiny_and_hidden_text_is_told_and_white_text_on_a_dark_ground_is_read(tmp_path: Path) -> None:
    styles = (
        f'<w:styles {W}><w:style w:type="character" w:styleId="Ghost"><w:rPr><w:vanish/></w:rPr></w:style>'
        '<w:style w:type="character" w:styleId="Child"><w:basedOn w:val="Ghost"/></w:style>'
        '<w:style w:type="paragraph" w:styleId="Pale"><w:rPr><w:color w:val="FFFFFF"/></w:rPr></w:style>'
        '<w:style w:type="table" w:styleId="Dark"><w:tblStylePr w:type="firstRow"><w:tcPr><w:shd w:val="clear" '
        'w:fill="1F3864"/></w:tcPr></w:tblStylePr></w:style></w:styles>'
    )
    white, dark = '<w:color w:val="FFFFFF"/>', '<w:shd w:val="clear" w:color="auto" w:fill="1F3864"/>'

    def a_table(properties: str) -> str:
        cell = f"<w:tc><w:tcPr/>{p(r('in a table', white))}</w:tc>"
        return f"<w:tbl><w:tblPr>{properties}</w:tblPr><w:tr>{cell}</w:tr></w:tbl>"

    body = (
        p(
            r("Seen"),
            r(" GHOST", '<w:rStyle w:val="Child"/>'),
            r(" WHI", white),
            r("TE", white),
            r(" TINY", '<w:sz w:val="2"/>'),
        )
        + p(r("PALE"), properties='<w:pStyle w:val="Pale"/>')
        + p(r("on a bar", white), properties=dark)
        + p(r("marked", f'{white}<w:highlight w:val="black"/>'))
        + a_table('<w:tblStyle w:val="Dark"/>')
        + a_table("")
        + p(r("Box: "), f"<w:r><w:pict><w:txbxContent>{p(r('on a shape', white))}</w:txbxContent></w:pict></w:r>")
    )
    reading = read(a_docx(tmp_path / "a.docx", body, styles=styles))
    assert reading.text == "Seen\n\non a bar\n\nmarked\n\nin a table\n\nBox:\n\non a shape"
    assert [(one.kind, one.text) for one in reading.hidden] == [
        (HiddenKind.HIDDEN_TEXT, " GHOST"),
        (HiddenKind.WHITE, " WHITE"),
        (HiddenKind.TINY, " TINY"),
        (HiddenKind.WHITE, "PALE"),
        (HiddenKind.WHITE, "in a table"),
    ]


def test_clauses_carry_the_numbers_that_word_draws_and_bold_ones_are_headings(tmp_path: Path) -> None:
    levels = (
        '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>'
        '<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1.%2"/></w:lvl>'
        '<w:lvl w:ilvl="2"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="(%3)"/></w:lvl>'
    )
    numbering = (
        f'<w:numbering {W}><w:abstractNum w:abstractNumId="0">{levels}</w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>'
    )

    def clause(level: int, *runs: str) -> str:
        return p(*runs, properties=f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="1"/></w:numPr>')

    body = (
        clause(0, r("Fees", "<w:b/>"))
        + clause(1, r("The fee is EUR 12."))
        + clause(1, deleted("Late fees apply."))
        + clause(0, r("Term", "<w:b/>"))
        + clause(1, r("It ends on 30 June, unless:"))
        + clause(2, r("it is renewed."))
    )
    reading = read(a_docx(tmp_path / "a.docx", body, numbering=numbering))
    assert kinds(reading) == [
        (BlockKind.HEADING, "1. Fees"),
        (BlockKind.LIST, "1.1 The fee is EUR 12."),
        (BlockKind.HEADING, "2. Term"),
        (BlockKind.LIST, "2.1 It ends on 30 June, unless:"),
        (BlockKind.LIST, "(a) it is renewed."),
    ]


def test_ticked_boxes_symbols_and_formulas_are_characters(tmp_path: Path) -> None:
    def box(state: str) -> str:
        data = f"<w:ffData><w:checkBox>{state}</w:checkBox></w:ffData>"
        return f'<w:r><w:fldChar w:fldCharType="begin">{data}</w:fldChar></w:r>'

    maths = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
    body = (
        p(box('<w:default w:val="0"/><w:checked/>'), r(" Yes "), box('<w:default w:val="0"/>'), r(" No"))
        + p('<w:r><w:sym w:font="Wingdings" w:char="F0FE"/></w:r>', r(" Waived"))
        + p(r("EBIT "), f"<m:oMath {maths}><m:r><m:t>a=b+c</m:t></m:r></m:oMath>", r("."))
        + p('<w:r><w:sym w:font="Webdings" w:char="F061"/></w:r>', r("Odd"))
    )
    reading = read(a_docx(tmp_path / "a.docx", body))
    assert reading.text == "☒ Yes ☐ No\n\n☑ Waived\n\nEBIT a=b+c.\n\nOdd"
    assert reading.warnings == ("1 symbol was not read: there is no character for it.",)


@needs_tesseract
def test_pictures_in_the_text_are_read_where_they_stand(tmp_path: Path) -> None:
    a_picture_of(["Annex: the deposit is EUR 4,200."]).save(tmp_path / "a.png")
    Image.new("L", (300, 300), 200).save(tmp_path / "b.png")
    document = docx.Document()
    document.add_paragraph("Before.")
    document.add_picture(str(tmp_path / "a.png"), Inches(6))
    document.add_picture(str(tmp_path / "b.png"), Inches(1))
    document.add_paragraph("After.")
    document.save(str(tmp_path / "a.docx"))
    reading = read(tmp_path / "a.docx")
    assert reading.text == "Before.\n\nAnnex: the deposit is EUR 4,200.\n\nAfter."
    assert reading.warnings == (
        "1 picture in the file shows no words that could be read.",
        "1 picture in the file was read by OCR.",
    )
    unread = read_docx(tmp_path / "a.docx", OcrChoice.NEVER)
    assert unread.text == "Before.\n\nAfter."
    assert unread.warnings == ("2 pictures in the file were not read: reading pictures (OCR) was switched off.",)


@needs_tesseract
def test_a_word_file_of_pictures_alone_is_read_and_its_page_says_how(tmp_path: Path) -> None:
    a_picture_of(["The lease ends on 30 June 2026."]).save(tmp_path / "a.png")
    document = docx.Document()
    document.add_picture(str(tmp_path / "a.png"), Inches(6))
    document.save(str(tmp_path / "a.docx"))
    reading = read(tmp_path / "a.docx")
    assert reading.text == "The lease ends on 30 June 2026."
    assert [page.fate for page in reading.pages] == [Fate.OCR]
    with pytest.raises(UnreadableDocument, match="holds no text. 1 picture in the file was not read: .* switched off"):
        read_docx(tmp_path / "a.docx", OcrChoice.NEVER)


def test_a_template_and_a_document_with_macros_are_read_like_any_other(tmp_path: Path) -> None:
    path = a_docx(tmp_path / "a.docm", p(r("Clause.")))
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    types = "[Content_Types].xml"
    plain = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    for other in (b"ms-word.document.macroEnabled", b"openxmlformats-officedocument.wordprocessingml.template"):
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in content.items():
                archive.writestr(
                    name, data.replace(plain, b"application/vnd." + other + b".main+xml") if name == types else data
                )
        assert format_of(path) is Format.DOCX
        assert read_docx(path).text == "Clause."


def test_a_file_of_the_strict_kind_says_so(tmp_path: Path) -> None:
    with zipfile.ZipFile(path := tmp_path / "a.docx", "w") as archive:
        archive.writestr("word/document.xml", "<document/>")
        archive.writestr("_rels/.rels", '<Relationships x="http://purl.oclc.org/ooxml/officeDocument"/>')
    with pytest.raises(UnreadableDocument, match="Strict Open XML: save it in the usual form"):
        read_docx(path)


def test_figures_stay_under_their_column_where_cells_are_merged(tmp_path: Path) -> None:
    document = docx.Document()
    table = document.add_table(3, 4)
    for place, cell in enumerate(table._cells):
        cell.text = str(place)
    for cell, text in ((table.cell(0, 0), "Segment"), (table.cell(0, 1), "Year"), (table.cell(1, 0), "Castings")):
        cell.text = text
    table.cell(0, 2).text = ""
    table.cell(0, 1).merge(table.cell(0, 2)).text = "Year"
    table.cell(2, 0).text = ""
    table.cell(1, 0).merge(table.cell(2, 0)).text = "Castings"
    document.save(str(tmp_path / "a.docx"))
    assert read(tmp_path / "a.docx").text == "Segment\tYear\t\t3\nCastings\t5\t6\t7\n\t9\t10\t11"
