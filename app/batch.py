"""Many questions in one run: JSON lines in, JSON lines out, one question's failure never the end of the others."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import DossierError, UsageError

if TYPE_CHECKING:
    from app.service import App


def search_many(
    app: App, queries: Path, output: Path, *, collection: str | None, limit: int, by: str
) -> dict[str, Any]:
    """Search every row {id, query, collection?, document_id?} of `queries` and write {id, scope, hits, seconds} rows.

    A row that fails is written as {id, error}. Returns {queries, failed, output, seconds}.
    Raises UsageError, before anything is searched, for a file that is not there or not of this form.
    """
    started = time.perf_counter()
    rows = _rows(queries)
    failed = 0
    with output.open("w", encoding="utf-8") as out:
        for row in rows:
            try:
                found = app.search(
                    row["query"],
                    collection=row.get("collection") or collection,
                    documents=[row["document_id"]] if row.get("document_id") else (),
                    limit=limit,
                    by=by,
                ).to_json()
                line = {"id": row["id"], **{key: found[key] for key in ("scope", "hits", "seconds")}}
            except DossierError as error:
                failed += 1
                line = {"id": row["id"], "error": str(error)}
            out.write(json.dumps(line, ensure_ascii=False) + "\n")
    return {
        "queries": len(rows),
        "failed": failed,
        "output": str(output),
        "seconds": round(time.perf_counter() - started, 3),
    }


def _rows(queries: Path) -> list[dict[str, Any]]:
    try:
        text = queries.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The file of questions {queries} cannot be read.") from error
    rows = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            if not (isinstance(row["id"], str | int) and isinstance(row["query"], str)):
                raise TypeError
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(f"Line {number} of {queries} is not a question of the form {{id, query}}.") from error
        rows.append(row)
    return rows
