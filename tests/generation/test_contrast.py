"""What counts as a contradiction: one critical word in a sentence that is otherwise repeated, and nothing less."""

from __future__ import annotations

import pytest

from generation.contrast import contradicts
from generation.evidence import units_of

SOURCE = "The Customer shall pay each invoice of USD 500 or more to Harbour Estates within thirty (30) days of receipt."


def told(claim: str, source: str = SOURCE) -> bool:
    return contradicts(units_of(claim)[0], units_of(source)[0])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("thirty (30)", "sixty (60)"),
        ("thirty (30)", "90"),
        ("500", "5,000"),
        ("USD", "EUR"),
        ("shall pay", "shall not pay"),
        ("shall pay", "may pay"),
        ("or more", "or less"),
        ("Harbour Estates", "Northwind"),
        ("Customer", "Supplier"),
    ],
)
def test_one_critical_word_in_a_repeated_sentence_contradicts_it(before: str, after: str) -> None:
    assert told(SOURCE.replace(before, after))
    assert not told(SOURCE)


def test_a_negation_that_is_left_out_contradicts() -> None:
    source = "The Supplier shall not be liable for loss of profit."
    assert told(source.replace(" not", ""), source)
    assert not told(source, source)


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("2. Select a planting site with full sun.", "4. Select a planting site with full sun."),
        ("The US Department of Justice has opened a case.", "The U.S. Department of Justice has opened a case."),
        ("Six PhD students were awarded a grant.", "Six Ph.D. students were awarded a grant."),
        ("A low level can help to exclude a failure.", "A low level may help to exclude a failure."),
        ("Conversely, low levels tend to exclude failure.", "The finding of low levels tends to exclude failure."),
        ("Payment is due in twelve months after signing.", "Payment is due in 12 months after signing."),
    ],
)
def test_list_numbers_abbreviations_and_first_words_of_a_retold_sentence_do_not(claim: str, source: str) -> None:
    assert not told(claim, source)


def test_what_is_worded_anew_is_left_to_the_score() -> None:
    assert not told("Invoices are due within 90 days.")
    assert not told("Yes.")
