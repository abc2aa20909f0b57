"""Writes the golden documents of the formats other than PDF, and what reading them must give: `make golden`.

Each holds what is lost, or wrongly read, by most readers of its format. Look at the difference.
"""

from __future__ import annotations

import io
import json
import re
import sys
import zipfile
from email.message import EmailMessage
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Run as a script, from wherever: the packages lie at the repository's root.
sys.path.insert(0, str(HERE.parent.parent))

from ingest.formats import Format, format_of  # noqa: E402
from ingest.ocr import OcrChoice  # noqa: E402
from ingest.readers import reader_for  # noqa: E402
from ingest.reading import Reading  # noqa: E402
from tests.ingest.outlook import a_message, an_attachment, save  # noqa: E402
from tests.ingest.test_opendocument import a_style, an_odt  # noqa: E402
from tests.ingest.test_opendocument import p as odt_p  # noqa: E402
from tests.ingest.test_sheets import a_book  # noqa: E402
from tests.ingest.test_slides import a_deck  # noqa: E402
from tests.ingest.test_word import W, a_docx, deleted, inserted, p, r  # noqa: E402


def agreement(path: Path) -> Path:
    """Tracked changes, a comment, a note, a header, a text box, a content control, numbers that Word draws."""
    levels = (
        '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>'
        '<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1.%2"/></w:lvl>'
    )
    numbering = (
        f'<w:numbering {W}><w:abstractNum w:abstractNumId="0">{levels}</w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>'
    )

    def clause(level: int, *runs: str) -> str:
        return p(*runs, properties=f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="1"/></w:numPr>')

    def row(*cells: str) -> str:
        return "<w:tr>" + "".join(f"<w:tc>{p(r(cell))}</w:tc>" for cell in cells) + "</w:tr>"

    body = (
        p(r("SUPPLY AGREEMENT", "<w:b/>"))
        + clause(0, r("Liability", "<w:b/>"))
        + clause(1, r("The cap shall "), inserted(r("not ")), r("exceed EUR "), deleted("5"), inserted(r("7 million.")))
        + clause(1, r("Interest is 8 per cent."), r(" PALE", '<w:color w:val="FFFFFF"/>'), r(" HIDDEN", "<w:vanish/>"))
        + f"<w:sdt><w:sdtPr/><w:sdtContent>{p(r('Governing law: Germany.'))}</w:sdtContent></w:sdt>"
        + p(r("See the box."), f"<w:r><w:pict><w:txbxContent>{p(r('In a text box.'))}</w:txbxContent></w:pict></w:r>")
        + "<w:tbl><w:tblPr/><w:tblGrid><w:gridCol/><w:gridCol/><w:gridCol/></w:tblGrid>"
        + row("", "2025", "2024")
        + row("Fees", "1,200", "(56)")
        + "</w:tbl>"
        + p('<w:r><w:sym w:font="Wingdings" w:char="F0FE"/></w:r>', r(" Waived"))
    )
    notes = f'<w:footnotes {W}><w:footnote w:id="1">{p(r("Net of 19 per cent tax."))}</w:footnote></w:footnotes>'
    comments = f'<w:comments {W}><w:comment w:id="1">{p(r("Is seven agreed?"))}</w:comment></w:comments>'
    return a_docx(path, body, footnotes=notes, comments=comments, numbering=numbering)


def letter(path: Path) -> Path:
    styles = a_style("W", "text", "text", 'fo:color="#ffffff"')
    body = (
        "<text:tracked-changes><text:changed-region><text:deletion><text:p>within 10 days</text:p></text:deletion>"
        '</text:changed-region></text:tracked-changes><text:h text:outline-level="1">Notice</text:h>'
        + odt_p('We terminate<text:span text:style-name="W"> PALE</text:span> the lease on 30 June 2026.')
        + "<table:table><table:table-row><table:table-cell/>"
        + f"<table:table-cell>{odt_p('2025')}</table:table-cell></table:table-row><table:table-row>"
        + f"<table:table-cell>{odt_p('Rent')}</table:table-cell><table:table-cell>{odt_p('1,200')}</table:table-cell>"
        + "</table:table-row></table:table>"
    )
    return an_odt(path, body, styles=styles)


def figures(path: Path) -> Path:
    def row(*cells: str, more: str = "") -> str:
        inner = "".join(f"<table:table-cell>{odt_p(cell) if cell else ''}</table:table-cell>" for cell in cells)
        return f"<table:table-row {more}>{inner}</table:table-row>"

    rows = row("", "2025", "2024") + row("EBIT", "(4.2)", "12.5%") + row("WORKING", more='table:visibility="collapse"')
    return an_odt(path, f'<table:table table:name="Income">{rows}</table:table>', kind=(Format.ODS, "spreadsheet"))


def notice(path: Path) -> Path:
    path.write_bytes(
        rb"{\rtf1\ansi\ansicpg1252{\colortbl;\red255\green255\blue255;}{\stylesheet{\s1\outlinelevel0 heading 1;}}"
        rb"{\header\pard Northwind\par}\pard\s1 Notice\par\pard\plain We terminate{\deleted  at once}{\cf1  PALE}"
        rb"{\v  HIDDEN} on 30 June 2026.{\footnote\pard Clause 4.\par}\par"
        rb"\trowd\cellx1\cellx2\pard\intbl Rent\cell 1,200\cell\row\pard {\*\annotation\pard Sure?\par}\par}"
    )
    return path


def message(path: Path) -> Path:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Anna <anna@example.com>", "bob@example.com", "Kündigung"
    mail["Date"] = "Mon, 02 Mar 2026 10:00:00 +0100"
    mail.set_content("Dear Bob,\n\nwe terminate\nthe agreement.\n")
    mail.add_attachment(b"EUR 12", maintype="text", subtype="plain", filename="fee.txt")
    mail.set_boundary("golden")
    path.write_bytes(mail.as_bytes())
    return path


def outlook(path: Path) -> Path:
    words = {0x0037: "Terms", 0x1000: "Dear Bob,\r\n\r\nsee\r\nbelow.", 0x0C1A: "Anna", 0x0E04: "Bob"}
    return save(path, a_message(words, attachments=[an_attachment("fee.txt", b"EUR 12")]))


BUILDERS = {
    "agreement.docx": agreement,
    "income.xlsx": a_book,
    "offer.pptx": a_deck,
    "letter.odt": letter,
    "figures.ods": figures,
    "notice.rtf": notice,
    "message.eml": message,
    "outlook.msg": outlook,
}
_MOMENT = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
WRITTEN_BY_HAND = ("filing.html",)


def read(path: Path) -> Reading:
    """The reading of a golden document, without OCR: what tesseract sees differs between its versions."""
    return reader_for(format_of(path)).read(path, OcrChoice.NEVER, "eng", lambda *_: None)


def told(reading: Reading) -> dict[str, object]:
    """A reading as JSON: places as [start, end)."""
    return {
        "title": reading.title,
        "parser": reading.parser,
        "warnings": list(reading.warnings),
        "pages": [[page.number, page.label, page.span.start, page.span.end, page.fate.value] for page in reading.pages],
        "blocks": [
            [block.kind.value, block.level, block.span.start, block.span.end, block.span.of(reading.text)]
            for block in reading.blocks
        ],
        "hidden": [[one.kind.value, one.page, one.text] for one in reading.hidden],
        "text": reading.text,
    }


def as_ever(content: bytes) -> bytes:
    """A zip, and those within it, without the moment of writing: building it again changes no byte."""
    if not content.startswith(b"PK"):
        return content
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(target, "w") as written:
        for part in archive.infolist():
            packed = zipfile.ZIP_STORED if part.filename == "mimetype" else zipfile.ZIP_DEFLATED
            inner = as_ever(archive.read(part))
            if part.filename == "docProps/core.xml":
                inner = _MOMENT.sub(b"2026-01-01T00:00:00Z", inner)
            written.writestr(zipfile.ZipInfo(part.filename), inner, packed)
    return target.getvalue()


def main() -> None:
    for name, build in BUILDERS.items():
        path = build(HERE / name)
        path.write_bytes(as_ever(path.read_bytes()))
    (HERE / "offer.png").unlink(missing_ok=True)
    for name in (*BUILDERS, *WRITTEN_BY_HAND):
        expected = json.dumps(told(read(HERE / name)), ensure_ascii=False, indent=1)
        (HERE / f"{name}.json").write_text(expected + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
