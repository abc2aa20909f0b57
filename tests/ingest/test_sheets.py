"""Spreadsheets: numbers in, numbers out, as they are shown; what is hidden is told and not read."""

from __future__ import annotations

import re
import zipfile
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.styles import Font

from core.documents import BlockKind, Fate, HiddenKind
from core.errors import UnreadableDocument
from ingest.formats import Format
from ingest.parse import check
from ingest.reading import Reading
from ingest.sheets import read_csv, read_xlsx


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
