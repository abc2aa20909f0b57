"""How well "not in the documents" is told: every question put to extractive mode, silent or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from core.answers import Narrowing
from core.documents import DocumentId
from core.privacy import Mode
from eval.dataset import Query
from eval.report import Silence

if TYPE_CHECKING:
    from app.service import App


def silences(
    app: App,
    queries: Sequence[Query],
    documents: Mapping[str, DocumentId],
    *,
    collection: str,
    within_document: bool,
    narrowing: Narrowing,
    by: str,
) -> tuple[Silence, ...]:
    """For each question whose documents are all there: did it get an answer? Without any model that writes."""
    told = []
    for query in queries:
        if any(doc_id not in documents for doc_id in query.doc_ids):
            continue
        within = [documents[doc_id] for doc_id in query.doc_ids] if within_document else []
        answer = app.ask(
            query.query, collection=collection, documents=within, narrowing=narrowing, mode=Mode.EXTRACTIVE, by=by
        )
        told.append(Silence(query.id, query.doc_id, query.answerable, not answer.claims))
    return tuple(told)
