"""OpenDocument texts (.odt), as LibreOffice writes them: paragraphs, headings, lists, tables, notes, what is drawn.

The XML is read here. unstructured turns the file into a .docx with pandoc, a program that would have to be installed
beside us, and what that drops (comments, hidden text, deleted text) is gone without a count. Element names and their
meaning: OASIS OpenDocument 1.3, part 3. Workbooks and presentations (ingest.opendocument_sheets, ._slides) walk through
their cells and shapes as this does through its body.

Pages are told by the marks that LibreOffice leaves where it last broke one; without them all is page 1.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from lxml import etree  # type: ignore[import-untyped]

from core.documents import BlockKind
from core.errors import UnreadableDocument
from ingest.drawings import Pictures
from ingest.formats import PROTECTED, Format
from ingest.ocr import OcrChoice
from ingest.package import Element, Package
from ingest.pieces import Piece, reading_of
from ingest.reading import Reading
from ingest.unseen import Cause, Unseen, with_unseen

PARSER = "dossier-opendocument 2"
"""Name and version of these readers; the version rises whenever the same file would give another reading."""

_MOST_REPEATED = 50  # cells: programs fill a row to its end with one empty cell that is repeated thousands of times
_TINY = 2.0  # points: smaller text is not read by eye, here as in a PDF
_WHITE = re.compile(r"#f[5-9a-f]f[5-9a-f]f[5-9a-f]", re.IGNORECASE)
_POINTS = re.compile(r"([\d.]+)pt")

_NAMES = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}"
TEXT, TABLE, OFFICE, DRAW, STYLE, PRESENTATION = (
    _NAMES % name for name in ("text", "table", "office", "drawing", "style", "presentation")
)
_FO = _NAMES % "xsl-fo-compatible"
_HREF = "{http://www.w3.org/1999/xlink}href"
_FIELDS_NOT_SHOWN = frozenset(f"{TEXT}{name}" for name in ("bookmark", "change", "change-start", "change-end"))

_Read = TypeVar("_Read")


def read_odt(path: Path, ocr: OcrChoice = OcrChoice.AUTO, languages: str = "eng") -> Reading:
    """The reading of an OpenDocument text as it stands once all tracked changes are accepted.

    Pictures are read by OCR where they stand. Deleted, hidden, white and tiny text and comments are left out and told.
    Raises UnreadableDocument when the file is damaged, locked or holds no text.
    """

    def walked(walk: Walk, body: Element) -> tuple[list[Piece], Walk]:
        headers = list(walk.furniture())
        pieces = list(walk.blocks(body))
        notes = [Piece(BlockKind.FOOTNOTE, note, page=walk.page) for note in walk.notes]
        first = [piece for piece in headers if piece.kind is BlockKind.HEADER]
        last = [replace(piece, page=walk.page) for piece in headers if piece.kind is BlockKind.FOOTER]
        return [*first, *pieces, *notes, *last], walk

    pieces, walk = opened(path, "text", Pictures(ocr, languages), walked)
    if not pieces and walk.pictures.warnings:
        raise UnreadableDocument(" ".join(["The file holds no text.", *walk.pictures.warnings]))
    return with_unseen(reading_of(pieces, "", Format.ODT, walk.pictures.warnings, parser=PARSER), walk.unseen)


def opened(path: Path, kind: str, pictures: Pictures, read: Callable[[Walk, Element], _Read]) -> _Read:
    """What `read` makes of the body of a file of a kind (text, spreadsheet, presentation).

    Raises UnreadableDocument when the file is damaged or locked.
    """
    try:
        package = Package(path)
        if b"encryption-data" in package.parts.get("META-INF/manifest.xml", b""):
            raise UnreadableDocument(PROTECTED)
        content = package.tree("content.xml", large=True)
        body = None if content is None else content.find(f"{OFFICE}body/{OFFICE}{kind}")
        if body is None:
            raise UnreadableDocument("The file is damaged: it has no body.")
        return read(Walk(package, content, package.tree("styles.xml", large=True), pictures), body)
    except (MemoryError, UnreadableDocument):
        raise
    except Exception as error:  # noqa: BLE001 - zipfile and lxml share no base for "damaged"
        raise UnreadableDocument("The file is damaged: its OpenDocument parts cannot be read.") from error


class Styles:
    """The styles of a file, by name: what their text looks like, by their own properties or those of their parents."""

    def __init__(self, *trees: Element | None) -> None:
        found = [style for tree in trees if tree is not None for style in tree.iter(f"{STYLE}style")]
        self._styles = {(style.get(f"{STYLE}family", ""), style.get(f"{STYLE}name", "")): style for style in found}

    def value(self, family: str, name: str, group: str, attribute: str) -> str:
        """An attribute of a group of properties ("text", "table-cell"), "" where no style of the line has it."""
        known = set()
        while (family, name) in self._styles and name not in known:
            known.add(name)
            style = self._styles[family, name]
            for properties in style.iter(f"{STYLE}{group}-properties"):
                if told := properties.get(attribute):
                    return str(told)
            name = style.get(f"{STYLE}parent-style-name", "")
        return ""

    def cause(self, family: str, name: str) -> Cause | None:
        """Why text of a style is not seen. White is only so on white: the caller knows what is behind."""
        if self.value(family, name, "text", f"{TEXT}display") == "none":
            return Cause.TEXT
        size = _POINTS.fullmatch(self.value(family, name, "text", f"{_FO}font-size"))
        if size and float(size[1]) < _TINY:
            return Cause.TINY
        behind = self.value(family, name, "text", f"{_FO}background-color")
        behind = behind if behind != "transparent" else ""
        behind = behind or self.value(family, name, "paragraph", f"{_FO}background-color")
        is_white = _WHITE.fullmatch(self.value(family, name, "text", f"{_FO}color"))
        return Cause.WHITE if is_white and (behind in ("", "transparent") or _WHITE.fullmatch(behind)) else None

    def is_shaded(self, cell: Element) -> bool:
        """True when a cell of a table has a colour of its own behind its text."""
        name = cell.get(f"{TABLE}style-name", "")
        behind = self.value("table-cell", name, "table-cell", f"{_FO}background-color")
        return behind not in ("", "transparent") and not _WHITE.fullmatch(behind)


_HOLDERS = frozenset(
    [
        "section",
        "index-body",
        "index-title",
        "numbered-paragraph",
        "text-box",
        "frame",
        "table-of-content",
        "bibliography",
    ]
    + ["g", "custom-shape", "rect", "ellipse", "circle", "a", "header-first", "footer-first"]
)
"""Elements that hold blocks and are none themselves."""


class Walk:
    """One way through the body: counts pages, and gathers notes and what is not seen."""

    def __init__(self, package: Package, content: Element, styles: Element | None, pictures: Pictures) -> None:
        self.page = 1
        self.notes: list[str] = []
        self.unseen: list[Unseen] = []
        self.pictures = pictures
        self.styles = Styles(styles, content)
        self._package = package
        self._masters = [] if styles is None else list(styles.iter(f"{STYLE}master-page"))
        self._on_white = True

    def furniture(self) -> Iterator[Piece]:
        """The running headers and footers of all kinds of pages, each once."""
        told = set()
        for master in self._masters:
            for part in master:
                name = etree.QName(part).localname if isinstance(part.tag, str) else ""
                kind = BlockKind.HEADER if name.startswith("header") else BlockKind.FOOTER
                if name.startswith(("header", "footer")) and part.get(f"{STYLE}display") != "false":
                    for piece in self.blocks(part):
                        if (kind, piece.text) not in told:
                            told.add((kind, piece.text))
                            yield replace(piece, kind=kind, level=None, page=1)

    def blocks(self, parent: Element, *, listed: bool = False) -> Iterator[Piece]:
        for element in parent:
            name = etree.QName(element).localname if isinstance(element.tag, str) else ""
            if name in ("p", "h"):
                yield from self._paragraph(element, listed=listed)
            elif name == "table":
                yield from self._table(element)
            elif name == "tracked-changes":
                self._changes(element)
            elif name == "soft-page-break":
                self.page += 1
            elif name == "section" and element.get(f"{TEXT}display") == "none":
                self.hide(Cause.TEXT, element)
            elif name in ("list", "list-item", "list-header"):
                yield from self.blocks(element, listed=True)
            elif name == "image":
                yield from self._image(element)
            elif name in _HOLDERS or name.endswith("-index"):
                yield from self._behind(element, listed=listed)

    def _behind(self, element: Element, *, listed: bool = False) -> Iterator[Piece]:
        """The blocks of an element; those of a shape may be on any colour."""
        before = self._on_white
        self._on_white = before and not str(element.tag).startswith(DRAW)
        yield from self.blocks(element, listed=listed)
        self._on_white = before

    def _image(self, image: Element) -> Iterator[Piece]:
        name = image.get(_HREF, "").removeprefix("./")
        if next(image.itersiblings(f"{DRAW}image", preceding=True), None) is not None:
            return  # the same picture again, in another form for other programs
        words = self.pictures.words(self._package.parts.get(name), Path(name).suffix)
        if words:
            yield Piece(BlockKind.PARAGRAPH, words, page=self.page, pictured=True)

    def _paragraph(self, element: Element, *, listed: bool) -> Iterator[Piece]:
        page = self.page
        boxes: list[Element] = []
        text = " ".join(self._inline(element, boxes).split())
        is_heading = element.tag == f"{TEXT}h"
        if text:
            kind = BlockKind.HEADING if is_heading else BlockKind.LIST if listed else BlockKind.PARAGRAPH
            level = int(element.get(f"{TEXT}outline-level", "1")) if is_heading else None
            yield Piece(kind, text, level, page)
        for box in boxes:
            yield from self.box(box)

    def box(self, box: Element) -> Iterator[Piece]:
        """The blocks of something that is drawn: a shape, a frame with a text, a table or a picture."""
        if box.tag == f"{DRAW}image":
            yield from self._image(box)
        else:
            yield from self._behind(box)

    def _table(self, table: Element) -> Iterator[Piece]:
        page = self.page
        rows = []
        boxes: list[Element] = []
        for row in self._rows(table):
            cells: list[str] = []
            for cell in row.iter(f"{TABLE}table-cell", f"{TABLE}covered-table-cell"):
                if next(cell.iterancestors(f"{TABLE}table-row")) is not row:
                    continue  # of a table within this one: its words stand in the cell around it
                repeated = int(cell.get(f"{TABLE}number-columns-repeated", "1"))
                text = self.cell(cell, boxes)
                covered = cell.tag != f"{TABLE}table-cell"  # by a cell that spans columns or rows
                cells += ["" if covered else text] * min(repeated, _MOST_REPEATED)
            line = "\t".join(cells).rstrip()
            if line.strip():
                rows.append(line)
        if rows:
            yield Piece(BlockKind.TABLE, "\n".join(rows), page=page)
        for box in boxes:
            yield from self.box(box)

    def _rows(self, table: Element) -> Iterator[Element]:
        for element in table:
            if element.tag == f"{TABLE}table-row":
                yield element
            elif element.tag == f"{TEXT}soft-page-break":
                self.page += 1
            elif element.tag in (f"{TABLE}table-header-rows", f"{TABLE}table-rows", f"{TABLE}table-row-group"):
                yield from self._rows(element)

    def cell(self, cell: Element, boxes: list[Element]) -> str:
        """The text of a cell as one line; what is drawn in it goes into `boxes`."""
        before = self._on_white
        self._on_white = before and not self.styles.is_shaded(cell)
        text = " ".join(" ".join(self._lines(cell, boxes)).split())
        self._on_white = before
        return text

    def _lines(self, cell: Element, boxes: list[Element]) -> Iterator[str]:
        for element in cell.iter(f"{TEXT}p", f"{TEXT}h"):
            inside = next(element.iterancestors(f"{OFFICE}annotation", f"{TEXT}note", f"{DRAW}text-box"), None)
            if inside is None or inside not in cell.iterdescendants():
                yield self._inline(element, boxes)

    def _inline(self, element: Element, boxes: list[Element]) -> str:
        """The running text of a paragraph; notes, comments and hidden parts go where they belong."""
        family = "text" if element.tag == f"{TEXT}span" else "paragraph"
        cause = self.styles.cause(family, element.get(f"{TEXT}style-name", ""))
        if cause is not None and (cause is not Cause.WHITE or self._on_white):
            self.hide(cause, element)
            return ""
        parts = [element.text or ""]
        for child in element:
            parts += [self._child(child, boxes), child.tail or ""]
        return "".join(parts)

    def _child(self, child: Element, boxes: list[Element]) -> str:
        name = etree.QName(child).localname if isinstance(child.tag, str) else ""
        match name:
            case "s":
                return " " * min(int(child.get(f"{TEXT}c", "1")), _MOST_REPEATED)
            case "tab" | "line-break":
                return " "
            case "soft-page-break":
                self.page += 1
            case "note":
                self._note(child)
            case "annotation":
                self.hide(Cause.COMMENT, child)
            case "hidden-text" | "hidden-paragraph":
                self.hide(Cause.TEXT, child)
            case "frame" | "text-box" | "custom-shape" | "rect" | "g":
                boxes += child.iter(f"{DRAW}text-box", f"{DRAW}image") if name != "custom-shape" else [child]
            case "ruby":
                base = child.find(f"{TEXT}ruby-base")
                return self._inline(base, boxes) if base is not None else ""
            case _ if child.tag not in _FIELDS_NOT_SHOWN and name != "annotation-end":
                return self._inline(child, boxes)
        return ""

    def _note(self, note: Element) -> None:
        body = note.find(f"{TEXT}note-body")
        citation = "".join(note.xpath("string(./*[local-name()='note-citation'])").split())
        text = " ".join(piece.text for piece in self.blocks(body)) if body is not None else ""
        if text:
            self.notes.append(f"{citation} {text}".strip())

    def _changes(self, changes: Element) -> None:
        for deleted in changes.iter(f"{TEXT}deletion"):
            self.hide(Cause.DELETED, deleted)

    def hide(self, cause: Cause, element: Element) -> None:
        """Tell what is not seen, with its words."""
        paragraphs = [" ".join("".join(one.itertext()).split()) for one in element.iter(f"{TEXT}p", f"{TEXT}h")]
        text = "\n".join(paragraphs) or " ".join("".join(element.itertext()).split())
        if text.strip() or cause is Cause.DELETED:
            self.unseen.append(Unseen(cause, self.page, text))
