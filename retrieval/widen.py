"""From what was found to what is read: widening happens at read time, so that chunks need no overlap."""

from __future__ import annotations

from core.documents import Chunk, Document, chunk_id


def page_chunks(document: Document) -> tuple[Chunk, ...]:
    """The whole document as one chunk per page that has text, in order: what a long window is given to read."""
    return tuple(
        Chunk(
            id=chunk_id(document.collection, document.id, page.span),
            document_id=document.id,
            title=document.title,
            span=page.span,
            text=page.span.of(document.text),
            pages=(page.number,),
            section="",
        )
        for page in document.pages
        if page.span.of(document.text).strip()
    )
