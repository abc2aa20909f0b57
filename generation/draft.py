"""What a generator brings back: claims that point at passages by number. It never supplies the text of a quote."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from core.answers import Usage
from core.documents import DocumentId
from core.errors import ServiceDown
from generation.passages import Passage

Chunks = TypeVar("Chunks", contravariant=True)
"""What a generator may be given: chunks, or only ClearedChunks where they leave our walls."""


@dataclass(frozen=True, slots=True)
class DraftClaim:
    """One sentence of an answer and the numbers of the passages that it rests on."""

    text: str
    passages: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer before its pointers are resolved. `claims == ()` has a `reason` in words.

    `passages` are those that were given to the generator; `chunks_left_out` counts the lowest-ranked chunks that did
    not fit into its window. One that is not `complete` was cut off or declined; `reason` says so.
    """

    claims: tuple[DraftClaim, ...]
    passages: tuple[Passage, ...]
    reason: str | None
    model: str
    prompt_version: str
    usage: Usage = field(default_factory=Usage)
    chunks_left_out: int = 0
    complete: bool = True

    def documents(self) -> frozenset[DocumentId]:
        """The documents that the claims point at."""
        cited = {number for claim in self.claims for number in claim.passages}
        return frozenset(passage.document_id for passage in self.passages if passage.number in cited)

    @property
    def stray_pointers(self) -> int:
        """How many pointers name a passage that was not given."""
        known = {passage.number for passage in self.passages}
        return sum(number not in known for claim in self.claims for number in claim.passages)


class BrokenOff(ServiceDown):
    """A service stopped in the middle of an answer. `usage` is what it had counted until then, and will bill."""

    def __init__(self, sentence: str, usage: Usage) -> None:
        super().__init__(sentence)
        self.usage = usage


class Generator(Protocol[Chunks]):
    """Makes an answer from what was found. Extractive and Llama read any chunks, Claude only ClearedChunks.

    `on_text` is told the answer piece by piece as it is made. Raises ServiceDown when a model did not answer.
    """

    def answer(self, question: str, chunks: Chunks, on_text: Callable[[str], None] | None) -> Draft: ...
