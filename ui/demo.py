"""`dossier demo`: the main job on the example matter, in a home that is thrown away afterwards."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import click

import core
from core.answers import Answer
from core.errors import UsageError

COLLECTION = "example matter"

QUESTIONS = (
    "Within how many days must invoices be paid under the supply agreement as amended?",
    "What were total revenues in fiscal year 2025?",
    "Is the supplier liable for loss of profits?",
)


def run(*, as_json: bool) -> int:
    """Ingest the example matter and ask three questions. Returns the exit code."""
    from app.reports import answer_json
    from app.wiring import open_app
    from core.settings import settings_from_environment
    from ui.parts.terminal import ingest_progress, out, print_answer, print_ingested

    matter = _matter()
    with tempfile.TemporaryDirectory(prefix="dossier-demo-") as home:
        app = open_app(settings_from_environment(home=home, qdrant={"url": None}, catalogue={"url": None}))
        if not as_json:
            click.echo(f"Reading {matter.name}/ ({len(list(matter.glob('*.pdf')))} PDFs) into a temporary home …\n")
        with ingest_progress(silent=as_json) as on_progress:
            report = app.ingest([matter], collection=COLLECTION, by="demo", on_progress=on_progress)
        answers: list[Answer] = [app.ask(question, collection=COLLECTION, by="demo") for question in QUESTIONS]
        if as_json:
            shown = [answer_json(answer, app.sources(answer)) for answer in answers]
            click.echo(json.dumps({"ingest": report.to_json(), "answers": shown}, ensure_ascii=False))
            return 0
        print_ingested(report)
        for answer in answers:
            out.rule()
            out.print(f"[bold]{answer.question}[/bold]\n")
            print_answer(answer, app.sources(answer))
        out.rule()
    click.echo("Your own documents: dossier ingest PATH --collection NAME, then dossier ask, or dossier ui.")
    if sys.stdin.isatty() and sys.stdout.isatty() and click.confirm("Open the desk in a browser now?", default=False):
        from ui.launch import launch

        return launch(8501, open_browser=True)
    return 0


def _matter() -> Path:
    """The example matter lies beside our packages, in a checkout as in an installed wheel."""
    matter = Path(core.__file__).parent.parent / "examples" / "matter"
    if not matter.is_dir():
        raise UsageError("The example matter is not part of this installation.")
    return matter
