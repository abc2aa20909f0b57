# ruff: noqa: E501 (cases are read better on one line)
"""Amendments, by the grammar of their sentences: several styles of drafting, English and German, and what is none."""

from __future__ import annotations

from datetime import date

import hypothesis.strategies as st
import pytest
from hypothesis import given

from core.documents import Block, BlockKind, Document, Span
from core.terms import Amending, Amendment, Change, amendment_from_json, amendment_to_json
from ingest.amendments import amendments_of
from tests.ingest.test_clauses import a_document

HEAD = """FIRST AMENDMENT TO SERVICES AGREEMENT

This First Amendment is made on 5 May 2024 between Alder Ltd and Birch GmbH.

The parties entered into a Services Agreement dated 1 March 2021 (the "Agreement").

"""
KOPF = """NACHTRAG NR. 2
zum Liefervertrag vom 1. Juni 2021

zwischen der Alder GmbH und der Birch AG

Dieser Nachtrag wird am 3. Februar 2024 geschlossen.

"""


def as_paragraphs(text: str) -> Document:
    """A document with a block for each paragraph, as the reader of plain text makes it."""
    document = a_document(text)
    blocks, at = [], 0
    for part in text.split("\n\n"):
        if part.strip():
            kind = BlockKind.TABLE if "\t" in part else BlockKind.PARAGRAPH
            blocks.append(Block(kind, Span(at, at + len(part))))
        at += len(part) + 2
    return Document(
        document.id, document.title, document.source, document.media_type, text, document.pages, tuple(blocks),
        document.collection, document.clearance, document.parser,
    )  # fmt: skip


def changes(text: str, head: str = HEAD) -> tuple[tuple[Amending, ...], str]:
    found = amendments_of(as_paragraphs(head + text))
    return (found.changes if found else ()), head + text


CASES = [
    ('1. Clause 4.2 shall be deleted in its entirety and replaced with the following: "4.2 Fees are due in 30 days."',
     Change.REPLACED, "4 2", "4.2 Fees are due in 30 days.", None),
    ("1. Section 3.1 of the Agreement is hereby amended and restated in its entirety to read as follows:\n\n"
     "“3.1 The Supplier delivers weekly.”\n\n2. Nothing else.",
     Change.REPLACED, "3 1", "3.1 The Supplier delivers weekly.", None),
    ("1. Clause 5 is amended by deleting “thirty (30)” and substituting “sixty (60)”.",
     Change.REWORDED, "5", "sixty (60)", "thirty (30)"),
    ("2.1 In Clause 6.1(b) the words 'two years' shall be replaced by the words 'three years'.",
     Change.REWORDED, "6 1 b", "three years", "two years"),
    ("(a) the words “and costs” are deleted from Section 12(c);", Change.REWORDED, "12 c", None, "and costs"),
    ("3. The words “or by e-mail” are inserted after the words “by post” in Clause 19.1.",
     Change.REWORDED, "19 1", "or by e-mail", None),
    ("1. A new Clause 7A is inserted after Clause 7 as follows:\n\n“7A. Data stay in Europe.”",
     Change.INSERTED, "7a", "7A. Data stay in Europe.", None),
    ("1. After Section 9.5 the following is inserted as a new Section 9.6:\n\n“9.6 No set-off.”",
     Change.INSERTED, "9 6", "9.6 No set-off.", None),
    ("4. Section 2 is amended by adding the following new Section 2.4: “2.4 Audits are yearly.”",
     Change.INSERTED, "2 4", "2.4 Audits are yearly.", None),
    ("5. Clause 9 is deleted.", Change.DELETED, "9", None, None),
    ("5. Article IV of the Agreement is hereby deleted in its entirety.", Change.DELETED, "4", None, None),
    ("6. Schedule 2 to the Agreement is replaced with the Schedule 2 attached to this Amendment.",
     Change.REPLACED, "schedule 2", None, None),
    ("6. Exhibit B shall be replaced in its entirety by Exhibit B hereto.", Change.REPLACED, "exhibit b", None, None),
    ("7. The parties agree that Section 8.3 shall be amended to read as follows: “8.3 Interest is 5%.”",
     Change.REPLACED, "8 3", "8.3 Interest is 5%.", None),
    ("8. Delete Clause 10.4 and replace it with: “10.4 Courts of Leeds.”",
     Change.REPLACED, "10 4", "10.4 Courts of Leeds.", None),
    ("9. With effect from 1 July 2024, Clause 11 shall read: “11. The cap is EUR 5.”",
     Change.REPLACED, "11", "11. The cap is EUR 5.", None),
    ("1. Section 3.4 shall be, and hereby is, amended and restated to read: “3.4 No rent.”",
     Change.REPLACED, "3 4", "3.4 No rent.", None),
    ("1. The Agreement is hereby amended by deleting Section 6 in its entirety and inserting in lieu thereof: “6. None.”",
     Change.REPLACED, "6", "6. None.", None),
    ("1. There shall be inserted a new Clause 8.8 as follows: “8.8 Tea.”", Change.INSERTED, "8 8", "8.8 Tea.", None),
    ("1. Section 5 is hereby stricken.", Change.DELETED, "5", None, None),
    ("1. Paragraph (b) of Clause 4.2 is deleted.", Change.DELETED, "4 2 b", None, None),
    ("1. The first sentence of Section 3(a) is deleted and replaced with “Rent is EUR 9.”",
     Change.REWORDED, "3 a", "Rent is EUR 9.", None),
    ("2. Section 14 (Notices) is amended as follows: the address of Alder Ltd is 4 Quay, Leeds.",
     Change.REWORDED, "14", "the address of Alder Ltd is 4 Quay, Leeds.", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "change", "number", "new", "old"), CASES)
