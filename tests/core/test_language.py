"""Which language a text is written in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.language import SAMPLE, SAMPLES, UNKNOWN, language_of

SENTENCES = {
    "en": "The Supplier shall not assign this Agreement without the prior written consent of the Customer.",
    "de": "Der Lieferant darf diesen Vertrag nicht ohne vorherige schriftliche Zustimmung des Kunden abtreten.",
    "fr": "Le fournisseur ne peut céder le présent contrat sans l'accord écrit préalable du client.",
    "es": "El proveedor no podrá ceder este contrato sin el consentimiento previo por escrito del cliente.",
    "it": "Il fornitore non può cedere il presente contratto senza il previo consenso scritto del cliente.",
    "pt": "O fornecedor não pode ceder este contrato sem o consentimento prévio por escrito do cliente.",
    "nl": "De leverancier mag deze overeenkomst niet overdragen zonder voorafgaande schriftelijke toestemming.",
    "sv": "Leverantören får inte överlåta detta avtal utan kundens skriftliga samtycke i förväg.",
    "vi": "Nhà cung cấp không được chuyển nhượng hợp đồng này nếu không có sự đồng ý bằng văn bản của khách hàng.",
}


@pytest.mark.parametrize("language", SENTENCES)
def test_one_sentence_is_enough(language: str) -> None:
    assert language_of(SENTENCES[language]) == language


@pytest.mark.parametrize("text", ["", " \n", "1,577 1,420 (35) 12.5 %", "***"])
def test_what_has_no_words_has_no_language(text: str) -> None:
    assert language_of(text) == UNKNOWN


def test_a_name_alone_has_no_language() -> None:
    assert language_of("Microsoft 10-K") == UNKNOWN


def test_a_long_document_is_judged_by_all_of_it_and_not_by_its_first_page() -> None:
    text = SENTENCES["en"] * 5 + SENTENCES["de"] * (SAMPLE * SAMPLES // 20)
    assert language_of(text) == "de"


@given(st.text())
def test_any_text_has_a_language_or_none_and_always_the_same(text: str) -> None:
    assert language_of(text) == language_of(text)
