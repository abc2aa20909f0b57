"""Which terms are in force, end to end: two agreements with the same numbers, a chain, and what cannot be told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from app.reports import answer_json
from app.service import App
from core.answers import Answer, Support
from core.documents import Document
from core.privacy import Clearance
from core.terms import Force
from tests.conftest import MATTER

Folder = Callable[..., Path]

SUPPLY = """SUPPLY AGREEMENT

This Supply Agreement is made on 14 March 2023 between Alder Valves Ltd and Birch Pumps GmbH.

1. Definitions

1.1 "Net Price" means the list price less all rebates.

4. Payment

4.1 Invoices are issued monthly.

4.2 The Customer shall pay each invoice within sixty (60) days of receipt.

5. Liability

5.1 The total liability of the Supplier shall not exceed EUR 1,000,000.
"""
LEASE = """LEASE

This Lease is made on 1 June 2022 between Cedar Estates Ltd and Dogwood Foods plc.

4. Rent

4.2 The Tenant shall pay the rent of EUR 900 within ten days.
"""
FIRST = """AMENDMENT NO. 1

to the Supply Agreement dated 14 March 2023 between Alder Valves Ltd and Birch Pumps GmbH

This Amendment is made on 2 September 2024.

1. With effect from 1 October 2024, Clause 4.2 is deleted and replaced by the following:

"4.2 The Customer shall pay each invoice within thirty (30) days of receipt."

2. Nothing in this Amendment changes Clause 5.1, and Clause 5.1 is not amended.
"""
SECOND = """AMENDMENT NO. 2

to the Supply Agreement dated 14 March 2023 between Alder Valves Ltd and Birch Pumps GmbH

This Amendment is made on 5 May 2025.

1. Clause 4.2 is deleted and replaced by the following:

