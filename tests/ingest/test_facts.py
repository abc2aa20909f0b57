"""Whose a document is, of when and of what kind: read where people write it, and said to be unsure where it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.documents import Block, BlockKind, Document, DocumentId, Fate, Page, Span
from core.facts import SURE, FactKind, Facts, Origin, facts_from_json, facts_to_json, values_of
from core.privacy import Clearance
from ingest.facts import facts_of

COVER = """UNITED STATES
SECURITIES AND EXCHANGE COMMISSION
FORM 10-K
☒ ANNUAL REPORT PURSUANT TO SECTION 13 OR 15(d)
For the fiscal year ended September 30, 2023
Commission file number 1-99999
NORTHWIND CASTINGS, INC.
(Exact name of registrant as specified in its charter)
Title of each class	Trading Symbol(s)	Name of each exchange on which registered
Common Stock	NWC	The New York Stock Exchange
"""

PREAMBLE = """MASTER SUPPLY AGREEMENT

This Master Supply Agreement is entered into as of March 3, 2021 by and between Northwind Castings GmbH, a company
under the laws of Germany with offices at Kai 4, Hamburg ("Northwind"), and Tessera Pumps plc, formerly known as Tessera
Valves Limited ("Buyer").

WHEREAS, Buyer makes pumps;

9. This Agreement shall be governed by the laws of the State of New York.
"""

VERTRAG = """Liefervertrag

zwischen der Nordwind Guss GmbH, Hamburg (nachfolgend „Nordwind“) und der Tessera Pumpen AG, Zürich
(nachfolgend „Käuferin“) vom 3. März 2021

