"""An answer on the screen: claims with their numbers, support in words, citations to click, and what was searched."""

from __future__ import annotations

import streamlit as st

from core.answers import Answer
from ui.parts import markup
from ui.parts.words import Reference, as_text, coverage_words, made_words, pages_words, plain, references, support_words
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
    _coverage(exchange.answer)
    with st.expander("Copy as text", type="compact"):
        st.code(as_text(exchange.question, exchange.answer, exchange.sources), language=None, wrap_lines=True)


def _claims(desk: Desk, exchange: Exchange, answer: Answer) -> None:
    for position, (claim, cited) in enumerate(references(answer)):
        name, meaning = support_words(claim)
        st.html(markup.claim(claim.text, cited, support=claim.support, name=name, meaning=meaning))
        if cited:
            with st.container(horizontal=True, gap="small", key=f"citations-{desk.shown}-{position}"):
                for reference in cited:
                    _citation(desk, exchange, reference, key=f"citation-{desk.shown}-{position}-{reference.number}")


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
