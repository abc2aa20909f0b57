"""Terms for law and finance, language by language."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.terms import LANGUAGES, beside, terms


def test_decimals_and_section_numbers_stay_whole() -> None:
    assert terms("3.5 and 12.1.4") == ["3.5", "12.1.4"]
    assert not set(terms("Section 4.2")) & set(terms("2.4"))


@pytest.mark.parametrize(
    ("words", "language"),
    [
        ("not no nor shall may must without unless except only any all", "en"),
        ("nicht kein keine ohne muss darf soll kann nur alle jede sofern", "de"),
        ("ne pas sans jamais doit peut sauf seulement tout aucun", "fr"),
        ("no sin nunca debe puede salvo solo todo ningún", "es"),
        ("non senza mai deve può salvo solo ogni nessun", "it"),
        ("não sem nunca deve pode salvo só todo nenhum", "pt"),
        ("niet geen zonder nooit moet mag kan tenzij alleen elke", "nl"),
        ("ikke uden aldrig skal må kan kun alle ingen", "da"),
        ("inte utan aldrig skall ska måste får kan endast alla ingen", "sv"),
        ("ikke uten aldri skal må kan bare alle ingen", "no"),
    ],
)
def test_words_that_turn_a_clause_around_are_never_dropped(words: str, language: str) -> None:
    for word in words.split():
        assert len(terms(word, language)) == 1


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        ("Kündigungen der Verträge", "die Kündigung des Vertrages", "de"),
        ("Geschäftsführer", "Geschaeftsfuehrer", "de"),
        ("12.500,00 EUR", "12500 EUR", "de"),
        ("l'obligation de payer", "obligations payer", "fr"),
        ("dell'obbligazione", "obbligazioni", "it"),
        ("las obligaciones", "la obligación", "es"),
        ("de verplichtingen", "een verplichting", "nl"),
        ("§ 433", "section 433", "de"),
    ],
)
def test_two_forms_of_one_word_are_one_term_in_their_language(one: str, other: str, language: str) -> None:
    assert terms(one, language) == terms(other, language)


def test_a_decimal_is_read_as_its_language_writes_it() -> None:
    assert terms("3,5 Prozent", "de")[0] == terms("3.5 percent")[0] == "3.5"
    assert terms("12.500", "de") == terms("12,500", "en") == ["12500"]
    assert terms("12.500", "en") == ["12.500"]


def test_the_year_of_a_date_is_found() -> None:
    assert "2022" in terms("zum 31.12.2022", "de")


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("Section 4.2(b) applies", "clause 4.2 (b)"),
        ("gemäß § 433 Abs. 1 BGB", "paragraph 433(1)"),
        ("Art. 17 Abs. 1 DSGVO", "Article 17(1)"),
        ("Item 7A. Quantitative disclosures", "item 7a"),
        ("Schedule 3", "annex 3"),
        ("Theo Điều 12", "article 12"),
    ],
)
def test_a_reference_is_found_however_it_is_named(written: str, asked: str) -> None:
    assert beside(asked) and set(beside(asked)) <= set(beside(written))


def test_a_number_is_no_reference_without_the_name_of_a_place() -> None:
    assert beside("17 employees of 4.2 million") == []
    assert not set(beside("section 17")) & set(beside("article 17"))


def test_words_of_two_syllables_are_pairs_in_vietnamese_alone() -> None:
    assert beside("trách nhiệm hình sự, từ đủ", "vi") == ["trách nhiệm", "nhiệm hình", "hình sự", "từ đủ"]
    assert beside("trách nhiệm", "en") == []


def test_where_no_blanks_part_the_words_pairs_of_characters_do() -> None:
    assert terms("合同终止", "zh") == ["合同", "同终", "终止"]
    assert set(terms("终止合同", "")) & set(terms("合同终止", "zh"))
    assert terms("第2条") == ["第", "2", "条"]


@given(st.text(), st.sampled_from([*LANGUAGES, "", "vi", "zh"]))
def test_any_text_in_any_language_gives_terms_without_blanks_and_never_none_for_a_number(text: str, lang: str) -> None:
    for term in terms(text, lang):
        assert term and not any(map(str.isspace, term))
    assert "1577" in terms(f"{text} 1577", lang)
