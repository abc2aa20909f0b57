"""Files of JSON lines that scripts hand us and get back: read strictly, before anything is done with the first row."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from core.errors import UsageError


def read_rows(path: Path, *, what: str, texts: Sequence[str]) -> list[dict[str, Any]]:
    """The rows of a file, each with an `id` (text or number) and the fields `texts`, which are texts; blank lines pass.

    `what` is the word for a row. Raises UsageError naming the file, and the line where one is not of this form.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The file of {what}s {path} cannot be read.") from error
    rows = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            if not (isinstance(row["id"], str | int) and all(isinstance(row[name], str) for name in texts)):
                raise TypeError
        except (ValueError, KeyError, TypeError) as error:
            form = ", ".join(["id", *texts])
            raise UsageError(f"{path}, line {number}: not a {what} of the form {{{form}}}.") from error
        rows.append(row)
    return rows


@contextmanager
def writing(path: Path) -> Iterator[TextIO]:
    """The file to write rows into. Raises UsageError when it cannot be opened."""
    try:
        out = path.open("w", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"The file {path} cannot be written: {error.strerror}.") from error
    with out:
        yield out
