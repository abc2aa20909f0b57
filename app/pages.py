"""A page to look at: its picture with the quoted words marked, and its text with the same places as spans."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from app.reports import PageView
from core.documents import Box, Document, Span

MARKER = (255, 214, 10)
"""The yellow of a text marker; it is multiplied into the page, so that the words under it stay black."""


def view_page(document: Document, original: Path, page: int, *, highlight: Sequence[Span], scale: float) -> PageView:
    """The page `page` (from 1) of a document, with the parts of `highlight` that lie on it marked."""
    shown = document.pages[page - 1]
    text = shown.span.of(document.text)
    here = [
        Span(max(span.start, shown.span.start), min(span.end, shown.span.end))
        for span in highlight
        if span.overlaps(shown.span)
    ]
    marks = tuple(span.within(shown.span) for span in here)
    if document.media_type != "application/pdf":
        return PageView(None, text, marks)

    from ingest.pdf import boxes_of

    boxes = [box for span in here for box in boxes_of(original, page, span, page=shown)]
    if here and not boxes:  # read by OCR, or by an older parser: the places of single words are not known
        boxes = [
            box for block in document.blocks for box in block.boxes if any(block.span.overlaps(one) for one in here)
        ]
    height = shown.size[1] if shown.size else 0.0
    focus = min((box.top / height for box in boxes if box.page == page), default=None) if height else None
    return PageView(_marked(original, page, boxes, scale=scale), text, marks, focus)


def _marked(original: Path, page: int, boxes: Sequence[Box], *, scale: float) -> bytes:
    from PIL import Image, ImageChops, ImageDraw

    from ingest.pdf import render

    picture = render(original, page, scale=scale).convert("RGB")
    if boxes:
        layer = Image.new("RGB", picture.size, "white")
        draw = ImageDraw.Draw(layer)
        for box in boxes:
            draw.rectangle(
                (box.left * scale - 1, box.top * scale - 1, box.right * scale + 1, box.bottom * scale + 1), fill=MARKER
            )
        picture = ImageChops.multiply(picture, layer)
    png = io.BytesIO()
    picture.save(png, "PNG")
    return png.getvalue()
