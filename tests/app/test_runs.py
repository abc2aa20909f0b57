"""What an operator relies on at night: locks that name their holder, runs that are remembered, clean ends, figures."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import pytest

from app.locks import only_run
from app.reports import Progress, Status
from app.service import App
from core.errors import UsageError
from core.settings import Settings
from ingest.parse import parse
from tests.conftest import CONTRACT, ROOT
from ui.parts.terminal import ingest_progress


def dossier(*arguments: object, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ui.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=ROOT,
        env={**os.environ, "DOSSIER_HOME": str(home)},
    )


def many(folder: Path, count: int) -> Path:
    folder.mkdir()
    for number in range(count):
        (folder / f"letter-{number:02}.txt").write_text(f"The fee of letter {number} is due in May.")
    return folder


# ── one at a time ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_second_run_is_told_who_holds_the_lock_and_since_when(
    app: App, a_folder: Callable[..., Path], settings: Settings
) -> None:
    folder = a_folder(supply__txt=CONTRACT)
    with only_run(settings.home, "deal"):
        done = dossier("ingest", folder, "-c", "deal", home=settings.home)
        assert done.returncode == 75
        assert re.search(rf"Another run \(pid {os.getpid()}, since \d{{4}}-\d\d-\d\dT[\d:+]+\)", done.stderr)
        app.ingest([folder], collection="another", by="anna")
    app.ingest([folder], collection="deal", by="anna")


def test_two_runs_at_once_end_with_one_done_and_one_sent_away(tmp_path: Path) -> None:
    folder, home = many(tmp_path / "share", 30), tmp_path / "home"
    command = [sys.executable, "-m", "ui.cli", "ingest", str(folder), "-c", "deal", "--json"]
    both = [
        subprocess.Popen(command, cwd=ROOT, env={**os.environ, "DOSSIER_HOME": str(home)}, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    outputs = [run.communicate(timeout=120)[0] for run in both]
    codes = [run.returncode for run in both]
    assert sorted(codes) == [0, 75]
    assert "Another run" in json.loads(outputs[codes.index(75)])["error"]
    assert json.loads(outputs[codes.index(0)])["counts"]["added"] == 30


# ── remembered ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_runs_are_listed_newest_first_with_what_came_of_them(app: App, a_folder: Callable[..., Path]) -> None:
    folder = a_folder(supply__txt=CONTRACT)
    app.ingest([folder], collection="deal", by="anna")
    app.ingest([folder], collection="deal", by="anna")
    newest, oldest = app.runs("deal")
    assert (newest.outcome, newest.counts["unchanged"], oldest.counts["added"]) == ("finished", 1, 1)
    assert newest.started > oldest.started
    assert newest.seconds is not None


def test_a_run_at_work_and_one_that_was_killed_are_told_apart(tmp_path: Path, app: App, settings: Settings) -> None:
    folder = many(tmp_path / "share", 60)
    command = [sys.executable, "-m", "ui.cli", "ingest", str(folder), "-c", "deal", "--json"]
    run = subprocess.Popen(command, cwd=ROOT, env=dict(os.environ), stdout=subprocess.DEVNULL)
    while not app.collections():
        time.sleep(0.05)
    assert [one.outcome for one in app.runs("deal")] == ["running"]
    run.kill()
    run.wait()
    (killed,) = app.runs("deal")
    assert (killed.outcome, killed.pid, killed.seconds) == ("killed", run.pid, None)


def test_a_run_that_fails_is_remembered_with_the_reason(
    app: App, a_folder: Callable[..., Path], settings: Settings
) -> None:
    from app.ingestion import Brake

    folder = a_folder(**{f"letter{number}__txt": f"Letter {number}." for number in range(10)})
    app.ingest([folder], collection="deal", by="anna")
    for number in range(9):
        (folder / f"letter{number}.txt").unlink()
    with pytest.raises(UsageError):
        app.ingest([folder], collection="deal", by="anna", sync=Brake())
    failed = app.runs("deal")[0]
    assert failed.outcome == "failed"
    assert "9 of the 10 documents" in str(failed.reason)
    listed = json.loads(dossier("runs", "-c", "deal", "--json", home=settings.home).stdout)["runs"]
    assert [one["outcome"] for one in listed] == ["failed", "finished"]
    assert "failed" in dossier("runs", home=settings.home).stdout


# ── stopped ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_run_that_is_asked_to_stop_finishes_the_document_at_hand(app: App, tmp_path: Path) -> None:
    folder = many(tmp_path / "share", 5)
    at: list[int] = []

    def note(progress: Progress) -> None:
        at.append(progress.document)

    report = app.ingest([folder], collection="deal", by="anna", on_progress=note, stopping=lambda: at[-1:] == [2])
    assert (report.counts["added"], report.left) == (2, 3)
    assert app.runs("deal")[0].outcome == "stopped"
    assert app.verify("deal", by="anna").well
    assert app.ingest([folder], collection="deal", by="anna").counts["added"] == 3


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_run_cleanly_with_its_own_exit_code(tmp_path: Path, app: App, number: signal.Signals) -> None:
    folder = many(tmp_path / "share", 80)
    command = [sys.executable, "-m", "ui.cli", "ingest", str(folder), "-c", "deal", "--json"]
    run = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not app._everything.unfinished("deal"):
        time.sleep(0.05)
    run.send_signal(number)
    out, err = run.communicate(timeout=60)
    assert run.returncode == 75
    assert "files are left. Run it again." in err
    report = json.loads(out)
    assert report["counts"]["left"] > 0
    assert report["counts"]["added"] == len(app.documents("deal"))
    assert report["counts"]["quarantined"] == 0
    assert app.runs("deal")[0].outcome == "stopped"
    assert app.verify("deal", by="anna").well


# ── the quarantine ────────────────────────────────────────────────────────────────────────────────────────────────────

DAMAGED = b"%PDF-1.7\nThis is no PDF after all."


def test_what_is_in_quarantine_is_read_again_only_when_asked_for(
    app: App, a_folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = a_folder(broken__pdf=DAMAGED, supply__txt=CONTRACT)
    first = app.ingest([folder], collection="deal", by="anna")
    read = Mock(side_effect=parse)
    monkeypatch.setattr("app.ingestion.parse", read)
    second = app.ingest([folder], collection="deal", by="anna")
    assert [one.reason for one in second.documents] == [one.reason for one in first.documents]
    assert read.call_count == 0
    assert not second.complete, "the exit code stays 1 while a file is in quarantine"
    app.ingest([folder], collection="deal", by="anna", ocr="always")
    assert read.call_count == 1, "read in another way, it may succeed"
    retried = app.retry(collection="deal", by="anna")
    assert [one.status for one in retried.documents] == [Status.QUARANTINED]
    assert read.call_count == 2
    assert app.retry([folder / "supply.txt"], collection="deal", by="anna").documents == ()


def test_a_file_in_quarantine_whose_bytes_change_is_read_again(app: App, a_folder: Callable[..., Path]) -> None:
    app.ingest([a_folder(supply__txt=b"")], collection="deal", by="anna")
    a_folder(supply__txt=CONTRACT)
    report = app.retry(collection="deal", by="anna")
    assert [one.status for one in report.documents] == [Status.ADDED]
    assert app.quarantined("deal") == ()


# ── the command line ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_keeping_in_step_and_checking_from_the_command_line(tmp_path: Path) -> None:
    folder, home = many(tmp_path / "share", 12), tmp_path / "home"
    assert dossier("ingest", folder, "-c", "deal", "--sync", home=home).returncode == 0
    for number in range(8):
        (folder / f"letter-{number:02}.txt").unlink()
    refused = dossier("ingest", folder, "-c", "deal", "--sync", "--json", home=home)
    assert refused.returncode == 2
    assert "8 of the 12 documents" in json.loads(refused.stdout)["error"]
    assert dossier("ingest", folder, "-c", "deal", "--sync", "--max-removals", "50%", home=home).returncode == 2
    done = dossier("ingest", folder, "-c", "deal", "--sync", "--max-removals", "8", home=home)
    assert (done.returncode, "8 removed" in done.stdout) == (0, True)
    checked = dossier("ingest", "-c", "deal", "--verify", "--json", home=home)
    assert (checked.returncode, json.loads(checked.stdout)["well"]) == (0, True)
    next((home / "library").rglob("original*")).unlink()
    assert dossier("ingest", "-c", "deal", "--verify", home=home).returncode == 1
    assert dossier("ingest", "-c", "deal", "--verify", "--repair", home=home).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["."], "Missing option"),
        (["-c", "deal"], "at least one file or folder"),
        ([".", "-c", "deal", "--max-removals", "3"], "--max-removals is for --sync"),
        ([".", "-c", "deal", "--sync", "--max-removals", "many"], "neither a share such as 30% nor a number"),
        ([".", "-c", "deal", "--sync", "--retry"], "only one of"),
        ([".", "-c", "deal", "--verify"], "name no files"),
        ([".", "-c", "deal", "--repair"], "--repair is for --verify"),
        (["-c", "nothing", "--verify"], "no collection named nothing"),
        (["-c", "nothing", "--retry"], "no collection named nothing"),
    ],
)
def test_options_that_make_no_sense_are_told_in_a_sentence(tmp_path: Path, arguments: list[str], sentence: str) -> None:
    done = dossier("ingest", *arguments, home=tmp_path / "home")
    assert (done.returncode, sentence in done.stderr, "Traceback" in done.stderr) == (2, True, False)


# ── figures ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_run_leaves_its_figures_for_prometheus(tmp_path: Path, a_folder: Callable[..., Path]) -> None:
    folder, file = a_folder(supply__txt=CONTRACT, broken__pdf=b""), tmp_path / "dossier.prom"
    assert dossier("ingest", folder, "-c", "deal", "--metrics", file, home=tmp_path / "home").returncode == 1
    figures = dict(line.rsplit(" ", 1) for line in file.read_text().splitlines() if not line.startswith("#"))
    assert figures['dossier_ingest_documents{collection="deal",status="added"}'] == "1"
    assert figures['dossier_ingest_documents{collection="deal",status="quarantined"}'] == "1"
    assert figures['dossier_ingest_pages{collection="deal"}'] == "1"
    assert figures['dossier_ingest_exit_code{collection="deal"}'] == "1"
    success = figures['dossier_ingest_last_success_timestamp_seconds{collection="deal"}']
    assert abs(float(success) - time.time()) < 60

    failed = dossier("ingest", "/no/such/folder", "-c", "deal", "--metrics", file, home=tmp_path / "home")
    assert failed.returncode == 2
    figures = dict(line.rsplit(" ", 1) for line in file.read_text().splitlines() if not line.startswith("#"))
    assert figures['dossier_ingest_exit_code{collection="deal"}'] == "2"
    assert figures['dossier_ingest_last_success_timestamp_seconds{collection="deal"}'] == success
    assert [path.name for path in tmp_path.glob("*.prom*")] == ["dossier.prom"]


def test_without_a_terminal_a_line_now_and_then_says_where_the_run_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from rich.console import Console

    monkeypatch.setattr("ui.parts.terminal.HEARTBEAT", 0.02)
    monkeypatch.setattr("ui.parts.terminal.err", Console(stderr=True, highlight=False))
    with ingest_progress(silent=False) as tell:
        tell(Progress("reading", "supply.pdf", 2, 9, 14, 160))
        time.sleep(0.2)
    said = capsys.readouterr().err
    assert said.startswith("reading document 2 of 9, page 14 of 160\n")
    assert said.count("\n") > 1, "also while nothing new is told"
    assert "supply" not in said, "names of files stay out of the log of cron"
