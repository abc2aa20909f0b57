"""A share as people leave it: odd names, links, pipes, leftovers. Each file is read, or somebody is told why not."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from app.ingestion import Brake
from app.reports import Progress, Status
from app.service import App
from core.errors import UsageError

TEXT = "The fee of %s is EUR 12 a month."


def a_share(folder: Path) -> Path:
    folder.mkdir()

    def put(name: str | bytes, content: str | bytes) -> None:
        (folder / os.fsdecode(name)).write_bytes(content.encode() if isinstance(content, str) else content)

    for name in (
        "plain.txt",
        "new\nline.txt",
        "emoji 📄.txt",
        f"{'n' * 246}.txt",
        "Zoë.txt",
        "Zoe\u0308.txt",
        "-rf.txt",
    ):
        put(name, TEXT % repr(name))
    put("same.txt", TEXT % repr("plain.txt"))
    put(b"latin-\xe9\xff.txt", TEXT % "Latin")
    put(b"broken-\xe9.pdf", b"no PDF")
    for name in ("~$plain.docx", ".DS_Store", "Thumbs.db", ".secret.txt"):
        put(name, "left behind")
    put("empty.txt", "")
    put("old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    put("film.mp4", b"\0\0")
    (folder / "loop").mkdir()
    (folder / "loop" / "up").symlink_to("..")
    (folder / "itself.txt").symlink_to("itself.txt")
    (folder / "outside.txt").symlink_to("/etc/passwd")
    os.mkfifo(folder / "pipe.txt")
    with zipfile.ZipFile(folder / "inner.zip", "w") as archive:
        archive.writestr("terms.txt", TEXT % "inner")
        archive.writestr("old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    with zipfile.ZipFile(folder / "room.zip", "w") as archive:
        archive.write(folder / "inner.zip", "inner.zip")
    (folder / "inner.zip").unlink()
    return folder


def test_every_file_of_a_messy_share_is_accounted_for_and_the_second_night_changes_nothing(
    app: App, tmp_path: Path
) -> None:
    share = a_share(tmp_path / "share")
    first = app.ingest([share], collection="deal", by="anna")
    quarantined = {one.source: one.reason or "" for one in first.documents if one.status is Status.QUARANTINED}
    assert first.counts["added"] == 9
    assert set(quarantined) == {"broken-\ufffd.pdf", "empty.txt", "old.doc", "room.zip › inner.zip › old.xls"}
    assert "save it as .docx or PDF" in quarantined["old.doc"]
    assert dict(first.skipped) == {
        "film.mp4": "Files of this kind (.mp4) are not supported yet.",
        "itself.txt": "This link leads nowhere.",
        "outside.txt": "This link leads out of the folder.",
        "pipe.txt": "This is not a regular file.",
    }
    second = app.ingest([share], collection="deal", by="anna", sync=Brake())
    assert (second.counts["added"], second.counts["removed"], second.counts["quarantined"]) == (0, 0, 4)
    assert second.counts["unchanged"] == 10
    verified = app.verify("deal", by="anna")
    assert verified.well
    assert verified.sources_gone == ()


def test_a_name_of_no_characters_is_found_again_by_retry_and_repair(app: App, tmp_path: Path) -> None:
    share = a_share(tmp_path / "share")
    app.ingest([share], collection="deal", by="anna", sync=Brake())
    (share / os.fsdecode(b"broken-\xe9.pdf")).write_bytes(b"still no PDF")
    retried = app.retry((), collection="deal", by="anna")
    assert "broken-\ufffd.pdf" in {one.source for one in retried.documents}
    assert retried.skipped == ()


def test_a_name_that_changes_only_in_case_is_the_same_document_at_another_place(
    app: App, a_folder: Callable[..., Path]
) -> None:
    share = a_folder(Terms__TXT=TEXT % "a", other__txt=TEXT % "b")
    app.ingest([share], collection="deal", by="anna")
    (share / "Terms.TXT").rename(share / "terms.txt")
    report = app.ingest([share], collection="deal", by="anna", sync=Brake())
    assert [(one.source, one.moved_from) for one in report.documents] == [
        ("other.txt", None),
        ("terms.txt", "Terms.TXT"),
    ]
    assert {record.source for record in app.documents("deal")} == {"other.txt", "terms.txt"}


def test_a_file_that_grows_while_the_run_is_at_it_is_read_whole_the_next_time(
    app: App, a_folder: Callable[..., Path]
) -> None:
    share = a_folder(growing__txt=TEXT % "one")

    def grow(_: Progress) -> None:
        with (share / "growing.txt").open("a") as file:
            file.write("\nAnd one line more.")

    (one,) = app.ingest([share], collection="deal", by="anna", on_progress=grow).documents
    assert one.status is Status.ADDED or "changed" in (one.reason or "")
    assert app.ingest([share], collection="deal", by="anna").counts["quarantined"] == 0
    (document,) = app.documents("deal")
    assert app.document(document.document_id).text == (share / "growing.txt").read_text()


def test_a_folder_of_which_nothing_is_read_says_why_of_what(app: App, tmp_path: Path) -> None:
    folder = tmp_path / "links"
    folder.mkdir()
    (folder / "one.txt").symlink_to("/etc/passwd")
    (folder / "two.txt").symlink_to("/etc/hosts")
    (folder / "tool.bin").write_text("x")
    with pytest.raises(UsageError, match=r"This link leads out of the folder\. \(2 of 3\) .*\(1 of 3\)"):
        app.ingest([folder], collection="deal", by="anna")