def test_each_style_of_drafting_is_read(
    text: str, change: Change, number: str, new: str | None, old: str | None
) -> None:
    found, whole = changes(text)
    (one,) = found
    assert (one.change, " ".join(one.target.number)) == (change, number)
    assert (one.new and one.new.of(whole)) == new
    assert (one.old and one.old.of(whole)) == old


DEUTSCH = [
    ("1. Ziffer 4.2 wird wie folgt neu gefasst:\n\n„4.2 Rechnungen sind in 30 Tagen fällig.“",
     Change.REPLACED, "4 2", "4.2 Rechnungen sind in 30 Tagen fällig.", None),
    ("1. § 4 Abs. 2 erhält folgende Fassung: „(2) Der Preis beträgt 9 Euro.“",
     Change.REPLACED, "4 2", "(2) Der Preis beträgt 9 Euro.", None),
    ("1. Die bisherige Ziffer 3.1 wird aufgehoben und durch folgende Regelung ersetzt: „3.1 Neu.“",
     Change.REPLACED, "3 1", "3.1 Neu.", None),
    ("1. In Ziffer 3.1 Satz 2 wird die Angabe „9 Euro“ durch die Angabe „8 Euro“ ersetzt.",
     Change.REWORDED, "3 1", "8 Euro", "9 Euro"),
    ("2. § 9 wird ersatzlos gestrichen.", Change.DELETED, "9", None, None),
    ("2. Ziffer 12 entfällt.", Change.DELETED, "12", None, None),
    ("3. In § 7 werden die Worte „drei Monate“ durch die Worte „sechs Monate“ ersetzt.",
     Change.REWORDED, "7", "sechs Monate", "drei Monate"),
    ("4. Nach Ziffer 4 wird folgende Ziffer 4a eingefügt:\n\n„4a. Skonto wird nicht gewährt.“",
     Change.INSERTED, "4a", "4a. Skonto wird nicht gewährt.", None),
    ("5. Anlage 2 wird durch die diesem Nachtrag beigefügte Anlage 2 ersetzt.", Change.REPLACED, "anlage 2", None, None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "change", "number", "new", "old"), DEUTSCH)
def test_german_drafting_is_read(text: str, change: Change, number: str, new: str | None, old: str | None) -> None:
    found, whole = changes(text, KOPF)
    (one,) = found
    assert (one.change, " ".join(one.target.number)) == (change, number)
    assert (one.new and one.new.of(whole)) == new
    assert (one.old and one.old.of(whole)) == old


