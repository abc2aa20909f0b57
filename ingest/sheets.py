"""Spreadsheets: every sheet a page under its own name, every row a line with its cells between tabs.

openpyxl is used directly and not through unstructured, which reads cells by pandas: a percentage comes out as a
fraction, a date as a time stamp, an amount in parentheses as a negative float, hidden rows and sheets as if they were
seen, and merged headings as "Unnamed: 3". Here a cell is the text that its number format makes of it (ingest.cells).

Formulas are read as the results that the program which saved the file left beside them; none is computed here.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from core.documents import Block, BlockKind, Fate, Page, Span
from core.errors import UnreadableDocument
from ingest.cells import shown
from ingest.drawings import A, Pictures, chart_rows, texts
from ingest.formats import Format
from ingest.ocr import OcrChoice
from ingest.package import Element, Package, Relation
from ingest.pieces import Piece
from ingest.plain import decoded
from ingest.reading import Reading
from ingest.unseen import Cause, Unseen, with_unseen

PARSER = "dossier-sheets 2"
"""Name and version of this reader; the version rises whenever the same file would give another reading."""

_WITHOUT_RESULT = re.compile(rb"<f\b[^>]*(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>")
_WHITE = "FFFFFF"
_INDEXED_WHITE = (1, 9)  # in the palette of old (ECMA-376 Part 1, 18.8.27)
_THEME_WHITE = 0  # the first colour of a theme is its light one (18.3.1.15): white but for themes of the dark
_TINY = 2.0  # points: smaller text is not read by eye, here as in a PDF
_XDR = "{http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}chart"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet as it is shown: its rows, then what is drawn on it."""

    name: str
    rows: Sequence[Row]
    drawn: Sequence[Piece] = ()


def read_xlsx(path: Path, ocr: OcrChoice = OcrChoice.AUTO, languages: str = "eng") -> Reading:
    """The reading of a workbook of Excel (.xlsx, .xlsm; macros are neither run nor read).

    What is drawn on a sheet follows its rows: text in shapes, the figures of charts, the words of pictures (by OCR).
    Hidden sheets, rows, columns and shapes, values in the colour of their background, too small to be read or with a
    format that shows nothing, and comments are left out and told, as are formulas without a stored result.
    Raises UnreadableDocument when the file is damaged, locked or shows no text.
    """
    unseen: list[Unseen] = []
    pictures = Pictures(ocr, languages)
    try:
        package = Package(path)
        warnings = _without_results(package)
        book = _opened(path)
        by_title = {str(sheet.title): sheet for sheet in book.worksheets}
        sheets: list[Sheet] = []
        for title, state, part in _listed(package):
            sheet = by_title.get(title)
            if state != "visible":
                hidden = "" if sheet is None else as_text(_rows(sheet, 0, []))
                drawn = _drawn(package, part, 0, Pictures(OcrChoice.NEVER, languages), [])
                unseen.append(Unseen(Cause.SHEET, 0, "\n".join([hidden, *(piece.text for piece in drawn)]).strip()))
                continue
            page = len(sheets) + 1
            rows = [] if sheet is None else _rows(sheet, page, unseen)  # a sheet that is a chart has none
            sheets.append(Sheet(title, rows, list(_drawn(package, part, page, pictures, unseen))))
    except (MemoryError, UnreadableDocument):
        raise
    except Exception as error:  # noqa: BLE001 - zipfile, the XML parser and openpyxl share no base for "damaged"
        raise UnreadableDocument("The file is damaged: Excel's own parts in it cannot be read.") from error
    return with_unseen(reading_of_sheets(sheets, Format.XLSX, [*warnings, *pictures.warnings], named=True), unseen)


def read_csv(path: Path, *, form: Format) -> Reading:
    """The reading of a table in plain text (.csv, .tsv): rows as lines, cells between tabs, values as they stand.

    Raises UnreadableDocument when it is no text or holds none.
    """
    text, warnings = decoded(path.read_bytes())
    lines = text.lstrip("\ufeff").splitlines(keepends=True)
    separator = "\t" if form is Format.TSV else ""
    if lines and (told_by_excel := re.fullmatch(r"sep=(.)\s*", lines[0], re.IGNORECASE)):
        separator, lines = told_by_excel[1], lines[1:]
    csv.field_size_limit(1 << 30)
    try:
        rows = [
            tuple(_clean(cell) for cell in row) for row in csv.reader(lines, delimiter=separator or _separator(lines))
        ]
    except csv.Error as error:
        raise UnreadableDocument("The file is no table: its rows cannot be told apart.") from error
    return reading_of_sheets([Sheet("", rows)], form, warnings, named=False)


_SEPARATORS = ",;\t|"
_SAMPLE = 200  # lines that the separator is guessed from


def _separator(lines: Sequence[str]) -> str:
    """The separator that makes most rows of the same number of cells, more than one; a comma where none does."""

    def agreement(separator: str) -> tuple[int, int]:
        counts = [len(row) for row in csv.reader(lines[:_SAMPLE], delimiter=separator) if row]
        usual = max(set(counts), key=counts.count, default=1)
        return (counts.count(usual), usual) if usual > 1 else (0, 0)

    return max(_SEPARATORS, key=agreement)


