"""A run of ingest: what is new, changed, moved or gone in some folders, and the collection made to say the same.

    list → brake → for each file: look → (unchanged, or keep → embed → write → shelve) → remove what is gone → settle

Files are looked at ahead, two at a time and each in a process of its own, while the one before them is embedded.
Short documents that are new wait for each other: they are embedded and written together.

Killed anywhere, the next run converges: a document is noted in `unfinished` before its first byte is written and
leaves it with its row, and a run has its own row before it does anything.
"""

from __future__ import annotations

import logging
import os
import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, TypeVar

from app.facts import kept_facts
from app.locks import only_run
from app.reports import Ingested, IngestedDocument, Progress, Status
from core.audit import AuditLog
from core.documents import Chunk, Document, DocumentId, Fate
from core.errors import BrokenStore, DossierError, ServiceDown, UnreadableDocument, UsageError
from core.facts import Facts
from core.privacy import Clearance
from core.readers import EVERYBODY, Readers
from core.settings import Settings
from ingest.chunk import chunk
from ingest.facts import facts_of
from ingest.inbox import INSIDE, WITHIN, Found, files_in, outermost, path_of
from ingest.ocr import OcrChoice
from ingest.parse import Limits, document_id_of, parse, parser_for
from ingest.unpack import unpacked
from retrieval.catalogue import Place, Quarantined, Record
from retrieval.index import Embedded, Index, check_name
from retrieval.library import Library

if TYPE_CHECKING:
    from retrieval.embed import Embedder

log = logging.getLogger("dossier.app")

T = TypeVar("T")

PATIENCE = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
"""Seconds between the attempts to reach a service that is down: a minute in all, the time that a server needs to
start again. After it the run ends."""

AHEAD = 2
"""Documents that are read, or wait to be embedded, while one is embedded: enough that neither stage waits for the
other, and no more than two large documents in memory beside it."""

TOGETHER = 256
"""Chunks that are embedded and written at once, where documents are short: half a minute of a slow processor, after
which opening the index and its lock cost nothing any more. A longer document does not wait."""

POLL = 0.2
"""Seconds between two looks whether the run is to stop, while it waits."""

_STRICTEST_FIRST = (Clearance.RESTRICTED, Clearance.CLOUD)
"""A run that was killed while it changed a clearance leaves the stricter one, until somebody says it again."""


@dataclass(frozen=True, slots=True)
class Brake:
    """How much a run may remove: it stops when that is more than `documents` and more than `share` of what is there.

    A fifth is more than a matter loses in a day, and far less than a disk that is not mounted; five, so that a small
    folder can be tidied up.
    """

    share: float = 0.2
    documents: int = 5

    def stops(self, gone: int, known: int) -> bool:
        return gone > self.documents and gone > self.share * known


@dataclass(frozen=True, slots=True)
class Order:
    """What a run is to do. `clearance` None: restricted for new documents, unchanged for those already here. `readers`
    None: those of what the place held before, or was to hold; else everybody.

    `sync` None: nothing is removed. `retry`: only what is in quarantine, and all of it is read again.
    """

    collection: str
    by: str
    clearance: Clearance | None = None
    ocr: OcrChoice = OcrChoice.AUTO
    sync: Brake | None = None
    retry: bool = False
    readers: Readers | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """These bytes are in the collection, read as they would be read today."""

    record: Record

    @property
    def id(self) -> DocumentId:
        return self.record.document_id


@dataclass(frozen=True, slots=True)
class _Unreadable:
    document_id: DocumentId | None
    reason: str
    reading: str | None = None


