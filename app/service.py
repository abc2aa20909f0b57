"""The verbs of Dossier, one method each. Read this first: the story is here, the details one call below.

ingest   parse → chunk → keep → index → shelve      told in `app/ingestion.py`
ask      scope → choose → search, load or plan → generate → resolve → in force → verify → score
"""

from __future__ import annotations

import hashlib
import re
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from app import verification
from app.choosing import CHOSEN, Means, choose
from app.facts import Known, as_known, change, current, forget, known, register
from app.filings import EACH, filings_of
from app.foreseen import Foreseen, foreseen
from app.hybrid import Hybrid, found_by
from app.in_force import defined_terms, in_force, with_what_stands
from app.ingestion import Brake, Ingestion, Order
from app.ledger import Ledger
from app.locks import held, only_run
from app.long_document import Asked, LongDocument, Read, Whole
from app.pages import view_page
from app.reports import Difference, Erased, Found, Ingested, PageView, Progress, RunReport, Verified, run_report
from app.terms import Terms, terms_of, with_amendments
from core.answers import Answer, Claim, Coverage, Narrowing, Scope
from core.audit import AuditLog
from core.documents import Chunk, Document, DocumentId, Fate, Hit, Span, pages_of
from core.errors import NotFound, UsageError
from core.facts import FactKind
from core.prices import read_prices
from core.privacy import Clearance, EgressPolicy, Mode
from core.readers import ALL, Reader, Readers
from core.settings import Settings
from generation.asked_for import wants_list
from generation.citations import resolve
from generation.figures import asked_figure
from generation.prompts import dated
from generation.support import Scorer, with_scores
from generation.totals import doubts_on_totals
from generation.verify import verify
from ingest.ocr import OcrChoice
from retrieval.catalogue import Quarantined, Record, Shelf
from retrieval.index import Explained, Index, Question
from retrieval.library import Library
from retrieval.reading_room import ReadingRoom
from retrieval.scope import resolve as documents_meant
from retrieval.widen import Around, widened

if TYPE_CHECKING:
    from app.costs import By, Costs
    from generation.claude import Claude
    from generation.draft import Draft
    from generation.llama import Llama
    from retrieval.embed import Embedder

READ = 20
"""Hits that are given to a generator to read: on FinanceBench the right page is among the first 20 in nine cases of
ten (docs/evaluation.md), and 20 chunks of 254 tokens fit any model's window."""

LISTS = 3
LONGEST_LIST = 12_000
"""Hits whose whole section is read for a question that asks for a list, and the characters of the longest one."""

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
        return len(self.shelf.quarantined)

    @property
    def collections(self) -> tuple[str, ...]:
        return tuple(self.shelf.sizes)


