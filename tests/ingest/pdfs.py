"""PDF files of our own making for the tests: builders that draw a page as filings, contracts and scanners make them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.pagesizes import letter
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

Draw = Callable[[Canvas], None]

BODY = "Times-Roman"
BOLD = "Times-Bold"
LOREM = (
    "The Supplier shall deliver the Goods to the Customer at the place named in the order and at the price agreed in "
    "writing. Title passes on payment in full, and risk passes on delivery. Each party keeps the other informed of "
    "anything that may delay the performance of this Agreement, and neither party is liable for what it could not "
    "foresee or prevent with the care that is usual in the trade. "
)


def a_pdf(
    path: Path,
    *pages: Draw,
    title: str = "",
    size: tuple[float, float] = letter,
    password: str | None = None,
    labels: Sequence[tuple[int, str, int]] = (),
) -> Path:
    """Writes a PDF with one page for each of `pages`.

    `labels`: (index of the first page, "r" for roman, "D" for arabic or what stands before it, first number).
    """
    canvas = Canvas(
        str(path),
        pagesize=size,
        invariant=1,
        encrypt=StandardEncryption(password, ownerPassword="owner") if password else None,
    )
    canvas.setTitle(title)
    for index, style, first in labels:
        prefix = style if style not in ("r", "D") else None
        canvas.addPageLabel(index, "ROMAN_LOWER" if style == "r" else "ARABIC", first, prefix)
    for draw in pages:
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return path


def line(canvas: Canvas, x: float, y: float, text: str, *, font: str = BODY, size: float = 10) -> None:
    canvas.setFont(font, size)
    canvas.drawString(x, y, text)


def right(canvas: Canvas, x: float, y: float, text: str, *, font: str = BODY, size: float = 10) -> None:
    canvas.setFont(font, size)
    canvas.drawRightString(x, y, text)


def wrapped(text: str, width: float, *, font: str = BODY, size: float = 10) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        if lines and stringWidth(f"{lines[-1]} {word}", font, size) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def prose(canvas: Canvas, x: float, y: float, text: str, *, width: float = 468, size: float = 10) -> float:
    """Draws a paragraph and returns the baseline at which the next one may begin."""
    for words in wrapped(text, width, size=size):
        line(canvas, x, y, words, size=size)
        y -= 1.2 * size
    return y - 0.8 * size


def balance_sheet(canvas: Canvas, y: float, rows: Sequence[tuple[str, str, str]], *, signs: bool = True) -> float:
    """Rows of a label and two figures, the "$" of the first row at its column's left edge, as filings print them."""
    for index, (label, first, second) in enumerate(rows):
        line(canvas, 72, y, label)
        for edge, figure in ((440, first), (540, second)):
            if signs and index == 0:
                line(canvas, edge - 70, y, "$")
            # The closing bracket hangs in a column of its own.
            right(canvas, edge, y, figure.rstrip(")"))
            if figure.endswith(")"):
                line(canvas, edge + 1, y, ")")
        y -= 14
    return y


def a_picture_of(lines: Sequence[str], *, scale: float = 200 / 72, turned: int = 0) -> Image.Image:
    """A letter page with large print, as a scanner sees it at 200 dpi; `turned` in degrees counter-clockwise."""
    picture = Image.new("L", (round(letter[0] * scale), round(letter[1] * scale)), 255)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size=round(14 * scale))
    for number, text in enumerate(lines):
        draw.text((72 * scale, (72 + 28 * number) * scale), text, fill=0, font=font)
    return picture.rotate(turned, expand=True)


def scanned(picture: Image.Image, *, size: tuple[float, float] = letter) -> Draw:
    """A page that is nothing but a picture."""

    def draw(canvas: Canvas) -> None:
        file = BytesIO()
        picture.save(file, "PNG")
        canvas.drawImage(ImageReader(BytesIO(file.getvalue())), 0, 0, width=size[0], height=size[1])

    return draw


