"""A folder of odd, broken and hostile files through the whole of `dossier ingest`: what became of each, and why.

    python -m benchmarks.hostile FOLDER [--json]

FOLDER holds `manifest.jsonl` (a JSON object to a line: {file, tags, pages?, text_chars?, pdfium_ok?, password?}, `file`
relative to FOLDER) and the files it names. They are read into a temporary home that is gone afterwards, with the hash
embedder: what is watched is the reading, not the search.

The exit code is 1 when a file is unaccounted for (neither read, nor quarantined, nor passed over with a reason), when
a document was read with fewer pages than the manifest says it has, or when one that needs a password was refused for
another reason. `pages` and `text_chars` of the manifest are pdfium's view: a document with less than 90 % of those
characters is listed for a person to look at, and is no failure.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from app.reports import Ingested, IngestedDocument, Progress, Status
from app.service import App
from app.wiring import open_app
from core.documents import Fate
from core.errors import DossierError, UsageError
from core.settings import settings_from_environment

BY = "bench"
COLLECTION = "hostile"
_LITTLE = 0.9  # of the characters that pdfium finds: below that somebody should look
_OWN_NAME = re.compile(r"^\S+\.\w+(?= (?:is|has|cannot|could)\b)")  # "a.pdf is encrypted": the same reason for all


@dataclass(frozen=True, slots=True)
class Fared:
    """A file of the manifest and what became of it. `characters` are those of its text, a line's end counted
    as the two that pdfium makes of it."""

    expected: Mapping[str, Any]
    outcome: str
    reason: str = ""
    pages: int = 0
    unreadable: int = 0
    characters: int = 0

    @property
    def name(self) -> str:
        return str(self.expected["file"])

    @property
    def faults(self) -> tuple[str, ...]:
        """Why this file ends the benchmark with exit code 1."""
        expected = self.expected.get("pages")
        found = []
        if self.outcome == "unaccounted for":
            found.append("nothing says what became of it")
        if self.outcome == "read" and expected and self.pages < expected:
            found.append(f"{self.pages} of its {expected} pages")
        if self.outcome == "quarantined" and not self.reason:
            found.append("quarantined without a reason")
        if self.outcome == "quarantined" and self.expected.get("password") and "password" not in self.reason:
            found.append(f"it needs a password, and the reason is: {self.reason}")
        return tuple(found)

    @property
    def thin(self) -> bool:
        """True when much less text was read than pdfium sees."""
        return self.outcome == "read" and self.characters < _LITTLE * (self.expected.get("text_chars") or 0)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
def main(folder: Path, as_json: bool) -> None:
    """Read the files of FOLDER and hold what became of them against its manifest."""
    try:
        expected = manifest_of(folder)
        report, fared = ingested(folder, expected)
    except DossierError as error:
        click.echo(str(error), err=True)
        sys.exit(error.exit_code)
    faults = [(one.name, fault) for one in fared for fault in one.faults]
    if as_json:
        click.echo(json.dumps(told(report, fared, faults), ensure_ascii=False))
    else:
        draw(report, fared, faults)
    sys.exit(1 if faults else 0)


def manifest_of(folder: Path) -> list[dict[str, Any]]:
    """The rows of the manifest. Raises UsageError when it is not there or is not one."""
    path = folder / "manifest.jsonl"
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        if not rows or not all(isinstance(row["file"], str) for row in rows):
            raise ValueError("no files are named")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path} is no manifest: each line must be an object with a `file`.") from error
    return rows


def ingested(folder: Path, expected: Sequence[Mapping[str, Any]]) -> tuple[Ingested, list[Fared]]:
    """The report of one run over the files of the manifest, and how each of them fared."""
    paths = [folder / row["file"] for row in expected]
    folders = sorted({path.parent for path in paths})
    with tempfile.TemporaryDirectory(prefix="dossier-bench-") as home:
        settings = settings_from_environment(
            home=Path(home), qdrant={"url": None}, catalogue={"url": None}, embedding={"model": "hash"}
        )
        app = open_app(settings)
        report = app.ingest(
            folders, collection=COLLECTION, by=BY, on_progress=_heartbeat if sys.stderr.isatty() else None
        )
        by_source = {one.source: one for one in report.documents}
        skipped = dict(report.skipped)
        return report, [_fared(row, Path(row["file"]).name, by_source, skipped, app) for row in expected]


def _fared(
    row: Mapping[str, Any], name: str, documents: Mapping[str, IngestedDocument], skipped: Mapping[str, str], app: App
) -> Fared:
    one = documents.get(name)
    if one is None:
        reason = skipped.get(name, "")
        return Fared(row, "passed over" if reason else "unaccounted for", reason)
    if one.status is Status.QUARANTINED or one.document_id is None:
        return Fared(row, "quarantined", one.reason or "")
    text = app.document(one.document_id).text
    return Fared(row, "read", _as_told(one), one.pages, one.fates[Fate.UNREADABLE], len(text) + text.count("\n"))


def _as_told(one: IngestedDocument) -> str:
    fates = [f"{fate.value}" for fate in Fate if one.fates[fate]]
    return " and ".join(fates) + (", with a warning" if one.warnings else "")


def _heartbeat(progress: Progress) -> None:
    click.echo(f"\r{progress.document}/{progress.documents}", nl=False, err=True)


def told(report: Ingested, fared: Sequence[Fared], faults: Sequence[tuple[str, str]]) -> dict[str, Any]:
    outcomes = Counter(one.outcome for one in fared)
    return {
        "files": len(fared),
        "outcomes": dict(outcomes),
        "pages": sum(one.pages for one in fared),
        "pages_unreadable": sum(one.unreadable for one in fared),
        "seconds": round(report.seconds, 1),
        "reasons": [[outcome, reason, count] for (outcome, reason), count in _reasons(fared).most_common()],
        "thin": [[one.name, one.characters, one.expected["text_chars"]] for one in fared if one.thin],
        "faults": [list(fault) for fault in faults],
    }


def _reasons(fared: Sequence[Fared]) -> Counter[tuple[str, str]]:
    return Counter((one.outcome, _OWN_NAME.sub("the file", one.reason)) for one in fared)


def draw(report: Ingested, fared: Sequence[Fared], faults: Sequence[tuple[str, str]]) -> None:
    figures = told(report, fared, faults)
    click.echo(
        f"{figures['files']} files in {figures['seconds']} s: "
        + ", ".join(f"{count} {outcome}" for outcome, count in figures["outcomes"].items())
        + f"; {figures['pages']} pages, {figures['pages_unreadable']} of them unreadable"
    )
    for outcome, reason, count in figures["reasons"]:
        click.echo(f"{count:5}  {outcome:<12} {reason}")
    for name, characters, seen in figures["thin"]:
        click.echo(f"less text than pdfium sees: {name}: {characters} of {seen} characters")
    for name, fault in faults:
        click.echo(f"FAULT {name}: {fault}")
    click.echo("No page is lost and no file unaccounted for." if not faults else f"{len(faults)} faults.")


if __name__ == "__main__":
    main()
