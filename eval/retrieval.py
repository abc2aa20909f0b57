"""How well search finds the places that people judged, on any search that brings back hits.

    queries ─ search ─▶ hits ─ which judged places does each touch? ─▶ ranking ─ ir-measures ─▶ scores ─▶ intervals

Relevance names documents, spans and pages, never chunks: cutting documents otherwise leaves a judged set valid.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import ir_measures
import numpy as np

from core.answers import Narrowing
from core.documents import BlockKind, Document, DocumentId, Fate, Hit, Span, pages_of
from core.errors import DossierError, NotFound, UsageError
from core.privacy import Mode
from eval.abstention import silences
from eval.dataset import Judged, Query, read_queries
from eval.report import Failure, Found, Result, Scored, Slice, Spot
from eval.statistics import Interval, mean_intervals

if TYPE_CHECKING:
    from app.service import App

__all__ = [
    "CUTOFFS",
    "LIMIT",
    "Failure",
    "Place",
    "Result",
    "Search",
    "evaluate",
    "evaluate_app",
    "evaluate_search",
    "place_of",
]

CUTOFFS = (1, 3, 5, 10, 20)
"""Ranks at which hits are counted: what a person reads first (1 to 5), a screen (10), what a model is given (20)."""

LIMIT = max(CUTOFFS)

CHARACTERS = 8000
"""Characters that a reader, or a model with a small window, is given: the first of what was found, in order."""

_CHARACTER_HITS = 50
"""Hits that are asked for, so that also short ones fill CHARACTERS."""

_COARSE = (1, 5, 10)
"""Ranks at which pages and documents are counted, and precision: deeper they say little."""

_RANKED_AT = 10
"""The customary depth of nDCG and of the cut MRR (BEIR, MS MARCO)."""

_SHOWN = 3
"""First hits of which the place is kept, to be looked at beside what was judged."""

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
    traits: Mapping[str, Mapping[str, str]] | None = None,
    spots: Mapping[str, Sequence[Spot]] | None = None,
) -> Result:
    """Search for every question, and measure where its judged places were found.

    `documents` tells for each `doc_id` of the judged set which document it is. `paged` are those whose canonical text
    is not the text that was judged by character (PDF and the like). `within_document` searches only where the evidence
    lies: what is left when the right document is known. `traits` tells more of a question, by its id, to slice by.
    `spots` tells where its judged places are in the documents at hand, where that is known better than by judgement.

    Metrics, each in [0, 1], over answerable questions with judged places:
      hit@k            a relevant hit is among the first k
      recall@k         share of the judged places found by the first k; one hit may find several, each counts once
      precision@k      share of the first k that are relevant (of k, also where fewer were found)
      mrr, mrr@10      1 / rank of the first relevant hit, else 0 (`mrr` to the depth of `limit`)
      ndcg@10          binary gain for each hit that finds something new; ideal: one hit for each place, all at the top
                       (places that one hit finds together count as one)
      map              mean precision at the ranks that find something new, 0 for what is not found, to `limit`
      page_…           the same of judged pages: a hit touches one. Only where some place is judged by character and all
                       have a page: elsewhere it says the same as without page_, or nothing
      document_…       the same of the documents that hold evidence (not when only those were searched)
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
    columns = _scores([trial.places for trial in trials], limit, cutoffs=sorted({*CUTOFFS, limit}), prefix="")
    if _pages_are_judged(judged, trials):
        columns |= _scores([trial.pages for trial in trials], limit, cutoffs=_COARSE, prefix="page_")
    if not within_document:
        columns |= _scores([trial.documents for trial in trials], limit, cutoffs=_COARSE, prefix="document_")
    if all(trial.judged_by in {"span", "failed"} for trial in trials):
        columns[f"char_recall@{CHARACTERS}"] = [trial.char_recall for trial in trials]
        columns[f"char_precision@{CHARACTERS}"] = [trial.char_precision for trial in trials]
    names, scores = tuple(columns), np.column_stack(list(columns.values()))

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
            for dimension, parts in _parts(judged, trials, traits or {}).items()
        },
        failures=tuple(trial.failure for trial in trials if trial.failure),
        seconds=tuple(trial.seconds for trial in trials if not trial.failure),
        limit=limit,
        within_document=within_document,
        found=tuple(
            Found(query.id, trial.rank, tuple((spots or {}).get(query.id, trial.judged)), trial.first)
            for query, trial in zip(judged, trials, strict=True)
            if not trial.failure
        ),
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

    Raises UsageError for a judged set that cannot be read, or that names a document of which the collection holds two;
    NotFound for an unknown collection.
    """
    read = read_queries(queries)
    return evaluate_search(
        app, read, collection=collection, within_document=within_document, narrowing=narrowing, limit=limit, by=by
    )


def evaluate_search(
    app: App,
    queries: Sequence[Query],
    *,
    collection: str,
    within_document: bool = False,
    narrowing: Narrowing = Narrowing.AUTO,
    limit: int = LIMIT,
    modes: Sequence[Mode] = (Mode.EXTRACTIVE,),
    by: str,
) -> Result:
    """`evaluate_app` on questions that were read already.

    Questions are also told apart by what their evidence is: whether it stands in a table, and on a scanned page. Where
    some have no answer, every question is put to each of `modes` as well: does it stay silent where it should? Raises
    UsageError for a mode that is not configured.
    """
    all_answerable = all(query.answerable for query in queries)
    for mode in () if all_answerable else modes:
        app.must_be_configured(mode)
    named = {doc_id for query in queries for doc_id in query.doc_ids}
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
    result = evaluate(
        queries,
        search,
        documents,
        limit=limit,
        within_document=within_document,
        paged=paged,
        traits=_traits(app, queries, documents, paged),
        spots=_spots(app, queries, documents, paged),
    )
    if all_answerable:
        return result
    failed = {failure.id for failure in result.failures}
    asked = [query for query in queries if query.id not in failed]
    told, unasked = silences(
        app,
        asked,
        documents,
        modes=modes,
        collection=collection,
        within_document=within_document,
        narrowing=narrowing,
        by=by,
    )
    return replace(result, silence=told, failures=(*result.failures, *unasked))


# ── one call below ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Ranking:
    """What was found of some places, be they spans, pages or documents, among `hits` hits.

    `found_at[i]` is the rank (from 1) of the first hit that touches place i; `relevant` tells of each hit whether it
    touches any.
    """

    hits: int = 0
    found_at: tuple[int | None, ...] = (None,)
    relevant: tuple[bool, ...] = ()


@dataclass(frozen=True, slots=True)
class _Trial:
    """What became of one question: its judged places, pages and documents in the ranking, and the first hits."""

    judged_by: str
    places: _Ranking = _Ranking()
    pages: _Ranking = _Ranking()
    documents: _Ranking = _Ranking()
    judged: tuple[Spot, ...] = ()
    first: tuple[Spot, ...] = ()
    seconds: float = 0.0
    char_recall: float = 0.0
    char_precision: float = 0.0
    failure: Failure | None = None

    @property
    def rank(self) -> int | None:
        """The rank of the first hit that touches a judged place."""
        return min((rank for rank in self.places.found_at if rank is not None), default=None)


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
        started = time.perf_counter()
        returned = search(query.query, right if within_document else ())
        seconds = time.perf_counter() - started
    except DossierError as error:
        return _Trial("failed", failure=Failure(query.id, str(error)))
    hits = returned[:limit]
    # Judged by page, two pieces of evidence on one page are the same place.
    places = dict.fromkeys(
        place_of(one, documents[one.doc_id], paged=documents[one.doc_id] in paged) for one in query.evidence
    )
    kinds = {place.judged_by for place in places}
    pages = dict.fromkeys(Place(documents[one.doc_id], pages=one.pages) for one in query.evidence)
    recall, precision = _characters(returned, [(documents[one.doc_id], one) for one in query.evidence])
    return _Trial(
        judged_by=kinds.pop() if len(kinds) == 1 else "mixed",
        places=_ranking(hits, places),
        pages=_ranking(hits, pages),
        documents=_ranking(hits, [Place(document) for document in right]),
        judged=tuple(
            Spot(documents[one.doc_id], tuple(sorted(one.pages)), None if documents[one.doc_id] in paged else one.span)
            for one in query.evidence
        ),
        first=tuple(Spot(hit.chunk.document_id, tuple(hit.chunk.pages), hit.chunk.span) for hit in hits[:_SHOWN]),
        seconds=seconds,
        char_recall=recall,
        char_precision=precision,
    )


def _ranking(hits: Sequence[Hit], places: Collection[Place]) -> _Ranking:
    return _Ranking(
        hits=len(hits),
        found_at=tuple(
            next((rank for rank, hit in enumerate(hits, start=1) if place.touched_by(hit)), None) for place in places
        ),
        relevant=tuple(any(place.touched_by(hit) for place in places) for hit in hits),
    )


def _pages_are_judged(queries: Sequence[Query], trials: Sequence[_Trial]) -> bool:
    """Whether the page says more than the place: all have one, and some are judged by character."""
    return all(one.pages for query in queries for one in query.evidence) and any(
        trial.judged_by in {"span", "mixed"} for trial in trials
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
    wanted: set[tuple[DocumentId, int]] = set()
    for document, one in judged:
        if one.span is not None:
            places = [{(document, at) for at in range(span.start, span.end)} for span in (one.span, *one.alternatives)]
            # The judged span comes first in `places`: where nothing was returned, that is the one that is missing.
            wanted |= max(places, key=lambda place: len(place & returned) / len(place))
    found = len(wanted & returned)
    return (found / len(wanted) if wanted else 0.0), (found / len(returned) if returned else 0.0)


def _scores(rankings: Sequence[_Ranking], limit: int, *, cutoffs: Sequence[int], prefix: str) -> dict[str, list[float]]:
    """Metric → the score of each ranking. The names begin with `prefix`."""
    cutoffs = [cutoff for cutoff in cutoffs if cutoff <= limit]
    ranked: dict[str, Any] = {f"hit@{cutoff}": ir_measures.Success @ cutoff for cutoff in cutoffs}
    ranked |= {"map": ir_measures.AP, "mrr": ir_measures.RR}
    if limit >= _RANKED_AT:
        ranked[f"ndcg@{_RANKED_AT}"] = ir_measures.nDCG @ _RANKED_AT
        if not prefix:
            ranked[f"mrr@{_RANKED_AT}"] = ir_measures.RR @ _RANKED_AT
    # One question per judged place, because a single hit may find several: found by rank k is then a hit at k.
    found = {f"recall@{cutoff}": ir_measures.Success @ cutoff for cutoff in cutoffs}

    whole, single = _Rankings(), _Rankings()
    for number, one in enumerate(rankings):
        whole.add(str(number), one.hits, one.found_at)
        for place, rank in enumerate(one.found_at):
            single.add(f"{number}.{place}", one.hits, (rank,))
    by_question, by_place = whole.measured(ranked), single.measured(found)

    def places(name: str, number: int) -> list[float]:
        return [by_place[name, f"{number}.{place}"] for place in range(len(rankings[number].found_at))]

    numbers = range(len(rankings))
    scores = {name: [by_question[name, str(number)] for number in numbers] for name in ranked if "hit@" in name}
    scores |= {name: [float(np.mean(places(name, number))) for number in numbers] for name in found}
    for cutoff in cutoffs:
        if cutoff in _COARSE:
            scores[f"precision@{cutoff}"] = [sum(one.relevant[:cutoff]) / cutoff for one in rankings]
    scores |= {name: [by_question[name, str(number)] for number in numbers] for name in ranked if "hit@" not in name}
    return {f"{prefix}{name}": values for name, values in scores.items()}


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


def _parts(
    queries: Sequence[Query], trials: Sequence[_Trial], traits: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, list[int]]]:
    """Dimension → value → numbers of questions. A dimension that tells no questions apart is left out."""
    parts: dict[str, dict[str, list[int]]] = {}
    for number, (query, trial) in enumerate(zip(queries, trials, strict=True)):
        own = {"type": query.type, "lang": query.lang, "judged_by": trial.judged_by, "document": query.doc_id}
        for dimension, value in {**own, **traits.get(query.id, {})}.items():
            parts.setdefault(dimension, {}).setdefault(value or "(none)", []).append(number)
    return {dimension: part for dimension, part in parts.items() if len(part) > 1}


def _traits(
    app: App, queries: Sequence[Query], documents: Mapping[str, DocumentId], paged: Collection[DocumentId]
) -> dict[str, dict[str, str]]:
    """Of each question with evidence here: whether some of it stands in a table, and on a page read as a picture."""
    read = {id: app.document(id) for id in {documents[name] for name in documents}}
    traits = {}
    for query in queries:
        known = [(read[documents[one.doc_id]], one) for one in query.evidence if one.doc_id in documents]
        if known:
            scanned = any(_scanned(document, one) for document, one in known)
            table = any(_in_table(document, one, paged=document.id in paged) for document, one in known)
            traits[query.id] = {"scanned": "yes" if scanned else "no", "table": "yes" if table else "no"}
    return traits


def _spots(
    app: App, queries: Sequence[Query], documents: Mapping[str, DocumentId], paged: Collection[DocumentId]
) -> dict[str, tuple[Spot, ...]]:
    """Where the judged places are in the canonical texts, of each question whose documents are here.

    Offsets that others counted in a PDF are not ours: there the judged words are looked for on the judged page.
    """
    read = {id: app.document(id) for id in {documents[name] for name in documents}}
    spots = {}
    for query in queries:
        if all(one.doc_id in documents for one in query.evidence):
            spots[query.id] = tuple(
                Spot(document.id, tuple(sorted(one.pages)), _words_at(document, one))
                if document.id in paged and one.pages
                else Spot(document.id, _pages_of(document, one), one.span)
                for one in query.evidence
                for document in (read[documents[one.doc_id]],)
            )
    return spots


def _words_at(document: Document, judged: Judged) -> Span | None:
    """Where the judged words stand on their page, whatever the blanks between them; None where they do not."""
    words = judged.text.split()
    if not words:
        return None
    pattern = re.compile(r"\s+".join(map(re.escape, words)))
    for page in document.pages:
        if page.number in judged.pages and (found := pattern.search(document.text, page.span.start, page.span.end)):
            return Span(*found.span())
    return None


def _pages_of(document: Document, judged: Judged) -> tuple[int, ...]:
    return pages_of(judged.span, document.pages) if judged.span else tuple(sorted(judged.pages))


def _scanned(document: Document, judged: Judged) -> bool:
    return any(page.number in judged.pages and page.fate is Fate.OCR for page in document.pages)


def _in_table(document: Document, judged: Judged, *, paged: bool) -> bool:
    """Whether the judged words stand in a table. On a judged page, they are those of a table that begins so."""
    tables = [block.span for block in document.blocks if block.kind is BlockKind.TABLE]
    if judged.span is not None and not (paged and judged.pages):
        return any(judged.span.overlaps(table) for table in tables)
    words = judged.text.split()[:_TELLING]
    pages = [page.span for page in document.pages if page.number in judged.pages]
    return bool(words) and any(
        any(page.overlaps(table) for page in pages) and " ".join(words) in " ".join(table.of(document.text).split())
        for table in tables
    )


_TELLING = 4
"""Words by which evidence on a page is known in a table: a row's label and its first figure."""
