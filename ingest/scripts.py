"""Scripts that are not set as Latin is: from right to left, without blanks between words, or in forms of presentation.

What stands on a line from left to right becomes the order in which it is read (UAX #9, told backwards), and characters
that only say how they look become those that they mean.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import TypeVar

from ingest.tables import Word, separators

T = TypeVar("T")

# Han, kana and their punctuation, also in full width: what is written without blanks. Korean has blanks.
_EAST = "\u2e80-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\ufe10-\ufe1f\ufe30-\ufe4f\uff01-\uff9f"
EAST = re.compile(f"[{_EAST}]")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
# Forms that fonts have and that mean a letter or a mark: ligatures, Hebrew and Arabic as joined, radicals for
# characters, punctuation as turned for vertical lines.
_PRESENTED = re.compile("[\ufb00-\ufb06\ufb13-\ufdff\ufe70-\ufefc\u2e80-\u2fdf\ufe10-\ufe18\ufe31-\ufe44\ufe47\ufe48]")
# Where nearly every word of a line is one character, the blanks between them are how the line was filled.
_SPREAD = 0.7
_SPREAD_GAP = 3.0
# Lines whose end is nearer to their column's edge than this (sizes of the font) were broken by the typesetter.
_FULL = 1.6
_ALEF, _LAM = "\u0622\u0623\u0625\u0627", "\u0644"
_STOPS = "。！？.!?:："


def has_right_to_left(text: str) -> bool:
    """True when a letter runs from right to left."""
    return not text.isascii() and _RIGHT_TO_LEFT.search(text) is not None


def meant(character: str) -> str:
    """The characters that a form of presentation stands for: "fi" for its ligature, "…" as it is."""
    if _PRESENTED.match(character):
        # The blank before a lone Arabic vowel mark carries it in print alone.
        return unicodedata.normalize("NFKC", character).strip()
    return character


def runs_from_right(row: Sequence[Word], *, otherwise: bool = False) -> bool:
    """True when most letters of the row are of a script that runs from right to left; `otherwise` if it has none."""
    text = "".join(word.text for word in row)
    if text.isascii():
        return otherwise and not any(map(str.isalpha, text))
    classes = [unicodedata.bidirectional(character) for character in text if character.isalpha()]
    if not classes:
        return otherwise
    return 2 * sum(name in ("R", "AL") for name in classes) > len(classes)


def read_row(row: Sequence[Word], *, from_right: bool = False) -> tuple[list[Word], list[str]]:
    """The words of a row (given from left to right) as they are read, and what stands before each: "", " " or "\\t".

    `from_right` says how its column runs, for a row without letters.
    """
    if not from_right and all(word.text.isascii() for word in row):
        return list(row), separators(row)
    if not runs_from_right(row, otherwise=from_right):
        return _in_reading_order(row, _without_blanks(row, separators(row)), from_right=False)
    turned = _mirrored(row)
    original = {id(word): own for word, own in zip(turned, reversed(row), strict=True)}
    words, between = _in_reading_order(turned, separators(turned), from_right=True)
    return [original[id(word)] for word in words], between


def _without_blanks(row: Sequence[Word], between: Sequence[str]) -> list[str]:
    """What stands between the words where a script without blanks has some: those of the file, unless they fill it."""
    spread = _is_spread(row)
    found = list(between[:1])
    for before, after, separator in zip(row, row[1:], between[1:], strict=False):
        gap = after.left - before.right
        filled = gap <= _SPREAD_GAP * after.size if spread else separator == " " and not after.spaced
        if EAST.match(before.text[-1]) and EAST.match(after.text[0]) and filled and (spread or gap < 0.5 * after.size):
            separator = ""
        found.append(separator)
    return found


def _mirrored(row: Sequence[Word]) -> list[Word]:
    """The row from right to left, as if it ran the other way: each word where a mirror shows it."""
    return [word._replace(left=-word.right, right=-word.left) for word in reversed(row)]


def _in_reading_order(row: Sequence[Word], between: Sequence[str], *, from_right: bool) -> tuple[list[Word], list[str]]:
    """The words of a row, given in the direction of its line, as they are read, with what stands before each.

    Within a cell, words that run the other way change places: "Python and R" in an Arabic line is read from the left.
    """
    words: list[Word] = []
    separators: list[str] = []
    start = 0
    for end in range(1, len(row) + 1):
        if end < len(row) and between[end] != "\t":
            continue
        order = _read(row[start:end], from_right=from_right)
        for place, index in enumerate(order):
            if place == 0:
                separators.append(between[start])
            elif order[place - 1] + 1 == index:
                separators.append(between[start + index])
            else:
                separators.append(" ")
            words.append(row[start + index])
        start = end
    return words, separators


def _read(cell: Sequence[Word], *, from_right: bool) -> list[int]:
    kinds = [_kind(word.text) for word in cell]
    other = "L" if from_right else "R"
    order: list[int] = []
    index = 0
    while index < len(cell):
        end = index
        # In a line from the right, the number beside Latin words belongs to them ("Form 10").
        if kinds[index] == other or (from_right and kinds[index] == "N"):
            last = index
            while end < len(cell) and kinds[end] != ("R" if from_right else "L"):
                if kinds[end] == other:
                    last = end
                end += 1
            end = last + 1 if other in kinds[index : last + 1] else index
        if end > index:
            order.extend(range(end - 1, index - 1, -1))
            index = end
        else:
            order.append(index)
            index += 1
    return order


def _kind(text: str) -> str:
    """L or R by the word's first letter, N for a number, "" for marks alone."""
    number = ""
    for character in text:
        direction = unicodedata.bidirectional(character)
        if direction in ("R", "AL"):
            return "R"
        if direction == "L":
            return "L"
        if direction in ("EN", "AN"):
            number = "N"
    return number


def _is_spread(row: Sequence[Word]) -> bool:
    """True for a line whose characters were set apart to fill it: "目 录", one word each."""
    east = [word for word in row if EAST.match(word.text)]
    return len(east) >= 4 and sum(len(word.text) == 1 for word in east) >= _SPREAD * len(east)


def joins(before: Sequence[Word], after: Sequence[Word], *, edge: float) -> bool:
    """True when a line that is written without blanks goes on in the next one; `edge` is its column's right edge."""
    last, first = before[-1], after[0]
    if (
        not (EAST.match(last.text[-1]) and EAST.match(first.text[0]))
        or last.text[-1] in _STOPS
        or last.text[-1].isdigit()
    ):
        return False
    size = max(last.size, first.size)
    return (
        last.right >= edge - _FULL * size
        and abs(last.size - first.size) <= 0.1 * size
        and last.bold == first.bold
        and 0 < first.baseline - last.baseline <= 2.2 * size
        and not last.parts
        and not first.parts
    )


def reordered(glyphs: Sequence[tuple[T, str]]) -> str:
    """Characters of a word from the right, with the letters of a ligature (the same place) in the order of reading.

    pdfium turns a word round letter by letter. That puts the alef of a lam-alef before its lam, and a vowel mark before
    the letter that it is drawn with; other ligatures it takes apart itself, in the right order.
    """
    found: list[str] = []
    group: list[str] = []
    place: T | None = None
    for where, character in [*glyphs, (None, "")]:
        if where != place:
            turned = group and (unicodedata.combining(group[0]) or (group[0] in _ALEF and group[-1] == _LAM))
            found.extend(reversed(group) if turned else group)
            group, place = [], where
        group.append(character)
    return "".join(found)
