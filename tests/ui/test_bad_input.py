"""Bad input, through the command line: one clear sentence, the documented exit code, and nothing stored is harmed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import CONTRACT
from tests.ingest.pdfs import a_pdf, a_picture_of, line, scanned
from tests.ui.test_cli import QUESTION, dossier


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose collection `deal` holds one contract that can be asked."""
    (tmp_path / "supply.txt").write_text(CONTRACT)
    dossier("ingest", str(tmp_path / "supply.txt"), "-c", "deal", home=tmp_path / "home")
    return tmp_path / "home"


def assert_unharmed(home: Path) -> None:
    answer = json.loads(dossier("ask", QUESTION, "-c", "deal", "--json", home=home).stdout)
    assert "thirty (30) days" in answer["claims"][0]["text"]


def bad_files(folder: Path) -> Path:
    """A share with every kind of file that cannot be read, under names that try to be somewhere else."""
    folder.mkdir()
    whole = a_pdf(folder / "whole.pdf", lambda canvas: line(canvas, 72, 700, "The fee is EUR 12."))
    (folder / "truncated.pdf").write_bytes(whole.read_bytes()[:400])
    a_pdf(folder / "locked.pdf", lambda canvas: line(canvas, 72, 700, "Secret."), password="open sesame")
    (folder / "empty.pdf").write_bytes(b"")
    (folder / "page.pdf").write_bytes(b"<!DOCTYPE html><html><body>Please sign in</body></html>")
    (folder / "x..%2F..%2Fetc.pdf").write_bytes(b"no PDF at all")
    (folder / f"{'n' * 240}.pdf").write_bytes(b"no PDF either")
    return folder


def test_every_unreadable_file_is_quarantined_with_a_sentence_and_the_others_are_read(
    tmp_path: Path, home: Path
) -> None:
    done = dossier("ingest", str(bad_files(tmp_path / "share")), "-c", "deal", "--json", home=home)
    assert done.returncode == 1
    report = json.loads(done.stdout)
    status = {one["source"]: one["status"] for one in report["documents"]}
    assert status.pop("whole.pdf") == "added"
    assert set(status.values()) == {"quarantined"}
    assert len(status) == 6
    for one in report["documents"]:
        if one["status"] == "quarantined":
            assert one["reason"].endswith(".")
            assert "Traceback" not in one["reason"]
    assert_unharmed(home)


def test_a_picture_of_text_is_read_by_ocr_or_counted_as_unreadable(tmp_path: Path, home: Path) -> None:
    picture = a_picture_of(["The deposit is EUR 4,200 and is due in May."])
    a_pdf(tmp_path / "scan.pdf", scanned(picture))
    done = dossier("ingest", str(tmp_path / "scan.pdf"), "-c", "deal", "--ocr", "never", "--json", home=home)
    (one,) = json.loads(done.stdout)["documents"]
    assert done.returncode == 1
    assert one["fates"]["unreadable"] == 1
    assert one["reason"] == "1 of 1 pages could not be read."
    assert_unharmed(home)


def test_a_name_that_leads_out_of_the_folder_is_only_a_name(tmp_path: Path, home: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "note.txt").write_text("A zebra crossed.")
    path = f"{tmp_path}/inner/../note.txt"
    (one,) = json.loads(dossier("ingest", path, "-c", "deal", "--json", home=home).stdout)["documents"]
    assert (one["status"], one["source"]) == ("added", "note.txt")
    assert not [stored for stored in home.rglob("*") if ".." in stored.name]
