"""Questions about reports are judged by the pages of their own headings."""

from __future__ import annotations

from benchmarks.filing_topics import LEAST_PAGES, questions
from core.documents import Block, BlockKind, Document, DocumentId, Fate, Page, Span
from core.facts import Fact, FactKind, Origin
from core.privacy import Clearance

PARTY = (Fact(FactKind.PARTY, "Northwind Bearings plc", Origin.TITLE_PAGE, 0.9, None),)


def a_report(headings: dict[int, str], pages: int = LEAST_PAGES) -> Document:
    """A report of one paragraph a page, under a heading on some of them."""
    text, blocks, places = "", [], []
    for number in range(1, pages + 1):
        start = len(text)
        for kind, words in ((BlockKind.HEADING, headings.get(number, "")), (BlockKind.PARAGRAPH, f"Page {number}.")):
            if words:
                blocks.append(Block(kind, Span(len(text), len(text) + len(words)), level=1))
                text += f"{words}\n"
        places.append(Page(number, str(number), Span(start, len(text)), Fate.TEXT))
    return Document(
        id=DocumentId("d" * 64),
        title="Annual report",
        source="NORTHWIND_2023_10K.pdf",
        media_type="application/pdf",
        text=text,
        pages=tuple(places),
        blocks=tuple(blocks),
        collection="reports",
        clearance=Clearance.RESTRICTED,
        parser="test",
    )


def test_the_pages_of_a_section_answer_what_its_heading_is_about() -> None:
    rows = list(questions(a_report({3: "Item 3. Legal Proceedings", 5: "Anything else"}), PARTY))
    assert [row["query"] for row in rows] == [
        "Is Northwind Bearings involved in any material lawsuits?",
        "Has Northwind Bearings reported any important ongoing court cases?",
    ]
    assert [one["page"] for one in rows[0]["evidence"]] == [3, 4]
    assert rows[0]["doc_id"] == "NORTHWIND_2023_10K"


def test_short_papers_and_reports_of_nobody_ask_nothing() -> None:
    assert not list(questions(a_report({3: "Legal Proceedings"}, pages=LEAST_PAGES - 1), PARTY))
    assert not list(questions(a_report({3: "Legal Proceedings"}), ()))


def test_a_topic_that_is_everywhere_tells_nothing() -> None:
    assert not list(questions(a_report(dict.fromkeys(range(1, LEAST_PAGES), "Segment results")), PARTY))