@pytest.mark.parametrize(
    "text",
    [
        "1. Nothing in this Clause 4.2 is amended.",
        "1. Clause 4.2 may be amended by the parties in writing.",
        "1. If Clause 4.2 is deleted, Clause 5 applies.",
        "1. Clause 4.2 shall not be amended.",
        "1. In the event that Section 7.3 is held invalid, it shall be replaced by a valid one.",
        "1. Save as amended by this Amendment, the Agreement remains in full force and effect.",
        "1. Clause 4.2 was replaced by a letter of 2 May 2022.",
        "1. Defective Products under Clause 9.2 shall be replaced by the Supplier.",
        "1. No provision of Section 3 is amended, modified or waived.",
        "1. The Schedule 2 price list may be replaced by the Supplier at any time.",
        "1. The Supplier shall replace the parts listed in Schedule 2.",
        "1. Diese Ziffer 4.2 wird nicht geändert.",
        "1. Wenn § 9 gestrichen wird, gilt § 10.",
    ],
)
def test_what_only_looks_like_an_amendment_is_none(text: str) -> None:
    assert changes(text)[0] == ()


def test_a_contract_that_speaks_of_its_own_clauses_amends_nothing() -> None:
    text = (
        "SUPPLY AGREEMENT\n\nThis Agreement is made on 5 May 2024 between Alder Ltd and Birch GmbH.\n\n"
        "4.2 This Agreement may be amended in writing. Clause 4.2 is deleted for Affiliates.\n\n"
        "5. The Equipment shall be replaced by the Supplier."
    )
    assert amendments_of(as_paragraphs(text)) is None


def test_the_agreement_is_named_with_its_date_and_the_amendment_with_its_own() -> None:
    found = amendments_of(as_paragraphs(HEAD + "1. Clause 9 is deleted."))
    assert found is not None
    (named,) = found.agreements
    assert (named.title, named.day) == ("services agreement", date(2021, 3, 1))
    assert (found.number, found.day) == (1, date(2024, 5, 5))
    german = amendments_of(as_paragraphs(KOPF + "1. Ziffer 12 entfällt."))
    assert german is not None
    assert [(one.title, one.day) for one in german.agreements] == [("liefervertrag", date(2021, 6, 1))]
    assert (german.number, german.day) == (2, date(2024, 2, 3))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1. With effect from 1 July 2024, Clause 9 is deleted.", date(2024, 7, 1)),
        ("1. Clause 9 is deleted with effect from 1 July 2024.", date(2024, 7, 1)),
        ("1. Clause 9 is deleted.\n\n2. This Amendment shall be effective as of August 1, 2024.", date(2024, 8, 1)),
        ("1. Effective as of June 2, 2024, the Agreement is amended as follows:\n\n(a) Clause 9 is deleted.",
         date(2024, 6, 2)),
        ('1. "Effective Date" means 9 September 2024.\n\n2. With effect from the Effective Date Clause 9 is deleted.',
         date(2024, 9, 9)),
        ("1. Clause 9 is deleted.\n\n2. This Amendment takes effect upon approval by the Bank.", None),
        ("1. Clause 9 is deleted.", date(2024, 5, 5)),
        ("2.1 Clause 9 is deleted.\n\n3. The amendments in paragraph 5 take effect on 1 May 2030.", date(2024, 5, 5)),
        ("2.1 Clause 9 is deleted.\n\n3. The amendments in paragraph 2 take effect on 1 May 2030.", date(2030, 5, 1)),
    ],
)  # fmt: skip
def test_from_when_a_change_counts(text: str, day: date | None) -> None:
    found, whole = changes("1. Scope\n\n" * text.startswith("2.1") + text)
    (one,) = found
    assert one.effective.day == day
    assert one.effective.because
    if day is not None:
        assert one.effective.span is not None
        assert str(day.year) in one.effective.span.of(whole)


def test_an_amendment_without_any_date_says_so() -> None:
    found = amendments_of(as_paragraphs("AMENDMENT to the Lease\n\nClause 9 of the Lease is deleted."))
    assert found is not None
    assert found.day is None
    assert found.changes[0].effective.because == "the amendment has no date"


def test_a_term_that_is_extended_is_known_by_its_name() -> None:
    found, _ = changes("1. The Termination Date is hereby extended to 31 December 2027.")
    assert [(one.change, one.target.term) for one in found] == [(Change.EXTENDED, "Termination Date")]
    german, _ = changes("1. Die Laufzeit des Vertrages wird bis zum 31.12.2027 verlängert.", KOPF)
    assert [(one.change, one.target.term) for one in german] == [(Change.EXTENDED, "Laufzeit")]


