"""Ask: a question, the answer in cited claims, and beside it the page that each citation points at."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import date
from textwrap import shorten
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.answers import Answer, Narrowing
from core.documents import DocumentId
from core.errors import DossierError
from core.privacy import Mode
from ui.parts import markup
from ui.parts.answer import show_exchange
from ui.parts.page import show_page
from ui.parts.words import EVERYWHERE, MODES, plain
from ui.session import Desk, Exchange, analyst, the_app, the_desk

if TYPE_CHECKING:
    from app.service import App

# How an answer can be made, in the order of the menu.
CHOICES: Sequence[Mode] = tuple(MODES)

# Seconds between two drawings of a draft while it is written: faster than this nobody reads, and each costs a message.
REDRAW = 0.15

# Days that can be asked about: contracts of the last century may still run, and amendments may lie ahead.
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2100, 12, 31)

# Characters of an earlier question that are shown in the list: about a line.
LONGEST_LABEL = 110

# Longest question, in characters: a paragraph of instructions fits, a pasted contract does not.
LONGEST_QUESTION = 4000


def show() -> None:
    app, desk = the_app(), the_desk()
    st.html(markup.screen("Ask"))
    collections = app.collections()
    if not collections:
        st.html(markup.notice("There are no documents yet", "Add some under Documents, then ask about them here."))
        return
    collection, documents, mode, as_of = _scope(app, collections)
    question = _question()
    if question is not None and question.strip():
        _answer(app, desk, question, collection=collection, documents=documents, mode=mode, as_of=as_of)
    exchange = desk.exchange()
    if exchange is not None:
        _reading(app, desk, exchange)
        if exchange.answer is not None and exchange.answer.scope.narrowed and st.button("Ask all documents instead"):
            _answer(
                app,
                desk,
                exchange.question,
                collection=collection,
                documents=(),
                mode=mode,
                as_of=exchange.answer.as_of,
                narrowing=Narrowing.NONE,
            )
            st.rerun()
    _earlier(desk)


def _scope(app: App, collections: tuple[str, ...]) -> tuple[str | None, tuple[DocumentId, ...], Mode, date | None]:
    """What the question is about: a collection or all, some of its documents or all, how to answer, and the day whose
    terms count; None where every amendment applies."""
    choose_collection, choose_documents, choose_mode, choose_day = st.columns([3, 4, 3, 3])
    choices = collections if len(collections) == 1 else (*collections, EVERYWHERE)
    chosen = choose_collection.selectbox("Collection", choices, key="collection")
    collection = None if chosen == EVERYWHERE else chosen
    sources = {record.document_id: record.source for record in app.documents(collection)}
    documents = choose_documents.multiselect(
        "Documents",
        list(sources),
        format_func=lambda document_id: sources[document_id],
        placeholder=f"Those the question means, of {len(sources):,}",
        key=f"documents-of-{chosen}",
    )
    mode = choose_mode.selectbox("Answered by", CHOICES, format_func=lambda mode: MODES[mode], key="mode")
    as_of = choose_day.date_input(
        "As of",
        value=None,
        min_value=FIRST_DAY,
        max_value=LAST_DAY,
        format="YYYY-MM-DD",
        help="The terms in force on this day. Without a day every amendment applies.",
        key="as-of",
    )
    return collection, tuple(documents), mode, as_of


def _question() -> str | None:
    """The question, once, when it was submitted by Enter or by the button."""
    with st.form("question", border=False, enter_to_submit=True):
        field, send = st.columns([8, 1], vertical_alignment="bottom", wrap=False)
        question = field.text_input(
            "Question",
            key="question",
            max_chars=LONGEST_QUESTION,
            placeholder="When are fees due, and what if they are late?",
        )
        sent = send.form_submit_button("Ask", type="primary", width="stretch")
    return question if sent else None


def _answer(
    app: App,
    desk: Desk,
    question: str,
    *,
    collection: str | None,
    documents: tuple[DocumentId, ...],
    mode: Mode,
    as_of: date | None,
    narrowing: Narrowing = Narrowing.AUTO,
) -> None:
    draft = st.empty()
    try:
        with st.spinner("Searching and reading", show_time=True):
            answer: Answer = app.ask(
                question,
                collection=collection,
                documents=documents,
                narrowing=narrowing,
                mode=mode,
                by=analyst(),
                on_text=_drawn(draft),
                as_of=as_of,
            )
        desk.add(Exchange(question, answer, app.sources(answer), as_of=as_of))
    except DossierError as error:
        desk.add(Exchange(question, None, {}, error=str(error), as_of=as_of))
    draft.empty()


def _drawn(place: DeltaGenerator) -> Callable[[str], None]:
    """Draws a draft while it is written, and says that it is one: its quotes are cut and checked when it is whole."""
    written: list[str] = []
    last = 0.0

    def draw(text: str) -> None:
        nonlocal last
        written.append(text)
        if time.monotonic() - last >= REDRAW:
            last = time.monotonic()
            place.html(markup.notice("Draft, its sources are not checked yet", "".join(written), kind="draft"))

    return draw


def _reading(app: App, desk: Desk, exchange: Exchange) -> None:
    if exchange.answer is None or not exchange.answer.claims:
        show_exchange(desk, exchange)
        return
    with st.container(key="reading"):
        answer, page = st.columns([5, 7], gap="medium")
        with answer:
            show_exchange(desk, exchange)
        with page:
            if desk.opened is None:
                st.html(markup.line("Choose a citation to see its words on their page.", kind="no-page"))
            else:
                with st.container(key="page", gap="xsmall"):
                    show_page(app, desk, desk.opened)


def _earlier(desk: Desk) -> None:
    """The questions of this session, latest first: opening one shows its answer as it was given."""
    others = [number for number in range(len(desk.exchanges)) if number != desk.shown]
    if not others:
        return
    st.html(markup.line("Earlier in this session", kind="label"))
    with st.container(gap=None, key="earlier"):
        for number in reversed(others):
            st.button(
                plain(_label(desk.exchanges[number])),
                key=f"earlier-{number}",
                type="tertiary",
                on_click=desk.show,
                args=(number,),
            )


def _label(exchange: Exchange) -> str:
    day = f" (as of {exchange.as_of.isoformat()})" if exchange.as_of else ""
    return shorten(exchange.question, LONGEST_LABEL - len(day), placeholder=" …") + day


if __name__ == "__main__":
    show()
