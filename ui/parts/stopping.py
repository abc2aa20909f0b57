"""SIGTERM and Ctrl-C ask a run to stop after the document at hand; a second Ctrl-C stops it at once."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def until_asked_to_stop() -> Iterator[Callable[[], bool]]:
    """Yields what says whether this process was asked to stop. For the main thread; puts back what was there."""
    asked = False

    def ask(number: int, _: FrameType | None) -> None:
        nonlocal asked
        if asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        asked = True
        sys.stderr.write("Stopping after the document at hand.\n")

    former = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield lambda: asked
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
