"""From a file to a document: one reader in a bounded process of its own, whatever the file does to it.

    parse ── starts ──▶ ingest.worker ── JSON ──▶ check ──▶ Document

A file comes from the other side of a deal: it may be broken, huge or hostile. Whatever happens to the process that
reads it (no memory, no end, a crash, nonsense) becomes an UnreadableDocument with one true sentence, and nothing of
it stays behind.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import re
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.documents import Document, DocumentId
from core.egress import quiet
from core.errors import ServiceDown, UnreadableDocument
from core.privacy import Clearance
from ingest.formats import SUPPORTED, family
from ingest.inbox import INSIDE
from ingest.ocr import OcrChoice
from ingest.readers import reader_for
from ingest.reading import Reading
from ingest.worker import NO_ROOM, OUT_OF_MEMORY, OUTPUT_TOO_LARGE, Request, arguments_of, unpacked

__all__ = ["SUPPORTED", "Limits", "check", "document_id_of", "parse", "parser_for"]

log = logging.getLogger("dossier.ingest")

_ROOT = Path(__file__).resolve().parent.parent  # where the worker finds our packages, installed or not
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TESSDATA_PREFIX", "SYSTEMROOT", "VIRTUAL_ENV")
_POLL = 0.005  # seconds between two looks at a worker that has closed its pipe and is about to end
_LOOK = 0.25  # seconds between two looks whether the reading is still wanted
_TAIL = 4096  # bytes of the worker's standard error in which an allocation failure of C++ code is looked for


_NO_READING = "The reader brought back something that is no reading of this file."
_SIGNS_OF_NO_MEMORY = (b"bad_alloc", b"MemoryError", b"llocate memory", b"emory allocation", b"failed to map segment")
"""As C++, Python, the C library, OpenBLAS and the dynamic linker put it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a reader may use. A filing of 500 pages takes 50 MiB and 7 s, a Word document 190 MiB and 2 s (measured).

    memory_bytes   address space of the process (4 GiB: libraries reserve far more of it than they ever touch)
    seconds        of wall time, or `page_seconds` for each page where that is more (OCR takes about one each)
    pages          more than this is refused (the longest filings have a few thousand)
    output_bytes   size of the reading and of any single file that the reader writes on the way
    """

    memory_bytes: int = 4 << 30
    seconds: float = 600.0
    page_seconds: float = 5.0
    pages: int = 20_000
    output_bytes: int = 1 << 30


_LIMITS = Limits()


def parse(
    path: Path,
    *,
    collection: str,
    clearance: Clearance,
    source: str,
    limits: Limits = _LIMITS,
    ocr: OcrChoice = OcrChoice.AUTO,
    languages: str = "eng",
    on_page: Callable[[int, int], None] | None = None,
    abandoned: Callable[[], bool] = lambda: False,
) -> Document:
    """The document that a file holds; its id is the SHA-256 of the bytes that were read.

    `source` is the path as the user gave it; its name stands in where the file has no title. `languages` are those of
    tesseract, joined by "+". `on_page(page, pages)` hears of every page that is done. When `abandoned` says yes, the
    process that reads is killed and the document is unreadable: for a run that has no use for it any more.
    Raises UnreadableDocument with a sentence for everything that goes wrong with the file, ServiceDown when the disk
    for temporary files is full.
    """
    started = time.perf_counter()
    document_id = document_id_of(path)
    with tempfile.TemporaryDirectory(prefix="dossier-", ignore_cleanup_errors=True) as folder:
        request = Request(path=str(path.absolute()), ocr=ocr.value, languages=languages)
        reading = _reading(in_bounded_process(request, Path(folder), limits, on_page, abandoned))
    if document_id_of(path) != document_id:
        raise UnreadableDocument("The file was changed while it was being read.")
    log.info(
        "parsed",
        extra={
            "document": document_id,
            "pages": len(reading.pages),
            "blocks": len(reading.blocks),
            "seconds": round(time.perf_counter() - started, 3),
        },
    )
    return Document(
        id=document_id,
        title=reading.title.strip() or Path(source.rsplit(INSIDE, 1)[-1]).stem,
        source=source,
        media_type=reading.media_type,
        text=reading.text,
        pages=reading.pages,
        blocks=reading.blocks,
        collection=collection,
        clearance=clearance,
        parser=reading.parser,
        warnings=reading.warnings,
        hidden=reading.hidden,
    )


def document_id_of(path: Path) -> DocumentId:
    """SHA-256 of the file's bytes, read in pieces. Raises UnreadableDocument when the file cannot be opened."""
    try:
        with path.open("rb") as file:
            return DocumentId(hashlib.file_digest(file, "sha256").hexdigest())
    except OSError as error:
        raise UnreadableDocument(f"The file cannot be opened: {error.strerror or 'the system refused'}.") from error


