"""Messages, of the internet and of Outlook: who, when and about what, the body, and what is attached."""

from __future__ import annotations

import warnings
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.documents import BlockKind
from core.errors import UnreadableDocument
from ingest.formats import Format, format_of
from ingest.inbox import files_in
from ingest.mail import attachments_of, read_eml, read_msg
from ingest.parse import check
from ingest.reading import Reading
from ingest.rtf_compressed import unpacked_rtf
from ingest.unpack import unpacked
from tests.ingest.outlook import a_message, an_attached_message, an_attachment, save

SUBJECT, BODY, HTML, SENDER, SENDER_ADDRESS, TO, CC = 0x0037, 0x1000, 0x1013, 0x0C1A, 0x0C1F, 0x0E04, 0x0E03
TERMS = {SUBJECT: "Terms", BODY: "Dear Bob,\r\n\r\nsee\r\nbelow.", SENDER: "Anna", SENDER_ADDRESS: "anna@example.com"}
TERMS |= {TO: "Bob", CC: "Carl"}


def kinds(reading: Reading) -> list[tuple[BlockKind, str]]:
    return [(block.kind, block.span.of(reading.text)) for block in reading.blocks]


def test_a_message_tells_who_when_and_what_and_names_what_is_attached(tmp_path: Path) -> None:
    message = EmailMessage()
    message["From"], message["To"] = "Anna <anna@example.com>", "bob@example.com"
    message["Subject"] = "Kündigung"
    message["Date"] = "Mon, 02 Mar 2026 10:00:00 +0100"
    message.set_content("Dear Bob,\n\nwe terminate\nthe agreement.\n")
    message.add_alternative("<p>HTML</p>", subtype="html")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="notice.pdf")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="b.pdf")
    (tmp_path / "a.eml").write_bytes(message.as_bytes())
    reading = read_eml(tmp_path / "a.eml")
    check(reading)
    assert reading.title == "Kündigung"
    assert reading.text == (
        "From: Anna <anna@example.com>\nTo: bob@example.com\nDate: Mon, 02 Mar 2026 10:00:00 +0100\n"
        "Subject: Kündigung\nAttachments: notice.pdf, b.pdf\n\nDear Bob,\n\nwe terminate\nthe agreement."
    )
    assert reading.warnings == ()


def test_a_message_of_html_alone_is_read_as_a_page(tmp_path: Path) -> None:
    message = EmailMessage()
    message["Subject"] = "x"
    message.set_content("<p>One</p><table><tr><td>a</td><td>1</td></tr></table>", subtype="html")
    (tmp_path / "a.eml").write_bytes(message.as_bytes())
    assert kinds(read_eml(tmp_path / "a.eml"))[1:] == [(BlockKind.PARAGRAPH, "One"), (BlockKind.TABLE, "a\t1")]


def test_a_message_of_outlook_tells_who_and_what_and_keeps_its_lines(tmp_path: Path) -> None:
    path = save(tmp_path / "a.msg", a_message(TERMS, attachments=[an_attachment("fee.txt", b"EUR 12")]))
    assert format_of(path) is Format.MSG
    reading = read_msg(path)
    check(reading)
    assert reading.title == "Terms"
    assert reading.text == (
        'From: "Anna" <anna@example.com>\nTo: Bob\nCc: Carl\nSubject: Terms\nAttachments: fee.txt'
        "\n\nDear Bob,\n\nsee\nbelow."
    )


def test_a_body_of_html_alone_is_read_as_a_page(tmp_path: Path) -> None:
    html = {HTML: b"<p>One</p><table><tr><td>a</td><td>1</td></tr></table>"}
    reading = read_msg(save(tmp_path / "a.msg", a_message({SUBJECT: "x"}, binaries=html)))
    assert [(block.kind, block.span.of(reading.text)) for block in reading.blocks][1:] == [
        (BlockKind.PARAGRAPH, "One"),
        (BlockKind.TABLE, "a\t1"),
    ]


def test_attachments_are_handed_out_and_a_message_within_becomes_one_of_the_internet(tmp_path: Path) -> None:
    inner = a_message(TERMS, attachments=[an_attachment("fee.txt", b"EUR 12")], within=True)
    logo = an_attachment("logo.png", b"\x89PNG", kind="image/png", cid="logo")
    outer = a_message(
        {SUBJECT: "Fwd"}, binaries={HTML: b"<p>See</p>"}, attachments=[an_attached_message("Terms", inner), logo]
    )
    path = save(tmp_path / "a.msg", outer)
    assert [(one.name, one.shown) for one in attachments_of(path, Format.MSG)] == [
        ("Terms.eml", False),
        ("logo.png", True),
    ]
    assert list(attachments_of(path, Format.MSG)) == list(attachments_of(path, Format.MSG)), "the same bytes every time"
    (file,) = files_in([path])
    with unpacked(file) as documents:
        assert [one.source for one in documents] == [
            "a.msg",
            "a.msg › Terms.eml",
            "a.msg › Terms.eml › fee.txt",
            "a.msg › logo.png",
        ]
        assert b"anna@example.com" in documents[1].path.read_bytes()
        assert documents[2].path.read_bytes() == b"EUR 12"


def test_a_damaged_message_is_a_sentence(tmp_path: Path) -> None:
    path = save(tmp_path / "a.msg", a_message(TERMS))
    path.write_bytes(path.read_bytes()[:900])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(UnreadableDocument, match="damaged"):
            read_msg(path)


# The example of [MS-OXRTFCP] 4.1.1.
PACKED = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
)


def test_a_body_of_rich_text_alone_is_unpacked_and_read(tmp_path: Path) -> None:
    assert unpacked_rtf(PACKED) == rb"{\rtf1\ansi\ansicpg1252\pard hello world}" + b"\r\n"
    reading = read_msg(save(tmp_path / "a.msg", a_message({SUBJECT: "x"}, binaries={0x1009: PACKED})))
    assert reading.text == "Subject: x\n\nhello world"
    with pytest.raises(UnreadableDocument, match="packed in a way"):
        unpacked_rtf(b"no rich text at all, and long enough")


@given(st.binary(max_size=200))
def test_no_packed_body_however_odd_hangs_or_breaks(rest: bytes) -> None:
    assert len(unpacked_rtf(PACKED[:16] + rest)) <= 18 * 200


def test_what_outlook_or_a_signature_packs_is_told_with_what_to_do(tmp_path: Path) -> None:
    message = EmailMessage()
    message["From"], message["Subject"] = "anna@example.com", "x"
    message.set_content("See below.")
    for name in ("winmail.dat", "smime.p7m"):
        message.add_attachment(b"x", maintype="application", subtype="octet-stream", filename=name)
    (tmp_path / "a.eml").write_bytes(message.as_bytes())
    with unpacked(files_in([tmp_path / "a.eml"])[0]) as found:
        assert "packed by Outlook (TNEF): save what is in it" in (found[1].refused or "")
        with pytest.raises(UnreadableDocument, match="signed or encrypted message"):
            format_of(found[2].path)