def test_a_definition_is_a_target_of_its_own() -> None:
    found, whole = changes('1. The definition of "Territory" in Clause 1.1 is replaced by: "Territory" means France.')
    assert [(one.change, one.target.term) for one in found] == [(Change.REPLACED, "Territory")]


def test_several_sections_in_one_sentence_are_several_changes() -> None:
    found, _ = changes("1. Clauses 4.1, 4.3 and 7 are deleted.")
    assert [" ".join(one.target.number) for one in found] == ["4 1", "4 3", "7"]


def test_items_below_an_umbrella_are_the_changes() -> None:
    found, _ = changes(
        "2. Clause 8 is amended as follows:\n\n(a) Clause 8.1 is deleted;\n\n(b) in Clause 8.4 “5%” is replaced by “6%”."
    )
    assert [(one.change, " ".join(one.target.number)) for one in found] == [
        (Change.DELETED, "8 1"),
        (Change.REWORDED, "8 4"),
    ]


def test_the_text_of_a_new_clause_is_not_read_for_changes() -> None:
    found, whole = changes(
        "1. Clause 3 is replaced by the following:\n\n“3. Clause 4 is deleted for Affiliates.”\n\n2. Clause 5 is deleted."
    )
    assert [" ".join(one.target.number) for one in found] == ["3", "5"]


def test_a_table_of_amendments_is_read_row_by_row() -> None:
    found, whole = changes("Clause\tAmendment\nClause 4.2\tDelete “30 days” and replace with “60 days”\n9\tDeleted")
    assert [(one.change, " ".join(one.target.number)) for one in found][:1] == [(Change.REPLACED, "4 2")]


def test_a_restated_agreement_replaces_the_whole_of_the_other() -> None:
    found = amendments_of(
        as_paragraphs(
            "AMENDED AND RESTATED SERVICES AGREEMENT\n\nThis Agreement is made on 2 January 2023 between A Ltd and B Ltd "
            "and amends and restates in its entirety the Services Agreement dated 1 March 2021.\n\n1. Fees\n\nNone."
        )
    )
    assert found is not None
    (one,) = found.changes
    assert (one.change, one.target.number, one.effective.day) == (Change.RESTATED, (), date(2023, 1, 2))
    assert found.agreements[one.agreement or 0].day == date(2021, 3, 1)


def test_a_restated_agreement_that_tells_no_date_names_the_earlier_one_by_its_title() -> None:
    whole = (
        "AMENDED AND RESTATED SERVICES AGREEMENT\n\nThis Amended and Restated Services Agreement is made on 2 January 2023 "
        "between A Ltd and B Ltd.\n\nThe parties wish to amend and restate their agreement.\n\n1. Fees\n\nNone."
    )
    found = amendments_of(as_paragraphs(whole))
    assert found is not None
    (one,) = found.changes
    assert (one.change, found.agreements[0].title, found.agreements[0].day) == (
        Change.RESTATED, "services agreement", None,
    )  # fmt: skip
    assert one.sentence.of(whole).startswith("This Amended and Restated")
    assert found.day == date(2023, 1, 2)


EXCHANGES = [
    ("1. In Clause 7.1, “30 days” is replaced by “45 days” and “EUR 10” by “EUR 12”.", HEAD, "7 1",
     [("30 days", "45 days"), ("EUR 10", "EUR 12")]),
    ("1. The words “Leeds”, “York” and “Hull” in Section 3 are replaced by “Bonn”, “Köln” and “Trier” respectively.", HEAD,
     "3", [("Leeds", "Bonn"), ("York", "Köln"), ("Hull", "Trier")]),
    ("1. Section 5 is amended by deleting “two” and substituting “three”, and by deleting “May” and substituting “June”.",
     HEAD, "5", [("two", "three"), ("May", "June")]),
    ("1. In Ziffer 2.2 wird „zwei“ durch „drei“ und die Angabe „9 Euro“ durch die Angabe „8 Euro“ ersetzt.", KOPF, "2 2",
     [("zwei", "drei"), ("9 Euro", "8 Euro")]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "head", "number", "pairs"), EXCHANGES)
def test_each_exchange_of_words_of_a_sentence_is_a_change(
    text: str, head: str, number: str, pairs: list[tuple[str, str]]
) -> None:
    found, whole = changes(text, head)
    assert {(one.change, " ".join(one.target.number)) for one in found} == {(Change.REWORDED, number)}
    assert [(one.old and one.old.of(whole), one.new and one.new.of(whole)) for one in found] == pairs


