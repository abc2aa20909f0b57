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
    file = bytearray(b"%PDF-1.7\n")
    places: dict[int, int] = {}
    for number in sorted(parts):
        places[number] = len(file)
        file += b"%d 0 obj\n%s\nendobj\n" % (number, parts[number])
    table = len(file)
    size = max(places) + 1
    file += b"xref\n0 %d\n0000000000 65535 f \n" % size
    file += b"".join(
        b"%010d 00000 n \n" % places[number] if number in places else b"0000000000 00000 f \n"
        for number in range(1, size)
    )
    file += b"trailer<</Root 1 0 R/Size %d>>\nstartxref\n%d\n%%%%EOF\n" % (size, table)
    path.write_bytes(bytes(file))
    return path


def stream(content: bytes, dictionary: bytes = b"") -> bytes:
    return b"<</Length %d%s>>stream\n%s\nendstream" % (len(content), dictionary, content)


def say(x: float, y: float, text: str, *, font: str = "F1", size: float = 10) -> bytes:
    """Draws a text in the Windows encoding."""
    escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    return f"BT /{font} {size} Tf {x} {y} Td ({escaped}) Tj ET\n".encode("cp1252")


def a_font(characters: Sequence[str]) -> dict[int, bytes]:
    """Objects 6 to 9: a font of our own whose glyphs are bars, named F2, which says what each of them means.

    Glyph n (code 32 + n) stands for `characters[n]`, which may be several ("fi"); all are 0.6 wide and 0.7 high.
    """
    names = b"".join(b"/g%d" % number for number in range(len(characters)))
    widths = b" ".join(b"600" for _ in characters)
    means = b"\n".join(
        b"<%02x> <%s>" % (32 + number, meaning.encode("utf-16-be").hex().encode())
        for number, meaning in enumerate(characters)
    )
    procedures = b"".join(b"/g%d 9 0 R" % number for number in range(len(characters)))
    map_of_codes = (
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /Own def /CMapType 2 def\n"
        b"1 begincodespacerange <00> <ff> endcodespacerange\n%d beginbfchar\n%s\nendbfchar\n"
        b"endcmap CMapName currentdict /CMap defineresource pop end end" % (len(characters), means)
    )
    return {
        6: b"<</Type/Font/Subtype/Type3/FontBBox[0 -200 600 800]/FontMatrix[.001 0 0 .001 0 0]/FirstChar 32/LastChar %d"
        b"/Widths[%s]/Encoding<</Type/Encoding/Differences[32%s]>>/CharProcs<<%s>>/ToUnicode 8 0 R/Resources<<>>>>"
        % (31 + len(characters), widths, names, procedures),
        7: b"null",
        8: stream(map_of_codes),
        9: stream(b"600 0 50 0 550 700 d1 50 0 500 700 re f"),
    }


def write_out(x: float, y: float, glyphs: Sequence[str], characters: Sequence[str], *, size: float = 12) -> bytes:
    """Draws glyphs of `a_font(characters)` from left to right; " " is a gap that is not drawn and not in the file."""
    found = []
    for glyph in glyphs:
        if glyph != " ":
            code = 32 + list(characters).index(glyph)
            found.append(b"BT /F2 %g Tf %g %g Td <%02x> Tj ET\n" % (size, x, y, code))
        x += (0.6 if glyph != " " else 0.3) * size
    return b"".join(found)
