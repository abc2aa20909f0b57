"""What a month cost, and whether a machine of one's own would have been cheaper."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.ledger import Entry
from core.answers import Usage
from core.errors import UsageError
from core.prices import HOURS_A_MONTH, Prices
from core.privacy import Mode

PAID = frozenset({Mode.LONG_DOCUMENT, Mode.HYBRID})
"""The modes in which Claude is asked."""

POINTS = 41
"""Of the line that is drawn: one for every fortieth of its width."""


class By(StrEnum):
    """How the table is cut."""

    MODE = "mode"
    USER = "user"
    COLLECTION = "collection"


@dataclass(frozen=True, slots=True)
class Line:
    """The questions of one mode, user or collection. `unsettled` of them never came to an end."""

    name: str
    questions: int
    usage: Usage
    unsettled: int


@dataclass(frozen=True, slots=True)
class Point:
    """Dollars a month for so many questions: asked of Claude, and answered by machines of one's own."""

    questions: float
    claude: float
    machines: float


@dataclass(frozen=True, slots=True)
class OwnMachines:
    """The questions that Claude answered, against machines that would have read and written the same tokens.

    `break_even` is the number of questions a month from which the machines are cheaper; None when they never are, since
    one machine, fully busy, costs more than Claude for what it answers. `points` are the line around it.
    """

    questions: int
    claude: float
    machine: str
    machine_month: float
    machines: int
    busy: float
    break_even: float | None
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Costs:
    """A month. `comparison` is None when Claude answered nothing in it."""

    month: str
    by: By
    lines: tuple[Line, ...]
    total: Line
    comparison: OwnMachines | None
    prices_dated: str

    def to_json(self) -> dict[str, Any]:
        return {
            "month": self.month,
            "by": self.by.value,
            "lines": [_line_json(line) for line in self.lines],
            "total": _line_json(self.total),
            "comparison": None if self.comparison is None else _comparison_json(self.comparison),
            "prices_dated": self.prices_dated,
        }


def costs_of(entries: Sequence[Entry], *, month: str, by: By, prices: Prices) -> Costs:
    """The costs of a month ("2026-11") from its entries, dearest line first."""
    parts: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        name = {By.MODE: entry.mode.value, By.USER: entry.by, By.COLLECTION: entry.collection or "(all)"}[by]
        parts[name].append(entry)
    lines = sorted(
        (_line(name, part) for name, part in parts.items()), key=lambda line: (-line.usage.cost_usd, line.name)
    )
    return Costs(month, by, tuple(lines), _line("total", entries), _compared(entries, prices), prices.dated.isoformat())


def month_named(month: str | None, *, today: str, months: Sequence[str]) -> str:
    """The month to report: the one that was named, else last month, else the running one if last month has nothing.

    `today` is an ISO date, `months` are those with entries. Raises UsageError for what is no month.
    """
    if month is not None:
        year, _, number = month.partition("-")
        if not (
            len(year) == 4 and year.isdecimal() and len(number) == 2 and number.isdecimal() and 1 <= int(number) <= 12
        ):
            raise UsageError(f"{month} is no month: write it as 2026-11.")
        return month
    this_year, this_month = int(today[:4]), int(today[5:7])
    last = f"{this_year}-{this_month - 1:02}" if this_month > 1 else f"{this_year - 1}-12"
    return last if last in months else today[:7]


def _line(name: str, entries: Sequence[Entry]) -> Line:
    return Line(
        name,
        len({entry.question for entry in entries}),
        sum((entry.usage for entry in entries), Usage()),
        sum(not entry.settled for entry in entries),
    )


def _compared(entries: Sequence[Entry], prices: Prices) -> OwnMachines | None:
    paid = _line(
        "Claude", [entry for entry in entries if entry.mode in PAID and entry.usage.cost_usd and entry.settled]
    )
    if not paid.questions:
        return None
    machine, month = prices.machine, prices.machine.a_month()
    seconds = machine.seconds(paid.usage)
    each = paid.usage.cost_usd / paid.questions
    room = HOURS_A_MONTH * 3600 * machine.busy / (seconds / paid.questions)  # questions a month for one machine
    # k machines break even at k·month / each questions if they can answer k·room: the same condition for every k.
    even = month / each if month / each <= room else None
    widest = max(2 * even if even else 0.0, 1.25 * paid.questions, 2 * room if even is None else 0.0)
    return OwnMachines(
        questions=paid.questions,
        claude=paid.usage.cost_usd,
        machine=machine.name,
        machine_month=month,
        machines=machine.needed(seconds),
        busy=seconds / (HOURS_A_MONTH * 3600 * machine.busy),
        break_even=even,
        points=tuple(
            Point(asked, asked * each, month * machine.needed(asked * seconds / paid.questions))
            for asked in (widest * step / (POINTS - 1) for step in range(POINTS))
        ),
    )


def _line_json(line: Line) -> dict[str, Any]:
    return {
        "name": line.name,
        "questions": line.questions,
        "unsettled": line.unsettled,
        "input_tokens": line.usage.input_tokens,
        "output_tokens": line.usage.output_tokens,
        "cache_read_tokens": line.usage.cache_read_tokens,
        "cache_write_tokens": line.usage.cache_write_tokens,
        "cost_usd": round(line.usage.cost_usd, 6),
        "seconds": round(line.usage.seconds, 3),
    }


def _comparison_json(comparison: OwnMachines) -> dict[str, Any]:
    return {
        "questions": comparison.questions,
        "claude_usd": round(comparison.claude, 6),
        "machine": comparison.machine,
        "machine_month_usd": round(comparison.machine_month, 2),
        "machines": comparison.machines,
        "machines_usd": round(comparison.machines * comparison.machine_month, 2),
        "busy": round(comparison.busy, 4),
        "break_even_questions": None if comparison.break_even is None else round(comparison.break_even),
        "points": [
            {
                "questions": round(point.questions, 1),
                "claude_usd": round(point.claude, 2),
                "machines_usd": round(point.machines, 2),
            }
            for point in comparison.points
        ],
    }
