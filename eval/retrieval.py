"""How well search finds the places that people judged, on any search that brings back hits.

    queries ─ search ─▶ hits ─ which judged places does each touch? ─▶ ranking ─ ir-measures ─▶ scores ─▶ intervals

Relevance names documents, spans and pages, never chunks: cutting documents otherwise leaves a judged set valid.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import ir_measures
import numpy as np

from core.answers import Narrowing
from core.documents import DocumentId, Hit, Span
from core.errors import DossierError, NotFound, UsageError
from eval.dataset import Judged, Query, read_queries
from eval.report import Failure, Result, Scored, Slice
from eval.statistics import Interval, mean_intervals

if TYPE_CHECKING:
    from app.service import App

__all__ = ["CUTOFFS", "LIMIT", "Failure", "Place", "Result", "Search", "evaluate", "evaluate_app", "place_of"]

CUTOFFS = (1, 3, 5, 10, 20)
"""Ranks at which hits are counted: what a person reads first (1 to 5), a screen (10), what a model is given (20)."""

LIMIT = max(CUTOFFS)

CHARACTERS = 8000
"""Characters that a reader, or a model with a small window, is given: the first of what was found, in order."""

_CHARACTER_HITS = 50
"""Hits that are asked for, so that also short ones fill CHARACTERS."""

_RANKED_AT = 10
"""The customary depth of nDCG and of the cut MRR (BEIR, MS MARCO)."""

_JUDGED_BY_CHARACTER = frozenset({".txt", ".md"})
"""Files whose canonical text is the file's own: only there do offsets that others counted stay valid."""

Search = Callable[[str, Sequence[DocumentId]], Sequence[Hit]]
"""(question, documents to search; none means all) → hits, best first."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a hit must touch to be relevant: one of `spans`, else one of `pages`, else anything of the document."""

    document: DocumentId
    spans: frozenset[Span] = frozenset()
    pages: frozenset[int] = frozenset()

    @property
    def judged_by(self) -> str:
        return "span" if self.spans else "page" if self.pages else "document"

    def touched_by(self, hit: Hit) -> bool:
        if hit.chunk.document_id != self.document:
            return False
        if self.spans:
            return any(span.overlaps(hit.chunk.span) for span in self.spans)
        return not self.pages or not self.pages.isdisjoint(hit.chunk.pages)


def place_of(judged: Judged, document: DocumentId, *, paged: bool) -> Place:
    """Where a judged place lies in a document. In a `paged` document the page decides where one was judged."""
    if judged.pages and (paged or not judged.spans):
        return Place(document, pages=judged.pages)
    return Place(document, spans=judged.spans)


def evaluate(
    queries: Iterable[Query],
    search: Search,
    documents: Mapping[str, DocumentId],
    *,
    limit: int = LIMIT,
    within_document: bool = False,
    paged: Collection[DocumentId] = frozenset(),
) -> Result:
    """Search for every question, and measure where its judged places were found.

    `documents` tells for each `doc_id` of the judged set which document it is. `paged` are those whose canonical text
    is not the text that was judged by character (PDF and the like). `within_document` searches only where the evidence
    lies: what is left when the right document is known.

    Metrics, each in [0, 1], over answerable questions with judged places:
      hit@k            a relevant hit is among the first k
      recall@k         share of the judged places found by the first k; one hit may find several, each counts once
      mrr, mrr@10      1 / rank of the first relevant hit, else 0 (`mrr` to the depth of `limit`)
      ndcg@10          binary gain for each hit that finds something new; ideal: one hit for each place, all at the top
                       (places that one hit finds together count as one)
      document_hit@1   the first hit lies in a document that holds evidence (not when only that was searched)
      char_recall@8000, char_precision@8000
                       share of the judged characters that are among the first 8,000 characters of the hits, and share
                       of those that are judged: N. Pipitone, G. Alami, LegalBench-RAG (arXiv 2408.10343), section 4,
                       at a budget of characters and not of chunks. Only where every place was judged by character
    A question whose search raises a DossierError, or whose document is not there, is a failure and scores 0.
    Raises UsageError when there is nothing to measure.
    """
    if limit < 1:
        raise UsageError("The limit must be 1 or more.")
    queries = tuple(queries)
    answerable = [query for query in queries if query.answerable]
    judged = [query for query in answerable if query.evidence]
    if not judged:
        raise UsageError("No question of the judged set has a judged place: there is nothing to measure.")

    trials = [_tried(query, search, documents, limit, within_document, paged) for query in judged]
    names, scores = _scores(trials, limit)
    if not within_document:
        names = (*names, "document_hit@1")
        scores = np.column_stack((scores, [trial.right_document_first for trial in trials]))
    if all(trial.judged_by in {"span", "failed"} for trial in trials):
        names = (*names, f"char_recall@{CHARACTERS}", f"char_precision@{CHARACTERS}")
        scores = np.column_stack((scores, [(trial.char_recall, trial.char_precision) for trial in trials]))

    def figures(chosen: Sequence[int]) -> dict[str, Interval]:
        clusters = [judged[number].doc_id for number in chosen]
        return dict(zip(names, mean_intervals(scores[chosen], clusters), strict=True))

    return Result(
        queries=len(queries),
        unanswerable=len(queries) - len(answerable),
        unjudged=len(answerable) - len(judged),
        scored=tuple(
            Scored(query.id, query.doc_id, dict(zip(names, map(float, row), strict=True)))
            for query, row in zip(judged, scores, strict=True)
        ),
        metrics=figures(range(len(judged))),
        slices={
            dimension: {value: Slice(len(chosen), figures(chosen)) for value, chosen in sorted(parts.items())}
            for dimension, parts in _parts(judged, trials).items()
        },
        failures=tuple(trial.failure for trial in trials if trial.failure),
        limit=limit,
        within_document=within_document,
    )


