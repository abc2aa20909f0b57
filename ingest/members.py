"""What is in an archive or attached to a message, laid out as files: where ingest.unpack opens strange bytes.

Runs in the bounded process of ingest.worker. Every member gets a folder of its own, and of its name only
letters, figures and a few marks are kept. Whoever made the archive may lie about sizes, so that bytes
are counted as they come.
"""

from __future__ import annotations

import contextlib
import io
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO

from core.errors import UnreadableDocument
from ingest.formats import MAIL, TAKEN, Format, unsupported
from ingest.inbox import hidden, shown

_MOST_RATIO = 250
"""A member that unpacks to more than so many times its size is a bomb: deflate reaches 1,032 at most, figures and
markup 5 to 50, a blank scan about 100."""
_RATIO_FROM = 16 << 20  # bytes; below that, no ratio does harm (a file of blanks is allowed to be small)
_PIECE = 1 << 20
_NOT_PLAIN = re.compile(r"[^\w.() -]")
_NAME_LENGTH = 60  # characters of up to 4 bytes each: file systems take 255 bytes
_UTF8_NAME = 0x800  # of a member's flags: its name is UTF-8 (APPNOTE.TXT 4.4.4, bit 11); else an old code page
_ENCRYPTED = 0x1  # bit 0
_UNIX = 3  # the system that a member was made on (APPNOTE.TXT 4.4.2): its attributes hold a mode

_PACKED_BY_OUTLOOK = "winmail.dat"  # what other programs see of a message that Outlook sent as rich text

LOCKED = "It is protected by a password: unpack it and ingest what was in it."
_OUTWARD = "Its name points out of the archive: whoever made it may have meant harm."
_LINK = "It is a link, not a file."
_DAMAGED = "It is damaged: its bytes are not those that were packed."
_PACKED_OTHERWISE = "It is packed in a way that is not known here."