@dataclass(frozen=True, slots=True)
class Generators:
    """How each mode makes an answer; None where what it needs is not configured. Built when first called.

    `llama` is the connection behind `gdpr`, for tasks that are no question on documents.
    """

    extractive: Generate
    gdpr: Generate | None
    claude: Callable[[], Claude] | None
    llama: Callable[[], Llama] | None = None


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
        reader: Reader,
    ) -> None:
        self.settings = settings
        self.reader = reader
        self._everything = library  # for the operator's verbs alone: ingest, verify, runs, erase
        self._library = ReadingRoom(library, reader)
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
        readers: Readers | None = None,
        ocr: str = OcrChoice.AUTO,
        sync: Brake | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> Ingested:
        """Read files and folders into a collection. Unchanged bytes are skipped; unreadable files are quarantined.

        `clearance` None means restricted for new documents, and unchanged for those already here; `readers` None means
        those of what the place held before, else everybody. With `sync`, what is gone from the folders is removed,
        unless that is more than the brake lets pass. `stopping` is asked between two documents: when it says yes, the
        report comes with what is `left`.
        Raises UsageError when there is nothing to read or the brake stops it, ConfigError when the collection was
        built with another embedding model or the home cannot be written to, Busy when another run is writing to the
        collection, ServiceDown when a service, a share or room on the disk is missing.
        """
        order = Order(collection, by, clearance, OcrChoice(ocr), sync, readers=readers)
        return self._ingestion.run(paths, order, on_progress=on_progress, stopping=stopping)

    def retry(
        self,
        paths: Sequence[Path] = (),
        *,
        collection: str,
        by: str,
        clearance: Clearance | None = None,
        readers: Readers | None = None,
        ocr: str = OcrChoice.AUTO,
        on_progress: Callable[[Progress], None] | None = None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> Ingested:
        """Read again what is in quarantine: all of it, or only the files behind `paths`. Raises as `ingest` does."""
        self._must_be_kept(collection)
        order = Order(collection, by, clearance, OcrChoice(ocr), retry=True, readers=readers)
        return self._ingestion.run(paths, order, on_progress=on_progress, stopping=stopping)

    def verify(self, collection: str, *, by: str, repair: bool = False) -> Verified:
        """Whether disk, catalogue and index say the same of a collection; with `repair`, mend what can be mended.

        All of it is compared; of documents that the reader may not read, the source is not told.
        """
        self._must_be_kept(collection)
        found = verification.verify(
            self.settings.home,
            collection,
            library=self._everything,
            index=self._index,
            ingestion=self._ingestion,
            repair=repair,
        )
        seen = {record.source for record in self._library.records(collection)}
        found = replace(
            found,
            differences=_without_sources(found.differences, seen),
            mended=_without_sources(found.mended, seen),
            sources_gone=tuple(one for one in verification.sources_gone(collection, self._everything) if one in seen),
        )
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
        held_by_others = set(self._everything.collections()) - set(self.collections())
        kept = tuple(run for run in self._everything.runs(collection) if run.collection not in held_by_others)
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
        return self._library.collections()

    def documents(self, collection: str | None = None) -> tuple[Record, ...]:
        """The catalogue of one collection, or of all. Raises NotFound for a collection that does not exist."""
        self._known_collections(collection)
        return self._library.records(collection)

    def quarantined(self, collection: str | None = None) -> tuple[Quarantined, ...]:
        """Files that could not be read, each with the reason."""
        return self._library.quarantined(collection)

    def count_chunks(self) -> int:
        """How many chunks the index holds, over all collections."""
        return sum(self._index.count(collection) for collection in self._everything.collections())

    def digest(self, collection: str) -> str:
        """A hash over everything that decides answers: two homes with the same digest hold the same collection."""
        self._known_collections(collection)
        rows = sorted(
            f"{record.document_id} {record.source} {record.parser} {record.clearance.value} {record.chunks}"
            for record in self._everything.records(collection)
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
        return view_page(document, self._library.original(document), page, highlight=highlight, scale=scale)

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

    def rows(self, document_id: str) -> tuple[Record, ...]:
        """The rows of a document, one for each collection that holds it for this reader."""
        document = self._record_of(document_id).document_id
        return tuple(record for record in self._library.records() if record.document_id == document)

    def change_readers(self, document_id: str, readers: Readers, *, by: str) -> tuple[Record, ...]:
        """Say who may read a document, in every collection that holds it for this reader; returns the rows as they are.

        It acts at once, and the document is not read again. Raises Busy while a run is writing to the collection.
        """
        document = self._record_of(document_id).document_id
        changed = tuple(self._given(collection, document, readers) for collection in self._library.holders(document))
        self._audit.record("readers changed", by=by, document=document, readers=list(readers.named or (ALL,)))
        return changed

    def _given(self, collection: str, document_id: DocumentId, readers: Readers) -> Record:
        with only_run(self.settings.home, collection):
            record = self._library.record(collection, document_id)
            if record is None:
                raise NotFound(f"There is no document with the id {document_id}.")
            return self._ingestion.give_to(record, readers)

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
        explained = self._explained(question, view, scope, records, limit=limit) if explain else ()
        hits = tuple(hit for hit, _ in explained)
        hits = hits if explain else self._hits(question, view, scope, records, limit=limit)
        found = Found(
            question,
            scope,
            hits,
            view.shelf.sources,
            time.perf_counter() - started,
            {hit.chunk.id: why for hit, why in explained},
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
        as_of: date | None = None,
    ) -> Answer:
        """The answer to a question, every claim with the places it rests on, or a reason why there is none.

        What rests on a section that an amendment of the collection changes comes with both texts and says which is in
        force on the day `as_of`; without a day every amendment applies.
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
        terms = terms_of(self._library, view.shelf, view.collection)
        if not documents:
            scope, records = _with_amending(scope, records, view, terms, mode)
            if as_of is not None and mode is not Mode.EXTRACTIVE:
                scope, records = _without_what_is_to_come(scope, records, terms, as_of)
        asked = Asked(question, self._documents(mode, records), _clearances(records), by, collection, as_of)
        read = self._read(mode, asked, view, scope, records, terms, whole=whole, on_text=on_text)
        draft = read.draft
        cited = self._cited(draft, records)
        claims = resolve(draft, cited)
        claims = (*claims, *doubts_on_totals(claims, cited))
        opened = self._opened(view)
        quotable = {record.document_id for record in (records if documents else view.records)}
        found = in_force(claims, terms, opened, on=as_of, quotable=quotable)
        claims = verify(with_what_stands(found) if mode is Mode.EXTRACTIVE else found.claims)
        definitions, left_out = defined_terms(claims, question, terms, opened, on=as_of, quotable=quotable)
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
            as_of=as_of,
            terms=found.terms,
            amended_until=_amended_until(terms, claims, as_of),
            definitions=definitions,
            definitions_left_out=left_out,
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

    def foresee(
        self,
        question: str,
        *,
        collection: str | None = None,
        documents: Sequence[str] = (),
        mode: Mode = Mode.AUTO,
        by: str,
    ) -> Foreseen:
        """Which mode would answer, and about what that would cost. Nothing is sent, and nothing is noted.

        Raises as `ask` does before anything leaves.
        """
        _must_be_asked(question)
        view = self._view(collection)
        _, records = self._scope(question, view, documents, Narrowing.AUTO)
        mode, _ = self._mode(mode, question, records, vouching=records if documents else view.records, by=by)
        return foreseen(question, mode, records, _clearances(records), policy=self._policy, settings=self.settings)

    def budget_left(self, *, by: str) -> float | None:
        """Dollars that a question of this user may cost now; None without a limit."""
        self.settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self._ledger.left(by=by)

    def llama(self) -> Llama:
        """The connection to the configured Llama, for measuring with it. Raises UsageError where none is configured."""
        if self._generators.llama is None:
            raise UsageError("There is no language model inside your walls: set DOSSIER_LLAMA_URL.")
        return self._generators.llama()

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
        whole = DocumentId(document_id)
        unfinished = re.fullmatch("[0-9a-f]{64}", whole) and self._everything.holders(whole)
        if unfinished and not self._everything.shelved({whole}, self._everything.collections()):
            return whole
        return self._record_of(document_id).document_id

    def _erase(self, document_id: DocumentId, *, by: str) -> Erased:
        held_by = self._everything.holders(document_id)
        chunks = 0
        for collection in held_by:
            with only_run(self.settings.home, collection):
                chunks += self._ingestion.forget(collection, document_id)
                self._index.purge(collection)
        forget()
        left = sum(self._index.count(collection, document_id) for collection in held_by)
        files = self._everything.files_of(document_id)
        digest = self._audit.record(
            "erased", by=by, document=document_id, collections=list(held_by), chunks=chunks, left=left + files
        )
        return Erased(document_id, held_by, chunks, left, files, digest)

    # ── one call below ────────────────────────────────────────────────────────────────────────────────────────────

    def sources(self, answer: Answer) -> Mapping[DocumentId, tuple[str, str]]:
        """(source, title) of each document that an answer cites or names."""
        cited = {citation.document_id for claim in answer.claims for citation in claim.citations}
        cited |= {one.citation.document_id for one in answer.definitions}
        cited |= {document for one in answer.terms for document in (one.agreement, one.amended_by) if document}
        cited |= {one.original.document_id for one in answer.terms if one.original}
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

    def _must_be_kept(self, collection: str) -> None:
        """For the operator's verbs, who need not be a reader of what they keep in order."""
        kept = {*self._everything.collections(), *(one.collection for one in self._everything.quarantined())}
        if collection not in kept:
            self._known_collections(collection)

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
        everything = view.shelf.documents
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
        return scope, view.shelf.of(scope.documents)

    def _hits(
        self, question: str | Question, view: _View, scope: Scope, records: Sequence[Record], *, limit: int
    ) -> tuple[Hit, ...]:
        """The best hits of each collection, merged by score: ranks are fused the same way in all of them."""
        read = self._index.read(question) if isinstance(question, str) else question
        hits: dict[str, Sequence[Hit]] = {}
        for collection, documents in _within(view, records):
            hits[collection] = self._index.search(
                read,
                reader=self.reader,
                collection=collection,
                documents=documents,
                weights=scope.weights,
                limit=limit,
            )
        return self._still_there(hits, scope, limit)

    def _still_there(self, found: Mapping[str, Sequence[Hit]], scope: Scope, limit: int) -> tuple[Hit, ...]:
        """The hits of these collections, best first.

        A document that went, or was closed to the reader, while we searched is not shown by the half of it that was
        still there, nor by what it has in common with others.
        """
        named = {chunk.document_id for its in found.values() for hit in its for chunk in (hit.chunk, *hit.duplicates)}
        shelved = self._library.shelved(named.intersection(scope.documents), found.keys())
        hits = [
            replace(hit, duplicates=tuple(one for one in hit.duplicates if (collection, one.document_id) in shelved))
            for collection, its in found.items()
            for hit in its
            if (collection, hit.chunk.document_id) in shelved
        ]
        return tuple(sorted(hits, key=lambda hit: (-hit.score, hit.chunk.id))[:limit])

    def _hits_of_filings(self, question: str, view: _View, scope: Scope, records: Sequence[Record]) -> Iterator[Hit]:
        """The statements of each filing of the company, where a question asks for its figures."""
        if asked_figure(question) is None or not (scope.narrowed or len(records) > 1):
            return
        facts = [as_known(one) for one in current(self._library, view.shelf, view.collection)]
        read = self._index.read(question)
        for document, company in filings_of(scope.documents, facts).items():
            here = [record for record in records if record.document_id == document]
            for hit in self._hits(read, view, scope, here, limit=EACH):
                if hit.chunk.statement is not None:
                    # A title is often a file's name: whose figures these are is told by the first page.
                    yield replace(hit, chunk=replace(hit.chunk, title=f"{hit.chunk.title} · {company}"))

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

    def _explained(
        self, question: str, view: _View, scope: Scope, records: Sequence[Record], *, limit: int
    ) -> tuple[tuple[Hit, Explained], ...]:
        """The hits that `_hits` finds, each with where it stood after every stage in its collection."""
        read = self._index.read(question)
        found = {
            collection: self._index.explain(
                read,
                reader=self.reader,
                collection=collection,
                documents=documents,
                weights=scope.weights,
                limit=limit,
            )
            for collection, documents in _within(view, records)
        }
        why = {hit.chunk.id: explained for its in found.values() for hit, explained in its}
        hits = self._still_there({name: [hit for hit, _ in its] for name, its in found.items()}, scope, limit)
        return tuple((hit, why[hit.chunk.id]) for hit in hits)

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
        terms: Terms,
        *,
        whole: Whole | None,
        on_text: Callable[[str], None] | None,
    ) -> Read:
        """What the model of a mode makes of a question. What it took is in the ledger afterwards."""
        allowed = {record.document_id: record for record in records}
        opened = self._opened(view)

        def amended(hits: Sequence[Hit]) -> tuple[Hit, ...]:
            return with_amendments(hits, terms, opened, allowed, on=None if mode is Mode.EXTRACTIVE else asked.as_of)

        if mode is Mode.LONG_DOCUMENT:
            return self._to_claude(LongDocument).answer(
                replace(asked, question=dated(asked.question, asked.as_of)),
                lambda limit: amended(self._hits(asked.question, view, scope, records, limit=limit)),
                on_send=self._sending(mode, asked),
                whole=whole,
                on_text=on_text,
            )
        if mode is Mode.HYBRID:
            return self._planned(asked, view, scope, records, amended, on_text=on_text)
        started = time.perf_counter()
        generate = self._generators.extractive if mode is Mode.EXTRACTIVE else self._generators.gdpr
        assert generate is not None  # `_mode` saw to it
        hits = amended(self._hits(asked.question, view, scope, records, limit=READ))
        if mode is Mode.EXTRACTIVE:
            hits = (*self._hits_of_filings(asked.question, view, scope, records), *hits)
            chunks = self._with_whole(hits, records, lists=wants_list(asked.question))
        else:
            chunks = [hit.chunk for hit in hits]
        wanted = asked.question if mode is Mode.EXTRACTIVE else dated(asked.question, asked.as_of)
        draft = generate(wanted, chunks, on_text)
        usage = replace(draft.usage, seconds=time.perf_counter() - started)
        self._ledger.record(by=asked.by, collection=asked.collection, mode=mode, model=draft.model, usage=usage)
        return Read(draft)

    def _planned(
        self,
        asked: Asked,
        view: _View,
        scope: Scope,
        records: Sequence[Record],
        amended: Callable[[Sequence[Hit]], tuple[Hit, ...]],
        *,
        on_text: Callable[[str], None] | None,
    ) -> Read:
        assert self._generators.gdpr is not None  # `_mode` saw to it
        plan, question = self._to_claude(Hybrid).plan(asked, records, on_send=self._sending(Mode.HYBRID, asked))

        def search(wanted: str, within: frozenset[DocumentId] | None) -> Sequence[Hit]:
            here = [record for record in records if within is None or record.document_id in within]
            return self._hits(wanted, view, scope, here, limit=READ)

        hits = amended(found_by(plan, search, limit=READ))
        draft = self._generators.gdpr(dated(asked.question, asked.as_of), [hit.chunk for hit in hits], on_text)
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

    def _opened(self, view: _View) -> Callable[[DocumentId], Document]:
        """Opens the documents of a view, each once."""
        records = {record.document_id: record for record in view.records}
        documents: dict[DocumentId, Document] = {}

        def open_document(document_id: DocumentId) -> Document:
            if document_id not in documents:
                record = records[document_id]
                documents[document_id] = self._library.document(record.collection, document_id)
            return documents[document_id]

        return open_document

    def _with_whole(self, hits: Sequence[Hit], records: Sequence[Record], *, lists: bool) -> list[Chunk]:
        """The chunks that were found, those of a financial statement widened to all of it: a figure is only one with
        its row, the heads of its columns and what the table counts in. With `lists`, the first ones to their sections:
        an enumeration is one with all its items."""
        by_id = {record.document_id: record for record in records}
        documents: dict[DocumentId, Document] = {}
        chunks: dict[tuple[DocumentId, Span], Chunk] = {}
        for rank, hit in enumerate(hits):
            chunk = hit.chunk
            enumerates = lists and rank < LISTS and chunk.statement is None
            if chunk.statement is not None or enumerates:
                record = by_id[chunk.document_id]
                if record.document_id not in documents:
                    documents[record.document_id] = self._library.document(record.collection, record.document_id)
                document = documents[record.document_id]
                span = widened(document, chunk.span, Around.SECTION if enumerates else Around.TABLE)
                if enumerates and len(span) > LONGEST_LIST:
                    span = chunk.span
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


def _with_amending(
    scope: Scope, records: tuple[Record, ...], view: _View, terms: Terms, mode: Mode
) -> tuple[Scope, tuple[Record, ...]]:
    """The scope with the documents that amend those in it. To Claude no restricted one goes for that reason."""
    inside = set(scope.documents)
    clearances = _clearances(view.records)
    joining = {
        one
        for one in terms.amending(scope.documents)
        if one not in inside and (mode is not Mode.LONG_DOCUMENT or clearances[one] is Clearance.CLOUD)
    }
    if not joining:
        return scope, records
    added = tuple(record for record in view.records if record.document_id in joining)
    because = f"{', '.join(sorted({record.source for record in added}))} amends what is in scope"
    everything = tuple(dict.fromkeys((*scope.documents, *(record.document_id for record in added))))
    return replace(scope, documents=everything, because=(*scope.because, because)), (*records, *added)


def _without_what_is_to_come(
    scope: Scope, records: tuple[Record, ...], terms: Terms, on: date
) -> tuple[Scope, tuple[Record, ...]]:
    """The scope without the amendments of which every change takes effect after a day: a model would tell them as if
    they counted. What nobody knows the day of stays, and so does everything where nothing would be left."""
    later = {one for one in scope.documents if terms.to_come(one, on)}
    if not later or later == set(scope.documents):
        return scope, records
    names = ", ".join(sorted({record.source for record in records if record.document_id in later}))
    because = f"{names} takes effect after {on.isoformat()} and is not read"
    left = tuple(one for one in scope.documents if one not in later)
    kept = tuple(record for record in records if record.document_id not in later)
    return replace(scope, documents=left, because=(*scope.because, because)), kept


def _amended_until(terms: Terms, claims: Sequence[Claim], as_of: date | None) -> date | None:
    """The latest day on which a change of what these claims cite takes effect, up to the day asked about."""
    cited = {citation.document_id for claim in claims for citation in claim.citations}
    days = [one.change.effective.day for document in cited for one in (*terms.of(document), *terms.by(document))]
    return max((day for day in days if day is not None and (as_of is None or day <= as_of)), default=None)


def _within(view: _View, records: Sequence[Record]) -> Iterator[tuple[str, Sequence[DocumentId] | None]]:
    """Each collection of these records, and the documents to search there; None for all of them."""
    if records is view.records:
        yield from ((collection, None) for collection in view.collections)
        return
    here: dict[str, list[DocumentId]] = defaultdict(list)
    for record in records:
        here[record.collection].append(record.document_id)
    for collection, documents in sorted(here.items()):
        yield collection, None if len(documents) == view.shelf.sizes[collection] else sorted(documents)


def _without_sources(differences: Sequence[Difference], seen: Collection[str]) -> tuple[Difference, ...]:
    return tuple(one if one.source in seen else replace(one, source=None) for one in differences)


def _coverage(view: _View, scope: Scope, records: Sequence[Record]) -> Coverage:
    return Coverage(
        documents_searched=len(scope.documents),
        documents_excluded=len(view.shelf.documents) - len(scope.documents),
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
