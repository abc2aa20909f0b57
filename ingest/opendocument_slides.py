"""OpenDocument presentations (.odp): every slide a page, its title a heading, as of a presentation of PowerPoint.

Source: OASIS OpenDocument 1.3, part 3, 10.2 (drawing pages) and 10.9 (presentations).
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from core.documents import BlockKind
from ingest.drawings import Pictures
from ingest.formats import Format
from ingest.ocr import OcrChoice
from ingest.opendocument import DRAW, PARSER, PRESENTATION, Walk, opened
from ingest.package import Element
from ingest.pieces import Piece
from ingest.reading import Reading
from ingest.slides import reading_of_slides
from ingest.unseen import Cause, Unseen, with_unseen

_SVG = "{urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0}"
_LENGTH = re.compile(r"(-?[\d.]+)(cm|mm|in|pt)")
_POINTS = {"cm": 28.35, "mm": 2.835, "in": 72.0, "pt": 1.0}
_BAND = 18.0  # points: shapes whose tops are closer than a line of print stand beside each other
_NO_TEXT = frozenset(f"{DRAW}{name}" for name in ("page-thumbnail", "layer-set"))


def read_odp(path: Path, ocr: OcrChoice = OcrChoice.AUTO, languages: str = "eng") -> Reading:
    """The reading of an OpenDocument presentation. Hidden slides, notes and comments are left out and told.

    Raises UnreadableDocument when it is damaged, locked or shows no text.
    """
    pictures = Pictures(ocr, languages)

    def slides(walk: Walk, body: Element) -> tuple[list[tuple[list[Piece], bool]], Walk]:
        return [
            _slide(walk, page, number) for number, page in enumerate(body.iterchildren(f"{DRAW}page"), start=1)
        ], walk

    found, walk = opened(path, "presentation", pictures, slides)
    reading = reading_of_slides(
        [pieces for pieces, _ in found],
        [pictured for _, pictured in found],
        None,
        pictures.warnings,
        form=Format.ODP,
        parser=PARSER,
    )
    return with_unseen(reading, walk.unseen)


def _slide(walk: Walk, page: Element, number: int) -> tuple[list[Piece], bool]:
    """What an audience sees of a slide, and whether it shows a picture."""
    walk.page = number
    for notes in page.iterchildren(f"{PRESENTATION}notes"):
        if words := "\n".join(piece.text for piece in walk.blocks(notes)):
            walk.unseen.append(Unseen(Cause.NOTES, number, words))
    pieces: list[Piece] = []
    for shape in sorted(page, key=_place):
        if shape.tag == f"{PRESENTATION}notes" or shape.tag in _NO_TEXT:
            continue
        if str(shape.tag).endswith("}annotation"):
            walk.hide(Cause.COMMENT, shape)
            continue
        found = list(walk.box(shape))
        if _is_title(shape):
            words = " ".join(piece.text for piece in found)
            found = [Piece(BlockKind.HEADING, words, 1)] if words else []
        pieces += [replace(piece, page=number) for piece in found]
    style = page.get(f"{DRAW}style-name", "")
    if walk.styles.value("drawing-page", style, "drawing-page", f"{PRESENTATION}visibility") == "hidden":
        walk.unseen.append(Unseen(Cause.SLIDE, number, "\n".join(piece.text for piece in pieces)))
        return [], False
    return pieces, next(page.iter(f"{DRAW}image"), None) is not None


def _is_title(shape: Element) -> bool:
    return str(shape.get(f"{PRESENTATION}class")) == "title"


def _place(shape: Element) -> tuple[bool, float, float]:
    """The title first, then from the top down, and from the left where shapes stand beside each other."""
    return not _is_title(shape), _points(shape.get(f"{_SVG}y", "")) // _BAND, _points(shape.get(f"{_SVG}x", ""))


def _points(length: str) -> float:
    found = _LENGTH.fullmatch(length)
    return float(found[1]) * _POINTS[found[2]] if found else 0.0
