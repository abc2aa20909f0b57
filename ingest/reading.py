"""What a reader brings back from a file, whatever the format: the parts of a document that its bytes alone decide."""

from __future__ import annotations

from dataclasses import dataclass

from core.documents import Block, Hidden, Page


@dataclass(frozen=True, slots=True)
class Reading:
    """The canonical text with its pages and blocks in reading order.

    Pages are in order, do not overlap and, with the line breaks between them, cover `text`.
    Blocks are in order, do not overlap, lie each inside one page and together cover every non-blank character.
    `hidden` is what the file says and no reader of it sees: it is in no part of `text`.
    `parser` is the name and version of the reader: a new version means that stored documents are read again.
    """

    text: str
    pages: tuple[Page, ...]
    blocks: tuple[Block, ...]
    title: str
    media_type: str
    parser: str
    warnings: tuple[str, ...] = ()
    hidden: tuple[Hidden, ...] = ()
