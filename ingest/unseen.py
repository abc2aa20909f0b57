"""What stands in a file and is not seen by whoever opens it, or is said about its text: kept out of the text, and told.

Readers collect `Unseen` values; `told` makes of them the warnings of a reading, in counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Cause(StrEnum):
    """Why something is not part of the live text. The value is how one of it is called in a sentence."""

    SHEET = "hidden sheet"
    ROW = "hidden row"
    COLUMN = "hidden column"
    SLIDE = "hidden slide"
    TEXT = "hidden passage"
    WHITE = "passage in the colour of its background"
    OFF_PAGE = "passage beside the page"
    COMMENT = "comment"
    NOTES = "page of speaker notes"
    DELETED = "tracked deletion"


@dataclass(frozen=True, slots=True)
class Unseen:
    """A piece of text, the number of its page (from 1; 0 where it has none), and why it is unseen."""

    cause: Cause
    page: int
    text: str


def told(found: Iterable[Unseen]) -> tuple[str, ...]:
    """A sentence for each cause, in the order of `Cause`: "2 hidden sheets were not read."."""
    counts = Counter(one.cause for one in found)
    return tuple(f"{_counted(cause, counts[cause])} not read." for cause in Cause if counts[cause])


def _counted(cause: Cause, count: int) -> str:
    if count == 1:
        return f"1 {cause.value} was"
    first, *rest = cause.value.split(" ") if cause in (Cause.WHITE, Cause.OFF_PAGE, Cause.NOTES) else [cause.value]
    return f"{count:,} {' '.join([f'{first}s', *rest])} were"
