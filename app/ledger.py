"""The ledger: what each question took in tokens, seconds and money, and the budgets that nothing passes. Never text.

    reserve the most it can cost  →  ask  →  settle with what it did cost

A reservation is a row. Two processes that ask at once see each other's, and one that is killed in between leaves its
own behind: nobody knows what was billed, so it stays counted in full, and `dossier costs` shows it as unsettled.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import sqlalchemy as sql

from core.answers import Usage
from core.errors import DossierError, OverBudget
from core.privacy import Mode
from core.settings import Budget
from retrieval.database import Database

_tables = sql.MetaData()

_costs = sql.Table(
    "costs",
    _tables,
    sql.Column("id", sql.String(40), primary_key=True),
    sql.Column("question", sql.String(40), nullable=False),
    sql.Column("at", sql.String(40), nullable=False, index=True),
    sql.Column("by", sql.String(200), nullable=False),
    sql.Column("collection", sql.String(100)),
    sql.Column("mode", sql.String(20), nullable=False),
    sql.Column("model", sql.String(200), nullable=False),
    sql.Column("settled", sql.Boolean, nullable=False),
    sql.Column("input_tokens", sql.BigInteger, nullable=False),
    sql.Column("output_tokens", sql.BigInteger, nullable=False),
    sql.Column("cache_read_tokens", sql.BigInteger, nullable=False),
    sql.Column("cache_write_tokens", sql.BigInteger, nullable=False),
    sql.Column("micro_dollars", sql.BigInteger, nullable=False),
    sql.Column("seconds", sql.Float, nullable=False),
)

_MICRO = 1_000_000
"""Money is kept as whole millionths of a dollar: sums of fractions drift."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What one model did for a question. `at` is ISO 8601 in UTC; `collection` is None for a question to all of them.

    `question` is a random name that the entries of one question share. Of an entry that is not `settled` only the most
    that it can have cost is known.
    """

    question: str

    at: str
    by: str
    collection: str | None
    mode: Mode
    model: str
    usage: Usage
    settled: bool


@dataclass(slots=True)
class Reservation:
    """Money set aside for a question. Whoever spends it adds to `spent`."""

    question: str
    spent: Usage = field(default_factory=Usage)

    def spend(self, usage: Usage) -> None:
        self.spent = self.spent + usage


class Ledger:
    """Holds the connection to the catalogue's database and knows the budgets."""

    def __init__(self, url: str, budget: Budget) -> None:
        self._rows = Database(url, _tables)
        self._budget = budget

    def record(
        self,
        *,
        by: str,
        collection: str | None,
        mode: Mode,
        model: str,
        usage: Usage,
        question: str | None = None,
    ) -> None:
        """Note what cost no money; `question` when it is a part of one that is noted already."""
        row = _row(by, collection, mode, model, usage, settled=True)
        with self._rows.writing() as connection:
            connection.execute(sql.insert(_costs).values(row | ({"question": question} if question else {})))

    def check(self, *, by: str, usd: float) -> None:
        """Raises OverBudget when a budget has no room for `usd`. Sets nothing aside."""
        with self._rows.reading() as connection:
            self._must_allow(connection, by=by, usd=usd)

    @contextmanager
    def reserved(self, *, by: str, collection: str | None, mode: Mode, model: str, usd: float) -> Iterator[Reservation]:
        """Set `usd` aside, the most that a question can cost; afterwards what it did cost takes the place.

        Raises OverBudget, before anything is set aside, when a budget does not allow it.
        """
        row = _row(by, collection, mode, model, Usage(cost_usd=usd), settled=False)
        # One writer at a time: what was summed is still true when the row is written.
        with self._rows.writing() as connection:
            self._must_allow(connection, by=by, usd=usd)
            connection.execute(sql.insert(_costs).values(row))
        reservation = Reservation(str(row["question"]))
        try:
            yield reservation
        except DossierError:
            self._settle(str(row["id"]), reservation.spent)
            raise
        self._settle(str(row["id"]), reservation.spent)

    def left(self, *, by: str) -> float | None:
        """Dollars that a question of this user may cost now; None without a limit."""
        with self._rows.reading() as connection:
            rooms = [limit - spent for _, limit, spent in self._limits(connection, by=by)]
        return max(min(rooms), 0.0) if rooms else None

    def entries(self, month: str | None = None) -> tuple[Entry, ...]:
        """The questions of a month ("2026-11"), or all of them, oldest first."""
        query = sql.select(_costs).order_by(_costs.c.at, _costs.c.id)
        if month is not None:
            query = query.where(_costs.c.at.startswith(month))
        with self._rows.reading() as connection:
            return tuple(
                Entry(
                    row.question,
                    row.at,
                    row.by,
                    row.collection,
                    Mode(row.mode),
                    row.model,
                    Usage(
                        row.input_tokens,
                        row.output_tokens,
                        row.cache_read_tokens,
                        row.micro_dollars / _MICRO,
                        row.seconds,
                        row.cache_write_tokens,
                    ),
                    row.settled,
                )
                for row in connection.execute(query)
            )

    def _settle(self, key: str, spent: Usage) -> None:
        with self._rows.writing() as connection:
            if spent == Usage():  # nothing was billed
                connection.execute(sql.delete(_costs).where(_costs.c.id == key))
            else:
                connection.execute(sql.update(_costs).where(_costs.c.id == key).values(settled=True, **_amounts(spent)))

    def _must_allow(self, connection: sql.Connection, *, by: str, usd: float) -> None:
        for name, limit, spent in self._limits(connection, by=by):
            if spent + usd > limit:
                raise OverBudget(
                    f"{name} is {_money(limit)}; {_money(spent)} of it are spent or set aside, and this question may "
                    f"cost {_money(usd)}. Nothing was sent to be answered."
                )

    def _limits(self, connection: sql.Connection, *, by: str) -> Iterator[tuple[str, float, float]]:
        """Each limit in force with its name and what is spent of it."""
        day = _now()[:10]
        for name, limit, since, user in (
            ("The budget of a day (DOSSIER_BUDGET_DAY)", self._budget.day, day, None),
            ("The budget of a month (DOSSIER_BUDGET_MONTH)", self._budget.month, day[:7], None),
            ("Your budget of a day (DOSSIER_BUDGET_USER_DAY)", self._budget.user_day, day, by),
            ("Your budget of a month (DOSSIER_BUDGET_USER_MONTH)", self._budget.user_month, day[:7], by),
        ):
            if limit is None:
                continue
            query = sql.select(sql.func.coalesce(sql.func.sum(_costs.c.micro_dollars), 0)).where(
                _costs.c.at.startswith(since)
            )
            if user is not None:
                query = query.where(_costs.c.by == user)
            yield name, limit, float(connection.execute(query).scalar_one()) / _MICRO


def _row(
    by: str, collection: str | None, mode: Mode, model: str, usage: Usage, *, settled: bool
) -> dict[str, str | bool | int | float | None]:
    key = secrets.token_hex(16)
    return {
        "id": key,
        "question": key,
        "at": _now(),
        "by": by,
        "collection": collection,
        "mode": mode.value,
        "model": model,
        "settled": settled,
        **_amounts(usage),
    }


def _amounts(usage: Usage) -> dict[str, int | float]:
    return {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cache_read_tokens": usage.cache_read_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "micro_dollars": round(usage.cost_usd * _MICRO),
        "seconds": usage.seconds,
    }


def _money(usd: float) -> str:
    return f"USD {usd:,.2f}" if usd >= 0.1 or usd == 0 else f"USD {usd:.4f}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
