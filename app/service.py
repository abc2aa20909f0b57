"""The verbs of Dossier, one method each. Read this first: the story is here, the details one call below.

ingest   parse → chunk → keep → index → shelve      told in `app/ingestion.py`
ask      scope → choose → search, load or plan → generate → resolve → verify → score
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from app import verification
from app.choosing import CHOSEN, Means, choose
from app.facts import Known, change, known, register
from app.hybrid import Hybrid, found_by
from app.ingestion import Brake, Ingestion, Order
from app.ledger import Ledger
from app.locks import held, only_run
from app.long_document import Asked, LongDocument, Read, Whole
from app.pages import view_page
from app.reports import Erased, Found, Ingested, PageView, Progress, RunReport, Verified, run_report
from core.answers import Answer, Coverage, Narrowing, Scope
from core.audit import AuditLog
from core.documents import Chunk, Document, DocumentId, Fate, Hit, Span, pages_of
from core.errors import NotFound, UsageError
from core.facts import FactKind
from core.prices import read_prices
from core.privacy import Clearance, EgressPolicy, Mode
from core.settings import Settings
from generation.citations import resolve
from generation.support import Scorer, with_scores
from generation.verify import verify
from ingest.ocr import OcrChoice
from retrieval.catalogue import Quarantined, Record, Shelf
from retrieval.index import Explained, Index
from retrieval.library import Library
from retrieval.scope import resolve as documents_meant
from retrieval.widen import Around, widened

if TYPE_CHECKING:
    from app.costs import By, Costs
    from generation.claude import Claude
    from generation.draft import Draft
    from retrieval.embed import Embedder

READ = 20
"""Hits that are given to a generator to read: on FinanceBench the right page is among the first 20 in nine cases of
ten (docs/evaluation.md), and 20 chunks of 200 tokens fit any model's window."""

Way = TypeVar("Way", LongDocument, Hybrid)

Generate = Callable[[str, Any, Callable[[str], None] | None], "Draft"]


@dataclass(frozen=True, slots=True)
class _View:
    """The catalogue as it was when a question was asked, read once: what the question may be about."""

    collection: str | None
    shelf: Shelf

    @property
    def records(self) -> tuple[Record, ...]:
        return self.shelf.records

    @property
    def quarantined(self) -> int:
        return self.shelf.quarantined

    @property
    def collections(self) -> tuple[str, ...]:
        return tuple(sorted({record.collection for record in self.records}))


@dataclass(frozen=True, slots=True)
class Generators:
    """How each mode makes an answer; None where what it needs is not configured. Built when first called."""

    extractive: Generate
    gdpr: Generate | None
    claude: Callable[[], Claude] | None


@dataclass(frozen=True, slots=True)
class Scorers:
    """How well a context carries an answer, by each way that is configured. Built when first called.

    `answers` scores the claims of every answer; None where the embedding model is `hash`: such a machine may be without
    torch. `judge` asks the configured Llama.
    """

    answers: Scorer | None
    built_in: Scorer
    judge: Callable[[], Scorer] | None
    model: Callable[[], Scorer] | None


