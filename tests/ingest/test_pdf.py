"""Reading PDFs: no character lost, every place exact, and every page with its fate."""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from reportlab.pdfgen.canvas import Canvas

from core.documents import BlockKind, Fate, Span
from core.errors import UnreadableDocument
from ingest.ocr import OcrChoice
from ingest.pdf import boxes_of, read_pdf, render
from ingest.reading import Reading
from tests.golden.make import BUILDERS, told
from tests.ingest import pdfs
from tests.ingest.pdfs import a_pdf, line, prose

GOLDEN = Path(__file__).parent.parent / "golden"
HARD = Path(__file__).parents[3] / "shared" / "bench" / "hardpdf" / "files"


def read(path: Path) -> Reading:
    return read_pdf(path, ocr=OcrChoice.NEVER)


def blocks_of(reading: Reading, kind: BlockKind) -> list[str]:
    return [block.span.of(reading.text) for block in reading.blocks if block.kind is kind]


def assert_sound(reading: Reading) -> None:
    """What holds for every reading of every PDF."""
    assert [page.number for page in reading.pages] == list(range(1, len(reading.pages) + 1))
    assert "\n".join(page.span.of(reading.text) for page in reading.pages) == reading.text
    reading.text.encode()
    assert "\0" not in reading.text
    assert all(page.span.end < after.span.start for page, after in itertools.pairwise(reading.pages))
    assert all(block.span.end <= after.span.start for block, after in itertools.pairwise(reading.blocks))
    covered = bytearray(len(reading.text))
    for block in reading.blocks:
        (page,) = [page for page in reading.pages if page.span.contains(block.span)]
        assert page.size is not None
        assert block.span.of(reading.text).strip()
        assert block.boxes
        assert {box.page for box in block.boxes} == {page.number}
        assert (block.level is None) == (block.kind is not BlockKind.HEADING)
        covered[block.span.start : block.span.end] = b"x" * len(block.span)
    assert all(mark or character.isspace() for mark, character in zip(covered, reading.text, strict=True))
    for page in reading.pages:
        assert (page.fate is Fate.UNREADABLE) == (page.note is not None)
        assert bool(page.span) == (page.fate in (Fate.TEXT, Fate.OCR))


def assert_figures_survive(path: Path, reading: Reading) -> None:
    with pdfium.PdfDocument(path) as pdf:
        for page in reading.pages:
            if page.fate is Fate.TEXT:
                own = pdf[page.number - 1].get_textpage().get_text_range()
                assert Counter(re.findall(r"[0-9]+", own)) == Counter(re.findall(r"[0-9]+", page.span.of(reading.text)))


@pytest.mark.parametrize("name", sorted(BUILDERS))
def test_a_golden_document_reads_as_it_did(name: str) -> None:
    path = GOLDEN / f"{name}.pdf"
    reading = read(path)
    assert_sound(reading)
    assert_figures_survive(path, reading)
    assert json.loads(json.dumps(told(reading))) == json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))


# In the others pdfium's own view of a rectangle is no measure: it is turned, cropped, or reads the other way.
PLAIN = sorted(set(BUILDERS) - {"garbage", "japanese", "ligatures", "right-to-left", "rotated", "unseen"})


