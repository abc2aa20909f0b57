"""What a question is going to cost, before anything is sent: for a run of hundreds that somebody has to agree to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.choosing import CHARACTERS_PER_TOKEN, TYPICAL_ANSWER
from app.hybrid import titles_of, tokens_of
from app.long_document import FIRST_GUESS
from core.answers import Usage
from core.documents import DocumentId
from core.prices import read_prices
from core.privacy import Clearance, EgressPolicy, Mode
from core.settings import Settings
from retrieval.catalogue import Record


@dataclass(frozen=True, slots=True)
class Foreseen:
    """The mode that answers, and what that costs in dollars: about `usd`, about `again` when the same `documents` were
    read within the hour before, and no more than `most` (the longest answer, tokens counted carefully, no cache)."""

    mode: Mode
    usd: float = 0.0
    again: float = 0.0
    most: float = 0.0
    documents: tuple[DocumentId, ...] = ()


def foreseen(
    question: str,
    mode: Mode,
    records: Sequence[Record],
    clearances: Mapping[DocumentId, Clearance],
    *,
    policy: EgressPolicy,
    settings: Settings,
) -> Foreseen:
    """The cost of a question in `mode`, which is not auto any more. Raises EgressDenied where policy forbids it,
    ConfigError for a model without a price."""
    if mode not in (Mode.LONG_DOCUMENT, Mode.HYBRID):
        return Foreseen(mode)
    prices, claude = read_prices(settings.prices), settings.claude

    def cost(tokens: int, *, written: int = 0, cached: int = 0, answer: int) -> float:
        usage = Usage(tokens, answer, cache_read_tokens=cached, cache_write_tokens=written)
        return prices.cost(claude.model, usage)

    usual = min(TYPICAL_ANSWER, claude.max_tokens)
    if mode is Mode.HYBRID:
        tokens = tokens_of(policy.clear_titles(question, titles_of(records), clearances))
        usd = cost(tokens, answer=usual)
        return Foreseen(mode, usd, usd, cost(tokens, answer=claude.max_tokens))

    policy.must_be_cleared(clearances)
    once = {record.document_id: record.characters for record in records}
    characters = sum(once.values())
    tokens, careful = int(characters / CHARACTERS_PER_TOKEN), min(int(characters / FIRST_GUESS), claude.window)
    fits = tokens <= claude.window
    sent = min(tokens, claude.window)
    usd = cost(sent, written=sent if fits else 0, answer=usual)
    return Foreseen(
        mode,
        usd,
        cost(len(question), cached=sent, answer=usual) if fits else usd,
        cost(careful, written=careful if fits else 0, answer=claude.max_tokens),
        tuple(once),
    )
