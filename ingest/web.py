"""Web pages: what a browser shows of them, without running scripts; the filings of the SEC above all.

unstructured reads paragraphs, lists and headings. Three things are settled in the tree before it sees the page, as its
reader passes over them: what a browser does not show, containers that it throws away, and the columns of tables.
What comes out is counted against what the page shows.

A page has no pages of its own: all is page 1.
"""

from __future__ import annotations

import base64
import binascii
import re
import urllib.parse
from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from pathlib import Path

from lxml import etree  # type: ignore[import-untyped]

from core.errors import UnreadableDocument
from ingest.drawings import Pictures
from ingest.elements import elements_of_html
from ingest.formats import Format
from ingest.ocr import OcrChoice
from ingest.package import Element
from ingest.pieces import losses, reading_of
from ingest.plain import decoded
from ingest.reading import Reading
from ingest.unseen import Unseen, with_unseen
from ingest.web_styles import Sheets

PARSER = "dossier-web 2"
"""Name and version of this reader; the version rises whenever the same file would give another reading."""

_NUMBER = re.compile(r"\d")

_NEVER_TEXT = frozenset(
    ["script", "style", "template", "noscript", "head", "title", "object", "svg", "select", "iframe"]
)
"""What holds no text of the page, or none that a browser shows where it can run scripts."""
_TAGGED = frozenset(["ix:header", "ix:hidden"])
"""Figures of inline XBRL that are for machines alone (Inline XBRL 1.1, 4.1): a browser has no rule for them, and
filings hide them by style."""
# Containers that unstructured throws away, or takes for the whole page, with all that they hold.
_AS_DIVISION = ("main", "nav", "form", "figure", "figcaption", "details", "summary", "fieldset", "legend", "dialog")
_AS_TEXT = ("label", "button", "textarea")
_BOLD = re.compile(r"(?:^|;)\s*font-weight\s*:\s*(?:bold|[6-9]00)", re.IGNORECASE)
_CHARSET = re.compile(rb"<(?:meta|\?xml)[^>]*?(?:charset|encoding)\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]+)", re.IGNORECASE)
_BEFORE_AMOUNT = re.compile(r"(?:[$€£¥]|US\$|C\$|A\$|CHF|EUR|USD|\()\s*\(?")
_AFTER_AMOUNT = re.compile(r"\)?\s*(?:%|pts?|bps?|x)?|\)\s*%?")


def read_html(path: Path, ocr: OcrChoice = OcrChoice.AUTO, languages: str = "eng") -> Reading:
    """The reading of a web page: what a browser would show of it, without running scripts or asking the network.

    Pictures that are in the page itself are read by OCR; those that it points at are told. What is hidden, white or
    tiny is left out and told. Raises UnreadableDocument when the page shows no text.
    """
    return read_markup(_markup(path.read_bytes()), Pictures(ocr, languages))


def _markup(content: bytes) -> str:
    """HTML as text, by its byte order mark, else by what it declares, else as UTF-8 or a western code page."""
    declared = _CHARSET.search(content[:4096])
    if declared and not content.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        name = declared[1].decode("ascii").lower()
        try:  # browsers read iso-8859-1 and us-ascii as windows-1252 (WHATWG Encoding, 4.2)
            return content.decode("cp1252" if name in ("iso-8859-1", "latin1", "us-ascii", "ascii") else name)
        except (LookupError, UnicodeDecodeError):
            pass  # declared wrongly: what follows guesses
    return decoded(content)[0]