# ── Excel ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _opened(path: Path) -> Any:
    import warnings

    from openpyxl import load_workbook

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl tells what it would lose on saving; we save nothing
        return load_workbook(path, data_only=True, keep_links=False, rich_text=False)


def _without_results(package: Package) -> tuple[str, ...]:
    """What openpyxl passes over without a word: formulas whose result was never stored."""
    formulas = sum(
        len(_WITHOUT_RESULT.findall(content))
        for name, content in package.parts.items()
        if name.startswith("xl/worksheets/") and name.endswith(".xml")
    )
    if not formulas:
        return ()
    results = "1 formula has" if formulas == 1 else f"{formulas:,} formulas have"
    return (f"{results} no stored result and could not be read: open the file in Excel and save it.",)


def _listed(package: Package) -> Iterator[tuple[str, str, str]]:
    """Title, state and part of each sheet, those that are charts included, in their order."""
    main = next(one.target for one in package.relations("").values() if one.kind == "officeDocument")
    relations = package.relations(main)
    tree = package.tree(main, large=True)
    for sheet in () if tree is None else tree.iter(f"{_S}sheet"):
        relation = relations.get(sheet.get(f"{_R}id", ""))
        if relation is not None and relation.kind in ("worksheet", "chartsheet"):
            yield sheet.get("name", ""), sheet.get("state", "visible"), relation.target


def _drawn(package: Package, part: str, page: int, pictures: Pictures, unseen: list[Unseen]) -> Iterator[Piece]:
    """What is drawn on a sheet, from the top down: text in shapes, charts by their figures, pictures by their words."""
    for drawing in (one.target for one in package.relations(part).values() if one.kind == "drawing"):
        tree = package.tree(drawing, large=True)
        relations = package.relations(drawing)
        for anchor in () if tree is None else sorted(tree, key=_row_of):
            pieces: list[Piece] = []
            for element in anchor.iter(f"{_XDR}sp", f"{_XDR}pic", _CHART):
                if next(element.iterancestors(_FALLBACK), None) is None:
                    pieces += _pieces(package, element, relations, page, pictures)
            if any(one.get("hidden") in ("1", "true") for one in anchor.iter(f"{_XDR}cNvPr")):
                unseen += [Unseen(Cause.TEXT, page, piece.text) for piece in pieces]
            else:
                yield from pieces


def _row_of(anchor: Element) -> tuple[int, int]:
    row, column = (anchor.findtext(f"{_XDR}from/{_XDR}{name}") or "" for name in ("row", "col"))
    return (int(row) if row.isdecimal() else 0, int(column) if column.isdecimal() else 0)


def _pieces(
    package: Package, element: Element, relations: dict[str, Relation], page: int, pictures: Pictures
) -> Iterator[Piece]:
    if element.tag == f"{_XDR}sp":
        yield from (Piece(BlockKind.PARAGRAPH, text, page=page) for text in texts(element))
        return
    blip = element if element.tag == _CHART else next(element.iter(f"{A}blip"), element)
    relation = relations.get(blip.get(f"{_R}id") or blip.get(f"{_R}embed") or blip.get(f"{_R}link") or "")
    if relation is None:
        return
    if element.tag == _CHART:
        tree = package.tree(relation.target)
        if tree is not None and (rows := list(chart_rows(tree))):
            yield Piece(BlockKind.TABLE, "\n".join(rows), page=page)
    elif words := pictures.words(package.parts.get(relation.target), kind=Path(relation.target).suffix):
        yield Piece(BlockKind.PARAGRAPH, words, page=page, pictured=True)


def _rows(sheet: Any, page: int, unseen: list[Unseen]) -> list[Row]:
    """The rows of a sheet as they are shown; those without a value are empty."""
    hidden_columns = {
        number
        for dimension in sheet.column_dimensions.values()
        if dimension.hidden or dimension.width == 0
        for number in range(dimension.min or 0, min(dimension.max or 0, sheet.max_column) + 1)
    }
    styles: dict[Any, Cause | None] = {}
    painted = _painted(sheet)
    rows: list[Row] = []
    left_out: dict[int, list[str]] = {}
    for number, row in enumerate(sheet.iter_rows(), start=1):
        dimension = sheet.row_dimensions.get(number)
        cells = [_cell(cell, page, styles, painted, unseen) for cell in row]
        if dimension is not None and (dimension.hidden or dimension.height == 0):
            if any(cells):
                unseen.append(Unseen(Cause.ROW, page, "\t".join(cells)))
            continue
        for place in hidden_columns:
            if place <= len(cells) and cells[place - 1]:
                left_out.setdefault(place, []).append(cells[place - 1])
        rows.append(tuple(cell for place, cell in enumerate(cells, start=1) if place not in hidden_columns))
    unseen += [Unseen(Cause.COLUMN, page, "\n".join(cells)) for _, cells in sorted(left_out.items())]
    return rows


