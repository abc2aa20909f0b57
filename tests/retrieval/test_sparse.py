"""What a chunk and a question weigh in their terms."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.sparse import FOREIGN, K1, document_weights, question_weights, term_index


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


def weight_of(word: str, text: str) -> float:
    weights = document_weights(text)
    return dict(zip(weights.indices, weights.values, strict=True))[term_index(f"en:{word}")]


def test_a_word_that_is_repeated_counts_more_but_never_more_than_its_limit() -> None:
    once, twice, often = (weight_of("fee", "fee " * times + "due " * (50 - times)) for times in (1, 2, 49))
    assert once < twice < often < K1 + 1


def test_a_word_weighs_more_in_a_short_chunk_than_in_a_long_one() -> None:
    assert weight_of("fee", "fee due") > weight_of("fee", "fee due " + "zebra " * 200)


def shared(question: str, text: str, language: str) -> float:
    """The product of both sides, without IDF."""
    asked, held = question_weights(question), document_weights(text, language)
    values = dict(zip(held.indices, held.values, strict=True))
    return sum(weight * values.get(index, 0.0) for index, weight in zip(asked.indices, asked.values, strict=True))


GERMAN = "Wie lang ist die Frist für die Kündigung des Vertrages durch die Siemens AG?"
ENGLISH = "How long is the period for termination of the agreement by Siemens AG?"


def test_a_question_meets_documents_of_its_own_language_by_their_stems() -> None:
    assert shared(GERMAN, "Kündigungen", "de") > 0
    assert shared(ENGLISH, "terminations", "en") > 0


def test_a_name_is_found_in_a_foreign_document_but_weighs_less_there() -> None:
    at_home, abroad = shared(ENGLISH, "Siemens", "en"), shared(ENGLISH, "Siemens", "de")
    assert 0 < abroad == pytest.approx(FOREIGN * at_home)
    assert shared(GERMAN, "Siemens", "en") == pytest.approx(abroad)


def test_a_number_weighs_the_same_in_every_language() -> None:
    asked = "What is the fee of 12,500 in Section 4.2?"
    for place in ("12,500", "4.2"):
        assert shared(asked, place, "en") == shared(asked, place, "de") == shared(asked, place, "") > 0


def test_stems_of_two_languages_never_meet() -> None:
    # The German stemmer takes "notes" for a plural of "not".
    notes = document_weights("notes", "de")
    assert not set(notes.indices) & set(document_weights("not", "en").indices)


def test_stop_words_of_the_question_are_dropped_in_all_languages() -> None:
    assert shared(ENGLISH, "is the for of by", "de") == 0
    assert shared(GERMAN, "die des durch", "en") == 0


def test_a_question_that_is_a_name_speaks_all_languages() -> None:
    assert shared("Siemens", "Siemens", "de") == shared("Siemens", "Siemens", "en")


def test_a_question_in_a_language_without_a_stemmer_meets_its_documents() -> None:
    asked = "Người từ đủ bao nhiêu tuổi phải chịu trách nhiệm hình sự?"
    assert shared(asked, "chịu trách nhiệm hình sự", "vi") > shared(asked, "hình, trách, sự, nhiệm, chịu", "vi") > 0


def test_terms_have_the_same_number_in_every_process() -> None:
    assert term_index("fee") == 215_793_189


@given(st.text())
def test_any_text_gives_ascending_unique_indices_and_positive_weights(text: str) -> None:
    for weights in (document_weights(text), question_weights(text)):
        assert list(weights.indices) == sorted(set(weights.indices))
        assert len(weights.indices) == len(weights.values)
        assert all(0 <= index < 2**32 for index in weights.indices)
        assert all(value > 0 for value in weights.values)
