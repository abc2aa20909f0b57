"""Citations: the quote is always cut out of the document, on the pages where it stands."""

from __future__ import annotations

import logging

import pytest

from core.documents import Chunk, Document, DocumentId, Fate, Page, Span
from core.errors import Busy
from core.privacy import Clearance
from generation.citations import resolve
from generation.draft import Draft, DraftClaim
from generation.passages import passages_of

PAGES = ("Fees are due within thirty days. Interest is 5%.", "The term is two years.\n\n Notice is in writing. ")


def a_document(*pages: str, name: str = "d") -> Document:
    text = "\n".join(pages)
    placed, start = [], 0
    for number, page in enumerate(pages, start=1):
        placed.append(Page(number, str(number), Span(start, start + len(page)), Fate.TEXT))
        start += len(page) + 1
    return Document(
        DocumentId(name), "T", "t.txt", "text/plain", text, tuple(placed), (), "c", Clearance.RESTRICTED, "test 1"
    )


def a_draft(document: Document, *pointers: tuple[int, ...]) -> Draft:
    chunks = [
        Chunk(str(page.number), document.id, "T", page.span, page.span.of(document.text), (page.number,), "")
        for page in document.pages
    ]
    claims = tuple(DraftClaim("A claim.", numbers) for numbers in pointers)
    return Draft(claims, passages_of(chunks), None, "m", "1")


def test_a_citation_names_the_page_its_quote_begins_on_and_quotes_the_document() -> None:
    document = a_document(*PAGES)
    (claim,) = resolve(a_draft(document, (3,)), {document.id: document})
    (citation,) = claim.citations
    assert citation.quote == "The term is two years." == citation.span.of(document.text)
    assert citation.pages == (2,)


def test_passages_that_follow_each_other_become_one_citation_even_across_pages() -> None:
    document = a_document(*PAGES)
    (claim,) = resolve(a_draft(document, (3, 2)), {document.id: document})
    (citation,) = claim.citations
    assert citation.quote == "Interest is 5%.\nThe term is two years."
    assert citation.pages == (1, 2)


def test_passages_that_lie_apart_stay_apart_in_the_order_named() -> None:
    document = a_document(*PAGES)
    (claim,) = resolve(a_draft(document, (4, 1, 4)), {document.id: document})
    assert [citation.quote for citation in claim.citations] == [
        "Notice is in writing.",
        "Fees are due within thirty days.",
    ]


def test_a_pointer_to_nowhere_is_dropped_counted_and_logged_without_text(caplog: pytest.LogCaptureFixture) -> None:
    document = a_document(*PAGES)
    draft = a_draft(document, (99, 1), (0,))
    with caplog.at_level(logging.WARNING, logger="dossier.generation"):
        claims = resolve(draft, {document.id: document})
    assert draft.stray_pointers == 2
    assert [len(claim.citations) for claim in claims] == [1, 0]
    assert "Fees" not in caplog.text


def test_a_document_that_changed_meanwhile_is_never_quoted() -> None:
    document, changed = a_document(*PAGES), a_document("Something else.", name="d")
    for there in ({}, {changed.id: changed}):
        with pytest.raises(Busy, match="Ask again"):
            resolve(a_draft(document, (1,)), there)