def read_markup(markup: str, pictures: Pictures | None = None) -> Reading:
    """The reading of HTML that is text already, with a byte order mark and all. `pictures` None: not looked at.

    Raises as `read_html`.
    """
    unseen: list[Unseen] = []
    try:
        title, tree = _shown(markup, unseen)
        if pictures is not None:
            _write_out_pictures(tree, pictures)
        expected = _flowing(tree)
        pieces = elements_of_html(etree.tostring(tree, method="html", encoding="unicode"))
    except (UnreadableDocument, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - lxml and unstructured share no base for "damaged"
        raise UnreadableDocument("The file is damaged: its HTML cannot be read.") from error
    told = () if pictures is None else pictures.warnings
    if not pieces and told:
        raise UnreadableDocument(" ".join(["The file holds no text.", *told]))
    warnings = [*told, *losses([expected], [piece.text for piece in pieces])]
    return with_unseen(reading_of(pieces, title, Format.HTML, warnings, parser=PARSER), unseen)


def _shown(markup: str, unseen: list[Unseen]) -> tuple[str, Element]:
    """The title of a page, and its tree without what a browser does not show."""
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True, huge_tree=True)
    tree = etree.fromstring(markup.encode("utf-8", "replace"), parser) if markup.strip() else None
    if tree is None:
        raise UnreadableDocument("The file holds no text.")
    title = next((" ".join("".join(found.itertext()).split()) for found in tree.iter("title")), "")
    sheets = Sheets(style.text or "" for style in tree.iter("style"))
    for element in list(tree.iter(*_NEVER_TEXT)):
        _drop(element)
    for element, cause in list(sheets.unseen(tree, also=_TAGGED)):
        words = " ".join(_flowing(element).split())
        if words:
            unseen.append(Unseen(cause, 0, words))
        _drop(element)
    for element in tree.iter(*_AS_DIVISION):
        element.tag = "div"
    for element in tree.iter(*_AS_TEXT):
        element.tag = "span"
    for element in tree.iter("span", "font"):
        if _BOLD.search(element.get("style", "")):
            element.tag = "b"
    for element in tree.iter("p", "div"):
        if _BOLD.search(element.get("style", "")) and not len(element) and element.text:
            inner = etree.SubElement(element, "b")
            inner.text, element.text = element.text, None
    for table in list(tree.iter("table")):
        if _only_lays_out(table):
            for element in (table, *table.iter("thead", "tbody", "tfoot", "tr", "td", "th", "caption")):
                if next(element.iterancestors("table"), table) is table:
                    element.tag = "div"
        else:
            _tidy(table)
    return title, tree


_DATA = re.compile(
    r"data:image/(?P<kind>[\w.+-]+)[^,]*?(?P<base64>;base64)?,(?P<content>.*)", re.DOTALL | re.IGNORECASE
)


def _write_out_pictures(tree: Element, pictures: Pictures) -> None:
    """The words of pictures that are in the page itself, each line a paragraph in the picture's place."""
    for image in list(tree.iter("img")):
        words = pictures.words(_content(image.get("src", "")), kind="")
        image.tag = "div"
        image.attrib.clear()
        for line in words.splitlines():
            etree.SubElement(image, "p").text = line


def _content(source: str) -> bytes | None:
    """The bytes of a picture that is written into the page, None for one that lies elsewhere."""
    found = _DATA.match(source.strip())
    if found is None:
        return None
    try:
        content = urllib.parse.unquote_to_bytes(found["content"])
        return base64.b64decode(content) if found["base64"] else content
    except (binascii.Error, ValueError):
        return b""


def _only_lays_out(table: Element) -> bool:
    """True for a table that holds tables, or nothing beside anything: it places paragraphs, it has no columns."""
    if next(table.iterdescendants("table"), None) is not None:
        return True
    return all(sum(bool(_cell_text(cell)) for cell in row if cell.tag in ("td", "th")) < 2 for row in table.iter("tr"))


def _drop(element: Element) -> None:
    """Take an element out and leave the text behind it in place."""
    parent = element.getparent()
    if parent is None:
        return
    tail = element.tail or ""
    previous = element.getprevious()
    if previous is not None:
        previous.tail = (previous.tail or "") + tail
    else:
        parent.text = (parent.text or "") + tail
    parent.remove(element)


def _tidy(table: Element) -> None:
    """Join "$", "(" and "%" in cells of their own to their amounts; take out columns that only make room.

    Filings draw tables with a column for each sign and empty ones between.
    """
    rows = [[cell for cell in row if cell.tag in ("td", "th")] for row in table.iter("tr")]
    for row in rows:
        for cell in row:  # unstructured puts a space between any two pieces of type in a cell
            _write(cell, _cell_text(cell))
    for row in rows:
        for cell, following in zip(row, row[1:], strict=False):
            here, there = _cell_text(cell), _cell_text(following)
            if here and there and _BEFORE_AMOUNT.fullmatch(here) and _NUMBER.search(there[:3] + there[-3:]):
                _move(cell, following, before=True)
        filled = [cell for cell in row if _cell_text(cell)]
        for cell, following in zip(filled, filled[1:], strict=False):
            there = _cell_text(following)
            if _AFTER_AMOUNT.fullmatch(there) and _NUMBER.search(_cell_text(cell)[-3:]):
                _move(following, cell, before=False)
    _lay_out(table)


