"""Web pages: what a browser would show of them, nothing less, without the network; filings of the SEC above all."""

from __future__ import annotations

import base64
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.documents import BlockKind, HiddenKind
from core.errors import UnreadableDocument
from ingest.parse import check
from ingest.reading import Reading
from ingest.web import read_html, read_markup
from tests.ingest.pdfs import a_picture_of
from tests.ingest.test_pictures import needs_tesseract
from tests.ingest.test_word import a_docx, p, r

ROOT = Path(__file__).resolve().parents[2]


def read(path: Path) -> Reading:
    reading = read_html(path)
    check(reading)
    return reading


def kinds(reading: Reading) -> list[tuple[BlockKind, str]]:
    return [(block.kind, block.span.of(reading.text)) for block in reading.blocks]


def test_a_web_page_is_read_as_a_browser_shows_it(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        "<html><head><title>Annual report</title><style>p {}</style></head><body><nav>Menu</nav><main><h1>Report</h1>"
        "<p style='display: none'>HIDDEN</p> after <p hidden>HIDDEN</p><div style='visibility:hidden'>HIDDEN</div>"
        "<script>HIDDEN</script><p>Re<b>ven</b>ue of <ix:nonfraction>77</ix:nonfraction></p><p>A</p></main>"
        "<form><label>In a form</label></form><footer>Foot</footer></body></html>"
    )
    reading = read(tmp_path / "a.html")
    assert reading.title == "Annual report"
    assert reading.text == "Menu\n\nReport\n\nafter\n\nRevenue of 77\n\nA\n\nIn a form\n\nFoot"
    assert reading.warnings == ("3 hidden passages were not read.",)
    assert [(one.kind, one.text) for one in reading.hidden] == [(HiddenKind.HIDDEN_TEXT, "HIDDEN")] * 3


FILING = ROOT / "tests" / "golden" / "filing.html"


def test_a_filing_keeps_rows_under_their_columns_and_what_it_hides_is_told() -> None:
    reading = read(FILING)
    assert kinds(reading) == [
        (BlockKind.HEADING, "CONSOLIDATED STATEMENTS OF INCOME"),
        (BlockKind.PARAGRAPH, "(in millions, except per share data)"),
        (
            BlockKind.TABLE,
            "\tYear ended June 30,\nSegment\t2025\t2024\n\t(audited)\t(restated)\n"
            "Castings\t$1,234\t$(56)\nPumps\t\t7.5%",
        ),
        (BlockKind.PARAGRAPH, "on a dark bar"),
        (BlockKind.TABLE, "Item\tPage\nRisk Factors\t12"),
    ]
    assert sorted((one.kind, one.text) for one in reading.hidden) == [
        (HiddenKind.HIDDEN_TEXT, "0000999999"),
        (HiddenKind.HIDDEN_TEXT, "DRAFT"),
        (HiddenKind.HIDDEN_TEXT, "WORKING ROW"),
        (HiddenKind.TINY, "tiny"),
        (HiddenKind.WHITE, "white"),
    ]
    assert reading.warnings == (
        "3 hidden passages were not read.",
        "1 passage in the colour of its background was not read.",
        "1 passage too small to be read was not read.",
    )


@given(
    st.lists(
        st.lists(st.tuples(st.integers(1, 4), st.integers(0, 999)), min_size=1, max_size=5), min_size=2, max_size=6
    )
)
def test_no_figure_of_a_table_is_lost_or_made_up_however_its_cells_span(rows: list[list[tuple[int, int]]]) -> None:
    cells = ["".join(f"<td colspan={wide}>{figure}</td>" for wide, figure in row) for row in rows]
    markup = "<table>" + "".join(f"<tr><td>row</td>{row}</tr>" for row in cells) + "</table>"
    read = read_markup(markup).text.split()
    assert read == [word for row in rows for word in ["row", *(str(figure) for _, figure in row)]]


