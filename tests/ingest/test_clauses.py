"""Numbered sections: where "Clause 4.2" stands, by numbers that follow each other."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given

from core.documents import Block, BlockKind, Document, DocumentId, Fate, Page, Span
from core.privacy import Clearance
from ingest.clauses import clauses_at, clauses_of, normal, section_spans

LEASE = """LEASE

1. Definitions

In this Lease:

1.1 "Rent" means EUR 900 a month.

2. Rent

2.1 The Tenant pays the Rent within
30 days after it falls due and under
Clause 1 above.

2.2 The Rent is paid:

(a) by transfer; or

(b) in cash, but

(i) in notes alone, and

(ii) against a receipt.

(c) never by cheque.

2A. Deposit

The deposit is three months' Rent.

3. Term

Five years.

SCHEDULE 1 – Keys

1. Front door

2. Cellar
"""


def a_document(text: str) -> Document:
    whole = Span(0, len(text))
    return Document(
        DocumentId("0" * 64),
        "A lease",
        "lease.txt",
        "text/plain",
        text,
        (Page(1, "1", whole, Fate.TEXT),),
        (Block(BlockKind.PARAGRAPH, whole),),
        "deal",
        Clearance.RESTRICTED,
        "test",
    )


def numbers(text: str) -> list[str]:
    return [" ".join(clause.number) for clause in clauses_of(a_document(text))]


def test_sections_are_found_by_their_numbers_and_wrapped_lines_are_none() -> None:
    assert numbers(LEASE) == [
        "1", "1 1", "2", "2 1", "2 2", "2 2 a", "2 2 b", "2 2 b i", "2 2 b ii", "2 2 c", "2a", "3", "schedule 1",
        "schedule 1 1", "schedule 1 2",
    ]  # fmt: skip


def test_german_paragraphs_have_their_absaetze() -> None:
    text = "§ 1 Ware\n(1) Er liefert Rohre.\n(2) Mehr nicht.\n§ 2 Laufzeit\nDer Vertrag läuft bis\n2030.\n"
    assert numbers(text) == ["1", "1 1", "1 2", "2"]


def test_articles_are_counted_in_roman_numbers() -> None:
    assert numbers("ARTICLE I. SALE\n1.1 Sale. He sells.\nARTICLE II. PRICE\n2.1 Price. It is 9.\n") == [
        "1", "1 1", "2", "2 1",
    ]  # fmt: skip


def test_a_place_lies_in_the_clause_that_has_its_words() -> None:
    document = a_document(LEASE)
    at = LEASE.index("against a receipt")
    (clause,) = clauses_at(clauses_of(document), Span(at, at + 9))
    assert clause.number == ("2", "2", "b", "ii")


def test_a_section_is_all_below_it_and_an_item_in_running_text_is_in_the_clause_above() -> None:
    clauses = clauses_of(a_document(LEASE))
    (whole,) = section_spans(clauses, ("2", "2"))
    assert whole.of(LEASE).startswith("2.2 The Rent")
    assert whole.of(LEASE).endswith("never by cheque.")
    (above,) = section_spans(clauses, ("2", "1", "a"))
    assert above.of(LEASE).startswith("2.1")
    assert section_spans(clauses, ("9",)) == ()
    assert section_spans(clauses, ("2", "7")) == ()


@pytest.mark.parametrize(
    ("written", "levels"),
    [
        ("4.2", ("4", "2")),
        ("4.2(a)(ii)", ("4", "2", "a", "ii")),
        ("IV", ("4",)),
        ("7A", ("7a",)),
        ("4 Abs. 2", ("4", "2")),
        ("1(a)(viii)", ("1", "a", "viii")),
    ],
)
def test_numbers_are_told_in_levels(written: str, levels: tuple[str, ...]) -> None:
    assert normal(written) == levels


LABELS = ["1.", "1.1", "2", "(a)", "(i)", "§ 3", "II.", "words", "", "Schedule 2", "9.9.9", "\t"]


@given(st.lists(st.sampled_from(LABELS)))
def test_clauses_are_in_order_and_do_not_overlap(labels: list[str]) -> None:
    text = "".join(f"{label} Something is said\n" for label in labels) or " "
    end = 0
    for clause in clauses_of(a_document(text)):
        assert end <= clause.span.start < clause.span.end <= len(text)
        end = clause.span.end
