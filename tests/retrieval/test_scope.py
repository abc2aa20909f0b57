"""Which documents a question is about, and that it is told in words. Never the documents of another company."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.answers import Scope
from core.documents import DocumentId
from core.facts import Edits, Fact, FactKind, Facts, Origin
from core.periods import period_of, periods_in
from retrieval.scope import Candidate, Register, resolve


def facts(
    *, party: str, aliases: str = "", periods: str = "", kinds: str = "", law: str = "", sure: float = 0.95
) -> Facts:
    found = [(FactKind.PARTY, name) for name in party.split("|") if name]
    found += [(FactKind.ALIAS, name) for name in aliases.split("|") if name]
    found += [(FactKind.PERIOD, name) for name in periods.split("|") if name]
    found += [(FactKind.KIND, name) for name in kinds.split("|") if name]
    found += [(FactKind.LAW, law)] if law else []
    return tuple(Fact(kind, value, Origin.TITLE_PAGE, sure) for kind, value in found)


def an_id(name: str) -> DocumentId:
    return DocumentId(hashlib.sha256(name.encode()).hexdigest())


MATTER = {
    "northwind-2021": facts(
        party="Northwind Castings, Inc.", aliases="NWC|Northwind", periods="FY2021|2021-12-31", kinds="10-K"
    ),
    "northwind-2022": facts(
        party="Northwind Castings, Inc.", aliases="NWC|Northwind", periods="FY2022|2022-12-31", kinds="10-K"
    ),
    "northwind-2023q2": facts(
        party="Northwind Castings, Inc.", aliases="Northwind", periods="2023Q2|2023-06-30", kinds="10-Q"
    ),
    "tessera-2022": facts(party="Tessera Pumps plc", periods="FY2022|2022-12-31", kinds="annual report"),
    "lease": facts(party="Harbour Estates Ltd|Tessera Pumps plc", periods="2020-05-04", kinds="lease", law="New York"),
    "supply": facts(
        party="Northwind Castings, Inc.|Tessera Pumps plc",
        periods="2019-03-01",
        kinds="master supply agreement",
        law="Germany",
    ),
}
REGISTER = Register([Candidate(an_id(name), f"{name}.pdf", known) for name, known in MATTER.items()])
NAMES = {an_id(name): name for name in MATTER}


def asked(question: str) -> tuple[Scope, list[str]]:
    scope = resolve(question, REGISTER)
    return scope, [NAMES[one] for one in scope.documents]


@pytest.mark.parametrize(
    "question",
    [
        "What is Harbour Estates' rent?",
        "What does HARBOUR ESTATES LTD. charge?",
        "what is the rent of harbour estates",
        "What do HarbourEstates charge?",
    ],
)
def test_a_company_is_known_by_any_spelling_and_others_are_left_out(question: str) -> None:
    scope, documents = asked(question)
    assert documents == ["lease"] and scope.narrowed
    assert any("left out" in why for why in scope.because)


def test_a_ticker_is_a_name_only_in_capitals() -> None:
    assert set(asked("What was NWC's margin?")[1]) == {"northwind-2021", "northwind-2022"}
    assert len(asked("What is the nwc of it all, Anna?")[1]) == len(MATTER)


def test_the_filing_of_the_year_comes_first_and_the_next_years_second() -> None:
    _, documents = asked("What was Northwind's revenue in FY2021?")
    assert documents[:2] == ["northwind-2021", "northwind-2022"]
    assert "tessera-2022" not in documents


def test_of_two_years_asked_the_later_comes_first_because_it_tells_both() -> None:
    _, documents = asked("How did Northwind's margin change between FY2021 and FY2022?")
    assert documents[:2] == ["northwind-2022", "northwind-2021"]


@pytest.mark.parametrize(
    "when", ["Q2 2023", "the second quarter of 2023", "2023 Q2", "the quarter ended June 30, 2023"]
)
def test_a_quarter_is_known_however_it_is_written(when: str) -> None:
    assert asked(f"What was Northwind's net income in {when}?")[1][0] == "northwind-2023q2"


def test_the_latest_filing_is_the_one_whose_period_ends_last() -> None:
    assert asked("What does Northwind's most recent filing say about risk?")[1][0] == "northwind-2023q2"


def test_a_contract_between_two_is_meant_by_both_names() -> None:
    assert asked("In the agreement between Northwind Castings and Tessera Pumps, who bears the risk?")[1] == ["supply"]


def test_a_comparison_searches_both_sides() -> None:
    apart = Register(
        [Candidate(an_id(name), name, MATTER[name]) for name in ("northwind-2022", "tessera-2022", "lease")]
    )
    found = resolve("Compare the margins of Northwind Castings and Tessera Pumps", apart).documents
    assert {an_id("northwind-2022"), an_id("tessera-2022")} <= set(found)


def test_kind_title_and_law_only_change_the_order() -> None:
    for question, first in (
        ("What is the rent under the lease?", "lease"),
        ("Who may terminate the Master Supply Agreement?", "supply"),
        ("Which contract is governed by German law?", "supply"),
    ):
        scope, documents = asked(question)
        assert documents[0] == first and len(documents) == len(MATTER) and not scope.narrowed


def test_a_misspelt_name_weights_and_never_leaves_out() -> None:
    scope, documents = asked("What is the rent of Harbor Estates?")
    assert documents[0] == "lease" and not scope.narrowed
    assert any("not surely" in why for why in scope.because)


def test_a_question_that_names_nothing_narrows_nothing_and_says_so() -> None:
    scope, documents = asked("When are fees due?")
    assert documents == list(MATTER) and not scope.weights and not scope.narrowed
    assert scope.because == ("the question names no party of these documents: nothing was left out",)


def test_a_company_that_is_in_no_document_is_told() -> None:
    scope, documents = asked("What was Umbrella's revenue in FY2022?")
    assert len(documents) == len(MATTER)
    assert any("“Umbrella” is no party" in why for why in scope.because)


def test_what_is_not_sure_of_its_name_leaves_nothing_out() -> None:
    guessed = Register(
        [
            Candidate(an_id("a"), "a", facts(party="Meridian Ltd", sure=0.5)),
            Candidate(an_id("b"), "b", facts(party="Other Ltd")),
        ]
    )
    scope = resolve("What does Meridian owe?", guessed)
    assert scope.documents == (an_id("a"), an_id("b")) and scope.weights[an_id("b")] < 1


def test_what_a_person_said_counts_and_what_was_read_comes_back_when_it_is_forgotten() -> None:
    read = facts(party="Scanned Wrong Ltd", periods="FY2019")
    said = Edits().changed(replace={FactKind.PARTY: ["Harbour Estates"]}, add={FactKind.ALIAS: ["HE"]})
    assert {one.value for one in said.applied(read)} == {"Harbour Estates", "HE", "FY2019"}
    assert said.changed(replace={}, add={}, forget=[FactKind.PARTY, FactKind.ALIAS]).applied(read) == read


@given(st.text(max_size=200))
def test_any_question_is_answered_by_documents_that_exist_each_once_in_the_order_of_their_weights(
    question: str,
) -> None:
    scope = resolve(question, REGISTER)
    assert scope.documents and len(set(scope.documents)) == len(scope.documents) <= len(MATTER)
    weights = [scope.weights.get(one, 1.0) for one in scope.documents]
    assert weights == sorted(weights, reverse=True) and all(0 < weight <= 1 for weight in weights)
    assert scope.because and scope.narrowed == (len(scope.documents) < len(MATTER))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("in FY18 and FY 2019", ["FY2018", "FY2019"]),
        ("fiscal year 2022", ["FY2022"]),
        ("2021 Q1", ["2021Q1"]),
        ("the third quarter of fiscal 2020", ["2020Q3"]),
        ("im 2. Quartal 2023", ["2023Q2"]),
        ("as of December 31, 2022", ["2022-12-31"]),
        ("zum 31. Dezember 2022", ["2022-12-31"]),
        ("am 31.12.2022", ["2022-12-31"]),
        ("this 1st day of May 2006", ["2006-05-01"]),
        ("between 2019 and 2021", ["FY2019", "FY2021"]),
        ("clause 2019.4 costs $2020", []),
    ],
)
def test_periods_are_known_however_they_are_written(text: str, values: list[str]) -> None:
    assert [one.value for one in periods_in(text)] == values
    assert all((read := period_of(value)) is not None and read.value == value for value in values)
