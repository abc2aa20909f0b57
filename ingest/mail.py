"""E-mails, as the internet sends them (.eml) and as Outlook saves them (.msg): who, when and about what, then the body.

The plain body goes to ingest.plain, so that its lines stay as they are; one of HTML goes to ingest.web as a web
page. Attachments are documents of their own: `attachments_of` hands out their bytes, ingest.members spools them.

Outlook's messages are opened with python-oxmsg, the library under unstructured's own reader, and not with that reader,
which knows neither Cc nor messages within messages.
"""

from __future__ import annotations

import email
import email.policy
import hashlib
import mimetypes
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from core.documents import BlockKind, Span
from core.errors import UnreadableDocument
from ingest.drawings import Pictures
from ingest.formats import Format
from ingest.ocr import OcrChoice
from ingest.pieces import Piece, reading_of
from ingest.plain import blocks_in, decoded
from ingest.reading import Reading
from ingest.rtf import read_commands
from ingest.rtf_compressed import unpacked_rtf
from ingest.web import read_markup

PARSER = "dossier-mail 2"
"""Name and version of this reader; the version rises whenever the same file would give another reading."""

_SHOWN_HEADERS = ("From", "To", "Cc", "Date", "Subject")
_NO_MESSAGE = "The file is named .msg but holds no message of Outlook, or a damaged one."


@dataclass(frozen=True, slots=True)
class Attachment:
    """What is attached to a message. `content` is None where only a link to it is; `shown` is True for a picture that
    is part of the body."""

    name: str
    content: bytes | None
    shown: bool = False


def read_eml(path: Path) -> Reading:
    """The reading of a message: who, when, about what and what is attached as the first block, then the body, plain
    before HTML.

    Raises UnreadableDocument when there is neither a body nor a header.
    """
    message = _message(path)
    headers = [(name, _header(message, name)) for name in _SHOWN_HEADERS]
    bodies = (message.get_body(preferencelist=(kind,)) for kind in ("plain", "html"))
    body = next((body for body in bodies if body is not None and _content(body).strip()), None)
    text = _content(body) if body is not None else ""
    is_html = body is not None and body.get_content_subtype() == "html"
    attached = [_name(part, number) for number, part in enumerate(_parts(message), start=1) if not _is_shown(part)]
    return _reading(headers, attached, "" if is_html else text, text if is_html else "", Format.EML)


def read_msg(path: Path) -> Reading:
    """The reading of a message that Outlook saved. Raises UnreadableDocument when it is damaged or empty."""
    try:
        message = _outlook(path)
        plain, markup = _outlook_bodies(message)
        headers = _outlook_headers(message)
        packed = None if plain.strip() or markup.strip() else message.properties.binary_prop_value(_RTF_BODY)
        attached = [one.name for one in _outlook_attachments(message) if not one.shown]
    except (MemoryError, UnreadableDocument):
        raise
    except Exception as error:  # noqa: BLE001 - olefile and oxmsg share no base for "damaged"
        raise UnreadableDocument(_NO_MESSAGE) from error
    return _reading(headers, attached, plain, markup, Format.MSG, rich=unpacked_rtf(packed) if packed else b"")


def attachments_of(path: Path, form: Format) -> Iterator[Attachment]:
    """The attachments of a message in their order. Raises UnreadableDocument when it is damaged."""
    if form is Format.EML:
        for number, part in enumerate(_parts(_message(path)), start=1):
            yield Attachment(_name(part, number), _payload(part), _is_shown(part))
        return
    try:
        attached = list(_outlook_attachments(_outlook(path)))
    except (MemoryError, UnreadableDocument):
        raise
    except Exception as error:  # noqa: BLE001 - as above
        raise UnreadableDocument(_NO_MESSAGE) from error
    yield from attached


