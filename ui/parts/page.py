"""The page beside the answer: the quoted words, the page they stand on with those words marked, and its neighbours."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from core.errors import DossierError
from ui.parts import markup
from ui.parts.words import FATES, pages_words, plain
from ui.session import Desk, Opened, Reviewing

if TYPE_CHECKING:
    from app.service import App

SCALE = 2.0
"""Pixels per point: 1224 across a letter page, sharp at the widths the page is shown."""


def show_page(app: App, desk: Desk | Reviewing, opened: Opened) -> None:
    """Draw what is open. What cannot be shown is said in its place; the answer beside it stays."""
    try:
        _page(app, desk, opened)
    except DossierError as error:
        st.button("Close", key="close", on_click=_close, args=(desk,))
        st.error(plain(str(error)))


def _page(app: App, desk: Desk | Reviewing, opened: Opened) -> None:
    citation = opened.citation
    document = app.document(citation.document_id)
    page = document.pages[opened.page - 1]
    view = app.page_view(document.id, page.number, highlight=[citation.span], scale=SCALE)
    last = len(document.pages)
    printed = f", printed as {page.label}" if page.label != str(page.number) else ""

    st.html(markup.line(document.source, kind="source"))
    with st.container(horizontal=True, wrap=False, gap="small", vertical_alignment="center", key="page-turning"):
        st.html(markup.line(f"Page {page.number} of {last}{printed}", kind="page-number"), width="stretch")
        _turn(desk, opened, "Previous", page.number - 1, last=last)
        _turn(desk, opened, "Next", page.number + 1, last=last)
        st.button("Close", key="close", type="tertiary", on_click=_close, args=(desk,))
    st.html(markup.quote(citation.quote, number=opened.number))
    if page.number not in citation.pages:
        st.html(markup.line(f"The quote stands on {pages_words(citation.pages)}.", kind="coverage"))
    if page.note:
        st.html(markup.line(page.note, kind="missing"))
    if view.image is None:
        st.html(markup.marked(view.text, view.marks))
        return
    where = " with the quoted words marked" if view.marks else ""
    st.image(view.image, width="stretch", alt=f"Page {page.number} of {document.source}{where}")
    if view.focus is not None:
        st.html(markup.scrolled_to(view.focus), unsafe_allow_javascript=True)
    with st.expander(f"The text of this page ({FATES[page.fate]})", type="compact"):
        st.html(markup.marked(view.text, view.marks))


def _turn(desk: Desk | Reviewing, opened: Opened, label: str, page: int, *, last: int) -> None:
    st.button(
        label,
        key=f"turn-{label.lower()}",
        type="tertiary",
        disabled=not 1 <= page <= last,
        on_click=_turn_to,
        args=(desk, opened, page),
    )


def _turn_to(desk: Desk | Reviewing, opened: Opened, page: int) -> None:
    desk.opened = replace(opened, page=page)


def _close(desk: Desk | Reviewing) -> None:
    desk.opened = None