class App:
    """Everything that Dossier does. Built by `app.wiring.open_app`, and by nobody else."""

    def __init__(
        self,
        settings: Settings,
        *,
        library: Library,
        index: Index,
        embedder: Embedder,
        generators: Generators,
        scorers: Scorers,
        audit: AuditLog,
        ledger: Ledger,
    ) -> None:
        self.settings = settings
        self._library = library
        self._index = index
        self._embedder = embedder
        self._generators = generators
        self._scorers = scorers
        self._audit = audit
        self._ledger = ledger
        self._ingestion = Ingestion(settings, library=library, index=index, embedder=embedder, audit=audit)
        self._policy = EgressPolicy(settings.privacy)

    # ── ingest ────────────────────────────────────────────────────────────────────────────────────────────────────

    def ingest(
        self,
        paths: Sequence[Path],
        *,
        collection: str,
        by: str,
        clearance: Clearance | None = None,
        ocr: str = OcrChoice.AUTO,
        sync: Brake | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> Ingested:
        """Read files and folders into a collection. Unchanged bytes are skipped; unreadable files are quarantined.

        `clearance` None means restricted for new documents, and unchanged for those already here. With `sync`, what
        is gone from the folders is removed, unless that is more than the brake lets pass. `stopping` is asked between
        two documents: when it says yes, the report comes with what is `left`.
        Raises UsageError when there is nothing to read or the brake stops it, ConfigError when the collection was
        built with another embedding model or the home cannot be written to, Busy when another run is writing to the
        collection, ServiceDown when a service, a share or room on the disk is missing.
        """
        order = Order(collection, by, clearance, OcrChoice(ocr), sync)
        return self._ingestion.run(paths, order, on_progress=on_progress, stopping=stopping)

    def retry(
        self,
        paths: Sequence[Path] = (),
        *,
        collection: str,
        by: str,
        clearance: Clearance | None = None,
        ocr: str = OcrChoice.AUTO,
        on_progress: Callable[[Progress], None] | None = None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> Ingested:
        """Read again what is in quarantine: all of it, or only the files behind `paths`. Raises as `ingest` does."""
        self._known_collections(collection)
        order = Order(collection, by, clearance, OcrChoice(ocr), retry=True)
        return self._ingestion.run(paths, order, on_progress=on_progress, stopping=stopping)

    def verify(self, collection: str, *, by: str, repair: bool = False) -> Verified:
        """Whether disk, catalogue and index say the same of a collection; with `repair`, mend what can be mended."""
        self._known_collections(collection)
        found = verification.verify(
            self.settings.home,
            collection,
            library=self._library,
            index=self._index,
            ingestion=self._ingestion,
            repair=repair,
        )
        found = replace(found, sources_gone=verification.sources_gone(collection, self._library))
        self._audit.record(
            "verified",
            by=by,
            collection=collection,
            differences=len(found.differences),
            mended=len(found.mended),
        )
        return found

    def runs(self, collection: str | None = None) -> tuple[RunReport, ...]:
        """The runs of ingest, newest first. One without an end is running while the lock is held, else was killed."""
        kept = self._library.runs(collection)
        if not kept:
            self._known_collections(collection)
        reports: list[RunReport] = []
        seen: set[str] = set()
        for run in kept:
            newest = run.collection not in seen
            seen.add(run.collection)
            reports.append(run_report(run, running=newest and held(self.settings.home, run.collection)))
        return tuple(reports)

    # ── look ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def collections(self) -> tuple[str, ...]:
        """Names of the collections that hold a document, or at least a file that could not be read; sorted."""
        quarantined = {one.collection for one in self._library.quarantined()}
        return tuple(sorted({*self._library.collections(), *quarantined}))

    def documents(self, collection: str | None = None) -> tuple[Record, ...]:
        """The catalogue of one collection, or of all. Raises NotFound for a collection that does not exist."""
        self._known_collections(collection)
        return self._library.records(collection)

    def quarantined(self, collection: str | None = None) -> tuple[Quarantined, ...]:
        """Files that could not be read, each with the reason."""
        return self._library.quarantined(collection)

    def count_chunks(self) -> int:
        """How many chunks the index holds, over all collections."""
        return sum(self._index.count(collection) for collection in self.collections())

    def digest(self, collection: str) -> str:
        """A hash over everything that decides answers: two homes with the same digest hold the same collection."""
        self._known_collections(collection)
        rows = sorted(
            f"{record.document_id} {record.source} {record.parser} {record.clearance.value} {record.chunks}"
            for record in self._library.records(collection)
        )
        return hashlib.sha256("\n".join([self._index.digest(collection), *rows]).encode()).hexdigest()

    def document(self, document_id: str) -> Document:
        """A document as it was parsed. An id may be shortened to 8 or more characters while it stays unambiguous."""
        record = self._record_of(document_id)
        return self._library.document(record.collection, record.document_id)

    def page_view(self, document_id: str, page: int, *, highlight: Sequence[Span] = (), scale: float = 1.5) -> PageView:
        """One page to look at, with the words of `highlight` (spans of the canonical text) marked."""
        document = self.document(document_id)
        if not 1 <= page <= len(document.pages):
            raise NotFound(f"{document.source} has {len(document.pages)} pages; there is no page {page}.")
        return view_page(document, self._library.original(document.id), page, highlight=highlight, scale=scale)

    def facts(self, document_id: str) -> Known:
        """What is known about a document: whose it is, of when, of what kind; an id may be shortened as above."""
        record = self._record_of(document_id)
        return known(self._library, [record], record.collection)[0]

    def all_facts(self, collection: str | None = None) -> tuple[Known, ...]:
        """The facts of each document of a collection, or of all, in the order of `documents`."""
        self._known_collections(collection)
        return known(self._library, self._library.records(collection), collection)

    def change_facts(
        self,
        document_id: str,
        *,
        replace_with: Mapping[FactKind, Sequence[str]],
        add: Mapping[FactKind, Sequence[str]],
        forget: Sequence[FactKind] = (),
        by: str,
    ) -> Known:
        """Say what is so, in every collection that holds the document; it counts more than what was read, and stays.

        Raises UsageError for a period that is written otherwise than FY2022, 2023Q1 or 2022-05-20.
        """
        document = self._record_of(document_id).document_id
        for collection in self._library.holders(document):
            record = self._library.record(collection, document)
            if record is not None:
                now = known(self._library, [record], collection)[0]
                said = now.edits.changed(replace=replace_with, add=add, forget=forget)
                change(self._library, record, said, by=by)
        kinds = sorted({kind.value for kind in (*replace_with, *add, *forget)})
        self._audit.record("facts changed", by=by, document=document, kinds=kinds)
        return self.facts(document)

    # ── find ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def search(
        self,
        question: str,
        *,
        collection: str | None = None,
        documents: Sequence[str] = (),
        narrowing: Narrowing = Narrowing.AUTO,
        limit: int = 10,
        around: str | None = None,
        by: str,
        explain: bool = False,
    ) -> Found:
        """The chunks that fit a question best, best first, without any model that writes.

        Documents that are named win over what the question says; with neither, `narrowing` decides. `around` also
        brings what stands around each: its neighbours, its table, its section or its page.
        """
        started = time.perf_counter()
        _must_be_asked(question)
        view = self._view(collection)
        scope, records = self._scope(question, view, documents, narrowing)
        hits = self._hits(question, view, scope, records, limit=limit)
        found = Found(
            question,
            scope,
            hits,
            {record.document_id: record.source for record in records},
            time.perf_counter() - started,
            self._explained(question, hits, records) if explain else {},
            self._around(hits, records, Around(around)) if around else {},
        )
        self._audit.record(
            "searched", by=by, collection=collection, documents=len(scope.documents), hits=len(found.hits)
        )
        return found

    def ask(
        self,
        question: str,
        *,
        collection: str | None = None,
        documents: Sequence[str] = (),
        narrowing: Narrowing = Narrowing.AUTO,
        mode: Mode = Mode.AUTO,
        by: str,
        on_text: Callable[[str], None] | None = None,
        whole: Whole | None = None,
    ) -> Answer:
        """The answer to a question, every claim with the places it rests on, or a reason why there is none.

        With `whole`, long-document mode reads every page, also of documents that do not fit the window, when it agrees
        to the estimate of the cost; without, it reads what search chooses of them.
        Raises NotFound for an unknown collection or document, UsageError for an empty question, ConfigError for a
        mode that is not configured, EgressDenied when policy forbids it, OverBudget when the money is spent, NotAgreed
        when `whole` does not agree, ServiceDown when the model did not answer.
        """
        started = time.perf_counter()
        _must_be_asked(question)
        view = self._view(collection)
        scope, records = self._scope(question, view, documents, narrowing)
        # What the question seems to mean opens no door: only documents that somebody named narrow what may leave.
        mode, because = self._mode(mode, question, records, vouching=records if documents else view.records, by=by)
        asked = Asked(question, self._documents(mode, records), _clearances(records), by, collection)
        read = self._read(mode, asked, view, scope, records, whole=whole, on_text=on_text)
        draft = read.draft
        claims = verify(resolve(draft, self._cited(draft, records)))
        if self._scorers.answers is not None:
            claims = with_scores(claims, self._scorers.answers, question=question)
        answer = Answer(
            question=question,
            claims=claims,
            reason=draft.reason,
            scope=scope,
            coverage=replace(
                _coverage(view, scope, records), not_sent=read.not_sent, hits_unread=draft.chunks_left_out
            ),
            mode=mode,
            mode_because="; ".join(filter(None, (because, read.because))),
            model=draft.model,
            prompt_version=draft.prompt_version,
            settings_hash=self.settings.digest(),
            usage=replace(draft.usage, seconds=time.perf_counter() - started),
        )
        self._audit.record(
            "asked",
            by=by,
            collection=collection,
            mode=mode.value,
            model=draft.model,
            documents=len(scope.documents),
            claims=len(claims),
            cited=sorted({citation.document_id for claim in claims for citation in claim.citations}),
            cost_usd=round(answer.usage.cost_usd, 6),
        )
        return answer

    def must_be_configured(self, mode: Mode) -> None:
        """Raises UsageError, with the setting that is missing, for a mode that nothing can answer in."""
        if mode in (Mode.GDPR, Mode.HYBRID) and self._generators.gdpr is None:
            raise UsageError(f"Mode {mode.value} is not configured: set DOSSIER_LLAMA_URL.")
        if mode in (Mode.LONG_DOCUMENT, Mode.HYBRID) and self._generators.claude is None:
            raise UsageError(f"Mode {mode.value} is not configured: set DOSSIER_CLAUDE_API_KEY.")

    def modes(self) -> tuple[Mode, ...]:
        """The modes that are configured."""
        found = [Mode.EXTRACTIVE]
        found += [Mode.GDPR] if self._generators.gdpr is not None else []
        found += [Mode.LONG_DOCUMENT] if self._generators.claude is not None else []
        return tuple(found + ([Mode.HYBRID] if len(found) == 3 else []))

    def scorer(self, way: str) -> Scorer:
        """What scores support: `built-in`, `judge` (the configured Llama) or `model` (the folder in
        DOSSIER_FAITHFULNESS_MODEL). Raises UsageError where it is not configured."""
        if way == "built-in":
            return self._scorers.built_in
        if way == "judge":
            if self._scorers.judge is None:
                raise UsageError("There is no language model to judge: set DOSSIER_LLAMA_URL.")
            return self._scorers.judge()
        if self._scorers.model is None:
            raise UsageError("There is no model to score with: set DOSSIER_FAITHFULNESS_MODEL to its folder.")
        return self._scorers.model()

    def costs(self, *, month: str | None = None, by: By) -> Costs:
        """What a month cost ("2026-11"; None: last month, or the running one), beside machines of one's own.

        Raises UsageError for what is no month, ConfigError for a file of prices that cannot be used.
        """
        from app.costs import costs_of, month_named

        self.settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        entries = self._ledger.entries()
        months = sorted({entry.at[:7] for entry in entries})
        month = month_named(month, today=datetime.now(UTC).date().isoformat(), months=months)
        here = [entry for entry in entries if entry.at.startswith(month)]
        return costs_of(here, month=month, by=by, prices=read_prices(self.settings.prices))

    # ── forget ────────────────────────────────────────────────────────────────────────────────────────────────────

    def erase(self, document_ids: Sequence[str], *, by: str) -> tuple[Erased, ...]:
        """Remove documents from every collection: points, parsed text, original and catalogue row; then look again."""
        if not document_ids:
            raise UsageError("Name at least one document to erase.")
        wanted = [self._erasable(document_id) for document_id in document_ids]
        return tuple(self._erase(document_id, by=by) for document_id in dict.fromkeys(wanted))

    def _erasable(self, document_id: str) -> DocumentId:
        """Also a document that is no longer in the catalogue, because its erasure was interrupted."""
        if re.fullmatch("[0-9a-f]{64}", document_id) and self._library.holders(DocumentId(document_id)):
            return DocumentId(document_id)
        return self._record_of(document_id).document_id

    def _erase(self, document_id: DocumentId, *, by: str) -> Erased:
        held_by = self._library.holders(document_id)
        chunks = 0
        for collection in held_by:
            with only_run(self.settings.home, collection):
                chunks += self._ingestion.forget(collection, document_id)
                self._index.purge(collection)
        left = sum(self._index.count(collection, document_id) for collection in held_by)
        files = self._library.files_of(document_id)
        digest = self._audit.record(
            "erased", by=by, document=document_id, collections=list(held_by), chunks=chunks, left=left + files
        )
        return Erased(document_id, held_by, chunks, left, files, digest)

    # ── one call below ────────────────────────────────────────────────────────────────────────────────────────────

    def sources(self, answer: Answer) -> Mapping[DocumentId, tuple[str, str]]:
        """(source, title) of each document that an answer cites."""
        cited = {citation.document_id for claim in answer.claims for citation in claim.citations}
        return {
            record.document_id: (record.source, record.title)
            for record in self._library.records()
            if record.document_id in cited
        }

    def _known_collections(self, collection: str | None) -> tuple[str, ...]:
        known = self.collections()
        if collection is None:
            return known
        if collection not in known:
            there = f" There are: {', '.join(known)}." if known else " Nothing has been ingested yet."
            raise NotFound(f"There is no collection named {collection}.{there}")
        return (collection,)

    def _record_of(self, document_id: str) -> Record:
        found = [record for record in self._library.records() if record.document_id.startswith(document_id.lower())]
        if len(document_id) < 8 or not found:
            raise NotFound(f"There is no document with the id {document_id}.")
        if len({record.document_id for record in found}) > 1:
            raise UsageError(f"Several documents have an id that begins with {document_id}: give more of it.")
        return found[0]

    def _view(self, collection: str | None) -> _View:
        view = _View(collection, self._library.shelf(collection))
        if not view.records and not view.quarantined:
            self._known_collections(collection)
            raise NotFound("Nothing has been ingested yet: dossier ingest PATH --collection NAME.")
        return view

    def _scope(
        self, question: str, view: _View, documents: Sequence[str], narrowing: Narrowing
    ) -> tuple[Scope, tuple[Record, ...]]:
        """The documents to search: those that were named, else those that the question means, else all."""
        known = view.collections
        place = f"collection {view.collection}" if view.collection else f"all {len(known)} collections"
        everything = tuple(dict.fromkeys(record.document_id for record in view.records))
        if documents:
            named = {self._record_of(document_id).document_id for document_id in documents}
            if not named <= set(everything):
                raise NotFound(f"A document that you named is not in the collection {view.collection}.")
            chosen = tuple(one for one in everything if one in named)
            scope = Scope(chosen, (place, f"{len(named)} documents named by you"))
        elif narrowing is Narrowing.NONE:
            scope = Scope(everything, (place, "you asked for all of them"))
        else:
            meant = documents_meant(question, register(self._library, view.shelf, view.collection))
            scope = replace(meant, because=(place, *meant.because))
        inside = set(scope.documents)
        return scope, tuple(record for record in view.records if record.document_id in inside)

    def _hits(
        self, question: str, view: _View, scope: Scope, records: Sequence[Record], *, limit: int
    ) -> tuple[Hit, ...]:
        """The best hits of each collection, merged by score: ranks are fused the same way in all of them."""
        if limit < 1:
            raise UsageError("The limit must be 1 or more.")
        hits: list[Hit] = []
        for collection in sorted({record.collection for record in records}):
            here = {record.document_id for record in records if record.collection == collection}
            everything = len(here) == sum(record.collection == collection for record in view.records)
            hits += self._index.search(
                question,
                collection=collection,
                documents=None if everything else sorted(here),
                weights=scope.weights,
                limit=limit,
            )
        # A document that went while we searched is not shown by the half of it that was still there.
        shelved = self._library.shelved({hit.chunk.document_id for hit in hits}) & set(scope.documents)
        hits = [hit for hit in hits if hit.chunk.document_id in shelved]
        return tuple(sorted(hits, key=lambda hit: (-hit.score, hit.chunk.id))[:limit])

    def _around(self, hits: Sequence[Hit], records: Sequence[Record], around: Around) -> dict[str, tuple[Span, str]]:
        """For each hit's chunk, by its id, what stands around it. Each document is read once."""
        collections = {record.document_id: record.collection for record in records}
        documents = {id: self._library.document(collections[id], id) for id in {hit.chunk.document_id for hit in hits}}
        found: dict[str, tuple[Span, str]] = {}
        for hit in hits:
            document = documents[hit.chunk.document_id]
            span = widened(document, hit.chunk.span, around)
            found[hit.chunk.id] = (span, span.of(document.text))
        return found

    def _explained(self, question: str, hits: Sequence[Hit], records: Sequence[Record]) -> Mapping[str, Explained]:
        explained: dict[str, Explained] = {}
        for collection in sorted({record.collection for record in records}):
            here = sorted({record.document_id for record in records if record.collection == collection})
            explained |= self._index.explain(question, hits, collection=collection, documents=here)
        return explained

    def _mode(
        self, mode: Mode, question: str, records: Sequence[Record], *, vouching: Sequence[Record], by: str
    ) -> tuple[Mode, str]:
        """The mode to answer in, and in words why. Raises UsageError for one that is not configured.

        All of `vouching` must be cleared before `auto` lets anything leave.
        """
        if mode is Mode.AUTO:
            claude = self._generators.claude is not None
            means = Means(
                claude=self.settings.claude.model if claude else None,
                llama=self._generators.gdpr is not None,
                window=self.settings.claude.window,
                left=self._ledger.left(by=by) if claude else None,
                prices=read_prices(self.settings.prices),
            )
            return choose(question, records, means, vouching=vouching)
        self.must_be_configured(mode)
        return mode, CHOSEN

    def _read(
        self,
        mode: Mode,
        asked: Asked,
        view: _View,
        scope: Scope,
        records: Sequence[Record],
        *,
        whole: Whole | None,
        on_text: Callable[[str], None] | None,
    ) -> Read:
        """What the model of a mode makes of a question. What it took is in the ledger afterwards."""
        if mode is Mode.LONG_DOCUMENT:
            return self._to_claude(LongDocument).answer(
                asked,
                lambda limit: self._hits(asked.question, view, scope, records, limit=limit),
                on_send=self._sending(mode, asked),
                whole=whole,
                on_text=on_text,
            )
        if mode is Mode.HYBRID:
            return self._planned(asked, view, scope, records, on_text=on_text)
        started = time.perf_counter()
        generate = self._generators.extractive if mode is Mode.EXTRACTIVE else self._generators.gdpr
        assert generate is not None  # `_mode` saw to it
        hits = self._hits(asked.question, view, scope, records, limit=READ)
        whole_tables = mode is Mode.EXTRACTIVE
        chunks = self._with_whole_statements(hits, records) if whole_tables else [hit.chunk for hit in hits]
        draft = generate(asked.question, chunks, on_text)
        usage = replace(draft.usage, seconds=time.perf_counter() - started)
        self._ledger.record(by=asked.by, collection=asked.collection, mode=mode, model=draft.model, usage=usage)
        return Read(draft)

    def _planned(
        self,
        asked: Asked,
        view: _View,
        scope: Scope,
        records: Sequence[Record],
        *,
        on_text: Callable[[str], None] | None,
    ) -> Read:
        assert self._generators.gdpr is not None  # `_mode` saw to it
        plan, question = self._to_claude(Hybrid).plan(asked, records, on_send=self._sending(Mode.HYBRID, asked))

        def search(wanted: str, within: frozenset[DocumentId] | None) -> Sequence[Hit]:
            here = [record for record in records if within is None or record.document_id in within]
            return self._hits(wanted, view, scope, here, limit=READ)

        hits = found_by(plan, search, limit=READ)
        draft = self._generators.gdpr(asked.question, [hit.chunk for hit in hits], on_text)
        self._ledger.record(
            by=asked.by,
            collection=asked.collection,
            mode=Mode.HYBRID,
            model=draft.model,
            usage=draft.usage,
            question=question,
        )
        because = f"Claude saw the question and titles alone, and had your Llama look for: {' · '.join(plan.searches)}"
        return Read(replace(draft, usage=draft.usage + plan.usage), because=because)

    def _to_claude(self, kind: type[Way]) -> Way:
        assert self._generators.claude is not None  # `_mode` saw to it
        prices = read_prices(self.settings.prices)
        return kind(self._generators.claude, policy=self._policy, ledger=self._ledger, prices=prices)

    def _sending(self, mode: Mode, asked: Asked) -> Callable[[Claude], None]:
        """Notes in the audit log what leaves, before it does: also where no answer comes of it."""
        cleared = [key for key, clearance in asked.clearances.items() if clearance is Clearance.CLOUD]

        def record(claude: Claude) -> None:
            self._audit.record(
                "sent",
                by=asked.by,
                collection=asked.collection,
                mode=mode.value,
                model=claude.model,
                what="titles" if mode is Mode.HYBRID else "pages",
                documents=sorted(cleared),
            )

        return record

    def _documents(self, mode: Mode, records: Sequence[Record]) -> tuple[Document, ...]:
        """The documents whole, each once, where the mode reads them so. One that may not leave is not even opened."""
        if mode is not Mode.LONG_DOCUMENT:
            return ()
        self._policy.must_be_cleared(_clearances(records))
        once = {record.document_id: record for record in records}
        return tuple(self._library.document(record.collection, record.document_id) for record in once.values())

    def _with_whole_statements(self, hits: Sequence[Hit], records: Sequence[Record]) -> list[Chunk]:
        """The chunks that were found, those of a financial statement widened to all of it: a figure is only one with
        its row, the heads of its columns and what the table counts in."""
        by_id = {record.document_id: record for record in records}
        documents: dict[DocumentId, Document] = {}
        chunks: dict[tuple[DocumentId, Span], Chunk] = {}
        for hit in hits:
            chunk = hit.chunk
            if chunk.statement is not None:
                record = by_id[chunk.document_id]
                if record.document_id not in documents:
                    documents[record.document_id] = self._library.document(record.collection, record.document_id)
                document = documents[record.document_id]
                span = widened(document, chunk.span, Around.TABLE)
                chunk = replace(chunk, span=span, text=span.of(document.text), pages=pages_of(span, document.pages))
            chunks.setdefault((chunk.document_id, chunk.span), chunk)
        return list(chunks.values())

    def _cited(self, draft: Draft, records: Sequence[Record]) -> Mapping[DocumentId, Document]:
        cited = draft.documents()
        return {
            record.document_id: self._library.document(record.collection, record.document_id)
            for record in records
            if record.document_id in cited
        }


def _coverage(view: _View, scope: Scope, records: Sequence[Record]) -> Coverage:
    return Coverage(
        documents_searched=len(scope.documents),
        documents_excluded=len({record.document_id for record in view.records}) - len(scope.documents),
        documents_quarantined=view.quarantined,
        pages_searched=sum(record.pages - record.fates[Fate.UNREADABLE] for record in records),
        pages_unreadable=sum(record.fates[Fate.UNREADABLE] for record in records),
    )


def _clearances(records: Sequence[Record]) -> Mapping[DocumentId, Clearance]:
    """The clearance of each document: restricted as soon as one of the collections that hold it says so."""
    restricted = {record.document_id for record in records if record.clearance is not Clearance.CLOUD}
    return {
        record.document_id: Clearance.RESTRICTED if record.document_id in restricted else Clearance.CLOUD
        for record in records
    }


def _must_be_asked(question: str) -> None:
    if not question.strip():
        raise UsageError("The question is empty.")
