"""What kind of file this is, told by its bytes; the name breaks ties, and is held to its word."""

from __future__ import annotations

import re
import zipfile
import zlib
from enum import StrEnum
from pathlib import Path

from core.errors import UnreadableDocument


class Format(StrEnum):
    """A format that we read. The value is its media type."""

    PDF = "application/pdf"
    DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
    ODT = "application/vnd.oasis.opendocument.text"
    RTF = "application/rtf"
    HTML = "text/html"
    EML = "message/rfc822"
    MSG = "application/vnd.ms-outlook"
    CSV = "text/csv"
    TSV = "text/tab-separated-values"
    MARKDOWN = "text/markdown"
    TEXT = "text/plain"
    PNG = "image/png"
    JPEG = "image/jpeg"
    TIFF = "image/tiff"
    ZIP = "application/zip"


MAIL = frozenset({Format.EML, Format.MSG})
"""Documents that may carry others: their attachments."""
PICTURES = frozenset({Format.PNG, Format.JPEG, Format.TIFF})


_BY_ENDING = {
    ".pdf": Format.PDF,
    ".docx": Format.DOCX,
    ".xlsx": Format.XLSX,
    ".xlsm": Format.XLSX,
    ".pptx": Format.PPTX,
    ".pptm": Format.PPTX,
    ".odt": Format.ODT,
    ".rtf": Format.RTF,
    ".html": Format.HTML,
    ".htm": Format.HTML,
    ".xhtml": Format.HTML,
    ".eml": Format.EML,
    ".msg": Format.MSG,
    ".csv": Format.CSV,
    ".tsv": Format.TSV,
    ".md": Format.MARKDOWN,
    ".markdown": Format.MARKDOWN,
    ".txt": Format.TEXT,
    ".png": Format.PNG,
    ".jpg": Format.JPEG,
    ".jpeg": Format.JPEG,
    ".tif": Format.TIFF,
    ".tiff": Format.TIFF,
    ".zip": Format.ZIP,
}

SUPPORTED = frozenset(_BY_ENDING)
"""Endings of the files that `dossier ingest` takes from a folder, in lower case."""

_HEAD = 16_384  # bytes looked at; every mark below stands within the first few hundred in real files
_PDF_MARK_WITHIN = 1024  # the header may follow junk up to here (PDF 32000-1, Annex H, implementation note 13)
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")  # of a zip with and without members (APPNOTE.TXT 4.3.7, 4.3.16)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # the container of .doc, .xls and of encrypted .docx ([MS-CFB] 2.2)
_OLE_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")  # name of the stream in an encrypted .docx ([MS-OFFCRYPTO])
_OLE_MESSAGE = "__properties_version1.0".encode("utf-16-le")  # name of a stream in every .msg ([MS-OXMSG] 2.4)
_RICH_TEXT = b"{\\rtf"  # text to the byte, but of commands
_PICTURE_MARKS = (
    (b"\x89PNG\r\n\x1a\n", Format.PNG),
    (b"\xff\xd8\xff", Format.JPEG),
    (b"II*\0", Format.TIFF),
    (b"MM\0*", Format.TIFF),
)
_MAIN_PARTS = (  # of a zip: the part that makes it what it is
    ("word/document.xml", Format.DOCX),
    ("xl/workbook.xml", Format.XLSX),
    ("ppt/presentation.xml", Format.PPTX),
)
_MARKED = frozenset(
    {Format.PDF, Format.DOCX, Format.XLSX, Format.PPTX, Format.ODT, Format.RTF, Format.MSG, Format.ZIP, *PICTURES}
)
"""Formats that their bytes tell beyond doubt: a file named as one of them must hold it."""
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
    """The format of a file. Reads its first bytes and, of a zip, the list of its parts.

    Raises UnreadableDocument for an empty file, for one whose name promises a format that its bytes do not hold, and
    for a kind of file that no reader is for.
    """
    ending = path.suffix.lower()
    claimed = _BY_ENDING.get(ending)
    head = _head(path)
    found = _by_mark(path, head, ending)
    if claimed in _MARKED and found is not claimed and not {claimed, found} <= PICTURES:
        raise UnreadableDocument(_broken_promise(path, ending, head, found))
    if found in _MARKED:
        return found
    if head.startswith((*_ZIP, _OLE)):
        raise UnreadableDocument(unsupported(ending) if claimed is None else _broken_promise(path, ending, head, found))
    if claimed is not None:
        return claimed
    if found is not None:
        return found
    if b"\0" in head and not head.startswith(_TEXT_BOMS):
        raise UnreadableDocument(unsupported(ending))
    return Format.TEXT


