"""The audit log: one JSON line per verb, each carrying the hash of the one before. Ids, hashes, counts, never text."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock

from core.errors import BrokenStore

GENESIS = "0" * 64
"""What the first line carries in place of a predecessor's hash."""

AuditValue = str | int | float | bool | None | list[str]


@dataclass(frozen=True, slots=True)
class AuditLog:
    """An append-only, hash-chained file. Lines are written under a lock and reach the disk before `record` returns."""

    path: Path

    def record(self, event: str, /, *, by: str, **facts: AuditValue) -> str:
        """Append one line and return its hash. `facts` are ids, hashes, counts, modes and outcomes."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{self.path}.lock", mode=0o600):
            previous = self._last_hash()
            body = {
                "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "event": event,
                "by": by,
                **facts,
                "previous": previous,
            }
            digest = _hash(body)
            line = json.dumps({**body, "hash": digest}, ensure_ascii=False, sort_keys=True)
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(descriptor, "ab") as log:
                log.write(line.encode() + b"\n")
                log.flush()
                os.fsync(log.fileno())
        return digest

    def lines(self) -> Iterator[dict[str, object]]:
        """The lines, oldest first. Raises BrokenStore for a line that is not JSON."""
        if not self.path.exists():
            return
        with self.path.open(encoding="utf-8") as log:
            for number, line in enumerate(log, start=1):
                try:
                    yield json.loads(line)
                except json.JSONDecodeError as error:
                    raise BrokenStore(f"Line {number} of the audit log is not a whole record.") from error

    def verify(self) -> int:
        """The number of lines, when each continues the chain. Raises BrokenStore naming the first that does not."""
        previous = GENESIS
        count = 0
        for count, line in enumerate(self.lines(), start=1):
            body = {key: value for key, value in line.items() if key != "hash"}
            if line.get("previous") != previous or line.get("hash") != _hash(body):
                raise BrokenStore(
                    f"The audit log was changed at or before line {count}: its chain of hashes breaks there."
                )
            previous = str(line["hash"])
        return count

    def _last_hash(self) -> str:
        """Hash of the last whole line. A torn last line (power lost while writing) is cut: nobody was told of it."""
        if not self.path.exists() or self.path.stat().st_size == 0:
            return GENESIS
        with self.path.open("r+b") as log:
            position = log.seek(0, os.SEEK_END)
            tail = b""
            while position > 0:
                step = min(4096, position)
                position = log.seek(position - step)
                tail = log.read(step) + tail
                log.seek(position)
                whole = tail[: tail.rfind(b"\n") + 1]
                lines = whole.splitlines()
                if lines and (len(lines) > 1 or position == 0):
                    if len(whole) < len(tail):
                        log.truncate(position + len(whole))
                    return str(json.loads(lines[-1])["hash"])
            log.truncate(0)
        return GENESIS


def _hash(body: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(body, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
