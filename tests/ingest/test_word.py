"""Word documents, web pages and e-mails: what a reader would see of them, nothing less, without the network."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import zipfile
from email.message import EmailMessage
from pathlib import Path

import docx
import pytest

from core.documents import BlockKind, HiddenKind
from core.errors import UnreadableDocument
from ingest.mail import read_eml
from ingest.office import read_docx, read_html
from ingest.parse import check
from ingest.reading import Reading

ROOT = Path(__file__).resolve().parents[2]
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
    reading = {".docx": read_docx, ".html": read_html, ".eml": read_eml}[path.suffix](path)
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
        (BlockKind.TABLE, None, "2023\t2022\nRevenue\t\t1,100"),
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


def test_a_web_page_is_read_as_a_browser_shows_it(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        "<html><head><title>Annual report</title><style>p {}</style></head><body><nav>Menu</nav><main><h1>Report</h1>"
        "<p style='display: none'>HIDDEN</p> after <p hidden>HIDDEN</p><div style='visibility:hidden'>HIDDEN</div>"
        "<script>HIDDEN</script><p>Re<b>ven</b>ue of <ix:nonfraction>77</ix:nonfraction></p><p>A</p></main>"
        "<form><label>In a form</label></form><footer>Foot</footer></body></html>"
    )
    reading = read(tmp_path / "a.html")
    assert reading.title == "Annual report"
    assert reading.text == "Menu\n\nReport\n\nafter\n\nRevenue of 77\n\nA\n\nIn a form\n\nFoot"
    assert reading.warnings == ()


def test_tables_of_a_filing_keep_their_rows_with_signs_at_their_amounts(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        "<table><tr><td><p>Laid out</p></td></tr></table>"
        "<table><tr><td></td><td colspan=3>2023</td><td></td><td colspan=3>2022</td></tr>"
        "<tr><td><font>Re</font>venue</td><td>$</td><td>1,234</td><td></td><td></td><td>$</td><td>(56</td><td>)</td></tr>"
        "<tr><td>Margin</td><td></td><td>12.5</td><td>%</td><td></td><td></td><td>—</td><td></td></tr></table>"
        "<table><tr><td>a</td><td></td><td>b</td></tr><tr><td></td><td></td><td>c</td></tr></table>"
    )
    assert kinds(read(tmp_path / "a.html")) == [
        (BlockKind.PARAGRAPH, "Laid out"),
        (BlockKind.TABLE, "2023\t2022\nRevenue\t$1,234\t$(56)\nMargin\t12.5%\t—"),
        (BlockKind.TABLE, "a\tb\n\tc"),
    ]


@pytest.mark.parametrize(
    "content",
    [
        "<meta charset=windows-1252><p>Gebühr €</p>".encode("cp1252"),
        "<meta charset=iso-8859-1><p>Gebühr €</p>".encode("cp1252"),
        "<meta charset=utf-8><p>Gebühr €</p>".encode(),
        "<p>Gebühr €</p>".encode("utf-16"),
        '<?xml version="1.0" encoding="UTF-8"?><html><p>Gebühr €</p></html>'.encode(),
        "<meta charset=no-such-thing><p>Gebühr €</p>".encode(),
    ],
)
def test_a_web_page_is_decoded_as_browsers_do(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.html").write_bytes(content)
    assert read(tmp_path / "a.html").text == "Gebühr €"


@pytest.mark.parametrize(
    "content", ["<html></html>", "<p style='display:none'>x</p>", "<script>x</script>", "<!-- x -->"]
)
def test_a_web_page_that_shows_nothing_is_an_error(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.html").write_text(content)
    with pytest.raises(UnreadableDocument, match="holds no text"):
        read(tmp_path / "a.html")


def test_a_message_tells_who_when_and_what_and_names_what_is_attached(tmp_path: Path) -> None:
    message = EmailMessage()
    message["From"], message["To"] = "Anna <anna@example.com>", "bob@example.com"
    message["Subject"] = "Kündigung"
    message["Date"] = "Mon, 02 Mar 2026 10:00:00 +0100"
    message.set_content("Dear Bob,\n\nwe terminate\nthe agreement.\n")
    message.add_alternative("<p>HTML</p>", subtype="html")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="notice.pdf")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="b.pdf")
    (tmp_path / "a.eml").write_bytes(message.as_bytes())
    reading = read(tmp_path / "a.eml")
    assert reading.title == "Kündigung"
    assert reading.text == (
        "From: Anna <anna@example.com>\nTo: bob@example.com\nDate: Mon, 02 Mar 2026 10:00:00 +0100\n"
        "Subject: Kündigung\nAttachments: notice.pdf, b.pdf\n\nDear Bob,\n\nwe terminate\nthe agreement."
    )
    assert reading.warnings == ()


def test_a_message_of_html_alone_is_read_as_a_page(tmp_path: Path) -> None:
    message = EmailMessage()
    message["Subject"] = "x"
    message.set_content("<p>One</p><table><tr><td>a</td><td>1</td></tr></table>", subtype="html")
    (tmp_path / "a.eml").write_bytes(message.as_bytes())
    assert kinds(read(tmp_path / "a.eml"))[1:] == [(BlockKind.PARAGRAPH, "One"), (BlockKind.TABLE, "a\t1")]


def test_nothing_of_this_asks_the_network(tmp_path: Path) -> None:
    a_docx(tmp_path / "a.docx", p(r("The Supplier shall pay 5 million.")))
    (tmp_path / "a.html").write_text("<p>The Supplier shall pay. <img src='http://example.com/x.png'></p>")
    (tmp_path / "a.eml").write_bytes(b"From: a@example.com\r\nSubject: x\r\nContent-Type: text/html\r\n\r\n<p>Pay.</p>")
    script = (
        "import sys\nfrom pathlib import Path\nasked = []\nsys.modules['torch'] = None\n"  # as the worker does
        "from core.egress import _CONNECTING, _RESOLVING\n"
        "sys.addaudithook(lambda event, _: asked.append(event) if event in _CONNECTING | _RESOLVING else None)\n"
        "from ingest.mail import read_eml\nfrom ingest.office import read_docx, read_html\n"
        f"folder = Path({str(tmp_path)!r})\n"
        "print(len(read_docx(folder / 'a.docx').text), len(read_html(folder / 'a.html').text))\n"
        "print(len(read_eml(folder / 'a.eml').text), asked)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.split() == ["33", "23", "36", "[]"], done.stderr
