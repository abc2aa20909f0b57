"""A page as a viewer shows it, with the quoted words marked: drawn in the bounded process, as files are read.

    draw ── starts ──▶ ingest.worker ── drawn ──▶ a PNG and where the marks are ──▶ Drawing

The desk shows what came from the other side of a deal: a page that takes all memory, never ends or crashes its reader
costs that view and nothing else. The picture comes back as a finished file; the desk passes it on and opens nothing.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.documents import Box, Page, Span
from core.errors import UnreadableDocument
from ingest.parse import Limits, in_bounded_process
from ingest.worker import Request, Sketch

if TYPE_CHECKING:
    from PIL import Image

MARKER = (255, 214, 10)
"""The yellow of a text marker; it is multiplied into the page, so that the words under it stay black."""

# A page takes 0.05 s and some 100 MiB; what needs more than this is no page that a person could look at.
LIMITS = Limits(memory_bytes=2 << 30, seconds=20.0, page_seconds=20.0, output_bytes=64 << 20)
_NO_DRAWING = "The page could not be drawn."


@dataclass(frozen=True, slots=True)
class Drawing:
    """A PNG, and the rectangles that are marked on it."""

    png: bytes
    boxes: tuple[Box, ...]


def draw(
    path: Path,
    page: Page,
    *,
    media_type: str,
    spans: Sequence[Span] = (),
    boxes: Sequence[Box] = (),
    scale: float = 1.5,
    limits: Limits = LIMITS,
) -> Drawing:
    """`page` of a PDF or a picture, `scale` pixels to the point, with the words of `spans` marked.

    `boxes` are marked instead where the places of single words are not known (OCR, an older parser).
    Raises UnreadableDocument when the page cannot be drawn within `limits`.
    """
    wanted = [box for box in boxes if box.page == page.number]
    sketch = Sketch(media_type=media_type, page=page, spans=tuple(spans), boxes=tuple(wanted), scale=scale)
    with tempfile.TemporaryDirectory(prefix="dossier-", ignore_cleanup_errors=True) as folder:
        request = Request(path=str(path.absolute()), sketch=sketch.packed())
        found = in_bounded_process(request, Path(folder), limits)
        try:
            png = (Path(folder) / "drawing.png").read_bytes()
            marked = tuple(Box(page.number, *(float(side) for side in box[:4])) for box in found["boxes"])
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise UnreadableDocument(_NO_DRAWING) from error
    return Drawing(png, marked)


def drawn(path: Path, sketch: Sketch, file: Path) -> dict[str, Any]:
    """Draw into `file`, in the bounded process. Returns the marked rectangles as JSON values."""
    boxes: Sequence[Box] = sketch.boxes
    if sketch.media_type.startswith("image/"):
        from ingest import pictures

        assert sketch.page.size is not None
        size = (round(sketch.page.size[0] * sketch.scale), round(sketch.page.size[1] * sketch.scale))
        picture = pictures.render(path, sketch.page.number, size=size)
    else:
        from ingest import pdf

        exact = [box for span in sketch.spans for box in pdf.boxes_of(path, sketch.page.number, span, page=sketch.page)]
        boxes = exact or boxes
        picture = pdf.render(path, sketch.page.number, scale=sketch.scale)
    _marked(picture, boxes, scale=sketch.scale).save(file, "PNG", compress_level=3)
    return {"boxes": [[box.left, box.top, box.right, box.bottom] for box in boxes]}


def _marked(picture: Image.Image, boxes: Sequence[Box], *, scale: float) -> Image.Image:
    from PIL import Image, ImageChops

    picture = picture.convert("RGB")
    if not boxes:
        return picture
    layer = Image.new("RGB", picture.size, "white")
    for box in boxes:
        left, top = round(box.left * scale) - 1, round(box.top * scale) - 1
        right, bottom = round(box.right * scale) + 1, round(box.bottom * scale) + 1
        layer.paste(MARKER, (left, top, max(right, left), max(bottom, top)))
    return ImageChops.multiply(picture, layer)
