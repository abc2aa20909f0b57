"""What kind of file this is, told by its bytes; the name breaks ties, and is held to its word for .pdf and .docx."""

from __future__ import annotations

import re
import zipfile
from enum import StrEnum
from pathlib import Path

from core.errors import UnreadableDocument


class Format(StrEnum):
    """A format that we read. The value is its media type."""

    PDF = "application/pdf"
    DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    HTML = "text/html"
    EML = "message/rfc822"
    MARKDOWN = "text/markdown"
    TEXT = "text/plain"


_BY_ENDING = {
    ".pdf": Format.PDF,
    ".docx": Format.DOCX,
    ".html": Format.HTML,
    ".htm": Format.HTML,
    ".xhtml": Format.HTML,
    ".eml": Format.EML,
    ".md": Format.MARKDOWN,
    ".markdown": Format.MARKDOWN,
    ".txt": Format.TEXT,
}

SUPPORTED = frozenset(_BY_ENDING)
"""Endings of the files that `dossier ingest` takes from a folder, in lower case."""

_HEAD = 16_384  # bytes looked at; every mark below stands within the first few hundred in real files
_PDF_MARK_WITHIN = 1024  # the header may follow junk up to here (PDF 32000-1, Annex H, implementation note 13)
_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # the container of .doc, .xls and of encrypted .docx ([MS-CFB] 2.2)
_OLE_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")  # name of the stream in an encrypted .docx ([MS-OFFCRYPTO])
_RICH_TEXT = b"{\\rtf"  # text to the byte, but of commands
_MARKUP = re.compile(
    rb"^\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*"
    rb"<(?:!doctype\s+html|html|head|body|div|table|title|meta|p|h[1-6]|span|font|center)\b",
    re.IGNORECASE | re.DOTALL,
)
_MAIL_HEADER = re.compile(rb"^([!-9;-~]+):[ \t]?[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*\r?\n", re.MULTILINE)  # RFC 5322 2.2
_MAIL_NAMES = {b"from", b"to", b"date", b"subject", b"received", b"message-id", b"mime-version", b"return-path"}
_TEXT_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


PROTECTED = "The file is protected by a password: save it without one and ingest it again."


def kind(ending: str) -> str:
    """How an ending is called in a sentence."""
    return f"of this kind ({ending.lower()})" if ending else "without an ending"


def unsupported(ending: str) -> str:
    """The sentence about a file that no reader is for."""
    return f"Files {kind(ending)} are not supported yet."


def format_of(path: Path) -> Format:
    """The format of a file. Reads its first bytes and, of a zip, the list of its parts; never the whole file.

    Raises UnreadableDocument for an empty file, for a .pdf or .docx that holds something else, and for a kind of file
    that no reader is for.
    """
    ending = path.suffix.lower()
    claimed = _BY_ENDING.get(ending)
    head = _head(path)
    found = _by_mark(path, head)
    if claimed in (Format.PDF, Format.DOCX):
        if found is not claimed:
            raise UnreadableDocument(_broken_promise(path, ending, head, found))
        return claimed
    if found in (Format.PDF, Format.DOCX):
        return found
    if head.startswith((_ZIP, _OLE)):
        raise UnreadableDocument(unsupported(ending) if claimed is None else _broken_promise(path, ending, head, found))
    if claimed is not None:
        return claimed
    if found is not None:
        return found
    if head.startswith(_RICH_TEXT) or (b"\0" in head and not head.startswith(_TEXT_BOMS)):
        raise UnreadableDocument(unsupported(ending))
    return Format.TEXT


def family(path: Path) -> Format:
    """The format that the first bytes and the name suggest, for choosing a reader's name: nothing is opened or judged.

    Where `format_of` refuses the file, this answers all the same.
    """
    head = _head(path)
    if b"%PDF-" in head[:_PDF_MARK_WITHIN]:
        return Format.PDF
    if head.startswith(_ZIP):
        return Format.DOCX
    claimed = _BY_ENDING.get(path.suffix.lower())
    return claimed or _by_mark(path, head) or Format.TEXT


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise UnreadableDocument(f"The file cannot be opened: {error.strerror or 'the system refused'}.") from error
    if not head:
        raise UnreadableDocument("The file is empty (0 bytes).")
    return head


def _by_mark(path: Path, head: bytes) -> Format | None:
    if b"%PDF-" in head[:_PDF_MARK_WITHIN]:
        return Format.PDF
    if head.startswith(_ZIP):
        return Format.DOCX if _has_word_document(path) else None
    plain = head.removeprefix(b"\xef\xbb\xbf")
    if _MARKUP.match(plain):
        return Format.HTML
    if _starts_like_mail(plain):
        return Format.EML
    return None


def _has_word_document(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return "word/document.xml" in archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False


def _starts_like_mail(head: bytes) -> bool:
    """True when the file opens with header fields of which two or more are those that every message has."""
    names = set()
    position = 0
    while found := _MAIL_HEADER.match(head, position):
        names.add(found[1].lower())
        position = found.end()
    return len(names & _MAIL_NAMES) >= 2


def _broken_promise(path: Path, ending: str, head: bytes, found: Format | None) -> str:
    if head.startswith(_OLE):
        if _mentions(path, _OLE_ENCRYPTED):
            return PROTECTED
        return f"The file is named {ending} but holds an older Office format: save it as .docx or PDF."
    if head.startswith(_ZIP) and found is None:
        inside = "a zip archive that is damaged or of another kind"
    else:
        names = {
            Format.PDF: "a PDF",
            Format.DOCX: "a Word document",
            Format.HTML: "HTML (a web page)",
            Format.EML: "an e-mail",
        }
        inside = names.get(found, "something else") if found else "something else"
    return f"The file is named {ending} but holds {inside}: check where it came from, or rename it."


def _mentions(path: Path, mark: bytes) -> bool:
    """True when `mark` stands in the file; read in pieces, so that its size does not matter."""
    tail = b""
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            if mark in tail + piece:
                return True
            tail = piece[-len(mark) :]
    return False
