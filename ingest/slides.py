"""Presentations: every slide a page, its title a heading, its tables rows with tabs, the figures of its charts a table.

python-pptx, the library under unstructured's own reader, is used directly: that reader takes hidden slides, hidden
shapes and speaker notes for what an audience sees, and leaves charts and diagrams (SmartArt) out.

Slides keep their numbers as the program shows them: a hidden slide is a blank page.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from lxml import etree  # type: ignore[import-untyped]

from core.documents import Block, BlockKind, Fate, Page, Span
from core.errors import UnreadableDocument
from ingest.cells import shown
from ingest.formats import PROTECTED, Format
from ingest.pieces import Piece
from ingest.reading import Reading
from ingest.unseen import Cause, Unseen, with_unseen

_Shape: TypeAlias = Any  # of python-pptx, which brings no types

PARSER = "dossier-slides 1"
"""Name and version of this reader; the version rises whenever the same file would give another reading."""

_UNPACKED_AT_MOST = 1 << 30  # bytes of all parts; a zip bomb unpacks to a thousand times its size
_EMU = 12_700  # English metric units in a point (ECMA-376 Part 1, 20.1.2.1)
_BAND = 18 * _EMU  # shapes whose tops are closer than a line of print stand beside each other

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}relIds"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}dm"
_COMMENT = re.compile(rb"<(?:\w+:)?cm\b")
_COMMENT_PART = re.compile(r"ppt/comments/[^/]+\.xml")


def read_pptx(path: Path) -> Reading:
    """The reading of a presentation. Hidden slides and shapes, what lies beside the slide, speaker notes and comments
    are left out and told in warnings.

    Raises UnreadableDocument when the file is damaged, locked or shows no text.
    """
    unseen: list[Unseen] = []
    try:
        unseen += _comments(path)
        deck = _opened(path)
        slides = [list(_slide(slide, number, deck, unseen)) for number, slide in enumerate(deck.slides, start=1)]
        pictures = [_has_picture(slide) for slide in deck.slides]
        size = (deck.slide_width / _EMU, deck.slide_height / _EMU)
    except (MemoryError, UnreadableDocument):
        raise
    except Exception as error:  # noqa: BLE001 - zipfile, lxml and python-pptx share no base for "damaged"
        raise UnreadableDocument("The file is damaged: PowerPoint's own parts in it cannot be read.") from error
    return with_unseen(_reading(slides, pictures, size), unseen)


def _opened(path: Path) -> Any:
    from pptx import Presentation

    return Presentation(str(path))


def _comments(path: Path) -> list[Unseen]:
    with zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
        if sum(part.file_size for part in parts) > _UNPACKED_AT_MOST:
            raise UnreadableDocument("The file unpacks to more than 1 GiB.")
        if any(part.flag_bits & 1 for part in parts):
            raise UnreadableDocument(PROTECTED)
        return [
            Unseen(Cause.COMMENT, 0, "")
            for part in parts
            if _COMMENT_PART.fullmatch(part.filename)
            for _ in _COMMENT.finditer(archive.read(part))
        ]


def _slide(slide: Any, number: int, deck: Any, unseen: list[Unseen]) -> Iterator[Piece]:
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        notes = slide.notes_slide.notes_text_frame.text.strip()
        if notes:
            unseen.append(Unseen(Cause.NOTES, number, notes))
    title = slide.shapes.title
    pieces = []
    for shape in _in_reading_order(slide.shapes, title):
        found = list(_pieces(shape, is_title=title is not None and shape.shape_id == title.shape_id, page=number))
        text = "\n".join(piece.text for piece in found)
        if _is_hidden(shape):
            unseen += [Unseen(Cause.TEXT, number, text)] if text else []
        elif _is_beside(shape, deck):
            unseen += [Unseen(Cause.OFF_PAGE, number, text)] if text else []
        else:
            pieces += found
    if slide._element.get("show") in ("0", "false"):
        unseen.append(Unseen(Cause.SLIDE, number, "\n".join(piece.text for piece in pieces)))
    else:
        yield from pieces


def _has_picture(slide: Any) -> bool:
    shown_at_all = slide._element.get("show") not in ("0", "false")
    return (
        shown_at_all
        and next(slide._element.iter("{http://schemas.openxmlformats.org/presentationml/2006/main}pic"), None)
        is not None
    )


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


def _pieces(shape: _Shape, *, is_title: bool, page: int) -> Iterator[Piece]:
    if shape.shape_type is not None and hasattr(shape, "shapes"):  # a group
        for inner in shape.shapes:
            if not _is_hidden(inner):
                yield from _pieces(inner, is_title=False, page=page)
        return
    if getattr(shape, "has_text_frame", False) and shape.has_text_frame:
        yield from _paragraphs(shape, is_title=is_title, page=page)
    elif getattr(shape, "has_table", False) and shape.has_table:
        rows = ["\t".join(_line(cell.text) for cell in row.cells if not cell.is_spanned) for row in shape.table.rows]
        yield from _table(rows, page)
    elif getattr(shape, "has_chart", False) and shape.has_chart:
        yield from _table(list(_chart_rows(shape.chart.part._element)), page)
    else:
        for diagram in shape._element.iter(_DIAGRAM):
            part = shape.part.related_part(diagram.get(_RELATION))
            yield from (Piece(BlockKind.LIST, text, page=page) for text in _texts(etree.fromstring(part.blob, _STRICT)))


_ONLY_PICTURES = "The slide shows pictures only: save the presentation as PDF, and they are read."
_STRICT = etree.XMLParser(resolve_entities=False, no_network=True)
_FURNITURE = {
    "FOOTER": BlockKind.FOOTER,
    "SLIDE_NUMBER": BlockKind.FOOTER,
    "DATE": BlockKind.FOOTER,
    "HEADER": BlockKind.HEADER,
}


def _paragraphs(shape: _Shape, *, is_title: bool, page: int) -> Iterator[Piece]:
    lines = [(paragraph.level, _line(paragraph.text)) for paragraph in shape.text_frame.paragraphs]
    lines = [(level, line) for level, line in lines if line]
    role = shape.placeholder_format.type.name if shape.is_placeholder and shape.placeholder_format.type else ""
    if is_title:
        if lines:
            yield Piece(BlockKind.HEADING, " ".join(line for _, line in lines), 1, page)
        return
    kind = _FURNITURE.get(role) or (BlockKind.LIST if role in ("BODY", "OBJECT") and len(lines) > 1 else None)
    for _, line in lines:
        yield Piece(kind or BlockKind.PARAGRAPH, line, page=page)


def _table(rows: Sequence[str], page: int) -> Iterator[Piece]:
    text = "\n".join(row.rstrip() for row in rows if row.strip())
    if text:
        yield Piece(BlockKind.TABLE, text, page=page)


def _chart_rows(chart: Any) -> Iterator[str]:
    """The figures behind a chart: a line for each category, a column for each series. Source: ECMA-376 Part 1, 21.2."""
    series = list(chart.iter(f"{_C}ser"))
    title = chart.find(f".//{_C}chart/{_C}title")
    if title is not None and (heading := " ".join(_texts(title))):
        yield heading
    names = [
        _line(" ".join(one.xpath("string(./*[local-name()='tx']//*[local-name()='v'])").split())) for one in series
    ]
    labels = next((found for one in series for tag in ("cat", "xVal") if (found := _points(one, tag))), {})
    columns = [_points(one, "val") or _points(one, "yVal") for one in series]
    if any(names):
        yield "\t".join(["", *names])
    for place in sorted({place for column in [labels, *columns] for place in column}):
        yield "\t".join([labels.get(place, ""), *(column.get(place, "") for column in columns)])


def _points(series: Any, tag: str) -> dict[int, str]:
    found: dict[int, str] = {}
    for cache in series.xpath(f"./*[local-name()='{tag}']//*[local-name()='numCache' or local-name()='strCache']"):
        number_format = cache.findtext(f"{_C}formatCode") or "General"
        for point in cache.iter(f"{_C}pt"):
            value = point.findtext(f"{_C}v") or ""
            numeric = cache.tag == f"{_C}numCache"
            found[int(point.get("idx", "0"))] = _line(
                _figure(value, point.get("formatCode", number_format)) if numeric else value
            )
    return found


def _figure(value: str, number_format: str) -> str:
    try:
        return shown(float(value), number_format)
    except ValueError:
        return value


def _texts(tree: Any) -> list[str]:
    lines = ("".join(run.text or "" for run in paragraph.iter(f"{_A}t")) for paragraph in tree.iter(f"{_A}p"))
    return [line for line in map(_line, lines) if line]


def _line(text: str) -> str:
    """Text as one line: breaks within a paragraph (vertical tabs in python-pptx) and tabs become spaces."""
    return " ".join(text.split())


def _reading(slides: Sequence[Sequence[Piece]], pictures: Sequence[bool], size: tuple[float, float]) -> Reading:
    parts: list[str] = []
    pages: list[Page] = []
    blocks: list[Block] = []
    place = 0
    for number, (pieces, picture) in enumerate(zip(slides, pictures, strict=True), start=1):
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
        note = _ONLY_PICTURES if fate is Fate.UNREADABLE else None
        pages.append(Page(number, str(number), Span(place if start is None else start, place), fate, size, note))
    if not parts:
        raise UnreadableDocument("The file holds no text.")
    text = "".join(parts)
    first = next((block.span.of(text) for block in blocks if block.kind is BlockKind.HEADING), "")
    return Reading(
        text=text,
        pages=tuple(pages),
        blocks=tuple(blocks),
        title=first,
        media_type=Format.PPTX,
        parser=PARSER,
    )
