"""What stands in a file and is not seen by whoever opens it, or is said about its text: kept out of the text, and told.

Readers collect `Unseen` values; `with_unseen` puts them into a reading, and tells them in counts as its warnings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from core.documents import Hidden, HiddenKind
from ingest.reading import Reading


class Cause(StrEnum):
    """Why something is not part of the live text. The value is how one of it is called in a sentence."""

    SHEET = "hidden sheet"
    ROW = "hidden row"
    COLUMN = "hidden column"
    SLIDE = "hidden slide"
    TEXT = "hidden passage"
    WHITE = "passage in the colour of its background"
    TINY = "passage too small to be read"
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


_KINDS = {
    Cause.SHEET: HiddenKind.HIDDEN_SHEET,
    Cause.ROW: HiddenKind.HIDDEN_ROW,
    Cause.COLUMN: HiddenKind.HIDDEN_COLUMN,
    Cause.SLIDE: HiddenKind.HIDDEN_SLIDE,
    Cause.TEXT: HiddenKind.HIDDEN_TEXT,
    Cause.WHITE: HiddenKind.WHITE,
    Cause.TINY: HiddenKind.TINY,
    Cause.OFF_PAGE: HiddenKind.OFF_PAGE,
    Cause.COMMENT: HiddenKind.COMMENT,
    Cause.NOTES: HiddenKind.NOTES,
    Cause.DELETED: HiddenKind.DELETED,
}


def with_unseen(reading: Reading, found: Iterable[Unseen]) -> Reading:
    """The reading with what nobody sees in `hidden`, and a warning for each cause before its own."""
    found = tuple(found)
    hidden = tuple(Hidden(_KINDS[one.cause], one.page or None, one.text) for one in found if one.text.strip())
    return replace(reading, hidden=(*reading.hidden, *hidden), warnings=(*_told(found), *reading.warnings))


def _told(found: Iterable[Unseen]) -> tuple[str, ...]:
    """A sentence for each cause, in the order of `Cause`: "2 hidden sheets were not read."."""
    counts = Counter(one.cause for one in found)
    return tuple(f"{_counted(cause, counts[cause])} not read." for cause in Cause if counts[cause])


_LONG = (Cause.WHITE, Cause.TINY, Cause.OFF_PAGE, Cause.NOTES)
"""Causes of several words, of which the first is the one that is counted."""


def _counted(cause: Cause, count: int) -> str:
    if count == 1:
        return f"1 {cause.value} was"
    first, *rest = cause.value.split(" ") if cause in _LONG else [cause.value]
    return f"{count:,} {' '.join([f'{first}s', *rest])} were"
