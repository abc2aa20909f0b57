"""Extractive answers: the words of the documents, or a reason why there are none."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from core.answers import Support
from core.documents import Chunk, Document, DocumentId, Fate, Page, Span
from core.privacy import Clearance
from generation.citations import resolve
from generation.draft import Draft
from generation.extractive import Extractive, names_in
from generation.verify import verify

CONTRACT = """SUPPLY AGREEMENT
This Supply Agreement is made by Acme GmbH and Borealis Ltd. on 3 March 2024.
Term
The initial term of this Agreement is twenty-four months from the effective date.
Either party may terminate for convenience on ninety (90) days' written notice.
Liability
The Supplier's total liability shall not exceed EUR 2,000,000 per calendar year.
Governing law
This Agreement is governed by the laws of Austria."""

REPORT = """Consolidated statements of income (in millions)
\t2023\t2022
Net sales\t8,120\t7,540
Cost of sales\t(5,010)\t(4,800)
Operating income\t1,245\t1,101
The company employed 12,400 people at year end."""


def a_document(text: str, name: str = "d") -> Document:
    page = Page(1, "1", Span(0, len(text)), Fate.TEXT)
    return Document(
        DocumentId(name), "T", f"{name}.txt", "text/plain", text, (page,), (), "c", Clearance.RESTRICTED, "test 1"
    )


def chunks_of(*documents: Document) -> list[Chunk]:
    return [Chunk(one.id, one.id, one.title, Span(0, len(one.text)), one.text, (1,), "") for one in documents]


def ask(question: str, *texts: str) -> Draft:
    return Extractive(None).answer(question, chunks_of(*[a_document(text, f"d{n}") for n, text in enumerate(texts)]))


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("What is the initial term of the agreement?", "twenty-four months"),
        ("How much is the Supplier's total liability capped at?", "EUR 2,000,000"),
        ("Which laws govern the agreement?", "laws of Austria"),
        ("Can a party terminate for convenience?", "ninety (90) days' written notice"),
    ],
)
def test_the_sentence_that_answers_comes_first(question: str, words: str) -> None:
    assert words in ask(question, CONTRACT).claims[0].text


def test_a_value_in_a_table_comes_with_its_column_heads() -> None:
    draft = ask("What was the operating income in 2023?", REPORT)
    claim = draft.claims[0]
    assert claim.text == "Operating income | 1,245 | 1,101"
    cited = [passage.readable for passage in draft.passages if passage.number in claim.passages]
    assert cited == ["2023 | 2022", "Operating income | 1,245 | 1,101"]


def test_every_extractive_claim_is_verified_against_its_quotes() -> None:
    documents = {document.id: document for document in (a_document(CONTRACT, "c"), a_document(REPORT, "r"))}
    for question in ("What was the operating income in 2023?", "What limits the liability of the Supplier?"):
        draft = Extractive(None).answer(question, chunks_of(*documents.values()))
        claims = verify(resolve(draft, documents))
        assert claims
        assert {claim.support for claim in claims} == {Support.VERIFIED}


@pytest.mark.parametrize("question", ["Who won the football cup?", "How are patients with asthma treated?"])
def test_a_question_that_the_documents_do_not_answer_gets_a_reason_and_no_claim(question: str) -> None:
    draft = ask(question, CONTRACT, REPORT)
    assert draft.claims == ()
    assert draft.reason is not None
    assert "2 documents" in draft.reason


def test_nothing_to_read_is_told_apart_from_nothing_found() -> None:
    assert Extractive(None).answer("What?", []).reason == "The search found nothing to read for this question."


def test_the_same_words_in_two_documents_are_one_claim_with_two_places() -> None:
    draft = ask("Which laws govern the agreement?", CONTRACT, CONTRACT)
    assert len(draft.claims[0].passages) == 2
    assert len({claim.text for claim in draft.claims}) == len(draft.claims)
    assert len(draft.documents()) == 2


@pytest.mark.parametrize(
    ("question", "text", "words"),
    [
        (
            "Wann endet der Vertrag?",
            "Die Miete beträgt 500 Euro. Der Vertrag endet am 31. Dezember 2023.",
            "31. Dezember",
        ),
        ("合同何时终止？", "租金为五百元。合同于二零二三年终止。", "合同于"),
        ("Quelle est la durée du bail?", "Le loyer est de 500 euros. La durée du bail est de neuf ans.", "neuf ans"),
    ],
)
def test_other_languages_are_answered_too(question: str, text: str, words: str) -> None:
    assert words in ask(question, text).claims[0].text


def test_similarity_finds_what_is_said_in_other_words() -> None:
    def similarity(question: str, texts: Sequence[str]) -> list[float]:
        return [0.9 if "laws of Austria" in text else 0.1 for text in texts]

    draft = Extractive(similarity).answer("Wherever do we sue?", chunks_of(a_document(CONTRACT)))
    assert "laws of Austria" in draft.claims[0].text


def test_the_answer_is_told_as_it_is_returned() -> None:
    told: list[str] = []
    draft = Extractive(None).answer("Which laws govern the agreement?", chunks_of(a_document(CONTRACT)), told.append)
    assert "".join(told) == " ".join(claim.text for claim in draft.claims)


def test_an_answer_is_about_those_that_the_question_names() -> None:
    tessera = "Tessera Pumps shall deliver within ninety days of the order."
    northwind = "Northwind Castings shall deliver within ten days of the order."
    draft = ask("When must Northwind Castings deliver the order?", tessera, northwind)
    assert [claim.text for claim in draft.claims] == [northwind]


def test_nothing_that_was_read_mentions_the_name_so_there_is_no_answer() -> None:
    draft = ask("When must Zorbania Metals deliver?", "Tessera Pumps shall deliver within ninety days of the order.")
    assert draft.claims == ()
    assert "“Zorbania”" in str(draft.reason)


@pytest.mark.parametrize(
    ("question", "language", "names"),
    [
        ("When must Northwind's invoices be paid?", "english", ("Northwind",)),
        ("What was the EBITDA of Tessera in FY2022?", "english", ("Tessera", "2022")),
        ("Welche Frist gilt für die Kündigung der Wohnung 2024?", "german", ("2024",)),
        ("What Is The Price Of The Valves?", "english", ()),
        ("Is the fee due? Please answer in USD.", "english", ()),
    ],
)
def test_names_are_told_by_their_capitals_where_capitals_tell_names(
    question: str, language: str, names: tuple[str, ...]
) -> None:
    assert names_in(question, language) == names
