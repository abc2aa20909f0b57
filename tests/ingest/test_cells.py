"""A figure without its format is another figure: cells are read as the spreadsheet shows them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.cells import Value, shown

ACCOUNTING = '_(* #,##0.00_);_(* \\(#,##0.00\\);_(* "-"??_);_(@_)'


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (0.125, "0.0%", "12.5%"),
        (0.1, "General", "0.1"),
        (0.1 + 0.2, "General", "0.3"),
        (1234567, "General", "1234567"),
        (-1234.5, "#,##0.00", "-1,234.50"),
        (-1234.5, "#,##0.00_);(#,##0.00)", "(1,234.50)"),
        (-1234.5, "#,##0_);[Red](#,##0)", "(1,235)"),
        (2.5, "0", "3"),
        (1.005, "0.00", "1.01"),
        (1234.5, ACCOUNTING, "1,234.50"),
        (-1234.5, ACCOUNTING, "(1,234.50)"),
        (0, ACCOUNTING, "-"),
        ("n/a", ACCOUNTING, "n/a"),
        (1234567.891, '#,##0.0,,"m"', "1.2m"),
        (1234.5, "[$€-407] #,##0.00", "€ 1,234.50"),
        (1234.5, '#,##0.00\\ "EUR"', "1,234.50 EUR"),
        (12, '"Q"0', "Q12"),
        (0, "0.00;-0.00;;@", ""),
        (5, ";;;", ""),
        (0.5, "#.##", ".5"),
        (5, "0.##", "5"),
        (42, "00000", "00042"),
        (12345.678, "0.00E+00", "1.23E+04"),
        (5551234, "000-0000", "555-1234"),
        (99, "[<100]0;[>=100]0.0,", "99"),
        (2500, '[<1000]0;[>=1000]0.0,"k"', "2.5k"),
        (True, "General", "TRUE"),
        (datetime.fromisoformat("2026-03-02"), "mm-dd-yy", "2026-03-02"),
        (datetime.fromisoformat("2026-03-02"), "d mmmm yyyy", "2 March 2026"),
        (datetime.fromisoformat("2026-03-02"), "[$-409]mmm-yy", "Mar-26"),
        (datetime.fromisoformat("2026-03-02T14:05"), "m/d/yy h:mm", "2026-03-02 14:05"),
        (datetime.fromisoformat("2026-03-02T14:05:09"), "dd.mm.yyyy h:mm:ss AM/PM", "02.03.2026 2:05:09 PM"),
        (46083, "yyyy\\-mm\\-dd", "2026-03-02"),
        (date(2026, 3, 2), "General", "2026-03-02"),
        (time(9, 30), "h:mm", "9:30"),
        (timedelta(hours=30, minutes=15), "[h]:mm", "30:15"),
        (timedelta(hours=30, minutes=15), "General", "30:15:00"),
        ("plain", "0.00", "plain"),
        (None, "0.00", ""),
        (0, "General", "0"),
        (0, "#,##0", "0"),
        (0, "#,###", ""),
        (1e20, "General", "1E+20"),
        (-0.001, "0.00", "0.00"),
        (1e300, "General", "1E+300"),
        (100, "General\\%", "100%"),
    ],
)
def test_a_value_is_shown_in_its_format(value: Value, number_format: str, text: str) -> None:
    assert shown(value, number_format) == text


@given(st.integers(-(10**14), 10**14), st.sampled_from(["General", "0", "#,##0", "#,##0.00", "0.0"]))
def test_a_whole_number_keeps_its_value_in_every_format(number: int, number_format: str) -> None:
    assert Decimal(shown(number, number_format).replace(",", "")) == number


@given(st.floats(allow_nan=True, allow_infinity=True) | st.integers(), st.text(max_size=20))
def test_no_format_however_odd_breaks_the_reader(number: float, number_format: str) -> None:
    assert isinstance(shown(number, number_format), str)
