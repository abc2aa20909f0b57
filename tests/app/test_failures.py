"""What may happen to a run at night, each with the promised end: a sentence, an exit code, a row, and an index that the
next run completes. A share that goes away is in test_sync.py, two runs at once in test_runs.py."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from qdrant_client import QdrantClient
from qdrant_client.http.exceptions import ResponseHandlingException

from app.service import App
from app.wiring import open_app
from core.errors import ConfigError, ServiceDown
from core.settings import Settings, settings_from_environment
from tests.conftest import CONTRACT

Folder = Callable[..., Path]


@pytest.fixture(autouse=True)
def _no_minute_of_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.ingestion.PATIENCE", (0.01, 0.01, 0.01))


def mount(*arguments: str) -> None:
    """Skips the test where this user may not mount."""
    done = subprocess.run(["mount", *arguments], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("mounting a file system needs to be root")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MB: not room enough for an empty index."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount("-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk))
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_full_disk_ends_the_run_with_a_sentence_and_the_next_one_goes_on(small_disk: Path, a_folder: Folder) -> None:
    app = open_app(settings_from_environment(home=small_disk / "home"))
    folder = a_folder(supply__txt=CONTRACT)
    with pytest.raises(ServiceDown, match="The disk of the index has . MB left, and 64 MB are needed"):
        app.ingest([folder], collection="deal", by="anna")
    mount("-o", "remount,size=200m", str(small_disk))
    assert app.ingest([folder], collection="deal", by="anna").counts["added"] == 1
    assert [run.outcome for run in app.runs("deal")] == ["finished", "failed"]
    assert app.verify("deal", by="anna").well


def test_a_disk_that_is_full_to_the_last_byte_is_no_defect(small_disk: Path, a_folder: Folder) -> None:
    app = open_app(settings_from_environment(home=small_disk / "home"))
    with (small_disk / "ballast").open("wb", buffering=0) as ballast, pytest.raises(OSError, match="No space left"):
        while True:
            ballast.write(b"x" * 4096)
    with pytest.raises(ServiceDown, match="room"):
        app.ingest([a_folder(supply__txt=CONTRACT)], collection="deal", by="anna")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_disk_that_fills_up_while_a_document_is_kept_ends_the_run_and_the_next_one_goes_on(
    app: App, a_folder: Folder, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    folder = a_folder(supply__txt=CONTRACT, a_note__txt="A note.")
    fsync = os.fsync
    written: list[int] = []

    def full(descriptor: int) -> None:
        written.append(descriptor)
        if len(written) > 3:
            raise OSError(number, os.strerror(number))
        fsync(descriptor)

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        with pytest.raises(ServiceDown, match="no room left on the disk"):
            app.ingest([folder], collection="deal", by="anna")
    assert app.ingest([folder], collection="deal", by="anna").counts["quarantined"] == 0
    assert len(app.documents("deal")) == 2
    assert app.verify("deal", by="anna").well


def test_a_read_only_home_is_told_in_a_sentence(app: App, a_folder: Folder, settings: Settings) -> None:
    folder = a_folder(supply__txt=CONTRACT)
    app.ingest([folder], collection="deal", by="anna")
    mount("--bind", "-o", "ro", str(settings.home), str(settings.home))
    try:
        with pytest.raises(ConfigError, match=r"DOSSIER_HOME .* cannot be written to: Read-only file system"):
            open_app(settings).ingest([folder], collection="deal", by="anna")
    finally:
        subprocess.run(["umount", "--lazy", str(settings.home)], check=True)
    assert app.verify("deal", by="anna").well


class Flaky:
    """A Qdrant whose next `away` calls find nobody."""

    def __init__(self) -> None:
        self._client = QdrantClient(":memory:")
        self.away = 0

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)

        def flaky(*arguments: Any, **options: Any) -> Any:
            if self.away > 0:
                self.away -= 1
                raise ResponseHandlingException(ConnectionRefusedError())
            return call(*arguments, **options)

        return flaky


@pytest.fixture
def qdrant(monkeypatch: pytest.MonkeyPatch) -> Flaky:
    server = Flaky()
    monkeypatch.setattr("retrieval.points_server.connect", lambda _url, _key: server)
    monkeypatch.setenv("DOSSIER_QDRANT_URL", "http://qdrant:6333")
    return server


@pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant")
def test_a_qdrant_that_comes_back_within_a_minute_is_waited_for(qdrant: Flaky, a_folder: Folder) -> None:
    app = open_app(settings_from_environment())
    folder = a_folder(supply__txt=CONTRACT, a_note__txt="A note.")
    qdrant.away = 2
    assert app.ingest([folder], collection="deal", by="anna").counts["added"] == 2

    def away(progress: Any) -> None:
        qdrant.away = 3 if progress.stage == "embedding" else 0

    a_folder(supply__txt=CONTRACT + "More.")
    app.ingest([folder], collection="deal", by="anna", on_progress=away)
    qdrant.away = 0
    assert app.verify("deal", by="anna").well


@pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant")
def test_a_qdrant_that_stays_away_ends_the_run_which_is_remembered_and_completed_later(
    qdrant: Flaky, a_folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.ingestion.TOGETHER", 1)
    app = open_app(settings_from_environment())
    folder = a_folder(supply__txt=CONTRACT, a_note__txt="A note.")

    def away(progress: Any) -> None:
        qdrant.away = 10**6 if (progress.stage, progress.document) == ("embedding", 2) else 0

    with pytest.raises(ServiceDown, match="Qdrant") as down:
        app.ingest([folder], collection="deal", by="anna", on_progress=away)
    assert down.value.exit_code == 3
    qdrant.away = 0
    (failed,) = app.runs("deal")
    assert (failed.outcome, failed.counts["added"], failed.reason) == ("failed", 1, str(down.value))
    assert app.ingest([folder], collection="deal", by="anna").counts["added"] == 1
    assert app.verify("deal", by="anna").well


# ── verify ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _lose_points(app: App, home: Path) -> None:
    app._index.remove("deal", app.documents("deal")[1].document_id)


def _lose_row(app: App, home: Path) -> None:
    supply = app.documents("deal")[1].document_id
    app._everything.unshelve("deal", supply)
    app._everything._catalogue.finish(supply, collection="deal")


def _damage_text(app: App, home: Path) -> None:
    next((home / "library").rglob(f"{app.documents('deal')[1].document_id}/*.json.gz")).write_bytes(b"nonsense")


def _damage_original(app: App, home: Path) -> None:
    next((home / "library").rglob(f"{app.documents('deal')[1].document_id}/original*")).write_bytes(b"nonsense")


def _lose_original(app: App, home: Path) -> None:
    next((home / "library").rglob(f"{app.documents('deal')[1].document_id}/original*")).unlink()


@pytest.mark.parametrize(
    ("harm", "kinds"),
    [
        (_lose_points, ["document without points"]),
        (_lose_row, ["points without document", "files without document"]),
        (_damage_text, ["parsed text missing or damaged"]),
        (_damage_original, ["original damaged"]),
        (_lose_original, ["original missing"]),
    ],
)
def test_what_differs_between_disk_catalogue_and_index_is_said_and_mended(
    app: App, a_folder: Folder, settings: Settings, harm: Callable[[App, Path], None], kinds: list[str]
) -> None:
    folder = a_folder(supply__txt=CONTRACT, a_note__txt="A note.")
    app.ingest([folder], collection="deal", by="anna")
    assert app.verify("deal", by="anna").well
    harm(app, settings.home)
    found = app.verify("deal", by="anna")
    assert [one.kind.value for one in found.differences] == kinds
    mended = app.verify("deal", by="anna", repair=True)
    assert mended.well
    assert [one.kind.value for one in mended.mended] == kinds
    app.ingest([folder], collection="deal", by="anna")
    assert len(app.documents("deal")) == 2
    assert app.count_chunks() == sum(record.chunks for record in app.documents("deal"))


def test_what_cannot_be_mended_stays_a_difference(app: App, a_folder: Folder, settings: Settings) -> None:
    folder = a_folder(supply__txt=CONTRACT, a_note__txt="A note.")
    app.ingest([folder], collection="deal", by="anna")
    _lose_original(app, settings.home)
    (folder / "supply.txt").unlink()
    found = app.verify("deal", by="anna", repair=True)
    assert [one.kind.value for one in found.differences] == ["original missing"]
    assert found.sources_gone == ("supply.txt",)
    assert app.search("loss of profit", collection="deal", by="anna").hits, "its text is still there"
