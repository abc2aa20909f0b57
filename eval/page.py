"""A report as a value, and its three forms: one HTML file that asks for nothing from anywhere, Markdown, and JSON.

Documents and questions are data: in HTML all text is escaped by the template, in Markdown tables a bar stays a bar.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under their heads. `numbers` are the columns (from 0) of figures; the first cell of a row is its name."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Plot:
    """A picture of figures, with the words under it; the figures stand in a table of the same section."""

    svg: Markup
    caption: str


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence. `tone` is one of plain, good, bad, doubt."""

    text: str
    tone: str = "plain"


@dataclass(frozen=True, slots=True)
class View:
    """A page of a document: its picture, else the words around the marked ones as (before, marked, after)."""

    caption: str
    png: bytes | None = None
    words: tuple[str, str, str] = ("", "", "")
    missing: str = ""

    @property
    def source(self) -> str:
        return f"data:image/png;base64,{base64.b64encode(self.png or b'').decode()}"


@dataclass(frozen=True, slots=True)
class Beside:
    """Pages side by side under a heading and the question that they belong to, where it is known."""

    heading: str
    question: str
    views: tuple[View, ...]


Block = Table | Plot | Note | Beside


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    blocks: tuple[Block, ...]

    def groups(self) -> list[tuple[str, list[Block]]]:
        """The blocks by their kind, neighbours of one kind together: plots share a row."""
        groups: list[tuple[str, list[Block]]] = []
        for block in self.blocks:
            kind = type(block).__name__.lower()
            if groups and groups[-1][0] == kind:
                groups[-1][1].append(block)
            else:
                groups.append((kind, [block]))
        return groups


@dataclass(frozen=True, slots=True)
class Page:
    """A report. `confidential`: words or pictures of documents are in it."""

    title: str
    about: tuple[str, ...]
    sections: tuple[Section, ...]
    confidential: bool = False

    def to_json(self) -> dict[str, Any]:
        """Everything but the pictures."""
        return {
            "title": self.title,
            "about": list(self.about),
            "confidential": self.confidential,
            "sections": [
                {
                    "title": section.title,
                    "notes": [block.text for block in section.blocks if isinstance(block, Note)],
                    "tables": [
                        {"caption": block.caption, "head": list(block.head), "rows": [list(row) for row in block.rows]}
                        for block in section.blocks
                        if isinstance(block, Table)
                    ],
                }
                for section in self.sections
            ],
        }


CONFIDENTIAL = "Confidential: this file holds words or pictures of your documents. Pass it on as you would them."


def html(page: Page) -> str:
    """One file: styles and pictures are in it, it runs nothing, and its own policy forbids it to load anything."""
    text: str = _template().render(page=page, warning=CONFIDENTIAL)
    return text + "\n"


def markdown(page: Page) -> str:
    """The same without pictures."""
    lines = [f"# {_plain(page.title)}", "", *([f"**{CONFIDENTIAL}**", ""] if page.confidential else [])]
    lines += [_plain(sentence) for sentence in page.about]
    for section in page.sections:
        lines += ["", f"## {_plain(section.title)}"]
        for block in section.blocks:
            match block:
                case Note():
                    lines += ["", _plain(block.text)]
                case Table():
                    lines += ["", f"{_plain(block.caption)}:", "", *_rows(block)]
                case Beside():
                    lines += ["", f"### {_plain(block.heading)}", "", _plain(block.question)]
                case _:
                    pass  # a plot; its figures stand in the table
    return "\n".join(lines) + "\n"


# ── one call below ────────────────────────────────────────────────────────────────────────────────────────────────────


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html")


def _rows(table: Table) -> Sequence[str]:
    rules = ["---:" if column in table.numbers else "---" for column in range(len(table.head))]
    return [_row(table.head), f"|{'|'.join(rules)}|", *(_row(row) for row in table.rows)]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(_plain(cell) for cell in cells)} |"


def _plain(text: str) -> str:
    """Text that stays text in Markdown: no tags, no cells, no lines of its own."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
