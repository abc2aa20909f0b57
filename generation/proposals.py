"""Questions that a language model proposes on a passage: it points at the sentences that answer, we keep the span.

    chunk ─ numbered sentences and rows ─► model: question, pointers, answer ─► checked ─► Proposal, or why not

What a model proposes counts only when the words that it points at carry its answer: the verifier says so, as for any
claim. Nothing of a proposal is taken for a quote.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from core.answers import Citation, Claim, Support
from core.documents import Chunk, Span
from generation.atoms import Kind, atoms_of
from generation.judge import misshapen
from generation.passages import Passage, passages_of
from generation.prompts import PROPOSAL_SYSTEM, PROPOSAL_VERSION, proposal_schema, proposal_user
from generation.verify import verified

Reply = Callable[[str, str, dict[str, Any]], str]
"""(system, user, JSON schema) → a reply of that schema, as Llama.reply gives it."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A question on a chunk. `span` is the place in the document of the sentences that were pointed at, together.

    `rejected` says in a word why it cannot count; None for a question that can:
    scattered   the sentences that it points at do not stand side by side
    unsupported a number, date, name, negation or the like of its answer does not stand in them, or none of its words
    dangling    it cannot be understood by somebody who does not see the passage
    foreign     it names a number or a date that nothing in the passage, its heading or the title of its document has
    """

    question: str
    answer: str
    span: Span
    rejected: str | None = None


@dataclass(frozen=True, slots=True)
class Proposer:
    """Asks `reply` for questions. `name` is that of the model."""

    name: str
    reply: Reply
    version: str = PROPOSAL_VERSION

    def propose(self, chunk: Chunk, *, wanted: int) -> tuple[Proposal, ...]:
        """Up to `wanted` questions on a chunk, those that were rejected among them.

        Raises ServiceDown when the model does not answer, or not in the agreed shape.
        """
        passages = passages_of([chunk])
        if not passages:
            return ()
        said = self.reply(PROPOSAL_SYSTEM, proposal_user(passages, wanted), proposal_schema(len(passages), wanted))
        return tuple(
            _proposal(one, chunk, passages) for one in _questions_in(said, len(passages)) if one.question.strip()
        )


# ── one call below ────────────────────────────────────────────────────────────────────────────────────────────────────


class _Question(BaseModel):
    model_config = ConfigDict(extra="forbid")
    question: str
    passages: list[int]
    answer: str


class _Questions(BaseModel):
    model_config = ConfigDict(extra="forbid")
    questions: list[_Question]


_DANGLING = re.compile(
    r"\b(?:(?:this|these|the (?:above|following|given|previous|preceding|quoted|present))\s+"
    r"(?:passages?|texts?|excerpts?|sentences?|paragraphs?|clauses?|sections?|provisions?|tables?|rows?|documents?)"
    r"|(?:the|which|what) passages?|passage \d+|according to the (?:text|excerpt|table)"
    r"|(?:mentioned|stated|described) above"
    r"|(?:diese[rmns]?|der (?:obige|folgende|vorstehende)[rmns]?)\s+"
    r"(?:Passage|Text|Auszug|Absatz|Satz|Klausel|Abschnitt|Bestimmung|Tabelle|Zeile|Dokument)\w*"
    r"|(?:laut|nach|gemäß) (?:der|dem) (?:Passage|Text|Auszug|Tabelle)|oben genannt\w*)\b",
    re.IGNORECASE,
)


def _questions_in(reply: str, passages: int) -> Sequence[_Question]:
    try:
        questions = _Questions.model_validate_json(reply).questions
        if any(not one.passages or not all(1 <= number <= passages for number in one.passages) for one in questions):
            raise ValueError("a pointer at no passage")
    except (ValidationError, ValueError) as error:
        raise misshapen(reply, of="The Llama server") from error
    return questions


def _proposal(said: _Question, chunk: Chunk, passages: Sequence[Passage]) -> Proposal:
    numbers = sorted(set(said.passages))
    span = Span(passages[numbers[0] - 1].span.start, passages[numbers[-1] - 1].span.end)
    question, answer = (" ".join(text.split()) for text in (said.question, said.answer))
    words = span.within(chunk.span).of(chunk.text)
    around = f"{chunk.text}\n{chunk.section}\n{chunk.title}"
    rejected = None
    if numbers[-1] - numbers[0] >= len(numbers):
        rejected = "scattered"
    elif not _carried(answer, chunk, span, words):
        rejected = "unsupported"
    elif _DANGLING.search(question):
        rejected = "dangling"
    elif not _numbers(question) <= _numbers(around):
        rejected = "foreign"
    return Proposal(question, answer, span, rejected)


def _carried(answer: str, chunk: Chunk, span: Span, words: str) -> bool:
    """Nothing of the answer contradicts the words, each of its critical atoms is among them, and half of all atoms.

    Half, since the answer is asked for in words of the passage; the order is not held, as a few words have little.
    """
    said = atoms_of(answer)
    if not said:
        return False
    claim = verified(Claim(answer, (Citation(chunk.document_id, span, words, chunk.pages),)))
    there = {atom.key for atom in atoms_of(words)}
    critical = all(atom.key in there for atom in said if atom.critical)
    return claim.support is not Support.ALTERED and critical and 2 * sum(a.key in there for a in said) >= len(said)


def _numbers(text: str) -> set[str]:
    return {atom.key for atom in atoms_of(text) if atom.kind is Kind.NUMBER}
