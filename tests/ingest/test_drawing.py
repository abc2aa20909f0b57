"""A page is drawn in a process of its own: quickly, with its marks, and whatever the file does to it."""

from __future__ import annotations

import io
import time
import zlib
from pathlib import Path

import pytest
from PIL import Image

from core.documents import Box, Fate, Page, Span
from core.errors import UnreadableDocument
from ingest.drawing import MARKER, draw
from ingest.ocr import OcrChoice
from ingest.parse import Limits
from ingest.pdf import MEDIA_TYPE, boxes_of, read_pdf

GOLDEN = Path(__file__).parent.parent / "golden"


def a_bomb(path: Path, content: bytes) -> Path:
    """A page of one letter whose content stream is `content`, packed."""
    packed = zlib.compress(content, 9)
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<<>>>>",
        b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(packed), packed),
    ]
    body = b"%PDF-1.4\n" + b"".join(b"%d 0 obj%s endobj\n" % one for one in enumerate(parts, start=1))
    path.write_bytes(body + b"trailer<</Root 1 0 R/Size 5>>\n%%EOF\n")
    return path


def a_page() -> Page:
    return Page(1, "1", Span(0, 4), Fate.TEXT, (612.0, 792.0))


def test_the_quoted_words_are_marked_where_they_stand() -> None:
    path = GOLDEN / "contract.pdf"
    reading = read_pdf(path, ocr=OcrChoice.NEVER)
    start = reading.text.index("thirty (30) days")
    span = Span(start, start + len("thirty (30) days"))
    drawing = draw(path, reading.pages[0], media_type=MEDIA_TYPE, spans=[span], scale=2)
    assert drawing.boxes == boxes_of(path, 1, span, page=reading.pages[0])
    with Image.open(io.BytesIO(drawing.png)) as picture:
        assert picture.size == (1224, 1584)
        (box,) = drawing.boxes
        assert picture.getpixel((round(2 * box.left), round(2 * box.bottom))) == MARKER
        assert picture.getpixel((10, 10)) == (255, 255, 255)


def test_boxes_stand_in_where_the_places_of_words_are_not_known() -> None:
    box = Box(1, 72, 72, 200, 90)
    page = Page(1, "1", Span(0, 4), Fate.OCR, (612.0, 792.0))
    drawing = draw(
        GOLDEN / "contract.pdf", page, media_type=MEDIA_TYPE, spans=[Span(0, 4)], boxes=[box, Box(2, 0, 0, 9, 9)]
    )
    assert drawing.boxes == (box,)


def test_a_view_is_not_slow() -> None:
    page = read_pdf(GOLDEN / "contract.pdf", ocr=OcrChoice.NEVER).pages[0]
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        draw(GOLDEN / "contract.pdf", page, media_type=MEDIA_TYPE, spans=[page.span])
        seconds.append(time.perf_counter() - started)
    # Nearly all of it is the start of the process. Generous, for a busy machine.
    assert min(seconds) < 2.0


def test_a_page_that_never_ends_is_given_up(tmp_path: Path) -> None:
    bomb = a_bomb(tmp_path / "endless.pdf", b"0 0 m 9 9 l 600 700 300 300 20 900 c S\n" * 3_000_000)
    started = time.perf_counter()
    with pytest.raises(UnreadableDocument, match="longer than|more than"):
        draw(bomb, a_page(), media_type=MEDIA_TYPE, limits=Limits(memory_bytes=2 << 30, seconds=1.0, page_seconds=1.0))
    assert time.perf_counter() - started < 5


def test_a_page_that_takes_all_memory_is_given_up(tmp_path: Path) -> None:
    bomb = a_bomb(tmp_path / "bomb.pdf", b" " * (320 << 20))
    assert bomb.stat().st_size < 1 << 20
    with pytest.raises(UnreadableDocument, match="memory|crashed"):
        draw(bomb, a_page(), media_type=MEDIA_TYPE, limits=Limits(memory_bytes=256 << 20, seconds=20.0))


def test_what_is_no_pdf_any_more_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "gone.pdf"
    path.write_bytes(b"nothing")
    with pytest.raises(UnreadableDocument, match=r"gone\.pdf is not a PDF"):
        draw(path, a_page(), media_type=MEDIA_TYPE)
