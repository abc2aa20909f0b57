"""Spreadsheets: numbers in, numbers out, as they are shown; what is hidden is told and not read."""

from __future__ import annotations

import re
import zipfile
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.drawing.image import Image as Picture
from openpyxl.styles import Font, PatternFill
from openpyxl.styles.colors import Color
from openpyxl.worksheet.table import Table, TableStyleInfo

from core.documents import BlockKind, Fate, HiddenKind
from core.errors import UnreadableDocument
from ingest.formats import Format
from ingest.parse import check
from ingest.reading import Reading
from ingest.sheets import read_csv, read_xlsx
from tests.ingest.pdfs import a_picture_of
from tests.ingest.test_pictures import needs_tesseract


def read(path: Path) -> Reading:
    reading = read_xlsx(path) if path.suffix == ".xlsx" else read_csv(path, form=Format.CSV)
    check(reading)
    return reading


def a_book(path: Path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Income"
    sheet["B2"] = "In EUR million"
    for place, value in {"B4": "Year", "C4": 2025, "D4": 2024, "B5": "Revenue", "C5": 1234.5, "D5": -99.25}.items():
        sheet[place] = value
    for place in ("C5", "D5"):
        sheet[place].number_format = "#,##0.0_);(#,##0.0)"
    sheet["B6"], sheet["C6"], sheet["D6"] = "Margin", 0.125, "two\nlines"
    sheet["C6"].number_format = "0.0%"
    sheet["B7"], sheet["C7"] = "As of", datetime.fromisoformat("2026-03-02")
    sheet["C7"].number_format = "d mmm yyyy"
    sheet.merge_cells("B9:D9")
    sheet["B9"] = "Unaudited."
    book.create_sheet("Empty")
    other = book.create_sheet("Notes")
    other["A1"] = "All amounts are net."
    book.save(path)
    return path


def test_every_sheet_is_a_page_and_every_row_a_line_as_it_is_shown(tmp_path: Path) -> None:
    reading = read(a_book(tmp_path / "a.xlsx"))
    assert [(page.label, page.fate) for page in reading.pages] == [
        ("Income", Fate.TEXT),
        ("Empty", Fate.BLANK),
        ("Notes", Fate.TEXT),
    ]
    assert [(block.kind, block.span.of(reading.text)) for block in reading.blocks] == [
        (BlockKind.HEADING, "Income"),
        (BlockKind.PARAGRAPH, "In EUR million"),
        (
            BlockKind.TABLE,
            "Year\t2025\t2024\nRevenue\t1,234.5\t(99.3)\nMargin\t12.5%\ttwo lines\nAs of\t2 Mar 2026",
        ),
        (BlockKind.PARAGRAPH, "Unaudited."),
        (BlockKind.HEADING, "Notes"),
        (BlockKind.PARAGRAPH, "All amounts are net."),
    ]
    assert reading.warnings == ()


def test_what_no_one_sees_in_a_workbook_is_not_read_and_told(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(a_book(tmp_path / "a.xlsx"))
    sheet = book["Income"]
    sheet.row_dimensions[6].hidden = True
    sheet.column_dimensions["D"].hidden = True
    sheet["B7"].comment = Comment("Is this right?", "anna")
    sheet["B9"].font = Font(color="FFFFFFFF")
    sheet["C4"].number_format = ";;;"
    book["Notes"].sheet_state = "hidden"
    very = book.create_sheet("Very")
    very["A1"], very.sheet_state = "secret", "veryHidden"
    book.save(tmp_path / "b.xlsx")
    reading = read(tmp_path / "b.xlsx")
    assert reading.text == "Income\n\nIn EUR million\n\nYear\nRevenue\t1,234.5\nAs of\t2 Mar 2026"
    assert reading.warnings == (
        "2 hidden sheets were not read.",
        "1 hidden row was not read.",
        "1 hidden column was not read.",
        "1 hidden passage was not read.",
        "1 passage in the colour of its background was not read.",
        "1 comment was not read.",
    )
    assert (HiddenKind.COMMENT, 1, "Is this right?") in [(one.kind, one.page, one.text) for one in reading.hidden]
    assert (HiddenKind.HIDDEN_SHEET, None, "secret") in [(one.kind, one.page, one.text) for one in reading.hidden]


def test_a_formula_is_read_as_its_stored_result_and_one_without_is_told(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active["A1"], book.active["A2"] = 7, "=A1*2"
    book.active["B2"] = "=A1*3"
    book.save(tmp_path / "a.xlsx")
    assert read(tmp_path / "a.xlsx").warnings == (
        "2 formulas have no stored result and could not be read: open the file in Excel and save it.",
    )
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = re.sub(rb"(<f>A1\*2</f>)<v ?(?:/>|></v>)", rb"\1<v>14</v>", parts[sheet])
    with zipfile.ZipFile(tmp_path / "b.xlsx", "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    reading = read(tmp_path / "b.xlsx")
    assert reading.text == "Sheet\n\n7\n14"
    assert reading.warnings[0].startswith("1 formula has")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("Name;Betrag\nMüller;1.234,50\n\nSumme;2\n", "Name\tBetrag\nMüller\t1.234,50\n\nSumme\t2"),
        ('a,b\n"x, y","line\nbreak"\n,3\n', "a\tb\nx, y\tline break\n\t3"),
        ("sep=|\r\na|b\r\n", "a\tb"),
        ("only\none\ncolumn\n", "only\none\ncolumn"),
        ("Amount\tNote\n1,000\tx, y\n", "Amount\tNote\n1,000\tx, y"),
    ],
)
def test_a_table_in_plain_text_keeps_its_cells_as_they_stand(tmp_path: Path, content: str, text: str) -> None:
    (tmp_path / "a.csv").write_text(content, newline="")
    assert read(tmp_path / "a.csv").text == text


def test_a_workbook_that_shows_nothing_or_is_broken_is_a_sentence(tmp_path: Path) -> None:
    openpyxl.Workbook().save(tmp_path / "a.xlsx")
    with pytest.raises(UnreadableDocument, match="holds no text"):
        read(tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "b.xlsx", "w") as archive:
        archive.writestr("xl/workbook.xml", "<broken")
    with pytest.raises(UnreadableDocument, match="damaged"):
        read(tmp_path / "b.xlsx")


DRAWN = """<xdr:oneCellAnchor xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><xdr:from><xdr:col>0</xdr:col><xdr:row>{row}</xdr:row>
</xdr:from><xdr:sp><xdr:nvSpPr><xdr:cNvPr id="9" name="x"{hidden}/></xdr:nvSpPr><xdr:txBody>
<a:p><a:r><a:t>{text}</a:t></a:r>
</a:p></xdr:txBody></xdr:sp></xdr:oneCellAnchor>"""


def with_shapes(path: Path, *shapes: str) -> Path:
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    drawing = parts["xl/drawings/drawing1.xml"]
    end = drawing.rindex(b"</")
    parts["xl/drawings/drawing1.xml"] = drawing[:end] + "".join(shapes).encode() + drawing[end:]
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def test_text_in_shapes_and_the_figures_of_charts_follow_the_rows(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (("Region", "Share"), ("North", 0.125), ("South", 0.875)):
        sheet.append(row)
    chart = BarChart()
    chart.title = "Share by region"
    chart.add_data(Reference(sheet, min_col=2, min_row=1, max_row=3), titles_from_data=True)
    sheet.add_chart(chart, "D9")
    book.save(tmp_path / "a.xlsx")
    shapes = [
        DRAWN.format(row=1, text="All figures are unaudited.", hidden=""),
        DRAWN.format(row=2, text="ghost", hidden=' hidden="1"'),
    ]
    reading = read(with_shapes(tmp_path / "a.xlsx", *shapes))
    assert [(block.kind, block.span.of(reading.text)) for block in reading.blocks] == [
        (BlockKind.HEADING, "Sheet"),
        (BlockKind.TABLE, "Region\tShare\nNorth\t0.125\nSouth\t0.875"),
        (BlockKind.PARAGRAPH, "All figures are unaudited."),
        (BlockKind.TABLE, "Share by region"),
    ]
    assert [(one.kind, one.page, one.text) for one in reading.hidden] == [(HiddenKind.HIDDEN_TEXT, 1, "ghost")]


def test_white_of_a_theme_and_tiny_letters_are_told_and_white_in_a_styled_table_is_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(("Seen", "Pale", "Tiny"))
    sheet["B1"].font, sheet["C1"].font = Font(color=Color(theme=0)), Font(sz=1)
    sheet.append(("On navy",))
    sheet["A2"].font, sheet["A2"].fill = Font(color="FFFFFFFF"), PatternFill("solid", fgColor="FF000080")
    sheet["A4"], sheet["A5"] = "Region", "North"
    sheet["A4"].font = Font(color=Color(theme=0))
    table = Table(displayName="T", ref="A4:A5")
    table.tableStyleInfo = TableStyleInfo(name="TableStyleMedium2", showRowStripes=True)
    sheet.add_table(table)
    book.save(tmp_path / "a.xlsx")
    reading = read(tmp_path / "a.xlsx")
    assert reading.text == "Sheet\n\nSeen\nOn navy\n\nRegion\nNorth"
    assert [(one.kind, one.text) for one in reading.hidden] == [(HiddenKind.WHITE, "Pale"), (HiddenKind.TINY, "Tiny")]


@needs_tesseract
def test_a_picture_on_a_sheet_is_read(tmp_path: Path) -> None:
    a_picture_of(["The deposit is EUR 4,200."]).save(tmp_path / "a.png")
    book = openpyxl.Workbook()
    book.active.add_image(Picture(tmp_path / "a.png"), "A1")
    book.save(tmp_path / "a.xlsx")
    reading = read(tmp_path / "a.xlsx")
    assert reading.text == "Sheet\n\nThe deposit is EUR 4,200."
    assert [page.fate for page in reading.pages] == [Fate.OCR]
    assert reading.warnings == ("1 picture in the file was read by OCR.",)
