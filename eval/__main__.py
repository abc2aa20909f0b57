"""`python -m eval FOLDER`: measure the search on a judged set, from its files to the figures, in a home of its own."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import click

from core.errors import DossierError
from eval.dataset import read_queries
from eval.report import markdown
from eval.retrieval import LIMIT, evaluate_app

QUERIES = "queries.jsonl"
_COLLECTION = "judged"
_BY = "eval"


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--queries", type=click.Path(path_type=Path, dir_okay=False), help=f"Default: {QUERIES} in FOLDER.")
@click.option("--within-document", is_flag=True, help="Search only the document that the question was asked of.")
@click.option(
    "--limit", "-k", default=LIMIT, show_default=True, type=click.IntRange(1, 1000), help="Hits per question."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def main(folder: Path, queries: Path | None, within_document: bool, limit: int, as_json: bool) -> None:
    """Ingest the documents of FOLDER into a temporary home and measure the search on its judged questions."""
    from app.wiring import open_app
    from core.settings import settings_from_environment

    queries = queries or folder / QUERIES
    try:
        read_queries(queries)  # a mistake in it is told before anything is ingested
        with tempfile.TemporaryDirectory(prefix="dossier-eval-") as home:
            # Never into the index and catalogue that the environment names: this collection is gone in a minute.
            app = open_app(settings_from_environment(home=Path(home), qdrant={"url": None}, catalogue={"url": None}))
            report = app.ingest([folder], collection=_COLLECTION, by=_BY)
            result = evaluate_app(
                app,
                queries,
                collection=_COLLECTION,
                within_document=within_document,
                limit=limit,
                by=_BY,
            )
    except DossierError as error:
        click.echo(str(error), err=True)
        sys.exit(error.exit_code)
    click.echo(json.dumps(result.to_json(), ensure_ascii=False) if as_json else markdown(result), nl=as_json)
    sys.exit(1 if result.failures or not report.complete else 0)


if __name__ == "__main__":
    main(prog_name="python -m eval")
