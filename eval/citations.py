"""What the verifier says of pairs of a quote and a source: the file in, the verdicts out, a line each."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from app.proof import Agreement, compare
from core.rows import read_rows, writing


def judge_pairs(pairs: Path, output: Path) -> dict[str, int]:
    """Hold each row {id, quote, source} of `pairs` to its source and write a row {id, verdict, differences}.

    Returns how often each verdict (exact, normalised, altered, absent) was given.
    Raises UsageError, before anything is written, for a file that cannot be read or is not of this form.
    """
    rows = read_rows(pairs, what="pair", texts=["quote", "source"])
    counts: Counter[Agreement] = Counter()
    with writing(output) as out:
        for row in rows:
            verdict = compare(row["quote"], row["source"])
            counts[verdict.agreement] += 1
            line = {"id": row["id"], "verdict": verdict.agreement.value, "differences": list(verdict.differences)}
            out.write(json.dumps(line, ensure_ascii=False) + "\n")
    return {agreement.value: counts[agreement] for agreement in Agreement}