def parser_for(path: Path) -> str:
    """Name and version of the reader that would read this file today, from its first bytes and its name.

    Raises UnreadableDocument when the file is empty, cannot be opened, or is an archive.
    """
    return reader_for(family(path)).parser


# ── the bounded process ───────────────────────────────────────────────────────────────────────────────────────────────


def in_bounded_process(
    request: Request,
    folder: Path,
    limits: Limits,
    on_page: Callable[[int, int], None] | None = None,
    abandoned: Callable[[], bool] = lambda: False,
) -> dict[str, Any]:
    """What ingest.worker found for a request, which need not say anything about limits and channels. Works in `folder`.

    Raises UnreadableDocument with a sentence for everything that goes wrong with the file.
    """
    outcome, noise = folder / "reading.json", folder / "noise"
    receiving, sending = os.pipe()
    with os.fdopen(receiving, "rb", buffering=0) as progress, noise.open("wb") as dropped:
        request = replace(
            request,
            reading=str(outcome),
            progress=sending,
            parent=os.getpid(),
            memory_bytes=limits.memory_bytes,
            output_bytes=limits.output_bytes,
            seconds=limits.seconds,
            page_seconds=limits.page_seconds,
        )
        try:
            process = subprocess.Popen(
                [sys.executable, "-m", "ingest.worker", arguments_of(request)],
                stdin=subprocess.DEVNULL,
                stdout=dropped,  # native libraries print what they choke on: it may be text of the document
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=_environment(folder),
                pass_fds=(sending,),
                start_new_session=True,
            )
        finally:
            os.close(sending)
        try:
            _follow(process, progress.fileno(), limits, on_page, abandoned)
        finally:
            _end(process)
    return _outcome(process.returncode, outcome, noise, limits)


