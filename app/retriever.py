"""Our search as a retriever of llama-index, so that any of its engines runs on our index.

    open_app(settings) ─▶ Retriever(app, by="anna", collection="deal") ─▶ RetrieverQueryEngine, a router, an agent …

Where an engine sends what it is given is not ours to see: it may have a cloud model behind it. So, unless the process
is sealed (DOSSIER_PRIVACY=gdpr), it is given only chunks of documents of clearance `cloud`; the others are left out.
"""

from __future__ import annotations

from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

from app.service import App
from core.documents import Hit
from core.privacy import Clearance, Privacy


class Retriever(BaseRetriever):
    """`limit` hits for a question, best first, each with the place it was cut from."""

    def __init__(self, app: App, *, by: str, collection: str | None = None, limit: int = 10) -> None:
        super().__init__()
        self._app = app
        self._by = by
        self._collection = collection
        self._limit = limit

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        """Raises as `App.search` does. Scope, filters and the audit log are those of every search."""
        found = self._app.search(query_bundle.query_str, collection=self._collection, limit=self._limit, by=self._by)
        restricted = self._restricted()
        return [
            _node(hit, found.sources[hit.chunk.document_id])
            for hit in found.hits
            if hit.chunk.document_id not in restricted
        ]

    def _restricted(self) -> frozenset[str]:
        """The documents that must not reach an engine: restricted as soon as one collection says so."""
        if self._app.settings.privacy is Privacy.GDPR:
            return frozenset()
        records = self._app.documents()
        return frozenset(one.document_id for one in records if one.clearance is not Clearance.CLOUD)


def _node(hit: Hit, source: str) -> NodeWithScore:
    chunk = hit.chunk
    place = {
        "document_id": chunk.document_id,
        "source": source,
        "title": chunk.title,
        "section": chunk.section,
        "pages": list(chunk.pages),
        "start": chunk.span.start,
        "end": chunk.span.end,
    }
    told = {"document_id", "start", "end"}  # for whoever shows the place; a model has no use for them
    node = TextNode(id_=chunk.id, text=chunk.text, metadata=place, excluded_llm_metadata_keys=sorted(told))
    return NodeWithScore(node=node, score=hit.score)
