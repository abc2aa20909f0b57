"""Pictures of pages (.png, .jpg, .bmp, .gif, .webp, .tif): each is put on a page of a PDF, which ingest.pdf reads.

So a photographed letter meets the same OCR, the same layout and the same fates as a scanned page of a PDF.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.documents import Fate
from core.errors import UnreadableDocument
from ingest import pdf
from ingest.formats import Format
from ingest.ocr import OcrChoice
from ingest.reading import Reading

if TYPE_CHECKING:
    from PIL import Image

PARSER = f"dossier-pictures 2 on {pdf.PARSER}"
"""Name and version of this reader; the version rises whenever the same file would give another reading."""

_DPI = (72.0, 1200.0)  # what a picture says of itself is believed between these
_PAGE_HEIGHT = 11.0  # inches of the longer side of a page, for a picture that says nothing
_QUALITY = 95  # of the JPEG that the page holds: above that, OCR reads the same
_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "GIF", "WEBP")
_DAMAGED = "The page is damaged and cannot be opened."
_SIXTEEN_BIT = ("I;16", "I;16B", "I;16L", "I;16N")


def read_picture(
    path: Path, *, form: Format, ocr: OcrChoice, languages: str, on_page: Callable[[int, int], None] | None = None
) -> Reading:
    """The reading of a picture, or of each page of one; a page without words is `unreadable` and says so.

    Raises UnreadableDocument when the file is damaged or larger than a page can be.
    """
    with tempfile.TemporaryDirectory(prefix="dossier-") as folder:
        paper = Path(folder) / "pages.pdf"
        damaged = _as_pdf(path, paper)
        reading = pdf.read_pdf(paper, ocr=ocr, languages=languages, on_page=on_page)
    pages = tuple(
        replace(page, fate=Fate.UNREADABLE, note=_DAMAGED) if page.number in damaged else page for page in reading.pages
    )
    title = "" if reading.title == paper.stem else reading.title
    return replace(reading, pages=pages, title=title, media_type=form, parser=PARSER)


def render(path: Path, page_number: int, *, size: tuple[int, int]) -> Image.Image:
    """Page `page_number` (from 1) of a picture as a viewer shows it, `size` pixels wide and high.

    Raises UnreadableDocument when it cannot be opened.
    """
    with _opened(path) as image:
        try:
            image.seek(page_number - 1)
            return flat(image).convert("RGB").resize(size)
        except (OSError, EOFError, SyntaxError, ValueError) as error:
            raise UnreadableDocument(_DAMAGED) from error


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    from PIL import Image, UnidentifiedImageError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # twice as many pixels are an error
        try:
            image = Image.open(path, formats=_FORMATS)
        except Image.DecompressionBombError as error:
            raise UnreadableDocument("The picture has more pixels than any page that is scanned.") from error
        except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
            raise UnreadableDocument("The file is damaged: its picture cannot be opened.") from error
        with image:
            yield image


def _as_pdf(path: Path, paper: Path) -> set[int]:
    """Write every page of the picture to a PDF. Returns the numbers of those that cannot be opened: they are white."""
    from PIL import Image

    damaged = set()
    with _opened(path) as image:
        pages = getattr(image, "n_frames", 1) if image.format == "TIFF" else 1  # elsewhere frames are a film
        for number in range(1, pages + 1):
            try:
                image.seek(number - 1)
                page, dpi = flat(image), _dpi(image)
            except Image.DecompressionBombError as error:
                raise UnreadableDocument("The picture has more pixels than any page that is scanned.") from error
            except (OSError, EOFError, SyntaxError, ValueError):
                damaged.add(number)
                page, dpi = Image.new("L", (85, 110), 255), 10.0
            page.save(paper, "PDF", append=number > 1, resolution=dpi, quality=_QUALITY)
    if len(damaged) == pages:
        raise UnreadableDocument("The file is damaged: its picture cannot be opened.")
    return damaged


def flat(image: Image.Image) -> Image.Image:
    """The picture in shades of grey, upright as its camera meant it, on white where it is transparent."""
    from PIL import Image, ImageOps

    upright = ImageOps.exif_transpose(image)
    if upright.mode in _SIXTEEN_BIT:
        return upright.point(lambda value: value / 256).convert("L")
    if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
        letters = upright.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", letters.size, "white"), letters).convert("L")
    return upright.convert("L")


def _dpi(image: Image.Image) -> float:
    told = image.info.get("dpi", (0.0, 0.0))
    try:
        across = float(told[0])
    except (TypeError, ValueError, ZeroDivisionError, IndexError):
        across = 0.0
    # 72 is what programs write that do not know.
    return across if _DPI[0] < across <= _DPI[1] else max(_DPI[0], max(image.size) / _PAGE_HEIGHT)
