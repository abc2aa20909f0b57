"""Review: a judged set question by question, beside the page that answers it: accept, edit or reject, by one key."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from core.errors import DossierError
from eval.review import Counts, Question, Review, Verdict, document_of, place_in
from ui.parts import markup
from ui.parts.page import show_page
from ui.parts.words import plain, reviewed_words
from ui.session import Opened, Reviewing, analyst, set_under_review, the_app, the_reviewing

if TYPE_CHECKING:
    from app.service import App
    from core.documents import Document

ACCEPT, EDIT, REJECT, PREVIOUS, NEXT, UNDECIDED = "A", "E", "X", "Left", "Right", "N"
"""The keys. Streamlit keeps R and C for itself."""


def show() -> None:
    app, state, path = the_app(), the_reviewing(), set_under_review()
    st.html(markup.screen("Review"))
    if path is None:
        st.html(markup.notice("There is no set to review", "Open one with: dossier eval review FILE"))
        return
    review = Review(path)
    questions, counts = review.questions(), review.counts()
    if state.number is None:
        state.go(review.undecided_after(0) or 0)
    _progress(path.name, counts)
    if not counts.left:
        done = f"{path.name} can be measured now; the rejected ones are left out."
        st.html(markup.notice("Every question is reviewed", done))
    question = questions[min(state.number or 0, len(questions) - 1)]
    document = document_of(app, question)
    if document is not None and state.opened is None:
        citation = place_in(document, question)
        state.opened = Opened(citation, 0, citation.pages[0])
    with st.container(key="review"):
        left, right = st.columns([5, 7], gap="medium")
        with left:
            _question(review, state, question, document, of=len(questions))
        with right:
            _page(app, state, question)


def _progress(name: str, counts: Counts) -> None:
    st.progress((counts.questions - counts.left) / counts.questions, text=plain(f"{name}: {counts}"))


def _question(review: Review, state: Reviewing, question: Question, document: Document | None, *, of: int) -> None:
    st.html(
        markup.line(f"Question {question.number + 1} of {of}", kind="page-number")
        + markup.question(question.query)
        + (markup.line(f"Answer: {question.answer}", kind="answer") if question.answer else "")
        + markup.line(reviewed_words(question), kind="coverage")
        + (markup.line(f"It was: {question.was}", kind="coverage") if question.was else "")
    )
    if question.verdict is not None:
        kind = "altered" if question.verdict is Verdict.REJECTED else "verified"
        st.html(markup.decision(f"{question.verdict.value.capitalize()} by {question.decided_by}", kind=kind))
    if state.error is not None:
        st.error(plain(state.error))
    if state.editing:
        _edit(review, state, question, document)
        return
    with st.container(horizontal=True, gap="small", key="decide"):
        accept, reject = (review, state, question, review.accept), (review, state, question, review.reject)
        st.button("Accept", key="accept", type="primary", shortcut=ACCEPT, on_click=_decide, args=accept)
        st.button("Edit", key="edit", shortcut=EDIT, on_click=state.edit)
        st.button("Reject", key="reject", shortcut=REJECT, on_click=_decide, args=reject)
        if question.verdict is not None:
            back = (review, state, question, review.take_back)
            st.button("Take back", key="take-back", type="tertiary", on_click=_decide, args=back)
    with st.container(horizontal=True, gap="small", key="go"):
        for label, key, to in (
            ("Previous", PREVIOUS, question.number - 1 if question.number else None),
            ("Next", NEXT, question.number + 1 if question.number + 1 < of else None),
            ("Next undecided", UNDECIDED, review.undecided_after(question.number + 1)),
        ):
            st.button(
                label,
                key=f"go-{label.lower().replace(' ', '-')}",
                type="tertiary",
                shortcut=key,
                disabled=to is None,
                on_click=state.go,
                args=(to,),
            )


def _decide(review: Review, state: Reviewing, question: Question, decide: Callable[..., None]) -> None:
    try:
        decide(question.id, by=analyst())
    except DossierError as error:
        state.error = str(error)
        return
    if decide != review.take_back:
        _go_on(review, state, question)


def _go_on(review: Review, state: Reviewing, question: Question) -> None:
    """To the next question that nobody decided on; where there is none, this one stays."""
    after = review.undecided_after(question.number + 1)
    state.go(question.number if after is None else after)


def _edit(review: Review, state: Reviewing, question: Question, document: Document | None) -> None:
    with st.form("edit-question", border=False):
        query = st.text_area("Question", question.query, key=f"query-{question.id}", height=80)
        answer = st.text_input("Answer, in a few words of the document", question.answer, key=f"answer-{question.id}")
        evidence = st.text_area(
            "The words that answer it, as they stand there",
            question.evidence,
            key=f"evidence-{question.id}",
            height=160,
            disabled=document is None,
        )
        with st.container(horizontal=True, gap="small"):
            # Ctrl+Enter in a field submits the form by itself: a shortcut would submit it twice.
            saved = st.form_submit_button("Save and accept", type="primary")
            dropped = st.form_submit_button("Cancel", type="tertiary", shortcut="Escape")
    if dropped:
        state.go(question.number)
        st.rerun()
    if saved:
        try:
            review.edit(question.id, query=query, answer=answer, evidence=evidence, document=document, by=analyst())
        except DossierError as error:
            st.error(plain(str(error)))
            return
        _go_on(review, state, question)
        st.rerun()


def _page(app: App, state: Reviewing, question: Question) -> None:
    if state.opened is None:
        st.html(markup.notice(f"{question.doc_id} is not in the library", question.evidence))
        return
    with st.container(key="page", gap="xsmall"):
        show_page(app, state, state.opened)


if __name__ == "__main__":
    show()
