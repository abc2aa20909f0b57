"""Archives and messages through a whole run: each member a document of its own, from the first run to the last."""

from __future__ import annotations

import zipfile
from email.message import EmailMessage
from pathlib import Path

from app.ingestion import Brake
from app.reports import Status
from app.service import App


def a_zip(path: Path, **members: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(name.replace("__", "."), text)
    return path


def statuses(app: App, folder: Path, *, sync: Brake | None = None) -> dict[str, Status]:
    report = app.ingest([folder], collection="deal", by="anna", sync=sync)
    return {one.source: one.status for one in report.documents}


def test_members_are_documents_of_their_own_and_the_second_run_changes_nothing(app: App, tmp_path: Path) -> None:
    a_zip(tmp_path / "share" / "room.zip", fee__txt="The fee is EUR 12.", term__txt="The term is two years.")
    (tmp_path / "share" / "note.txt").write_text("A zebra crossed.")
    added = {"note.txt": Status.ADDED, "room.zip › fee.txt": Status.ADDED, "room.zip › term.txt": Status.ADDED}
    assert statuses(app, tmp_path / "share") == added
    before = app.digest("deal")
    assert set(statuses(app, tmp_path / "share").values()) == {Status.UNCHANGED}
    assert app.digest("deal") == before
    answer = app.ask("What is the fee?", collection="deal", by="anna")
    assert answer.claims[0].text == "The fee is EUR 12."


def test_a_member_that_is_taken_out_of_its_archive_is_removed_by_a_sync(app: App, tmp_path: Path) -> None:
    archive = tmp_path / "share" / "room.zip"
    a_zip(archive, fee__txt="The fee is EUR 12.", term__txt="The term is two years.")
    statuses(app, tmp_path / "share", sync=Brake())
    a_zip(archive, fee__txt="The fee is EUR 12.")
    assert statuses(app, tmp_path / "share", sync=Brake()) == {
        "room.zip › fee.txt": Status.UNCHANGED,
        "room.zip › term.txt": Status.REMOVED,
    }
    assert [record.source for record in app.documents("deal")] == ["room.zip › fee.txt"]


def test_an_archive_that_is_gone_takes_its_members_along(app: App, tmp_path: Path) -> None:
    a_zip(tmp_path / "share" / "room.zip", fee__txt="The fee is EUR 12.")
    (tmp_path / "share" / "note.txt").write_text("A zebra crossed.")
    statuses(app, tmp_path / "share", sync=Brake())
    (tmp_path / "share" / "room.zip").unlink()
    assert statuses(app, tmp_path / "share", sync=Brake())["room.zip › fee.txt"] is Status.REMOVED


def test_a_damaged_archive_is_quarantined_and_read_again_when_it_is_mended(app: App, tmp_path: Path) -> None:
    archive = a_zip(tmp_path / "share" / "room.zip", fee__txt="The fee is EUR 12.")
    whole = archive.read_bytes()
    archive.write_bytes(whole[:-20])
    assert statuses(app, tmp_path / "share") == {"room.zip": Status.QUARANTINED}
    archive.write_bytes(whole)
    report = app.retry(collection="deal", by="anna")
    assert [(one.source, one.status) for one in report.documents] == [("room.zip › fee.txt", Status.ADDED)]
    assert app.quarantined("deal") == ()


def test_an_attachment_is_a_document_beside_its_message(app: App, tmp_path: Path) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "anna@example.org", "ben@example.org", "Terms"
    message.set_content("Please find the terms attached.")
    message.add_attachment(b"The fee is EUR 12.", maintype="text", subtype="plain", filename="terms.txt")
    (tmp_path / "terms.eml").write_bytes(bytes(message))
    report = app.ingest([tmp_path / "terms.eml"], collection="deal", by="anna")
    assert [one.source for one in report.documents] == ["terms.eml", "terms.eml › terms.txt"]
