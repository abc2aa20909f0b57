"""The index: chunks go in, hits come out. What a point is and what it weighs is decided here; where it lies is not.

    embed     a document's chunks → points, with no lock held
    write     upsert the new points → delete the document's older points
    search    embed the question → one hybrid query, dense and sparse fused in the store; one more for what is asked
              without where to look, and for each statement it needs (`questions`) → second look (`look`) → hits

`Store` and `Points` have two implementations: `points_edge` (embedded) and `points_server` (a Qdrant server).
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Protocol

from core.documents import Chunk, Document, DocumentId, Hit, Span
from core.errors import ConfigError, NotFound, UsageError
from core.facts import SURE, FactKind, Facts, values_of
from core.finance import Statement
from core.language import UNKNOWN, language_of
from core.names import short_form, squashed
from core.privacy import Clearance
from core.questions import asked_of
from core.readers import Reader, Readers
from retrieval import look, sparse
from retrieval.look import Lever, Look
from retrieval.phrases import held, quoted
from retrieval.questions import Part, clause_wording, parts_of
from retrieval.ranking import Scored, ordered
from retrieval.terms import UNSPACED

if TYPE_CHECKING:
    from retrieval.embed import Embedder, Vectors

log = logging.getLogger("dossier.retrieval")

CHUNK_TOKENS = 254
"""Tokens of a chunk: what MiniLM reads at once. Against 200, the right rule or policy is found more often, and the
right page of a filing as often (docs/evaluation.md, "How long a chunk is"); 120, 400 and 1000 found fewer pages."""

HEADER_TOKENS = 54
"""Tokens of what the model reads that belong to the line "title › section" in front of a chunk: a longer chunk gives up
its last words to it. Those are found as words; without the line, fewer pages of filings are found."""

CHUNK_WORDS = 225
"""Words of a chunk in a language that the embedder does not read: it is found by its words alone, and 200 tokens of
MiniLM are 80 words of German. Such a chunk may be as long as words like it, and a model that writes can read."""

CHUNK_SURE = 0.95
"""Least probability at which a chunk is taken to be in another language than its document: a contract in two columns,
an English clause in a German judgment."""

WHISPER = 1e-6
"""The weight of meaning in the fusion when the embedder does not read the question's language: it orders what no word
found, and lifts nothing that a word found."""

CANDIDATES = 100
"""Least number of points that each of the two rankings brings to the fusion: a chunk that is 80th in one and 3rd in
the other still counts. More changes little, since 1/(k + rank) is flat out there."""

EVERY_LEVER = Look()

STATEMENT_CANDIDATES = 30
"""Chunks of a statement that the second look chooses from: those of the six filings that fit best."""
EVERY_CLEARANCE = frozenset(Clearance)
"""Inside our walls every document may be searched; what may leave them is decided by `EgressPolicy`."""

LIKE = 5
"""Letters by which a file's name is taken to name a party: people shorten and run names together."""

PHRASE_CANDIDATES = 1000
"""The same for a question with words in quotation marks: a chunk that holds all words of a phrase is among the first
thousand of a hundred thousand, and reading so many payloads takes some milliseconds."""

BATCH = 256
"""Points written at once: about 1 MB, far below the 32 MB of a request (server) or of a log segment (embedded)."""

FORMAT = f"5.{sparse.VERSION}"
"""What a stored point looks like: payload, header line and sparse weights. Collections of another are refused."""

_NAME = re.compile(r"[^\W_](?:[\w .-]{0,98}[\w.-])?")


@dataclass(frozen=True, slots=True)
class Built:
    """What a collection was built with. Points of another embedder cannot be compared with these."""

    fingerprint: str
    size: int
    format: str = FORMAT


@dataclass(frozen=True, slots=True)
class Measure:
    """How long a chunk may be: at most `limit`, as `count` counts."""

    limit: int
    count: Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Point:
    """A chunk as it is stored: its id, two vectors, and the payload that it is made from again."""

    id: str
    dense: Vectors
    """Shape (size,). Ten times smaller than a list of Python's numbers, of which a long document has millions."""
    sparse: sparse.Weights
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Embedded:
    """All points of a document, as they are to be in its collection."""

    document_id: DocumentId
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Within:
    """What a search may see. There is no query without one, so that no caller can forget who asks and of what.

    `documents` None means all of the collection. Points of another collection or clearance, or that `reader` may not
    read, do not exist for it. With `statement`, only chunks of that financial statement.
    """

    collection: str
    clearances: frozenset[Clearance]
    reader: Reader
    documents: Sequence[DocumentId] | None = None
    statement: Statement | None = None


