"""Reading pictures: where tesseract saw the words, and what happens when it cannot."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from core.documents import Fate
from core.errors import UnreadableDocument
from ingest.ocr import OcrChoice, available, languages_installed, read_image, words_of_tsv
from ingest.pdf import OCR_WORKERS, read_pdf
from tests.ingest.pdfs import a_pdf, a_picture_of, line, scanned

needs_tesseract = pytest.mark.skipif(not available(), reason="tesseract is not installed")

LETTER = ["Termination notice", "Total current assets 13,709 14,277", "Fees are due within thirty days of the invoice."]


def a_program(folder: Path, script: str) -> None:
    """Something named tesseract, first on the path."""
    program = folder / "tesseract"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


def test_the_words_of_a_line_stay_together_with_their_boxes() -> None:
    head = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext"
    body = [
        "4\t1\t1\t1\t1\t0\t10\t20\t100\t12\t-1\t",
        "5\t1\t1\t1\t1\t1\t10\t20\t30\t12\t96.5\tTotal",
        "5\t1\t1\t1\t1\t2\t60\t20\t50\t12\t91\t13,709",
        "5\t1\t1\t1\t2\t1\t10\t40\t30\t12\t90\tCash",
        "5\t1\t1\t1\t2\t2\t50\t40\t30\t12\t90\t  ",
    ]
    lines = words_of_tsv("\n".join([head, *body]))
    assert [[word.text for word in words] for words in lines] == [["Total", "13,709"], ["Cash"]]
    assert (lines[0][1].left, lines[0][1].top, lines[0][1].right, lines[0][1].bottom) == (60, 20, 110, 32)


@needs_tesseract
def test_a_scanned_page_is_read_with_its_fate_and_its_boxes(tmp_path: Path) -> None:
    reading = read_pdf(a_pdf(tmp_path / "scan.pdf", scanned(a_picture_of(LETTER))))
    assert reading.pages[0].fate is Fate.OCR
    assert "Total current assets" in reading.text
    assert "13,709" in reading.text
    boxes = [box for block in reading.blocks for box in block.boxes]
    # The print begins one inch from the left and the top edge.
    assert min(box.left for box in boxes) == pytest.approx(72, abs=4)
    assert min(box.top for box in boxes) == pytest.approx(72, abs=12)


@needs_tesseract
@pytest.mark.parametrize("turned", [90, 180])
def test_a_scan_that_lies_on_its_side_or_head_is_read_too(tmp_path: Path, turned: int) -> None:
    picture = a_picture_of([*LETTER * 4])
    turned_picture = picture.rotate(turned, expand=True)
    points = (turned_picture.width * 0.36, turned_picture.height * 0.36)
    reading = read_pdf(a_pdf(tmp_path / "scan.pdf", scanned(turned_picture, size=points), size=points))
    assert "Fees are due within thirty days" in reading.text
    box = reading.blocks[0].boxes[0]
    assert 0 <= box.left < box.right <= points[0] + 1
    assert 0 <= box.top < box.bottom <= points[1] + 1


@needs_tesseract
def test_a_stamp_on_a_scan_does_not_pass_for_its_text(tmp_path: Path) -> None:
    picture = scanned(a_picture_of(LETTER))

    def stamped(canvas: Canvas) -> None:
        picture(canvas)
        line(canvas, 450, 30, "ACME-000123")

    reading = read_pdf(a_pdf(tmp_path / "stamped.pdf", stamped))
    assert reading.pages[0].fate is Fate.OCR
    assert "13,709" in reading.text


def test_without_tesseract_a_scan_is_unreadable_and_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = a_pdf(tmp_path / "scan.pdf", scanned(a_picture_of(LETTER)), lambda canvas: line(canvas, 72, 700, "Typed."))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not available()
    reading = read_pdf(path)
    assert [page.fate for page in reading.pages] == [Fate.UNREADABLE, Fate.TEXT]
    assert "no OCR program (tesseract) is installed" in (reading.pages[0].note or "")
    assert reading.text == "\nTyped."


def test_ocr_that_was_switched_off_leaves_a_scan_unread(tmp_path: Path) -> None:
    reading = read_pdf(a_pdf(tmp_path / "scan.pdf", scanned(a_picture_of(LETTER))), ocr=OcrChoice.NEVER)
    assert reading.pages[0].fate is Fate.UNREADABLE
    assert "switched off" in (reading.pages[0].note or "")


def test_a_failing_program_costs_the_page_and_not_the_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = a_pdf(tmp_path / "scan.pdf", scanned(a_picture_of(LETTER)), lambda canvas: line(canvas, 72, 700, "Typed."))
    a_program(tmp_path, "exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    reading = read_pdf(path)
    assert [page.fate for page in reading.pages] == [Fate.UNREADABLE, Fate.TEXT]
    assert "failed" in (reading.pages[0].note or "")


def test_a_program_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_program(tmp_path, "exec sleep 30")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(UnreadableDocument, match="longer than"):
        read_image(a_picture_of(["x"]), timeout=0.3)


def test_a_language_that_is_no_language_is_refused_before_anything_runs() -> None:
    with pytest.raises(UnreadableDocument, match="names no languages"):
        read_image(a_picture_of(["x"]), languages="eng; rm -rf")


def test_pages_are_read_side_by_side_and_stay_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "running"
    # A program that tells when it starts and ends, and sees the same word on every picture.
    row = "\\t".join(["5", "1", "1", "1", "1", "1", "100", "100", "200", "40", "96", "Seen"])
    a_program(tmp_path, f"echo start >> {log}; sleep 0.4; echo end >> {log}; printf '{row}\\n'")
    path = a_pdf(tmp_path / "scans.pdf", *[scanned(a_picture_of(["x"], scale=0.5))] * 4)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    reading = read_pdf(path)
    assert [page.fate for page in reading.pages] == [Fate.OCR] * 4
    assert all(block.boxes for block in reading.blocks)
    running, most = 0, 0
    for word in log.read_text().split():
        running += 1 if word == "start" else -1
        most = max(most, running)
    assert most == OCR_WORKERS == 2


def test_the_languages_that_were_asked_for_reach_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_program(tmp_path, f'echo "$@" >> {tmp_path}/arguments')
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    read_image(a_picture_of(["x"], scale=0.5), languages="deu+eng")
    assert "-l deu+eng " in (tmp_path / "arguments").read_text()


@needs_tesseract
def test_a_language_that_is_not_installed_leaves_the_page_unreadable_and_says_so(tmp_path: Path) -> None:
    reading = read_pdf(a_pdf(tmp_path / "scan.pdf", scanned(a_picture_of(LETTER))), languages="eng+xxx")
    assert reading.pages[0].fate is Fate.UNREADABLE
    assert "lacks a language" in (reading.pages[0].note or "")
    assert "eng" in languages_installed()