class MemberFate(StrEnum):
    """What became of a member: it lies there to be read, is of no kind that is read, or ought to be read and cannot."""

    SPOOLED = "spooled"
    SKIPPED = "skipped"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Member:
    """`name` as the container calls it, with "/", unique in it; `file` is where it lies, `reason` why it does not."""

    name: str
    file: str
    fate: MemberFate
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many members a container may have, how many bytes all of them, and how many a single one."""

    members: int
    total_bytes: int
    member_bytes: int


def spool(path: Path, form: Format, folder: Path, allowance: Allowance) -> tuple[Member, ...]:
    """Lay what is in a file into `folder`. What systems leave behind (`__MACOSX`, hidden files) is left out.

    Raises UnreadableDocument when the container is damaged, empty, or holds more than is allowed: then nothing of it
    is to be trusted.
    """
    target = _Folder(folder, allowance)
    if form is Format.ZIP:
        _spool_zip(path, target)
    elif form in MAIL:
        _spool_attachments(path, form, target)
    else:
        raise UnreadableDocument("The file holds no others.")
    return tuple(target.members)


class _Folder:
    """Where members are laid. Counts what it is given."""

    def __init__(self, folder: Path, allowance: Allowance) -> None:
        self.members: list[Member] = []
        self._folder = folder
        self._allowance = allowance
        self._left = allowance.total_bytes
        self._names: set[str] = set()

    def keep(self, name: str, content: IO[bytes], *, packed: int | None) -> None:
        """Lay a member down. `packed` is how many bytes it takes in the container, None when it is not packed."""
        ending = PurePosixPath(name).suffix.lower()
        if ending and ending not in TAKEN:
            self.skip(name, unsupported(ending))
            return
        file = self._folder / str(len(self.members)) / _plain(name)
        file.parent.mkdir()
        size = 0
        with file.open("wb") as written:
            while piece := content.read(_PIECE):
                size += len(piece)
                self._left -= len(piece)
                if packed is not None and size > max(_RATIO_FROM, _MOST_RATIO * packed):
                    raise UnreadableDocument(
                        f"The archive unpacks to more than {_MOST_RATIO} times its size: it is made to fill disks."
                    )
                if self._left < 0 or size > self._allowance.member_bytes:
                    raise UnreadableDocument(f"What is in the file unpacks to more than {self._most()}.")
                written.write(piece)
        self._add(name, str(file), MemberFate.SPOOLED)

    def skip(self, name: str, reason: str) -> None:
        self._add(name, "", MemberFate.SKIPPED, reason)

    def refuse(self, name: str, reason: str) -> None:
        self._add(name, "", MemberFate.REFUSED, reason)

    def _most(self) -> str:
        return f"{min(self._allowance.member_bytes, self._allowance.total_bytes) / (1 << 20):,.0f} MiB"

    def _add(self, name: str, file: str, fate: MemberFate, reason: str = "") -> None:
        if len(self.members) >= self._allowance.members:
            raise UnreadableDocument(f"The file holds more than {self._allowance.members:,} others.")
        self.members.append(Member(self._unique(shown(name)), file, fate, reason))

    def _unique(self, name: str) -> str:
        whole, number = name, 1
        path = PurePosixPath(name)
        while whole in self._names:
            number += 1
            whole = str(path.with_name(f"{path.stem} ({number}){path.suffix}")) if path.name else f"{name} ({number})"
        self._names.add(whole)
        return whole


def _spool_attachments(path: Path, form: Format, target: _Folder) -> None:
    from ingest.mail import attachments_of

    for attached in attachments_of(path, form):
        if attached.shown:
            target.skip(attached.name, "This picture is part of the message's body.")
        elif attached.content is None:
            target.refuse(attached.name, "It is not in the message: only a link to it, or an object of Outlook, is.")
        elif attached.name.lower() == _PACKED_BY_OUTLOOK:
            target.refuse(attached.name, unsupported(".tnef"))
        else:
            target.keep(attached.name, io.BytesIO(attached.content), packed=None)


def _spool_zip(path: Path, target: _Folder) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                name = _name(info)
                if not info.is_dir() and not any(hidden(step) for step in name.split("/") if step not in ("..", ".")):
                    _spool_member(archive, info, name, target)
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError) as error:
        raise UnreadableDocument("The archive is damaged: its table of contents cannot be read.") from error
    if not target.members:
        raise UnreadableDocument("The archive holds no files.")


def _spool_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, target: _Folder) -> None:
    if _points_out(name):
        target.refuse(name, _OUTWARD)
    elif info.create_system == _UNIX and stat.S_ISLNK(info.external_attr >> 16):
        target.refuse(name, _LINK)
    elif info.flag_bits & _ENCRYPTED:
        target.refuse(name, LOCKED)
    else:
        try:
            with archive.open(info) as content:
                target.keep(name, content, packed=info.compress_size)
        except NotImplementedError:
            target.refuse(name, _PACKED_OTHERWISE)
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError):
            target.refuse(name, _DAMAGED)


def _name(info: zipfile.ZipInfo) -> str:
    """The name with "/" (some programs of Windows write backslashes); UTF-8 where it is, told or not."""
    name = info.filename
    if not info.flag_bits & _UTF8_NAME:
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/")


def _plain(name: str) -> str:
    """The last step of a member's name, fit for every disk; its ending stays."""
    step = PurePosixPath(_NOT_PLAIN.sub("_", name.rsplit("/", 1)[-1]).lstrip(". ") or "_")
    return f"{step.stem[:_NAME_LENGTH].strip(' .') or '_'}{step.suffix[:_NAME_LENGTH]}"


def _points_out(name: str) -> bool:
    return name.startswith("/") or bool(PureWindowsPath(name).drive) or ".." in name.split("/")


def members_in(values: object) -> Iterator[Member]:
    """The members as `spool` found them, from JSON. Raises ValueError or TypeError for anything else."""
    if not isinstance(values, list):
        raise TypeError("a list was expected")
    for name, file, fate, reason in values:
        yield Member(str(name), str(file), MemberFate(fate), str(reason))
