"""The timing of search: every stage has its figure, and the stages add up to the whole."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from benchmarks.search import STAGES, company, main


def test_every_stage_is_timed_and_together_they_are_the_search(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        main, ["--chunks", "200", "--questions", "10", "--home", str(tmp_path), "--json"], catch_exceptions=False
    )
    assert done.exit_code == 0, done.output
    (report,) = json.loads(done.output)["sizes"]
    assert report["documents"] == 20
    assert set(report["stages"]) == {*STAGES, "total"}
    assert all(0 <= middle <= high for middle, high, _ in report["stages"].values())
    assert report["stages"]["query"][1] > 0
    assert report["stages"]["embed"][1] > 0
    assert len(report["peer"]) == 3


def test_companies_have_names_of_their_own() -> None:
    assert len({company(number) for number in range(30_000)}) == 30_000