"4.2 The Customer shall pay each invoice within fourteen (14) days of receipt."
"""
QUESTION = "Within how many days must the Customer pay each invoice?"


def ask(app: App, question: str = QUESTION, **options: object) -> Answer:
    answer = app.ask(question, collection="deal", by="anna", **options)  # type: ignore[arg-type]
    for one in answer.terms:
        for citation in filter(None, (one.original, one.amendment, one.text)):
            assert_quotes(app.document(citation.document_id), citation.quote, citation.span.start)
    for definition in answer.definitions:
        citation = definition.citation
        assert_quotes(app.document(citation.document_id), citation.quote, citation.span.start)
    assert all(claim.support is Support.VERIFIED for claim in answer.claims)
    return answer


def assert_quotes(document: Document, quote: str, at: int) -> None:
    assert document.text[at : at + len(quote)] == quote


def test_the_claim_in_force_comes_first_and_the_superseded_one_is_marked(app: App, a_folder: Folder) -> None:
    app.ingest([a_folder(supply__txt=SUPPLY, one__txt=FIRST)], collection="deal", by="anna")
    answer = ask(app)
    assert "thirty (30) days" in answer.claims[0].text
    assert answer.claims[0].force is Force.IN_FORCE
    old = [claim for claim in answer.claims if "sixty" in claim.text]
    assert [claim.force for claim in old] in ([Force.SUPERSEDED], [])
    (term,) = answer.terms
    assert (term.section, term.effective, term.in_force) == ("Clause 4.2", date(2024, 10, 1), Force.IN_FORCE)
    assert term.original is not None
    assert "sixty (60)" in term.original.quote
    assert term.text is not None
    assert "thirty (30)" in term.text.quote
    assert answer.amended_until == date(2024, 10, 1)


def test_as_of_a_day_before_the_amendment_the_original_is_in_force(app: App, a_folder: Folder) -> None:
    app.ingest([a_folder(supply__txt=SUPPLY, one__txt=FIRST)], collection="deal", by="anna")
    answer = ask(app, as_of=date(2024, 9, 30))
    assert "sixty (60) days" in answer.claims[0].text
    assert answer.claims[0].force is Force.IN_FORCE
    assert answer.terms[0].in_force is Force.NOT_YET
    assert all(claim.force is Force.NOT_YET for claim in answer.claims if "thirty" in claim.text)


def test_the_second_amendment_replaces_what_the_first_replaced(app: App, a_folder: Folder) -> None:
    app.ingest([a_folder(supply__txt=SUPPLY, one__txt=FIRST, two__txt=SECOND)], collection="deal", by="anna")
    for day, days in ((None, "fourteen"), (date(2024, 12, 1), "thirty"), (date(2024, 1, 1), "sixty")):
        answer = ask(app, as_of=day)
        assert days in answer.claims[0].text, day
        assert answer.claims[0].force is Force.IN_FORCE
        past = [claim for claim in answer.claims if "days" in claim.text and days not in claim.text]
        assert all(claim.force in (Force.SUPERSEDED, Force.NOT_YET) for claim in past)


def test_clause_4_2_of_another_agreement_is_not_touched(app: App, a_folder: Folder) -> None:
    app.ingest([a_folder(supply__txt=SUPPLY, lease__txt=LEASE, one__txt=FIRST)], collection="deal", by="anna")
    answer = ask(app, "Within how many days does the Tenant pay the rent?")
    rent = next(claim for claim in answer.claims if "Tenant" in claim.text)
    assert rent.force is None


def test_what_only_looks_like_an_amendment_leaves_the_clause_alone(app: App, a_folder: Folder) -> None:
    app.ingest([a_folder(supply__txt=SUPPLY, one__txt=FIRST)], collection="deal", by="anna")
    answer = ask(app, "What is the total liability of the Supplier?")
    cap = next(claim for claim in answer.claims if "1,000,000" in claim.text)
    assert cap.force is None


def test_an_undated_amendment_applies_but_on_a_day_it_is_unclear(app: App, a_folder: Folder) -> None:
    undated = SECOND.replace("This Amendment is made on 5 May 2025.\n\n", "")
    app.ingest([a_folder(supply__txt=SUPPLY, two__txt=undated)], collection="deal", by="anna")
    assert ask(app).claims[0].force is Force.IN_FORCE
    answer = ask(app, as_of=date(2025, 1, 1))
    assert answer.terms[0].in_force is Force.UNCLEAR
    assert "not known" in answer.terms[0].note


def test_an_amendment_whose_agreement_is_not_here_is_said(app: App, a_folder: Folder) -> None:
    app.ingest([a_folder(lease__txt=LEASE, one__txt=FIRST)], collection="deal", by="anna")
    answer = ask(app)
    (term,) = answer.terms
    assert term.agreement is None
    assert "not among the documents" in term.note
    assert term.in_force is Force.UNCLEAR


def test_an_amendment_that_may_be_of_two_agreements_decides_nothing(app: App, a_folder: Folder) -> None:
    twin = SUPPLY.replace("sixty (60)", "ninety (90)")
    app.ingest([a_folder(supply__txt=SUPPLY, twin__txt=twin, one__txt=FIRST)], collection="deal", by="anna")
    answer = ask(app)
    assert {claim.force for claim in answer.claims if claim.force} == {Force.UNCLEAR}
    assert "2 documents here may be that" in answer.terms[0].note


def test_an_amendment_outside_the_documents_that_were_named_is_told_but_not_quoted(app: App, a_folder: Folder) -> None:
    app.ingest([a_folder(supply__txt=SUPPLY, one__txt=FIRST)], collection="deal", by="anna")
    supply = next(one.document_id for one in app.documents("deal") if one.source == "supply.txt")
    answer = ask(app, documents=[supply])
    assert answer.claims[0].force is Force.SUPERSEDED
    (term,) = answer.terms
    assert (term.amendment, term.text) == (None, None)
    assert "not among the documents that you asked about" in term.note


def test_a_defined_term_brings_its_definition(app: App, a_folder: Folder) -> None:
    text = SUPPLY + "\n6. Rebates\n\n6.1 The Supplier shall grant a rebate of 3% on the Net Price in December.\n"
    app.ingest([a_folder(supply__txt=text)], collection="deal", by="anna")
    answer = ask(app, "What rebate does the Supplier grant in December?")
    (definition,) = [one for one in answer.definitions if one.term == "Net Price"]
    assert definition.citation.quote.endswith('"Net Price" means the list price less all rebates.')


def test_the_json_of_an_answer_has_the_terms(app: App, a_folder: Folder) -> None:
    app.ingest([a_folder(supply__txt=SUPPLY, one__txt=FIRST)], collection="deal", by="anna")
    answer = ask(app)
    value = answer_json(answer, app.sources(answer))
    (term,) = value["terms"]
    assert term["section"] == "Clause 4.2"
    assert term["effective"] == "2024-10-01"
    assert term["original"]["source"] == "supply.txt"
    assert term["amendment"]["source"] == "one.txt"
    assert value["claims"][0]["force"] == "in force"


def test_erasing_the_amendment_leaves_the_original_alone(app: App, a_folder: Folder) -> None:
    app.ingest([a_folder(supply__txt=SUPPLY, one__txt=FIRST)], collection="deal", by="anna")
    first = next(one.document_id for one in app.documents("deal") if one.source == "one.txt")
    app.erase([first], by="anna")
    answer = ask(app)
    assert answer.terms == ()
    assert answer.claims[0].force is None


def test_the_example_matter_shows_what_is_in_force(app: App) -> None:
    app.ingest([MATTER], collection="deal", by="anna", clearance=Clearance.RESTRICTED)
    answer = ask(app, "Within how many days must invoices be paid under the supply agreement?")
    assert "thirty (30) days" in answer.claims[0].text
    assert [one.section for one in answer.terms if one.in_force is Force.IN_FORCE][0] == "Clause 8.2"
    before = ask(app, "Within how many days must invoices be paid under the supply agreement?", as_of=date(2024, 6, 1))
    assert "sixty (60) days" in before.claims[0].text


RESTATED = """AMENDED AND RESTATED SUPPLY AGREEMENT

