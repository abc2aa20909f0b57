"""Figures as people write them: value, sign, scale, currency, and how many digits were shown."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.figures import figure_of, figures_in, same, scale_in


@pytest.mark.parametrize(
    ("text", "value", "currency", "percent"),
    [
        ("$1,234.5 million", "1234500000", "$", False),
        ("(339)", "-339", "", False),
        ("$(4,625)", "-4625", "$", False),
        ("12.4 %", "0.124", "", True),
        ("14.1 per cent", "0.141", "", True),
        ("1.500.000,50 EUR", "1500000.50", "EUR", False),
        ("−14.76%", "-0.1476", "", True),
        ("USD $5", "5", "USD", False),
        ("3,5 Mio. €", "3500000", "EUR", False),
    ],
)
def test_a_figure_has_its_value_sign_scale_and_currency(text: str, value: str, currency: str, percent: bool) -> None:
    figure = figure_of(text)
    assert figure is not None
    assert (figure.value, figure.currency, figure.percent) == (Decimal(value), currency, percent)


@pytest.mark.parametrize(
    ("text", "power"),
    [
        ("(in millions, except per share data)", 6),
        ("Answer in USD billions.", 9),
        ("(Dollars in thousands)", 3),
        ("in Mio. EUR", 6),
        ("$ in 000's", 3),
        ("in units of percents", None),
    ],
)
def test_what_a_table_or_question_counts_in_is_read(text: str, power: int | None) -> None:
    assert scale_in(text) == power


@given(st.integers(0, 10**9), st.sampled_from(["{:,}", "{}", "({:,})", "${:,}"]))
def test_a_whole_number_is_read_back_however_it_is_written(number: int, form: str) -> None:
    figure = figure_of(form.format(number))
    assert figure is not None
    assert abs(figure.value) == number


def test_figures_are_the_same_at_the_digits_of_the_coarser_one() -> None:
    exact, rounded, other = figures_in("4.625 and 4.6 and 4.7")
    assert same(exact, rounded)
    assert not same(exact, other)


def test_a_cell_of_words_or_of_two_figures_is_no_figure() -> None:
    assert figure_of("Note 7 of 2023") is None
    assert figure_of("—") is None
