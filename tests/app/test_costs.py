"""The ledger and what is made of it: budgets that hold between processes, months, and the break-even."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.costs import By, costs_of, month_named
from app.ledger import Entry, Ledger
from core.answers import Usage
from core.errors import OverBudget, ServiceDown, UsageError
from core.prices import read_prices
from core.privacy import Mode
from core.settings import Budget
from ui.parts import chart
from ui.parts.terminal import comparison_words, ranges

PRICES = read_prices()


def a_ledger(tmp_path: Path, **budget: float) -> Ledger:
    return Ledger(f"sqlite:///{tmp_path / 'catalogue.sqlite'}", Budget(**budget))


def an_entry(name: str, *, by: str = "anna", mode: Mode = Mode.LONG_DOCUMENT, usd: float = 0.5) -> Entry:
    usage = Usage(input_tokens=100_000, output_tokens=1_000, cost_usd=usd, seconds=20)
    return Entry(name, "2026-10-05T10:00:00+00:00", by, "deal", mode, "claude-sonnet-5-5", usage, settled=True)


def reserve(ledger: Ledger, usd: float, spent: float, by: str = "anna") -> None:
    with ledger.reserved(
        by=by, collection="deal", mode=Mode.LONG_DOCUMENT, model="claude-sonnet-5-5", usd=usd
    ) as money:
        money.spend(Usage(input_tokens=10, cost_usd=spent))


def test_what_a_question_did_cost_takes_the_place_of_what_was_set_aside(tmp_path: Path) -> None:
    ledger = a_ledger(tmp_path, day=1.0)
    reserve(ledger, 0.9, 0.25)
    reserve(ledger, 0.7, 0.5)
    assert ledger.left(by="anna") == pytest.approx(0.25)
    with pytest.raises(OverBudget, match=r"USD 0\.75 of it are spent"):
        reserve(ledger, 0.26, 0.0)
    reserve(ledger, 0.25, 0.25)
    assert ledger.left(by="anna") == 0.0


def test_a_question_that_was_not_billed_leaves_nothing_behind(tmp_path: Path) -> None:
    ledger = a_ledger(tmp_path)
    with (
        pytest.raises(ServiceDown),
        ledger.reserved(by="anna", collection=None, mode=Mode.HYBRID, model="claude-sonnet-5-5", usd=0.4),
    ):
        raise ServiceDown("Claude could not be reached.")
    assert ledger.entries() == ()
    assert ledger.left(by="anna") is None


def test_one_that_was_killed_in_between_stays_counted_with_the_most_it_can_have_cost(tmp_path: Path) -> None:
    ledger = a_ledger(tmp_path, month=1.0)
    with (
        pytest.raises(KeyboardInterrupt),
        ledger.reserved(by="anna", collection=None, mode=Mode.LONG_DOCUMENT, model="claude-sonnet-5-5", usd=0.4),
    ):
        raise KeyboardInterrupt
    (entry,) = ledger.entries()
    assert (entry.settled, entry.usage.cost_usd) == (False, 0.4)
    assert ledger.left(by="bert") == pytest.approx(0.6)
    report = costs_of([entry], month=entry.at[:7], by=By.MODE, prices=PRICES)
    assert report.total.unsettled == 1
    assert report.comparison is None


def test_questions_asked_at_once_do_not_pass_the_budget_together(tmp_path: Path) -> None:
    def ask(_: int) -> bool:
        try:
            reserve(a_ledger(tmp_path, day=1.0), 0.3, 0.3)  # a connection each, as processes have
        except OverBudget:
            return False
        return True

    a_ledger(tmp_path).entries()
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, range(12))) == 3


def test_a_month_is_told_by_mode_user_or_collection_with_every_question_once() -> None:
    entries = [
        an_entry("1"),
        an_entry("2", by="bert", usd=1.5),
        an_entry("3", mode=Mode.GDPR, usd=0.0),
        an_entry("4", mode=Mode.HYBRID, usd=0.1),
        replace(an_entry("4", mode=Mode.HYBRID, usd=0.0), model="llama"),
    ]
    by_mode = costs_of(entries, month="2026-10", by=By.MODE, prices=PRICES)
    assert [(line.name, line.questions) for line in by_mode.lines] == [("long-document", 2), ("hybrid", 1), ("gdpr", 1)]
    assert by_mode.total.questions == 4
    by_user = costs_of(entries, month="2026-10", by=By.USER, prices=PRICES)
    assert [(line.name, line.usage.cost_usd) for line in by_user.lines] == [("bert", 1.5), ("anna", 0.6)]
    assert by_mode.comparison is not None
    assert by_mode.comparison.questions == 3, "what a Llama answered is no cost of Claude's"


def test_the_break_even_is_where_the_lines_meet() -> None:
    comparison = costs_of([an_entry("1", usd=2.0)], month="2026-10", by=By.MODE, prices=PRICES).comparison
    assert comparison is not None
    assert comparison.break_even is not None
    assert comparison.break_even == pytest.approx(comparison.machine_month / 2.0)
    for point in comparison.points:
        if point.machines == comparison.machine_month:
            assert (point.claude < point.machines) == (point.questions < comparison.break_even)
    assert f"{comparison.break_even:,.0f} questions a month" in comparison_words(comparison)


def test_where_a_busy_machine_costs_more_than_claude_there_is_no_break_even() -> None:
    comparison = costs_of([an_entry("1", usd=0.0005)], month="2026-10", by=By.MODE, prices=PRICES).comparison
    assert comparison is not None
    assert comparison.break_even is None
    assert all(point.claude <= point.machines for point in comparison.points)
    assert "fully busy" in comparison_words(comparison)


@given(st.floats(0.0001, 50), st.integers(1, 3_000_000), st.integers(1, 50_000), st.integers(1, 5000))
def test_any_month_can_be_drawn(usd: float, read: int, written: int, questions: int) -> None:
    usage = Usage(input_tokens=read, output_tokens=written, cost_usd=usd)
    entries = [replace(an_entry(str(number)), usage=usage) for number in range(min(questions, 40))]
    report = costs_of(entries, month="2026-10", by=By.MODE, prices=PRICES)
    assert report.comparison is not None
    rows = chart.on_terminal(report.comparison)
    assert len({len(row) for row in rows[1:-1]}) == 1
    assert "●" in "".join(rows)
    assert chart.as_svg(report.comparison).count("<polyline") == 2
    json.dumps(report.to_json(), allow_nan=False)


@pytest.mark.parametrize(
    ("named", "today", "months", "month"),
    [
        ("2026-03", "2026-11-21", [], "2026-03"),
        (None, "2026-11-21", ["2026-10", "2026-11"], "2026-10"),
        (None, "2026-11-21", ["2026-11"], "2026-11"),
        (None, "2026-01-02", ["2025-12"], "2025-12"),
    ],
)
def test_last_month_is_reported_unless_it_has_nothing(
    named: str | None, today: str, months: list[str], month: str
) -> None:
    assert month_named(named, today=today, months=months) == month


@pytest.mark.parametrize("named", ["2026", "2026-13", "2026-1", "last", "2026-11-01", "20²6-11"])
def test_what_is_no_month_is_told(named: str) -> None:
    with pytest.raises(UsageError, match="no month"):
        month_named(named, today="2026-11-21", months=[])


def test_pages_are_told_in_runs() -> None:
    assert ranges([1, 2, 3, 7, 9, 10]) == "1-3, 7, 9-10"
    assert ranges([]) == ""
