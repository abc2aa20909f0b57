"""Presentations: every slide a page, its title a heading, its tables rows with tabs, the figures of its charts a table.

python-pptx, the library under unstructured's own reader, is used directly: that reader takes hidden slides, hidden
shapes and speaker notes for what an audience sees, and leaves charts and diagrams (SmartArt) out.

Slides keep their numbers as the program shows them: a hidden slide is a blank page.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from core.documents import Block, BlockKind, Fate, Page, Span
from core.errors import UnreadableDocument
from ingest.drawings import A, Pictures, chart_rows, one_line, texts
from ingest.formats import Format
from ingest.ocr import OcrChoice
from ingest.package import Package, parsed
from ingest.pieces import Piece
from ingest.reading import Reading
from ingest.unseen import Cause, Unseen, with_unseen

_Shape: TypeAlias = Any  # of python-pptx, which brings no types

PARSER = "dossier-slides 2"
"""Name and version of this reader; the version rises whenever the same file would give another reading."""

_TINY = 200  # hundredths of a point: smaller text is not read by eye, here as in a PDF
_EMU = 12_700  # English metric units in a point (ECMA-376 Part 1, 20.1.2.1)
_BAND = 18 * _EMU  # shapes whose tops are closer than a line of print stand beside each other

_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}relIds"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}dm"
_COMMENT_PART = re.compile(r"ppt/comments/[^/]+\.xml")
_SHOWS = re.compile(
    rb"application/vnd\.(?:openxmlformats-officedocument\.presentationml\.(?:slideshow|template)|"
    rb"ms-powerpoint\.(?:slideshow|template)\.macroEnabled)\.main\+xml"
)
_PLAIN_TYPE = b"application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"


def read_pptx(path: Path, ocr: OcrChoice = OcrChoice.AUTO, languages: str = "eng") -> Reading:
    """The reading of a presentation, a show or a template. Pictures are read by OCR where they stand.

    Hidden slides and shapes, what lies beside the slide, text in the colour of the slide or too small to be read,
    speaker notes and comments are left out and told.
    Raises UnreadableDocument when the file is damaged, locked or shows no text.
    """
    unseen: list[Unseen] = []
    pictures = Pictures(ocr, languages)
    try:
        package = Package(path)
        unseen += _comments(package)
        deck = _opened(package)
        slides = [_slide(slide, number, deck, pictures, unseen) for number, slide in enumerate(deck.slides, start=1)]
        pictured = [_has_picture(slide) for slide in deck.slides]
        size = (deck.slide_width / _EMU, deck.slide_height / _EMU)
    except (MemoryError, UnreadableDocument):
        raise
    except Exception as error:  # noqa: BLE001 - zipfile, lxml and python-pptx share no base for "damaged"
        raise UnreadableDocument("The file is damaged: PowerPoint's own parts in it cannot be read.") from error
    return with_unseen(reading_of_slides(slides, pictured, size, pictures.warnings), unseen)


def _opened(package: Package) -> Any:
    """The presentation; shows and templates under the type that python-pptx takes, which refuses them for it alone."""
    from pptx import Presentation

    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, content in package.parts.items():
            archive.writestr(name, _SHOWS.sub(_PLAIN_TYPE, content) if name == "[Content_Types].xml" else content)
    return Presentation(target)


def _comments(package: Package) -> Iterator[Unseen]:
    """Comments of both kinds: with their text in `p:text` (ECMA-376 Part 1, 19.4.6), or in a body of paragraphs."""
    for name in sorted(filter(_COMMENT_PART.fullmatch, package.parts)):
        tree = package.tree(name)
        for comment in () if tree is None else tree.iter("{*}cm", "{*}reply"):
            own = [*(part.text or "" for part in comment.iterchildren("{*}text"))]
            bodies = comment.iterchildren("{*}txBody")
            yield Unseen(Cause.COMMENT, 0, "\n".join([*own, *(line for body in bodies for line in texts(body))]))


def _slide(slide: Any, number: int, deck: Any, pictures: Pictures, unseen: list[Unseen]) -> list[Piece]:
    """What an audience sees of a slide."""
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        notes = slide.notes_slide.notes_text_frame.text.strip()
        if notes:
            unseen.append(Unseen(Cause.NOTES, number, notes))
    if slide._element.get("show") in ("0", "false"):
        pictures = Pictures(OcrChoice.NEVER, "")
    title = slide.shapes.title
    pieces = []
    for shape in _in_reading_order(slide.shapes, title):
        is_title = title is not None and shape.shape_id == title.shape_id
        told: list[Unseen] = []
        found = list(_pieces(shape, _Page(number, slide, pictures, told), is_title=is_title))
        text = "\n".join(piece.text for piece in found)
        if _is_hidden(shape):
            unseen += [Unseen(Cause.TEXT, number, text)] if text else []
        elif _is_beside(shape, deck):
            unseen += [Unseen(Cause.OFF_PAGE, number, text)] if text else []
        else:
            unseen += told
            pieces += found
    if slide._element.get("show") in ("0", "false"):
        unseen.append(Unseen(Cause.SLIDE, number, "\n".join(piece.text for piece in pieces)))
        return []
    return pieces


class _Page(NamedTuple):
    """The slide at hand, who reads its pictures, and where what nobody sees on it is told."""

    number: int
    slide: Any
    pictures: Pictures
    unseen: list[Unseen]


def _has_picture(slide: Any) -> bool:
    shown_at_all = slide._element.get("show") not in ("0", "false")
    return shown_at_all and next(slide._element.iter(f"{_P}pic"), None) is not None


def _in_reading_order(shapes: Any, title: _Shape | None) -> list[_Shape]:
    """The title first, then from the top down, and from the left where shapes stand beside each other."""

    def place(shape: _Shape) -> tuple[bool, int, int]:
        is_title = title is not None and shape.shape_id == title.shape_id
        return not is_title, (shape.top or 0) // _BAND, shape.left or 0

    return sorted(shapes, key=place)


def _is_hidden(shape: _Shape) -> bool:
    return any(found.get("hidden") in ("1", "true") for found in shape._element.xpath("./*/p:cNvPr"))


def _is_beside(shape: _Shape, deck: Any) -> bool:
    """True when no part of the shape is on the slide. One that takes its place from the layout has none of its own."""
    left, top, width, height = shape.left, shape.top, shape.width, shape.height
    if None in (left, top, width, height):
        return False
    return bool(left >= deck.slide_width or top >= deck.slide_height or left + width <= 0 or top + height <= 0)


def _pieces(shape: _Shape, page: _Page, *, is_title: bool) -> Iterator[Piece]:
    number = page.number
    if shape.shape_type is not None and hasattr(shape, "shapes"):  # a group
        for inner in shape.shapes:
            found = list(_pieces(inner, page, is_title=False))
            if _is_hidden(inner):
                page.unseen.extend(Unseen(Cause.TEXT, number, piece.text) for piece in found)
            else:
                yield from found
        return
    if getattr(shape, "has_text_frame", False) and shape.has_text_frame:
        yield from _paragraphs(shape, page, is_title=is_title)
    elif getattr(shape, "has_table", False) and shape.has_table:
        rows = [
            "\t".join("" if cell.is_spanned else one_line(cell.text) for cell in row.cells) for row in shape.table.rows
        ]
        yield from _table(rows, number)
    elif getattr(shape, "has_chart", False) and shape.has_chart:
        yield from _table(list(chart_rows(shape.chart.part._element)), number)
    else:
        for diagram in shape._element.iter(_DIAGRAM):
            part = shape.part.related_part(diagram.get(_RELATION))
            yield from (Piece(BlockKind.LIST, text, page=number) for text in texts(parsed(part.blob)))
    # Pictures, and what fills a shape; an embedded object has one of what it shows.
    for blip in shape._element.iter(f"{A}blip"):
        identifier = blip.get(f"{_R}embed") or blip.get(f"{_R}link") or ""
        if words := page.pictures.words(*_picture(shape.part, identifier)):
            yield Piece(BlockKind.PARAGRAPH, words, page=number, pictured=True)


def _picture(part: Any, identifier: str) -> tuple[bytes | None, str]:
    """The bytes of a picture and its ending; None for one that is not in the file."""
    try:
        relation = part.rels[identifier]
    except KeyError:
        return None, ""
    if relation.is_external:
        return None, ""
    return relation.target_part.blob, f".{relation.target_part.partname.ext}"


_ONLY_PICTURES = "The slide shows pictures only, and no words could be read on them."
_FURNITURE = {
    "FOOTER": BlockKind.FOOTER,
    "SLIDE_NUMBER": BlockKind.FOOTER,
    "DATE": BlockKind.FOOTER,
    "HEADER": BlockKind.HEADER,
}


def _paragraphs(shape: _Shape, page: _Page, *, is_title: bool) -> Iterator[Piece]:
    lines = [line for paragraph in shape.text_frame.paragraphs if (line := _seen(paragraph, shape, page))]
    role = shape.placeholder_format.type.name if shape.is_placeholder and shape.placeholder_format.type else ""
    if is_title:
        if lines:
            yield Piece(BlockKind.HEADING, " ".join(lines), 1, page.number)
        return
    kind = _FURNITURE.get(role) or (BlockKind.LIST if role in ("BODY", "OBJECT") and len(lines) > 1 else None)
    for line in lines:
        yield Piece(kind or BlockKind.PARAGRAPH, line, page=page.number)


def _seen(paragraph: Any, shape: _Shape, page: _Page) -> str:
    """The text of a paragraph as one line, without runs that nobody sees: those are told."""
    text = paragraph.text
    for run in paragraph.runs:
        properties = run._r.rPr
        if properties is None or not run.text.strip():
            continue
        size = properties.get("sz", "")
        cause = Cause.TINY if size.isdecimal() and int(size) < _TINY else None
        if cause is None and _is_white(properties) and _is_on_white(shape, page.slide):
            cause = Cause.WHITE
        if cause is not None:
            page.unseen.append(Unseen(cause, page.number, one_line(run.text)))
            text = text.replace(run.text, "", 1)
    return one_line(text)


_WHITES = frozenset([("srgbClr", "FFFFFF"), ("sysClr", "window"), ("schemeClr", "bg1"), ("schemeClr", "lt1")])


def _is_white(properties: Any) -> bool:
    """True when letters are plain white; `bg1` is the light colour of the slide (ECMA-376 Part 1, 20.1.6)."""
    colours = [colour for fill in properties.iterchildren(f"{A}solidFill") for colour in fill]
    return any((str(one.tag).removeprefix(A), one.get("val", "")) in _WHITES and not len(one) for one in colours)


def _is_on_white(shape: _Shape, slide: Any) -> bool:
    """True when nothing but the white slide can be behind the text of a shape.

    A shape that is filled, takes its look from a style, or lies over another one that may be dark; a slide, layout or
    master with a background of its own or with pictures: all of them may make white letters seen.
    """
    own = shape._element.find(f"{_P}spPr")
    if _is_filled(own) or shape._element.find(f"{_P}style") is not None or shape.is_placeholder:
        return False
    for sheet in (slide, slide.slide_layout, slide.slide_layout.slide_master):
        tree = sheet._element
        backgrounds = [one for one in tree.iter(f"{_P}bg") if not _is_plain(one)]
        if backgrounds or next(tree.iter(f"{_P}pic"), None) is not None:
            return False
        others = [one for one in tree.iter(f"{_P}sp") if one is not shape._element]
        if any(one.find(f"{_P}style") is not None or _is_filled(one.find(f"{_P}spPr")) for one in others):
            return False
    return True


_FILLS = ("solidFill", "gradFill", "blipFill", "pattFill", "grpFill")


def _is_filled(properties: Any) -> bool:
    return properties is not None and any(properties.find(f"{A}{fill}") is not None for fill in _FILLS)


def _is_plain(background: Any) -> bool:
    """True for the background of an ordinary white slide: the light colour of the theme."""
    colours = list(background.iter(f"{A}schemeClr", f"{A}srgbClr", f"{A}sysClr"))
    return len(colours) == 1 and (str(colours[0].tag).removeprefix(A), colours[0].get("val", "")) in _WHITES


def _table(rows: Sequence[str], page: int) -> Iterator[Piece]:
    text = "\n".join(row.rstrip() for row in rows if row.strip())
    if text:
        yield Piece(BlockKind.TABLE, text, page=page)


def reading_of_slides(
    slides: Sequence[Sequence[Piece]],
    pictured: Sequence[bool],
    size: tuple[float, float] | None,
    warnings: Sequence[str],
    *,
    form: Format = Format.PPTX,
    parser: str = PARSER,
) -> Reading:
    """A page for each slide; one of which only pictures are shown (`pictured`), and nothing was read, is unreadable."""
    parts: list[str] = []
    pages: list[Page] = []
    blocks: list[Block] = []
    place = 0
    for number, (pieces, picture) in enumerate(zip(slides, pictured, strict=True), start=1):
        start: int | None = None
        for piece in pieces:
            if parts:
                parts.append("\n\n")
                place += 2
            start = place if start is None else start
            blocks.append(Block(piece.kind, Span(place, place + len(piece.text)), piece.level))
            parts.append(piece.text)
            place += len(piece.text)
        fate = Fate.TEXT if pieces else Fate.UNREADABLE if picture else Fate.BLANK
        if pieces and all(piece.pictured for piece in pieces):
            fate = Fate.OCR
        note = _ONLY_PICTURES if fate is Fate.UNREADABLE else None
        pages.append(Page(number, str(number), Span(place if start is None else start, place), fate, size, note))
    if not parts:
        raise UnreadableDocument(" ".join(["The file holds no text.", *warnings]))
    text = "".join(parts)
    first = next((block.span.of(text) for block in blocks if block.kind is BlockKind.HEADING), "")
    return Reading(
        text=text,
        pages=tuple(pages),
        blocks=tuple(blocks),
        title=first,
        media_type=form,
        parser=parser,
        warnings=tuple(warnings),
    )
