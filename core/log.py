"""Logs for the operator: ids, counts and durations, never text. One line per event on standard error."""

from __future__ import annotations

import json
import logging
import sys
from typing import Literal

_RESERVED = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class _Lines(logging.Formatter):
    def __init__(self, *, form: Literal["text", "json"]) -> None:
        super().__init__()
        self._form = form

    def format(self, record: logging.LogRecord) -> str:
        facts = {key: value for key, value in vars(record).items() if key not in _RESERVED}
        head = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        if record.exc_info and record.exc_info[0] is not None:
            facts["error"] = record.exc_info[0].__name__  # the message of an exception may carry text
        if self._form == "json":
            return json.dumps({**head, **facts}, default=str, ensure_ascii=False)
        return " ".join([*head.values(), *(f"{key}={value}" for key, value in facts.items())])


def configure(*, level: str, form: Literal["text", "json"]) -> None:
    """Send our own loggers to standard error in one shape; keep those of libraries at warning."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines(form=form))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.ERROR)
    logging.getLogger("dossier").setLevel(level.upper())
