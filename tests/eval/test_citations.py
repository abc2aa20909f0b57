"""Quotes held against sources, through the command that scripts call."""

from __future__ import annotations

import json
from pathlib import Path

from tests.ui.test_cli import dossier

SOURCE = "The Supplier shall not exceed a total liability of USD 1,500,000 in any contract year."


def test_each_pair_gets_its_verdict_and_an_altered_one_is_told_by_the_exit_code(tmp_path: Path) -> None:
    quotes = {
        "exact": "shall not exceed a total liability of USD 1,500,000",
        "normalised": "shall not exceed a total  liability of USD 1,500,000",
        "altered": "shall exceed a total liability of USD 1,500,000",
        "absent": "The lessee waters the plants on Sundays.",
    }
    pairs = tmp_path / "pairs.jsonl"
    rows = ({"id": name, "quote": quote, "source": SOURCE} for name, quote in quotes.items())
    pairs.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    done = dossier(
        "eval", "citations", str(pairs), "--output", str(tmp_path / "out.jsonl"), "--json", home=tmp_path / "home"
    )
    assert done.returncode == 1, done.stderr
    verdicts = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert {row["id"]: row["verdict"] for row in verdicts} == {name: name for name in quotes}
    assert next(row for row in verdicts if row["id"] == "altered")["differences"]
    assert json.loads(done.stdout)["verdicts"] == {"exact": 1, "normalised": 1, "altered": 1, "absent": 1}


def test_a_file_that_is_no_list_of_pairs_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "pairs.jsonl").write_text('{"id": "1", "quote": "x"}\n')
    output = tmp_path / "out.jsonl"
    done = dossier("eval", "citations", str(tmp_path / "pairs.jsonl"), "--output", str(output), home=tmp_path / "home")
    assert done.returncode == 2
    assert "line 1" in done.stderr
    assert not output.exists()