def annual_report(path: Path) -> Path:
    """Five pages: a cover, a balance sheet, notes; running headers, page numbers, roman labels for the cover."""

    def edges(canvas: Canvas, number: str) -> None:
        line(canvas, 72, 756, "Northwind Holdings plc", size=8)
        right(canvas, 540, 756, "Annual Report 2024", size=8)
        canvas.setFont(BODY, 8)
        canvas.drawCentredString(306, 36, number)

    def cover(canvas: Canvas) -> None:
        line(canvas, 72, 600, "Northwind Holdings plc", font=BOLD, size=28)
        line(canvas, 72, 560, "Annual report and accounts for the year ended 31 December 2024", size=12)

    def sheet(canvas: Canvas) -> None:
        edges(canvas, "1")
        line(canvas, 72, 710, "Consolidated balance sheet", font=BOLD, size=14)
        line(canvas, 72, 690, "(in millions, except per share data)")
        for edge, year in ((440, "2024"), (540, "2023")):
            right(canvas, edge, 676, year, font=BOLD)
        y = balance_sheet(
            canvas,
            660,
            [
                ("Cash and cash equivalents", "13,709", "14,277"),
                ("Trade receivables, net", "4,821", "4,410"),
                ("Other current assets", "990", "—"),
                ("Total current assets", "19,520", "18,687"),
                ("Retained earnings (deficit)", "(1,204)", "(873)"),
            ],
        )
        prose(canvas, 72, y - 14, "The notes on the following pages are part of these statements. " + LOREM)

    def note(number: int) -> Draw:
        def draw(canvas: Canvas) -> None:
            edges(canvas, str(number))
            subject = {2: "Revenue Recognition", 3: "Trade Receivables", 4: "Subsequent Events"}[number]
            line(canvas, 72, 710, f"{number - 1}. {subject}", font=BOLD)
            y = prose(canvas, 72, 692, LOREM * 2)
            prose(canvas, 72, y, "Revenue was $4,821 million (2023: $4,410 million). " + LOREM)

        return draw

    return a_pdf(path, cover, sheet, note(2), note(3), note(4), title="", labels=[(0, "r", 1), (1, "D", 1)])


def contract(path: Path) -> Path:
    """Two pages of clauses: articles, numbered headings, lettered items."""

    def first(canvas: Canvas) -> None:
        canvas.setFont(BOLD, 16)
        canvas.drawCentredString(306, 720, "Master Supply Agreement")
        y = prose(canvas, 72, 690, "This Agreement is made on 4 March 2024 between Alder GmbH and Birch Ltd. " + LOREM)
        canvas.setFont(BOLD, 10)
        canvas.drawCentredString(306, y, "ARTICLE I DEFINITIONS")
        y = prose(canvas, 72, y - 22, "“Goods” means the goods named in Schedule A. " + LOREM)
        line(canvas, 72, y, "1.2 Payment Terms", font=BOLD)
        y = prose(canvas, 72, y - 18, "Fees are due within thirty (30) days of the invoice date. " + LOREM)
        for mark, text in (("(a)", "by bank transfer; or"), ("(b)", "by a letter of credit.")):
            line(canvas, 90, y, mark)
            line(canvas, 112, y, text)
            y -= 18

    def second(canvas: Canvas) -> None:
        line(canvas, 72, 720, "ARTICLE II TERM", font=BOLD)
        y = prose(canvas, 72, 698, "The term is three (3) years. " + LOREM)
        line(canvas, 72, y, "2.1 Termination", font=BOLD)
        prose(canvas, 72, y - 18, "Either party may terminate on ninety (90) days’ notice. " + LOREM * 2)

    return a_pdf(path, first, second, title="Master Supply Agreement")


def two_columns(path: Path) -> Path:
    """A page whose left column ends where the right one begins, under a title across both."""

    def draw(canvas: Canvas) -> None:
        canvas.setFont(BOLD, 16)
        canvas.drawCentredString(306, 730, "Quarterly Market Letter")
        for x, word in ((72, "Left"), (318, "Right")):
            y = prose(canvas, x, 700, f"{word} column begins here. " + LOREM * 2, width=222)
            prose(canvas, x, y, f"{word} column ends here.", width=222)

    return a_pdf(path, draw)


def amendment(path: Path) -> Path:
    """A page that quotes new clauses, their numbers hanging far out in the margin, and a running head on two pages."""

    def hanging(canvas: Canvas, y: float, number: str, text: str, *, left: float = 72, indent: float = 60) -> float:
        line(canvas, left, y, number)
        return prose(canvas, left + indent, y, text, width=540 - left - indent)

    def head(canvas: Canvas) -> None:
        line(canvas, 72, 756, "Alder / Birch – Amendment No. 1", size=8)
        right(canvas, 540, 756, "Execution version", size=8)

    def first(canvas: Canvas) -> None:
        head(canvas)
        line(canvas, 72, 710, "Amendment No. 1", font=BOLD, size=14)
        y = hanging(canvas, 680, "2.1", "Clause 8.2 (payment) is deleted and replaced by the following:")
        y = hanging(
            canvas, y, "“8.2", "The Customer shall pay each invoice within thirty (30) days. " + LOREM, left=108
        )
        y = hanging(canvas, y, "“8.2(a)", "Interest runs from the due date at 4% a year. " + LOREM, left=108)
        y = hanging(canvas, y, "[9A.", "Neither party assigns this Agreement without consent. " + LOREM, left=108)
        hanging(canvas, y, "§ 4", "This Amendment is governed by the law of the Agreement. " + LOREM)

    def second(canvas: Canvas) -> None:
        head(canvas)
        hanging(canvas, 710, "5", "This Amendment may be signed in counterparts. " + LOREM)

    return a_pdf(path, first, second, title="Amendment No. 1")
