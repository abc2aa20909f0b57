"""Uploads on their way to disk: a file's name comes from a stranger, and only its last part is kept, made safe."""

from __future__ import annotations

import shutil
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Protocol

LONGEST_NAME = 120
"""Characters kept of a name, its ending included."""

LONGEST_BYTES = 240
"""Bytes kept of a name: file systems stop at 255, and a second file of that name gets a number."""

UNNAMED = "document"

_FORBIDDEN = frozenset('<>:"|?*')
"""What Windows refuses in a name; such a name would not survive being copied there."""


class Upload(Protocol):
    """A file from the browser: `name` as the browser gave it, and its bytes to read."""

    @property
    def name(self) -> str: ...

    def read(self, size: int = -1, /) -> bytes: ...


def safe_name(name: str) -> str:
    """The last part of `name` as a plain file name: no folders, no hidden file, no control characters, not too long.

    The ending is kept, since it tells the format. Never empty, and the same for the same name.
    """
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    seen = "".join(
        " " if character in _FORBIDDEN or unicodedata.category(character).startswith(("C", "Z")) else character
        for character in last
    )
    seen = " ".join(seen.split()).strip(". ")
    stem, dot, ending = seen.rpartition(".")
    if not dot or len(ending) > LONGEST_NAME // 4 or not ending.isascii():
        stem, dot, ending = seen, "", ""
    room = LONGEST_NAME - len(dot + ending)
    stem = stem[:room]
    while len(f"{stem}{dot}{ending}".encode()) > LONGEST_BYTES:
        stem = stem[:-1]
    return f"{stem.rstrip('. ') or UNNAMED}{dot}{ending}"


def spool(uploads: Iterable[Upload]) -> tuple[TemporaryDirectory[str], int]:
    """The uploads as files in a new folder that only this account may open, and how many there are.

    Two uploads of one name are both kept: the second gets a number.
    """
    folder = TemporaryDirectory(prefix="dossier-upload-")
    count = 0
    for upload in uploads:
        with _free(Path(folder.name), safe_name(upload.name)).open("xb") as file:
            shutil.copyfileobj(_readable(upload), file)
        count += 1
    return folder, count


def _readable(upload: Upload) -> IO[bytes]:
    return upload  # type: ignore[return-value]  # copyfileobj calls read() alone


def _free(folder: Path, name: str) -> Path:
    path = folder / name
    number = 1
    while path.exists():
        number += 1
        mark = f" ({number})"
        stem, dot, ending = name.rpartition(".") if "." in name else (name, "", "")
        path = folder / f"{stem[: LONGEST_NAME - len(mark + dot + ending)]}{mark}{dot}{ending}"
    return path
