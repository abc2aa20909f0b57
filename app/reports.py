"""What the verbs of the app bring back, beside the answers of core: values, and their JSON shapes.

The shapes are the outside interface: scripts, cron jobs and CI read them. Fields may be added, never changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from core.answers import Answer, Citation, Scope
from core.documents import Document, DocumentId, Fate, Hit, Span
from core.facts import Facts

if TYPE_CHECKING:
    from app.facts import Known
    from retrieval.catalogue import Quarantined as Quarantined
    from retrieval.catalogue import Record as Record
    from retrieval.catalogue import Run
    from retrieval.index import Explained


class Status(StrEnum):
    """What ingest did with a file."""

    ADDED = "added"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REMOVED = "removed"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run of ingest stands. Counts from 1; `pages` is 0 while it is not known."""

    stage: str
    source: str
    document: int
    documents: int
    page: int = 0
    pages: int = 0


@dataclass(frozen=True, slots=True)
class IngestedDocument:
    source: str
    document_id: DocumentId | None
    status: Status
    pages: int = 0
    chunks: int = 0
    fates: Mapping[Fate, int] = field(default_factory=lambda: dict.fromkeys(Fate, 0))
    warnings: tuple[str, ...] = ()
    reason: str | None = None
    moved_from: str | None = None


@dataclass(frozen=True, slots=True)
class Ingested:
    """A whole run. `skipped` are files that ingest does not read, each with the reason.

    `left` counts the files that were not looked at, because the run was asked to stop.
    """

    run_id: str
    collection: str
    documents: tuple[IngestedDocument, ...]
    skipped: tuple[tuple[str, str], ...]
    seconds: float
    left: int = 0

    @property
    def counts(self) -> dict[str, int]:
        counts = {status.value: sum(one.status is status for one in self.documents) for status in Status}
        return {
            **counts,
            "moved": sum(one.moved_from is not None for one in self.documents),
            "skipped": len(self.skipped),
            "left": self.left,
            "pages": sum(one.pages for one in self.documents),
            "chunks": sum(one.chunks for one in self.documents),
            "pages_unreadable": sum(one.fates[Fate.UNREADABLE] for one in self.documents),
        }

    @property
    def complete(self) -> bool:
        """False when a file was quarantined or a page could not be read."""
        return not (self.counts["quarantined"] or self.counts["pages_unreadable"])

    def to_json(self) -> dict[str, Any]:
        return {
            "run_id": self.run_id,
            "collection": self.collection,
            "documents": [
                {
                    "source": one.source,
                    "document_id": one.document_id,
                    "status": one.status.value,
                    "pages": one.pages,
                    "chunks": one.chunks,
                    "fates": {fate.value: count for fate, count in one.fates.items()},
                    "warnings": list(one.warnings),
                    **({"reason": one.reason} if one.reason else {}),
                    **({"moved_from": one.moved_from} if one.moved_from else {}),
                }
                for one in self.documents
            ],
            "skipped": [{"source": source, "reason": reason} for source, reason in self.skipped],
            "counts": self.counts,
            "seconds": round(self.seconds, 3),
        }


