"""A file is what its bytes say; its name is held to its word."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from core.errors import UnreadableDocument
from ingest.formats import Format, family, format_of

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)


def zipped(*names: str, mimetype: str = "") -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        if mimetype:
            archive.writestr("mimetype", mimetype)
        for name in names:
            archive.writestr(name, "x")
    return target.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "form"),
    [
        ("a.xlsx", zipped("xl/workbook.xml"), Format.XLSX),
        ("a.xlsm", zipped("xl/workbook.xml"), Format.XLSX),
        ("a.pptx", zipped("ppt/presentation.xml"), Format.PPTX),
        ("a.odt", zipped("content.xml", mimetype=Format.ODT.value), Format.ODT),
        ("a.zip", zipped("a.txt"), Format.ZIP),
        ("a", zipped("a.txt"), Format.ZIP),
        ("a", zipped("word/document.xml"), Format.DOCX),
        ("a.doc", b"{\\rtf1 x}", Format.RTF),
        ("a.png", b"\xff\xd8\xff\xe0", Format.JPEG),
        ("a.tiff", b"II*\0", Format.TIFF),
        ("a.msg", OLE + "__properties_version1.0".encode("utf-16-le"), Format.MSG),
        ("a.csv", b"a,b", Format.CSV),
        ("a.tsv", b"a\tb", Format.TSV),
    ],
)
def test_bytes_tell_the_format_and_the_reader_is_chosen_by_the_same(
    tmp_path: Path, name: str, content: bytes, form: Format
) -> None:
    (tmp_path / name).write_bytes(content)
    assert format_of(tmp_path / name) is form
    assert family(tmp_path / name) is form


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.xlsx", b"<html><table>", "named .xlsx but holds HTML"),
        ("a.xlsx", zipped("word/document.xml"), "named .xlsx but holds a Word document"),
        ("a.pptx", OLE, "save it as .pptx or PDF"),
        ("a.zip", zipped("xl/workbook.xml"), "named .zip but holds an Excel workbook"),
        ("a.png", b"%PDF-1.7", "named .png but holds a PDF"),
        ("a.jar", zipped("a.class"), "(.jar) are not supported"),
        ("a.odg", zipped("content.xml", mimetype="application/vnd.oasis.opendocument.graphics"), "(.odg) are not"),
        ("a.xls", OLE, "is an older Office file (.xls), which is not read here: save it as .xlsx"),
        ("a.doc", OLE + "EncryptedPackage".encode("utf-16-le"), "protected by a password"),
        ("a.docx", OLE + "EncryptedPackage".encode("utf-16-le"), "protected by a password"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c", "unpack it, or pack it as .zip"),
        ("a.heic", bytes(40), "save it as .jpg"),
        ("a.txt", zipped("a.txt"), "named .txt but holds a zip archive"),
    ],
)
def test_a_name_that_promises_something_else_is_told(tmp_path: Path, name: str, content: bytes, sentence: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UnreadableDocument) as caught:
        format_of(tmp_path / name)
    assert sentence in str(caught.value)
    assert family(tmp_path / name) is not Format.ZIP or name.endswith(".zip")
