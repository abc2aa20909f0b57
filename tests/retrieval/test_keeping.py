"""Kept open: who waits gets it, what was written is on the disk, and nobody who is dead is waited for."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import BrokenStore
from retrieval import keeping
from retrieval.keeping import Keeper
from retrieval.points_edge import EdgeStore
from tests.conftest import ROOT
from tests.retrieval.builders import ANNA, a_document, an_id, an_index


class Counted:
    """Something to be opened, that knows how often each thing was done to it."""

    def __init__(self, done: list[str]) -> None:
        self._done = done
        done.append("opened")

    def flush(self) -> None:
        self._done.append("flushed")

    def close(self) -> None:
        self._done.append("closed")


def soon(true: Callable[[], bool]) -> bool:
    until = time.monotonic() + 10
    while not true() and time.monotonic() < until:
        time.sleep(0.005)
    return true()


def test_it_is_opened_once_and_flushed_after_each_use(tmp_path: Path) -> None:
    done: list[str] = []
    keeper: Keeper[Counted] = Keeper(tmp_path, wait=5)
    for _ in range(3):
        with keeper.taken("deal", lambda: Counted(done), called="The index of deal"):
            pass
    assert done == ["opened", "flushed", "flushed", "flushed"]
    keeper.close()
    assert done[-1] == "closed"


def test_it_stays_open_though_it_is_asked_without_a_pause_while_the_queue_is_watched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flock = fcntl.flock

    def slow(descriptor: int, operation: int) -> None:
        flock(descriptor, operation)
        time.sleep(0.002)

    monkeypatch.setattr(fcntl, "flock", slow)  # so that two looks would meet
    monkeypatch.setattr(keeping, "POLL", 0.001)
    (tmp_path / "deal.queue.lock").touch()  # once somebody has waited, the queue's file stays
    done: list[str] = []
    keeper: Keeper[Counted] = Keeper(tmp_path, wait=5)
    until = time.monotonic() + 1
    while time.monotonic() < until:
        with keeper.taken("deal", lambda: Counted(done), called="The index of deal"):
            pass
    assert done.count("opened") == 1
    keeper.close()


def test_it_is_closed_when_nobody_asks_for_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "IDLE", 0.05)
    done: list[str] = []
    keeper: Keeper[Counted] = Keeper(tmp_path, wait=5)
    with keeper.taken("deal", lambda: Counted(done), called="The index of deal"):
        pass
    assert soon(lambda: done[-1] == "closed")


def test_no_more_than_a_few_are_kept_open(tmp_path: Path) -> None:
    done: list[str] = []
    keeper: Keeper[Counted] = Keeper(tmp_path, wait=5)
    for number in range(keeping.MOST + 2):
        with keeper.taken(f"deal {number}", lambda: Counted(done), called="The index"):
            pass
    assert soon(lambda: done.count("closed") == 2)


def test_who_waits_elsewhere_gets_it_at_once(tmp_path: Path) -> None:
    mine, theirs = (Keeper[Counted](tmp_path, wait=5) for _ in range(2))
    done: list[str] = []
    with mine.taken("deal", lambda: Counted(done), called="The index of deal"):
        pass
    started = time.monotonic()
    with theirs.taken("deal", lambda: Counted(done), called="The index of deal"):
        assert done[-2:] == ["closed", "opened"]
    assert time.monotonic() - started < keeping.IDLE / 10


def test_who_asks_without_a_pause_lets_others_have_their_turn(tmp_path: Path) -> None:
    mine, theirs = (Keeper[Counted](tmp_path, wait=20) for _ in range(2))
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            with mine.taken("deal", lambda: Counted([]), called="The index of deal"):
                pass

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        for _ in range(3):
            with theirs.taken("deal", lambda: Counted([]), called="The index of deal"):
                pass
    finally:
        stop.set()
        asking.join(20)


def test_after_an_error_it_is_opened_anew(tmp_path: Path) -> None:
    done: list[str] = []
    keeper: Keeper[Counted] = Keeper(tmp_path, wait=5)
    with pytest.raises(BrokenStore), keeper.taken("deal", lambda: Counted(done), called="The index of deal"):
        raise BrokenStore("The index is damaged.")
    with keeper.taken("deal", lambda: Counted(done), called="The index of deal"):
        assert done == ["opened", "closed", "opened"]


WRITES_AND_DIES = """
import os, sys
from pathlib import Path
from retrieval.points_edge import EdgeStore
from tests.retrieval.builders import ANNA, a_document, an_index
index = an_index(EdgeStore(Path(sys.argv[1])))
index.replace(*a_document("The zebra is due."))
os.kill(os.getpid(), 9)
"""


def test_what_was_written_is_there_after_the_process_is_killed_with_the_index_open(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-c", WRITES_AND_DIES, str(tmp_path)], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert len(an_index(EdgeStore(tmp_path)).search("zebra", reader=ANNA, collection="deal")) == 1


SEARCHES = """
import sys
from pathlib import Path
from retrieval.points_edge import EdgeStore
from tests.retrieval.builders import ANNA, an_index
index = an_index(EdgeStore(Path(sys.argv[1])))
for _ in range(8):
    found = index.search("zebra", reader=ANNA, collection="deal", limit=50)
    seen = {(hit.chunk.document_id, hit.chunk.text.split()[-1]) for hit in found}
    versions = {}
    for document, version in seen:
        versions.setdefault(document, set()).add(version)
    print(len(found), sorted(len(one) for one in versions.values()), flush=True)
"""


def test_a_search_beside_a_writer_in_another_process_sees_each_document_whole(tmp_path: Path) -> None:
    """A document of four chunks is there with all four, and of one reading: never half of it, never two at once."""
    index = an_index(EdgeStore(tmp_path))
    index.replace(*a_document(*(f"Zebra {n} before" for n in range(4)), name="kept"))
    searching = subprocess.Popen(
        [sys.executable, "-c", SEARCHES, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    word = "after"
    while searching.poll() is None:
        index.replace(*a_document(*(f"Zebra {n} {word}" for n in range(4)), name="kept"))
        index.replace(*a_document(*(f"Zebra {n} {word}" for n in range(4)), name="goes"))
        index.remove("deal", an_id("goes"))
        word = "before" if word == "after" else "after"
    assert searching.returncode == 0 and searching.stdout is not None
    for line in searching.stdout.read().splitlines():
        count, _, versions = line.partition(" ")
        assert int(count) in (4, 8)
        assert set(versions) <= set("[], 1")