@pytest.mark.parametrize("name", PLAIN)
def test_every_word_lies_in_the_boxes_that_are_shown_for_it(name: str) -> None:
    path = GOLDEN / f"{name}.pdf"
    reading = read(path)
    with pdfium.PdfDocument(path) as pdf:
        for page in reading.pages:
            opened = pdf[page.number - 1]
            characters = opened.get_textpage()
            words = list(re.finditer(r"\S+", page.span.of(reading.text)))
            for word in words[:: max(len(words) // 12, 1)]:
                span = Span(word.start(), word.end()).shifted(page.span.start)
                found = boxes_of(path, page.number, span, page=page)
                assert {box.page for box in found} == {page.number}
                height = opened.get_height()
                shown = "".join(
                    characters.get_text_bounded(box.left, height - box.bottom, box.right, height - box.top)
                    for box in found
                )
                assert re.sub(r"\s", "", word[0]) in re.sub(r"\s", "", shown)


def test_the_row_of_a_table_is_one_line_with_its_figures() -> None:
    reading = read(GOLDEN / "annual-report.pdf")
    (table,) = blocks_of(reading, BlockKind.TABLE)
    assert "Cash and cash equivalents\t$13,709\t$14,277" in table.split("\n")
    assert "Retained earnings (deficit)\t(1,204)\t(873)" in table.split("\n")
    assert table.startswith("(in millions, except per share data)\n2024\t2023\n")


def test_what_repeats_at_the_edges_of_pages_is_header_and_footer_and_still_in_the_text() -> None:
    reading = read(GOLDEN / "annual-report.pdf")
    assert blocks_of(reading, BlockKind.HEADER) == ["Northwind Holdings plc\tAnnual Report 2024"] * 4
    assert blocks_of(reading, BlockKind.FOOTER) == ["1", "2", "3", "4"]


def test_page_labels_are_those_that_the_file_gives() -> None:
    assert [page.label for page in read(GOLDEN / "annual-report.pdf").pages] == ["i", "1", "2", "3", "4"]
    assert [page.label for page in read(GOLDEN / "contract.pdf").pages] == ["1", "2"]


def test_headings_stand_above_the_clauses_under_them() -> None:
    reading = read(GOLDEN / "contract.pdf")
    headings = {block.span.of(reading.text): block.level for block in reading.blocks if block.kind is BlockKind.HEADING}
    assert list(headings) == [
        "Master Supply Agreement",
        "ARTICLE I DEFINITIONS",
        "1.2 Payment Terms",
        "ARTICLE II TERM",
        "2.1 Termination",
    ]
    assert list(headings.values()) == [1, 2, 3, 2, 3]
    assert blocks_of(reading, BlockKind.LIST) == ["(a) by bank transfer; or", "(b) by a letter of credit."]


def test_a_clause_whose_number_hangs_in_the_margin_is_one_piece_of_prose() -> None:
    reading = read(GOLDEN / "amendment.pdf")
    clauses = blocks_of(reading, BlockKind.LIST)
    assert [clause.split()[0] for clause in clauses] == ["2.1", "“8.2", "“8.2(a)", "[9A.", "§", "5"]
    assert clauses[1].startswith("“8.2 The Customer shall pay each invoice within thirty (30) days. The Supplier")
    assert clauses[1].endswith("usual in the trade.")
    assert "\t" not in "".join(clauses)


def test_in_a_document_of_two_pages_small_print_at_the_same_place_is_a_running_header() -> None:
    reading = read(GOLDEN / "amendment.pdf")
    assert blocks_of(reading, BlockKind.HEADER) == ["Alder / Birch – Amendment No. 1\tExecution version"] * 2


def test_columns_are_read_one_after_the_other() -> None:
    text = read(GOLDEN / "two-columns.pdf").text
    places = [text.index(part) for part in ("Market", "Left column begins", "Left column ends", "Right column begins")]
    assert places == sorted(places)


def test_a_quote_over_two_lines_has_a_box_for_each() -> None:
    path = GOLDEN / "contract.pdf"
    reading = read(path)
    start = reading.text.index("place\nnamed")
    first, second = boxes_of(path, 1, Span(start, start + len("place\nnamed")), page=reading.pages[0])
    assert first.bottom <= second.top + 3
    assert first.left > second.left


def test_a_span_of_another_page_has_no_boxes_here() -> None:
    path = GOLDEN / "contract.pdf"
    reading = read(path)
    assert boxes_of(path, 1, reading.pages[1].span, page=reading.pages[0]) == ()


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_turned_page_has_its_boxes_where_a_viewer_shows_them(tmp_path: Path, rotation: int) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setPageRotation(rotation)
        line(canvas, 100, 300, "Indemnity")
        line(canvas, 100, 280, "Other words below it")

    path = a_pdf(tmp_path / "turned.pdf", draw, size=(400, 600))
    reading = read(path)
    assert_sound(reading)
    assert reading.text == "Indemnity\nOther words below it"
    # reportlab turns the sheet along with the page, so that what is shown keeps its size.
    assert reading.pages[0].size == (400, 600)
    (box,) = boxes_of(path, 1, Span(0, 9), page=reading.pages[0])
    picture = render(path, 1, scale=2).convert("L")
    ink = picture.point(lambda grey: 255 if grey < 128 else 0).crop(
        (round(box.left * 2), round(box.top * 2), round(box.right * 2), round(box.bottom * 2))
    )
    whole = sum(picture.histogram()[:128])
    assert 0.2 * whole < sum(ink.histogram()[128:]) < 0.6 * whole


def test_text_drawn_sideways_reads_as_lines_of_its_own(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        prose(canvas, 72, 700, pdfs.LOREM)
        canvas.translate(40, 300)
        canvas.rotate(90)
        line(canvas, 0, 0, "Filed under seal")

    path = a_pdf(tmp_path / "sideways.pdf", draw)
    reading = read(path)
    assert_sound(reading)
    assert reading.text.endswith("\nFiled under seal")
    start = reading.text.index("Filed")
    (box,) = boxes_of(path, 1, Span(start, start + 5), page=reading.pages[0])
    assert box.bottom == pytest.approx(792 - 300, abs=1)
    assert box.bottom - box.top > box.right - box.left


def test_a_cropped_page_counts_from_the_corner_that_is_shown(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setCropBox((50, 100, 550, 700))
        line(canvas, 60, 600, "Cropped")

    reading = read(a_pdf(tmp_path / "cropped.pdf", draw))
    assert reading.pages[0].size == (500, 600)
    assert reading.blocks[0].boxes[0].left == pytest.approx(10, abs=0.5)
    assert reading.blocks[0].boxes[0].bottom == pytest.approx(100, abs=4)


def test_a_compound_that_was_broken_at_its_hyphen_is_whole_again(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        line(canvas, 72, 700, "The company repaid all of its long-")
        line(canvas, 72, 688, "term debt in the year 2024 and before.")

    path = a_pdf(tmp_path / "hyphen.pdf", draw)
    reading = read(path)
    assert reading.text == "The company repaid all of its long-term\ndebt in the year 2024 and before."
    start = reading.text.index("long-term")
    boxes = boxes_of(path, 1, Span(start, start + 9), page=reading.pages[0])
    assert len(boxes) == 2


def test_where_the_typesetter_hyphenates_the_hyphen_is_no_part_of_the_word(tmp_path: Path) -> None:
    halves = [("agree", "ment"), ("par", "ties"), ("obli", "gation"), ("indem", "nity"), ("war", "ranty")]

    def draw(canvas: Canvas) -> None:
        y = 700.0
        rest = ""
        for first, second in halves:
            line(canvas, 72, y, f"{rest} and so it is with this very {first}-".strip())
            rest, y = second, y - 12
        line(canvas, 72, y, f"{rest} in the end of the text")

    text = read(a_pdf(tmp_path / "hyphens.pdf", draw)).text
    for first, second in halves:
        assert f"{first}{second}\n" in text


def test_a_figure_with_the_mark_of_a_footnote_keeps_its_value(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        line(canvas, 72, 700, "Revenue was 13,709")
        canvas.setFont("Times-Roman", 6)
        canvas.drawString(72 + canvas.stringWidth("Revenue was 13,709", "Times-Roman", 10), 704, "1")
        line(canvas, 72, 680, "All figures are in millions.")

    assert read(a_pdf(tmp_path / "mark.pdf", draw)).text == "Revenue was 13,709 1\nAll figures are in millions."


def test_the_number_below_the_last_line_is_the_page_number_wherever_it_stands(tmp_path: Path) -> None:
    def page(number: int) -> pdfs.Draw:
        def draw(canvas: Canvas) -> None:
            y = prose(canvas, 72, 700, pdfs.LOREM * number)
            line(canvas, 300, y - 20, str(number + 20))

        return draw

    reading = read(a_pdf(tmp_path / "floating.pdf", *map(page, range(1, 5))))
    assert blocks_of(reading, BlockKind.FOOTER) == ["21", "22", "23", "24"]


def test_what_was_typed_into_a_form_is_read(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        line(canvas, 72, 700, "Name of the buyer:")
        canvas.acroForm.textfield(name="buyer", value="Alder Holding GmbH", x=200, y=690, width=200, height=20)

    path = a_pdf(tmp_path / "form.pdf", draw)
    reading = read(path)
    assert "Alder Holding GmbH" in reading.text
    start = reading.text.index("Alder")
    (box,) = boxes_of(path, 1, Span(start, start + 5), page=reading.pages[0])
    assert box.left == pytest.approx(202, abs=4)


def test_an_empty_page_is_blank_and_a_drawn_one_is_not(tmp_path: Path) -> None:
    reading = read(
        a_pdf(
            tmp_path / "pages.pdf",
            lambda _: None,
            lambda canvas: line(canvas, 72, 700, "Words."),
            lambda canvas: canvas.circle(300, 400, 100, fill=1),
        )
    )
    assert_sound(reading)
    assert [page.fate for page in reading.pages] == [Fate.BLANK, Fate.TEXT, Fate.UNREADABLE]
    assert reading.text == "\nWords.\n"


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Credit Agreement", "Credit Agreement"),
        ("Microsoft Word - d10k.doc", "Purchase Agreement"),
        ("untitled", "Purchase Agreement"),
        ("0001193125-22-123456", "Purchase Agreement"),
        ("contract final.docx", "Purchase Agreement"),
        ("2024", "Purchase Agreement"),
        ("", "Purchase Agreement"),
    ],
)
def test_the_title_is_one_that_a_person_would_give(tmp_path: Path, title: str, expected: str) -> None:
    def draw(canvas: Canvas) -> None:
        line(canvas, 72, 700, "Purchase Agreement", size=20)
        prose(canvas, 72, 660, pdfs.LOREM)

    assert read(a_pdf(tmp_path / "file.pdf", draw, title=title)).title == expected


def test_without_any_title_the_file_name_stands(tmp_path: Path) -> None:
    path = a_pdf(tmp_path / "Side letter.pdf", lambda canvas: line(canvas, 72, 700, "Dear Sirs, we agree."))
    assert read(path).title == "Side letter"


def test_a_file_that_needs_a_password_says_so(tmp_path: Path) -> None:
    path = a_pdf(tmp_path / "locked.pdf", lambda canvas: line(canvas, 72, 700, "Secret"), password="open sesame")
    with pytest.raises(UnreadableDocument, match="locked.pdf is encrypted.*password"):
        read(path)


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7\n", b"not a PDF at all", b"\0" * 5000])
def test_what_is_no_pdf_is_refused_with_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.pdf"
    path.write_bytes(content)
    with pytest.raises(UnreadableDocument, match=r"^broken\.pdf is .*\.$"):
        read(path)


def test_a_file_that_was_cut_short_is_refused_or_says_so(tmp_path: Path) -> None:
    whole = (GOLDEN / "annual-report.pdf").read_bytes()
    path = tmp_path / "cut.pdf"
    for part in range(1, 10):
        path.write_bytes(whole[: part * len(whole) // 10])
        try:
            reading = read(path)
        except UnreadableDocument:
            continue
        assert_sound(reading)
        assert any("cut short" in warning for warning in reading.warnings)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocument, match=r"gone\.pdf"):
        read(tmp_path / "gone.pdf")


def test_every_page_is_told_of_as_it_is_read() -> None:
    told_of: list[tuple[int, int]] = []
    read_pdf(GOLDEN / "contract.pdf", on_page=lambda number, of: told_of.append((number, of)))
    assert told_of == [(1, 2), (2, 2)]


def test_a_page_is_rendered_at_the_scale_asked_for() -> None:
    assert render(GOLDEN / "contract.pdf", 1, scale=1).size == (612, 792)
    with pytest.raises(UnreadableDocument, match="has no page 9"):
        render(GOLDEN / "contract.pdf", 9)


@pytest.mark.skipif(not HARD.is_dir(), reason="the corpus of hard PDFs is not there")
def test_hard_files_are_read_soundly_or_refused() -> None:
    for path in sorted(HARD.glob("*.pdf"))[::5]:
        if path.stat().st_size > 400_000:
            continue
        try:
            reading = read(path)
        except UnreadableDocument as error:
            assert str(error).endswith(".")
        else:
            assert_sound(reading)


def test_reading_twice_gives_the_same(tmp_path: Path) -> None:
    first, second = (read(pdfs.contract(tmp_path / f"{name}.pdf")) for name in "ab")
    assert first == second
