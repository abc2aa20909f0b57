"""An answer on the screen: claims with their numbers, support in words, citations to click, and what was searched."""

from __future__ import annotations

import streamlit as st

from core.answers import Answer, Citation
from ui.parts import markup
from ui.parts.words import (
    FORCES,
    Reference,
    as_of_words,
    as_text,
    coverage_words,
    made_words,
    pages_words,
    plain,
    references,
    support_words,
    term_words,
)
from ui.session import Desk, Exchange, Opened


def show_exchange(desk: Desk, exchange: Exchange) -> None:
    """The question and what came of it."""
    st.html(markup.question(exchange.question))
    if exchange.answer is None:
        st.error(plain(exchange.error or ""))
        return
    if exchange.answer.claims:
        _claims(desk, exchange, exchange.answer)
    else:
        st.html(markup.notice("Not found in the documents searched", exchange.answer.reason or "", kind="nothing"))
    _terms(desk, exchange, exchange.answer)
    _coverage(exchange.answer)
    with st.expander("Copy as text", type="compact"):
        st.code(as_text(exchange.question, exchange.answer, exchange.sources), language=None, wrap_lines=True)


def _claims(desk: Desk, exchange: Exchange, answer: Answer) -> None:
    for position, (claim, cited) in enumerate(references(answer)):
        name, meaning = support_words(claim)
        meaning = "; ".join(filter(None, (FORCES[claim.force] if claim.force else "", meaning)))
        st.html(markup.claim(claim.text, cited, support=claim.support, name=name, meaning=meaning))
        if cited:
            with st.container(horizontal=True, gap="small", key=f"citations-{desk.shown}-{position}"):
                for reference in cited:
                    _citation(desk, exchange, reference, key=f"citation-{desk.shown}-{position}-{reference.number}")


def _terms(desk: Desk, exchange: Exchange, answer: Answer) -> None:
    """What changes the clauses that the answer rests on, and its defined terms, each with places to open."""
    number = len({citation for claim in answer.claims for citation in claim.citations})
    rows: list[tuple[str, tuple[Citation | None, ...]]]
    rows = [(term_words(one, exchange.sources), (one.original, one.amendment, one.text)) for one in answer.terms]
    rows += [(f"Defined term: {one.term}", (one.citation,)) for one in answer.definitions]
    for position, (words, places) in enumerate(rows):
        st.html(markup.line(words, kind="scope"))
        with st.container(horizontal=True, gap="small", key=f"terms-{desk.shown}-{position}"):
            for place in filter(None, places):
                number += 1
                _citation(desk, exchange, Reference(number, place), key=f"term-{desk.shown}-{position}-{number}")
    if line := as_of_words(answer):
        st.html(markup.line(line, kind="scope"))


def _citation(desk: Desk, exchange: Exchange, reference: Reference, *, key: str) -> None:
    citation = reference.citation
    source, _ = exchange.sources.get(citation.document_id, ("", ""))
    is_open = desk.opened is not None and desk.opened.number == reference.number
    st.button(
        plain(f"[{reference.number}] {source}, {pages_words(citation.pages)}"),
        key=key,
        type="secondary" if is_open else "tertiary",
        wrap=True,  # a long file name must not push the page out of sight
        on_click=_open,
        args=(desk, reference),
    )


def _open(desk: Desk, reference: Reference) -> None:
    desk.opened = Opened(reference.citation, reference.number, reference.citation.pages[0])


def _coverage(answer: Answer) -> None:
    searched, missing = coverage_words(answer.coverage)
    st.html(
        markup.line(searched, kind="coverage")
        + markup.line("; ".join(answer.scope.because), kind="scope")
        + (markup.line(missing, kind="missing") if missing else "")
        + markup.line(made_words(answer), kind="made")
    )
