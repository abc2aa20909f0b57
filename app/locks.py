"""One run at a time for a collection: the operating system holds the lock, so it goes with the process."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from core.errors import Busy

WAIT = 0.5
"""Seconds that a run waits for the lock: longer than `held` needs to look at it, too short to queue up behind a run."""


@contextmanager
def only_run(home: Path, collection: str) -> Iterator[None]:
    """Hold the lock of a collection. Raises Busy naming the process that has it, and since when."""
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


def _path(home: Path, collection: str) -> Path:
    return home / "locks" / f"{uuid.uuid5(uuid.NAMESPACE_OID, collection).hex}.lock"


def _holder(lock: Path) -> str:
    try:
        pid, since = lock.read_text().split()
    except (OSError, ValueError):  # it has the lock and has not yet written who it is
        return ""
    return f" (pid {pid}, since {since})"
