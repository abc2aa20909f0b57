"""`dossier ingest --sync` makes a collection say what its folders say, and never empties it by mistake."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from app.ingestion import Brake
from app.reports import Ingested, Status
from app.service import App
from core.errors import ServiceDown, UsageError
from core.privacy import Clearance
from core.settings import Settings
from retrieval.index import Index
from retrieval.library import Library
from tests.conftest import CONTRACT


@pytest.fixture
def share(tmp_path: Path) -> Path:
    """A folder of ten letters, two of them in a folder below."""
    folder = tmp_path / "share"
    (folder / "old").mkdir(parents=True)
    for number in range(10):
        (folder / ("old" if number > 7 else "") / f"letter-{number}.txt").write_text(f"The fee is EUR {number}.")
    return folder


def sync(app: App, *paths: Path, brake: Brake | None = None) -> Ingested:
    return app.ingest(paths, collection="deal", by="anna", sync=brake or Brake())


def sources(app: App) -> list[str]:
    return [record.source for record in app.documents("deal")]


def test_new_changed_moved_and_gone_files_are_told_apart(app: App, share: Path) -> None:
    sync(app, share)
    (share / "new.txt").write_text("A new letter.")
    (share / "letter-1.txt").write_text("The fee is EUR 100.")
    (share / "letter-2.txt").rename(share / "old" / "moved.txt")
    (share / "letter-3.txt").unlink()
    report = sync(app, share)
    by_source = {one.source: one for one in report.documents}
    assert by_source["new.txt"].status is Status.ADDED
    assert by_source["letter-1.txt"].status is Status.UPDATED
    assert by_source["old/moved.txt"].status is Status.UNCHANGED
    assert by_source["old/moved.txt"].moved_from == "letter-2.txt"
    assert by_source["letter-3.txt"].status is Status.REMOVED
    assert {key: report.counts[key] for key in ("added", "updated", "moved", "removed", "unchanged")} == {
        "added": 1,
        "updated": 1,
        "moved": 1,
        "removed": 1,
        "unchanged": 8,
    }
    assert sources(app) == sorted(path.relative_to(share).as_posix() for path in share.rglob("*.txt"))
    assert app.count_chunks() == 10
    assert all(hit.chunk.text != "The fee is EUR 3." for hit in app.search("fee", collection="deal", by="anna").hits)


def test_a_collection_that_was_kept_in_step_is_the_one_that_is_read_anew(
    app: App, share: Path, settings: Settings, tmp_path: Path
) -> None:
    sync(app, share)
    (share / "letter-1.txt").write_text("The fee is EUR 100.")
    (share / "letter-2.txt").rename(share / "moved.txt")
    (share / "old").rename(share / "older")
    (share / "letter-3.txt").unlink()
    sync(app, share)
    from app.wiring import open_app

    fresh = open_app(settings.model_copy(update={"home": tmp_path / "fresh"}))
    fresh.ingest([share], collection="deal", by="anna")
    titles = {record.document_id: record.source for record in fresh.documents("deal")}
    assert {record.document_id: record.source for record in app.documents("deal")} == titles
    assert app.count_chunks() == fresh.count_chunks()


def test_without_sync_nothing_is_removed(app: App, share: Path) -> None:
    sync(app, share)
    (share / "letter-3.txt").unlink()
    app.ingest([share], collection="deal", by="anna")
    assert len(app.documents("deal")) == 10


def test_a_folder_of_which_too_much_is_gone_is_left_alone(app: App, share: Path) -> None:
    sync(app, share)
    before = app.digest("deal")
    for number in range(6):
        (share / f"letter-{number}.txt").unlink()
    (share / "new.txt").write_text("A new letter.")
    with pytest.raises(UsageError, match="6 of the 10 documents .* are gone, so nothing was removed"):
        sync(app, share)
    assert app.digest("deal") == before
    report = sync(app, share, brake=Brake(share=0.0, documents=6))
    assert report.counts["removed"] == 6
    assert len(app.documents("deal")) == 5


def test_what_has_moved_does_not_count_against_the_brake(app: App, share: Path) -> None:
    sync(app, share)
    (share / "archive").mkdir()
    for number in range(8):
        (share / f"letter-{number}.txt").rename(share / "archive" / f"letter-{number}.txt")
    report = sync(app, share)
    assert (report.counts["moved"], report.counts["removed"], report.counts["unchanged"]) == (8, 0, 10)
    assert len(app.documents("deal")) == 10


@pytest.mark.parametrize("empty", [True, False])
def test_a_disk_that_is_not_mounted_never_empties_the_index(app: App, share: Path, empty: bool) -> None:
    sync(app, share)
    shutil.rmtree(share)
    if empty:
        share.mkdir()
    with pytest.raises(UsageError, match="is empty, so nothing was removed" if empty else "There is no file or folder"):
        sync(app, share, brake=Brake(share=1.0))
    assert len(app.documents("deal")) == 10


def test_only_what_lay_below_the_folder_that_is_named_can_be_removed(app: App, share: Path, tmp_path: Path) -> None:
    other = tmp_path / "share-two"
    other.mkdir()
    (other / "note.txt").write_text(CONTRACT)
    sync(app, share)
    app.ingest([other], collection="deal", by="anna")
    shutil.rmtree(other)
    (share / "letter-9.txt").unlink(missing_ok=True)
    (share / "old" / "letter-9.txt").unlink()
    assert sync(app, share).counts["removed"] == 1
    assert "note.txt" in sources(app)


def test_bytes_that_still_lie_elsewhere_are_kept(app: App, share: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(share / "letter-1.txt", other / "copy.txt")
    sync(app, share)
    app.ingest([other], collection="deal", by="anna")
    (share / "letter-1.txt").unlink()
    assert sync(app, share).counts["removed"] == 0
    assert "copy.txt" in sources(app)


def test_the_quarantine_of_a_file_that_is_gone_ends(app: App, share: Path) -> None:
    (share / "broken.pdf").write_bytes(b"")
    sync(app, share)
    assert len(app.quarantined("deal")) == 1
    (share / "broken.pdf").unlink()
    sync(app, share)
    assert app.quarantined("deal") == ()


def test_a_share_that_goes_away_in_the_middle_of_a_run_ends_it_and_removes_nothing(app: App, share: Path) -> None:
    sync(app, share)
    (share / "letter-9.txt").write_text("A new one, read last but three.")
    looked = []

    def vanish(progress: object) -> None:
        looked.append(progress)
        if len(looked) == 3:
            shutil.rmtree(share)
            share.mkdir()

    with pytest.raises(ServiceDown, match="went away during the run"):
        app.ingest([share], collection="deal", by="anna", sync=Brake(), on_progress=vanish)
    assert len(app.documents("deal")) == 10
    assert app.quarantined("deal") == (), "that a share is away says nothing about its files"


def test_a_single_file_that_goes_away_in_the_middle_of_a_run_is_told(app: App, share: Path) -> None:
    def vanish(_: object) -> None:
        (share / "letter-5.txt").unlink(missing_ok=True)

    report = app.ingest([share], collection="deal", by="anna", on_progress=vanish)
    assert report.skipped == (("letter-5.txt", "The file was gone before it could be read."),)
    assert report.counts["added"] == 9


# ── killed between two states ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_document_killed_while_it_is_read_anew_is_made_whole_even_if_its_file_is_gone(
    app: App, a_folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after each of the writes of a run that raises the clearance; the next run never sees the file."""
    folder = a_folder(supply__txt=CONTRACT, note__txt="A note.")
    steps: list[tuple[type, str]] = [(Library, "keep"), (Index, "write"), (Library, "shelve")]
    for owner, name in steps:
        (folder / "supply.txt").write_text(CONTRACT)
        app.ingest([folder], collection="deal", by="anna", clearance=Clearance.RESTRICTED)
        with monkeypatch.context() as patched:
            patched.setattr(owner, name, _killed_after(getattr(owner, name)))
            with pytest.raises(KeyboardInterrupt):
                app.ingest([folder / "supply.txt"], collection="deal", by="anna", clearance=Clearance.CLOUD)
        (folder / "supply.txt").unlink()
        app.ingest([folder], collection="deal", by="anna")
        (supply,) = (record for record in app.documents("deal") if record.source == "supply.txt")
        stored = app.document(supply.document_id)
        hits = app.search("loss of profit", documents=[stored.id], by="anna").hits
        assert all(hit.chunk.span.of(stored.text) == hit.chunk.text for hit in hits)
        assert app.verify("deal", by="anna").well, name
        assert sum(record.chunks for record in app.documents("deal")) == app.count_chunks()


def _killed_after(call: Callable[..., object]) -> Callable[..., object]:
    def killed(*arguments: object, **options: object) -> object:
        call(*arguments, **options)
        raise KeyboardInterrupt

    return killed
