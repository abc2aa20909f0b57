"""The second look: what it raises, and that it loses nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.documents import Chunk, Document
from core.finance import Statement
from retrieval.embed import HashEmbedder
from retrieval.index import Index, Store
from retrieval.look import FEW, Lever, Look, voted, with_asked, with_statements, without_duplicates
from retrieval.questions import parts_of
from retrieval.ranking import Scored
from tests.retrieval.builders import ANNA, a_document, a_store, texts_of

pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant")

BALANCE = "Accounts payable\t12,916\nInventories\t62,567\nTotal assets\t117,359"
INCOME = "Net sales\t280,522\nCost of sales\t165,536\nNet income\t11,588"


@pytest.fixture(params=("edge", "server"))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return a_store(request.param, tmp_path)


def a_filing(*texts: str, name: str = "acme.pdf") -> tuple[Document, tuple[Chunk, ...]]:
    """A document whose chunks are `texts`; those that are the tables above are chunks of their statement."""
    kinds = {BALANCE: Statement.BALANCE_SHEET, INCOME: Statement.INCOME}
    document, chunks = a_document(*texts, name=name)
    return document, tuple(
        Chunk(one.id, one.document_id, one.title, one.span, one.text, one.pages, "", statement=kinds.get(one.text))
        for one in chunks
    )


PROSE = [f"Inventory turnover and its ratio are watched in region {number}." for number in range(30)]


def test_a_ratio_is_answered_from_the_statements_that_hold_its_lines_with_the_reason(store: Store) -> None:
    index = Index(store, HashEmbedder(size=32))
    index.replace(*a_filing(*PROSE, BALANCE, INCOME))
    hits = index.search("What is the inventory turnover ratio?", reader=ANNA, collection="deal", limit=5)
    assert {BALANCE, INCOME} <= set(texts_of(hits[:3]))
    reasons = {hit.chunk.text: hit.because for hit in hits}
    assert reasons[BALANCE] == "balance sheet: inventory turnover = cost of sales / average inventories"
    assert hits[0].chunk.statement in (Statement.BALANCE_SHEET, Statement.INCOME)


def test_words_that_say_where_to_look_narrow_to_a_document_only_when_most_of_what_was_found_is_of_it() -> None:
    def found(*documents: str) -> list[Scored]:
        return [Scored(str(n), 1.0, {"document_id": document}) for n, document in enumerate(documents)]

    assert voted(found("a", "b", "a", "a", "c")) == ["a"]
    assert voted(found("a", "b", "a", "c")) == []
    assert voted([]) == []


def test_statements_of_documents_out_of_scope_stay_out(store: Store) -> None:
    index = Index(store, HashEmbedder(size=32))
    mine, chunks = a_filing("Inventory turnover is 3.", name="mine.txt")
    index.replace(mine, chunks)
    index.replace(*a_filing(BALANCE, INCOME, name="theirs.pdf"))
    found = index.search("What is the inventory turnover?", reader=ANNA, collection="deal", documents=[mine.id])
    assert texts_of(found) == ["Inventory turnover is 3."]


def test_without_a_lever_the_first_pass_stays_as_it_is(store: Store) -> None:
    index = Index(store, HashEmbedder(size=32), Look(frozenset()))
    index.replace(*a_filing(*PROSE, BALANCE, INCOME))
    hits = index.search("What is the inventory turnover ratio?", reader=ANNA, collection="deal", limit=5)
    assert not {BALANCE, INCOME} & set(texts_of(hits))
    assert not any(hit.because for hit in hits)


def test_the_clause_comes_before_the_page_that_names_the_parties(store: Store) -> None:
    names = [f"Supply Agreement between Acme and Zenith, recital {number} of Acme and Zenith." for number in range(12)]
    clause = "The risk of loss passes on delivery."
    index = Index(store, HashEmbedder(size=64))
    index.replace(*a_document(*names, clause, name="acme.txt"))
    index.replace(*a_document("The risk of loss passes at the port.", name="other.txt"))
    hits = index.search(
        "In the Supply Agreement between Acme and Zenith, who bears the risk of loss?",
        reader=ANNA,
        collection="deal",
    )
    assert texts_of(hits)[0] == clause


def test_the_same_clause_in_many_contracts_is_one_hit_that_names_the_others(store: Store) -> None:
    index = Index(store, HashEmbedder(size=32))
    clause = "This agreement is governed by the laws of Delaware."
    altered = "This agreement is not governed by the laws of Delaware."
    for number in range(5):
        index.replace(*a_document(clause if number % 2 else clause.upper(), name=f"{number}.txt"))
    index.replace(*a_document(altered, name="altered.txt"))
    first, second = sorted(
        index.search("Which law governs the agreement?", reader=ANNA, collection="deal"),
        key=lambda hit: -len(hit.duplicates),
    )
    assert len(first.duplicates) == 4
    assert len({first.chunk.document_id, *(same.document_id for same in first.duplicates)}) == 5
    assert second.chunk.text == altered and second.duplicates == ()


def a_point(number: int, score: float, text: str = "") -> Scored:
    return Scored(f"{number:03}", score, {"document_id": "d" * 64, "text": text or f"text {number}"})


@given(st.lists(st.integers(0, 30), unique=True), st.lists(st.integers(0, 30), unique=True))
def test_nothing_that_was_found_is_lost_and_the_order_is_by_score(found: list[int], more: list[int]) -> None:
    first = [a_point(number, 1 / (61 + place)) for place, number in enumerate(found)]
    second = [a_point(number, 1 / (61 + place)) for place, number in enumerate(more)]
    (part,) = parts_of("What is the quick ratio?")
    for merged in (with_asked(first, second), with_statements(first, [(part, second)])):
        assert {one.id for one in first} <= {one.id for one in merged}
        assert merged == sorted(merged, key=lambda one: (-one.score, one.id))
    assert with_statements(first, []) == sorted(first, key=lambda one: (-one.score, one.id))


@given(st.lists(st.sampled_from(["A b.", "a  B", "a not b", "a b 1", "a b 2"])))
def test_every_point_is_shown_or_stands_behind_one_with_the_same_words(texts: list[str]) -> None:
    found = [a_point(number, 1 / (61 + number), text) for number, text in enumerate(texts)]
    shown = without_duplicates(found)
    assert sorted(same.id for one in shown for same in (one, *one.duplicates)) == [one.id for one in found]
    for one in shown:
        assert not one.duplicates or len(one.duplicates) >= FEW
        words = {"".join(same.payload["text"].lower().replace(".", "").split()) for same in (one, *one.duplicates)}
        assert len(words) == 1


def test_every_lever_has_a_name_that_can_be_left_out() -> None:
    assert {lever.value for lever in Lever} == {"asked", "clauses", "statements", "duplicates"}