def _cell(
    cell: Any, page: int, styles: dict[Any, Cause | None], painted: Sequence[_Place], unseen: list[Unseen]
) -> str:
    if getattr(cell, "comment", None):
        unseen.append(Unseen(Cause.COMMENT, page, str(cell.comment.text)))
    value = cell.value
    if value is None:
        return ""
    text = _clean(shown(value, cell.number_format))
    if not text and str(value).strip():
        unseen.append(Unseen(Cause.TEXT, page, str(value)))
        return ""
    style = tuple(cell._style)  # fonts and fills by number: cells that share them are judged once
    if style not in styles:
        styles[style] = _unseen(cell)
    cause = styles[style]
    if cause is Cause.WHITE and any(
        left <= cell.column <= right and top <= cell.row <= bottom for left, top, right, bottom in painted
    ):
        cause = None
    if text and cause is not None:
        unseen.append(Unseen(cause, page, text))
        return ""
    return text


_Place = tuple[int, int, int, int]


def _painted(sheet: Any) -> list[_Place]:
    """The ranges (left, top, right, bottom) that a table's style or a condition may paint: white may be seen there."""
    from openpyxl.worksheet.cell_range import CellRange

    tables = [table.ref for table in sheet.tables.values() if table.tableStyleInfo is not None]
    conditions = [str(one) for formatting in sheet.conditional_formatting for one in formatting.sqref.ranges]
    return [CellRange(place).bounds for place in [*tables, *conditions]]


def _unseen(cell: Any) -> Cause | None:
    """Why the letters of a cell are not seen: too small, or white with nothing but white behind."""
    font, fill = cell.font, cell.fill
    if font is None:
        return None
    if font.sz is not None and font.sz < _TINY:
        return Cause.TINY
    if not _is_white(font.color):
        return None
    if fill is None or fill.fill_type is None:
        return Cause.WHITE
    return Cause.WHITE if fill.fill_type == "solid" and _is_white(fill.fgColor) else None


def _is_white(colour: Any) -> bool:
    if colour is None:
        return False
    if colour.type == "rgb":
        return str(colour.rgb).upper().endswith(_WHITE)
    if colour.type == "indexed":
        return colour.indexed in _INDEXED_WHITE
    return bool(colour.type == "theme" and colour.theme == _THEME_WHITE and not colour.tint)


def _clean(text: str) -> str:
    """A cell as one line: breaks and tabs within it become spaces."""
    return " ".join(text.split())


# ── rows → text and blocks ────────────────────────────────────────────────────────────────────────────────────────────


def reading_of_sheets(
    sheets: Iterable[Sheet], form: Format, warnings: Sequence[str], *, named: bool, parser: str = PARSER
) -> Reading:
    """A page for each sheet; `named` ones begin with their name as a heading. Raises UnreadableDocument for no text."""
    text = io.StringIO()
    place = 0
    pages: list[Page] = []
    blocks: list[Block] = []

    def write(piece: str) -> Span:
        nonlocal place
        start, place = place, place + len(piece)
        text.write(piece)
        return Span(start, place)

    for number, sheet in enumerate(sheets, start=1):
        tables = list(_tables(sheet.rows))
        if (tables or sheet.drawn) and place:
            write("\n\n")
        start = place
        title = _clean(sheet.name)
        if title and (tables or sheet.drawn) and named:
            blocks.append(Block(BlockKind.HEADING, write(title), level=1))
        for table in tables:
            if place > start:
                write("\n\n")
            kind = BlockKind.TABLE if any(len(row) > 1 for row in table) else BlockKind.PARAGRAPH
            blocks.append(Block(kind, write(as_text(table))))
        for piece in sheet.drawn:
            if place > start:
                write("\n\n")
            blocks.append(Block(piece.kind, write(piece.text)))
        fate = Fate.TEXT if tables else Fate.BLANK
        if sheet.drawn and not tables:
            fate = Fate.OCR if all(piece.pictured for piece in sheet.drawn) else Fate.TEXT
        pages.append(Page(number, title or str(number), Span(start, place), fate))
    if not blocks:
        raise UnreadableDocument(" ".join(["The file holds no text.", *warnings]))
    return Reading(
        text=text.getvalue(),
        pages=tuple(pages),
        blocks=tuple(blocks),
        title="",
        media_type=form,
        parser=parser,
        warnings=tuple(warnings),
    )


def _tables(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Runs of rows between empty ones, each without the columns at its left and right that are empty throughout."""
    for filled, group in groupby(rows, key=lambda row: any(row)):
        if not filled:
            continue
        table = list(group)
        first = min(next(place for place, cell in enumerate(row) if cell) for row in table)
        yield [row[first : max(place for place, cell in enumerate(row) if cell) + 1] for row in table]


def as_text(rows: Iterable[Row]) -> str:
    return "\n".join("\t".join(row) for row in rows)
