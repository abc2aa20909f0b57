"""Terms for law and finance, and their weights."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.sparse import K1, document_weights, question_weights, term_index, terms


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("Form 10-K", "form 10K"),
        ("EUR 1,500,000.00", "1500000"),
        ("1.500.000 Euro", "1500000"),
        ("CHF 1'500'000", "1500000"),
        ("Section 4.2", "§ 4.2"),
        ("§4", "section 4"),
        ("FY2022", "2022"),
        ("FY22", "fy 2022"),
        ("under 17 U.S.C.", "usc"),
        ("the Supplier’s obligations", "supplier's obligation"),
        ("non-disclosure", "disclosure"),
        ("non-disclosure", "nondisclosure"),
        ("at 8%", "8 percent"),
        ("invoices were paid", "paying an invoice"),
        ("as of 2022-12-31", "2022"),
        ("the agreement.The parties", "agreement"),
        ("ﬁnancial ① STATEMENTS", "financial statement 1"),
        ("Straße", "STRASSE"),
    ],
)
def test_what_a_document_writes_is_found_as_a_person_asks(written: str, asked: str) -> None:
    assert set(question_weights(asked).indices) & set(document_weights(written).indices)


def test_decimals_and_section_numbers_stay_whole() -> None:
    assert terms("3.5 and 12.1.4") == ["3.5", "12.1.4"]
    assert not set(terms("Section 4.2")) & set(terms("2.4"))


@pytest.mark.parametrize("word", ["not", "no", "nor", "shall", "may", "must", "without", "unless", "except"])
def test_words_that_turn_a_clause_around_are_never_dropped(word: str) -> None:
    assert terms(word) == [word]


def weight_of(word: str, text: str) -> float:
    weights = document_weights(text)
    return dict(zip(weights.indices, weights.values, strict=True))[term_index(word)]


def test_a_word_that_is_repeated_counts_more_but_never_more_than_its_limit() -> None:
    once, twice, often = (weight_of("fee", "fee " * times + "due " * (50 - times)) for times in (1, 2, 49))
    assert once < twice < often < K1 + 1


def test_a_word_weighs_more_in_a_short_chunk_than_in_a_long_one() -> None:
    assert weight_of("fee", "fee due") > weight_of("fee", "fee due " + "zebra " * 200)


def test_terms_have_the_same_number_in_every_process() -> None:
    assert term_index("fee") == 215_793_189


@given(st.text())
def test_any_text_gives_ascending_unique_indices_and_positive_weights(text: str) -> None:
    for weights in (document_weights(text), question_weights(text)):
        assert list(weights.indices) == sorted(set(weights.indices))
        assert len(weights.indices) == len(weights.values)
        assert all(0 <= index < 2**32 for index in weights.indices)
        assert all(value > 0 for value in weights.values)