def evaluate_app(
    app: App,
    queries: Path,
    *,
    collection: str,
    within_document: bool = False,
    narrowing: Narrowing = Narrowing.AUTO,
    limit: int = LIMIT,
    by: str,
) -> Result:
    """`evaluate` the app's own search over a collection, on the judged set in the file `queries`.

    What the question says about documents narrows the search as it does for an analyst, unless `narrowing` says no.

    Raises UsageError for a judged set that cannot be read, or that names a document of which the collection holds two;
    NotFound for an unknown collection.
    """
    read = read_queries(queries)
    named = {doc_id for query in read for doc_id in query.doc_ids}
    records = [record for record in app.documents(collection) if PurePath(record.source).stem in named]
    documents: dict[str, DocumentId] = {}
    for record in records:
        name = PurePath(record.source).stem
        if documents.setdefault(name, record.document_id) != record.document_id:
            raise UsageError(f"The collection {collection} holds two different documents named {name}.")

    def search(question: str, within: Sequence[DocumentId]) -> Sequence[Hit]:
        depth = max(limit, _CHARACTER_HITS)
        return app.search(
            question, collection=collection, documents=within, narrowing=narrowing, limit=depth, by=by
        ).hits

    paged = {one.document_id for one in records if PurePath(one.source).suffix.lower() not in _JUDGED_BY_CHARACTER}
    return evaluate(read, search, documents, limit=limit, within_document=within_document, paged=paged)


# ── one call below ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Trial:
    """What became of one question. `found_at[i]` is the rank (from 1) of the first hit that touches place i."""

    judged_by: str
    hits: int = 0
    found_at: tuple[int | None, ...] = (None,)
    right_document_first: bool = False
    char_recall: float = 0.0
    char_precision: float = 0.0
    failure: Failure | None = None


def _tried(
    query: Query,
    search: Search,
    documents: Mapping[str, DocumentId],
    limit: int,
    within_document: bool,
    paged: Collection[DocumentId],
) -> _Trial:
    try:
        missing = [doc_id for doc_id in query.doc_ids if doc_id not in documents]
        if missing:
            raise NotFound(f"The collection holds no document named {', '.join(missing)}.")
        right = [documents[doc_id] for doc_id in query.doc_ids]
        returned = search(query.query, right if within_document else ())
    except DossierError as error:
        return _Trial("failed", failure=Failure(query.id, str(error)))
    hits = returned[:limit]
    # Judged by page, two pieces of evidence on one page are the same place.
    places = dict.fromkeys(
        place_of(one, documents[one.doc_id], paged=documents[one.doc_id] in paged) for one in query.evidence
    )
    kinds = {place.judged_by for place in places}
    recall, precision = _characters(returned, [(documents[one.doc_id], one) for one in query.evidence])
    return _Trial(
        judged_by=kinds.pop() if len(kinds) == 1 else "mixed",
        hits=len(hits),
        found_at=tuple(
            next((rank for rank, hit in enumerate(hits, start=1) if place.touched_by(hit)), None) for place in places
        ),
        right_document_first=bool(hits) and hits[0].chunk.document_id in right,
        char_recall=recall,
        char_precision=precision,
    )


