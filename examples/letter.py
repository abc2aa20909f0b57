"""The scanned letter of the example matter: a notice of claim, as a picture without a text layer.

The letter is set as a PDF with a typeface that ReportLab carries, drawn by pdfium, and then treated as a scanner
would: turned a little, unevenly lit, noisy, and compressed.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pypdfium2
import reportlab
from PIL import Image, ImageFilter
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer

from examples.agreement import CUSTOMER, SUPPLIER
from examples.layout import typographic

DPI = 200
TURNED = 0.6
"""Degrees by which the sheet lay askew."""
SEED = 20260211
QUALITY = 52
"""Of the JPEG: what an office scanner's "small file" setting gives."""

DELIVERED, FAILED = 64, 9
COSTS = "USD 187,450.00"
PARAGRAPHS = (
    "We refer to the Supply Agreement between us dated 14 March 2023, as amended by Amendment No. 1 dated 2 September "
    "2024 (the Agreement). Words defined in it have the same meaning here.",
    f"On 18 November 2025 you delivered to Teesport Works, under Order 4500-71836, {DELIVERED} gate valves of item "
    "number GV-300, all from casting lot 2510-B. The price invoiced was USD 56,256.00.",
    f"Between 12 January and 3 February 2026, {FAILED} of these {DELIVERED} valves ({100 * FAILED / DELIVERED:.1f} "
    "per cent) leaked through the body at the hydrostatic test. The test records and photographs are enclosed. In "
    "each case the leak was at the same place, beside the bonnet flange, and was caused by shrinkage porosity in "
    "the casting.",
    "This is a Serial Defect. Under Clause 9.6 of the Agreement we require you, within thirty days of receiving this "
    f"notice, to replace all {DELIVERED} valves of the lot at your own expense. We also claim our costs of removal and "
    f"refitting, which amount to {COSTS} to date and of which an account is enclosed.",
    "This letter is notice of a claim for the purposes of Clause 11.5. Please confirm in writing by 4 March 2026 that "
    "you accept the claim and on what date the replacement valves will be delivered. All our rights are reserved.",
)


def write_letter(path: Path) -> None:
    """Make the scan: one page of A4 at 200 dots per inch, greyscale, with no text layer."""
    buffer = io.BytesIO()
    _scanned(_sheet()).save(buffer, "JPEG", quality=QUALITY, dpi=(DPI, DPI))
    buffer.seek(0)
    canvas = Canvas(str(path), pagesize=A4, invariant=1, pageCompression=1)
    canvas.setTitle("Scan 2026-02-13")
    canvas.setSubject("Invented example")
    canvas.drawImage(ImageReader(buffer), 0, 0, *A4)
    canvas.showPage()
    canvas.save()


def _sheet() -> Image.Image:
    """The letter as it left the printer."""
    fonts = Path(reportlab.__file__).parent / "fonts"
    pdfmetrics.registerFont(TTFont("Vera", str(fonts / "Vera.ttf")))
    pdfmetrics.registerFont(TTFont("VeraBd", str(fonts / "VeraBd.ttf")))
    plain = ParagraphStyle("plain", fontName="Vera", fontSize=9.6, leading=14.2, spaceAfter=9)
    strong = ParagraphStyle("strong", parent=plain, fontName="VeraBd")
    right = ParagraphStyle("right", parent=plain, alignment=2, fontSize=8.6, leading=12)
    story = [
        Paragraph(CUSTOMER, ParagraphStyle("name", parent=right, fontName="VeraBd", fontSize=12, leading=17)),
        Paragraph(
            "Weir House, 14 Sluice Lane<br/>Thornaby Bridge TS99 4QD<br/>Registered in England no. 99041736", right
        ),
        Spacer(1, 12),
        Paragraph("11 February 2026", plain),
        Paragraph(
            f"By courier<br/>{SUPPLIER}<br/>2200 Tannery Row<br/>Elmsford Falls, Ohio 44199<br/>"
            "For the attention of the General Counsel",
            plain,
        ),
        Paragraph("Dear Counsel", plain),
        Paragraph("Notice of claim: gate valves GV-300, casting lot 2510-B", strong),
        *(Paragraph(typographic(text), plain) for text in PARAGRAPHS),
        Paragraph("Yours faithfully", plain),
        Spacer(1, 30),
        Paragraph("Ffion Carrowmere<br/>Company Secretary<br/>for Kestrelhaven Water Technologies Limited", plain),
        Paragraph("Enclosures: hydrostatic test records (9), photographs (18), account of costs", plain),
    ]
    buffer = io.BytesIO()
    SimpleDocTemplate(
        buffer, pagesize=A4, leftMargin=72, rightMargin=72, topMargin=54, bottomMargin=54, invariant=1
    ).build(story)
    with pypdfium2.PdfDocument(buffer.getvalue()) as pdf:
        if len(pdf) != 1:
            raise ValueError(f"the letter must fit one page, not {len(pdf)}")
        drawn: Image.Image = pdf[0].render(scale=DPI / 72).to_pil()
    return drawn.convert("L")


def _scanned(sheet: Image.Image) -> Image.Image:
    """The sheet as an office scanner sees it."""
    turned = sheet.rotate(TURNED, resample=Image.Resampling.BICUBIC, fillcolor=250).filter(
        ImageFilter.GaussianBlur(0.6)
    )
    ink = np.asarray(turned, dtype=np.float64)
    height, width = ink.shape
    light = 1 - 0.05 * np.linspace(0, 1, width)[None, :] - 0.03 * np.linspace(1, 0, height)[:, None]
    noise = np.random.default_rng(SEED).normal(0, 4, ink.shape)
    specks = np.random.default_rng(SEED + 1).random(ink.shape) < 2e-5
    grey = np.where(specks, 90, (12 + 0.93 * ink) * light + noise)
    return Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))