@pytest.mark.parametrize(
    ("text", "head", "change"),
    [
        ("1. Section 4 is rescinded and is replaced by the following: “4. New.”", HEAD, Change.REPLACED),
        ("1. Section 4 shall no longer apply and is hereby deleted.", HEAD, Change.DELETED),
        ("1. Section 4 is revoked and shall be of no further force.", HEAD, Change.DELETED),
        ("1. Ziffer 4 ist gegenstandslos und wird gestrichen.", KOPF, Change.DELETED),
        ("1. Ziffer 4 wird gestrichen und durch folgende Ziffer 4 ersetzt: „4. Neu.“", KOPF, Change.REPLACED),
        ("1. An die Stelle des § 4 tritt folgende Bestimmung: „§ 4 Neu.“", KOPF, Change.REPLACED),
    ],
)
def test_of_two_verbs_both_are_read(text: str, head: str, change: Change) -> None:
    found, _ = changes(text, head)
    assert [(one.change, one.target.number) for one in found] == [(change, ("4",))]


def test_a_new_text_that_neither_quotes_nor_numbers_end_is_cut_at_its_paragraph_and_marked() -> None:
    items = "The Supplier shall deliver:\n\n(a) by road; and\n\n(b) by rail."
    for text, ends in (
        (f"Clause 4 is replaced by the following:\n\n{items}\n\nThe parties meet in May.\n\nThey meet again in June.", True),
        (f"1. Clause 4 is replaced by the following:\n\n{items}\n\n2. Clause 5 is deleted.", False),
        (f"1. Clause 4 is replaced by the following:\n\n{items}\n\nIN WITNESS WHEREOF they sign.", False),
        (f"Clause 4 is replaced by the following:\n\n{items}\n\nClause 5 is deleted.", False),
    ):  # fmt: skip
        found, whole = changes(text)
        assert found[0].new is not None
        assert (found[0].new.of(whole), found[0].open_ended) == (items, ends)


def test_what_was_read_before_is_never_taken_for_what_reads_now() -> None:
    text = (
        "a. Section 2(a) is amended so that the first sentence that previously read:\n\n“Old words.”\n\nSource: a form"
        "\n\nnow reads:\n\n“New words.”\n\nb. Section 2(b) is amended so that whereas it previously read:\n\n“Gone.”"
    )
    found, whole = changes(text)
    assert [one.new and one.new.of(whole) for one in found] == ["New words.", None]


def test_a_party_is_no_part_y_and_schedule_c_is_no_hundred() -> None:
    assert changes("1. Payment by either party shall be extended by the time lost.")[0] == ()
    found, _ = changes("1. Schedule C-1 is deleted.\n\n2. Schedule C is deleted.\n\n3. Schedule II is deleted.")
    assert [one.target.number for one in found] == [("schedule c-1",), ("schedule c",), ("schedule 2",)]


@pytest.mark.parametrize(
    "said", ["is effective as of 11 June 2018", "is effective as of 11 June 2018 and shall expire on 31 December 2021"]
)
def test_the_end_of_a_term_is_not_the_date_of_the_amendment(said: str) -> None:
    head = f"AMENDMENT NO. 1\n\nThis Amendment No. 1, by and between A Ltd and B Ltd, {said}.\n\n"
    found = amendments_of(
        as_paragraphs(head + "1. Section 5 is deleted. The year of this Agreement ends on 1 July 2018.")
    )
    assert found is not None
    assert found.day == date(2018, 6, 11)


PIECES = [text for text, *_ in CASES + DEUTSCH]


@given(st.lists(st.sampled_from([*PIECES, "Fees are “due", 'in "May', "(", "„", "1.", "\t", "with effect from"])))
def test_places_hold_whatever_is_put_together(pieces: list[str]) -> None:
    text = HEAD + "\n\n".join(pieces)
    found = amendments_of(as_paragraphs(text)) or Amendment((), ())
    for one in found.changes:
        for span in (one.sentence, one.new, one.old, one.effective.span):
            assert span is None or 0 <= span.start <= span.end <= len(text)
        assert one.sentence.of(text).strip()
    assert amendment_from_json(amendment_to_json(found)) == found
