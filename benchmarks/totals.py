"""Totals of filings added up again: how many come to what is printed, and each that is doubted, to be looked at.

    python -m benchmarks.totals FOLDER … [--json]

Every table of every PDF of the folders is read as for an answer (`generation/totals.py`). A total counts once for each
of its columns of a year whose rows the table tells. A doubt is told with file and page: whether it is a misprint, or a
column read wrongly, only a reader of the page can say.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

import click

from core.documents import pages_of
from core.egress import quiet
from core.errors import UnreadableDocument
from core.privacy import Clearance
from generation.totals import totals_in
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
        for total, span in totals_in(document):
            if not total.is_of_a_year:
                continue
            count["totals"] += 1
            if not total.agrees:
                page = pages_of(span, document.pages)[0]
                doubts.append({"file": path.name, "page": page, "doubt": total.doubt})
        print(f"{path.name}: {count['totals']} totals, {len(doubts)} doubted so far", file=sys.stderr)
    if as_json:
        print(json.dumps({**count, "doubted": len(doubts), "doubts": doubts}, ensure_ascii=False, indent=1))
        return
    for one in doubts:
        print(f"{one['file']}, p. {one['page']}: {one['doubt']}\n")
    print(f"{count['files']} files, {count['totals']} totals in columns of years, {len(doubts)} doubted")


if __name__ == "__main__":
    main()
