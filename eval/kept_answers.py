"""What a run over many questions has so far, kept line by line: a run that was interrupted goes on where it stopped.

The first line says what the run is of; then one line for each question in each mode. Without a file of one's own they
lie under DOSSIER_HOME, and then they hold no words of questions, documents or answers: what is erased from the library
is in none of them.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from core.errors import UsageError

_FOLDER = Path("eval", "answers")


class KeptAnswers:
    """The rows of one run in one file, open to be added to. `rows` are those that an earlier run left."""

    def __init__(self, path: Path, rows: tuple[Mapping[str, Any], ...], out: TextIO) -> None:
        self.path = path
        self.rows = rows
        self._out = out

    def add(self, row: Mapping[str, Any]) -> None:
        """Keep a row for good: it is on the disk when this returns, since it may have cost money."""
        self._out.write(json.dumps(row, ensure_ascii=False) + "\n")
        self._out.flush()
        os.fsync(self._out.fileno())


def place_of_run(home: Path, made_of: Mapping[str, str]) -> Path:
    """Where a run is kept that was given no file: the same run has the same place."""
    told = json.dumps(made_of, sort_keys=True)
    return home / _FOLDER / f"{hashlib.sha256(told.encode()).hexdigest()[:16]}.jsonl"


@contextmanager
def kept_answers(path: Path, made_of: Mapping[str, str], *, resume: bool, anew: bool) -> Iterator[KeptAnswers]:
    """The file of a run, to go on with or to begin. `made_of` is all that answers and verdicts hang on, by name.

    Raises UsageError, before anything is changed, for a file that holds another run or something else, for one that
    holds answers when neither `resume` nor `anew` says what to do, and where it cannot be written.
    """
    run, rows, end = _read(path) if path.exists() else (None, (), 0)
    if anew:
        rows, end = (), 0
    elif run is not None and run != dict(made_of):
        differ = ", ".join(sorted(name for name in {*made_of, *run} if made_of.get(name) != run.get(name)))
        raise UsageError(
            f"{path} holds a run that differs in {differ}. Name another file, or say --anew to replace it."
        )
    if rows and not resume:
        raise UsageError(
            f"An earlier run kept {len(rows)} answers in {path}: --resume goes on with them, --anew asks all again."
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if end:
            os.truncate(path, end)  # half a line, of a run that was killed while it wrote
        out = path.open("a" if end else "w", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"The answers cannot be kept in {path}: {error.strerror}.") from error
    with out:
        kept = KeptAnswers(path, rows, out)
        if not end:
            kept.add({"run": dict(made_of)})
        begun = path.stat().st_size
        try:
            yield kept
        finally:
            if not rows and path.stat().st_size == begun:
                path.unlink()  # nothing was asked: there is nothing to go on with


# ── one call below ────────────────────────────────────────────────────────────────────────────────────────────────────


def _read(path: Path) -> tuple[dict[str, str] | None, tuple[Mapping[str, Any], ...], int]:
    """What a file is of, its rows, and the byte at which its last whole line ends."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"The file {path} cannot be read: {error.strerror}.") from error
    end = content.rfind(b"\n") + 1
    try:
        lines = [json.loads(line) for line in content[:end].decode().split("\n") if line.strip()]
        run = dict(lines[0]["run"]) if lines else None
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path} holds no answers of dossier eval answers: name another file.") from error
    if run is None and content.strip():
        raise UsageError(f"{path} holds no answers of dossier eval answers: name another file.")
    return run, tuple(lines[1:]), end
