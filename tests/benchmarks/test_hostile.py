"""The benchmark of hostile files says what became of each, and fails where a file or a page is lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from benchmarks.hostile import Fared, main
from tests.ingest.pdfs import a_pdf, line


def a_folder(folder: Path, **more: Any) -> Path:
    (folder / "files").mkdir(parents=True)
    a_pdf(folder / "files" / "whole.pdf", lambda canvas: line(canvas, 72, 700, "The fee is EUR 12."))
    a_pdf(folder / "files" / "locked.pdf", lambda canvas: line(canvas, 72, 700, "Secret."), password="open sesame")
    (folder / "files" / "broken.pdf").write_bytes(b"%PDF-1.7\nno more than that")
    (folder / "files" / "film.mp4").write_bytes(b"\0\0\0\x18ftyp")
    rows: list[dict[str, Any]] = [
        {"file": "files/whole.pdf", "pages": 1, "text_chars": 15, **more},
        {"file": "files/locked.pdf", "pages": 1, "password": "open sesame"},
        {"file": "files/broken.pdf", "pdfium_ok": False},
        {"file": "files/film.mp4"},
    ]
    (folder / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def test_every_file_ends_as_read_quarantined_or_passed_over_with_its_reason(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, [str(a_folder(tmp_path / "hard")), "--json"])
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert report["outcomes"] == {"read": 1, "quarantined": 2, "passed over": 1}
    assert report["faults"] == []
    assert all(reason for _, reason, _ in report["reasons"])


def test_a_page_fewer_than_the_manifest_names_is_a_fault(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, [str(a_folder(tmp_path / "hard", pages=2)), "--json"])
    assert done.exit_code == 1
    assert json.loads(done.stdout)["faults"] == [["files/whole.pdf", "1 of its 2 pages"]]


def test_a_file_nobody_speaks_of_and_a_password_that_is_not_named_are_faults() -> None:
    assert Fared({"file": "a.pdf"}, "unaccounted for").faults
    assert Fared({"file": "a.pdf", "password": "x"}, "quarantined", "It is damaged.").faults
    assert not Fared({"file": "a.pdf", "password": "x"}, "quarantined", "It needs a password.").faults


def test_a_folder_without_a_manifest_is_a_mistake(tmp_path: Path) -> None:
    assert CliRunner().invoke(main, [str(tmp_path)]).exit_code == 2
