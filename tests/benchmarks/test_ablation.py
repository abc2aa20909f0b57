"""The ablation: every lever is left out once, and paired with all of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.service import App
from benchmarks.ablation import main
from retrieval.look import Lever
from tests.conftest import CONTRACT
from tests.eval.test_app import a_judged_set


def test_each_lever_is_left_out_once(
    app: App, a_folder: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.ingest([a_folder(supply__txt=CONTRACT)], collection="deal", by="anna")
    monkeypatch.setenv("DOSSIER_HOME", str(app.settings.home))
    monkeypatch.setenv("DOSSIER_EMBEDDING_MODEL", app.settings.embedding.model)
    done = CliRunner().invoke(main, [f"{a_judged_set(tmp_path)}:deal", "--json"])
    assert done.exit_code == 0, done.output
    (report,) = json.loads(done.output)["sets"]
    assert set(report["worth"]) == {*(lever.value for lever in Lever), "the second look"}
    assert report["all"]["hit@5"] == 1.0
    assert CliRunner().invoke(main, ["queries.jsonl"]).exit_code == 2