@dataclass(frozen=True, slots=True)
class Explained:
    """Where a chunk stood after each stage, counted from 1; None when it was not there.

    `dense_rank` and `sparse_rank` are of the two rankings alone, `fused_rank` of both together and with what its
    document weighs, `looked_rank` after the second look, `reranked_rank` after the reranker (None without one). Quoted
    phrases and duplicates come last; what they make of it is the order of the hits.
    """

    dense_rank: int | None
    sparse_rank: int | None
    fused_rank: int | None
    looked_rank: int | None
    reranked_rank: int | None


@dataclass(frozen=True, slots=True)
class Question:
    """A question as search reads it: its vector, its term weights, and what else is asked of the store.

    `asked` are vector and weights of what is asked, without where to look; `parts` the statements that it needs, each
    with its weights. `meaning` is the weight of the dense ranking.
    """

    text: str
    dense: Sequence[float]
    words: sparse.Weights
    meaning: float
    phrases: Sequence[str]
    asked: tuple[Sequence[float], sparse.Weights] | None
    parts: tuple[tuple[Part, sparse.Weights], ...]


@dataclass(frozen=True, slots=True)
class _Searched:
    """The hits of a search, how many candidates each ranking brought, and the ids after each stage, best first."""

    hits: tuple[Hit, ...] = ()
    candidates: int = CANDIDATES
    fused: Sequence[str] = ()
    looked: Sequence[str] = ()
    reranked: Sequence[str] = ()


