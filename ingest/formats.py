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
    ODS = "application/vnd.oasis.opendocument.spreadsheet"
    ODP = "application/vnd.oasis.opendocument.presentation"
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
    BMP = "image/bmp"
    GIF = "image/gif"
    WEBP = "image/webp"
    ZIP = "application/zip"


MAIL = frozenset({Format.EML, Format.MSG})
"""Documents that may carry others: their attachments."""
PICTURES = frozenset({Format.PNG, Format.JPEG, Format.TIFF, Format.BMP, Format.GIF, Format.WEBP})
OPEN_DOCUMENTS = frozenset({Format.ODT, Format.ODS, Format.ODP})


_BY_ENDING = {
    ".pdf": Format.PDF,
    ".docx": Format.DOCX,
    ".docm": Format.DOCX,
    ".dotx": Format.DOCX,
    ".dotm": Format.DOCX,
    ".xlsx": Format.XLSX,
    ".xlsm": Format.XLSX,
    ".xltx": Format.XLSX,
    ".xltm": Format.XLSX,
    ".pptx": Format.PPTX,
    ".pptm": Format.PPTX,
    ".ppsx": Format.PPTX,
    ".ppsm": Format.PPTX,
    ".potx": Format.PPTX,
    ".potm": Format.PPTX,
    ".odt": Format.ODT,
    ".ott": Format.ODT,
    ".ods": Format.ODS,
    ".ots": Format.ODS,
    ".odp": Format.ODP,
    ".otp": Format.ODP,
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
    ".text": Format.TEXT,
    ".rst": Format.TEXT,
    ".org": Format.TEXT,
    ".png": Format.PNG,
    ".jpg": Format.JPEG,
    ".jpeg": Format.JPEG,
    ".tif": Format.TIFF,
    ".tiff": Format.TIFF,
    ".bmp": Format.BMP,
    ".gif": Format.GIF,
    ".webp": Format.WEBP,
    ".zip": Format.ZIP,
}

_OLDER = "is an older Office file ({0}), which is not read here: save it as {1} or PDF, and ingest that"
_PACKED = "is an archive of a kind that is not opened here ({0}): unpack it, or pack it as .zip"
_BEYOND = {
    ".doc": _OLDER.format(".doc", ".docx"),
    ".dot": _OLDER.format(".dot", ".docx"),
    ".xls": _OLDER.format(".xls", ".xlsx"),
    ".xlt": _OLDER.format(".xlt", ".xlsx"),
    ".xlsb": "is a workbook in Excel's binary form (.xlsb), which is not read here: save it as .xlsx, and ingest that",
    ".ppt": _OLDER.format(".ppt", ".pptx"),
    ".pps": _OLDER.format(".pps", ".pptx"),
    ".wpd": "is a WordPerfect text (.wpd), which is not read here: save it as .docx or PDF, and ingest that",
    ".pages": "is a text of Apple's Pages, which is not read here: export it as .docx or PDF, and ingest that",
    ".numbers": "is a workbook of Apple's Numbers, which is not read here: export it as .xlsx, and ingest that",
    ".epub": "is an e-book (.epub), which is not read here: save it as PDF, and ingest that",
    ".xps": "is an XPS document, which is not read here: print it to PDF, and ingest that",
    ".oxps": "is an XPS document, which is not read here: print it to PDF, and ingest that",
    ".djvu": "is a scan of the kind .djvu, which is not read here: save it as PDF, and ingest that",
    ".heic": "is a photograph of the kind .heic, which is not read here: save it as .jpg, and ingest that",
    ".heif": "is a photograph of the kind .heif, which is not read here: save it as .jpg, and ingest that",
    ".mht": "is a web page saved as .mht, which is not read here: save it as .html or PDF, and ingest that",
    ".mhtml": "is a web page saved as .mhtml, which is not read here: save it as .html or PDF, and ingest that",
    ".p7m": "is a signed or encrypted message (.p7m): save what is in it from the mail program, and ingest that",
    ".tnef": "is a message packed by Outlook (TNEF): save what is in it from Outlook, and ingest that",
    ".pst": "is a whole mailbox of Outlook (.pst): save the messages as .msg, and ingest those",
    ".ost": "is a whole mailbox of Outlook (.ost): save the messages as .msg, and ingest those",
    ".mbox": "is a whole mailbox (.mbox): save the messages as .eml, and ingest those",
    ".onepkg": "is a notebook of OneNote, which is not read here: save it as PDF, and ingest that",
    ".one": "is a notebook of OneNote, which is not read here: save it as PDF, and ingest that",
    **{ending: _PACKED.format(ending) for ending in (".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".cab")},
}
"""Endings of documents that people write and no reader here is for, with what the file is and what to do. Such a file
goes to the quarantine, where somebody sees it; one of any other unknown kind (a film, a program) is passed over."""

SUPPORTED = frozenset(_BY_ENDING)
"""Endings of the files that are read, in lower case."""
TAKEN = SUPPORTED | frozenset(_BEYOND)
"""Endings of the files that `dossier ingest` takes from a folder: it reads them, or says what to do about them."""

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
    (b"GIF87a", Format.GIF),
    (b"GIF89a", Format.GIF),
)
_BITMAP = re.compile(rb"BM.{4}\0\0\0\0.{4}[\x0c\x28-\x7c]\0\0\0", re.DOTALL)  # two letters alone tell nothing
_WEBP = re.compile(rb"RIFF.{4}WEBP", re.DOTALL)
_MAIN_PARTS = (  # of a zip: the part that makes it what it is
    ("word/document.xml", Format.DOCX),
    ("xl/workbook.xml", Format.XLSX),
    ("ppt/presentation.xml", Format.PPTX),
)
_MARKED = frozenset(
    {Format.PDF, Format.DOCX, Format.XLSX, Format.PPTX, Format.RTF, Format.MSG, Format.ZIP} | OPEN_DOCUMENTS | PICTURES
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
    """The sentence about a file that no reader is for, with what to do where something can be done."""
    if beyond := _BEYOND.get(ending.lower()):
        return f"The file {beyond}."
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
    if found is None and head.startswith(_OLE) and _mentions(path, _OLE_ENCRYPTED):
        raise UnreadableDocument(PROTECTED)
    if claimed in _MARKED and found is not claimed and not {claimed, found} <= PICTURES:
        raise UnreadableDocument(_broken_promise(ending, head, found))
    if found in _MARKED:
        return found
    if head.startswith((*_ZIP, _OLE)):
        raise UnreadableDocument(unsupported(ending) if claimed is None else _broken_promise(ending, head, found))
    if claimed is not None:
        return claimed
    if found is not None:
        return found
    if ending in _BEYOND or (b"\0" in head and not head.startswith(_TEXT_BOMS)):
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
    if _BITMAP.match(head):
        return Format.BMP
    if _WEBP.match(head):
        return Format.WEBP
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
                declared = archive.read("mimetype").strip().removesuffix(b"-template").decode("ascii", "replace")
                return next((form for form in OPEN_DOCUMENTS if form.value == declared), None)
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
    Format.ODS: "an OpenDocument workbook",
    Format.ODP: "an OpenDocument presentation",
    Format.RTF: "rich text (RTF)",
    Format.HTML: "HTML (a web page)",
    Format.EML: "an e-mail",
    Format.MSG: "an Outlook message",
    **dict.fromkeys(PICTURES, "a picture"),
}


def _broken_promise(ending: str, head: bytes, found: Format | None) -> str:
    if head.startswith(_OLE) and found is None:
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
