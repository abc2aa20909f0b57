"""Verification: a changed number, date, currency, negation, modal, party or section is never shown as supported."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.answers import Citation, Claim, Support
from core.documents import DocumentId, Span
from generation.verify import Agreement, compare, verified, verify

CLAUSE = (
    "Section 4.2 Notwithstanding anything to the contrary, the Supplier shall not exceed a total liability of "
    "USD 1,500,000 to the Customer within twelve (12) months after 31 December 2023, and shall pay at least 5% of "
    "$2.5 million to Acme GmbH before March 2025."
)
CHANGES = [
    ("shall not exceed", "shall exceed"),
    ("shall pay", "shall not pay"),
    ("1,500,000", "7,500,000"),
    ("1,500,000", "1,500,00"),
    ("USD", "EUR"),
    ("the Supplier", "the Customer"),
    ("the Customer", "the Supplier"),
    ("twelve (12) months", "twenty-four (24) months"),
    ("twelve (12) months", "twenty-four months"),
    ("months", "days"),
    ("shall not", "may not"),
    ("shall pay", "may pay"),
    ("at least", "at most"),
    ("31 December 2023", "30 December 2023"),
    ("31 December 2023", "31 December 2024"),
    ("31 December 2023", "31 November 2023"),
    ("million", "billion"),
    ("4.2", "4.3"),
    ("5%", "6%"),
    ("5%", "5.5%"),
    ("Acme", "Apex"),
    ("before", "after"),
    ("within", "not within"),
    ("March 2025", "May 2025"),
]


def a_claim(text: str, *quotes: str) -> Claim:
    return Claim(text, tuple(Citation(DocumentId("d"), Span(0, len(quote)), quote, (1,)) for quote in quotes))


def support(text: str, *quotes: str) -> Support:
    return verified(a_claim(text, *quotes)).support


@pytest.mark.parametrize(("before", "after"), CHANGES)
def test_one_changed_word_that_matters_makes_claim_and_quote_altered(before: str, after: str) -> None:
    changed = CLAUSE.replace(before, after, 1)
    claim = verified(a_claim(changed, CLAUSE))
    assert claim.support is Support.ALTERED
    assert claim.differences
    verdict = compare(changed, f"Before it. {CLAUSE} After it.")
    assert verdict.agreement is Agreement.ALTERED
    assert verdict.differences


@given(
    st.sets(st.sampled_from(CHANGES), min_size=1, max_size=5),
    st.sampled_from(["", "Fees are due in 30 days. ", "The Customer may not pay USD 7,500,000 in 24 months. "]),
    st.sampled_from(["", " Section 4.3 The Supplier may terminate after 31 December 2024."]),
)
def test_no_change_goes_through_wherever_the_clause_stands(
    changes: set[tuple[str, str]], before: str, after: str
) -> None:
    changed = CLAUSE
    for old, new in sorted(changes):
        changed = changed.replace(old, new, 1)
    source = before + CLAUSE + after
    if changed != CLAUSE:
        assert support(changed, source) is not Support.VERIFIED
        assert compare(changed, source).agreement in (Agreement.ALTERED, Agreement.ABSENT)


@given(st.integers(0, len(CLAUSE) - 1), st.sampled_from("0123456789"))
def test_no_changed_digit_goes_through(place: int, digit: str) -> None:
    if CLAUSE[place].isdigit() and CLAUSE[place] != digit:
        changed = CLAUSE[:place] + digit + CLAUSE[place + 1 :]
        # unverified where the new figure stands elsewhere in the clause ($1.5 million beside USD 1,500,000)
        assert support(changed, CLAUSE) in (Support.ALTERED, Support.UNVERIFIED)
        assert compare(changed, CLAUSE).agreement is Agreement.ALTERED


@given(st.data())
def test_layout_and_typography_change_nothing(data: st.DataObject) -> None:
    words = CLAUSE.split(" ")
    blanks = [data.draw(st.sampled_from([" ", "\n", "  ", "\u00a0", "\n  "])) for _ in words]
    source = "".join(word + blank for word, blank in zip(words, blanks, strict=True))
    source = source.replace("liability", "lia-\nbility").replace(
        "1,500,000", data.draw(st.sampled_from(["1500000", "1'500'000"]))
    )
    assert support(CLAUSE, source) is Support.VERIFIED
    assert compare(CLAUSE, source).agreement is Agreement.NORMALISED


def test_typographic_quotes_dashes_and_ligatures_are_the_same_words() -> None:
    assert compare('the "Final Report" - as filed', "the “Final Report” – as ﬁled").agreement is Agreement.NORMALISED


def test_a_quote_that_stands_in_its_source_is_exact_but_not_inside_a_number_or_word() -> None:
    assert compare("1,500,000 to the Customer", CLAUSE).agreement is Agreement.EXACT
    assert compare("500,000 to the Customer", CLAUSE).agreement is Agreement.ALTERED
    assert compare("able to pay", "payable to pay").agreement is not Agreement.EXACT


def test_what_is_not_in_the_source_at_all_is_absent() -> None:
    assert compare("The tenant waters the garden on Sundays.", CLAUSE).agreement is Agreement.ABSENT
    assert compare("  ", CLAUSE).agreement is Agreement.ABSENT


def test_case_matters_for_names_only() -> None:
    assert compare("IF THE FEES ARE DUE", "If the fees are due").agreement is Agreement.NORMALISED
    assert compare("the Buyer paid apple on time", "As the Buyer paid Apple on time").agreement is Agreement.ALTERED


def test_a_text_in_one_case_throughout_says_nothing_about_names() -> None:
    clause = "Section 4 of the Notes due 2027: the Supplier shall pay USD 5,000 (5 per cent) to Acme GmbH."
    assert compare(clause.lower(), clause).agreement is Agreement.NORMALISED
    assert compare(clause, clause.upper()).agreement is Agreement.NORMALISED


@pytest.mark.parametrize(
    ("claim", "quote"),
    [
        ("The fee is paid to the Supplier.", "The fee is paid by the Supplier."),
        ("Acme and Borealis shall pay.", "Acme or Borealis shall pay."),
        ("The Supplier shall inform any of the Customers.", "The Supplier shall inform all of the Customers."),
        ("Der Mieter zahlt an den Vermieter.", "Der Mieter zahlt für den Vermieter."),
    ],
)
def test_a_word_that_joins_or_directs_is_not_changed_unseen(claim: str, quote: str) -> None:
    assert support(claim, quote) is Support.ALTERED


@pytest.mark.parametrize(
    ("claim", "quote"),
    [
        ("The fee is $1.5 million.", "The annual fee is $1,500,000."),
        ("The term is twelve months.", "The term is twelve (12) months."),
        ("Revenue | 1,234 | (5)", "Revenue\t1,234\t(5)"),
        ("Net loss | -1,234", "Net loss\t(1,234)"),
        ("Fees are due on 31 December 2023.", "Fees are due on December 31, 2023."),
    ],
)
def test_the_same_thing_in_another_notation_is_verified(claim: str, quote: str) -> None:
    assert support(claim, quote) is Support.VERIFIED


@pytest.mark.parametrize(
    ("claim", "quote"),
    [
        ("The Supplier shall pay.", "The Supplier shall pay unless the Customer objects."),
        ("The Supplier shall pay.", "If the goods are late, the Supplier shall pay."),
        ("Revenue was $1,234 million.", "(in millions)\nRevenue\t1,234\t1,100"),
        ("Fees must be settled within 30 days.", "Payment is made no later than thirty (30) days from receipt."),
        ("The tenant waters the garden.", CLAUSE),
    ],
)
def test_what_the_quotes_neither_carry_nor_contradict_is_unverified(claim: str, quote: str) -> None:
    assert support(claim, quote) is Support.UNVERIFIED


def test_a_sign_lost_from_accounting_parentheses_is_altered() -> None:
    assert support("Net income | 1,234", "Net income\t(1,234)") is Support.ALTERED


def test_the_difference_is_told_in_words() -> None:
    (difference,) = verified(
        a_claim("Liability shall exceed the fees.", "Liability shall not exceed the fees.")
    ).differences
    assert difference == "the claim says “exceed”, the source says “not exceed”"


def test_a_claim_without_citations_has_no_support_and_one_good_quote_is_enough() -> None:
    claims = verify([a_claim("Fees are due."), a_claim("Fees are due.", "Interest accrues.", "Fees are due.")])
    assert [claim.support for claim in claims] == [Support.NONE, Support.VERIFIED]


@given(st.text(max_size=120))
def test_any_text_stands_in_itself(text: str) -> None:
    assert compare(text, text).agreement is (Agreement.EXACT if text.strip() else Agreement.ABSENT)
    assert support(text, text) in (Support.VERIFIED, Support.UNVERIFIED)


@given(st.text(max_size=80), st.text(max_size=120))
def test_any_two_texts_can_be_compared(one: str, other: str) -> None:
    compare(one, other)
    verified(a_claim(one, other))


def test_a_row_of_amounts_with_their_signs_verifies_against_itself() -> None:
    row = "Diluted earnings per share\t$2.43\t$2.14\t$1.55"
    assert verified(a_claim(row.replace("\t", " | "), row)).support is Support.VERIFIED
