"""OpenDocument texts (.odt), as LibreOffice writes them: paragraphs, headings, lists, tables, notes, text boxes.

The XML is read here. unstructured turns the file into a .docx with pandoc, a program that would have to be installed
beside us, and what that drops (comments, hidden text, deleted text) is gone without a count. Element names and their
meaning: OASIS OpenDocument 1.3, part 3.

Pages are told by the marks that LibreOffice leaves where it last broke one; without them all is page 1.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

from lxml import etree  # type: ignore[import-untyped]

from core.documents import BlockKind
from core.errors import UnreadableDocument
from ingest.formats import PROTECTED, Format
from ingest.pieces import Piece, reading_of
from ingest.reading import Reading
from ingest.unseen import Cause, Unseen, with_unseen

_Element: TypeAlias = Any  # of lxml, which brings no types

PARSER = "dossier-opendocument 1"
"""Name and version of this reader; the version rises whenever the same file would give another reading."""

_UNPACKED_AT_MOST = 1 << 30  # bytes of one part; a zip bomb unpacks to a thousand times its size
_MOST_REPEATED = 50  # cells: programs fill a row to its end with one empty cell that is repeated thousands of times

_NAMES = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}"
_TEXT, _TABLE, _OFFICE, _DRAW, _STYLE = (_NAMES % name for name in ("text", "table", "office", "drawing", "style"))
_STRICT = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True, remove_comments=True)
_FIELDS_NOT_SHOWN = frozenset(f"{_TEXT}{name}" for name in ("bookmark", "change", "change-start", "change-end"))


def read_odt(path: Path) -> Reading:
    """The reading of an OpenDocument text as it stands once all tracked changes are accepted.

    Deleted text, hidden text and comments are left out and told in warnings.
    Raises UnreadableDocument when the file is damaged, locked or holds no text.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if b"encryption-data" in _part(archive, "META-INF/manifest.xml"):
                raise UnreadableDocument(PROTECTED)
            content = etree.fromstring(_part(archive, "content.xml"), _STRICT)
            styles = _part(archive, "styles.xml")
        body = content.find(f"{_OFFICE}body/{_OFFICE}text")
        if body is None:
            raise UnreadableDocument("The file is damaged: it has no body.")
        trees = [content, etree.fromstring(styles, _STRICT)] if styles else [content]
        walk = _Walk({name for tree in trees for name in _hidden_styles(tree)})
        pieces = list(walk.blocks(body))
    except (MemoryError, UnreadableDocument):
        raise
    except Exception as error:  # noqa: BLE001 - zipfile and lxml share no base for "damaged"
        raise UnreadableDocument("The file is damaged: its OpenDocument parts cannot be read.") from error
    notes = [Piece(BlockKind.FOOTNOTE, note, page=walk.page) for note in walk.notes]
    return with_unseen(reading_of([*pieces, *notes], "", Format.ODT, (), parser=PARSER), walk.unseen)


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    try:
        info = archive.getinfo(name)
    except KeyError:
        return b""
    if info.file_size > _UNPACKED_AT_MOST:
        raise UnreadableDocument("The file unpacks to more than 1 GiB.")
    if info.flag_bits & 1:
        raise UnreadableDocument(PROTECTED)
    return archive.read(info)


def _hidden_styles(tree: _Element) -> Iterator[str]:
    """Styles whose text is not shown ("text:display" of OpenDocument 1.3 part 3, 20.417)."""
    for style in tree.iter(f"{_STYLE}style"):
        properties = style.find(f"{_STYLE}text-properties")
        if properties is not None and properties.get(f"{_TEXT}display") == "none":
            yield style.get(f"{_STYLE}name", "")


