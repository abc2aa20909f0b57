"""One file may hold several documents: the members of an archive, the attachments of a message.

    unpacked(file) ── is neither ──▶ the file
                   ── a message  ──▶ the file, then what is attached to it
                   ── an archive ──▶ what is in it

Members are laid into a temporary folder by ingest.members, in a bounded process for each container, and are gone when
the block ends. What is in them may hold others again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import UnreadableDocument
from ingest.formats import MAIL, Format, family
from ingest.inbox import INSIDE, WITHIN, Found
from ingest.members import Member, MemberFate, members_in
from ingest.parse import Limits, in_bounded_process
from ingest.worker import Request


@dataclass(frozen=True, slots=True)
class UnpackLimits:
    """What one file of the inbox may hold, all that is nested in it counted together.

    members      files (the document room of a large deal has some ten thousand)
    total_bytes  of all of them, unpacked
    depth        containers within each other: a mail in a zip in a zip is the third
    reader       the limits of the process that unpacks; its `output_bytes` is the most that one member may have
    """

    members: int = 20_000
    total_bytes: int = 8 << 30
    depth: int = 3
    reader: Limits = Limits()


_LIMITS = UnpackLimits()


@contextmanager
def unpacked(file: Found, *, limits: UnpackLimits = _LIMITS) -> Iterator[tuple[Found, ...]]:
    """The documents behind a file of the inbox, in a stable order; the files lie there until the block ends.

    A member's `source` is "bundle.zip › sub/terms.docx", its `origin` "<origin of the archive>!/sub/terms.docx". One
    that is passed over or cannot be read says why, as a file of a folder does. Never raises for what the file is: a
    container that cannot be opened, or holds more than is allowed, comes back as one file that is `refused`.
    """
    if _container(file.path) is None:
        yield (file,)
        return
    with tempfile.TemporaryDirectory(prefix="dossier-", ignore_cleanup_errors=True) as folder:
        yield tuple(_Unpacking(Path(folder), limits).documents(file, depth=1))


def _container(path: Path) -> Format | None:
    try:
        form = family(path)
    except UnreadableDocument:  # whoever reads it says why
        return None
    return form if form is Format.ZIP or form in MAIL else None


class _Unpacking:
    """One file of the inbox with all that is nested in it. Holds what is left of its allowance."""

    def __init__(self, folder: Path, limits: UnpackLimits) -> None:
        self._folder = folder
        self._limits = limits
        self._members = limits.members
        self._bytes = limits.total_bytes
        self._containers = 0

    def documents(self, file: Found, *, depth: int) -> Iterator[Found]:
        form = _container(file.path)
        if form in MAIL or form is None:
            yield file
        if form is None:
            return
        try:
            members = self._spooled(file.path)
        except UnreadableDocument as error:
            whole = file if form is Format.ZIP else self._inside(file, "attachments")
            yield replace(whole, refused=str(error))
            return
        for member in members:
            found = self._found(file, member)
            if member.fate is not MemberFate.SPOOLED:
                yield found
            elif depth > self._limits.depth:
                yield replace(found, refused=f"It lies more than {self._limits.depth} containers deep.")
            else:
                yield from self.documents(found, depth=depth + 1)

    def _spooled(self, path: Path) -> tuple[Member, ...]:
        self._containers += 1
        place = self._folder / str(self._containers)
        spool, scratch = place / "members", place / "scratch"
        spool.mkdir(parents=True)
        scratch.mkdir()
        request = Request(path=str(path.absolute()), spool=str(spool), allowance=(self._members, self._bytes))
        found = in_bounded_process(request, scratch, self._limits.reader)
        try:
            members = tuple(members_in(found["members"]))
            self._bytes -= sum(self._size(member, spool) for member in members if member.fate is MemberFate.SPOOLED)
        except (KeyError, ValueError, TypeError, OSError) as error:
            raise UnreadableDocument("What was unpacked from the file is not what was in it.") from error
        self._members -= len(members)
        return members

    @staticmethod
    def _size(member: Member, spool: Path) -> int:
        file = Path(member.file)
        if file.parent.parent != spool or file.is_symlink():
            raise ValueError("a member lies elsewhere")
        return file.stat().st_size

    def _found(self, container: Found, member: Member) -> Found:
        found = self._inside(container, member.name)
        match member.fate:
            case MemberFate.SPOOLED:
                return replace(found, path=Path(member.file))
            case MemberFate.SKIPPED:
                return replace(found, skipped=member.reason)
            case MemberFate.REFUSED:
                return replace(found, refused=member.reason)

    @staticmethod
    def _inside(container: Found, name: str) -> Found:
        return Found(container.path, f"{container.source}{INSIDE}{name}", f"{container.origin}{WITHIN}{name}")