def _environment(folder: Path) -> dict[str, str]:
    """What the worker gets to see: where programs lie, no secrets, no proxies, no telemetry, one thread per library."""
    environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    environment |= {
        "PYTHONPATH": str(_ROOT),
        "PYTHONSAFEPATH": "1",  # a file called json.py beside the documents is not ours
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(folder),
        "OMP_NUM_THREADS": "1",
        "OMP_THREAD_LIMIT": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    quiet(environment)
    return environment


def _follow(
    process: subprocess.Popen[bytes],
    progress: int,
    limits: Limits,
    on_page: Callable[[int, int], None] | None,
    abandoned: Callable[[], bool],
) -> None:
    """Wait for the worker's end, telling its progress. Raises UnreadableDocument when it takes or finds too much."""
    clock = _Clock(limits.seconds)
    for event in _events(process, progress, clock, abandoned):
        if event is None:
            raise UnreadableDocument(f"The file took longer than {_amount(clock.allowed)} s to read.")
        page, pages = event
        if pages > limits.pages:
            raise UnreadableDocument(f"The file has {pages:,} pages; at most {limits.pages:,} are read.")
        clock.allowed = max(limits.seconds, limits.page_seconds * pages)
        if on_page is not None:
            on_page(page, pages)


class _Clock:
    """Seconds since it was made, and how many are allowed."""

    def __init__(self, allowed: float) -> None:
        self.allowed = allowed
        self._started = time.monotonic()

    def left(self) -> float:
        return self._started + self.allowed - time.monotonic()


def _events(
    process: subprocess.Popen[bytes], progress: int, clock: _Clock, abandoned: Callable[[], bool]
) -> Iterator[tuple[int, int] | None]:
    """(page, pages) for each line of progress, None when no time is left. Ends when the worker has."""
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(progress, selectors.EVENT_READ)
        while True:
            if clock.left() <= 0:
                yield None
                return
            if abandoned():
                raise UnreadableDocument("Nobody wants to know any more what is in the file.")
            if not selector.select(min(clock.left(), _LOOK)):
                continue
            piece = os.read(progress, 65536)
            if not piece:
                break
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                if numbers := re.fullmatch(rb"(\d{1,9}) (\d{1,9})", line):
                    yield int(numbers[1]), int(numbers[2])
            rest = rest[-32:]  # a line is shorter; a reader gone mad shall not fill our memory
    # WNOWAIT leaves the dead process in the table: its number stays its own until `_end` has swept the group.
    while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
        if clock.left() <= 0:
            yield None
            return
        time.sleep(_POLL)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill whatever is left of the worker and of what it started, then take its exit status."""
    with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS answers EPERM for a group of the dead
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _outcome(status: int, outcome: Path, noise: Path, limits: Limits) -> dict[str, Any]:
    if status == OUT_OF_MEMORY or (status != 0 and _ran_out_of_memory(noise)):
        raise UnreadableDocument(f"Reading the file needed more than {_gibibytes(limits.memory_bytes)} of memory.")
    if status == NO_ROOM:
        raise ServiceDown(f"There is no room left in the folder for temporary files, {tempfile.gettempdir()}.")
    if status == OUTPUT_TOO_LARGE:
        raise UnreadableDocument(f"The file unpacks to more than {_gibibytes(limits.output_bytes)}.")
    if status == -signal.SIGKILL:
        raise UnreadableDocument("The system stopped the reader of this file, most likely for want of memory.")
    if status == -signal.SIGXCPU:
        raise UnreadableDocument(f"The file took longer than {_amount(limits.seconds)} s to read.")
    if status < 0:
        raise UnreadableDocument(f"The reader crashed on this file ({signal.Signals(-status).name}).")
    if status != 0:
        log.warning("reader broke off", extra={"status": status, "exception": _exception_in(noise)})
        raise UnreadableDocument("The reader broke off: the file is damaged, or built in a way that it does not know.")
    try:
        found = json.loads(outcome.read_bytes())
        if isinstance(refused := found.get("refused"), str):
            raise UnreadableDocument(refused)
        return dict(found)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise UnreadableDocument(_NO_READING) from error


def _reading(found: dict[str, Any]) -> Reading:
    try:
        reading = unpacked(found["reading"])
        check(reading)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise UnreadableDocument(_NO_READING) from error
    return reading


def _ran_out_of_memory(noise: Path) -> bool:
    tail = _tail(noise)
    return any(sign in tail for sign in _SIGNS_OF_NO_MEMORY)


def _exception_in(noise: Path) -> str:
    """The class of the exception that ended the reader; its message may hold text of the document."""
    named = re.findall(rb"^([A-Za-z_][\w.]*(?:Error|Exception))\b", _tail(noise), re.MULTILINE)
    return named[-1].decode() if named else "unknown"


def _tail(noise: Path) -> bytes:
    with noise.open("rb") as file:
        file.seek(max(noise.stat().st_size - _TAIL, 0))
        return file.read()


def _gibibytes(size: int) -> str:
    return f"{_amount(size / (1 << 30))} GiB" if size >= 1 << 30 else f"{_amount(size / (1 << 20))} MiB"


def _amount(number: float) -> str:
    return f"{number:,.2f}".rstrip("0").rstrip(".")


# ── what a reading promises ───────────────────────────────────────────────────────────────────────────────────────────


def check(reading: Reading) -> None:
    """Hold a reading to what ingest.reading promises of it. Raises ValueError naming the first promise broken."""
    text = reading.text
    if not reading.pages:
        raise ValueError("there is no page")
    end = 0
    for number, page in enumerate(reading.pages, start=1):
        if page.number != number:
            raise ValueError(f"page {number} is numbered {page.number}")
        _check_gap(text, end, page.span.start, page.span.end, f"page {number}")
        end = page.span.end
    _check_gap(text, end, len(text), len(text), "the last page")
    end = 0
    pages = iter(reading.pages)
    page = next(pages)
    for index, block in enumerate(reading.blocks):
        _check_gap(text, end, block.span.start, block.span.end, f"block {index}")
        end = block.span.end
        while page.span.end < block.span.end and (following := next(pages, None)) is not None:
            page = following
        if not page.span.contains(block.span):
            raise ValueError(f"block {index} lies in no page")
    _check_gap(text, end, len(text), len(text), "the last block")


def _check_gap(text: str, before: int, start: int, end: int, name: str) -> None:
    if not before <= start <= end <= len(text):
        raise ValueError(f"{name} is out of order")
    if text[before:start].strip():
        raise ValueError(f"there is text before {name} that nothing covers")
