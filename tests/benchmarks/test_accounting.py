"""The account of pages: whatever is in a folder has a fate, and what a page lost is told."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks import accounting
from core.documents import Span
from ingest.pdf import read_pdf

GOLDEN = Path(__file__).parent.parent / "golden"


def test_every_page_and_letter_of_the_golden_documents_is_accounted_for() -> None:
    run = CliRunner().invoke(accounting.main, [str(GOLDEN), "--ocr", "never", "--json"])
    assert run.exit_code == 0, run.output
    (folder,) = json.loads(run.stdout)["folders"]
    assert folder["files"] == len(list(GOLDEN.glob("*.pdf")))
    assert folder["pages"] == folder["text"] + folder["blank"] + folder["unreadable"]
    assert (folder["without_fate"], folder["refused"], folder["figures"], folder["lost"]) == (0, 0, 0, 0)


def test_a_page_that_lost_a_letter_fails_the_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(GOLDEN / "contract.pdf", tmp_path)

    def forgetful(path: Path, *, ocr: object) -> object:
        reading = read_pdf(path)
        page = reading.pages[0]
        object.__setattr__(page, "span", Span(page.span.start, page.span.end - 3))
        return reading

    monkeypatch.setattr(accounting, "read_pdf", forgetful)
    run = CliRunner().invoke(accounting.main, [str(tmp_path)])
    assert run.exit_code == 1
    assert "page 1 lost" in run.stderr


def test_a_file_that_cannot_be_read_fails_the_account(tmp_path: Path) -> None:
    (tmp_path / "broken.pdf").write_bytes(b"no PDF")
    run = CliRunner().invoke(accounting.main, [str(tmp_path)])
    assert run.exit_code == 1
    assert "1 refused" in run.stdout
