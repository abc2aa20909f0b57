"""The process that opens one file: `python -m ingest.worker REQUEST`, started by ingest.parse and by nobody else.

It limits itself first, seals itself off the network, then reads, unpacks or draws. What it leaves in its folder is one
JSON file: what it found, or the sentence why there is nothing. Progress goes down a pipe as lines "page pages".
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import os
import re
import signal
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.documents import Block, BlockKind, Box, Fate, Hidden, HiddenKind, Page, Span
from core.egress import quiet, seal
from core.errors import UnreadableDocument
from ingest.formats import format_of
from ingest.members import Allowance, spool
from ingest.ocr import OcrChoice
from ingest.readers import reader_for
from ingest.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

OUT_OF_MEMORY = 3
"""Exit status when Python ran out of the memory that it was given."""
OUTPUT_TOO_LARGE = 4
"""Exit status when the reading is larger than the file that it may write."""
NO_ROOM = 5
"""Exit status when the disk of the temporary folder is full: the file is not to blame."""
_PR_SET_PDEATHSIG = 1  # linux/prctl.h: the signal that this process gets when the thread that started it ends

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""NUL and halves of surrogate pairs: no database or UTF-8 file takes them. U+FFFD stands in, so that spans hold."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the parent asks. `memory_bytes`, `output_bytes` and `seconds` are hard limits of this process.

    With `spool`, a folder, the file is not read: what is in it is laid there, within `allowance` (files, bytes).
    With `sketch`, one page is drawn (see `Sketch`), into a file beside the outcome.
    """

    path: str
    ocr: str = OcrChoice.AUTO.value
    languages: str = "eng"
    reading: str = ""
    progress: int = -1
    parent: int = -1
    memory_bytes: int = 0
    output_bytes: int = 0
    seconds: float = 0.0
    page_seconds: float = 0.0
    spool: str = ""
    allowance: tuple[int, int] = (0, 0)
    sketch: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Sketch:
    """A page to be drawn: `scale` pixels to the point, with the words of `spans` marked, or else `boxes`."""

    media_type: str
    page: Page
    spans: tuple[Span, ...]
    boxes: tuple[Box, ...]
    scale: float

    def packed(self) -> dict[str, Any]:
        return {
            "media_type": self.media_type,
            "page": _packed_page(self.page),
            "spans": [[span.start, span.end] for span in self.spans],
            "boxes": [[box.page, box.left, box.top, box.right, box.bottom] for box in self.boxes],
            "scale": self.scale,
        }

    @classmethod
    def unpacked(cls, values: dict[str, Any]) -> Sketch:
        return cls(
            media_type=values["media_type"],
            page=_unpacked_page(values["page"]),
            spans=tuple(Span(start, end) for start, end in values["spans"]),
            boxes=tuple(Box(*box) for box in values["boxes"]),
            scale=values["scale"],
        )


def main(request: Request) -> int:
    """Read the file and write the outcome. The exit status is 0 also when the outcome is a refusal."""
    _bind_to_parent(request.parent)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # systemd asks every process of a service to stop; ours may finish
    _limit(request)
    quiet()
    seal([])
    # unstructured imports spaCy, which imports torch where it finds it and needs it for nothing here: a second, and
    # most of the address space that this process may have.
    sys.modules["torch"] = None  # type: ignore[assignment]
    os.set_inheritable(request.progress, False)  # what readers start (tesseract) must not hold the pipe open
    outcome = Path(request.reading)
    try:
        try:
            found = _found(request)
        except UnreadableDocument as error:
            found = {"refused": str(error)}
        outcome.write_text(json.dumps(found, separators=(",", ":")), encoding="ascii")
    except MemoryError:
        return OUT_OF_MEMORY
    except OSError as error:
        if error.errno == errno.EFBIG:  # RLIMIT_FSIZE was reached
            return OUTPUT_TOO_LARGE
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return NO_ROOM
        raise
    return 0


def _bind_to_parent(parent: int) -> None:
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # a C library without prctl: the time limit remains
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # the parent ended before the line above
            os._exit(1)


def _limit(request: Request) -> None:
    import resource

    def lower(kind: int, value: int) -> None:
        _, hard = resource.getrlimit(kind)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, hard if kind == resource.RLIMIT_CPU else value))

    lower(resource.RLIMIT_CORE, 0)
    lower(resource.RLIMIT_FSIZE, request.output_bytes)
    if sys.platform == "linux":  # elsewhere the address space cannot be limited in earnest
        lower(resource.RLIMIT_AS, request.memory_bytes)
    _allow_processor_time(request.seconds)


