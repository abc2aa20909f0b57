"""Documents made of given chunks, and an index over either store."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from core.documents import Block, BlockKind, Chunk, Document, DocumentId, Fate, Page, Span, chunk_id
from core.privacy import Clearance
from core.readers import EVERYBODY, Reader, Readers
from retrieval.embed import Embedder, HashEmbedder
from retrieval.index import Index, Store

ANNA = Reader("anna")


def an_id(name: str) -> DocumentId:
    return DocumentId(hashlib.sha256(name.encode()).hexdigest())


def a_document(
    *texts: str,
    name: str = "supply.txt",
    collection: str = "deal",
    section: str = "",
    clearance: Clearance = Clearance.RESTRICTED,
    id: DocumentId | None = None,
    readers: Readers = EVERYBODY,
) -> tuple[Document, tuple[Chunk, ...]]:
    """A document of one page whose chunks are `texts`."""
    document_id = id or an_id(name)
    whole = "\n\n".join(texts)
    chunks = []
    end = 0
    for text in texts:
        start = whole.index(text, end)
        end = start + len(text)
        span = Span(start, end)
        chunks.append(Chunk(chunk_id(collection, document_id, span), document_id, name, span, text, (1,), section))
    document = Document(
        id=document_id,
        title=name,
        source=name,
        media_type="text/plain",
        text=whole,
        pages=(Page(1, "1", Span(0, len(whole)), Fate.TEXT),),
        blocks=tuple(Block(BlockKind.PARAGRAPH, chunk.span) for chunk in chunks),
        collection=collection,
        clearance=clearance,
        parser="plain 1",
        readers=readers,
    )
    return document, tuple(chunks)


def a_store(kind: str, folder: Path) -> Store:
    """`edge` on disk, or `server`: Qdrant's local mode stands in for a server."""
    if kind == "edge":
        from retrieval.points_edge import EdgeStore

        return EdgeStore(folder / "index")

    from qdrant_client import QdrantClient

    from retrieval.points_server import ServerStore

    return ServerStore(QdrantClient(":memory:"))


def an_index(store: Store, embedder: Embedder | None = None) -> Index:
    return Index(store, embedder or HashEmbedder(size=32))


def texts_of(hits: Sequence[object]) -> list[str]:
    return [hit.chunk.text for hit in hits]  # type: ignore[attr-defined]
