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

KILLS = 8
"""Random moments in this test; a run of some hundred is `DOSSIER_TEST_KILLS=200 make test`-sized work for a night."""


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
    for _ in range(int(os.environ.get("DOSSIER_TEST_KILLS", KILLS))):
        run = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, start_new_session=True)
        time.sleep(moments.uniform(0.2, whole))
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=120)
    assert an_app_over(tmp_path / "killed").digest("deal") == undisturbed
