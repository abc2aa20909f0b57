"""A judged set under names that say nothing holds the same files and the same judgements."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.renamed import renamed


def test_files_and_judgements_get_the_same_new_names(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    for name in ("ACME_2023_10K", "NORTHWIND_2022_10K"):
        (docs / f"{name}.txt").write_text(f"The report of {name}.")
    row = {"id": "1", "query": "Who?", "doc_id": "ACME_2023_10K", "evidence": [{"doc_id": "ACME_2023_10K", "page": 1}]}
    (tmp_path / "queries.jsonl").write_text(json.dumps(row) + "\n")

    assert renamed(tmp_path / "queries.jsonl", docs, tmp_path / "out") == 2

    (asked,) = [json.loads(line) for line in (tmp_path / "out" / "queries.jsonl").read_text().splitlines()]
    assert asked["doc_id"] == asked["evidence"][0]["doc_id"]
    assert (tmp_path / "out" / "docs" / f"{asked['doc_id']}.txt").read_text() == "The report of ACME_2023_10K."
    assert {path.stem for path in (tmp_path / "out" / "docs").iterdir()} == {"scan_0001", "scan_0002"}
