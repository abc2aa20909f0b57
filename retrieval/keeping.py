"""Keeping what is slow to open open between two operations, for as long as no other process wants it.

    taken ─ turn of this thread ─ lock of this process ─ opened ─▶ used ─▶ kept open ─▶ used ─▶ …
                                                                             │
                another process waits, or nobody asked for `IDLE` seconds ───┴─▶ closed, lock released

A file lock says who has it. Whoever waits for it holds a second file, the queue, in shared mode: the operating system
takes that away when a process dies, so no file can say that somebody waits who is gone. A thread, which lives only
while something is kept open, looks at the queue.
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from filelock import FileLock, Timeout

from core.errors import Busy, DossierError

log = logging.getLogger("dossier.retrieval")

POLL = 0.01
"""Seconds between two looks at the lock, and at the queue: small beside the time it takes to open a shard."""

IDLE = 30.0
"""Seconds after which what nobody asks for is closed: longer than a reader takes from one question to the next."""

MOST = 4
"""How many are kept open at once: each has threads, mapped files and, when large, a graph in memory."""


_looking = threading.Lock()
"""Held while this process looks at a queue: two looks at once would each take the other for a process that waits. Who
comes second does not look; the first one does."""


class Open(Protocol):
    def flush(self) -> None:
        """See that what was written survives a crash."""

    def close(self) -> None:
        """Let go of all files."""


Thing = TypeVar("Thing", bound=Open)


@dataclass(slots=True)
class _Place(Generic[Thing]):
    """One name: what it is called in sentences, whose turn it is in this process, the lock, and what is open."""

    called: str
    lock: FileLock
    queue: Path
    turn: threading.Lock = field(default_factory=threading.Lock)
    thing: Thing | None = None
    used: float = 0.0


class Keeper(Generic[Thing]):
    """Holds the open things of one folder, by name. Safe to use from several threads and processes."""

    def __init__(self, folder: Path, *, wait: float) -> None:
        """`wait`: seconds to wait for another thread or process before Busy."""
        self._folder = folder
        self._wait = wait
        self._places: dict[str, _Place[Thing]] = {}
        self._guard = threading.Lock()
        self._watching = False
        self._rest = threading.Event()

    @contextmanager
    def taken(self, name: str, opened: Callable[[], Thing], *, called: str) -> Iterator[Thing]:
        """What `opened` opens, or opened before; kept open afterwards. Raises Busy, and what `opened` raises."""
        with self._turn(name, called) as place:
            if place.thing is None:
                self._lock(place)
                try:
                    place.thing = opened()
                except BaseException:
                    place.lock.release()
                    raise
            try:
                yield place.thing
                place.thing.flush()
            except BaseException:  # whatever is wrong with it, the next one opens it anew
                with suppress(DossierError):
                    _let_go(place)
                raise
            place.used = time.monotonic()
            if _wanted(place.queue):  # here too: who asks without a pause would never let the thread have its turn
                _let_go(place)
        self._watch()

    @contextmanager
    def alone(self, name: str, *, called: str) -> Iterator[None]:
        """The lock with nothing open under it: to make, replace or delete what lies there. Raises Busy."""
        with self._turn(name, called) as place:
            if place.thing is not None:
                _let_go(place)
            self._lock(place)
            try:
                yield
            finally:
                place.lock.release()

    def close(self) -> None:
        """Close everything that is kept open; it is opened again when it is asked for."""
        for place in self._all():
            with place.turn:
                if place.thing is not None:
                    _let_go(place)

    @contextmanager
    def _turn(self, name: str, called: str) -> Iterator[_Place[Thing]]:
        with self._guard:
            if name not in self._places:
                self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                lock = FileLock(self._folder / f"{name}.lock", poll_interval=POLL, mode=0o600, thread_local=False)
                self._places[name] = _Place(called, lock, self._folder / f"{name}.queue.lock")
            place = self._places[name]
        if not place.turn.acquire(timeout=self._wait):
            raise _busy(called, os.getpid())
        try:
            yield place
        finally:
            place.turn.release()

    def _lock(self, place: _Place[Thing]) -> None:
        started = time.monotonic()
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            if _wanted(place.queue):
                time.sleep(2 * POLL)  # who waits already comes first
            place.lock.acquire(timeout=0)
        except Timeout:
            self._wait_for(place)
        Path(place.lock.lock_file).write_text(str(os.getpid()))
        if (waited := time.monotonic() - started) > 1:
            log.info("waited for the index", extra={"seconds": round(waited, 1)})

    def _wait_for(self, place: _Place[Thing]) -> None:
        queue = os.open(place.queue, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(queue, fcntl.LOCK_SH)
            place.lock.acquire(timeout=self._wait)
        except Timeout as error:
            raise _busy(place.called, _holder(Path(place.lock.lock_file))) from error
        finally:
            os.close(queue)

    def _all(self) -> list[_Place[Thing]]:
        with self._guard:
            return list(self._places.values())

    def _watch(self) -> None:
        with self._guard:
            if not self._watching:
                self._watching = True
                threading.Thread(target=self._give_way, name="dossier-index", daemon=True).start()

    def _give_way(self) -> None:
        """Closes what is wanted elsewhere, idle, or one too many; ends when nothing is open any more."""
        while True:
            self._rest.wait(POLL)
            kept = sorted((place for place in self._all() if place.thing is not None), key=lambda place: -place.used)
            for number, place in enumerate(kept):
                idle = time.monotonic() - place.used > IDLE
                if (idle or number >= MOST or _wanted(place.queue)) and place.turn.acquire(blocking=False):
                    try:
                        if place.thing is not None:
                            _let_go(place)
                    except DossierError as error:
                        log.warning("the index could not be closed", extra={"error": type(error).__name__})
                    finally:
                        place.turn.release()
            with self._guard:
                if not any(place.thing is not None for place in self._places.values()):
                    self._watching = False
                    return


def _let_go(place: _Place[Thing]) -> None:
    thing, place.thing = place.thing, None
    try:
        if thing is not None:
            thing.close()
    finally:
        place.lock.release()


def _wanted(queue: Path) -> bool:
    """True while another process, or another keeper of this one, waits."""
    if not _looking.acquire(blocking=False):
        return False
    try:
        descriptor = os.open(queue, os.O_RDWR)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    finally:
        _looking.release()
    return False


def _holder(lock: Path) -> int | None:
    try:
        return int(lock.read_text())
    except (OSError, ValueError):
        return None


def _busy(called: str, pid: int | None) -> Busy:
    return Busy(f"{called} is in use by another process{f' (pid {pid})' if pid else ''}; try again.")