@needs_tesseract
def test_a_picture_in_the_page_is_read_and_one_elsewhere_is_told(tmp_path: Path) -> None:
    a_picture_of(["The deposit is EUR 4,200."]).save(tmp_path / "a.png")
    inside = base64.b64encode((tmp_path / "a.png").read_bytes()).decode()
    (tmp_path / "a.html").write_text(
        f"<p>Before.</p><img src='data:image/png;base64,{inside}'><img src='http://example.com/b.png'><p>After.</p>"
    )
    reading = read(tmp_path / "a.html")
    assert reading.text == "Before.\n\nThe deposit is EUR 4,200.\n\nAfter."
    assert reading.warnings == (
        "1 picture in the file was not read: it lies elsewhere, and the file has a link to it.",
        "1 picture in the file was read by OCR.",
    )


def test_tables_of_a_filing_keep_their_rows_with_signs_at_their_amounts(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        "<table><tr><td><p>Laid out</p></td></tr></table>"
        "<table><tr><td></td><td colspan=3>2023</td><td></td><td colspan=3>2022</td></tr>"
        "<tr><td><font>Re</font>venue</td><td>$</td><td>1,234</td><td></td><td></td><td>$</td><td>(56</td><td>)</td></tr>"
        "<tr><td>Margin</td><td></td><td>12.5</td><td>%</td><td></td><td></td><td>—</td><td></td></tr></table>"
        "<table><tr><td>a</td><td></td><td>b</td></tr><tr><td></td><td></td><td>c</td></tr></table>"
    )
    assert kinds(read(tmp_path / "a.html")) == [
        (BlockKind.PARAGRAPH, "Laid out"),
        (BlockKind.TABLE, "\t2023\t2022\nRevenue\t$1,234\t$(56)\nMargin\t12.5%\t—"),
        (BlockKind.TABLE, "a\tb\n\tc"),
    ]


@pytest.mark.parametrize(
    "content",
    [
        "<meta charset=windows-1252><p>Gebühr €</p>".encode("cp1252"),
        "<meta charset=iso-8859-1><p>Gebühr €</p>".encode("cp1252"),
        "<meta charset=utf-8><p>Gebühr €</p>".encode(),
        "<p>Gebühr €</p>".encode("utf-16"),
        '<?xml version="1.0" encoding="UTF-8"?><html><p>Gebühr €</p></html>'.encode(),
        "<meta charset=no-such-thing><p>Gebühr €</p>".encode(),
    ],
)
def test_a_web_page_is_decoded_as_browsers_do(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.html").write_bytes(content)
    assert read(tmp_path / "a.html").text == "Gebühr €"


@pytest.mark.parametrize(
    "content", ["<html></html>", "<p style='display:none'>x</p>", "<script>x</script>", "<!-- x -->"]
)
def test_a_web_page_that_shows_nothing_is_an_error(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.html").write_text(content)
    with pytest.raises(UnreadableDocument, match="holds no text"):
        read(tmp_path / "a.html")


def test_nothing_of_this_asks_the_network(tmp_path: Path) -> None:
    a_docx(tmp_path / "a.docx", p(r("The Supplier shall pay 5 million.")))
    (tmp_path / "a.html").write_text("<p>The Supplier shall pay. <img src='http://example.com/x.png'></p>")
    (tmp_path / "a.eml").write_bytes(b"From: a@example.com\r\nSubject: x\r\nContent-Type: text/html\r\n\r\n<p>Pay.</p>")
    script = (
        "import sys\nfrom pathlib import Path\nasked = []\nsys.modules['torch'] = None\n"  # as the worker does
        "from core.egress import _CONNECTING, _RESOLVING\n"
        "sys.addaudithook(lambda event, _: asked.append(event) if event in _CONNECTING | _RESOLVING else None)\n"
        "from ingest.mail import read_eml\nfrom ingest.web import read_html\nfrom ingest.word import read_docx\n"
        f"folder = Path({str(tmp_path)!r})\n"
        "print(len(read_docx(folder / 'a.docx').text), len(read_html(folder / 'a.html').text))\n"
        "print(len(read_eml(folder / 'a.eml').text), asked)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.split() == ["33", "23", "36", "[]"], done.stderr
