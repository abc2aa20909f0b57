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
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from core.documents import Block, BlockKind, Fate, Page, Span
from core.errors import UnreadableDocument
from ingest.cells import shown
from ingest.formats import PROTECTED, Format
from ingest.plain import decoded
from ingest.reading import Reading
from ingest.unseen import Cause, Unseen, with_unseen

PARSER = "dossier-sheets 1"
"""Name and version of this reader; the version rises whenever the same file would give another reading."""

_UNPACKED_AT_MOST = 1 << 30  # bytes of all parts; a zip bomb unpacks to a thousand times its size
_WITHOUT_RESULT = re.compile(rb"<f\b[^>]*(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>")
_SHAPE_TEXT = re.compile(rb"<a:t>[^<]")
_WHITE = "FFFFFF"

_Row = tuple[str, ...]


def read_xlsx(path: Path) -> Reading:
    """The reading of a workbook of Excel (.xlsx, .xlsm; macros are neither run nor read).

    Hidden sheets, rows and columns, values in the colour of their background or with a format that shows nothing, and
    comments are left out and told in warnings, as are formulas without a stored result and text in shapes.
    Raises UnreadableDocument when the file is damaged, locked or shows no text.
    """
    unseen: list[Unseen] = []
    try:
        warnings = _of_the_parts(path)
        book = _opened(path)
        sheets: list[tuple[str, list[_Row]]] = []
        for sheet in book.worksheets:
            if sheet.sheet_state == "visible":
                sheets.append((str(sheet.title), _rows(sheet, len(sheets) + 1, unseen)))
            else:
                unseen.append(Unseen(Cause.SHEET, 0, _as_text(_rows(sheet, 0, []))))
    except (MemoryError, UnreadableDocument):
        raise
    except Exception as error:  # noqa: BLE001 - zipfile, the XML parser and openpyxl share no base for "damaged"
        raise UnreadableDocument("The file is damaged: Excel's own parts in it cannot be read.") from error
    return with_unseen(_reading(sheets, Format.XLSX, warnings, named=True), unseen)


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
    return _reading([("", rows)], form, warnings, named=False)


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


def _of_the_parts(path: Path) -> tuple[str, ...]:
    """What openpyxl passes over without a word: formulas without a result, and text in shapes and charts."""
    formulas = shapes = 0
    with zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
        if sum(part.file_size for part in parts) > _UNPACKED_AT_MOST:
            raise UnreadableDocument("The file unpacks to more than 1 GiB.")
        if any(part.flag_bits & 1 for part in parts):
            raise UnreadableDocument(PROTECTED)
        for part in parts:
            if part.filename.startswith("xl/worksheets/") and part.filename.endswith(".xml"):
                formulas += len(_WITHOUT_RESULT.findall(archive.read(part)))
            elif re.fullmatch(r"xl/drawings/drawing\d+\.xml", part.filename):
                shapes += len(_SHAPE_TEXT.findall(archive.read(part)))
    warnings = []
    if formulas:
        results = "1 formula has" if formulas == 1 else f"{formulas:,} formulas have"
        warnings.append(f"{results} no stored result and could not be read: open the file in Excel and save it.")
    if shapes:
        warnings.append(f"{shapes:,} {'passage' if shapes == 1 else 'passages'} in shapes were not read.")
    return tuple(warnings)


def _rows(sheet: Any, page: int, unseen: list[Unseen]) -> list[_Row]:
    """The rows of a sheet as they are shown; those without a value are empty."""
    hidden_columns = {
        number
        for dimension in sheet.column_dimensions.values()
        if dimension.hidden or dimension.width == 0
        for number in range(dimension.min or 0, min(dimension.max or 0, sheet.max_column) + 1)
    }
    styles: dict[Any, bool] = {}
    rows: list[_Row] = []
    left_out: dict[int, list[str]] = {}
    for number, row in enumerate(sheet.iter_rows(), start=1):
        dimension = sheet.row_dimensions.get(number)
        cells = [_cell(cell, page, styles, unseen) for cell in row]
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


def _cell(cell: Any, page: int, styles: dict[Any, bool], unseen: list[Unseen]) -> str:
    if cell.value is None and not cell.has_style:
        if getattr(cell, "comment", None):
            unseen.append(Unseen(Cause.COMMENT, page, str(cell.comment.text)))
        return ""
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
        styles[style] = _is_white_on_white(cell)
    if text and styles[style]:
        unseen.append(Unseen(Cause.WHITE, page, text))
        return ""
    return text


def _is_white_on_white(cell: Any) -> bool:
    """True when the letters are white and so is what is behind them. Colours of a theme are not resolved."""
    colour = cell.font.color if cell.font is not None else None
    if colour is None or colour.type != "rgb" or not str(colour.rgb).upper().endswith(_WHITE):
        return False
    fill = cell.fill
    if fill is None or fill.patternType is None:
        return True
    behind = fill.fgColor
    return behind is not None and behind.type == "rgb" and str(behind.rgb).upper().endswith(_WHITE)


def _clean(text: str) -> str:
    """A cell as one line: breaks and tabs within it become spaces."""
    return " ".join(text.split())


# ── rows → text and blocks ────────────────────────────────────────────────────────────────────────────────────────────


def _reading(
    sheets: Iterable[tuple[str, Sequence[_Row]]], form: Format, warnings: Sequence[str], *, named: bool
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

    for number, (name, rows) in enumerate(sheets, start=1):
        tables = list(_tables(rows))
        if tables and place:
            write("\n\n")
        start = place
        title = _clean(name)
        if title and tables and named:
            blocks.append(Block(BlockKind.HEADING, write(title), level=1))
        for table in tables:
            if place > start:
                write("\n\n")
            kind = BlockKind.TABLE if any(len(row) > 1 for row in table) else BlockKind.PARAGRAPH
            blocks.append(Block(kind, write(_as_text(table))))
        fate = Fate.TEXT if tables else Fate.BLANK
        pages.append(Page(number, title or str(number), Span(start, place), fate))
    if not blocks:
        raise UnreadableDocument("The file holds no text.")
    return Reading(
        text=text.getvalue(),
        pages=tuple(pages),
        blocks=tuple(blocks),
        title="",
        media_type=form,
        parser=PARSER,
        warnings=tuple(warnings),
    )


def _tables(rows: Sequence[_Row]) -> Iterator[list[_Row]]:
    """Runs of rows between empty ones, each without the columns at its left and right that are empty throughout."""
    for filled, group in groupby(rows, key=lambda row: any(row)):
        if not filled:
            continue
        table = list(group)
        first = min(next(place for place, cell in enumerate(row) if cell) for row in table)
        yield [row[first : max(place for place, cell in enumerate(row) if cell) + 1] for row in table]


def _as_text(rows: Iterable[_Row]) -> str:
    return "\n".join("\t".join(row) for row in rows)
