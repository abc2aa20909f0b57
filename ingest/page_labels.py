"""What is printed on a page as its number: "iv", "F-12", "Page 3 of 40", found in its running header or footer.

A number is believed when it runs along with the pages: as far from the page's place in the file on others too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

# So many pages, at least, carry numbers that run along with each other.
_TOGETHER = 2

_LABEL = re.compile(
    r"(?:page\s*|seite\s*)?[-–—\[(|]*\s*(?P<prefix>(?:[A-Z]{1,3}\s?[-–.]\s?)?)"
    r"(?:(?P<digits>\d{1,4})|(?P<roman>[ivxlc]{1,7}))\s*[-–—\])|]*(?:\s*(?:of|von|/)\s*\d{1,4})?",
    re.IGNORECASE,
)
_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
_ROMAN = {100: "c", 90: "xc", 50: "l", 40: "xl", 10: "x", 9: "ix", 5: "v", 4: "iv", 1: "i"}


class _Number(NamedTuple):
    """A label as printed, its parts, and how far its number is from the place of the page in the file."""

    text: str
    prefix: str
    roman: bool
    offset: int

    @property
    def series(self) -> tuple[str, bool, int]:
        return self.prefix, self.roman, self.offset


def printed_labels(pages: Sequence[Sequence[str]]) -> list[str]:
    """For each page (the lines of its running header and footer) the number that is printed on it, "" for none."""
    candidates = [list(_candidates(lines, place)) for place, lines in enumerate(pages)]
    series = Counter(one for found in candidates for one in {number.series for number in found})
    labels = []
    for found in candidates:
        best = max(found, key=lambda number: series[number.series], default=None)
        labels.append(best.text if best is not None and series[best.series] >= _TOGETHER else "")
    return labels


def _candidates(lines: Sequence[str], place: int) -> Iterator[_Number]:
    for line in lines:
        cells = [cell.strip() for cell in line.split("\t")]
        words = line.split()
        # "Annual Report 2024 17": the number is the line's first or last word.
        for text in dict.fromkeys([*cells, *(words[:1] + words[-1:] if len(words) > 1 else ())]):
            found = _LABEL.fullmatch(text)
            if found is None:
                continue
            value = int(found["digits"]) if found["digits"] else _roman(found["roman"])
            if value:
                prefix = re.sub(r"\s", "", found["prefix"])
                written = found["digits"] or found["roman"]
                yield _Number(f"{prefix}{written}", prefix, not found["digits"], value - place)


def _roman(text: str) -> int:
    """The value of a roman number below 400; 0 for letters that are none, as in "vil"."""
    values = [_VALUES[letter] for letter in text.lower()]
    total = sum(-value if value < max(values[place + 1 :], default=0) else value for place, value in enumerate(values))
    return total if _as_roman(total) == text.lower() else 0


def _as_roman(value: int) -> str:
    found = ""
    for worth, letters in _ROMAN.items():
        while value >= worth:
            found += letters
            value -= worth
    return found
