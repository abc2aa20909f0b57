"""How well "not in the documents" is told: every question put to each mode, silent or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from core.answers import Narrowing
from core.documents import DocumentId
from core.errors import DossierError
from core.privacy import Mode
from eval.dataset import Query
from eval.report import Failure, Silence

if TYPE_CHECKING:
    from app.service import App


def silences(
    app: App,
    queries: Sequence[Query],
    documents: Mapping[str, DocumentId],
    *,
    modes: Sequence[Mode],
    collection: str,
    within_document: bool,
    narrowing: Narrowing,
    by: str,
) -> tuple[tuple[Silence, ...], tuple[Failure, ...]]:
    """For each question whose documents are all there, in each mode: did it get an answer?

    A question that could not be put to a mode is a failure, and counts as told wrongly there.
    """
    told: list[Silence] = []
    failures: list[Failure] = []
    for mode in modes:
        for query in queries:
            if any(doc_id not in documents for doc_id in query.doc_ids):
                continue
            within = [documents[doc_id] for doc_id in query.doc_ids] if within_document else []
            try:
                answer = app.ask(
                    query.query, collection=collection, documents=within, narrowing=narrowing, mode=mode, by=by
                )
            except DossierError as error:
                failures.append(Failure(query.id, f"{mode.value}: {error}"))
                silent = query.answerable
            else:
                silent = not answer.claims
            told.append(Silence(query.id, query.doc_id, query.answerable, silent, mode.value))
    return tuple(told), tuple(failures)