def _lay_out(table: Element) -> None:
    """Write the table anew with its cells in the columns that a reader sees, without spans and empty columns.

    A cell stands at the places of the grid that it spans (HTML, 4.9.12). Filings set the same column as one cell here
    and as three there ("$", "1,234", ")"), so cells are one column when they overlap: the narrowest are placed first,
    each where it ends, and a wider one joins the first place that lies within it.
    """
    rows = list(_grid(table))
    placed = sorted((end - start, start, end) for row in rows for start, end, text in row if text)
    columns: list[int] = []
    for _, start, end in placed:
        if not _is_there(columns, start, end):
            insort(columns, end - 1)
    for child in [child for child in table if child.tag != "caption"]:
        table.remove(child)
    for row in rows:
        cells = [""] * len(columns)
        for start, _, text in row:
            if text:
                cells[bisect_left(columns, start)] = text
        if any(cells):
            line = etree.SubElement(table, "tr")
            for text in cells:
                etree.SubElement(line, "td").text = text


def _is_there(columns: Sequence[int], start: int, end: int) -> bool:
    """True when one of the columns, which are in order, lies in `[start, end)`."""
    place = bisect_left(columns, start)
    return place < len(columns) and columns[place] < end


_MOST_SPANNED = 1000  # columns or rows: browsers stop there (HTML, 4.9.11)


def _grid(table: Element) -> Iterator[list[tuple[int, int, str]]]:
    """Of each row the cells as (first place, place behind the last, text); one that spans rows is in its first."""
    taken: dict[int, int] = {}  # by place: for how many more rows a cell from above reaches down
    for row in table.iter("tr"):
        cells: list[tuple[int, int, str]] = []
        below: dict[int, int] = {}
        place = 0
        for cell in row:
            if cell.tag not in ("td", "th"):
                continue
            while taken.get(place, 0):
                place += 1
            wide, high = _span(cell, "colspan"), _span(cell, "rowspan")
            cells.append((place, place + wide, _cell_text(cell)))
            below |= dict.fromkeys(range(place, place + wide), high - 1)
            place += wide
        taken = {place: left - 1 for place, left in taken.items() if left > 1}
        taken |= {place: left for place, left in below.items() if left}
        yield cells


def _span(cell: Element, name: str) -> int:
    told = cell.get(name, "1").strip()
    return min(max(int(told), 1), _MOST_SPANNED) if told.isascii() and told.isdigit() else 1


def _cell_text(cell: Element) -> str:
    return " ".join(_flowing(cell).split())


def _move(sign: Element, amount: Element, *, before: bool) -> None:
    """Write a sign and its amount as the one text of the amount's cell, without a space between."""
    joined = (sign.text or "") + (amount.text or "") if before else (amount.text or "") + (sign.text or "")
    _write(sign, "")
    _write(amount, joined)


def _write(cell: Element, text: str) -> None:
    for child in list(cell):
        cell.remove(child)
    cell.text = text


_BLOCKS = frozenset(
    ["p", "div", "td", "th", "tr", "table", "li", "ul", "ol", "dl", "dt", "dd", "br", "hr", "h1", "h2", "h3", "h4"]
    + ["h5", "h6", "body", "section", "article", "header", "footer", "aside", "blockquote", "pre", "center", "address"]
)


def _flowing(root: Element) -> str:
    """All text below an element, with a line break where a block begins or ends, none where only the type changes."""
    pieces = []
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if element.tag in _BLOCKS:
            pieces.append("\n")
        if event == "start":
            pieces.append(element.text or "")
        elif element is not root:
            pieces.append(element.tail or "")
    return "".join(pieces)