class _Walk:
    """One way through the body: counts pages, and gathers notes and what is not seen."""

    def __init__(self, hidden_styles: set[str]) -> None:
        self.page = 1
        self.notes: list[str] = []
        self.unseen: list[Unseen] = []
        self._hidden_styles = hidden_styles

    def blocks(self, parent: _Element, *, listed: bool = False) -> Iterator[Piece]:
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
            elif name == "section" and element.get(f"{_TEXT}display") == "none":
                self._hide(Cause.TEXT, element)
            elif name in ("list", "list-item", "list-header"):
                yield from self.blocks(element, listed=True)
            elif name in ("section", "index-body", "index-title", "numbered-paragraph", "text-box", "frame") or (
                name.endswith("-index") or name in ("table-of-content", "bibliography")
            ):
                yield from self.blocks(element, listed=listed)

    def _paragraph(self, element: _Element, *, listed: bool) -> Iterator[Piece]:
        page = self.page
        boxes: list[_Element] = []
        text = " ".join(self._inline(element, boxes).split())
        is_heading = element.tag == f"{_TEXT}h"
        if text:
            kind = BlockKind.HEADING if is_heading else BlockKind.LIST if listed else BlockKind.PARAGRAPH
            level = int(element.get(f"{_TEXT}outline-level", "1")) if is_heading else None
            yield Piece(kind, text, level, page)
        for box in boxes:
            yield from self.blocks(box)

    def _table(self, table: _Element) -> Iterator[Piece]:
        page = self.page
        rows = []
        boxes: list[_Element] = []
        for row in self._rows(table):
            cells: list[str] = []
            for cell in row.iter(f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
                if next(cell.iterancestors(f"{_TABLE}table-row")) is not row:
                    continue  # of a table within this one: its words stand in the cell around it
                repeated = int(cell.get(f"{_TABLE}number-columns-repeated", "1"))
                text = " ".join(" ".join(self._cell(cell, boxes)).split())
                if cell.tag == f"{_TABLE}table-cell":
                    cells += [text] * min(repeated, _MOST_REPEATED)
            line = "\t".join(cells).rstrip()
            if line.strip():
                rows.append(line)
        if rows:
            yield Piece(BlockKind.TABLE, "\n".join(rows), page=page)
        for box in boxes:
            yield from self.blocks(box)

    def _rows(self, table: _Element) -> Iterator[_Element]:
        for element in table:
            if element.tag == f"{_TABLE}table-row":
                yield element
            elif element.tag == f"{_TEXT}soft-page-break":
                self.page += 1
            elif element.tag in (f"{_TABLE}table-header-rows", f"{_TABLE}table-rows", f"{_TABLE}table-row-group"):
                yield from self._rows(element)

    def _cell(self, cell: _Element, boxes: list[_Element]) -> Iterator[str]:
        for element in cell.iter(f"{_TEXT}p", f"{_TEXT}h"):
            inside = next(element.iterancestors(f"{_OFFICE}annotation", f"{_TEXT}note", f"{_DRAW}text-box"), None)
            if inside is None or inside not in cell.iterdescendants():
                yield self._inline(element, boxes)

    def _inline(self, element: _Element, boxes: list[_Element]) -> str:
        """The running text of a paragraph; notes, comments and hidden parts go where they belong."""
        if element.get(f"{_TEXT}style-name", "") in self._hidden_styles:
            self._hide(Cause.TEXT, element)
            return ""
        parts = [element.text or ""]
        for child in element:
            parts += [self._child(child, boxes), child.tail or ""]
        return "".join(parts)

    def _child(self, child: _Element, boxes: list[_Element]) -> str:
        name = etree.QName(child).localname if isinstance(child.tag, str) else ""
        match name:
            case "s":
                return " " * min(int(child.get(f"{_TEXT}c", "1")), _MOST_REPEATED)
            case "tab" | "line-break":
                return " "
            case "soft-page-break":
                self.page += 1
            case "note":
                self._note(child)
            case "annotation":
                self._hide(Cause.COMMENT, child)
            case "hidden-text" | "hidden-paragraph":
                self._hide(Cause.TEXT, child)
            case "frame" | "text-box" | "custom-shape" | "rect" | "g":
                boxes += child.iter(f"{_DRAW}text-box") if name != "custom-shape" else [child]
            case "ruby":
                base = child.find(f"{_TEXT}ruby-base")
                return self._inline(base, boxes) if base is not None else ""
            case _ if child.tag not in _FIELDS_NOT_SHOWN and name != "annotation-end":
                return self._inline(child, boxes)
        return ""

    def _note(self, note: _Element) -> None:
        body = note.find(f"{_TEXT}note-body")
        citation = "".join(note.xpath("string(./*[local-name()='note-citation'])").split())
        text = " ".join(piece.text for piece in self.blocks(body)) if body is not None else ""
        if text:
            self.notes.append(f"{citation} {text}".strip())

    def _changes(self, changes: _Element) -> None:
        for deleted in changes.iter(f"{_TEXT}deletion"):
            self._hide(Cause.DELETED, deleted)

    def _hide(self, cause: Cause, element: _Element) -> None:
        paragraphs = [" ".join("".join(one.itertext()).split()) for one in element.iter(f"{_TEXT}p", f"{_TEXT}h")]
        text = "\n".join(paragraphs) or " ".join("".join(element.itertext()).split())
        if text.strip() or cause is Cause.DELETED:
            self.unseen.append(Unseen(cause, self.page, text))
