"""OpenDocument workbooks (.ods): every sheet a page, every row a line, as of a workbook of Excel.

A cell holds its value as the program showed it when it saved the file, so that no number format is rendered here.
Source: OASIS OpenDocument 1.3, part 3, 9.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ingest.drawings import Pictures
from ingest.formats import Format
from ingest.ocr import OcrChoice
from ingest.opendocument import DRAW, OFFICE, PARSER, TABLE, Walk, opened
from ingest.package import Element
from ingest.pieces import Piece
from ingest.reading import Reading
from ingest.sheets import Row, Sheet, as_text, reading_of_sheets
from ingest.unseen import Cause, Unseen, with_unseen

_MOST_COLUMNS = 16_384  # that any program has
_MOST_REPEATED = 1000  # rows: filled ones are repeated a few times, empty ones to the end of the sheet
_GROUPS = tuple(f"{TABLE}table-{name}" for name in ("header-rows", "rows", "row-group", "columns", "column-group"))
_GROUPS += (f"{TABLE}table-header-columns",)


def read_ods(path: Path, ocr: OcrChoice = OcrChoice.AUTO, languages: str = "eng") -> Reading:
    """The reading of an OpenDocument workbook.

    Raises UnreadableDocument when it is damaged, locked or shows no text.
    """
    pictures = Pictures(ocr, languages)

    def sheets(walk: Walk, body: Element) -> tuple[list[Sheet], Walk]:
        found: list[Sheet] = []
        for table in body.iterchildren(f"{TABLE}table"):
            walk.page = len(found) + 1
            style = table.get(f"{TABLE}style-name", "")
            if walk.styles.value("table", style, "table", f"{TABLE}display") == "false":
                rows, _ = _sheet(walk, table)
                walk.unseen.append(Unseen(Cause.SHEET, 0, as_text(rows).strip()))
            else:
                rows, drawn = _sheet(walk, table)
                found.append(Sheet(table.get(f"{TABLE}name", ""), rows, drawn))
        return found, walk

    found, walk = opened(path, "spreadsheet", pictures, sheets)
    return with_unseen(reading_of_sheets(found, Format.ODS, pictures.warnings, named=True, parser=PARSER), walk.unseen)


def _sheet(walk: Walk, table: Element) -> tuple[list[Row], list[Piece]]:
    """The rows of a sheet as they are shown, and what is drawn on it."""
    hidden: set[int] = set()
    place = 0
    for column in _flat(table, f"{TABLE}table-column"):
        count = min(_repeated(column, "columns"), _MOST_COLUMNS)
        if _is_hidden(column):
            hidden |= set(range(place, place + count))
        place += count
    rows: list[Row] = []
    left_out: dict[int, list[str]] = {}
    boxes: list[Element] = list(table.iterchildren(f"{TABLE}shapes"))
    for row in _flat(table, f"{TABLE}table-row"):
        cells = _cells(walk, row, boxes)
        if _is_hidden(row):
            if any(cells):
                walk.unseen.append(Unseen(Cause.ROW, walk.page, "\t".join(cells)))
            continue
        for place in hidden:
            if place < len(cells) and cells[place]:
                left_out.setdefault(place, []).append(cells[place])
        shown = tuple(cell for place, cell in enumerate(cells) if place not in hidden)
        rows += [shown] * (min(_repeated(row, "rows"), _MOST_REPEATED) if any(shown) else 1)
    walk.unseen += [Unseen(Cause.COLUMN, walk.page, "\n".join(cells)) for _, cells in sorted(left_out.items())]
    return rows, [piece for box in boxes for piece in walk.box(box)]


def _flat(parent: Element, tag: str) -> Iterator[Element]:
    """The rows or columns of a table, out of the groups that programs put them into."""
    for element in parent:
        if element.tag == tag:
            yield element
        elif element.tag in _GROUPS:
            yield from _flat(element, tag)


def _cells(walk: Walk, row: Element, boxes: list[Element]) -> list[str]:
    cells: list[str] = []
    for cell in row.iterchildren(f"{TABLE}table-cell", f"{TABLE}covered-table-cell"):
        for note in cell.iterchildren(f"{OFFICE}annotation"):
            walk.hide(Cause.COMMENT, note)
        boxes += [one for one in cell if str(one.tag).startswith(DRAW)]
        text = walk.cell(cell, []) if cell.tag == f"{TABLE}table-cell" else ""
        cells += [text] * min(_repeated(cell, "columns"), _MOST_COLUMNS - len(cells) if text else 50)
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _repeated(element: Element, what: str) -> int:
    told = element.get(f"{TABLE}number-{what}-repeated", "1")
    return max(int(told), 1) if told.isdecimal() else 1


def _is_hidden(element: Element) -> bool:
    return element.get(f"{TABLE}visibility") in ("collapse", "filter")