def _characters(hits: Sequence[Hit], judged: Sequence[tuple[DocumentId, Judged]]) -> tuple[float, float]:
    """Recall and precision of the judged characters among the first CHARACTERS of the hits.

    Of a place that stands in the document several times, the one counts that was returned best.
    """
    returned: set[tuple[DocumentId, int]] = set()
    left = CHARACTERS
    for hit in hits:
        start, end = hit.chunk.span.start, min(hit.chunk.span.end, hit.chunk.span.start + left)
        returned.update((hit.chunk.document_id, at) for at in range(start, end))
        left -= end - start
    wanted = found = 0
    right: set[tuple[DocumentId, int]] = set()  # two judged places may share characters: precision counts each once
    for document, one in judged:
        if one.span is not None:
            places = (one.span, *one.alternatives)
            shares = [
                sum((document, at) in returned for at in range(span.start, span.end)) / len(span) for span in places
            ]
            wanted += len(one.span)
            found += round(max(shares) * len(one.span))
            best = places[shares.index(max(shares))]
            right.update((document, at) for at in range(best.start, best.end) if (document, at) in returned)
    return (found / wanted if wanted else 0.0), (len(right) / len(returned) if returned else 0.0)


def _scores(trials: Sequence[_Trial], limit: int) -> tuple[tuple[str, ...], np.ndarray[Any, np.dtype[np.float64]]]:
    """Names of metrics, and the score of each trial in each (trials × metrics)."""
    cutoffs = sorted({cutoff for cutoff in CUTOFFS if cutoff <= limit} | {limit})
    ranked: dict[str, Any] = {f"hit@{cutoff}": ir_measures.Success @ cutoff for cutoff in cutoffs}
    ranked["mrr"] = ir_measures.RR
    if limit >= _RANKED_AT:
        ranked[f"mrr@{_RANKED_AT}"] = ir_measures.RR @ _RANKED_AT
        ranked[f"ndcg@{_RANKED_AT}"] = ir_measures.nDCG @ _RANKED_AT
    # One question per judged place, because a single hit may find several: found by rank k is then a hit at k.
    found = {f"recall@{cutoff}": ir_measures.Success @ cutoff for cutoff in cutoffs}

    whole, single = _Rankings(), _Rankings()
    for number, trial in enumerate(trials):
        whole.add(str(number), trial.hits, trial.found_at)
        for place, rank in enumerate(trial.found_at):
            single.add(f"{number}.{place}", trial.hits, (rank,))
    by_trial = whole.measured(ranked)
    by_place = single.measured(found)

    names = (
        *(name for name in ranked if name.startswith("hit@")),
        *found,
        *(name for name in ranked if not name.startswith("hit@")),
    )
    scores = np.empty((len(trials), len(names)))
    for number, trial in enumerate(trials):
        for column, name in enumerate(names):
            if name in ranked:
                scores[number, column] = by_trial[name, str(number)]
            else:
                places = [by_place[name, f"{number}.{place}"] for place in range(len(trial.found_at))]
                scores[number, column] = np.mean(places)
    return names, scores


@dataclass(frozen=True, slots=True)
class _Rankings:
    """Rankings in the words of ir-measures: a "document" there is one rank here, or a place that was not found."""

    qrels: dict[str, dict[str, int]] = field(default_factory=dict)
    run: dict[str, dict[str, float]] = field(default_factory=dict)

    def add(self, question: str, hits: int, found_at: Sequence[int | None]) -> None:
        self.qrels[question] = {
            f"place {place}" if rank is None else f"rank {rank}": 1 for place, rank in enumerate(found_at)
        }
        self.run[question] = {f"rank {rank}": float(-rank) for rank in range(1, hits + 1)}

    def measured(self, measures: Mapping[str, Any]) -> dict[tuple[str, str], float]:
        """(name, question) → score. A question without hits scores ir-measures' default, 0."""
        names = {measure: name for name, measure in measures.items()}
        run = {question: ranks for question, ranks in self.run.items() if ranks}
        return {
            (names[metric.measure], metric.query_id): float(metric.value)
            for metric in ir_measures.iter_calc(list(names), self.qrels, run)
        }


def _parts(queries: Sequence[Query], trials: Sequence[_Trial]) -> dict[str, dict[str, list[int]]]:
    """Dimension → value → numbers of questions. A dimension that tells no questions apart is left out."""
    parts: dict[str, dict[str, list[int]]] = {"type": {}, "lang": {}, "judged_by": {}, "document": {}}
    for number, (query, trial) in enumerate(zip(queries, trials, strict=True)):
        values = (query.type, query.lang, trial.judged_by, query.doc_id)
        for part, value in zip(parts.values(), values, strict=True):
            part.setdefault(value or "(none)", []).append(number)
    return {dimension: part for dimension, part in parts.items() if len(part) > 1}