def _reading(
    headers: list[tuple[str, str]], attached: list[str], plain: str, markup: str, form: Format, *, rich: bytes = b""
) -> Reading:
    names = [("Attachments", ", ".join(attached))]
    head = "\n".join(f"{name}: {value}" for name, value in [*headers, *names] if value)
    pieces = [Piece(BlockKind.PARAGRAPH, head)]
    body: Reading | None = None
    if plain.strip():
        blocks = blocks_in(plain, Span(0, len(plain)), markdown=False)
        pieces += [Piece(block.kind, block.span.of(plain), block.level) for block in blocks]
    elif markup.strip() or rich:
        body = _read_body(markup, rich)
    if body is not None:
        pieces += [Piece(block.kind, block.span.of(body.text), block.level) for block in body.blocks]
    reading = reading_of(
        [piece for piece in pieces if piece.text.strip()],
        dict(headers)["Subject"],
        form,
        () if body is None else body.warnings,
        parser=PARSER,
    )
    return reading if body is None else replace(reading, hidden=body.hidden)


def _read_body(markup: str, rich: bytes) -> Reading | None:
    """The body as the web page or the rich text that it is; None for one that shows nothing, as a bare forward does."""
    try:
        return read_markup(markup) if markup.strip() else read_commands(rich, Pictures(OcrChoice.NEVER, ""))
    except UnreadableDocument as error:
        if "holds no text" in str(error):
            return None
        raise


# ── .eml ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _message(path: Path) -> EmailMessage:
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    if not message.keys():
        raise UnreadableDocument("The file is named .eml but holds no e-mail: it has no header lines.")
    return message


def _header(message: EmailMessage, name: str) -> str:
    """A header as one line; a malformed one as it stands in the file."""
    try:
        return " ".join(str(message.get(name, "")).split())
    except Exception:  # noqa: BLE001 - the standard library's header parser raises many things on malformed headers
        raw = next((value for key, value in message.raw_items() if key.lower() == name.lower()), "")
        return " ".join(str(raw).split())


def _content(body: Any) -> str:
    """The text of a body, with the line breaks of our own texts in place of those of the mail."""
    payload = body.get_payload(decode=True) or b""
    try:
        text = str(payload.decode(body.get_content_charset() or "utf-8"))
    except (LookupError, UnicodeDecodeError):
        text = decoded(payload)[0]
    return text.replace("\r\n", "\n")


def _parts(message: EmailMessage) -> Iterator[EmailMessage]:
    """What is attached, and what stands in the body as a part of its own (pictures)."""
    try:
        attached = list(message.iter_attachments())
    except (AttributeError, KeyError, TypeError):  # a message that says multipart and is not
        return
    for part in attached:
        assert isinstance(part, EmailMessage)
        # Some programs wrap the attachments once more.
        if part.get_content_maintype() == "multipart":
            yield from (leaf for leaf in part.walk() if isinstance(leaf, EmailMessage) and not leaf.is_multipart())
        else:
            yield part


def _is_shown(part: EmailMessage) -> bool:
    picture = part.get_content_maintype() == "image"
    return picture and part.get_content_disposition() != "attachment" and "content-id" in part


def _name(part: EmailMessage, number: int) -> str:
    try:
        name = part.get_filename() or ""
    except Exception:  # noqa: BLE001 - as `_header`
        name = ""
    kind = part.get_content_type()
    if not name and kind == "message/rfc822":
        inner = _forwarded(part)
        name = _header(inner, "Subject") if inner is not None else ""
    return _named(name, number, ".eml" if kind == "message/rfc822" else mimetypes.guess_extension(kind) or "")


_ENDS = re.compile(r"\.[A-Za-z0-9]{1,8}$")
_NAME_LENGTH = 120  # characters: what file systems take (255 bytes) with room to spare


def _named(name: str, number: int, ending: str) -> str:
    name = " ".join(name.replace("/", "_").replace("\\", "_").split())
    stem = name or f"attachment {number}"
    if ending == ".eml" and not stem.lower().endswith((".eml", ".msg")):
        return f"{stem[:_NAME_LENGTH]}.eml"
    return stem if _ENDS.search(stem) else f"{stem[:_NAME_LENGTH]}{ending}"


def _forwarded(part: EmailMessage) -> EmailMessage | None:
    """The message that a part holds, None when it holds something else."""
    inner = part.get_payload()
    first = inner[0] if isinstance(inner, list) and inner and part.get_content_type() == "message/rfc822" else None
    return first if isinstance(first, EmailMessage) else None


def _payload(part: EmailMessage) -> bytes:
    inner = _forwarded(part)
    if inner is not None:
        return inner.as_bytes(policy=email.policy.compat32)
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


# ── .msg ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

