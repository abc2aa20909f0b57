"""A judged set under names that say nothing: what search is worth when files are called scan_0012.pdf.

    python -m benchmarks.renamed QUERIES.jsonl DOCS OUT
    dossier ingest OUT/docs --collection renamed
    dossier eval retrieval OUT/queries.jsonl --collection renamed [--scope all]

Files are linked where the disk allows it, else copied; the order of their numbers is that of their digests, so that a
number says nothing either. What a PDF says of its own title stays, as it does when somebody renames a file.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
from pathlib import Path


def renamed(queries: Path, docs: Path, out: Path) -> int:
    """Write OUT/docs and OUT/queries.jsonl; returns the number of files. `queries` and `docs` stay as they are."""
    files = sorted(
        (path for path in docs.iterdir() if path.is_file()),
        key=lambda path: hashlib.sha256(path.read_bytes()).hexdigest(),
    )
    names = {path.stem: f"scan_{number:04d}" for number, path in enumerate(files, start=1)}
    folder = out / "docs"
    folder.mkdir(parents=True, exist_ok=True)
    for path in files:
        target = folder / f"{names[path.stem]}{path.suffix}"
        target.unlink(missing_ok=True)
        try:
            os.link(path.resolve(), target)  # a link to a link is not read
        except OSError:
            shutil.copyfile(path, target)
    with (out / "queries.jsonl").open("w", encoding="utf-8") as file:
        for line in queries.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            row["doc_id"] = names.get(row["doc_id"], row["doc_id"])
            row["doc_ids"] = [names.get(one, one) for one in row.get("doc_ids", [row["doc_id"]])]
            for place in row.get("evidence", []):
                place["doc_id"] = names.get(place["doc_id"], place["doc_id"])
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return len(files)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("queries", type=Path)
    parser.add_argument("docs", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    print(f"{renamed(given.queries, given.docs, given.out)} files under {given.out / 'docs'}")


if __name__ == "__main__":
    main()
