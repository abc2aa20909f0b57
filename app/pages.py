"""A page to look at: its picture with the quoted words marked, and its text with the same places as spans."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from app.reports import PageView
from core.documents import Box, Document, Page, Span
from ingest.drawing import draw


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
    picture = document.media_type.startswith("image/") and shown.size is not None
    if not picture and document.media_type != "application/pdf":
        return PageView(None, text, marks)
    by_block = [
        box for block in document.blocks for box in block.boxes if any(block.span.overlaps(one) for one in here)
    ]
    drawing = draw(original, shown, media_type=document.media_type, spans=here, boxes=by_block, scale=scale)
    return PageView(drawing.png, text, marks, _focus(drawing.boxes, shown))


def _focus(boxes: Sequence[Box], page: Page) -> float | None:
    """How far down the page the first box is, from 0 to 1."""
    if page.size is None:
        return None
    return min((box.top / page.size[1] for box in boxes), default=None)
