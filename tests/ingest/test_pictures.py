"""Pictures of pages are read page by page, and say so when they cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from app.service import App
from core.documents import Fate, Span
from core.errors import UnreadableDocument
from ingest.formats import Format, format_of
from ingest.ocr import OcrChoice, available
from ingest.parse import check
from ingest.pictures import read_picture
from ingest.reading import Reading
from tests.ingest.pdfs import a_picture_of

needs_tesseract = pytest.mark.skipif(not available(), reason="tesseract is not installed")

LETTER = ["Termination notice", "The agreement ends on 30 June 2026.", "Fees of EUR 1,250 fall due."]


def read(path: Path, ocr: OcrChoice = OcrChoice.AUTO) -> Reading:
    reading = read_picture(path, form=format_of(path), ocr=ocr, languages="eng")
    check(reading)
    return reading


@needs_tesseract
def test_a_picture_is_read_with_its_boxes_whatever_it_is_saved_as(tmp_path: Path) -> None:
    for name in ("a.png", "a.jpg", "a.tif"):
        a_picture_of(LETTER).convert("RGB").save(tmp_path / name, dpi=(200, 200))
        reading = read(tmp_path / name)
        assert [page.fate for page in reading.pages] == [Fate.OCR]
        assert "30 June 2026" in reading.text
        assert reading.media_type == format_of(tmp_path / name)
        assert all(box.page == 1 for block in reading.blocks for box in block.boxes)
        assert any(block.boxes for block in reading.blocks)


@needs_tesseract
def test_every_page_of_a_fax_has_its_fate(tmp_path: Path) -> None:
    first, last = a_picture_of(LETTER), a_picture_of(["Annex: EUR 99 per month"])
    white = Image.new("L", first.size, 255)
    first.save(tmp_path / "a.tiff", save_all=True, append_images=[white, last], dpi=(200, 200))
    reading = read(tmp_path / "a.tiff")
    assert [page.fate for page in reading.pages] == [Fate.OCR, Fate.BLANK, Fate.OCR]
    assert "EUR 99" in reading.pages[2].span.of(reading.text)


@needs_tesseract
def test_transparent_paper_is_white(tmp_path: Path) -> None:
    letters = a_picture_of(LETTER).convert("L")
    clear = Image.new("RGBA", letters.size, (0, 0, 0, 0))
    clear.putalpha(letters.point(lambda value: 255 - value))
    clear.save(tmp_path / "a.png")
    assert "1,250" in read(tmp_path / "a.png").text


def test_without_ocr_a_picture_is_unreadable_and_says_why(tmp_path: Path) -> None:
    a_picture_of(LETTER).save(tmp_path / "a.png")
    (page,) = read(tmp_path / "a.png", OcrChoice.NEVER).pages
    assert page.fate is Fate.UNREADABLE
    assert "OCR" in str(page.note)


def test_a_damaged_picture_and_one_of_too_many_pixels_are_sentences(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.png"
    a_picture_of(LETTER).save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:60])
    with pytest.raises(UnreadableDocument, match="damaged"):
        read(path)
    path.write_bytes(whole)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(UnreadableDocument, match="more pixels"):
        read(path)


@needs_tesseract
def test_a_picture_is_shown_with_its_words_marked(app: App, tmp_path: Path) -> None:
    a_picture_of(LETTER).save(tmp_path / "a.png", dpi=(200, 200))
    app.ingest([tmp_path / "a.png"], collection="deal", by="anna")
    (record,) = app.documents("deal")
    assert record.media_type == Format.PNG
    document = app.document(record.document_id)
    plain = app.page_view(document.id, 1)
    marked = app.page_view(document.id, 1, highlight=[Span(0, len(document.text))])
    assert plain.image is not None
    assert marked.image is not None
    assert plain.image != marked.image