_Looked = _Known | _Unreadable | Document


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A document that was cut into chunks, and is still to be embedded, written and shelved."""

    file: Found
    document: Document
    chunks: Sequence[Chunk]
    facts: Facts


@dataclass(slots=True)
class _Work:
    """A run under way: what was there when it began, and what came of each file so far."""

    order: Order
    folders: tuple[Path, ...]
    on_progress: Callable[[Progress], None] | None
    files: int
    stopping: Callable[[], bool]
    places: tuple[Place, ...] = ()
    gone: tuple[Place, ...] = ()
    quarantine: Mapping[str, Quarantined] = field(default_factory=dict)
    documents: list[IngestedDocument] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    unpacked: dict[str, set[str]] = field(default_factory=dict)
    waiting: list[_Waiting] = field(default_factory=list)
    left: int = 0
    at: int = 0
    abandoned: Event = field(default_factory=Event)

    def taken_out(self, origin: str) -> bool:
        """True for a place in an archive or a message of this run that does not hold it any more."""
        members = self.unpacked.get(outermost(origin))
        return members is not None and WITHIN in origin and origin not in members

    def tell(self, file: Found, number: int, stage: str, page: int, pages: int) -> None:
        """Tell how far the file at hand is; those that are read ahead are told when their turn comes."""
        if self.on_progress is not None and number == self.at:
            self.on_progress(Progress(stage, file.source, number, self.files, page, pages))


class Ingestion:
    """The parts that a run works with."""

    def __init__(
        self, settings: Settings, *, library: Library, index: Index, embedder: Embedder, audit: AuditLog
    ) -> None:
        self._settings = settings
        self._library = library
        self._index = index
        self._embedder = embedder
        self._audit = audit
        self._limits = Limits()

    def run(
        self,
        paths: Sequence[Path],
        order: Order,
        *,
        on_progress: Callable[[Progress], None] | None = None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> Ingested:
        """Do what `order` says with the files behind `paths`. `stopping` is asked between two documents.

        Raises what App.ingest promises; the run is then noted as failed, with the reason.
        """
        started = time.perf_counter()
        check_name(order.collection)
        inbox = self._quarantined_files(paths, order.collection) if order.retry else files_in(paths)
        files = [file for file in inbox if file.skipped is None]
        folders = tuple(path.expanduser().resolve() for path in paths if path.expanduser().is_dir())
        if order.sync is not None:
            _must_hold_files(folders, inbox)
        if not files and not order.retry:
            raise UsageError(_nothing_to_ingest(paths, [file.skipped or "" for file in inbox]))
        work = _Work(order, folders, on_progress, len(files), stopping)
        work.skipped += [(file.source, file.skipped) for file in inbox if file.skipped is not None]

        with only_run(self._settings.home, order.collection):
            run_id = self._library.start_run(order.collection)
            try:
                self._patiently(work, lambda: self._index.prepare(order.collection))
                self._patiently(work, lambda: self.finish_what_was_killed(order.collection))
                work.places = self._library.places(order.collection)
                work.gone = self._gone(work, inbox)
                work.quarantine = {one.origin: one for one in self._library.quarantined(order.collection)}
                self._brake(work, files)
                with closing(self._looked_at(work, files)) as looked_at:
                    for number, file, looked in looked_at:
                        self._take(work, file, looked, number)
                self._shelve_waiting(work)
                if not work.left:
                    self._replace_in_containers(work)
                    self._remove_what_is_gone(work)
                self._patiently(work, lambda: self._index.settle(order.collection))
            except BaseException as error:
                self._note_failure(work, _report(run_id, work, started), error)
                raise
            report = _report(run_id, work, started)
            self._library.finish_run(run_id, report.counts, outcome="stopped" if report.left else "finished")
            self._record(report, work, "stopped" if report.left else "finished")
        return report

    # ── what a killed run left ────────────────────────────────────────────────────────────────────────────────────

    def finish_what_was_killed(self, collection: str) -> None:
        """A document that was being read anew is shelved as it was stored; one half kept or half forgotten goes."""
        for _, document_id in self._library.unfinished(collection):
            record = self._library.record(collection, document_id)
            if record is None or not self.restore(record):
                self.forget(collection, document_id)

    def restore(self, record: Record) -> bool:
        """Make index and row of a document say what is stored of it; where that is damaged, what its original says.

        False when nothing is left to make it from.
        """
        try:
            stored = self._library.parsed(record)
            clearance = min(stored.clearance, record.clearance, key=_STRICTEST_FIRST.index)
            document = replace(stored, source=record.source, clearance=clearance, readers=record.readers)
        except BrokenStore:
            try:
                original = self._library.original(record.document_id)
                document = parse(
                    original,
                    collection=record.collection,
                    clearance=record.clearance,
                    source=record.source,
                    languages=self._settings.ocr.languages,
                )
                if document.id != record.document_id:
                    return False
                document = replace(document, readers=record.readers)
                self._library.keep(document, original)
            except (BrokenStore, UnreadableDocument):
                return False
        chunks = self._chunks(document)
        facts = facts_of(document)
        self._index.replace(document, chunks, facts)
        self._library.shelve(_record(document, chunks, origin=record.origin, by=record.ingested_by))
        self._library.keep_facts([kept_facts(document, facts)])
        return True

    def give_to(self, record: Record, readers: Readers) -> Record:
        """Let only these read a document; the lock of its collection is held. Returns its row.

        The row goes first, and counts beside the points: killed in between, nobody reads more than was said last.
        """
        self._library.give_to(record, readers)
        self._index.give_to(record.collection, record.document_id, readers)
        given = replace(record, readers=readers)
        self._library.shelve(given)
        return given

    def forget(self, collection: str, document_id: DocumentId) -> int:
        """Remove a document; returns how many chunks it had.

        The catalogue row goes first: from then on no answer can cite the document, whatever happens next.
        """
        self._library.unshelve(collection, document_id)
        chunks = self._index.remove(collection, document_id)
        self._library.forget(document_id, collection=collection)
        return chunks

    # ── one file ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _looked_at(self, work: _Work, files: Sequence[Found]) -> Generator[tuple[int, Found, _Looked]]:
        """Each document in its order, with the number of its file, counted from 1, and what it is.

        While one is embedded, the next ones are read. Ends early, with `left`, when the run is to stop; what was being
        read ahead is then dropped.
        """
        ahead: deque[tuple[int, Found, Future[_Looked]]] = deque()
        unpacked_files: deque[tuple[int, ExitStack]] = deque()
        upcoming = _members(work, files, unpacked_files)
        with ThreadPoolExecutor(AHEAD, thread_name_prefix="dossier-read") as readers:
            try:
                while True:
                    for number, file in islice(upcoming, AHEAD + 1 - len(ahead)):
                        ahead.append((number, file, readers.submit(self._look, work, file, number)))
                    if not ahead:
                        return
                    number, file, looked = ahead[0]
                    if work.stopping():
                        work.left = len(files) - number + 1
                        return
                    while unpacked_files[0][0] < number:
                        unpacked_files.popleft()[1].close()
                    work.at = number
                    work.tell(file, number, "reading", 0, 0)
                    yield number, file, looked.result()
                    ahead.popleft()
            finally:
                work.abandoned.set()
                readers.shutdown(cancel_futures=True)
                for _, members in unpacked_files:
                    members.close()

    def _look(self, work: _Work, file: Found, number: int) -> _Looked:
        """What a file is to the collection: known, unreadable, or a document that is not in it yet. Writes nothing."""
        order = work.order
        document_id: DocumentId | None = None
        reading = None
        try:
            if file.refused is not None:
                raise UnreadableDocument(file.refused)
            document_id = document_id_of(file.path)
            parser = parser_for(file.path)
            known = self._library.record(order.collection, document_id)
            if known and known.parser == parser and order.clearance in (None, known.clearance):
                return _Known(known)
            reading = f"{parser}; OCR {order.ocr.value} {self._settings.ocr.languages}; {self._limits}"
            left = work.quarantine.get(file.origin)
            if left and not order.retry and (left.document_id, left.reading) == (document_id, reading):
                return _Unreadable(document_id, left.reason, reading)
            document = parse(
                file.path,
                collection=order.collection,
                clearance=order.clearance or (known.clearance if known else Clearance.RESTRICTED),
                source=file.source,
                limits=self._limits,
                ocr=order.ocr,
                languages=self._settings.ocr.languages,
                on_page=lambda page, pages: work.tell(file, number, "reading", page, pages),
                abandoned=work.abandoned.is_set,
            )
            return replace(
                document, readers=order.readers or (known.readers if known else self._readers_at(work, file))
            )
        except UnreadableDocument as error:
            return _Unreadable(document_id, str(error), reading)

    def _take(self, work: _Work, file: Found, looked: _Looked, number: int) -> None:
        """Make the collection say what was found at the place of a file.

        It was looked at a little earlier: a file before it may have brought the same bytes, or taken them away. So
        those that wait are shelved first, unless this document has nothing to do with any other.
        """
        if not isinstance(looked, Document) or any(one.document.id == looked.id for one in work.waiting):
            self._shelve_waiting(work)
        if not isinstance(looked, _Unreadable):
            now = self._library.record(work.order.collection, looked.id)
            if isinstance(looked, _Known) and now != looked.record:
                looked = self._look(work, file, number)
            elif isinstance(looked, Document) and now and _is_reading(now, looked):
                self._shelve_waiting(work)
                return self._take(work, file, _Known(now), number)
        if isinstance(looked, _Known):
            work.documents.append(self._take_known(work, file, looked.record))
        elif isinstance(looked, _Unreadable):
            self._take_unreadable(work, file, looked)
        else:
            try:
                self._take_document(work, file, looked, number)
            except UnreadableDocument as error:  # its bytes changed while it was read
                self._shelve_waiting(work)
                self._take_unreadable(work, file, _Unreadable(looked.id, str(error)))
        return None

    def _readers_at(self, work: _Work, file: Found) -> Readers:
        """Who may read what now lies at a place: unless it is said, who could read what it held or was to hold."""
        if work.order.readers is not None:
            return work.order.readers
        held = [place.document_id for place in work.places if place.origin == file.origin]
        former = [self._library.record(work.order.collection, document_id) for document_id in held]
        closed = [one.readers for one in (*former, work.quarantine.get(file.origin)) if one is not None]
        return next((readers for readers in closed if readers != EVERYBODY), EVERYBODY)

    def _take_known(self, work: _Work, file: Found, record: Record) -> IngestedDocument:
        self._library.seen(record, file.source, file.origin)
        if work.order.readers not in (None, record.readers):
            record = self._patiently(work, lambda: self.give_to(record, work.order.readers or EVERYBODY))
        self._replace_at(work, file, record.document_id)
        return _as_ingested(record, Status.UNCHANGED, file.source, moved_from=_moved_from(work, file, record))

    def _take_document(self, work: _Work, file: Found, document: Document, number: int) -> None:
        """Keep a document, which notes it as unfinished, and let it wait for others as short as itself.

        One that is read anew does not wait: until its chunks are written, answers cite the old ones, and those must
        find the old text.
        """
        work.tell(file, number, "embedding", len(document.pages), len(document.pages))
        taken = _Waiting(file, document, self._chunks(document), facts_of(document))
        if self._library.record(document.collection, document.id) is None:
            self._library.keep(document, file.path)
            work.waiting.append(taken)
            if sum(len(one.chunks) for one in work.waiting) >= TOGETHER:
                self._shelve_waiting(work)
        else:
            self._shelve_waiting(work)
            embedded = self._index.embed([(document, taken.chunks, taken.facts)])
            self._library.keep(document, file.path)
            self._write_and_shelve(work, [taken], embedded)

    def _shelve_waiting(self, work: _Work) -> None:
        waiting, work.waiting = work.waiting, []
        if waiting:
            embedded = self._index.embed([(one.document, one.chunks, one.facts) for one in waiting])
            self._write_and_shelve(work, waiting, embedded)

    def _write_and_shelve(self, work: _Work, kept: Sequence[_Waiting], embedded: Sequence[Embedded]) -> None:
        """Write all of it, and only then shelve one after the other: what has a row is kept and indexed."""
        self._patiently(work, lambda: self._index.write(work.order.collection, embedded))
        for one in kept:
            known = self._library.record(work.order.collection, one.document.id)
            record = _record(one.document, one.chunks, origin=one.file.origin, by=work.order.by)
            self._library.shelve(record)
            self._library.keep_facts([kept_facts(one.document, one.facts)])
            replaced = self._replace_at(work, one.file, one.document.id)
            status = Status.UPDATED if known or replaced else Status.ADDED
            moved_from = _moved_from(work, one.file, record)
            work.documents.append(_as_ingested(record, status, one.file.source, moved_from=moved_from))

    def _take_unreadable(self, work: _Work, file: Found, looked: _Unreadable) -> None:
        if file.refused is None and not _is_there(file.path):
            self._must_be_there(work)
            work.skipped.append((file.source, "The file was gone before it could be read."))
            return
        self._library.quarantine(
            work.order.collection,
            file.source,
            file.origin,
            looked.document_id,
            looked.reason,
            looked.reading,
            self._readers_at(work, file),
        )
        log.info("quarantined", extra={"document": looked.document_id, "collection": work.order.collection})
        work.documents.append(
            IngestedDocument(file.source, looked.document_id, Status.QUARANTINED, reason=looked.reason)
        )

    def _replace_at(self, work: _Work, file: Found, document_id: DocumentId) -> bool:
        """Forget what this path held before, unless another path still holds it. True when something was replaced."""
        former = self._library.place(work.order.collection, file.origin, document_id)
        for gone in former:
            self._forget_patiently(work, gone)
        return bool(former)

    def _chunks(self, document: Document) -> Sequence[Chunk]:
        measure = self._index.measure(document.text)
        return chunk(document, max_tokens=measure.limit, count_tokens=measure.count)

    # ── what is gone ──────────────────────────────────────────────────────────────────────────────────────────────

    def _gone(self, work: _Work, inbox: Sequence[Found]) -> tuple[Place, ...]:
        """The places below the folders that held a document and hold nothing now."""
        if work.order.sync is None:
            return ()
        listed = {file.origin for file in inbox}
        closed = tuple(f"{file.origin}{os.sep}" for file in inbox if file.skipped is not None)
        return tuple(
            place
            for place in work.places
            if _is_below(place.origin, work.folders)
            and place.origin not in listed
            and not place.origin.startswith(closed)
            and not _is_there(path_of(place.origin))
        )

    def _brake(self, work: _Work, files: Sequence[Found]) -> None:
        """Raises UsageError, before anything is read or removed, when too much is gone; what has moved is not gone."""
        brake = work.order.sync
        if brake is None:
            return
        here = {place.document_id for place in work.places if _is_below(place.origin, work.folders)}
        gone = _held_nowhere_else(work.gone, work.places)
        if brake.stops(len(gone), len(here)):
            known = {place.origin for place in work.places}
            for file in files:
                if file.origin not in known:
                    with suppress(UnreadableDocument):
                        gone.discard(document_id_of(file.path))
        if brake.stops(len(gone), len(here)):
            raise UsageError(_too_many_gone(len(gone), len(here), work.folders))

    def _replace_in_containers(self, work: _Work) -> None:
        """An archive or message that was opened now holds what was found in it, and nothing that it held before."""
        emptied = {origin: origin for origin, members in work.unpacked.items() if origin not in members}
        emptied |= {place.origin: place.source for place in work.places if work.taken_out(place.origin)}
        emptied |= {origin: one.source for origin, one in work.quarantine.items() if work.taken_out(origin)}
        for origin, source in emptied.items():
            for document_id in self._library.place(work.order.collection, origin, None):
                self._forget_patiently(work, document_id)
                work.documents.append(IngestedDocument(source, document_id, Status.REMOVED))

    def _remove_what_is_gone(self, work: _Work) -> None:
        """Take away the places that are still gone at the end of the run, and the documents that only they held."""
        if work.order.sync is None:
            return
        collection = work.order.collection
        self._must_be_there(work)
        gone = [place for place in work.gone if not _is_there(path_of(place.origin))]
        self._brake(replace(work, gone=tuple(gone), places=self._library.places(collection)), ())
        for place in gone:
            for document_id in self._library.place(collection, place.origin, None):
                if document_id == place.document_id:
                    self._forget_patiently(work, document_id)
                    work.documents.append(IngestedDocument(place.source, document_id, Status.REMOVED))
        for origin in work.quarantine:
            if _is_below(origin, work.folders) and not _is_there(path_of(origin)):
                self._library.place(collection, origin, None)

    def _must_be_there(self, work: _Work) -> None:
        """Raises ServiceDown when a folder that was named is gone since the run began, as a share may be."""
        for folder in work.folders:
            try:
                there = any(folder.iterdir())
            except OSError:
                there = False
            if not there:
                raise ServiceDown(
                    f"The folder {folder} went away during the run; {len(work.documents)} files were done. "
                    "Run again when it is back: nothing was removed."
                )

    def _quarantined_files(self, paths: Sequence[Path], collection: str) -> tuple[Found, ...]:
        """The files in quarantine, all of them or those behind `paths`."""
        wanted = {file.origin for file in files_in(paths)} if paths else None
        files: dict[str, Found] = {}
        for one in self._library.quarantined(collection):
            origin = outermost(one.origin)  # what lies in an archive is read again with all of it
            if wanted is None or origin in wanted:
                path = path_of(origin)
                gone = None if _is_there(path) else "The file is no longer there."
                source = one.source if origin == one.origin else one.source.split(INSIDE)[0]
                files.setdefault(origin, Found(path, source, origin, gone))
        return tuple(files.values())

    # ── the run itself ────────────────────────────────────────────────────────────────────────────────────────────

    def _patiently(self, work: _Work, call: Callable[[], T]) -> T:
        """`call`, again and again for a minute while a service is down, or until the run is to stop."""
        for pause in PATIENCE:
            try:
                return call()
            except ServiceDown:
                log.warning("a service is down", extra={"again_in_seconds": pause})
                until = time.monotonic() + pause
                while time.monotonic() < until:
                    if work.stopping():
                        raise
                    time.sleep(min(POLL, pause))
        return call()

    def _forget_patiently(self, work: _Work, document_id: DocumentId) -> None:
        self._patiently(work, lambda: self.forget(work.order.collection, document_id))

    def _note_failure(self, work: _Work, report: Ingested, error: BaseException) -> None:
        """As far as that is possible: the disk on which it is noted may be what failed."""
        reason = str(error) if isinstance(error, DossierError) else type(error).__name__
        with suppress(DossierError, OSError):
            self._library.finish_run(report.run_id, report.counts, outcome="failed", reason=reason)
        with suppress(DossierError, OSError):
            self._record(report, work, "failed")
        log.error("run failed", extra={"run": report.run_id, "kind": type(error).__name__})

    def _record(self, report: Ingested, work: _Work, outcome: str) -> None:
        removed = [str(one.document_id) for one in report.documents if one.status is Status.REMOVED]
        self._audit.record(
            "ingested",
            by=work.order.by,
            run=report.run_id,
            collection=report.collection,
            outcome=outcome,
            removed_documents=removed,
            **report.counts,
        )


def _report(run_id: str, work: _Work, started: float) -> Ingested:
    return Ingested(
        run_id,
        work.order.collection,
        tuple(work.documents),
        tuple(work.skipped),
        time.perf_counter() - started,
        left=work.left,
    )


def _members(
    work: _Work, files: Sequence[Found], unpacked_files: deque[tuple[int, ExitStack]]
) -> Iterator[tuple[int, Found]]:
    """The documents behind each file, with its number. They lie where they are until its entry is closed."""
    for number, file in enumerate(files, start=1):
        opened = ExitStack()
        unpacked_files.append((number, opened))
        members = opened.enter_context(unpacked(file))
        if not any(member.refused for member in members):
            work.unpacked[file.origin] = {member.origin for member in members}
        for member in members:
            if member.skipped is not None:
                work.skipped.append((member.source, member.skipped))
            else:
                yield number, member


def _must_hold_files(folders: Sequence[Path], inbox: Sequence[Found]) -> None:
    """A folder without a file is far more often a disk that is not mounted than a matter that has come to its end."""
    for folder in folders:
        if not any(file.path.is_relative_to(folder) for file in inbox):
            raise UsageError(
                f"The folder {folder} is empty, so nothing was removed: is its disk mounted? "
                "To remove documents on purpose: dossier erase."
            )


def _nothing_to_ingest(paths: Sequence[Path], skipped: Sequence[str]) -> str:
    """`skipped` are the reasons why each of the files is passed over; the three that are given most often are told."""
    named = ", ".join(str(path) for path in paths)
    if not skipped:
        return f"There is nothing to ingest in {named}: it is empty."
    reasons = " ".join(f"{reason} ({times} of {len(skipped)})" for reason, times in Counter(skipped).most_common(3))
    return f"There is nothing to ingest in {named}. {reasons}"


def _too_many_gone(gone: int, here: int, folders: Sequence[Path]) -> str:
    named = ", ".join(str(folder) for folder in folders)
    return (
        f"{gone} of the {here} documents from {named} are gone, so nothing was removed: is everything mounted? "
        f"If they are to go, say --max-removals {gone}."
    )


def _is_below(origin: str, folders: Sequence[Path]) -> bool:
    return any(Path(origin).is_relative_to(folder) for folder in folders)


def _is_there(path: Path) -> bool:
    """False only when there is certainly nothing: a share that does not answer is no proof."""
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    except (OSError, ValueError):
        return True
    return True


def _held_nowhere_else(gone: Sequence[Place], places: Sequence[Place]) -> set[DocumentId]:
    origins = {place.origin for place in gone}
    return {place.document_id for place in gone} - {one.document_id for one in places if one.origin not in origins}


def _is_reading(record: Record, document: Document) -> bool:
    """True when the collection has the document read in this way already."""
    return (record.parser, record.clearance) == (document.parser, document.clearance)


def _moved_from(work: _Work, file: Found, record: Record) -> str | None:
    """The place that these bytes had before, when the file is new here and that place is gone."""
    if any(place.origin == file.origin and place.document_id == record.document_id for place in work.places):
        return None
    return next((place.source for place in work.gone if place.document_id == record.document_id), None)


def _record(document: Document, chunks: Sequence[Chunk], *, origin: str, by: str) -> Record:
    return Record(
        collection=document.collection,
        document_id=document.id,
        source=document.source,
        origin=origin,
        title=document.title,
        media_type=document.media_type,
        clearance=document.clearance,
        parser=document.parser,
        pages=len(document.pages),
        characters=len(document.text),
        fates=document.fates(),
        chunks=len(chunks),
        warnings=document.warnings,
        ingested_at=datetime.now(UTC).isoformat(timespec="seconds"),
        ingested_by=by,
        readers=document.readers,
    )


def _as_ingested(record: Record, status: Status, source: str, *, moved_from: str | None = None) -> IngestedDocument:
    unreadable = record.fates[Fate.UNREADABLE]
    return IngestedDocument(
        source,
        record.document_id,
        status,
        pages=record.pages,
        chunks=record.chunks,
        fates=record.fates,
        warnings=record.warnings,
        reason=f"{unreadable} of {record.pages} pages could not be read." if unreadable else None,
        moved_from=moved_from,
    )
