"""What an answer is: claims, each with the citations it rests on, or a reason why there are none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from enum import StrEnum

from core.documents import DocumentId, Span
from core.privacy import Mode
from core.terms import Change, Force


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
    """A place in a document. `quote` is always `span.of(document.text)`; `pages[0]` is the page it begins on.

    `force` says whether it was in force on the day asked about; None where no amendment touches it.
    """

    document_id: DocumentId
    span: Span
    quote: str
    pages: tuple[int, ...]
    force: Force | None = field(default=None, compare=False)


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

    @property
    def force(self) -> Force | None:
        """The least favourable of its citations: one superseded clause makes the claim one of the past."""
        forces = [citation.force for citation in self.citations]
        order = (Force.SUPERSEDED, Force.NOT_YET, Force.UNCLEAR, Force.IN_FORCE)
        return next((force for force in order if force in forces), None)


@dataclass(frozen=True, slots=True)
class Term:
    """A section that an amendment changes and that the answer rests on, with both texts.

    `in_force` says of the amendment whether it counts on the day asked about. `original` is the section as it was,
    None for one that is new or was not found; `amendment` is the sentence that changes it and `text` the new
    words, None where there are none, or where the amendment is outside the documents that were asked about. `note` says
    what could not be told.
    """

    section: str
    change: Change
    agreement: DocumentId | None
    amended_by: DocumentId
    effective: date | None
    effective_because: str
    in_force: Force
    original: Citation | None = None
    amendment: Citation | None = None
    text: Citation | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class DefinedTerm:
    """A defined term that the answer uses, and the place that defines it; `elsewhere` names the document that does,
    where the place only refers to it."""

    term: str
    citation: Citation
    elsewhere: str = ""


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
    `not_sent` names the pages that did not fit into the window of long-document mode; `hits_unread` counts the last
    hits of the search that did not fit into the Llama's.
    """

    documents_searched: int
    documents_excluded: int
    documents_quarantined: int
    pages_searched: int
    pages_unreadable: int
    not_sent: tuple[NotSent, ...] = ()
    hits_unread: int = 0


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
    """The answer to a question. "Not in the documents" is `claims == ()` with a `reason`, never a magic sentence.

    `terms` are the amendments that its claims rest on, as of the day `as_of`; without one, all that the collection has
    apply, the latest from `amended_until` on. `definitions` are those of terms that the claims or the question use.
    """

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
    as_of: date | None = None
    terms: tuple[Term, ...] = ()
    amended_until: date | None = None
    definitions: tuple[DefinedTerm, ...] = ()
    definitions_left_out: int = 0

    @property
    def text(self) -> str:
        """The claims as running text."""
        return " ".join(claim.text for claim in self.claims)
