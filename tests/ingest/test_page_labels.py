"""The number that is printed on a page, told from all other numbers at its edge."""

from __future__ import annotations

import pytest

from ingest.page_labels import printed_labels


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["F-11", "F-12", "F-13"], ["F-11", "F-12", "F-13"]),
        (["iii", "iv", "1", "2"], ["iii", "iv", "1", "2"]),
        (["Page 3 of 40", "Page 4 of 40"], ["3", "4"]),
        (["- 7 -", "- 8 -"], ["7", "8"]),
        (["Annual Report 2024\t17", "18\tAnnual Report 2024"], ["17", "18"]),
        (["Annual Report 2024 17", "Annual Report 2024 18"], ["17", "18"]),
        (["2024", "2024", "2024"], ["", "", ""]),
        (["vil", "vil"], ["", ""]),
        (["12", "40", "7"], ["", "", ""]),
    ],
)
def test_a_number_that_runs_along_with_the_pages_is_their_label(lines: list[str], expected: list[str]) -> None:
    assert printed_labels([[line] for line in lines]) == expected


def test_a_page_without_a_number_has_none_and_does_not_break_the_series() -> None:
    assert printed_labels([["5"], [], ["7"]]) == ["5", "", "7"]
