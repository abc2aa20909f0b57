"""The financial statements: their lines, how rows word them, and which lines a measure is worked out from.

A table is known by its rows, not by its heading (`ingest.statements`); a question is known by what it needs
(`retrieval.questions`). Both read the same list, `finance.toml`.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any


class Statement(StrEnum):
    """The statements that a question about figures can need. The values are stored with chunks."""

    BALANCE_SHEET = "balance sheet"
    INCOME = "income statement"
    CASH_FLOW = "cash flow statement"


@dataclass(frozen=True, slots=True)
class Item:
    """A line of a statement. `labels` are the beginnings of its row, `asked` the words for it, both in plain words."""

    name: str
    statement: Statement
    labels: tuple[str, ...]
    asked: tuple[str, ...]
    anchor: bool


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure that is worked out: from which lines, and how."""

    name: str
    asked: tuple[str, ...]
    items: tuple[Item, ...]
    meaning: str


# "Property, plant and equipment" → "property plant and equipment"; "stockholders’ equity" → "stockholders equity".
_APART = re.compile(r"[^\w&%+-]+|(?<!\w)-|-(?!\w)")
_FIGURES = re.compile(r"[\s$€£¥(]*[\d—–-][\d,.]*\s*(?:\)|%|$).*|\s[$€£¥]\s*[(\d].*")
_BRACKETS = re.compile(r"\([^()]*\)")
_BEFORE = frozenset({"total", "consolidated", "summe", "less", "add", "plus"})


def plain(text: str) -> str:
    """Words in lower case with one blank between them; commas, apostrophes and the like are dropped."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("'", "").replace("’", "")
    return " ".join(_APART.sub(" ", folded).split())


def labels_of(table: str) -> Iterator[str]:
    """The label of each row in plain words: its first cell, of a table with tabs or with the bars of Markdown.

    A label with brackets comes without what they hold, then with it: "Net cash provided by (used in) operations".
    """
    for row in table.split("\n"):
        cells = row.strip().strip("|").split("|") if row.lstrip().startswith("|") else row.split("\t")
        label = _FIGURES.sub("", cells[0])
        for form in dict.fromkeys((plain(_BRACKETS.sub(" ", label)), plain(label))):
            if form:
                yield form


def items_in(labels: Iterable[str]) -> frozenset[Item]:
    """The lines that these row labels (plain words) are."""
    return frozenset(item for label in labels for item in _items_of(label))


@cache
def items() -> tuple[Item, ...]:
    """All lines, in the order of the file."""
    return tuple(
        Item(
            name=one["name"],
            statement=Statement(one["statement"]),
            labels=tuple(plain(label) for label in one["labels"]),
            asked=tuple(dict.fromkeys(plain(text) for text in (one["name"], *one.get("asked", ())))),
            anchor=one.get("anchor", False),
        )
        for one in _file()["item"]
    )


@cache
def measures() -> tuple[Measure, ...]:
    """All measures, in the order of the file."""
    named = {item.name: item for item in items()}
    return tuple(
        Measure(
            name=one["name"],
            asked=tuple(plain(text) for text in (one["name"], *one["asked"])),
            items=tuple(named[name] for name in one["items"]),
            meaning=one["meaning"],
        )
        for one in _file()["measure"]
    )


def _items_of(label: str) -> Iterator[Item]:
    words = label.split()
    forms = [" ".join(words)]
    while words and words[0] in _BEFORE:
        words = words[1:]
        forms.append(" ".join(words))
    by_label = _by_label()
    for form in forms:
        parts = form.split()
        # The longest beginning that is known decides: "net income per share" is no "net income".
        for length in range(len(parts), 0, -1):
            found = by_label.get(" ".join(parts[:length]))
            if found:
                yield from found
                return


@cache
def _by_label() -> dict[str, tuple[Item, ...]]:
    found: dict[str, tuple[Item, ...]] = {}
    for item in items():
        for label in item.labels:
            found[label] = (*found.get(label, ()), item)
    return found


@cache
def _file() -> dict[str, list[dict[str, Any]]]:
    return tomllib.loads(Path(__file__).with_name("finance.toml").read_text(encoding="utf-8"))
