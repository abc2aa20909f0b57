"""How the documents of the example matter are set: type, numbered clauses, tables of figures, running heads, labels.

Everything here is deterministic: ReportLab's `invariant` mode fixes dates and ids, and only the fourteen standard fonts
are used, so the same text makes the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reportlab.lib import colors
from reportlab.lib.enums import TA_CENTER, TA_JUSTIFY
from reportlab.lib.pagesizes import A4, LETTER
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate, Paragraph, Table, TableStyle

__all__ = [
    "A4",
    "LETTER",
    "BODY",
    "BOLD",
    "CAPTION",
    "CENTRED",
    "CLAUSE",
    "CLAUSE_HEAD",
    "FILING_BODY",
    "ITEM_HEAD",
    "LETTERED",
    "NOTE_HEAD",
    "PLAIN",
    "SUBHEAD",
    "TITLE",
    "Face",
    "Figures",
    "clause",
    "figures_table",
    "lead",
    "prose",
    "ruled_table",
    "write",
]

SERIF, SERIF_BOLD, SERIF_ITALIC = "Times-Roman", "Times-Bold", "Times-Italic"
GREY = colors.HexColor("#444444")

BODY = ParagraphStyle("body", fontName=SERIF, fontSize=10.5, leading=13.6, spaceAfter=6, alignment=TA_JUSTIFY)
PLAIN = ParagraphStyle("plain", parent=BODY, alignment=0)
BOLD = ParagraphStyle("bold", parent=PLAIN, fontName=SERIF_BOLD)
CENTRED = ParagraphStyle("centred", parent=BODY, alignment=TA_CENTER)
TITLE = ParagraphStyle("title", parent=CENTRED, fontName=SERIF_BOLD, fontSize=20, leading=25, spaceAfter=12)
SUBHEAD = ParagraphStyle(
    "subhead", parent=PLAIN, fontName=SERIF_BOLD, fontSize=12, leading=15, spaceBefore=10, spaceAfter=6, keepWithNext=1
)
CLAUSE_HEAD = ParagraphStyle(
    "clause-head",
    parent=PLAIN,
    fontName=SERIF_BOLD,
    fontSize=11.5,
    leading=15,
    spaceBefore=9,
    spaceAfter=5,
    leftIndent=36,
    bulletIndent=0,
    bulletFontName=SERIF_BOLD,
    bulletFontSize=11.5,
    keepWithNext=1,
)
CLAUSE = ParagraphStyle("clause", parent=BODY, leftIndent=36, bulletIndent=0, bulletFontName=SERIF, bulletFontSize=10.5)
LETTERED = ParagraphStyle("lettered", parent=CLAUSE, leftIndent=62, bulletIndent=36, spaceAfter=4)
CAPTION = ParagraphStyle("caption", parent=CENTRED, fontSize=9.5, leading=12, spaceAfter=4, keepWithNext=1)

FILING_BODY = ParagraphStyle("filing", parent=BODY, fontSize=10, leading=12.6, spaceAfter=7)
ITEM_HEAD = ParagraphStyle(
    "item",
    parent=PLAIN,
    fontName="Helvetica-Bold",
    fontSize=13,
    leading=17,
    spaceBefore=8,
    spaceAfter=7,
    keepWithNext=1,
)
_LEAD = FILING_BODY.clone("lead", keepWithNext=1)
NOTE_HEAD = ParagraphStyle(
    "note",
    parent=PLAIN,
    fontName="Helvetica-Bold",
    fontSize=10.5,
    leading=14,
    spaceBefore=8,
    spaceAfter=5,
    keepWithNext=1,
)

LEVELS = {TITLE.name: 0, ITEM_HEAD.name: 0, CLAUSE_HEAD.name: 0, SUBHEAD.name: 0, NOTE_HEAD.name: 1}
"""Which paragraphs become bookmarks, and how deep."""

Face = Callable[[Canvas, str], None]
"""Draws running head and foot of a page, given its printed label."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One row of a table of figures: a label and a cell per column.

    `total` draws a rule above, `final` a double rule below as well; `head` has no figures; `dollars` prints $.
    """

    label: str
    cells: tuple[str, ...] = ()
    total: bool = False
    final: bool = False
    head: bool = False
    dollars: bool = False
    indent: int = 0


class _Template(BaseDocTemplate):
    """A document whose headings become bookmarks."""

    _bookmarks = 0

    def afterFlowable(self, flowable: Flowable) -> None:  # noqa: N802 - ReportLab's name
        if isinstance(flowable, Paragraph) and flowable.style.name in LEVELS:
            self._bookmarks += 1
            key = f"heading-{self._bookmarks}"
            label = " ".join(flowable.getPlainText().split())
            self.canv.bookmarkPage(key)
            self.canv.addOutlineEntry(label, key, LEVELS[flowable.style.name], 1)


def write(
    path: Path,
    story: Sequence[Flowable],
    *,
    size: tuple[float, float],
    title: str,
    author: str,
    face: Face,
    label_of: Callable[[int], tuple[str, int, str]],
) -> None:
    """Set `story` into a PDF. `label_of(page number)` gives (style, number, prefix) of the label printed on that page.

    Styles are those of PDF page labels: "ARABIC", "ROMAN_LOWER", or "NONE" for an unnumbered page.
    """

    def draw(canvas: Canvas, _: Any) -> None:
        number = canvas.getPageNumber()
        style, value, prefix = label_of(number)
        canvas.addPageLabel(number - 1, None if style == "NONE" else style, value, prefix)
        face(canvas, prefix + {"ARABIC": str(value), "ROMAN_LOWER": roman(value), "NONE": ""}[style])

    margin = 25 * mm
    document = _Template(
        str(path),
        pagesize=size,
        leftMargin=margin,
        rightMargin=margin,
        topMargin=24 * mm,
        bottomMargin=22 * mm,
        title=title,
        author=author,
        subject="Invented example; not a filing and not a contract",
        invariant=1,
        lang="en",
    )
    frame = Frame(
        document.leftMargin,
        document.bottomMargin,
        document.width,
        document.height,
        id="page",
        leftPadding=0,
        rightPadding=0,
        topPadding=0,
        bottomPadding=0,
    )
    document.addPageTemplates([PageTemplate("page", [frame], onPage=draw)])
    document.build(list(story))


def roman(number: int) -> str:
    """`number` from 1 to 39 in small roman figures."""
    tens, ones = divmod(number, 10)
    return "x" * tens + ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix")[ones]


def clause(number: str, text: str, style: ParagraphStyle = CLAUSE) -> Paragraph:
    """A numbered paragraph with its number hanging in the margin."""
    return Paragraph(typographic(text), style, bulletText=number)


def prose(text: str, style: ParagraphStyle = FILING_BODY) -> Paragraph:
    """A paragraph of running text."""
    return Paragraph(typographic(text), style)


def lead(text: str) -> Paragraph:
    """A sentence that must stay on the page of the table that it announces."""
    return Paragraph(typographic(text), _LEAD)


def typographic(text: str) -> str:
    """`text` with the apostrophes that printed matter has."""
    return text.replace("'", "\u2019")


def figures_table(
    headings: Sequence[str],
    rows: Sequence[Figures],
    *,
    width: float,
    leaders: bool = True,
    column: float = 54,
    leading: float = 11.4,
) -> Table:
    """A table of figures as filings print them: dot leaders, $ set off to the left of its figure, ruled totals.

    Each heading takes three columns of the grid: a gap, the sign, and the figures, `column` points wide.
    """
    size, gap, sign = 9.2, 8.0, 8.0
    first = width - (gap + sign + column) * len(headings)
    grid: list[list[Any]] = []
    style: list[Any] = [
        ("FONT", (0, 0), (-1, -1), SERIF, size),
        ("LEADING", (0, 0), (-1, -1), leading),
        ("ALIGN", (1, 0), (-1, -1), "RIGHT"),
        ("VALIGN", (0, 0), (-1, -1), "BOTTOM"),
        ("TOPPADDING", (0, 0), (-1, -1), 1.1),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1.6),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 0),
    ]
    ruled = [(2 + 3 * number, 3 + 3 * number) for number in range(len(headings))]
    if any(headings):
        grid.append(["", *(part for heading in headings for part in ("", heading, ""))])
        style.append(("FONT", (0, 0), (-1, 0), SERIF_BOLD, size))
        for left, right in ruled:
            style += [("SPAN", (left, 0), (right, 0)), ("LINEBELOW", (left, 0), (right, 0), 0.5, colors.black)]
    for row in rows:
        at = len(grid)
        strong = row.total or row.final or row.head
        font = SERIF_BOLD if strong else SERIF
        room = first - row.indent - stringWidth(row.label, font, size)
        dots = " ." * int(room / stringWidth(" .", font, size)) if leaders and row.cells else ""
        signs = ["$" if row.dollars and cell else "" for cell in row.cells]
        figures = [part for mark, cell in zip(signs, row.cells, strict=True) for part in ("", mark, cell)]
        grid.append([row.label + dots, *(figures or [""] * (3 * len(headings)))])
        style += [("FONT", (0, at), (-1, at), font, size), ("LEFTPADDING", (0, at), (0, at), row.indent)]
        if row.head:
            style.append(("TOPPADDING", (0, at), (-1, at), leading - 7))
        for (left, right), cell in zip(ruled, row.cells, strict=False):
            if cell and (row.total or row.final):
                style.append(("LINEABOVE", (left, at), (right, at), 0.5, colors.black))
            if cell and row.final:
                style.append(("LINEBELOW", (left, at), (right, at), 0.5, colors.black, None, None, None, 2, 1.2))
    return Table(
        grid,
        colWidths=[first, *([gap, sign, column] * len(headings))],
        style=TableStyle(style),
        hAlign="LEFT",
        spaceBefore=4,
        spaceAfter=10,
        repeatRows=1 if any(headings) else 0,
    )


def ruled_table(rows: Sequence[Sequence[str]], widths: Sequence[float], *, right: Sequence[int] = ()) -> Table:
    """A table with a shaded head and hairlines, as schedules to contracts have. `right` are right-aligned columns."""
    cell = ParagraphStyle("cell", parent=PLAIN, fontSize=9.5, leading=11.8, spaceAfter=0)
    head = ParagraphStyle("cell-head", parent=cell, fontName=SERIF_BOLD)
    rightwards = {id(one): ParagraphStyle(f"{one.name}-right", parent=one, alignment=2) for one in (cell, head)}

    def style_of(row: int, column: int) -> ParagraphStyle:
        style = cell if row else head
        return rightwards[id(style)] if column in right else style

    cells = [[Paragraph(text, style_of(r, c)) for c, text in enumerate(row)] for r, row in enumerate(rows)]
    return Table(
        cells,
        colWidths=list(widths),
        repeatRows=1,
        hAlign="LEFT",
        spaceBefore=4,
        spaceAfter=12,
        style=TableStyle(
            [
                ("GRID", (0, 0), (-1, -1), 0.4, GREY),
                ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#e6e6e6")),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("TOPPADDING", (0, 0), (-1, -1), 3),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
            ]
        ),
    )
