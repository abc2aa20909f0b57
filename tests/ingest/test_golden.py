"""What the golden documents are there to show, one claim for each point that a reader of PDFs must get right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core.documents import BlockKind, Chunk, Document, DocumentId, Fate, HiddenKind, Span
from core.privacy import Clearance
from ingest.chunk import chunk
from ingest.ocr import OcrChoice, available
from ingest.pdf import boxes_of, read_pdf, render
from ingest.reading import Reading
from tests.golden.documents import ARABIC, ARABIC_LIGATURE, HEBREW, JAPANESE, UNSEEN, VERTICAL

GOLDEN = Path(__file__).parent.parent / "golden"


def read(name: str) -> Reading:
    return read_pdf(GOLDEN / f"{name}.pdf", ocr=OcrChoice.NEVER)


def texts(reading: Reading, kind: BlockKind) -> list[str]:
    return [block.span.of(reading.text) for block in reading.blocks if block.kind is kind]


def chunks_of(reading: Reading, *, max_tokens: int) -> tuple[Chunk, ...]:
    document = Document(
        id=DocumentId("0" * 64),
        title=reading.title,
        source="golden.pdf",
        media_type=reading.media_type,
        text=reading.text,
        pages=reading.pages,
        blocks=reading.blocks,
        collection="golden",
        clearance=Clearance.RESTRICTED,
        parser=reading.parser,
    )
    return chunk(document, max_tokens=max_tokens, count_tokens=lambda text: len(text.split()))


def ink(name: str, page: int, reading: Reading, span: Span) -> float:
    """The part of the boxes of a span that is dark."""
    picture = render(GOLDEN / f"{name}.pdf", page, scale=2).convert("L")
    dark = whole = 0
    for box in boxes_of(GOLDEN / f"{name}.pdf", page, span, page=reading.pages[page - 1]):
        region = picture.crop((round(2 * box.left), round(2 * box.top), round(2 * box.right), round(2 * box.bottom)))
        dark += sum(region.histogram()[:128])
        whole += region.width * region.height
    return dark / max(whole, 1)


# ── reading order, kinds and labels ───────────────────────────────────────────────────────────────────────────────────


def test_footnotes_are_blocks_of_their_own_and_no_part_of_the_running_text() -> None:
    reading = read("footnotes")
    notes = texts(reading, BlockKind.FOOTNOTE)
    assert len(notes) == 6
    assert notes[0].startswith("1 Net of the deposit of 33,250 that is kept in court")
    assert notes[0].endswith("within 11 months.")
    assert notes[1] == "2 Case number 11 O 114/23."
    assert texts(reading, BlockKind.HEADING) == [
        "22. Contingent Liabilities",
        "24. Pensions",
        "26. Leases of Land and Buildings",
    ]
    assert texts(reading, BlockKind.LIST)[:2] == ["• the claim of the former agent;", "• the claim of the tax office."]
    assert texts(reading, BlockKind.HEADER) == ["Northwind Holdings plc · Notes to the accounts"] * 3


def test_pages_that_the_file_does_not_name_bear_the_number_that_is_printed_on_them() -> None:
    assert [page.label for page in read("footnotes").pages] == ["F-11", "F-12", "F-13"]


def test_the_names_that_the_file_gives_its_pages_come_first() -> None:
    assert [page.label for page in read("labels").pages] == ["iii", "iv", "F-1", "F-2"]


def test_a_turned_page_reads_as_it_is_looked_at_and_its_boxes_lie_on_the_ink() -> None:
    reading = read("rotated")
    upright, *turned = [page.span.of(reading.text) for page in reading.pages[:4]]
    assert "First instalment\t$1,200\t$1,100\nSecond instalment\t2,300\t2,050" in upright
    assert turned == [upright] * 3
    assert reading.pages[4].span.of(reading.text).endswith("\nFiled under seal on 4 March 2024")
    for page in reading.pages:
        word = re.search(r"instalment|seal", page.span.of(reading.text))
        assert word is not None
        assert ink("rotated", page.number, reading, Span(*word.span()).shifted(page.span.start)) > 0.05


def test_a_heading_that_runs_into_its_text_is_the_section_of_the_chunks_under_it() -> None:
    reading = read("run-in-headings")
    found = {piece.text.split("\n")[0][:20]: piece.section for piece in chunks_of(reading, max_tokens=130)}
    term = "4. Term and Termination"
    assert found["4. Term and Terminat"] == f"{term} › (a) Initial Term"
    assert found["(b) Renewal. It is r"] == f"{term} › (b) Renewal"
    # "(c) it ends when …" names no subject, and is not under that of "(b)".
    assert found["(c) it ends when a p"] == term
    assert found["Notices. Every notic"] == f"{term} › Notices"


# ── scripts ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_lines_from_the_right_are_in_logical_order_with_figures_and_latin_words_from_the_left() -> None:
    reading = read("right-to-left")
    assert reading.text.split("\n") == [HEBREW, ARABIC, ARABIC_LIGATURE]


@pytest.mark.parametrize("word", ["12,500", "ישולם", "يدفع", "الأسعار", "Form 10"])
def test_a_span_of_a_line_from_the_right_has_its_boxes_on_the_ink(word: str) -> None:
    reading = read("right-to-left")
    start = reading.text.index(word)
    assert ink("right-to-left", 1, reading, Span(start, start + len(word))) > 0.3


def test_japanese_has_no_blanks_between_glyphs_or_lines_and_columns_are_read_from_the_right() -> None:
    reading = read("japanese")
    assert reading.pages[0].span.of(reading.text) == "".join(JAPANESE)
    upright = reading.pages[1].span.of(reading.text).split("\n")
    # The brackets of vertical lines are those of level ones.
    assert upright == [VERTICAL[0], VERTICAL[1].replace("︵", "(").replace("︶", ")")]


def test_a_quote_from_a_vertical_line_is_marked_down_the_page() -> None:
    reading = read("japanese")
    start = reading.text.index("三十日以内とする")
    (box,) = boxes_of(GOLDEN / "japanese.pdf", 2, Span(start, start + 8), page=reading.pages[1])
    assert box.bottom - box.top > 3 * (box.right - box.left)


def test_ligatures_are_letters_and_words_broken_at_soft_hyphens_are_whole() -> None:
    reading = read("ligatures")
    for word in ("office", "flows", "agreements", "obligations", "warranties"):
        start = reading.text.index(word)
        span = Span(start, start + len(word))
        assert ink("ligatures", 1, reading, span) > 0.3
    assert "\xad" not in reading.text


# ── tables ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_row_of_a_ruled_table_is_one_line_over_however_many_lines_its_cells_run() -> None:
    first = texts(read("tables"), BlockKind.TABLE)[0].split("\n")
    assert [row.count("\t") for row in first] == [2, 2, 2]
    assert first[1].startswith(
        "The Supplier and its affiliates\tDelivers the Goods to the place named in the order, free"
    )
    assert first[1].endswith("until they are accepted.\t30 days")


def test_one_line_of_headings_above_one_row_is_a_table() -> None:
    assert "Director\tFees\tShares\nJane Alder\t120,000\t5,000" in texts(read("tables"), BlockKind.TABLE)


def test_rows_that_nobody_ruled_off_stay_rows() -> None:
    rows = "Item\t2024\t2023\nCash\t1,204\t1,100\nDebt\t873\t870\nEquity\t12\t11"
    assert rows in texts(read("tables"), BlockKind.TABLE)


def test_every_chunk_of_a_long_table_carries_its_units_and_columns_also_on_the_next_page() -> None:
    found = [piece for piece in chunks_of(read("tables"), max_tokens=120) if "Cash flow number" in piece.text]
    assert {page for piece in found for page in piece.pages} == {2, 3}
    assert len(found) > 4
    assert "(in millions, except per share data)\n2024\t2023" in found[0].text
    for piece in found[1:]:
        assert piece.context.endswith("(in millions, except per share data) · 2024 | 2023")


# ── scans ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_one_scan_among_typed_pages_is_unreadable_without_ocr_and_says_so() -> None:
    reading = read("scans")
    assert [page.fate for page in reading.pages] == [Fate.TEXT, Fate.UNREADABLE, Fate.BLANK]
    assert "no text layer" in (reading.pages[1].note or "")


def test_glyphs_without_a_meaning_are_no_text_layer() -> None:
    reading = read("garbage")
    assert [page.fate for page in reading.pages] == [Fate.TEXT, Fate.UNREADABLE]
    assert "broken" in (reading.pages[1].note or "")
    assert reading.text == "Typed page before the broken one.\n"


@pytest.mark.skipif(not available(), reason="tesseract is not installed")
def test_with_ocr_the_scan_is_read_and_the_typed_page_is_not_read_again() -> None:
    reading = read_pdf(GOLDEN / "scans.pdf")
    assert [page.fate for page in reading.pages] == [Fate.TEXT, Fate.OCR, Fate.BLANK]
    assert "Fees are due within thirty days" in reading.text
    assert reading.text.startswith("Typed page before the scan.")


# ── what nobody sees ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_nobody_sees_is_kept_apart_with_its_reason() -> None:
    reading = read("unseen")
    told = {hidden.text.removeprefix(f"{UNSEEN} "): hidden.kind for hidden in reading.hidden}
    assert told == {
        "(invisible)": HiddenKind.INVISIBLE,
        "(white)": HiddenKind.WHITE,
        "(tiny)": HiddenKind.TINY,
        "(off the page)": HiddenKind.OFF_PAGE,
        "(covered)": HiddenKind.COVERED,
        "(coloured)": HiddenKind.WHITE,
        "(under a form)": HiddenKind.COVERED,
        "(comment)": HiddenKind.COMMENT,
    }
    assert UNSEEN not in reading.text
    assert "White on navy is seen." in reading.text
    assert "The last line is seen." in reading.text


def test_a_layer_that_is_off_is_not_read_where_one_that_is_on_stands_in_the_same_place() -> None:
    reading = read("layers")
    assert reading.text.split("\n") == [
        "The fee is due on receipt of the invoice.",
        "English: the price is fixed.",
        "A form on the layer that is on.",
    ]
    assert {hidden.kind for hidden in reading.hidden} == {HiddenKind.LAYER}
    hidden = " ".join(one.text for one in reading.hidden)
    assert all(
        part in hidden for part in ("Deutsch: der Preis ist nicht fest.", UNSEEN, "A form on the layer that is off")
    )
