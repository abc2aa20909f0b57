"""A file that holds others becomes its documents, each named by where it lay; what is hostile is told."""

from __future__ import annotations

import io
import os
import stat
import tempfile
import zipfile
from email.message import EmailMessage
from pathlib import Path

import pytest

from app.reports import Status
from app.service import App
from ingest.inbox import Found, files_in, outermost
from ingest.unpack import UnpackLimits, unpacked

LIMITS = UnpackLimits()
FEE = b"The fee is EUR 12 per month."


@pytest.fixture(autouse=True)
def scratch(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are made."""
    folder = tmp_path_factory.mktemp("scratch")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def a_zip(members: dict[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target.getvalue()


def a_mail(attached: dict[str, bytes], *, subject: str = "Terms", body: str = "Please find the terms.") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "anna@example.com", "bob@example.com", subject
    message.set_content(body)
    for name, content in attached.items():
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message


def found(tmp_path: Path, name: str, content: bytes) -> Found:
    path = tmp_path / name
    path.write_bytes(content)
    (file,) = files_in([path])
    return file


def fates(file: Found, limits: UnpackLimits = LIMITS) -> dict[str, str]:
    """What became of each document behind a file: its bytes, or why it is not read."""
    with unpacked(file, limits=limits) as documents:
        return {one.source: one.skipped or one.refused or one.path.read_bytes().decode("latin-1") for one in documents}


def test_a_file_that_holds_no_others_is_itself(tmp_path: Path) -> None:
    file = found(tmp_path, "a.txt", FEE)
    with unpacked(file) as documents:
        assert documents == (file,)


def test_what_is_in_an_archive_is_named_by_its_place_there_and_gone_afterwards(tmp_path: Path, scratch: Path) -> None:
    file = found(
        tmp_path, "bundle.zip", a_zip({"sub/terms.txt": FEE, "b.md": b"# B", ".DS_Store": b"x", "c.xyz": b"c"})
    )
    with unpacked(file) as documents:
        assert [(one.source, one.origin) for one in documents] == [
            ("bundle.zip › sub/terms.txt", f"{file.origin}!/sub/terms.txt"),
            ("bundle.zip › b.md", f"{file.origin}!/b.md"),
            ("bundle.zip › c.xyz", f"{file.origin}!/c.xyz"),
        ]
        assert documents[0].path.read_bytes() == FEE
        assert documents[0].path.name == "terms.txt"
        assert [outermost(one.origin) for one in documents] == [file.origin] * 3
        assert documents[2].skipped == "Files of this kind (.xyz) are not supported yet."
    assert list(scratch.iterdir()) == []


def test_a_message_is_a_document_and_so_is_each_of_its_attachments(tmp_path: Path) -> None:
    inner = a_mail({"terms.txt": FEE}, subject="Original offer")
    message = a_mail({"a/../side.txt": b"Side letter.", "twice.txt": b"1"})
    message.add_attachment(b"2", maintype="text", subtype="plain", filename="twice.txt")
    message.add_attachment(inner)
    message.add_attachment(b"\x89PNG", maintype="image", subtype="png", cid="<logo>", disposition="inline")
    outcome = fates(found(tmp_path, "offer.eml", message.as_bytes()))
    assert outcome.pop("offer.eml › attachment 5.png") == "This picture is part of the message's body."
    assert list(outcome) == [
        "offer.eml",
        "offer.eml › a_.._side.txt",
        "offer.eml › twice.txt",
        "offer.eml › twice (2).txt",
        "offer.eml › Original offer.eml",
        "offer.eml › Original offer.eml › terms.txt",
    ]


def test_archives_within_archives_are_opened_three_deep(tmp_path: Path) -> None:
    content = a_zip({"deep.txt": FEE})
    for name in ("3.zip", "2.zip"):
        content = a_zip({name: content})
    assert fates(found(tmp_path, "1.zip", content)) == {"1.zip › 2.zip › 3.zip › deep.txt": FEE.decode()}
    deeper = found(tmp_path, "0.zip", a_zip({"1.zip": content}))
    assert fates(deeper) == {"0.zip › 1.zip › 2.zip › 3.zip › deep.txt": "It lies more than 3 containers deep."}


def test_names_that_point_out_and_links_are_refused_and_the_rest_is_read(tmp_path: Path) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in ("../up.txt", "/etc/passwd.txt", "C:\\windows.txt", "a\\..\\..\\b.txt", "good.txt"):
            archive.writestr(name, FEE)
        link = zipfile.ZipInfo("link.txt")
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    outcome = fates(found(tmp_path, "evil.zip", target.getvalue()))
    assert [name for name, fate in outcome.items() if "out of the archive" in fate] == [
        "evil.zip › ../up.txt",
        "evil.zip › /etc/passwd.txt",
        "evil.zip › C:/windows.txt",
        "evil.zip › a/../../b.txt",
    ]
    assert outcome["evil.zip › link.txt"] == "It is a link, not a file."
    assert outcome["evil.zip › good.txt"] == FEE.decode()
    assert not (tmp_path.parent / "up.txt").exists()


def test_a_locked_member_and_a_damaged_one_are_refused_by_name(tmp_path: Path) -> None:
    content = bytearray(a_zip({"locked.txt": FEE, "broken.txt": FEE, "good.txt": FEE}, method=zipfile.ZIP_STORED))
    content[6] |= 1  # the flag of the first local header …
    content[content.index(b"PK\x01\x02") + 8] |= 1  # … and of its entry in the table of contents (APPNOTE.TXT 4.3)
    second = content.index(FEE, content.index(FEE) + 1)
    content[second] ^= 0xFF
    outcome = fates(found(tmp_path, "a.zip", bytes(content)))
    assert "protected by a password" in outcome["a.zip › locked.txt"]
    assert "damaged" in outcome["a.zip › broken.txt"]
    assert outcome["a.zip › good.txt"] == FEE.decode()


@pytest.mark.parametrize(
    ("content", "limits", "sentence"),
    [
        (a_zip({"zeros.txt": bytes(40 << 20)}), UnpackLimits(), "more than 250 times its size"),
        (a_zip({f"{number}.txt": FEE for number in range(5)}), UnpackLimits(members=4), "holds more than 4 others"),
        (a_zip({"a.txt": os.urandom(3 << 20)}), UnpackLimits(total_bytes=1 << 20), "unpacks to more than 1 MiB"),
        (a_zip({}), UnpackLimits(), "holds no files"),
        (a_zip({"a.txt": FEE})[:-30], UnpackLimits(), "damaged"),
        (a_zip({".hidden": FEE}), UnpackLimits(), "holds no files"),
    ],
)
def test_a_bomb_or_a_broken_archive_is_refused_as_a_whole(
    tmp_path: Path, scratch: Path, content: bytes, limits: UnpackLimits, sentence: str
) -> None:
    (name, reason), *rest = fates(found(tmp_path, "a.zip", content), limits).items()
    assert (name, rest) == ("a.zip", [])
    assert sentence in reason
    assert list(scratch.iterdir()) == []


def test_the_allowance_is_shared_by_all_that_is_nested(tmp_path: Path) -> None:
    inner = a_zip({f"{number}.txt": FEE for number in range(3)})
    outcome = fates(found(tmp_path, "a.zip", a_zip({"1.zip": inner, "2.zip": inner})), UnpackLimits(members=6))
    assert "holds more than" in outcome["a.zip › 2.zip"]
    assert outcome["a.zip › 1.zip › 0.txt"] == FEE.decode()


def test_members_walk_into_a_collection_like_files_and_again_change_nothing(app: App, tmp_path: Path) -> None:
    share = tmp_path / "share"
    share.mkdir()
    inner = a_zip({"terms.txt": b"The notice period is 90 days.", "../x.txt": FEE, "c.xyz": b""})
    (share / "mail.eml").write_bytes(a_mail({"fee.txt": FEE, "more.zip": inner}).as_bytes())
    report = app.ingest([share], collection="deal", by="anna")
    assert [(one.source, one.status) for one in report.documents] == [
        ("mail.eml", Status.ADDED),
        ("mail.eml › fee.txt", Status.ADDED),
        ("mail.eml › more.zip › terms.txt", Status.ADDED),
        ("mail.eml › more.zip › ../x.txt", Status.QUARANTINED),
    ]
    assert [source for source, _ in report.skipped] == ["mail.eml › more.zip › c.xyz"]
    assert {one.title for one in app.documents("deal")} == {"Terms", "fee", "terms"}
    before = app.digest("deal")
    again = app.ingest([share], collection="deal", by="anna")
    assert [one.status for one in again.documents][:3] == [Status.UNCHANGED] * 3
    assert app.digest("deal") == before
    (hit,) = app.search("How long is the notice period?", collection="deal", by="anna", limit=1).hits
    assert hit.chunk.text == "The notice period is 90 days."
