"""The cells of financial statements: each figure with its row, its column's year, its unit and its passages.

    CONSOLIDATED BALANCE SHEETS
    (in millions, except per share data)      ─▶ scale 6
    December 31,│   2016│   2017              ─▶ years of the columns
    Inventories │ 11,461│ 16,047              ─▶ Cell(row "Inventories", year 2017, 16,047, scale 6)

What is not certain is no cell: a row with more or fewer figures than there are columns, a column without a year, a
table of quarters or of parts of a year, a table that does not say in what it counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from core.documents import Chunk, DocumentId
from core.figures import Figure, figure_of, scale_in
from core.finance import Statement, labels_of
from generation.passages import Passage, is_row


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure of a statement. `figure` is as written; `scale` the power of ten that its table counts in.

    `labels` are the row's in plain words. `passages` are the numbers of its row and of its column heads, as far as they
    were read; `newest` is the latest year among the columns.
    """

    document_id: DocumentId
    statement: Statement
    label: str
    labels: tuple[str, ...]
    column: str
    year: int
    newest: int
    written: str
    figure: Figure
    scale: int
    passages: tuple[int, ...]


def cells_of(chunks: Sequence[Chunk], passages: Sequence[Passage]) -> Iterator[Cell]:
    """The cells of the statements among `chunks`; `passages` are those that were cut from them."""
    by_rank: dict[int, list[Passage]] = {}
    for passage in passages:
        by_rank.setdefault(passage.rank, []).append(passage)
    heads = _heads_read(chunks, by_rank)
    for rank, chunk in enumerate(chunks):
        if chunk.statement is not None:
            yield from _cells(chunk, chunk.statement, by_rank.get(rank, []), heads)


# ── one call below ────────────────────────────────────────────────────────────────────────────────────────────────────

_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")
_PART_OF_YEAR = re.compile(
    r"\b(?:three|six|nine|3|6|9)\s+months\b|\bquarter(?:s|ly)?\b|\bweeks\s+ended\b.*\b(?:12|13|24|26|36|39)\s+weeks|"
    r"\b(?:12|13|24|26|36|39)\s+weeks\b|\bpro\s?forma\b|\bparent (?:company )?only\b|\bguarantor|\bquartal",
    re.IGNORECASE,
)
_EARLY = re.compile(r"\b(?:january|jan|february|feb)\.?\s+\d{1,2}\b", re.IGNORECASE)
_NOT_LABEL = re.compile(r"\t.*", re.DOTALL)
_HEAD_CELL = re.compile(r"[^\d]*(?:\d{1,2},?\s*)?(?:19|20)\d\d[^\d]*$")


@dataclass(frozen=True, slots=True)
class _Columns:
    names: tuple[str, ...]
    years: tuple[int, ...]


def _cells(
    chunk: Chunk,
    statement: Statement,
    passages: Sequence[Passage],
    heads: Mapping[tuple[DocumentId, str], tuple[int, ...]],
) -> Iterator[Cell]:
    caption, columns = _from_context(chunk.context)
    scale = scale_in(caption)
    cited = heads.get((chunk.document_id, _key(columns)), ()) if columns is not None else ()
    before = ""
    said = [caption]
    counted: int | None = None  # the passage that says in what the table counts
    for passage in passages:
        text = passage.text
        found = _columns(text) if passage.is_row else None
        if not passage.is_row or found is not None or _names_years(text):
            said.append(text)
            if scale_in(text) is not None:
                scale, counted = scale_in(text), passage.number
        if not passage.is_row:
            before = text
        elif found is not None:
            columns = found
            cited = tuple(dict.fromkeys(number for number in (counted, passage.number) if number is not None))
            before = ""
        elif _names_years(text):
            columns = None  # heads that are not understood
        else:
            if columns is not None and scale is not None and not _doubtful(" ".join(said), columns):
                yield from _row(chunk, statement, passage, before, columns, scale, cited)
            before = ""


def _row(
    chunk: Chunk,
    statement: Statement,
    passage: Passage,
    before: str,
    columns: _Columns,
    scale: int,
    head: tuple[int, ...],
) -> Iterator[Cell]:
    label, *cells = [cell.strip() for cell in passage.text.split("\t")]
    cells = [cell for cell in cells if cell and cell not in "$€£%)"]
    if len(cells) != len(columns.years) or not label:
        return
    if label[0].islower() and before and before.rstrip()[-1:] not in ".:;":
        label = f"{before.splitlines()[-1].strip()} {label}"  # a label on two lines
    for name, year, written in zip(columns.names, columns.years, cells, strict=True):
        figure = figure_of(written)
        if figure is None or figure.percent:
            continue
        yield Cell(
            document_id=chunk.document_id,
            statement=statement,
            label=re.sub(r"[\s.·…]+$", "", label),
            labels=_forms(label),
            column=name,
            year=year,
            newest=max(columns.years),
            written=written,
            figure=figure,
            scale=scale,
            passages=(*head, passage.number),
        )


def _forms(label: str) -> tuple[str, ...]:
    """The label in plain words: with and without brackets, and without what it is net of."""
    whole = list(labels_of(label))
    return tuple(dict.fromkeys([*whole, *(re.split(r" net of | less ", form)[0] for form in whole)]))


def _from_context(context: str) -> tuple[str, _Columns | None]:
    """The caption and the columns that a chunk carries: "(in millions) · December 31, | 2016 | 2017"."""
    names = context.rpartition(" · ")[2]
    if "|" not in names:
        return context, None
    return context, _columns_of([cell.strip() for cell in names.split("|")])


def _columns(row: str) -> _Columns | None:
    return _columns_of([cell.strip() for cell in row.split("\t")])


def _columns_of(cells: Sequence[str]) -> _Columns | None:
    """Columns, when behind captions every cell names a year and nothing else that is a number."""
    named = [cell for cell in cells if cell]
    while named and not _YEAR.search(named[0]):
        named = named[1:]
    if not named or not all(_HEAD_CELL.match(cell) for cell in named):
        return None
    years = [int(_YEAR.findall(cell)[-1]) for cell in named]
    return _Columns(tuple(named), tuple(years)) if len(set(years)) == len(years) else None


def _names_years(row: str) -> bool:
    """True for a row of years or dates that is no row of figures, whatever else it heads."""
    cells = [cell.strip() for cell in row.split("\t") if cell.strip()]
    return sum(bool(_HEAD_CELL.match(cell)) for cell in cells) > 1


def _doubtful(caption: str, columns: _Columns) -> bool:
    """Quarters, parts of a year, and years that end in January or February, which go by two names."""
    everything = f"{caption} {' '.join(columns.names)}"
    return bool(_PART_OF_YEAR.search(everything) or _EARLY.search(everything))


def _heads_read(
    chunks: Sequence[Chunk], by_rank: Mapping[int, Sequence[Passage]]
) -> dict[tuple[DocumentId, str], tuple[int, ...]]:
    """Of each document the passages that give such column heads and their scale, for chunks that only carry them."""
    found: dict[tuple[DocumentId, str], tuple[int, ...]] = {}
    for rank, chunk in enumerate(chunks):
        if chunk.statement is None:
            continue
        counted: tuple[int, ...] = ()
        for passage in by_rank.get(rank, ()):
            if scale_in(passage.text) is not None:
                counted = (passage.number,)
            columns = _columns(passage.text) if is_row(passage.text) else None
            if columns is not None:
                cited = tuple(dict.fromkeys((*counted, passage.number)))
                found.setdefault((chunk.document_id, _key(columns)), cited)
    return found


def _key(columns: _Columns) -> str:
    return "|".join(columns.names)