class Kind(StrEnum):
    """How disk, catalogue and index can differ."""

    UNFINISHED = "unfinished"
    DOCUMENT_WITHOUT_POINTS = "document without points"
    POINTS_WITHOUT_DOCUMENT = "points without document"
    FILES_WITHOUT_DOCUMENT = "files without document"
    CHUNKS_DIFFER = "number of chunks differs"
    WORDS_DIFFER = "words of chunks differ"
    TEXT_DAMAGED = "parsed text missing or damaged"
    ORIGINAL_MISSING = "original missing"
    ORIGINAL_DAMAGED = "original damaged"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that does not fit. `source` is None for what has no row in the catalogue."""

    document_id: DocumentId
    source: str | None
    kind: Kind


@dataclass(frozen=True, slots=True)
class Verified:
    """What a comparison of disk, catalogue and index found, and what of it was mended.

    `sources_gone` are documents whose files are no longer where they were read: no difference, but told.
    """

    collection: str
    documents: int
    differences: tuple[Difference, ...]
    mended: tuple[Difference, ...]
    sources_gone: tuple[str, ...] = ()

    @property
    def well(self) -> bool:
        return not self.differences

    def to_json(self) -> dict[str, Any]:
        def rows(differences: tuple[Difference, ...]) -> list[dict[str, Any]]:
            return [
                {"document_id": one.document_id, "source": one.source, "difference": one.kind.value}
                for one in differences
            ]

        return {
            "collection": self.collection,
            "documents": self.documents,
            "well": self.well,
            "differences": rows(self.differences),
            "mended": rows(self.mended),
            "sources_gone": list(self.sources_gone),
        }


@dataclass(frozen=True, slots=True)
class RunReport:
    """A run as it is remembered. `outcome` is finished, stopped, failed, killed or running; times are ISO 8601."""

    run_id: str
    collection: str
    outcome: str
    started: str
    seconds: float | None
    counts: Mapping[str, int]
    reason: str | None
    pid: int

    def to_json(self) -> dict[str, Any]:
        return {
            "run_id": self.run_id,
            "collection": self.collection,
            "outcome": self.outcome,
            "started": self.started,
            "seconds": self.seconds,
            "counts": dict(self.counts),
            "reason": self.reason,
            "pid": self.pid,
        }


@dataclass(frozen=True, slots=True)
class Found:
    """What search brings back. `sources` tells for each document the path it came from.

    `around` holds, where it was asked for, what stands around each hit: by the id of its chunk, span and text.
    """

    question: str
    scope: Scope
    hits: tuple[Hit, ...]
    sources: Mapping[DocumentId, str]
    seconds: float
    explained: Mapping[str, Explained] = field(default_factory=dict)
    around: Mapping[str, tuple[Span, str]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            "question": self.question,
            "scope": scope_json(self.scope),
            "hits": [
                {
                    "document_id": hit.chunk.document_id,
                    "source": self.sources.get(hit.chunk.document_id, ""),
                    "title": hit.chunk.title,
                    "pages": list(hit.chunk.pages),
                    "start": hit.chunk.span.start,
                    "end": hit.chunk.span.end,
                    "section": hit.chunk.section,
                    "context": hit.chunk.context,
                    "text": hit.chunk.text,
                    "score": round(hit.score, 6),
                    "because": hit.because,
                    "duplicates": [
                        {
                            "document_id": same.document_id,
                            "source": self.sources.get(same.document_id, ""),
                            "pages": list(same.pages),
                            "start": same.span.start,
                            "end": same.span.end,
                        }
                        for same in hit.duplicates
                    ],
                    **self._around_json(hit),
                    **self._explained(hit),
                }
                for hit in self.hits
            ],
            "seconds": round(self.seconds, 4),
        }

    def _around_json(self, hit: Hit) -> dict[str, Any]:
        if hit.chunk.id not in self.around:
            return {}
        span, text = self.around[hit.chunk.id]
        return {"around": {"start": span.start, "end": span.end, "text": text}}

    def _explained(self, hit: Hit) -> dict[str, Any]:
        why = self.explained.get(hit.chunk.id)
        if why is None:
            return {}
        return {
            "explain": {
                "scope_weight": self.scope.weights.get(hit.chunk.document_id, 1.0),
                "dense_rank": why.dense_rank,
                "sparse_rank": why.sparse_rank,
                "fused_rank": why.fused_rank,
                "looked_rank": why.looked_rank,
                "reranked_rank": why.reranked_rank,
                "because": hit.because,
            }
        }


@dataclass(frozen=True, slots=True)
class PageView:
    """A page to look at: a PNG with the quoted words marked where the format has pages, and always its text.

    `marks` are the marked places inside `text`; `focus` is how far down the picture the first of them is, from 0 to 1.
    """

    image: bytes | None
    text: str
    marks: tuple[Span, ...]
    focus: float | None = None


@dataclass(frozen=True, slots=True)
class Erased:
    """The certificate of an erasure: what was removed, and what a read-back found afterwards (nothing)."""

    document_id: DocumentId
    collections: tuple[str, ...]
    chunks: int
    chunks_left: int
    files_left: int
    audit_hash: str

    def to_json(self) -> dict[str, Any]:
        return {
            "document_id": self.document_id,
            "collections": list(self.collections),
            "chunks": self.chunks,
            "chunks_left": self.chunks_left,
            "files_left": self.files_left,
            "audit_hash": self.audit_hash,
        }


def run_report(run: Run, *, running: bool) -> RunReport:
    """A row of the catalogue as a report; `running` tells a run at work from one that was killed."""
    seconds = None
    if run.finished is not None:
        seconds = (datetime.fromisoformat(run.finished) - datetime.fromisoformat(run.started)).total_seconds()
    outcome = run.outcome or ("finished" if run.finished else "running" if running else "killed")
    return RunReport(
        run.run_id, run.collection, outcome, run.started, seconds, dict(run.counts or {}), run.reason, run.pid
    )


def scope_json(scope: Scope) -> dict[str, Any]:
    """The documents searched, the likeliest first; `weights` of those that count less than 1."""
    return {
        "documents": list(scope.documents),
        "because": list(scope.because),
        "narrowed": scope.narrowed,
        "weights": dict(scope.weights),
    }


def facts_json(known: Known) -> dict[str, Any]:
    """What is known about a document, each fact with where it was read and how sure it is."""
    return {"document_id": known.document_id, "collection": known.collection, "facts": _facts_rows(known.facts)}


def _facts_rows(facts: Facts) -> list[dict[str, Any]]:
    return [
        {
            "kind": one.kind.value,
            "value": one.value,
            "origin": one.origin.value,
            "sure": one.sure,
            **({"start": one.span.start, "end": one.span.end} if one.span else {}),
        }
        for one in facts
    ]


def answer_json(answer: Answer, sources: Mapping[DocumentId, tuple[str, str]]) -> dict[str, Any]:
    """An answer as JSON. `sources` gives (source, title) for each document that is cited."""

    def place(citation: Citation) -> dict[str, Any]:
        source, title = sources.get(citation.document_id, ("", ""))
        return {
            "document_id": citation.document_id,
            "source": source,
            "title": title,
            "pages": list(citation.pages),
            "start": citation.span.start,
            "end": citation.span.end,
            "quote": citation.quote,
            **({"force": citation.force.value} if citation.force else {}),
        }

    return {
        "question": answer.question,
        "answer": answer.text,
        "claims": [
            {
                "text": claim.text,
                "support": claim.support.value,
                "differences": list(claim.differences),
                "score": None if claim.score is None else round(claim.score, 4),
                "force": claim.force.value if claim.force else None,
                "citations": [place(citation) for citation in claim.citations],
            }
            for claim in answer.claims
        ],
        "reason": answer.reason,
        "as_of": answer.as_of.isoformat() if answer.as_of else None,
        "amended_until": answer.amended_until.isoformat() if answer.amended_until else None,
        "terms": [
            {
                "section": one.section,
                "change": one.change.value,
                "agreement": one.agreement,
                "amended_by": one.amended_by,
                "amended_by_source": sources.get(one.amended_by, ("", ""))[0],
                "effective": one.effective.isoformat() if one.effective else None,
                "effective_because": one.effective_because,
                "in_force": one.in_force.value,
                "original": place(one.original) if one.original else None,
                "amendment": place(one.amendment) if one.amendment else None,
                "text": place(one.text) if one.text else None,
                "note": one.note,
            }
            for one in answer.terms
        ],
        "definitions": [
            {
                "term": one.term,
                "citation": place(one.citation),
                **({"elsewhere": one.elsewhere} if one.elsewhere else {}),
            }
            for one in answer.definitions
        ],
        "definitions_left_out": answer.definitions_left_out,
        "scope": scope_json(answer.scope),
        "coverage": {
            "documents_searched": answer.coverage.documents_searched,
            "documents_excluded": answer.coverage.documents_excluded,
            "documents_quarantined": answer.coverage.documents_quarantined,
            "pages_searched": answer.coverage.pages_searched,
            "pages_unreadable": answer.coverage.pages_unreadable,
            "hits_unread": answer.coverage.hits_unread,
            "not_sent": [
                {
                    "document_id": one.document_id,
                    "source": one.source,
                    "pages": list(one.pages),
                    "partly": list(one.partly),
                }
                for one in answer.coverage.not_sent
            ],
        },
        "mode": answer.mode.value,
        "mode_because": answer.mode_because,
        "model": answer.model,
        "prompt_version": answer.prompt_version,
        "settings_hash": answer.settings_hash,
        "usage": {
            "input_tokens": answer.usage.input_tokens,
            "output_tokens": answer.usage.output_tokens,
            "cache_read_tokens": answer.usage.cache_read_tokens,
            "cache_write_tokens": answer.usage.cache_write_tokens,
            "cost_usd": round(answer.usage.cost_usd, 6),
            "seconds": round(answer.usage.seconds, 3),
        },
    }


def document_json(document: Document, *, with_text: bool) -> dict[str, Any]:
    """A document with the fate of each page; its canonical text where asked for."""
    return {
        "document_id": document.id,
        "collection": document.collection,
        "source": document.source,
        "title": document.title,
        "media_type": document.media_type,
        "clearance": document.clearance.value,
        "parser": document.parser,
        "warnings": list(document.warnings),
        **({"text": document.text} if with_text else {}),
        "pages": [
            {
                "number": page.number,
                "label": page.label,
                "start": page.span.start,
                "end": page.span.end,
                "fate": page.fate.value,
                **({"note": page.note} if page.note else {}),
            }
            for page in document.pages
        ],
        "fates": {fate.value: count for fate, count in document.fates().items()},
        "hidden": [{"kind": one.kind.value, "page": one.page, "text": one.text} for one in document.hidden],
    }


def readers_json(records: Sequence[Record]) -> dict[str, Any]:
    """Who may read a document in each collection that holds it; null means everybody who may use this home."""
    return {
        "document_id": records[0].document_id,
        "readers": [
            {"collection": one.collection, "source": one.source, "readers": one.readers.named} for one in records
        ],
    }


def record_json(record: Record, facts: Facts = ()) -> dict[str, Any]:
    """A row of the catalogue, with what is known about the document."""
    return {
        "facts": _facts_rows(facts),
        "document_id": record.document_id,
        "collection": record.collection,
        "source": record.source,
        "title": record.title,
        "media_type": record.media_type,
        "clearance": record.clearance.value,
        "readers": record.readers.named,
        "parser": record.parser,
        "pages": record.pages,
        "chunks": record.chunks,
        "fates": {fate.value: count for fate, count in record.fates.items()},
        "warnings": list(record.warnings),
        "ingested_at": record.ingested_at,
        "ingested_by": record.ingested_by,
    }
