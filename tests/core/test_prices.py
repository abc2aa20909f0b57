"""One dated file says what tokens and machines cost."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.answers import Usage
from core.errors import ConfigError
from core.prices import OURS, read_prices


def test_tokens_cost_what_the_list_says_each_kind_at_its_rate() -> None:
    usage = Usage(input_tokens=1200, cache_write_tokens=200, cache_read_tokens=300, output_tokens=100)
    cost = read_prices().cost("claude-sonnet-5-5", usage)
    assert cost == pytest.approx((1000 * 2 + 200 * 4 + 300 * 0.1 + 100 * 10) / 1e6)


def test_a_long_request_is_priced_by_its_own_band() -> None:
    prices = read_prices()
    short, long = Usage(input_tokens=100_000), Usage(input_tokens=50_000, cache_read_tokens=50_001)
    assert prices.cost("claude-haiku-5-5", short) == pytest.approx(0.01)
    assert prices.cost("claude-haiku-5-5", long) == pytest.approx((50_000 * 0.5 + 50_001 * 0.05) / 1e6)


def test_a_model_is_found_by_its_name_with_any_date_and_never_by_that_of_another() -> None:
    prices, usage = read_prices(), Usage(input_tokens=1000)
    assert prices.cost("claude-haiku-4-5-20251001", usage) == prices.cost("claude-haiku-4-5", usage)
    for model in ("claude-sonnet-5-6", "claude-sonnet", "gpt-6"):
        with pytest.raises(ConfigError, match="DOSSIER_PRICES"):
            prices.cost(model, usage)


def test_a_machine_costs_the_same_whether_it_is_asked_or_not_and_a_second_is_needed_when_one_is_busy() -> None:
    machine = read_prices().machine
    assert machine.a_month() > machine.price / machine.months
    assert machine.needed(0) == 1
    busy = 730 * 3600 * machine.busy
    assert (machine.needed(busy), machine.needed(busy + 1)) == (1, 2)


def test_our_file_is_dated_and_names_its_sources() -> None:
    text = OURS.read_text(encoding="utf-8")
    assert read_prices().dated.year >= 2026
    assert "platform.claude.com" in text


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, "cannot be read"),
        ("dated = ", "is not TOML"),
        ("dated = 2026-01-01\n[claude]\n", "machine: Field required"),
        (OURS.read_text(encoding="utf-8").replace("busy = 0.25", "busy = 25"), "machine.busy"),
    ],
)
def test_a_file_of_prices_that_cannot_be_used_is_told_in_a_sentence(
    tmp_path: Path, text: str | None, sentence: str
) -> None:
    path = tmp_path / "prices.toml"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=sentence):
        read_prices(path)
