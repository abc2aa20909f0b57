"""One run at a time for a collection: the operating system holds the lock, so it goes with the process."""

from __future__ import annotations

import errno
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from core.errors import Busy, ConfigError, ServiceDown

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_NO_WRITING = (errno.EROFS, errno.EACCES, errno.EPERM)

WAIT = 0.5
"""Seconds that a run waits for the lock: longer than `held` needs to look at it, too short to queue up behind a run."""


@contextmanager
def only_run(home: Path, collection: str) -> Iterator[None]:
    """Hold the lock of a collection. Raises Busy naming the process that has it, and since when.

    What the disk of the home refuses to the run comes out as ServiceDown (no room) or ConfigError (may not be written).
    """
    with _home_told(home), _locked(home, collection):
        yield


@contextmanager
def _locked(home: Path, collection: str) -> Iterator[None]:
    path = _path(home, collection)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = FileLock(path, timeout=WAIT, poll_interval=WAIT / 10)
    try:
        lock.acquire()
    except Timeout as error:
        raise Busy(
            f"Another run{_holder(path)} is writing to the collection {collection}. Try again when it is done."
        ) from error
    try:
        path.write_text(f"{os.getpid()} {datetime.now(UTC).isoformat(timespec='seconds')}")
        yield
    finally:
        lock.release()


def held(home: Path, collection: str) -> bool:
    """True while some run holds the lock."""
    path = _path(home, collection)
    if not path.exists():
        return False
    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True
    except OSError:  # a home that only others may write to
        return False


def _path(home: Path, collection: str) -> Path:
    return home / "locks" / f"{uuid.uuid5(uuid.NAMESPACE_OID, collection).hex}.lock"


def _holder(lock: Path) -> str:
    try:
        pid, since = lock.read_text().split()
    except (OSError, ValueError):  # it has the lock and has not yet written who it is
        return ""
    return f" (pid {pid}, since {since})"


@contextmanager
def _home_told(home: Path) -> Iterator[None]:
    """What the disk of DOSSIER_HOME refuses, as a sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise ServiceDown(f"There is no room left on the disk of {home}: make some, and run again.") from error
        if error.errno in _NO_WRITING:
            raise ConfigError(f"DOSSIER_HOME ({home}) cannot be written to: {error.strerror}.") from error
        raise