This Amended and Restated Supply Agreement is made on 3 February 2025 between Alder Valves Ltd and Birch Pumps GmbH.

4. Payment

4.2 The Customer shall pay each invoice within ten (10) days of receipt.
"""


def test_a_restated_agreement_without_the_date_of_the_earlier_one_is_tied_to_the_only_one_that_fits(
    app: App, a_folder: Folder
) -> None:
    other = SUPPLY.replace("Birch Pumps GmbH", "Fir Tools AG").replace("sixty (60)", "seventy (70)")
    later = SUPPLY.replace("14 March 2023", "9 May 2025").replace("sixty (60)", "eighty (80)")
    folder = a_folder(supply__txt=SUPPLY, restated__txt=RESTATED, other__txt=other, later__txt=later, lease__txt=LEASE)
    app.ingest([folder], collection="deal", by="anna")
    answer = ask(app, f"{QUESTION} As agreed between Alder Valves and Birch Pumps?")
    force = {
        claim.text.split("within ")[1].split()[0]: claim.force for claim in answer.claims if "within" in claim.text
    }
    assert force["sixty"] is Force.SUPERSEDED
    assert force.get("seventy") is None, "of other parties"
    assert force.get("eighty") is None, "made later"
    note = next(term.note for term in answer.terms)
    assert note == "it names no date of what it restates: the only earlier “supply agreement” of its parties is taken"


def test_a_restated_agreement_that_may_restate_two_decides_nothing_and_says_so(app: App, a_folder: Folder) -> None:
    older = SUPPLY.replace("14 March 2023", "2 July 2019").replace("sixty (60)", "ninety (90)")
    app.ingest([a_folder(supply__txt=SUPPLY, older__txt=older, restated__txt=RESTATED)], collection="deal", by="anna")
    answer = ask(app)
    assert {claim.force for claim in answer.claims if claim.force} == {Force.UNCLEAR}
    assert "2 earlier ones of its parties are among the documents here" in answer.terms[0].note


def test_two_exchanges_of_words_in_one_sentence_are_two_terms(app: App, a_folder: Folder) -> None:
    supply = SUPPLY.replace(
        "within sixty (60) days of receipt", "within sixty (60) days and in sums of EUR 500 at least"
    )
    twice = FIRST.replace(
        "Clause 4.2 is deleted and replaced by the following:\n\n"
        '"4.2 The Customer shall pay each invoice within thirty (30) days of receipt."',
        'in Clause 4.2 "sixty (60) days" is replaced by "thirty (30) days" and "EUR 500" by "EUR 900".',
    )
    app.ingest([a_folder(supply__txt=supply, one__txt=twice)], collection="deal", by="anna")
    answer = ask(app)
    assert [term.text.quote for term in answer.terms if term.text] == ["thirty (30) days", "EUR 900"]
    old = next(claim for claim in answer.claims if "sums of EUR 500" in claim.text)
    assert old.force is Force.SUPERSEDED


def test_a_new_text_that_nothing_ends_is_told_with_a_note(app: App, a_folder: Folder) -> None:
    first = """AMENDMENT NO. 1

to the Supply Agreement dated 14 March 2023 between Alder Valves Ltd and Birch Pumps GmbH

This Amendment is made on 2 September 2024.

Clause 4.2 is deleted and replaced by the following:

The Customer shall pay each invoice within thirty (30) days of receipt.

The parties will meet once in each quarter.
"""
    app.ingest([a_folder(supply__txt=SUPPLY, one__txt=first)], collection="deal", by="anna")
    answer = ask(app)
    (term,) = answer.terms
    assert term.text is not None
    assert term.text.quote == "The Customer shall pay each invoice within thirty (30) days of receipt."
    assert "nothing tells where its new text ends" in term.note