# Properties that oxmsg has no word for ([MS-OXPROPS] 2.580, 2.588, 2.595, 2.599)
_ATTACH_FILENAME, _ATTACH_METHOD, _ATTACH_CONTENT_ID, _DISPLAY_NAME = 0x3704, 0x3705, 0x3712, 0x3001
_RTF_BODY = 0x1009  # PidTagRtfCompressed ([MS-OXPROPS] 2.941)
_DISPLAY_TO, _DISPLAY_CC = 0x0E04, 0x0E03  # names of those it was sent to ([MS-OXOMSG] 2.2.1.7, 2.2.1.9)
_IS_MESSAGE = 5  # of the method: the attachment is a message, in a storage of its own ([MS-OXCMSG] 2.2.2.9)
_MESSAGE_STORAGE = "__substg1.0_3701000D"  # where it lies ([MS-OXMSG] 2.2.2.1)
_EMBEDDED_HEADER = 24  # bytes before its properties; 32 in the message at the top ([MS-OXMSG] 2.4.1)


def _outlook(path: Path) -> Any:
    from oxmsg import Message

    return Message.load(str(path))


def _outlook_headers(message: Any) -> list[tuple[str, str]]:
    sent = message.sent_date
    internet = message.message_headers
    found = {
        "From": message.sender,
        "To": internet.get("To") or message.properties.str_prop_value(_DISPLAY_TO),
        "Cc": internet.get("Cc") or message.properties.str_prop_value(_DISPLAY_CC),
        "Date": internet.get("Date") or (format_datetime(sent) if sent else ""),
        "Subject": message.subject,
    }
    return [(name, " ".join(str(found[name] or "").replace("\0", "").split())) for name in _SHOWN_HEADERS]


def _outlook_bodies(message: Any) -> tuple[str, str]:
    """The plain body, and the body as HTML. Raises UnreadableDocument when there is only one that cannot be read."""
    plain = (message.body or "").replace("\0", "").replace("\r\n", "\n")
    return plain, "" if plain.strip() else (message.html_body or "").replace("\0", "")


def _outlook_attachments(message: Any) -> Iterator[Attachment]:
    for number, attached in enumerate(message.attachments, start=1):
        properties = attached.properties
        name = attached.file_name or properties.str_prop_value(_ATTACH_FILENAME) or ""
        if properties.int_prop_value(_ATTACH_METHOD) == _IS_MESSAGE:
            inner = _embedded(attached)
            name = name or properties.str_prop_value(_DISPLAY_NAME) or ""
            yield Attachment(_named(name, number, ".eml"), _as_eml(inner) if inner is not None else None)
            continue
        kind = attached.mime_type or ""
        shown = kind.startswith("image/") and bool(properties.str_prop_value(_ATTACH_CONTENT_ID) and message.html_body)
        yield Attachment(_named(name, number, mimetypes.guess_extension(kind) or ""), attached.file_bytes, shown)


def _embedded(attached: Any) -> Any:
    """The message within a message, None where it is of another kind (a calendar entry kept as an object)."""
    from oxmsg import Message
    from oxmsg.properties import Properties

    class Embedded(Message):
        @property
        def properties(self) -> Any:
            return Properties(self._storage, properties_header_offset=_EMBEDDED_HEADER)

    for storage in attached._storage.storages:
        if storage.name == _MESSAGE_STORAGE:
            return Embedded(storage)
    return None


def _as_eml(message: Any) -> bytes:
    """A message of Outlook as one of the internet: the same message always gives the same bytes."""
    written = EmailMessage()
    for name, value in _outlook_headers(message):
        if value:
            try:
                written[name] = value
            except ValueError:  # an address that is none
                written[name] = value.encode("ascii", "replace").decode()
    plain, markup = _outlook_bodies(message)
    written.set_content(markup if markup else plain, subtype="html" if markup else "plain", cte="base64")
    for attached in _outlook_attachments(message):
        if attached.content is not None:
            written.add_attachment(
                attached.content, maintype="application", subtype="octet-stream", filename=attached.name
            )
    if written.is_multipart():
        written.set_boundary(f"dossier-{hashlib.sha256(plain.encode('utf-8', 'replace')).hexdigest()}")
    return written.as_bytes()
