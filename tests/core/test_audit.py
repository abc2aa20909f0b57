"""The audit log shows every change that is made to it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.audit import AuditLog
from core.errors import BrokenStore


def a_log(folder: Path, lines: int = 3) -> AuditLog:
    log = AuditLog(folder / "audit.jsonl")
    for number in range(lines):
        log.record("asked", by="anna", claims=number)
    return log


def test_an_untouched_log_is_intact(tmp_path: Path) -> None:
    assert a_log(tmp_path).verify() == 3
    assert AuditLog(tmp_path / "none.jsonl").verify() == 0


@pytest.mark.parametrize("line", [0, 1, 2])
def test_a_changed_line_breaks_the_chain(tmp_path: Path, line: int) -> None:
    log = a_log(tmp_path)
    lines = log.path.read_text().splitlines()
    lines[line] = json.dumps({**json.loads(lines[line]), "by": "someone else"})
    log.path.write_text("\n".join(lines) + "\n")
    with pytest.raises(BrokenStore, match=f"line {line + 1}"):
        log.verify()


def test_a_removed_line_breaks_the_chain(tmp_path: Path) -> None:
    log = a_log(tmp_path)
    lines = log.path.read_text().splitlines()
    log.path.write_text("\n".join([lines[0], lines[2]]) + "\n")
    with pytest.raises(BrokenStore, match="line 2"):
        log.verify()


def test_a_line_torn_by_a_power_cut_is_dropped_and_the_chain_goes_on(tmp_path: Path) -> None:
    log = a_log(tmp_path)
    with log.path.open("a") as raw:
        raw.write('{"at": "2026-01-01", "ev')
    log.record("asked", by="anna")
    assert log.verify() == 4


def test_a_log_whose_only_line_is_torn_starts_anew(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    log.path.write_text('{"torn')
    log.record("asked", by="anna")
    assert log.verify() == 1


def test_lines_longer_than_a_read_still_chain(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    for _ in range(3):
        log.record("asked", by="anna", cited=["ab" * 32] * 200)
    assert log.verify() == 3


def test_many_writers_at_once_make_one_chain(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: log.record("asked", by="anna", claims=number), range(40)))
    assert log.verify() == 40
