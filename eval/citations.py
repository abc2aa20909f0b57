"""What the verifier says of pairs of a quote and a source: the file in, the verdicts out, a line each."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from app.proof import Agreement, compare
from core.errors import UsageError


def judge_pairs(pairs: Path, output: Path) -> dict[str, int]:
    """Hold each row {id, quote, source} of `pairs` to its source and write a row {id, verdict, differences}.

    Returns how often each verdict (exact, normalised, altered, absent) was given.
    Raises UsageError, before anything is written, for a file that cannot be read or is not of this form.
    """
    rows = _rows(pairs)
    counts: Counter[Agreement] = Counter()
    try:
        with output.open("w", encoding="utf-8") as out:
            for row in rows:
                verdict = compare(row["quote"], row["source"])
                counts[verdict.agreement] += 1
                line = {
                    "id": row["id"],
                    "verdict": verdict.agreement.value,
                    "differences": list(verdict.differences),
                }
                out.write(json.dumps(line, ensure_ascii=False) + "\n")
    except OSError as error:
        raise UsageError(f"The verdicts cannot be written to {output}: {error.strerror}.") from error
    return {agreement.value: counts[agreement] for agreement in Agreement}


def _rows(pairs: Path) -> list[dict[str, Any]]:
    try:
        lines = pairs.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The file of pairs {pairs} cannot be read.") from error
    rows = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            if not (isinstance(row["id"], str | int) and all(isinstance(row[key], str) for key in ("quote", "source"))):
                raise TypeError
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(f"{pairs}, line {number}: not a pair of the form {{id, quote, source}}.") from error
        rows.append(row)
    return rows
