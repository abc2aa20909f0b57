"""PDF files written object by object, for what no library of ours writes: layers, odd fonts, broken glyphs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

HELVETICA = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"


def write(
    path: Path,
    contents: Sequence[bytes],
    *,
    resources: bytes = b"<</Font<</F1 5 0 R>>>>",
    catalogue: bytes = b"",
    page: bytes = b"",
    objects: Mapping[int, bytes] | None = None,
) -> Path:
    """One page of letter size for each of `contents`. `objects` go by their numbers, from 6 on; 5 is Helvetica.

    `catalogue` and `page` are added to those dictionaries.
    """
    parts: dict[int, bytes] = {5: HELVETICA, **(objects or {})}
    first = max(parts) + 1
    kids = []
    for place, content in enumerate(contents):
        number = first + 2 * place
        kids.append(b"%d 0 R" % number)
        parts[number] = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents %d 0 R/Resources 3 0 R%s>>" % (
            number + 1,
            page,
        )
        parts[number + 1] = stream(content)
    parts[1] = b"<</Type/Catalog/Pages 2 0 R%s>>" % catalogue
    parts[2] = b"<</Type/Pages/Kids[%s]/Count %d>>" % (b" ".join(kids), len(kids))
    parts[3] = resources
    content = bytearray(b"%PDF-1.7\n")
    places: dict[int, int] = {}
    for number in sorted(parts):
        places[number] = len(content)
        content += b"%d 0 obj\n%s\nendobj\n" % (number, parts[number])
    table = len(content)
    size = max(places) + 1
    content += b"xref\n0 %d\n0000000000 65535 f \n" % size
    content += b"".join(
        b"%010d 00000 n \n" % places[number] if number in places else b"0000000000 00000 f \n"
        for number in range(1, size)
    )
    content += b"trailer<</Root 1 0 R/Size %d>>\nstartxref\n%d\n%%%%EOF\n" % (size, table)
    path.write_bytes(bytes(content))
    return path


def stream(content: bytes, dictionary: bytes = b"") -> bytes:
    return b"<</Length %d%s>>stream\n%s\nendstream" % (len(content), dictionary, content)


def say(x: float, y: float, text: str, *, font: str = "F1", size: float = 10) -> bytes:
    """Draws a text in the Windows encoding."""
    escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    return f"BT /{font} {size} Tf {x} {y} Td ({escaped}) Tj ET\n".encode("cp1252")