class Points(Protocol):
    """The points of one collection, open. `document_id` None means all documents."""

    def upsert(self, points: Sequence[Point]) -> None:
        """Write points; those with the same id are overwritten. On return they are found and survive a crash."""

    def delete(self, ids: Sequence[str]) -> None:
        """Delete the points with these ids; an id that is not there is no error."""

    def query(
        self, dense: Sequence[float], weights: sparse.Weights, *, meaning: float, within: Within, limit: int
    ) -> list[Scored]:
        """The best points of both rankings, fused, best first, in one round trip.

        `meaning` is the weight of the dense ranking in (0, 1]; words weigh 1. Qdrant stretches ranks by it:
        1 / (k + rank / weight).
        """

    def ranking(self, query: Sequence[float] | sparse.Weights, *, within: Within, limit: int) -> list[str]:
        """The ids of one ranking alone, best first: by meaning for a dense vector, by words for weights."""

    def give_to(self, document_id: DocumentId, readers: Readers) -> None:
        """Let only these find the points of a document, in one step."""

    def count(self, document_id: DocumentId | None = None) -> int:
        """How many points there are, exactly."""

    def ids(self, document_id: DocumentId | None = None) -> set[str]:
        """The ids of the points."""

    def payloads(self, document_id: DocumentId | None = None) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Id and payload of each point, in no particular order."""

    def settle(self) -> None:
        """Build what makes search fast on many points. Called once at the end of a run."""


class Store(Protocol):
    """Where collections lie. Names have been checked by `Index`."""

    def open(self, collection: str) -> AbstractContextManager[Points]:
        """The points of a collection, for one operation. Raises NotFound when there is no such collection."""

    def create(self, collection: str, built: Built) -> None:
        """Make a collection, all at once; one that is there already stays as it is."""

    def built(self, collection: str) -> Built | None:
        """What a collection was built with, None when there is no such collection."""

    def collections(self) -> tuple[str, ...]:
        """The names, sorted."""

    def drop(self, collection: str) -> None:
        """Remove a collection; one that is not there is no error."""

    def purge(self, collection: str) -> None:
        """See that no byte of deleted points is left, as far as the store can."""


class Index:
    """Search over the chunks of all collections. Safe to use from several threads and processes."""

    def __init__(self, store: Store, embedder: Embedder, look: Look = EVERY_LEVER) -> None:
        self._store = store
        self._embedder = embedder
        self._look = look

    def measure(self, text: str) -> Measure:
        """How long a chunk of a document with this text should be."""
        if self._reads(language_of(text)):
            return Measure(min(CHUNK_TOKENS, self._embedder.max_tokens), self._embedder.count_tokens)
        return Measure(CHUNK_WORDS, count_words)

    def prepare(self, collection: str) -> None:
        """See that the collection is there and was built as this index would build it; make it when it is not there.

        Raises UsageError for a name that cannot be used, ConfigError when it was built with another embedding model.
        """
        check_name(collection)
        built = self._store.built(collection)
        if built is None:
            self._store.create(collection, Built(self._embedder.fingerprint, self._embedder.size))
            built = self._store.built(collection)
        if built is not None:
            self._must_fit(collection, built)

    def replace(self, document: Document, chunks: Sequence[Chunk], facts: Facts = ()) -> None:
        """Make `chunks` the chunks of this document in its collection. Raises as `prepare` and `write` do."""
        self.prepare(document.collection)
        self.write(document.collection, self.embed([(document, chunks, facts)]))

    def embed(self, documents: Sequence[tuple[Document, Sequence[Chunk], Facts]]) -> tuple[Embedded, ...]:
        """The points of each document, ready to be written: the long part, for which no lock is held.

        The facts of a document stand in the line above each of its chunks, as far as the file's name does not say them.
        Several short documents at once keep the processor as busy as a long one does.
        """
        started = time.perf_counter()
        names = [_headline(_spoken(document.source), facts) for document, _, facts in documents]
        texts = [
            [self._embedded_text(chunk, name) for chunk in chunks]
            for (_, chunks, _), name in zip(documents, names, strict=True)
        ]
        rows: Vectors = self._embedder.embed_documents([text for its in texts for text in its])
        embedded, at = [], 0
        for (document, chunks, _), name in zip(documents, names, strict=True):
            embedded.append(Embedded(document.id, _points(document, chunks, name, rows[at : at + len(chunks)])))
            at += len(chunks)
        seconds = round(time.perf_counter() - started, 3)
        log.info("embedded", extra={"documents": len(embedded), "chunks": at, "seconds": seconds})
        return tuple(embedded)

    def write(self, collection: str, documents: Sequence[Embedded]) -> None:
        """Make these points the points of these documents in the collection, which must have been prepared.

        New points are written before old ones go, and the same chunks have the same ids: a reader never sees a hole,
        and a run that was killed here is completed by doing it again.
        Raises Busy or ServiceDown when the store cannot be written to.
        """
        started = time.perf_counter()
        points = [point for one in documents for point in one.points]
        stale: set[str] = set()
        with self._store.open(collection) as stored:
            for at in range(0, len(points), BATCH):
                stored.upsert(points[at : at + BATCH])
            for one in documents:
                stale |= stored.ids(one.document_id) - {point.id for point in one.points}
            if stale:
                stored.delete(sorted(stale))
        seconds = round(time.perf_counter() - started, 3)
        facts = {"documents": len(documents), "chunks": len(points), "stale": len(stale), "seconds": seconds}
        log.info("indexed", extra=facts)

    def remove(self, collection: str, document_id: DocumentId) -> int:
        """Delete the points of a document and return how many there were; 0 when the collection is not there either."""
        if self._built(collection) is None:
            return 0
        with self._store.open(collection) as stored:
            ids = stored.ids(document_id)
            if ids:
                stored.delete(sorted(ids))
        log.info("removed", extra={"document": document_id, "chunks": len(ids)})
        return len(ids)

    def give_to(self, collection: str, document_id: DocumentId, readers: Readers) -> None:
        """Let only these find the chunks of a document; nothing is embedded again. Raises NotFound as `chunks` does."""
        self._known(collection)
        with self._store.open(collection) as stored:
            stored.give_to(document_id, readers)

    def read(self, question: str) -> Question:
        """What a search needs to know of a question: embedded, weighed and taken apart once for all collections."""
        levers = self._look.levers
        asked = asked_of(question) if Lever.ASKED in levers else None
        wording = clause_wording(asked or question) if Lever.CLAUSES in levers else ""
        dense, *dense_asked = self._embedder.embed_questions(
            [question] if asked is None else [question, asked]
        ).tolist()
        return Question(
            text=question,
            dense=dense,
            words=sparse.question_weights(question if asked else f"{question} {wording}"),
            meaning=1.0 if self._reads(language_of(question)) else WHISPER,
            phrases=quoted(question),
            asked=None if asked is None else (dense_asked[0], sparse.question_weights(f"{asked} {wording}")),
            parts=tuple(
                (part, sparse.question_weights(f"{question} {part.wording}"))
                for part in (parts_of(question) if Lever.STATEMENTS in levers else ())
            ),
        )

    def search(
        self,
        question: str | Question,
        *,
        reader: Reader,
        collection: str,
        clearances: frozenset[Clearance] = EVERY_CLEARANCE,
        documents: Sequence[DocumentId] | None = None,
        weights: Mapping[DocumentId, float] | None = None,
        limit: int = 10,
    ) -> tuple[Hit, ...]:
        """The chunks that fit the question best, best first; `documents` None searches the whole collection.

        What `reader` may not read does not exist for the search.
        `weights` below 1 are those of documents that the question means less: their chunks' scores are multiplied.
        Chunks that hold what stands in quotation marks come before those that do not.
        Hits of equal score are in the order of their ids, so that the same search gives the same answer.
        Raises NotFound for an unknown collection, ConfigError when it was built with another embedding model.
        """
        within = Within(collection, clearances, reader, documents)
        return self._searched(self._asked(question), within, weights or {}, limit).hits

    def explain(
        self,
        question: str | Question,
        *,
        reader: Reader,
        collection: str,
        clearances: frozenset[Clearance] = EVERY_CLEARANCE,
        documents: Sequence[DocumentId] | None = None,
        weights: Mapping[DocumentId, float] | None = None,
        limit: int = 10,
    ) -> tuple[tuple[Hit, Explained], ...]:
        """The hits of the same `search`, each with where its chunk stood after every stage."""
        asked, within = self._asked(question), Within(collection, clearances, reader, documents)
        found = self._searched(asked, within, weights or {}, limit)
        if not found.hits:
            return ()
        with self._store.open(collection) as stored:
            by_meaning = stored.ranking(asked.dense, within=within, limit=found.candidates)
            by_words = stored.ranking(asked.words, within=within, limit=found.candidates)
        stages = [_ranks(one) for one in (by_meaning, by_words, found.fused, found.looked, found.reranked)]
        return tuple((hit, Explained(*(stage.get(hit.chunk.id) for stage in stages))) for hit in found.hits)

    def _asked(self, question: str | Question) -> Question:
        return self.read(question) if isinstance(question, str) else question

    def _searched(
        self, question: Question, within: Within, weights: Mapping[DocumentId, float], limit: int
    ) -> _Searched:
        if limit < 1:
            raise UsageError("The limit must be 1 or more.")
        self._must_fit(within.collection, self._known(within.collection))
        if within.documents is not None and not within.documents:
            return _Searched()
        # Candidates for the second look, and one more: ties come in twos (first in one ranking or in the other).
        # Where documents weigh, or a phrase must stand in a chunk, a chunk may come from further behind.
        most = 1 + max(
            limit, CANDIDATES, 2 * CANDIDATES if weights else 0, PHRASE_CANDIDATES if question.phrases else 0
        )

        def weighed(found: Sequence[Scored]) -> list[Scored]:
            if not weights:
                return ordered(found)
            return ordered(
                replace(one, score=one.score * weights.get(one.payload["document_id"], 1.0)) for one in found
            )

        with self._store.open(within.collection) as stored:
            found = weighed(
                stored.query(question.dense, question.words, meaning=question.meaning, within=within, limit=most)
            )
            fused = [one.id for one in found]
            meant = look.voted(found) if question.asked is not None else []
            if question.asked is not None and meant:
                dense, words = question.asked
                there = replace(within, documents=meant)
                found = look.with_asked(
                    found, weighed(stored.query(dense, words, meaning=question.meaning, within=there, limit=most))
                )
            statements = [
                (
                    part,
                    weighed(
                        stored.query(
                            question.dense,
                            words,
                            meaning=question.meaning,
                            within=replace(within, statement=part.statement),
                            limit=STATEMENT_CANDIDATES,
                        )
                    ),
                )
                for part, words in question.parts
            ]
        found = look.with_statements(found, statements)
        looked = [one.id for one in found]
        reranked: list[str] = []
        if self._look.reranker is not None:
            found = self._look.reranker.reranked(question.text, found)
            reranked = [one.id for one in found]
        if question.phrases:
            found = sorted(found, key=lambda one: -held(one.payload["text"], question.phrases))
        if Lever.DUPLICATES in self._look.levers:
            found = look.without_duplicates(found)
        return _Searched(tuple(_hit(one) for one in found[:limit]), most, fused, looked, reranked)

    def count(self, collection: str, document_id: DocumentId | None = None) -> int:
        """How many chunks are stored; 0 when the collection is not there."""
        if self._built(collection) is None:
            return 0
        with self._store.open(collection) as stored:
            return stored.count(document_id)

    def chunk_ids(self, collection: str, document_id: DocumentId | None = None) -> set[str]:
        """The ids of the stored chunks. Raises NotFound for an unknown collection."""
        self._known(collection)
        with self._store.open(collection) as stored:
            return stored.ids(document_id)

    def chunks(self, collection: str) -> Iterator[Chunk]:
        """Every stored chunk, in no particular order. Raises NotFound for an unknown collection."""
        self._known(collection)
        with self._store.open(collection) as stored:
            for id, payload in stored.payloads():
                yield _chunk(id, payload)

    def digest(self, collection: str) -> str:
        """SHA-256 over all ids and payloads: equal for two collections only when they hold the same chunks."""
        self._known(collection)
        with self._store.open(collection) as stored:
            lines = sorted(
                f"{id} {json.dumps(payload, ensure_ascii=True, sort_keys=True)}" for id, payload in stored.payloads()
            )
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def settle(self, collection: str) -> None:
        """Build what makes search fast on many points: called at the end of a run that wrote."""
        self._known(collection)
        with self._store.open(collection) as stored:
            stored.settle()

    def purge(self, collection: str) -> None:
        """After an erasure: see that no byte of deleted chunks is left on our disk."""
        if self._built(collection) is not None:
            self._store.purge(collection)

    def collections(self) -> tuple[str, ...]:
        """Names of the collections that were prepared, sorted."""
        return self._store.collections()

    def drop(self, collection: str) -> None:
        """Remove a collection with all its points. Raises NotFound when there is none of that name."""
        self._known(collection)
        self._store.drop(collection)

    def _built(self, collection: str) -> Built | None:
        return self._store.built(collection) if is_name(collection) else None

    def _known(self, collection: str) -> Built:
        built = self._built(collection)
        if built is None:
            raise NotFound(f"There is no collection named {collection}.")
        return built

    def _must_fit(self, collection: str, built: Built) -> None:
        if (built.fingerprint, built.size) != (self._embedder.fingerprint, self._embedder.size):
            raise ConfigError(
                f"The collection {collection} was built with another embedding model (fingerprint "
                f"{built.fingerprint[:12]}, now {self._embedder.fingerprint[:12]}); set DOSSIER_EMBEDDING_MODEL back "
                "or ingest it into a new collection."
            )
        if built.format != FORMAT:
            raise ConfigError(
                f"The collection {collection} was built by another version of Dossier (format {built.format}, "
                f"now {FORMAT}); ingest it into a new collection."
            )

    def _reads(self, language: str) -> bool:
        """True unless the embedder says which languages it was trained on, and this one is none of them."""
        return language == UNKNOWN or self._embedder.languages is None or language in self._embedder.languages

    def _embedded_text(self, chunk: Chunk, name: str) -> str:
        """The chunk under its header line (file name › title › section), and the context of a table's rows between.

        What the model does not read is the end of a long chunk, and so is that of one measured in words, for a language
        that it does not know. A header longer than its share loses its title and outer sections.
        """
        most, count = self._embedder.max_tokens, self._embedder.count_tokens
        context = chunk.context if count(chunk.context) <= most // 4 else ""
        left = most - count(context)
        text = _beginning(chunk.text, max(1, left - HEADER_TOKENS), count)
        room = min(HEADER_TOKENS, left - count(text))
        path = _path(chunk, name)
        while path and count(" › ".join(path)) > room:
            path.pop(1 if len(path) > 1 else 0)
        return "\n".join(part for part in (" › ".join(path), context, text) if part)


def _spoken(source: str) -> str:
    """The name of a file as words: people put into it what the document is, of whom and of when."""
    return " ".join(re.split(r"[\W_]+", PurePosixPath(source.rsplit(" › ", 1)[-1]).stem)).strip()


def _headline(name: str, facts: Facts) -> str:
    """The file's name, and what it does not say: whose the document is, of when and of what kind.

    A filing that is called "scan 0012" is then embedded as "Acme FY2023 10-K scan 0012".
    """
    said = squashed(name)
    missing: list[str] = []
    parties = [short_form(one) for one in values_of([fact for fact in facts if fact.sure >= SURE], FactKind.PARTY)]
    if parties and not any(squashed(one)[:LIKE] in said for one in parties):
        missing.append(" ".join(parties[:2]))
    for kind in (FactKind.PERIOD, FactKind.KIND):
        value = next(iter(values_of(facts, kind)), "")
        if value and not (squashed(value) in said or (kind is FactKind.PERIOD and value.strip("FY")[:4] in said)):
            missing.append(value)
    return " ".join([*missing, name])


def _points(document: Document, chunks: Sequence[Chunk], name: str, rows: Vectors) -> tuple[Point, ...]:
    """The points of one document's chunks, whose vectors are the rows of `rows`."""
    usual = language_of(document.text)
    points = []
    for chunk, row in zip(chunks, rows, strict=True):
        language = language_of(chunk.text, sure=CHUNK_SURE) or usual
        words = "\n".join(part for part in (" › ".join(_path(chunk, name)), chunk.context, chunk.text) if part)
        points.append(Point(chunk.id, row, sparse.document_weights(words, language), _payload(document, chunk)))
    return tuple(points)


