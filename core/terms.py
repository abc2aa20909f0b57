"""Which words of an agreement are in force: the changes that an amendment makes, each with the places where it says so.

    amendment ──▶ the agreement it names (title, date)
              ──▶ changes: kind, the section it targets, the sentence that does it, the new text, from when

A change is read from the text alone. Which document the agreement is, and what is in force on a day, is decided later:
an amendment may come before its agreement does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from core.documents import Span

Number = tuple[str, ...]
"""A section by its number, one level after the other: "4.2(a)" is ("4", "2", "a"), "Part A of Schedule 1" is
("schedule 1", "part a"). Roman numbers of articles are told in digits, letters in small."""


class Change(StrEnum):
    """What an amendment does to its target.

    replaced  by a new text      reworded  words of it are exchanged, added or taken out     extended  a date is moved
    inserted  it is new          deleted   it falls away                                     restated  all of it, anew
    """

    REPLACED = "replaced"
    REWORDED = "reworded"
    INSERTED = "inserted"
    DELETED = "deleted"
    EXTENDED = "extended"
    RESTATED = "restated"


class Force(StrEnum):
    """Whether a place that an amendment touches is in force on the day asked about; `unclear` where no date tells."""

    IN_FORCE = "in force"
    SUPERSEDED = "superseded"
    NOT_YET = "not yet in force"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Target:
    """What is changed: a section by its number, a defined term or a date by its name, or, with neither, everything.

    `name` is how the amendment calls it ("Clause 8.2").
    """

    number: Number = ()
    term: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Effective:
    """From when a change counts. `day` None means that it is not known; `because` says in words how it is known or why
    it is not, and `span` is the place that says so."""

    day: date | None
    because: str
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Amending:
    """One change. `sentence` does it, `new` is the new text and `old` the words that are taken out; None where the
    sentence quotes none. `agreement` is the place in `Amendment.agreements` of the one that is changed. Of an
    `open_ended` one nothing tells where the new text ends: it is cut at the end of a paragraph, and may go on."""

    change: Change
    target: Target
    sentence: Span
    effective: Effective
    new: Span | None = None
    old: Span | None = None
    agreement: int | None = None
    open_ended: bool = False


@dataclass(frozen=True, slots=True)
class AgreementNamed:
    """An agreement as an amendment names it: what it is called in small letters ("supply agreement"), and of when."""

    title: str
    day: date | None
    span: Span


@dataclass(frozen=True, slots=True)
class Amendment:
    """What a document says of other agreements' terms. `number` is that of "Amendment No. 2", `day` its own date. One
    that amends `in_passing` is no amendment, and has terms of its own beside these."""

    agreements: tuple[AgreementNamed, ...]
    changes: tuple[Amending, ...]
    number: int | None = None
    day: date | None = None
    in_passing: bool = False


def amendment_to_json(amendment: Amendment) -> dict[str, Any]:
    """Numbers, dates, names and places; no words of the text beyond what the agreements and sections are called."""
    return {
        "agreements": [[one.title, _day(one.day), one.span.start, one.span.end] for one in amendment.agreements],
        "changes": [
            [
                one.change.value,
                [list(one.target.number), one.target.term, one.target.name],
                _place(one.sentence),
                [_day(one.effective.day), one.effective.because, _place(one.effective.span)],
                _place(one.new),
                _place(one.old),
                one.agreement,
                one.open_ended,
            ]
            for one in amendment.changes
        ],
        "number": amendment.number,
        "day": _day(amendment.day),
        "in_passing": amendment.in_passing,
    }


def amendment_from_json(stored: dict[str, Any]) -> Amendment:
    """What `amendment_to_json` wrote. Raises KeyError, ValueError or TypeError for anything else."""
    return Amendment(
        tuple(AgreementNamed(title, _date(day), Span(start, end)) for title, day, start, end in stored["agreements"]),
        tuple(
            Amending(
                Change(change),
                Target(tuple(target[0]), target[1], target[2]),
                Span(*sentence),
                Effective(_date(effective[0]), effective[1], _span(effective[2])),
                _span(new),
                _span(old),
                agreement,
                open_ended,
            )
            for change, target, sentence, effective, new, old, agreement, open_ended in stored["changes"]
        ),
        stored["number"],
        _date(stored["day"]),
        stored["in_passing"],
    )


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _date(day: str | None) -> date | None:
    return None if day is None else date.fromisoformat(day)


def _place(span: Span | None) -> list[int] | None:
    return None if span is None else [span.start, span.end]


def _span(place: Sequence[int] | None) -> Span | None:
    return None if place is None else Span(place[0], place[1])
