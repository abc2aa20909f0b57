"""A judged set reviewed at the terminal: a question, the words that answer it, and one key."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click
from rich.text import Text

from ui.parts.terminal import out

if TYPE_CHECKING:
    from eval.review import Question, Review

EVIDENCE = 1_200
"""Characters of evidence that are shown: about a screen."""

KEYS = "a accept · e edit · x reject · s skip · q stop"


def review_here(review: Review, *, by: str) -> None:
    """Go through what is undecided, from the first on, until all is decided or the reviewer stops."""
    place = review.undecided_after(0)
    while place is not None:
        question = review.questions()[place]
        _show(question, review)
        key = _key()
        if key == "q":
            return
        if key == "a":
            review.accept(question.id, by=by)
        elif key == "x":
            review.reject(question.id, by=by)
        elif key == "e":
            query = click.prompt("Question", default=question.query)
            answer = click.prompt("Answer", default=question.answer, show_default=bool(question.answer))
            review.edit(question.id, query=query, answer=answer, evidence=question.evidence, document=None, by=by)
        after = review.undecided_after(place + 1)
        if key == "s" and (after is None or after <= place):
            return  # what is left was skipped
        place = after


def _show(question: Question, review: Review) -> None:
    page = f", p. {question.page}" if question.page else ""
    about = " · ".join(filter(None, (question.type, f"by {question.by}" if question.by else "", question.split)))
    out.print()
    out.print(Text(f"{question.number + 1} of {review.counts().questions}  {about}", style="dim"))
    out.print(Text(question.query, style="bold"))
    if question.answer:
        out.print(Text(f"Answer: {question.answer}"))
    out.print(Text(f"{question.doc_id}{page}", style="dim"))
    words = question.evidence.strip()
    out.print(Text(words if len(words) <= EVIDENCE else f"{words[:EVIDENCE]} …"))


def _key() -> str:
    """One of the keys. The end of the input stops."""
    while True:
        out.print(Text(KEYS, style="dim"))
        said = click.getchar() if sys.stdin.isatty() else sys.stdin.readline()
        if said in ("", "\x03", "\x04"):
            return "q"
        if (key := said.strip().lower()[:1]) in tuple("aexsq"):
            return key
