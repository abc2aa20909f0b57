"""Whatever a file does to its reader, the answer is a document or one true sentence, and nothing stays behind."""

from __future__ import annotations

import hashlib
import logging
import os
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from core.documents import Block, BlockKind, Box, Document, Fate, Page, Span
from core.errors import UnreadableDocument
from core.privacy import Clearance
from ingest.parse import Limits, check, document_id_of, parse, parser_for
from ingest.reading import Reading
from ingest.worker import packed, unpacked

ROOT = Path(__file__).resolve().parents[2]
MARKER = "Zyzzogeton"


@pytest.fixture(autouse=True)
def scratch(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are made; every test ends with none of them left and no process of ours running."""
    folder = tmp_path_factory.mktemp("scratch")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def parsed(path: Path, **options: object) -> Document:
    return parse(path, collection="deal", clearance=Clearance.RESTRICTED, source=path.name, **options)  # type: ignore[arg-type]


def a_file(tmp_path: Path, name: str, content: bytes = b"The fee is due.") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def a_pdf(tmp_path: Path, pages: int) -> Path:
    path = tmp_path / "a.pdf"
    canvas = Canvas(str(path))
    for number in range(pages):
        canvas.drawString(72, 700, f"Page {number} of {MARKER} says that the fee is due.")
        canvas.showPage()
    canvas.save()
    return path


def workers() -> list[int]:
    """Process ids of the children of this process."""
    listed = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    return [int(child) for children in listed for child in children.read_text().split()]


linux = pytest.mark.skipif(sys.platform != "linux", reason="children are told from /proc")


def test_a_document_is_what_its_bytes_are(tmp_path: Path, scratch: Path) -> None:
    path = a_file(tmp_path, "fees.txt")
    document = parsed(path)
    assert document.id == document_id_of(path) == hashlib.sha256(b"The fee is due.").hexdigest()
    assert (document.text, document.title, document.source) == ("The fee is due.", "fees", "fees.txt")
    assert document.parser == parser_for(path)
    assert parsed(path) == document
    assert list(scratch.iterdir()) == []


def test_a_pdf_tells_its_pages_as_they_are_read(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    document = parsed(a_pdf(tmp_path, 3), on_page=lambda page, pages: told.append((page, pages)))
    assert [page.number for page in document.pages] == [1, 2, 3]
    assert told[-1] == (3, 3)
    assert document.parser == parser_for(tmp_path / "a.pdf")


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.pdf", b"", "The file is empty (0 bytes)."),
        (
            "a.pdf",
            b"<!DOCTYPE html><html><body>Sign in</body></html>",
            "The file is named .pdf but holds HTML (a web page)",
        ),
        ("a.pdf", b"just words", "The file is named .pdf but holds something else"),
        ("a.pdf", b"PK\x03\x04 not whole", "The file is named .pdf but holds a zip archive that is damaged"),
        ("a.pdf", b"From: a@b.c\r\nTo: b@c.d\r\nSubject: x\r\n\r\nbody", "The file is named .pdf but holds an e-mail"),
        ("a.docx", b"%PDF-1.7 ...", "The file is named .docx but holds a PDF"),
        ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "holds an older Office format"),
        (
            "a.docx",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512) + "EncryptedPackage".encode("utf-16-le"),
            "protected by a password",
        ),
        ("a.docx", b"PK\x03\x04" + bytes(100), "damaged or of another kind"),
        ("a.txt", b"\x00\x01\x02" * 100, "binary data"),
        ("a.txt", b" \n ", "holds no text"),
        ("a.xyz", bytes(range(256)), "Files of this kind (.xyz) are not supported yet."),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "is an older Office file (.doc)"),
        ("a", bytes(100), "Files without an ending are not supported yet."),
        ("a.html", b"<html><body></body></html>", "holds no text"),
        ("a.eml", b"\x00\x01" * 50, "holds no e-mail"),
    ],
)
def test_a_file_that_cannot_be_read_gets_one_true_sentence(
    tmp_path: Path, scratch: Path, name: str, content: bytes, sentence: str
) -> None:
    with pytest.raises(UnreadableDocument) as caught:
        parsed(a_file(tmp_path, name, content))
    assert sentence in str(caught.value)
    assert str(caught.value).count(". ") == 0
    assert list(scratch.iterdir()) == []


def test_a_file_without_a_known_ending_is_read_for_what_it_holds(tmp_path: Path) -> None:
    assert parsed(a_pdf(tmp_path, 1).rename(tmp_path / "download")).media_type == "application/pdf"
    assert parsed(a_file(tmp_path, "notes.log", b"The fee is due.")).media_type == "text/plain"


def test_a_file_that_is_gone_or_may_not_be_opened_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocument, match="cannot be opened"):
        parsed(tmp_path / "gone.txt")
    with pytest.raises(UnreadableDocument, match="cannot be opened"):
        document_id_of(tmp_path)


@linux
def test_a_reader_that_takes_too_long_is_ended(tmp_path: Path, scratch: Path) -> None:
    started = time.monotonic()
    with pytest.raises(UnreadableDocument, match=r"The file took longer than 0\.02 s to read\."):
        parsed(a_file(tmp_path, "a.txt"), limits=Limits(seconds=0.02, page_seconds=0))
    assert time.monotonic() - started < 2
    assert workers() == []
    assert list(scratch.iterdir()) == []


@linux
def test_a_reader_that_takes_too_much_memory_is_ended(tmp_path: Path, scratch: Path) -> None:
    path = tmp_path / "bomb.docx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", bytes(300 << 20))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(UnreadableDocument, match=r"Reading the file needed more than 256 MiB of memory\."):
        parsed(path, limits=Limits(memory_bytes=256 << 20))
    assert workers() == []
    assert list(scratch.iterdir()) == []


def test_a_reading_larger_than_allowed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocument, match="unpacks to more than"):
        parsed(a_file(tmp_path, "a.txt", b"word " * 4000), limits=Limits(output_bytes=4096))


def test_more_pages_than_allowed_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocument, match="The file has 4 pages; at most 3 are read"):
        parsed(a_pdf(tmp_path, 4), limits=Limits(pages=3))


@linux
@pytest.mark.parametrize(
    ("number", "sentence"),
    [(signal.SIGSEGV, "The reader crashed on this file (SIGSEGV)."), (signal.SIGKILL, "The system stopped the reader")],
)
def test_a_reader_that_crashes_is_a_sentence(
    tmp_path: Path, scratch: Path, number: signal.Signals, sentence: str
) -> None:
    def crash(page: int, pages: int) -> None:
        for child in workers():
            os.kill(child, number)

    with pytest.raises(UnreadableDocument) as caught:
        parsed(a_pdf(tmp_path, 400), on_page=crash)
    assert sentence in str(caught.value)
    assert workers() == []
    assert list(scratch.iterdir()) == []


@linux
def test_an_interrupted_parent_leaves_no_reader_behind(tmp_path: Path, scratch: Path) -> None:
    def interrupt(page: int, pages: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        parsed(a_pdf(tmp_path, 400), on_page=interrupt)
    assert workers() == []
    assert list(scratch.iterdir()) == []


@linux
def test_a_killed_parent_takes_its_reader_along(tmp_path: Path) -> None:
    path = a_pdf(tmp_path, 400)
    script = (
        "import os, time\nfrom pathlib import Path\n"
        "from core.privacy import Clearance\nfrom ingest.parse import parse\n"
        "def wait(page, pages):\n"
        "    print(Path(f'/proc/{os.getpid()}/task/{os.getpid()}/children').read_text(), flush=True)\n"
        "    time.sleep(60)\n"
        f"parse(Path({str(path)!r}), collection='c', clearance=Clearance.CLOUD, source='a', on_page=wait)\n"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    parent = subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environment
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 5
    while (state := _state(child)) not in ("gone", "Z") and time.monotonic() < deadline:
        time.sleep(0.01)
    assert state in ("gone", "Z")


def _state(process: int) -> str:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return "gone"


def test_code_beside_the_documents_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_file(tmp_path, "json.py", b"raise SystemExit('run')")
    monkeypatch.chdir(tmp_path)
    assert parsed(a_file(tmp_path, "a.txt")).text == "The fee is due."


def test_the_reader_sees_no_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ingest.parse import _environment

    monkeypatch.setenv("DOSSIER_CLAUDE_API_KEY", "secret")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy")
    environment = _environment(tmp_path)
    assert environment["DO_NOT_TRACK"] == "1"
    assert not {name for name in environment if "KEY" in name or "PROXY" in name or name.startswith("DOSSIER")}


def test_no_word_of_a_document_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        parsed(a_file(tmp_path, "a.txt", MARKER.encode()))
        with pytest.raises(UnreadableDocument):
            parsed(a_file(tmp_path, "b.pdf", MARKER.encode()))
    assert caplog.records
    assert MARKER not in " ".join(str(vars(record)) for record in caplog.records)


def a_reading() -> Reading:
    text = "Fees\n\nThe fee is due.\fEnd \ud800"
    return Reading(
        text=text,
        pages=(Page(1, "iv", Span(0, 21), Fate.TEXT, (612.0, 792.0)), Page(2, "1", Span(22, 27), Fate.OCR, note="x")),
        blocks=(
            Block(BlockKind.HEADING, Span(0, 4), 1, (Box(1, 1.0, 2.0, 3.5, 4.0),)),
            Block(BlockKind.PARAGRAPH, Span(6, 21)),
            Block(BlockKind.PARAGRAPH, Span(22, 27)),
        ),
        title="Fees",
        media_type="text/plain",
        parser="test 1",
        warnings=("w",),
    )


def test_a_reading_comes_back_as_it_was_sent_but_for_what_cannot_be_stored() -> None:
    sent = a_reading()
    assert unpacked(packed(sent)) == replace(sent, text=sent.text.replace("\ud800", "\ufffd"))
    check(sent)


@pytest.mark.parametrize(
    "broken",
    [
        {"pages": ()},
        {"pages": (a_reading().pages[0],)},
        {"pages": (a_reading().pages[1], a_reading().pages[0])},
        {"blocks": a_reading().blocks[:2]},
        {"blocks": a_reading().blocks[::-1]},
        {"blocks": (Block(BlockKind.PARAGRAPH, Span(0, 27)),)},
        {"blocks": (*a_reading().blocks[:2], Block(BlockKind.PARAGRAPH, Span(22, 99)))},
        {"text": "x" * 27},
    ],
)
def test_a_reading_that_breaks_a_promise_is_noticed(broken: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"page|block"):
        check(replace(a_reading(), **broken))  # type: ignore[arg-type]
