"""What an answer is: claims, each with the citations it rests on, or a reason why there are none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum

from core.documents import DocumentId, Span
from core.privacy import Mode


class Support(StrEnum):
    """How well a claim's quotes carry it.

    verified    every critical token of the claim stands in its quotes, and the wording is covered
    unverified  no contradiction found, but the quotes do not carry the whole wording
    altered     a number, currency, date, negation, modal or party differs from the quotes
    none        the claim has no citation
    """

    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    ALTERED = "altered"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Citation:
    """A place in a document. `quote` is always `span.of(document.text)`; `pages[0]` is the page it begins on."""

    document_id: DocumentId
    span: Span
    quote: str
    pages: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of the answer. `differences` says in words what is altered.

    `score`, in [0, 1], is how probable it is that the quotes carry all of it: an estimate beside `support`, which is
    exact. None where nothing was estimated: there is no citation, or no model for it.
    """

    text: str
    citations: tuple[Citation, ...]
    support: Support = Support.NONE
    differences: tuple[str, ...] = ()
    score: float | None = None


@dataclass(frozen=True, slots=True)
class NotSent:
    """Pages of a document that the model was not given: `pages` not at all, `partly` not with all their words."""

    document_id: DocumentId
    source: str
    pages: tuple[int, ...]
    partly: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Coverage:
    """What stands behind an answer, and above all behind a "not found".

    `documents_excluded` are in the collection but out of scope; `documents_quarantined` could not be read at all.
    `not_sent` names the pages that did not fit into the window of long-document mode.
    """

    documents_searched: int
    documents_excluded: int
    documents_quarantined: int
    pages_searched: int
    pages_unreadable: int
    not_sent: tuple[NotSent, ...] = ()


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the service counted them (0 where no model ran), US dollars, and seconds of wall time.

    `input_tokens` were read anew; `cache_write_tokens` of them were also put into the cache, for the next question.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cost_usd: float = 0.0
    seconds: float = 0.0
    cache_write_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(Usage)))


class Narrowing(StrEnum):
    """Whether the question decides which documents are searched: `auto` it does, `all` it does not."""

    AUTO = "auto"
    NONE = "all"


@dataclass(frozen=True, slots=True)
class Scope:
    """The documents that were searched, the likeliest first, and in words why these.

    `weights`, in (0, 1], are those of documents that fit the question less; the others weigh 1. `narrowed` is True when
    the question itself left documents out.
    """

    documents: tuple[DocumentId, ...]
    because: tuple[str, ...]
    weights: Mapping[DocumentId, float] = field(default_factory=dict)
    narrowed: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a question. "Not in the documents" is `claims == ()` with a `reason`, never a magic sentence."""

    question: str
    claims: tuple[Claim, ...]
    reason: str | None
    scope: Scope
    coverage: Coverage
    mode: Mode
    mode_because: str
    model: str
    prompt_version: str
    settings_hash: str
    usage: Usage = field(default_factory=Usage)

    @property
    def text(self) -> str:
        """The claims as running text."""
        return " ".join(claim.text for claim in self.claims)