Es gilt deutsches Recht.
"""


def a_document(text: str, source: str = "scan_0012.pdf", blocks: tuple[Block, ...] = (), title: str = "") -> Document:
    pages = (Page(1, "1", Span(0, len(text)), Fate.TEXT),)
    return Document(
        DocumentId("0" * 64), title, source, "", text, pages, blocks, "deal", Clearance.RESTRICTED, "plain 1"
    )


def of(facts: Facts, kind: FactKind) -> tuple[str, ...]:
    return values_of([one for one in facts if one.sure >= SURE], kind)


def test_the_cover_of_a_filing_tells_company_ticker_year_and_form() -> None:
    facts = facts_of(a_document(COVER))
    assert of(facts, FactKind.PARTY) == ("NORTHWIND CASTINGS, INC.",)
    assert set(of(facts, FactKind.ALIAS)) == {"NORTHWIND CASTINGS", "NWC"}
    assert of(facts, FactKind.PERIOD) == ("FY2023", "2023-09-30")
    assert of(facts, FactKind.KIND) == ("10-K",)


def test_the_preamble_of_a_contract_tells_parties_terms_former_names_date_title_and_law() -> None:
    facts = facts_of(a_document(PREAMBLE))
    assert set(of(facts, FactKind.PARTY)) == {"Northwind Castings GmbH", "Tessera Pumps plc"}
    assert {"Northwind", "Northwind Castings", "Tessera Pumps", "Tessera Valves Limited"} <= set(
        of(facts, FactKind.ALIAS)
    )
    assert "2021-03-03" in of(facts, FactKind.PERIOD)
    assert "master supply agreement" in of(facts, FactKind.KIND)
    assert of(facts, FactKind.LAW) == ("New York",)


def test_a_role_is_no_name_of_a_party_that_could_leave_documents_out() -> None:
    (buyer,) = [one for one in facts_of(a_document(PREAMBLE)) if one.value == "Buyer"]
    assert buyer.sure < SURE


def test_a_german_contract_is_read_as_an_english_one() -> None:
    facts = facts_of(a_document(VERTRAG))
    assert set(of(facts, FactKind.PARTY)) == {"Nordwind Guss GmbH", "Tessera Pumpen AG"}
    assert "Nordwind" in of(facts, FactKind.ALIAS)
    assert "2021-03-03" in of(facts, FactKind.PERIOD)
    assert "liefervertrag" in of(facts, FactKind.KIND)
    assert of(facts, FactKind.LAW) == ("Germany",)


def test_a_running_header_tells_the_company_whose_report_it_is() -> None:
    text = "".join(f"Northwind Castings AG\nPage {page} speaks of other things.\n" for page in range(4))
    starts = [at for at in range(len(text)) if text.startswith("Northwind", at)]
    blocks = tuple(Block(BlockKind.HEADER, Span(at, at + len("Northwind Castings AG"))) for at in starts)
    (party,) = [one for one in facts_of(a_document(text, blocks=blocks)) if one.kind is FactKind.PARTY]
    assert (party.value, party.origin) == ("Northwind Castings AG", Origin.HEADER)


def test_a_quarter_and_a_release_are_told_by_their_first_line() -> None:
    text = (
        "Northwind Castings Reports Second Quarter 2023 Results\n\nHAMBURG, July 25, 2023 - Northwind today reported."
    )
    facts = facts_of(a_document(text))
    assert of(facts, FactKind.PERIOD)[0] == "2023Q2"
    assert "earnings release" in of(facts, FactKind.KIND)
    assert of(facts, FactKind.PARTY) == ("Northwind Castings",)


@pytest.mark.parametrize(
    ("source", "period"),
    [
        ("NORTHWIND_2018_10K.pdf", "FY2018"),
        ("northwind-fy19.pdf", "FY2019"),
        ("2023_Q3_NWC.pdf", "2023Q3"),
        ("Northwind_20190920_8-K.pdf", "2019-09-20"),
        ("NORTHWIND_02_07_2020-EX-10.18.txt", "2020-02-07"),
        ("Geschäftsbericht 2022.pdf", "FY2022"),
    ],
)
def test_people_put_the_period_into_the_files_name(source: str, period: str) -> None:
    assert of(facts_of(a_document("Nothing here.", source)), FactKind.PERIOD) == (period,)


def test_a_word_of_the_files_name_is_sure_only_when_the_text_names_a_party_so() -> None:
    by_value = {one.value: one for one in facts_of(a_document(COVER, "NORTHWINDCASTINGS_2023_10K_holiday.pdf"))}
    assert by_value["holiday"].sure < SURE
    squeezed = [one for one in by_value.values() if one.value.lower().replace(" ", "") == "northwindcastings"]
    assert max(one.sure for one in squeezed) >= SURE


def test_the_hyphen_of_a_web_address_parts_no_words() -> None:
    written = a_document("Privacy policy of daily-kite.com. We run daily-kite.com.", "policy_daily-kite.com.txt")
    by_value = {one.value: one for one in facts_of(written)}
    assert by_value["daily-kite.com"].sure >= SURE
    assert "kite.com" not in by_value


def test_a_common_word_that_is_also_a_name_is_not_sure() -> None:
    text = PREAMBLE.replace("Northwind", "Target") + "The target is a target of the target."
    by_value = {one.value: one for one in facts_of(a_document(text))}
    assert by_value["Target"].sure < SURE
    assert by_value["Target Castings GmbH"].sure >= SURE


@given(st.text(max_size=400))
def test_any_text_gives_facts_whose_spans_lie_in_it_and_that_survive_storing(text: str) -> None:
    text = f"{PREAMBLE[:200]}{text}{COVER}"
    facts = facts_of(a_document(text))
    assert facts == facts_of(a_document(text))
    assert facts_from_json(facts_to_json(facts)) == facts
    for one in facts:
        assert 0 < one.sure <= 1
        assert one.span is None or one.span.end <= len(text)
        if one.kind is FactKind.PARTY and one.span is not None and one.origin is Origin.TITLE_PAGE:
            assert one.value.split()[-1] in " ".join(one.span.of(text).split())
