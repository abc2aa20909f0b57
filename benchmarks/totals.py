"""Totals of filings added up again: how many come to what is printed, and each that is doubted, to be looked at.

    python -m benchmarks.totals FOLDER … [--json]

Every table of every PDF of the folders is read as for an answer (`generation/totals.py`). A total counts once for each
of its columns of a year whose rows the table tells. A doubt is told with file and page: whether it is a misprint, or a
column read wrongly, only a reader of the page can say. How many misprints would be seen: the first digit of each total
that adds up is changed, one at a time, and the table is read again.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from core.documents import Span, pages_of
from core.egress import quiet
from core.errors import UnreadableDocument
from core.privacy import Clearance
from generation.totals import Total, tables_in, totals_of
from ingest.parse import parse


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
def main(folders: tuple[Path, ...], as_json: bool) -> None:
    """How many totals of the PDFs in these folders come to what is printed, and which are doubted."""
    quiet()
    count: Counter[str] = Counter()
    doubts: list[dict[str, object]] = []
    for path in sorted(path for folder in folders for path in folder.rglob("*.pdf")):
        try:
            document = parse(path, collection="", clearance=Clearance.RESTRICTED, source=path.name)
        except UnreadableDocument as error:
            print(f"{path.name}: {error}", file=sys.stderr)
            continue
        count["files"] += 1
        seen: set[tuple[Span, int]] = set()  # a table may also stand above another one
        for table in tables_in(document):
            for total in totals_of(table.lines):
                span = table.spans[total.row.key]
                if not total.is_of_a_year or (span, total.place) in seen:
                    continue
                seen.add((span, total.place))
                count["totals"] += 1
                if not total.agrees:
                    page = pages_of(span, document.pages)[0]
                    doubts.append({"file": path.name, "page": page, "doubt": total.doubt})
                elif (misprinted := _with_a_misprint(table.lines, total)) is not None:
                    count["planted"] += 1
                    count["found"] += any(
                        one.row.key == total.row.key and one.place == total.place and not one.agrees
                        for one in totals_of(misprinted)
                    )
        print(f"{path.name}: {count['totals']} totals, {len(doubts)} doubted so far", file=sys.stderr)
    if as_json:
        print(json.dumps({**count, "doubted": len(doubts), "doubts": doubts}, ensure_ascii=False, indent=1))
        return
    for one in doubts:
        print(f"{one['file']}, p. {one['page']}: {one['doubt']}\n")
    print(f"{count['files']} files, {count['totals']} totals in columns of years, {len(doubts)} doubted")
    print(f"{count['planted']} misprints planted one at a time, {count['found']} of them doubted")


def _with_a_misprint(lines: Sequence[tuple[int, str]], total: Total) -> list[tuple[int, str]] | None:
    """The table with another first digit in a total; None where its cell stands twice in the row, or has none."""
    cell = total.row.cells[total.place]
    digit = re.search(r"\d", cell)
    line = dict(lines)[total.row.key]
    if digit is None or line.count(cell) != 1:
        return None
    other = str((int(digit.group()) + 1) % 10 or 1)
    wrong = line.replace(cell, cell[: digit.start()] + other + cell[digit.end() :])
    return [(key, wrong if key == total.row.key else text) for key, text in lines]


if __name__ == "__main__":
    main()