def _allow_processor_time(seconds: float) -> None:
    """The parent watches the clock; this is for a reader whose parent was killed where prctl does not exist."""
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    wanted = int(seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


def _found(request: Request) -> dict[str, Any]:
    if request.spool:
        return {"members": _spooled(request)}
    if request.sketch is not None:
        from ingest.drawing import drawn

        return drawn(Path(request.path), Sketch.unpacked(request.sketch), Path(request.reading).parent / "drawing.png")
    return {"reading": packed(_read(request))}


def _read(request: Request) -> Reading:
    path = Path(request.path)
    read = reader_for(format_of(path)).read
    return read(path, OcrChoice(request.ocr), request.languages, _progress(request))


def _spooled(request: Request) -> list[list[str]]:
    path = Path(request.path)
    members = spool(path, format_of(path), Path(request.spool), Allowance(*request.allowance, request.output_bytes))
    return [[member.name, member.file, member.fate.value, member.reason] for member in members]


def _progress(request: Request) -> Callable[[int, int], None]:
    def tell(page: int, pages: int) -> None:
        _allow_processor_time(max(request.seconds, request.page_seconds * pages))
        with contextlib.suppress(BrokenPipeError):
            os.write(request.progress, b"%d %d\n" % (page, pages))

    return tell


# ── the reading as JSON ───────────────────────────────────────────────────────────────────────────────────────────────


def packed(reading: Reading) -> dict[str, Any]:
    """A reading as JSON values; `unpacked` is its inverse."""
    return {
        "text": _UNSTORABLE.sub("\ufffd", reading.text),
        "title": _UNSTORABLE.sub("\ufffd", reading.title),
        "media_type": str(reading.media_type),
        "parser": reading.parser,
        "warnings": [_UNSTORABLE.sub("\ufffd", warning) for warning in reading.warnings],
        "pages": [_packed_page(page) for page in reading.pages],
        "blocks": [
            [
                block.kind.value,
                block.span.start,
                block.span.end,
                block.level,
                [[box.page, box.left, box.top, box.right, box.bottom] for box in block.boxes],
            ]
            for block in reading.blocks
        ],
        "hidden": [
            [
                one.kind.value,
                one.page,
                _UNSTORABLE.sub("\ufffd", one.text),
                [[box.page, box.left, box.top, box.right, box.bottom] for box in one.boxes],
            ]
            for one in reading.hidden
        ],
    }


def unpacked(values: dict[str, Any]) -> Reading:
    """The reading that `packed` wrote. Raises KeyError, TypeError or ValueError for anything else."""
    return Reading(
        text=_string(values["text"]),
        title=_string(values["title"]),
        media_type=_string(values["media_type"]),
        parser=_string(values["parser"]),
        warnings=tuple(_string(warning) for warning in values["warnings"]),
        pages=tuple(map(_unpacked_page, values["pages"])),
        blocks=tuple(
            Block(
                kind=BlockKind(kind),
                span=Span(int(start), int(end)),
                level=None if level is None else int(level),
                boxes=tuple(Box(int(box[0]), *(float(side) for side in box[1:5])) for box in boxes),
            )
            for kind, start, end, level, boxes in values["blocks"]
        ),
        hidden=tuple(
            Hidden(
                kind=HiddenKind(kind),
                page=None if page is None else int(page),
                text=_string(text),
                boxes=tuple(Box(int(box[0]), *(float(side) for side in box[1:5])) for box in boxes),
            )
            for kind, page, text, boxes in values["hidden"]
        ),
    )


def _packed_page(page: Page) -> list[Any]:
    return [page.number, page.label, page.span.start, page.span.end, page.fate.value, page.size, page.note]


def _unpacked_page(values: Sequence[Any]) -> Page:
    number, label, start, end, fate, size, note = values
    return Page(
        number=int(number),
        label=_string(label),
        span=Span(int(start), int(end)),
        fate=Fate(fate),
        size=None if size is None else (float(size[0]), float(size[1])),
        note=None if note is None else _string(note),
    )


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a string was expected, not {type(value).__name__}")
    return value


def arguments_of(request: Request) -> str:
    """The request as the one argument of the command line."""
    return json.dumps(asdict(request))


if __name__ == "__main__":
    sys.exit(main(Request(**json.loads(sys.argv[1]))))
