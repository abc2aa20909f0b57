"""Do disk, catalogue and index say the same of a collection? Says what differs, and mends what can be mended."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from app.ingestion import Ingestion
from app.locks import only_run
from app.reports import Difference, Kind, Verified
from core.documents import Document, DocumentId, Span
from core.errors import BrokenStore, NotFound, UnreadableDocument
from ingest.inbox import path_of
from ingest.parse import document_id_of
from retrieval.catalogue import Record
from retrieval.index import Index
from retrieval.library import Library

_Points = dict[DocumentId, list[tuple[Span, str]]]
"""Of each document the places of its stored chunks, each with the hash of its words."""


def verify(
    home: Path, collection: str, *, library: Library, index: Index, ingestion: Ingestion, repair: bool = False
) -> Verified:
    """Read every original, every parsed document and every point of a collection, and compare.

    With `repair`, what differs is made again from what is whole: points and rows from the parsed document, that from
    the original, and the original from the place it came from; `differences` are then those that are left.
    Raises Busy while a run is writing to the collection.
    """
    with only_run(home, collection):
        found = _differences(collection, library, index)
        if not repair or not found:
            return Verified(collection, len(library.records(collection)), found, ())
        ingestion.finish_what_was_killed(collection)
        for document_id in dict.fromkeys(one.document_id for one in found):
            _mend(collection, document_id, library, index, ingestion)
        left = _differences(collection, library, index)
        mended = tuple(one for one in found if one not in left)
        return Verified(collection, len(library.records(collection)), left, mended)


def sources_gone(collection: str, library: Library) -> tuple[str, ...]:
    """The sources of the documents of which no place is left on disk: no fault, the library has the originals."""
    places = library.places(collection)
    there = {place.document_id for place in places if path_of(place.origin).exists()}
    return tuple(record.source for record in library.records(collection) if record.document_id not in there)


def _differences(collection: str, library: Library, index: Index) -> tuple[Difference, ...]:
    points = _points(collection, index)
    records = library.records(collection)
    unfinished = {document_id for _, document_id in library.unfinished(collection)}
    found = [Difference(document_id, None, Kind.UNFINISHED) for document_id in sorted(unfinished)]
    for record in records:
        kinds = _kinds(record, library, points.get(record.document_id, []))
        found += [Difference(record.document_id, record.source, kind) for kind in kinds]
    known = {record.document_id for record in records} | unfinished
    found += [
        Difference(document_id, None, Kind.POINTS_WITHOUT_DOCUMENT) for document_id in sorted(set(points) - known)
    ]
    stray = sorted(document_id for document_id in library.on_disk() if not library.holders(document_id))
    found += [Difference(document_id, None, Kind.FILES_WITHOUT_DOCUMENT) for document_id in stray]
    return tuple(found)


def _kinds(record: Record, library: Library, points: list[tuple[Span, str]]) -> Iterator[Kind]:
    try:
        if document_id_of(library.original(record.document_id)) != record.document_id:
            yield Kind.ORIGINAL_DAMAGED
    except (BrokenStore, UnreadableDocument):
        yield Kind.ORIGINAL_MISSING
    document: Document | None = None
    try:
        document = library.parsed(record)
    except BrokenStore:
        yield Kind.TEXT_DAMAGED
    if not points and record.chunks:
        yield Kind.DOCUMENT_WITHOUT_POINTS
    elif len(points) != record.chunks or len({span for span, _ in points}) != len(points):
        yield Kind.CHUNKS_DIFFER
    elif document and any(_hash(span.of(document.text)) != words for span, words in points):
        yield Kind.WORDS_DIFFER


def _mend(collection: str, document_id: DocumentId, library: Library, index: Index, ingestion: Ingestion) -> None:
    record = library.record(collection, document_id)
    if record is None:
        index.remove(collection, document_id)
        if not library.holders(document_id):
            library.forget(document_id)
        return
    for place in library.places(collection):
        if place.document_id == document_id and library.bring_back(document_id, path_of(place.origin)):
            break
    ingestion.restore(record)


def _points(collection: str, index: Index) -> _Points:
    points: _Points = defaultdict(list)
    try:
        for chunk in index.chunks(collection):
            points[chunk.document_id].append((chunk.span, _hash(chunk.text)))
    except NotFound:  # nothing was ever indexed: every document is without points
        return {}
    return dict(points)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
