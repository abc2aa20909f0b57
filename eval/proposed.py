"""Questions on a collection that the configured Llama proposes: passages in, questions that hold out.

    blocks of documents, in turns, drawn by the seed ─► Llama ─► checked against its own words (generation.proposals)
        ─► no copy of another question ─► searched for: found at which rank, or hard

Passages go to the Llama inside the walls, as in gdpr mode, whatever their clearance; never to Claude.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from app.proof import Proposer
from core.documents import BlockKind, Chunk, Document, Span, pages_of
from core.errors import ServiceDown
from eval.generate import Generated, Propose, Proposed, made_of

if TYPE_CHECKING:
    from app.service import App

_SMALLEST, _LARGEST = 120, 4_000
"""Characters of a passage: below there is one thing to ask about at most, and above a question is rarely about all."""

_WANTED = 2
"""Questions on a passage: a third one is mostly a variant of the first two."""

_ALIKE = 0.8
"""Share of the words of two questions together that both have, from which one is a copy of the other."""

_SEARCHED = 20
"""Hits in which a question has to find its own evidence, as many as a model is given to read; else it is hard."""

_PATIENCE = 3
"""Passages in a row without an answer, after which the service is down."""


def proposing(
    app: App,
    *,
    collection: str,
    seed: int,
    by: str,
    on_progress: Callable[[int, int, str], None] = lambda *_: None,
) -> Propose:
    """What asks the configured Llama. `on_progress` is told passage, passages and in words what came of them.

    Raises UsageError where no Llama is configured. What is returned raises ServiceDown when it stopped answering before
    it gave one question.
    """
    proposer = Proposer(app.settings.llama.model, app.llama().reply)

    def propose(documents: Sequence[Document], limit: int) -> Proposed:
        made: list[Generated] = []
        rejected: Counter[str] = Counter()
        failed = down = 0
        error: ServiceDown | None = None
        drawn = list(_drawn(documents, seed))
        for number, (document, chunk) in enumerate(drawn, start=1):
            if len(made) >= limit or down == _PATIENCE:
                break
            on_progress(number, len(drawn), f"({len(made)} questions)")
            try:
                proposals = proposer.propose(chunk, wanted=_WANTED)
                down = 0
            except ServiceDown as silence:
                error, failed, down = silence, failed + 1, down + 1
                continue
            for one in proposals:
                why = one.rejected or ("duplicate" if _stands_in(one.question, made) else None)
                if why:
                    rejected[why] += 1
                    continue
                rank = _rank(app, one.question, document, one.span, collection=collection, by=by)
                made.append(
                    made_of(
                        one.question,
                        "model",
                        document,
                        one.span,
                        by="model",
                        model=proposer.name,
                        prompt_version=proposer.version,
                        answer=one.answer,
                        found_at=rank,
                        hard=rank is None,
                    )
                )
        if error is not None and not made and not rejected:
            raise error
        return Proposed(tuple(made[:limit]), dict(rejected), failed)

    return propose


# ── one call below ────────────────────────────────────────────────────────────────────────────────────────────────────


def _drawn(documents: Sequence[Document], seed: int) -> Iterator[tuple[Document, Chunk]]:
    """The passages of all documents, one of each in turn; which come first is drawn by the seed."""
    draw = random.Random(seed)
    piles = []
    for document in documents:
        pile = [(document, chunk) for chunk in _passages(document)]
        draw.shuffle(pile)
        piles.append(pile)
    draw.shuffle(piles)
    return (one for turn in zip_longest(*piles) for one in turn if one is not None)


def _passages(document: Document) -> Iterator[Chunk]:
    """Paragraphs, lists and tables under their heading, each as it stands."""
    heading = ""
    for block in document.blocks:
        text = block.span.of(document.text)
        if block.kind is BlockKind.HEADING:
            heading = " ".join(text.split())
        elif block.kind in (BlockKind.PARAGRAPH, BlockKind.LIST, BlockKind.TABLE):
            if not _SMALLEST <= len(text) <= _LARGEST:
                continue
            pages = pages_of(block.span, document.pages)
            yield Chunk(f"{block.span.start}", document.id, document.title, block.span, text, pages, heading)


def _stands_in(question: str, made: Sequence[Generated]) -> bool:
    words = _words(question)
    for other in made:
        others = _words(other.query)
        if len(words & others) >= _ALIKE * len(words | others):
            return True
    return False


def _words(question: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", question.casefold()))


def _rank(app: App, question: str, document: Document, span: Span, *, collection: str, by: str) -> int | None:
    """The rank, from 1, at which search finds a place of the evidence; None when it does not."""
    hits = app.search(question, collection=collection, limit=_SEARCHED, by=by).hits
    for rank, hit in enumerate(hits, start=1):
        if hit.chunk.document_id == document.id and hit.chunk.span.overlaps(span):
            return rank
    return None
