"""Many questions in one run: JSON lines in, JSON lines out, one question's failure never the end of the others."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.answers import Narrowing
from core.errors import DossierError
from core.rows import read_rows, writing

if TYPE_CHECKING:
    from app.service import App


def search_many(
    app: App,
    queries: Path,
    output: Path,
    *,
    collection: str | None,
    narrowing: Narrowing = Narrowing.AUTO,
    limit: int,
    explain: bool = False,
    by: str,
) -> dict[str, Any]:
    """Search every row {id, query, collection?, document_id?} of `queries` and write {id, scope, hits, seconds} rows.

    A row that fails is written as {id, error}. Returns {queries, failed, output, seconds}.
    Raises UsageError, before anything is searched, for a file that is not there, not of this form or not to be written.
    """
    started = time.perf_counter()
    rows = read_rows(queries, what="question", texts=["query"])
    failed = 0
    with writing(output) as out:
        for row in rows:
            try:
                found = app.search(
                    row["query"],
                    collection=row.get("collection") or collection,
                    documents=[row["document_id"]] if row.get("document_id") else (),
                    narrowing=narrowing,
                    limit=limit,
                    explain=explain,
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
