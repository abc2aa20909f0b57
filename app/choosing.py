"""What `--mode auto` means: clearance decides what is allowed; then size, kind of question and cost decide."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from core.answers import Usage
from core.prices import Prices
from core.privacy import Clearance, Mode
from retrieval.catalogue import Record

CHOSEN = "you chose it"
"""The reason for a mode that was named."""

CHARACTERS_PER_TOKEN = 3.5
"""For a rough size before anything is counted: between the prose and the tables of filings."""

TYPICAL_ANSWER = 1_500
"""Tokens of an answer with the thinking before it, for a rough cost."""


class Kind(Enum):
    """Whether a question asks for one place, or for what stands in many."""

    PLACE = "place"
    WHOLE = "whole"
    OTHER = "other"


_WHOLE = re.compile(
    r"\b(?:compar\w+|summar\w+|overview|differ(?:s|ences?|ent)?|across|all|each|every|list|trends?|chang(?:e|ed|es)\s+(?:over"
    r"|between|since|from)|develop(?:ed|ment)|why|explain|describe|risks?|vergleich\w*|zusammenfass\w*|fasse?n?\b.*\bzusammen"
    r"|überblick|unterschied\w*|alle[nrs]?|jede[nrms]?|sämtliche\w*|entwick\w+|warum|erklär\w*|beschreib\w*)\b",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"^\W*(?:when|who|whom|whose|where|how\s+(?:much|many|long|often|high|large)|on\s+what|by\s+when|(?:in|under|according\s+"
    r"to)\s+(?:which|what)|which\s+(?:clause|section|article|page|paragraph|law|court|date)|what\s+(?:is|was|are|were)\s+the"
    r"|within|wann|wer|wem|wen|wo|wie\s+(?:viele?|lange|hoch|oft)|bis\s+wann|in\s+welche[mr]|nach\s+welche[mr]|welche[rs]?\s+"
    r"(?:klausel|paragraph|artikel|absatz|recht|gericht|datum))\b",
    re.IGNORECASE,
)


def kind_of(question: str) -> Kind:
    """The kind of a question by its words: English and German; others are OTHER, which the size decides."""
    if _WHOLE.search(question):
        return Kind.WHOLE
    return Kind.PLACE if _PLACE.search(question) else Kind.OTHER


@dataclass(frozen=True, slots=True)
class Means:
    """What there is to answer with: `claude` and `llama` are configured or not, `window` is Claude's in tokens, `left`
    the dollars of the budget that are left (None: no limit)."""

    claude: str | None
    llama: bool
    window: int
    left: float | None
    prices: Prices


def choose(
    question: str, records: Sequence[Record], means: Means, *, vouching: Sequence[Record] = ()
) -> tuple[Mode, str]:
    """The mode for a question over these documents, and in words why. Looks at nothing but what is given.

    Documents of `vouching` are not read, but the question may be about them: they must be cleared as well.
    """
    at_home = Mode.GDPR if means.llama else Mode.EXTRACTIVE
    everything = (*records, *vouching)
    restricted = {record.document_id for record in everything if record.clearance is not Clearance.CLOUD}
    if means.claude is None or restricted or not records:
        documents = len({record.document_id for record in everything})
        return at_home, _why_at_home(means, restricted=len(restricted), documents=documents)

    characters = sum({record.document_id: record.characters for record in records}.values())
    tokens = int(characters / CHARACTERS_PER_TOKEN)
    sent = min(tokens, means.window)
    written = sent if tokens <= means.window else 0
    usd = means.prices.cost(
        means.claude, Usage(input_tokens=sent, cache_write_tokens=written, output_tokens=TYPICAL_ANSWER)
    )
    size = f"about {tokens:,} tokens, USD {usd:.2f}"
    if means.left is not None and usd > means.left:
        return (
            at_home,
            f"the documents are cleared for Claude, but USD {means.left:.2f} of the budget are left ({size})",
        )
    if not means.llama:
        fits = "" if tokens <= means.window else "; what does not fit is chosen by search"
        return (
            Mode.LONG_DOCUMENT,
            f"every document in scope is cleared for the cloud, and Claude is configured ({size}{fits})",
        )
    kind = kind_of(question)
    if kind is Kind.WHOLE:
        return Mode.LONG_DOCUMENT, f"the question asks for more than one place, and every document is cleared ({size})"
    if kind is Kind.PLACE:
        return Mode.GDPR, f"the question asks for one place, which your Llama reads in what search finds ({size} saved)"
    if tokens <= means.window:
        return Mode.LONG_DOCUMENT, f"every document is cleared, and all of them fit into Claude's window ({size})"
    return Mode.GDPR, f"the documents do not fit into Claude's window, and a Llama server is configured ({size} saved)"


def _why_at_home(means: Means, *, restricted: int, documents: int) -> str:
    if not means.llama:
        return "no language model is configured that may read these documents"
    if means.claude is None or not documents:
        return "a Llama server is configured"
    return f"{restricted} of {documents} documents are restricted, and a Llama server is configured"
