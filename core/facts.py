"""What is known about a document besides its words: whose it is, of when, and what kind of thing.

A fact was read somewhere (a span of the text, the file's name) or was said by a person; it carries where, and how sure
it is. Facts decide which documents a question is about, so they are shown and can be changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from core.documents import Span
from core.errors import UsageError
from core.periods import period_of

SURE = 0.7
"""From here on a fact may leave other documents out; below it only changes their order."""


class FactKind(StrEnum):
    """What a fact is about.

    party    a company or person whose document it is, or between whom it was made, with its legal form
    alias    another name of one of them: short form, defined term, former name, ticker
    period   FY2022, 2023Q1 or an ISO date (end of the period, date of the contract or event)
    kind     10-K, annual report, lease, reseller agreement …
    law      whose law governs it
    """

    PARTY = "party"
    ALIAS = "alias"
    PERIOD = "period"
    KIND = "kind"
    LAW = "law"


class Origin(StrEnum):
    """Where a fact was read."""

    TITLE_PAGE = "title page"
    HEADER = "running header"
    TEXT = "text"
    TITLE = "document title"
    FILE_NAME = "file name"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Fact:
    """`sure` is in (0, 1]. `span` is the place in the canonical text; None for a file name, a title or a person."""

    kind: FactKind
    value: str
    origin: Origin
    sure: float
    span: Span | None = None


Facts = tuple[Fact, ...]

# Looked up by the hundred thousand where a catalogue is large; calling an enumeration takes ten times as long.
_KINDS = {kind.value: kind for kind in FactKind}
_ORIGINS = {origin.value: origin for origin in Origin}


@dataclass(frozen=True, slots=True)
class Edits:
    """What a person said. `replaced` takes the place of everything read of that kind, `added` joins it."""

    replaced: Mapping[FactKind, tuple[str, ...]] = field(default_factory=dict)
    added: Mapping[FactKind, tuple[str, ...]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.replaced or self.added)

    def applied(self, facts: Facts) -> Facts:
        """The facts as they count: those of a person first."""
        said = [
            Fact(kind, value, Origin.PERSON, 1.0)
            for given in (self.replaced, self.added)
            for kind, values in given.items()
            for value in values
        ]
        known = {(one.kind, one.value) for one in said}
        read = [one for one in facts if one.kind not in self.replaced and (one.kind, one.value) not in known]
        return (*said, *read)

    def changed(
        self,
        *,
        replace: Mapping[FactKind, Sequence[str]],
        add: Mapping[FactKind, Sequence[str]],
        forget: Iterable[FactKind] = (),
    ) -> Edits:
        """These edits with more of them. `forget` takes back what was said of a kind: what was read counts again."""
        forgotten = set(forget)
        replaced = {kind: values for kind, values in self.replaced.items() if kind not in forgotten}
        added = {kind: values for kind, values in self.added.items() if kind not in forgotten}
        for kind, values in replace.items():
            replaced[kind] = tuple(dict.fromkeys(values))
            added.pop(kind, None)
        for kind, values in add.items():
            added[kind] = tuple(dict.fromkeys((*added.get(kind, ()), *values)))
        return Edits(replaced, added)


def values_of(facts: Iterable[Fact], kind: FactKind) -> tuple[str, ...]:
    """The values of one kind, the surest first, each once."""
    chosen = sorted((one for one in facts if one.kind is kind), key=lambda one: -one.sure)
    return tuple(dict.fromkeys(one.value for one in chosen))


def fact_kind(name: str) -> FactKind:
    """The kind that a person named; a company is a party. Raises UsageError with the names there are."""
    word = name.strip().lower()
    if word == "company":
        return FactKind.PARTY
    try:
        return FactKind(word)
    except ValueError as error:
        known = ", ".join(kind.value for kind in FactKind)
        raise UsageError(f"There is no fact named {name}. There are: {known}.") from error


def checked_value(kind: FactKind, value: str) -> str:
    """The value as it is stored. Raises UsageError for a period that is not written FY2022, 2023Q1 or 2022-05-20."""
    value = " ".join(value.split())
    if kind is not FactKind.PERIOD:
        return value
    period = period_of(value.upper())
    if period is None:
        raise UsageError(f"A period is written FY2022, 2023Q1 or 2022-05-20, not {value}.")
    return period.value


def facts_to_json(facts: Facts) -> list[list[Any]]:
    """Rows of bare values, in the order of the fields."""
    return [
        [one.kind.value, one.value, one.origin.value, one.sure, *((one.span.start, one.span.end) if one.span else ())]
        for one in facts
    ]


def facts_from_json(rows: Sequence[Sequence[Any]]) -> Facts:
    """What `facts_to_json` wrote. Raises KeyError or IndexError for anything else."""
    return tuple(
        Fact(_KINDS[row[0]], row[1], _ORIGINS[row[2]], row[3], Span(row[4], row[5]) if len(row) > 4 else None)
        for row in rows
    )


def edits_to_json(edits: Edits) -> dict[str, dict[str, list[str]]]:
    return {
        "replaced": {kind.value: list(values) for kind, values in edits.replaced.items()},
        "added": {kind.value: list(values) for kind, values in edits.added.items()},
    }


def edits_from_json(stored: Mapping[str, Mapping[str, Sequence[str]]]) -> Edits:
    return Edits(
        {FactKind(kind): tuple(values) for kind, values in stored["replaced"].items()},
        {FactKind(kind): tuple(values) for kind, values in stored["added"].items()},
    )
