"""Killing `dossier ingest` at any moment and running it again ends in the same index as an undisturbed run."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from app.service import App
from app.wiring import open_app
from core.settings import settings_from_environment

KILLS = int(os.environ.get("DOSSIER_TEST_KILLS", "8"))
"""Random moments in this test. Some hundred take minutes: DOSSIER_TEST_KILLS=200 pytest tests/app/test_killed.py"""


def ingest_command(folder: Path, home: Path) -> tuple[list[str], dict[str, str]]:
    command = [sys.executable, "-m", "ui.cli", "ingest", str(folder), "--collection", "deal", "--json"]
    return command, {**os.environ, "DOSSIER_HOME": str(home), "DOSSIER_EMBEDDING_MODEL": "hash"}


def an_app_over(home: Path) -> App:
    return open_app(settings_from_environment(home=home))


def test_a_run_killed_at_random_moments_converges_to_the_undisturbed_index(tmp_path: Path) -> None:
    folder = tmp_path / "share"
    folder.mkdir()
    for number in range(12):
        paragraphs = (f"{number}.{part} The fee of part {part} is EUR {number * 100 + part}." for part in range(40))
        (folder / f"contract-{number:02}.txt").write_text("\n\n".join(paragraphs))

    command, environment = ingest_command(folder, tmp_path / "calm")
    started = time.monotonic()
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=120)
    whole = time.monotonic() - started
    undisturbed = an_app_over(tmp_path / "calm").digest("deal")

    moments = random.Random(20261121)
    command, environment = ingest_command(folder, tmp_path / "killed")
    for _ in range(KILLS):
        # Now and then the clearance changes, so that documents that are there are read and written anew.
        clearance = moments.choice(["restricted", "restricted", "cloud"])
        killed = [*command, "--clearance", clearance, "--sync"]
        run = subprocess.Popen(
            killed, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        time.sleep(moments.uniform(0.2, whole))
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
    last = [*command, "--clearance", "restricted"]
    subprocess.run(last, env=environment, check=True, capture_output=True, timeout=120)
    app = an_app_over(tmp_path / "killed")
    assert app.verify("deal", by="anna").differences == ()
    assert app.digest("deal") == undisturbed
    assert "killed" in {one.outcome for one in app.runs("deal")}
