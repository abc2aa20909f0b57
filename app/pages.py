"""A page to look at: its picture with the quoted words marked, and its text with the same places as spans."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app.reports import PageView
from core.documents import Box, Document, Page, Span

if TYPE_CHECKING:
    from PIL import Image

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
    by_block = [
        box for block in document.blocks for box in block.boxes if any(block.span.overlaps(one) for one in here)
    ]
    if document.media_type.startswith("image/") and shown.size is not None:
        from ingest import pictures

        size = (round(shown.size[0] * scale), round(shown.size[1] * scale))
        picture = pictures.render(original, page, size=size)
        return PageView(_marked(picture, by_block, scale=scale), text, marks, _focus(by_block, shown))
    if document.media_type != "application/pdf":
        return PageView(None, text, marks)

    from ingest import pdf

    boxes = [box for span in here for box in pdf.boxes_of(original, page, span, page=shown)]
    if here and not boxes:  # read by OCR, or by an older parser: the places of single words are not known
        boxes = by_block
    return PageView(
        _marked(pdf.render(original, page, scale=scale), boxes, scale=scale), text, marks, _focus(boxes, shown)
    )


def _focus(boxes: Sequence[Box], page: Page) -> float | None:
    """How far down the page the first box is, from 0 to 1."""
    if page.size is None:
        return None
    return min((box.top / page.size[1] for box in boxes if box.page == page.number), default=None)


def _marked(picture: Image.Image, boxes: Sequence[Box], *, scale: float) -> bytes:
    from PIL import Image, ImageChops, ImageDraw

    picture = picture.convert("RGB")
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
