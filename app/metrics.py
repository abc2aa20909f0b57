"""Figures of a run for Prometheus: a file for the textfile collector of its node exporter, one per collection.

The form is the text exposition format 0.0.4 (prometheus.io, "Exposition formats").
"""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from app.reports import Ingested, Status
from core.errors import ConfigError, DossierError

_LAST_SUCCESS = "dossier_ingest_last_success_timestamp_seconds"

_MEANS = {
    "dossier_ingest_last_run_timestamp_seconds": "When the last run ended.",
    _LAST_SUCCESS: "When the last run that came to its end (exit code 0 or 1) ended.",
    "dossier_ingest_exit_code": "Exit code of the last run.",
    "dossier_ingest_seconds": "How long the last run took.",
    "dossier_ingest_documents": "Files of the last run by what became of them.",
    "dossier_ingest_pages": "Pages of the documents of the last run.",
    "dossier_ingest_pages_unreadable": "Of those, pages that could not be read.",
    "dossier_ingest_chunks": "Chunks of the documents of the last run.",
}

Measure = Callable[[Ingested, int], None]


@contextmanager
def measured(path: Path | None, collection: str) -> Iterator[Measure]:
    """Yields what notes a report and its exit code; writes them to `path` at the end, also when the run fails.

    Raises ConfigError when the file cannot be written, after a run that went well.
    """
    started = time.time()
    noted: list[tuple[Ingested, int]] = []
    if path is None:
        yield lambda report, code: noted.append((report, code))
        return
    try:
        yield lambda report, code: noted.append((report, code))
    except BaseException as error:
        code = (
            error.exit_code if isinstance(error, DossierError) else 130 if isinstance(error, KeyboardInterrupt) else 1
        )
        try:
            _write(path, _lines(path, collection, None, code, time.time() - started))
        except OSError as unwritable:  # what ended the run matters more
            error.add_note(f"{path} could not be written: {unwritable.strerror}.")
        raise
    for report, code in noted:
        try:
            _write(path, _lines(path, collection, report, code, time.time() - started))
        except OSError as error:
            raise ConfigError(f"The run is done, but {path} cannot be written: {error.strerror}.") from error


def _lines(path: Path, collection: str, report: Ingested | None, code: int, seconds: float) -> str:
    label = f'collection="{_escaped(collection)}"'
    now = time.time()
    values: dict[str, Mapping[str, float]] = {"dossier_ingest_last_run_timestamp_seconds": {label: now}}
    if report is not None and code in (0, 1):
        values[_LAST_SUCCESS] = {label: now}
    elif (before := _last_success(path, label)) is not None:
        values[_LAST_SUCCESS] = {label: before}
    values["dossier_ingest_exit_code"] = {label: code}
    values["dossier_ingest_seconds"] = {label: seconds}
    if report is not None:
        counts = report.counts
        values["dossier_ingest_documents"] = {
            f'{label},status="{status}"': counts[status] for status in (*Status, "skipped", "left")
        }
        for name in ("pages", "pages_unreadable", "chunks"):
            values[f"dossier_ingest_{name}"] = {label: counts[name]}
    lines = []
    for name, series in values.items():
        lines += [f"# HELP {name} {_MEANS[name]}", f"# TYPE {name} gauge"]
        lines += [f"{name}{{{labels}}} {value:.3f}".removesuffix(".000") for labels, value in series.items()]
    return "\n".join(lines) + "\n"


def _last_success(path: Path, label: str) -> float | None:
    """A run that fails must not hide when the last good one was."""
    try:
        found = re.search(rf"^{_LAST_SUCCESS}{{{re.escape(label)}}} ([0-9.]+)$", path.read_text("utf-8"), re.MULTILINE)
    except (OSError, UnicodeDecodeError):
        return None
    return float(found[1]) if found else None


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _write(path: Path, text: str) -> None:
    """In one step: the collector reads the old file or the new one, whole. Readable for it, whoever it runs as."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with fresh.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.chmod(0o644)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
