"""What each lever of the second look is worth: search with all of them, and with each left out in turn.

    python -m benchmarks.ablation QUERIES:COLLECTION [QUERIES:COLLECTION …] [--within-document] [--questions N] [--json]

QUERIES is a judged set (JSON lines, see `eval.dataset`), COLLECTION the name under which its documents were ingested
into DOSSIER_HOME. Each difference is paired by question, all levers minus all but one: a lever that pays is positive.
Intervals are at 95 %, by resampling documents. A lever that is positive nowhere is to be deleted.
"""

from __future__ import annotations

import getpass
import json
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from app.wiring import open_app
from core.errors import DossierError, UsageError
from core.settings import settings_from_environment
from eval.compare import compared
from eval.report import Result
from eval.retrieval import evaluate_app
from retrieval.look import Lever

METRICS = ("hit@5", "hit@10", "recall@10", "mrr", "char_recall@8000")


@click.command()
@click.argument("sets", nargs=-1, required=True, metavar="QUERIES:COLLECTION …")
@click.option("--within-document", is_flag=True, help="Search only the document that the question was asked of.")
@click.option("--questions", type=click.IntRange(min=1), help="At most this many of a set, evenly spaced in its file.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of tables.")
def main(sets: tuple[str, ...], within_document: bool, questions: int | None, as_json: bool) -> None:
    """Measure search with every lever, and without each."""
    try:
        reports = [measured(one, within_document=within_document, questions=questions) for one in sets]
    except DossierError as error:
        click.echo(str(error), err=True)
        sys.exit(error.exit_code)
    if as_json:
        click.echo(json.dumps({"within_document": within_document, "sets": reports}, ensure_ascii=False))
        return
    for report in reports:
        click.echo(f"\n{report['collection']}, {report['questions']} questions\n")
        click.echo(_row("", report["all"]) + f"\n|{'---|' * (1 + len(report['all']))}")
        click.echo(_row("all levers", (f"{value:.3f}" for value in report["all"].values())))
        for lever, differences in report["worth"].items():
            cells = (f"{value:+.3f} ({low:+.3f} – {high:+.3f})" for value, low, high in differences.values())
            click.echo(_row(f"{lever} is worth", cells))


def _row(name: str, cells: Iterable[str]) -> str:
    return f"| {' | '.join([name, *cells])} |"


def measured(one: str, *, within_document: bool, questions: int | None) -> dict[str, Any]:
    """Figures with all levers, and what each lever is worth: metric → (difference, low, high)."""
    queries, _, collection = one.rpartition(":")
    if not queries:
        raise UsageError(f"{one} is not of the form QUERIES:COLLECTION.")

    def result(levers: set[Lever]) -> Result:
        app = open_app(settings_from_environment(), levers=levers)
        return evaluate_app(app, asked, collection=collection, within_document=within_document, by=getpass.getuser())

    with tempfile.TemporaryDirectory() as folder:
        asked = Path(folder) / "queries.jsonl"
        asked.write_text(_some(Path(queries), questions), encoding="utf-8")
        everything = result(set(Lever))
        without = {lever: result(set(Lever) - {lever}) for lever in Lever}
        without_any = result(set())
    metrics = [metric for metric in METRICS if metric in everything.metrics]
    worth = {
        lever.value: compared(everything.scored, old.scored, baseline=lever).differences
        for lever, old in without.items()
    }
    worth["the second look"] = compared(everything.scored, without_any.scored, baseline="none").differences
    return {
        "collection": collection,
        "questions": len(everything.scored),
        "all": {metric: everything.metrics[metric].value for metric in metrics},
        "worth": {name: {metric: tuple(found[metric]) for metric in metrics} for name, found in worth.items()},
    }


def _some(queries: Path, most: int | None) -> str:
    """The lines of a judged set, or `most` of those that can be measured."""
    try:
        lines = [line for line in queries.read_text(encoding="utf-8").split("\n") if line.strip()]
    except OSError as error:
        raise UsageError(f"The judged set {queries} cannot be read: {error.strerror}.") from error
    if most is None or most >= len(lines):
        return "\n".join(lines)
    lines = [line for line in lines if json.loads(line)["evidence"]]
    return "\n".join(lines[number * len(lines) // most] for number in range(min(most, len(lines))))


if __name__ == "__main__":
    main()