def _path(chunk: Chunk, name: str) -> list[str]:
    """Where a chunk stands: file name, title (unless it repeats that), sections from the outermost."""
    title = "" if _spoken(chunk.title) == name else chunk.title
    return [part for part in (name, title, *chunk.section.split(" › ")) if part]


def _beginning(text: str, tokens: int, count: Callable[[str], int]) -> str:
    """So much of the beginning of `text` that it has at most so many tokens."""
    while text and (length := count(text)) > tokens:
        text = text[: min(len(text) - 1, len(text) * tokens // length)]
    return text


def count_words(text: str) -> int:
    """Words of `text`, where a character of a script without blanks counts as half of one."""
    unspaced = sum(len(run) for run in UNSPACED.findall(text))
    return len(UNSPACED.sub(" ", text).split()) + (unspaced + 1) // 2


def is_name(collection: str) -> bool:
    """True for a name that a collection may have: 1 to 100 letters, digits, blanks and . _ - after a first letter or
    digit, and no blank at the end."""
    return _NAME.fullmatch(collection) is not None


def check_name(collection: str) -> None:
    """Raises UsageError for a name that a collection may not have."""
    if not is_name(collection):
        raise UsageError(
            f"A collection cannot be named {collection!r}: use 1 to 100 letters, digits, blanks and . _ -, "
            "beginning with a letter or digit."
        )


def safe_name(collection: str) -> str:
    """A name for a folder or a server's collection: readable, ASCII, lower case, different for different names."""
    readable = re.sub(r"[^a-z0-9]+", "-", collection.lower()).strip("-")[:40]
    return f"{readable}-{hashlib.sha256(collection.encode()).hexdigest()[:12]}".lstrip("-")


def _payload(document: Document, chunk: Chunk) -> dict[str, Any]:
    return {
        "collection": document.collection,
        "document_id": chunk.document_id,
        "clearance": document.clearance.value,
        "title": chunk.title,
        "start": chunk.span.start,
        "end": chunk.span.end,
        "text": chunk.text,
        "pages": list(chunk.pages),
        "section": chunk.section,
        "context": chunk.context,
        "statement": chunk.statement.value if chunk.statement else None,
        # Without the field everybody reads it, as in collections that were made before there were readers.
        **({} if document.readers.named is None else {"readers": list(document.readers.named)}),
    }


def _ranks(ids: Sequence[str]) -> Mapping[str, int]:
    return {id: rank for rank, id in enumerate(ids, start=1)}


def _hit(one: Scored) -> Hit:
    duplicates = tuple(_chunk(same.id, same.payload) for same in one.duplicates)
    return Hit(_chunk(one.id, one.payload), one.score, one.because, duplicates)


def _chunk(id: str, payload: Mapping[str, Any]) -> Chunk:
    return Chunk(
        id=id,
        document_id=DocumentId(payload["document_id"]),
        title=payload["title"],
        span=Span(payload["start"], payload["end"]),
        text=payload["text"],
        pages=tuple(payload["pages"]),
        section=payload["section"],
        context=payload["context"],
        statement=Statement(payload["statement"]) if payload["statement"] else None,
    )