def family(path: Path) -> Format:
    """The format that the first bytes and the name suggest, for choosing a reader's name: nothing is judged.

    Where `format_of` refuses the file, this answers all the same.
    """
    ending = path.suffix.lower()
    found = _by_mark(path, _head(path), ending)
    return found if found in _MARKED else _BY_ENDING.get(ending) or found or Format.TEXT


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise UnreadableDocument(f"The file cannot be opened: {error.strerror or 'the system refused'}.") from error
    if not head:
        raise UnreadableDocument("The file is empty (0 bytes).")
    return head


def _by_mark(path: Path, head: bytes, ending: str) -> Format | None:
    if b"%PDF-" in head[:_PDF_MARK_WITHIN]:
        return Format.PDF
    if head.startswith(_ZIP):
        found = _in_zip(path)
        # Many formats are zips inside (.jar, .epub, .xlsb): an archive is one that says so, or says nothing.
        return None if found is Format.ZIP and ending not in ("", ".zip") else found
    if head.startswith(_OLE):
        return Format.MSG if _mentions(path, _OLE_MESSAGE) else None
    if head.startswith(_RICH_TEXT):
        return Format.RTF
    for mark, form in _PICTURE_MARKS:
        if head.startswith(mark):
            return form
    plain = head.removeprefix(b"\xef\xbb\xbf")
    if _MARKUP.match(plain):
        return Format.HTML
    if _starts_like_mail(plain):
        return Format.EML
    return None


def _in_zip(path: Path) -> Format | None:
    """What a zip is by its parts: an office document or, without such a part, an archive. None when it is damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            for part, form in _MAIN_PARTS:
                if part in names:
                    return form
            # The first part of an OpenDocument file is its media type, not compressed (OpenDocument 1.3 part 2, 3.3).
            if {"mimetype", "content.xml"} <= names and archive.getinfo("mimetype").file_size <= _HEAD:
                declared = archive.read("mimetype").strip()
                return Format.ODT if declared == Format.ODT.value.encode() else None
            return Format.ZIP
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, zlib.error):
        return None


def _starts_like_mail(head: bytes) -> bool:
    """True when the file opens with header fields of which two or more are those that every message has."""
    names = set()
    position = 0
    while found := _MAIL_HEADER.match(head, position):
        names.add(found[1].lower())
        position = found.end()
    return len(names & _MAIL_NAMES) >= 2


_NAMES = {
    Format.PDF: "a PDF",
    Format.DOCX: "a Word document",
    Format.XLSX: "an Excel workbook",
    Format.PPTX: "a PowerPoint presentation",
    Format.ODT: "an OpenDocument text",
    Format.RTF: "rich text (RTF)",
    Format.HTML: "HTML (a web page)",
    Format.EML: "an e-mail",
    Format.MSG: "an Outlook message",
    Format.PNG: "a picture",
    Format.JPEG: "a picture",
    Format.TIFF: "a picture",
}


def _broken_promise(path: Path, ending: str, head: bytes, found: Format | None) -> str:
    if head.startswith(_OLE) and found is None:
        if _mentions(path, _OLE_ENCRYPTED):
            return PROTECTED
        return f"The file is named {ending} but holds an older Office format: save it as {_newer(ending)} or PDF."
    if head.startswith(_ZIP) and found is None:
        inside = "a zip archive that is damaged or of another kind"
    else:
        inside = _NAMES.get(found, "something else") if found else "something else"
    return f"The file is named {ending} but holds {inside}: check where it came from, or rename it."


def _newer(ending: str) -> str:
    return ending if _BY_ENDING.get(ending) in (Format.DOCX, Format.XLSX, Format.PPTX) else ".docx"


def _mentions(path: Path, mark: bytes) -> bool:
    """True when `mark` stands in the file; read in pieces, so that its size does not matter."""
    tail = b""
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            if mark in tail + piece:
                return True
            tail = piece[-len(mark) :]
    return False
