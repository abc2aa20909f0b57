"""Which tables are the balance sheet, the income statement and the cash flow statement: told by their rows.

A heading can be missing, stand on the page before or name the statement of another year; the rows cannot. Tables that
follow each other closely count together, since a statement often runs over a page or is set as several tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from core.documents import Block, BlockKind, Document, Span
from core.finance import Item, Statement, items_in, labels_of

BETWEEN = 400
"""Characters of text that may stand between two tables of one statement: its notes and the heading of the next part."""

LEAST_LINES = 5
LEAST_ANCHORS = 2
"""Different lines, and lines without which it is no such statement, that make a table one: "total assets" and "total
liabilities and equity", "net income" and "income taxes", two of the three "net cash …". A table that names one or two
is a note or a summary."""

SHARE_OF_BEST = 0.6
"""A table with fewer lines than this share of the richest one of its kind is a summary of it: selected data of five
years, the parent company alone, one segment."""

_LEFT_OUT = frozenset({BlockKind.HEADER, BlockKind.FOOTER})


def statement_tables(document: Document) -> Mapping[Span, Statement]:
    """The statement that each table block is a part of; tables that are part of none are left out."""
    tables = list(_tables(document))
    found: dict[Span, tuple[int, Statement]] = {}
    for statement in Statement:
        runs = [(_lines(run, statement), run) for run in _runs(tables, statement)]
        runs = [(lines, run) for lines, run in runs if _is_whole(lines)]
        best = max((len(lines) for lines, _ in runs), default=0)
        for lines, run in runs:
            if len(lines) < SHARE_OF_BEST * best:
                continue
            for table in run:
                own = len(_lines([table], statement))
                if own > found.get(table.span, (0, statement))[0]:
                    found[table.span] = (own, statement)
    return {span: statement for span, (_, statement) in found.items()}


@dataclass(frozen=True, slots=True)
class _Table:
    """A table with the lines that its rows are, and the characters of text between it and the table before."""

    span: Span
    lines: frozenset[Item]
    gap: int


def _tables(document: Document) -> Iterator[_Table]:
    gap = 0
    for block in document.blocks:
        if block.kind in _LEFT_OUT:
            continue
        if block.kind is not BlockKind.TABLE:
            gap += _length(block)
            continue
        text = block.span.of(document.text)
        yield _Table(block.span, frozenset() if _of_shares(text) else items_in(labels_of(text)), gap)
        gap = 0


def _length(block: Block) -> int:
    return block.span.end - block.span.start


def _of_shares(table: str) -> bool:
    """True when half of the figures or more are per cent: the statement again, as shares of sales."""
    figures = sum(cell.strip()[-1:].isdigit() for row in table.split("\n") for cell in row.split("\t")[1:])
    return table.count("%") > max(figures, 1)


def _runs(tables: Sequence[_Table], statement: Statement) -> Iterator[list[_Table]]:
    """Tables that have lines of the statement, those that follow each other closely together."""
    run: list[_Table] = []
    distance = 0
    for table in tables:
        distance += table.gap
        if _lines([table], statement):
            if run and distance > BETWEEN:
                yield run
                run = []
            run.append(table)
            distance = 0
        else:
            distance += table.span.end - table.span.start
    if run:
        yield run


def _lines(run: Sequence[_Table], statement: Statement) -> frozenset[Item]:
    return frozenset(item for table in run for item in table.lines if item.statement is statement)


def _is_whole(lines: frozenset[Item]) -> bool:
    return len(lines) >= LEAST_LINES and sum(item.anchor for item in lines) >= LEAST_ANCHORS
