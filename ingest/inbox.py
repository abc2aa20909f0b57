"""What there is to read: the files behind the paths that a user names, each with a reason where it is passed over."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import UsageError
from ingest.formats import TAKEN, unsupported

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What could break a line of output, turn it around (bidirectional controls), or is a byte that is no character."""

INSIDE = " › "
"""Stands in a source between a file that holds others and the one that is meant: "mail.eml › contract.pdf"."""

WITHIN = "!/"
"""Stands in an origin between a container's path and the name of a member, as in URLs of .jar files."""

_LEFT_BY_SYSTEMS = frozenset({"thumbs.db", "desktop.ini", "__macosx"})

_SPELLED = re.compile(r"\\x([89a-f][0-9a-f])")
"""A byte of a name that is no character, as `_origin` spells it out."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file, or something in a named folder that is passed over.

    `path` is absolute. `source` is what the user sees: the path below the folder that was named, with "/", or the
    name of a file that was named itself. `origin` says where the bytes lie (the absolute path), so that a later run
    knows what was changed or is gone. `skipped` is the reason why it is not read, None for a file to read; a folder
    is listed only when it may not be opened. `refused` is the reason why a file that ought to be read cannot be: it is
    known before anyone tries (a member of an archive that is locked), and the file goes to the quarantine with it.
    """

    path: Path
    source: str
    origin: str
    skipped: str | None = None
    refused: str | None = None


def files_in(paths: Sequence[Path]) -> tuple[Found, ...]:
    """All files below `paths`, in the order of `paths`, within a folder sorted by path; each file once.

    Hidden files (".name", "~$name" of an open Office document, what systems leave behind) and what lies in hidden
    folders is left out without a word. Links to folders are not followed; a link to a file is followed only while it
    stays inside the folder that was named. A file of an unknown kind is skipped with a reason in a folder, and tried
    when it was named itself. An empty folder yields nothing.
    Raises UsageError naming a path that does not exist, that is no file or folder, or that may not be read.
    """
    found: dict[str, Found] = {}
    for path in paths:
        for file in _behind(path):
            found.setdefault(file.origin, file)
    return tuple(found.values())


def shown(name: str) -> str:
    """`name` fit for a terminal or a web page: control characters and bytes that are no characters become U+FFFD."""
    return _CONTROL.sub("\ufffd", name)


def outermost(origin: str) -> str:
    """The origin of the file on disk that an origin leads to: of a member of an archive or an attachment, the outermost
    container; of a path that is not there (any more), the path itself.
    """
    place = origin.find(WITHIN)
    while place != -1:
        if Path(origin[:place]).is_file():
            return origin[:place]
        place = origin.find(WITHIN, place + 1)
    return origin


def path_of(origin: str) -> Path:
    """Where the file of an origin lies on disk: its outermost container, bytes that are no characters spelled back."""
    outer = outermost(origin)
    path = Path(outer)
    if os.path.lexists(path) or not _SPELLED.search(outer):
        return path
    return Path(_SPELLED.sub(lambda byte: chr(0xDC00 + int(byte[1], 16)), outer))  # surrogateescape, as os.fsdecode


def _behind(path: Path) -> Iterator[Found]:
    try:
        absolute = path.expanduser().resolve(strict=True)
        mode = absolute.stat().st_mode
    except (OSError, RuntimeError, ValueError) as error:
        raise UsageError(_cannot_be_read(path, error)) from error
    if stat.S_ISDIR(mode):
        try:
            yield from _inside(absolute)
        except OSError as error:
            raise UsageError(_cannot_be_read(path, error)) from error
    elif stat.S_ISREG(mode):
        yield Found(absolute, shown(path.name or absolute.name), _origin(absolute))
    else:
        raise UsageError(f"{shown(str(path))} is neither a file nor a folder.")


def _cannot_be_read(path: Path, error: Exception) -> str:
    name = shown(str(path))
    if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
        # One name may have 255 bytes on the file systems in use (NAME_MAX of limits.h).
        return f"{name[:60]}… is longer than a path can be, so there is no such file."
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return f"There is no file or folder {name}."
    if isinstance(error, PermissionError):
        return f"{name} may not be read by this user."
    return f"{name} cannot be read: {getattr(error, 'strerror', None) or 'it is not a usable path'}."


def _inside(folder: Path) -> Iterator[Found]:
    files: list[tuple[str, Path, str | None]] = []

    def unreadable(error: OSError) -> None:
        closed = Path(str(error.filename))
        if closed == folder:
            raise error
        files.append((closed.relative_to(folder).as_posix(), closed, "This folder may not be read."))

    for parent, folders, names in os.walk(folder, followlinks=False, onerror=unreadable):
        folders[:] = [name for name in folders if not hidden(name)]
        for name in names:
            if not hidden(name):
                path = Path(parent, name)
                files.append((path.relative_to(folder).as_posix(), path, _reason_to_skip(path, folder)))
    for relative, path, skipped in sorted(files):
        yield Found(path, shown(relative), _origin(path), skipped)


def _origin(path: Path) -> str:
    """The path as storable text: bytes that are no characters are spelled out, so that two files never share one."""
    return str(path).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def hidden(name: str) -> bool:
    """True for the name of a file or folder that is left out without a word."""
    return name.startswith((".", "~$")) or name.lower() in _LEFT_BY_SYSTEMS


def _reason_to_skip(path: Path, folder: Path) -> str | None:
    if path.is_symlink():
        try:
            target = path.resolve(strict=True)
        except (OSError, RuntimeError):
            return "This link leads nowhere."
        if not target.is_relative_to(folder):
            return "This link leads out of the folder."
    if not path.is_file():
        return "This is not a regular file."
    if path.suffix.lower() not in TAKEN:
        return unsupported(path.suffix)
    return None
