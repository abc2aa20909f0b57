"""Presentations: what an audience sees, slide by slide; notes and hidden slides are told and not read."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pptx
import pytest
from PIL import Image
from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE
from pptx.enum.shapes import MSO_SHAPE
from pptx.util import Inches, Pt

from core.documents import BlockKind, Fate, HiddenKind
from core.errors import UnreadableDocument
from ingest.ocr import OcrChoice
from ingest.parse import check
from ingest.reading import Reading
from ingest.slides import read_pptx
from tests.ingest.pdfs import a_picture_of
from tests.ingest.test_pictures import needs_tesseract

TITLE_AND_CONTENT, BLANK = 1, 6  # layouts of python-pptx's own template


def read(path: Path) -> Reading:
    reading = read_pptx(path)
    check(reading)
    return reading


def a_png(path: Path) -> Path:
    Image.new("L", (20, 20), 128).save(path)
    return path


def a_deck(path: Path) -> Path:
    deck = pptx.Presentation()
    first = deck.slides.add_slide(deck.slide_layouts[TITLE_AND_CONTENT])
    first.shapes.title.text = "Offer of\vNorthwind"
    first.placeholders[1].text = "The price is EUR 12.\nClosing is on 2 March."
    first.notes_slide.notes_text_frame.text = "Do not say that we would take 10."
    hidden = deck.slides.add_slide(deck.slide_layouts[TITLE_AND_CONTENT])
    hidden.shapes.title.text = "Backup"
    hidden._element.set("show", "0")
    last = deck.slides.add_slide(deck.slide_layouts[BLANK])
    grid = last.shapes.add_table(2, 2, Inches(1), Inches(2), Inches(4), Inches(1)).table
    for place, text in enumerate(["Year", "EBIT", "2025", "(4.2)"]):
        grid.cell(place // 2, place % 2).text = text
    last.shapes.add_textbox(Inches(1), Inches(1), Inches(2), Inches(0.5)).text_frame.text = "Above the table"
    last.shapes.add_textbox(Inches(40), Inches(1), Inches(2), Inches(0.5)).text_frame.text = "beside the slide"
    ghost = last.shapes.add_textbox(Inches(1), Inches(1), Inches(2), Inches(0.5))
    ghost.text_frame.text = "ghost"
    ghost._element.nvSpPr.cNvPr.set("hidden", "1")
    figures = CategoryChartData(number_format="0.0%")  # type: ignore[no-untyped-call]
    figures.categories = ["North", "South"]
    figures.add_series("Share", (0.125, 0.875))  # type: ignore[no-untyped-call]
    last.shapes.add_chart(XL_CHART_TYPE.PIE, Inches(1), Inches(4), Inches(4), Inches(3), figures)
    group = last.shapes.add_group_shape()
    group.shapes.add_textbox(Inches(1), Inches(7.1), Inches(2), Inches(0.2)).text_frame.text = "In a group"
    picture = deck.slides.add_slide(deck.slide_layouts[BLANK])
    picture.shapes.add_picture(str(a_png(path.with_suffix(".png"))), 0, 0)
    deck.save(str(path))
    return path


def test_every_slide_is_a_page_in_reading_order_with_tables_and_charts(tmp_path: Path) -> None:
    reading = read(a_deck(tmp_path / "a.pptx"))
    assert [page.fate for page in reading.pages] == [Fate.TEXT, Fate.BLANK, Fate.TEXT, Fate.UNREADABLE]
    assert reading.pages[0].size == (720.0, 540.0)
    assert reading.title == "Offer of Northwind"
    assert [(block.kind, block.span.of(reading.text)) for block in reading.blocks] == [
        (BlockKind.HEADING, "Offer of Northwind"),
        (BlockKind.LIST, "The price is EUR 12."),
        (BlockKind.LIST, "Closing is on 2 March."),
        (BlockKind.PARAGRAPH, "Above the table"),
        (BlockKind.TABLE, "Year\tEBIT\n2025\t(4.2)"),
        (BlockKind.TABLE, "\tShare\nNorth\t12.5%\nSouth\t87.5%"),
        (BlockKind.PARAGRAPH, "In a group"),
    ]


def test_what_the_audience_does_not_see_is_told_and_not_read(tmp_path: Path) -> None:
    reading = read(a_deck(tmp_path / "a.pptx"))
    assert reading.warnings == (
        "1 hidden slide was not read.",
        "1 hidden passage was not read.",
        "1 passage beside the page was not read.",
        "1 page of speaker notes was not read.",
    )
    assert not any(word in reading.text for word in ("Backup", "ghost", "beside the slide", "take 10"))


def test_a_deck_that_shows_nothing_or_is_broken_is_a_sentence(tmp_path: Path) -> None:
    deck = pptx.Presentation()
    deck.slides.add_slide(deck.slide_layouts[BLANK])
    deck.save(str(tmp_path / "a.pptx"))
    with pytest.raises(UnreadableDocument, match="holds no text"):
        read(tmp_path / "a.pptx")
    (tmp_path / "b.pptx").write_bytes((tmp_path / "a.pptx").read_bytes()[:2000])
    with pytest.raises(UnreadableDocument, match="damaged"):
        read(tmp_path / "b.pptx")


def test_white_and_tiny_text_is_told_and_white_text_on_a_bar_is_read(tmp_path: Path) -> None:
    deck = pptx.Presentation()
    plain, barred = (deck.slides.add_slide(deck.slide_layouts[BLANK]) for _ in range(2))
    for slide in (plain, barred):
        box = slide.shapes.add_textbox(Inches(1), Inches(1), Inches(4), Inches(1)).text_frame.paragraphs[0]
        for text, size, white in (("Seen", 18, False), (" PALE", 18, True), (" TINY", 1, False)):
            run = box.add_run()
            run.text, run.font.size = text, Pt(size)
            if white:
                run.font.color.rgb = RGBColor(255, 255, 255)  # type: ignore[no-untyped-call]
    barred.shapes.add_shape(MSO_SHAPE.RECTANGLE, 0, 0, Inches(9), Inches(3))
    deck.save(str(tmp_path / "a.pptx"))
    reading = read(tmp_path / "a.pptx")
    assert [page.span.of(reading.text) for page in reading.pages] == ["Seen", "Seen PALE"]
    assert [(one.kind, one.page, one.text) for one in reading.hidden] == [
        (HiddenKind.WHITE, 1, "PALE"),
        (HiddenKind.TINY, 1, "TINY"),
        (HiddenKind.TINY, 2, "TINY"),
    ]


@needs_tesseract
def test_a_slide_of_a_picture_alone_is_read_by_ocr(tmp_path: Path) -> None:
    a_picture_of(["The price is EUR 12 million."]).save(tmp_path / "a.png")
    deck = pptx.Presentation()
    deck.slides.add_slide(deck.slide_layouts[BLANK]).shapes.add_picture(str(tmp_path / "a.png"), 0, 0)
    deck.save(str(tmp_path / "a.pptx"))
    reading = read(tmp_path / "a.pptx")
    assert reading.text == "The price is EUR 12 million."
    assert [page.fate for page in reading.pages] == [Fate.OCR]
    with pytest.raises(UnreadableDocument, match="holds no text. 1 picture in the file was not read"):
        read_pptx(tmp_path / "a.pptx", OcrChoice.NEVER)


def test_a_show_is_read_and_comments_are_kept_with_their_words(tmp_path: Path) -> None:
    path = a_deck(tmp_path / "a.pptx")
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    types = "[Content_Types].xml"
    parts[types] = parts[types].replace(b"presentation.main+xml", b"slideshow.main+xml")
    space = 'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
    parts["ppt/comments/comment1.xml"] = f"<p:cmLst {space}><p:cm><p:text>Too low?</p:text></p:cm></p:cmLst>".encode()
    with zipfile.ZipFile(tmp_path / "a.ppsx", "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    reading = read(tmp_path / "a.ppsx")
    assert reading.title == "Offer of Northwind"
    assert (HiddenKind.COMMENT, "Too low?") in [(one.kind, one.text) for one in reading.hidden]


def test_figures_stay_under_their_column_where_cells_are_merged(tmp_path: Path) -> None:
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[BLANK])
    grid = slide.shapes.add_table(2, 3, Inches(1), Inches(2), Inches(4), Inches(1)).table
    for place, text in enumerate(["Year", "", "Total", "1", "2", "3"]):
        grid.cell(place // 3, place % 3).text = text
    grid.cell(0, 0).merge(grid.cell(0, 1))
    deck.save(str(tmp_path / "a.pptx"))
    assert read(tmp_path / "a.pptx").text == "Year\t\tTotal\n1\t2\t3"
