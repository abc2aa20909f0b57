"""Hybrid mode: Claude plans over titles that it may see; a Llama of one's own reads what may not leave.

question + titles of cleared documents  →  Claude: searches, and titles that promise an answer
searches  →  the best places of all documents, restricted ones too  →  Llama: the answer

No word of any document goes to Claude, cleared or not. The question does, although restricted documents are in scope:
so nobody falls into this mode, it is chosen by name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain, zip_longest
from pathlib import Path

from app.ledger import Ledger
from app.long_document import Asked
from core.answers import Usage
from core.documents import DocumentId, Hit
from core.prices import Prices
from core.privacy import ClearedTitles, EgressPolicy, Mode
from generation.claude import Claude, Plan
from generation.draft import BrokenOff
from retrieval.catalogue import Record

CHARACTERS_PER_TOKEN, INSTRUCTIONS = 2.5, 500
"""A careful estimate for titles, and the tokens of what Claude is told beside them."""

Search = Callable[[str, frozenset[DocumentId] | None], Sequence[Hit]]
"""The best hits for a question, in these documents or in all of those in scope (None)."""


class Hybrid:
    """Holds what stands between titles and Claude."""

    def __init__(self, claude: Callable[[], Claude], *, policy: EgressPolicy, ledger: Ledger, prices: Prices) -> None:
        self._connect = claude
        self._policy = policy
        self._ledger = ledger
        self._prices = prices

    def plan(self, asked: Asked, records: Sequence[Record], *, on_send: Callable[[Claude], None]) -> tuple[Plan, str]:
        """Claude's plan, and the name of the question in the ledger. `on_send` is called before a word leaves.

        Raises EgressDenied and OverBudget before anything is sent, and what Claude.plan raises.
        """
        cleared = self._policy.clear_titles(asked.question, titles_of(records), asked.clearances)
        claude = self._connect()
        most = Usage(input_tokens=tokens_of(cleared), output_tokens=claude.max_tokens)
        with self._ledger.reserved(
            by=asked.by,
            collection=asked.collection,
            mode=Mode.HYBRID,
            model=claude.model,
            usd=self._prices.cost(claude.model, most),
        ) as money:
            on_send(claude)
            try:
                plan = claude.plan(asked.question, cleared)
            except BrokenOff as error:
                money.spend(replace(error.usage, cost_usd=self._prices.cost(claude.model, error.usage)))
                raise
            plan = replace(plan, usage=replace(plan.usage, cost_usd=self._prices.cost(claude.model, plan.usage)))
            money.spend(plan.usage)
        return plan, money.question


def titles_of(records: Sequence[Record]) -> dict[DocumentId, str]:
    """The titles with the names of the files, by which people know them."""
    return {record.document_id: f"{record.title} ({Path(record.source).stem})" for record in records}


def tokens_of(cleared: ClearedTitles) -> int:
    """Tokens of a request for a plan, by a careful estimate."""
    characters = len(cleared.question) + sum(len(title) for _, title in cleared.titles)
    return int(characters / CHARACTERS_PER_TOKEN) + INSTRUCTIONS


def found_by(plan: Plan, search: Search, *, limit: int) -> tuple[Hit, ...]:
    """The hits of all searches of a plan, in turns, those within the documents that it names first; each chunk once."""
    named = frozenset(plan.documents)
    rankings = [
        ranking
        for wanted in plan.searches
        for ranking in ([search(wanted, named)] if named else []) + [search(wanted, None)]
    ]
    hits = {hit.chunk.id: hit for hit in chain.from_iterable(zip_longest(*rankings)) if hit is not None}
    return tuple(hits.values())[:limit]
