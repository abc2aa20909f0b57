"""Sentences and rows: cut where a reader of contracts and filings would cut, without losing a character."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.sentences import cuts, sentences

PIECES = [
    "The term is twelve (12) months. ",
    "See Sec. 4.2 and No. 5. ",
    "Acme Inc. and J. P. Morgan agree; ",
    "(a) deliver; (b) pay. ",
    "\n",
    "\n\n",
    "Revenue\t1,234\t(5)\n",
    "4.3 Term\n",
    "am 31. Dezember 2023. Danach ",
    "等级。第二句！",
    "\t",
    "… ",
    " \u00a0",
    "•\titem one\n",
]
texts = st.one_of(st.lists(st.sampled_from(PIECES)).map("".join), st.text(max_size=200))


def cut(text: str) -> list[str]:
    return [span.of(text) for span in cuts(text)]


@given(texts)
def test_every_character_that_is_not_blank_is_in_exactly_one_passage(text: str) -> None:
    spans = list(cuts(text))
    covered = [place for span in spans for place in range(span.start, span.end)]
    assert len(covered) == len(set(covered))
    assert {place for place, character in enumerate(text) if not character.isspace()} <= set(covered)
    assert spans == sorted(spans)
    assert all(span.of(text) == span.of(text).strip() != "" for span in spans)


@pytest.mark.parametrize(
    "sentence",
    [
        "This Agreement No. 5 is made by Acme Inc. and J. P. Morgan of the U.S. Treasury.",
        "Under Sec. 4.2 the fee, e.g. for support, is $1.5 million.",
        "Es gilt Art. 12 Abs. 3 i.V.m. § 4 Nr. 2 vom 31. Dezember 2023.",
        "Ltd. companies, i.e. those of Art. 5, pay approx. 3.5 per cent.",
        "Interest accrues\nfrom the date of\nthe notice (see Exh. A).",
        "The liability under Section\n4.2 is limited.",
    ],
)
def test_a_stop_inside_a_legal_or_financial_sentence_does_not_end_it(sentence: str) -> None:
    assert cut(f"{sentence} Nothing else applies.") == [sentence, "Nothing else applies."]


def test_items_of_a_list_are_passages_of_their_own() -> None:
    assert cut("The Supplier shall: (a) deliver the goods; (b) pay the duties; and (c) insure them.") == [
        "The Supplier shall: (a) deliver the goods;",
        "(b) pay the duties;",
        "and (c) insure them.",
    ]
    assert cut("1. Fees are due.\n2. Interest is 5%.\n(a)\tinternally; or\n(b)\tby a firm.")[:2] == [
        "1. Fees are due.",
        "2. Interest is 5%.",
    ]


def test_a_heading_is_not_glued_to_the_sentence_below_it() -> None:
    assert cut("LIMITATION OF LIABILITY\nThe total liability\nshall not exceed it.")[0] == "LIMITATION OF LIABILITY"


@given(st.text(alphabet='ab. \n")A1?。', max_size=80))
def test_sentences_joined_are_the_text(text: str) -> None:
    assert "".join(sentences(text)) == text


def test_sentences_end_where_a_reader_ends_them() -> None:
    text = "See Sec. 4.2 and No. 5 only. The cap (U.S. law) is 1.5 million. Abgewiesen.Der Kläger zahlt."
    assert sentences(text) == [
        "See Sec. 4.2 and No. 5 only. ",
        "The cap (U.S. law) is 1.5 million. ",
        "Abgewiesen.",
        "Der Kläger zahlt.",
    ]
