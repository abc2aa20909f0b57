"""Word documents and web pages: elements of unstructured become the canonical text with its blocks.

unstructured is kept on a short lead. It is told not to report home before it is imported; it gets a sentence finder
that needs no download (it would fetch a model from the network while reading); and what comes out is counted against
what the file holds, because several of its readers lose text without a word. Three things are settled in the file
before unstructured sees it, as its readers pass over them: tracked changes, text boxes and content controls of Word,
and hidden parts of web pages. The plain body of an e-mail is read by ingest.plain, so that its lines stay as they are.

These formats have no pages of their own. Word leaves a mark where it last broke a page: with such marks the pages are
Word's, without them all is page 1.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from lxml import etree, html  # type: ignore[import-untyped]

from core.documents import Block, BlockKind, Fate, Page, Span
from core.egress import quiet
from core.errors import UnreadableDocument
from ingest.formats import PROTECTED, Format
from ingest.plain import decoded
from ingest.reading import Reading
from ingest.unseen import Cause, Unseen, with_unseen

_Element: TypeAlias = Any  # of lxml, which brings no types

PARSER = "dossier-office 1"
"""Name and version of this reader; the version rises whenever the same file would give another reading."""

_HEADING_LENGTH = 120  # characters of a line in bold that is taken for a heading; a longer one is a paragraph
_BOLD_LEVEL = 6  # such a heading ranks below every heading that the file itself calls one

_WORD = re.compile(r"\w+(?:[.,]\w+)*")
_NUMBER = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Piece:
    """A block before it has its place. Pages count from 1."""

    kind: BlockKind
    text: str
    level: int | None = None
    page: int = 1


# ── Word ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_XML_PART = re.compile(r"word/(?:document|footnotes|endnotes|header\d*|footer\d*)\.xml")
_UNPACKED_AT_MOST = 1 << 30  # bytes of all parts of a .docx; a zip bomb unpacks to a thousand times its size


def read_docx(path: Path) -> Reading:
    """The reading of a Word document as it stands once all tracked changes are accepted.

    Raises UnreadableDocument when the file is damaged or holds no text.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(part.file_size for part in archive.infolist()) > _UNPACKED_AT_MOST:
                raise UnreadableDocument("The file unpacks to more than 1 GiB.")
            if any(part.flag_bits & 1 for part in archive.infolist()):
                raise UnreadableDocument(PROTECTED)
            parts = {part.filename: archive.read(part) for part in archive.infolist() if not part.is_dir()}
        settled, trees, warnings, unseen = _settle(parts)
        elements = _partition_docx(settled)
    except UnreadableDocument:
        raise
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - zipfile, lxml, python-docx and unstructured share no base for "damaged"
        raise UnreadableDocument("The file is damaged: Word's own parts in it cannot be read.") from error
    pieces = _pieces(elements)
    notes = [
        Piece(BlockKind.FOOTNOTE, note, page=max((piece.page for piece in pieces), default=1))
        for part in ("word/footnotes.xml", "word/endnotes.xml")
        if part in trees
        for note in _note_texts(trees[part])
    ]
    body = [piece.text for piece in pieces if piece.kind not in (BlockKind.HEADER, BlockKind.FOOTER)]
    expected = _paragraph_texts(trees["word/document.xml"])
    reading = reading_of([*pieces, *notes], "", Format.DOCX, [*warnings, *_losses(expected, body)])
    return with_unseen(reading, unseen)


def _partition_docx(content: bytes) -> list[Any]:
    _keep_unstructured_offline()
    from unstructured.partition.docx import partition_docx

    elements: list[Any] = partition_docx(file=io.BytesIO(content), include_page_breaks=False, languages=[""])
    return elements


def _settle(parts: dict[str, bytes]) -> tuple[bytes, dict[str, _Element], list[str], list[Unseen]]:
    """The file again with nothing in it but plain paragraphs and tables, its trees by part, warnings, and what is
    not part of the live text."""
    strict = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    trees = {name: etree.fromstring(content, strict) for name, content in parts.items() if _XML_PART.fullmatch(name)}
    seen: Counter[str] = Counter()
    unseen: list[Unseen] = []
    for tree in trees.values():
        _accept_changes(tree, seen, unseen)
        _unwrap_containers(tree)
        _lift_text_boxes(tree)
    if "word/comments.xml" in parts:
        comments = etree.fromstring(parts["word/comments.xml"], strict).iter(f"{_W}comment")
        unseen += [Unseen(Cause.COMMENT, 0, _words_in(comment)) for comment in comments]
    told = (
        (seen["changes"], "tracked change", "read as accepted"),
        (seen["struck"], "passage that is struck through", "read as it stands"),
    )
    warnings = [f"{_times(count, noun)} {_was(count)} {fate}." for count, noun, fate in told if count]
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, content in parts.items():
            archive.writestr(name, etree.tostring(trees[name]) if name in trees else content)
    return target.getvalue(), trees, warnings, unseen


def _times(count: int, noun: str) -> str:
    first, *rest = noun.split(" ", 1) if " that " in noun else [noun]
    return " ".join([f"{count:,}", first if count == 1 else f"{first}s", *rest])


def _was(count: int) -> str:
    return "was" if count == 1 else "were"


def _words_in(element: _Element) -> str:
    """The text of an element, deleted text included, its paragraphs on lines of their own."""
    paragraphs = list(element.iter(f"{_W}p")) or [element]
    texts = ("".join(part.text or "" for part in one.iter(f"{_W}t", f"{_W}delText")) for one in paragraphs)
    return "\n".join(text for text in texts if text.strip())


def _accept_changes(tree: _Element, seen: Counter[str], unseen: list[Unseen]) -> None:
    """Take deleted text, rows and paragraph ends out (ECMA-376 Part 1, 17.13.5), and what is formatted as hidden."""
    for mark in list(tree.iter(f"{_W}del", f"{_W}moveFrom", f"{_W}ins", f"{_W}moveTo")):
        seen["changes"] += 1
        holder = mark.getparent()
        if holder is None:
            continue
        deleted = mark.tag in (f"{_W}del", f"{_W}moveFrom")
        if holder.tag == f"{_W}trPr":  # a row that was inserted or deleted
            row = holder.getparent()
            if deleted and row is not None:
                unseen.append(Unseen(Cause.DELETED, 0, _words_in(row)))
                _remove(row)
        elif holder.tag == f"{_W}rPr":  # the end of a paragraph that was inserted or deleted
            if deleted and holder.getparent() is not None and holder.getparent().tag == f"{_W}pPr":
                _join_with_next(holder.getparent().getparent())
        elif deleted:
            if mark.tag == f"{_W}del" and _words_in(mark):  # what was moved stands elsewhere
                unseen.append(Unseen(Cause.DELETED, 0, _words_in(mark)))
            _remove(mark)
    for run in list(tree.iter(f"{_W}r")):
        properties = run.find(f"{_W}rPr")
        if properties is None:
            continue
        if _is_on(properties.find(f"{_W}vanish")):
            if words := _words_in(run):
                unseen.append(Unseen(Cause.TEXT, 0, words))
            _remove(run)
        elif _is_on(properties.find(f"{_W}strike")) or _is_on(properties.find(f"{_W}dstrike")):
            seen["struck"] += bool("".join(run.itertext()).strip())


def _is_on(toggle: _Element | None) -> bool:
    """A toggle is on when it is there and does not say otherwise (ECMA-376 Part 1, 17.17.4)."""
    return toggle is not None and toggle.get(f"{_W}val", "true") not in ("0", "false", "off")


def _remove(element: _Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def _join_with_next(paragraph: _Element | None) -> None:
    following = paragraph.getnext() if paragraph is not None else None
    if paragraph is None or following is None or following.tag != f"{_W}p":
        return
    # The paragraph that goes on keeps its properties: Word gives the joined one those of the second.
    start = 1 if following.find(f"{_W}pPr") is not None else 0
    for child in reversed([child for child in paragraph if child.tag != f"{_W}pPr"]):
        following.insert(start, child)
    _remove(paragraph)


_CONTAINERS = tuple(
    f"{_W}{name}" for name in ("ins", "moveTo", "smartTag", "sdt", "customXml", "fldSimple", "dir", "bdo")
)


def _unwrap_containers(tree: _Element) -> None:
    """Put the content of inserted runs, content controls, fields and smart tags in their place."""
    for choice in list(tree.iter(f"{_MC}AlternateContent")):
        _replace(choice, list(choice.find(f"{_MC}Choice")) if choice.find(f"{_MC}Choice") is not None else [])
    for container in list(tree.iter(*_CONTAINERS)):
        inner = container.find(f"{_W}sdtContent") if container.tag == f"{_W}sdt" else container
        children = [] if inner is None else [child for child in inner if not str(child.tag).endswith("Pr")]
        _replace(container, children)


def _replace(element: _Element, children: Iterable[_Element]) -> None:
    parent = element.getparent()
    if parent is None:
        return
    place = parent.index(element)
    parent.remove(element)
    for child in children:
        parent.insert(place, child)
        place += 1


def _lift_text_boxes(tree: _Element) -> None:
    """Move the paragraphs of a text box behind the paragraph that it is anchored in."""
    for box in reversed(list(tree.iter(f"{_W}txbxContent"))):  # the last first: each goes right behind its anchor
        anchor = next(box.iterancestors(f"{_W}p"), None)
        children = list(box)
        _remove(box)
        if anchor is not None:
            for child in reversed(children):
                anchor.addnext(child)


_BREAKS = frozenset(f"{_W}{name}" for name in ("tab", "br", "cr", "ptab"))


def _paragraph_texts(tree: _Element) -> list[str]:
    """The text of each paragraph of a part, in its order."""
    return [_text_of(paragraph) for paragraph in tree.iter(f"{_W}p")]


def _text_of(paragraph: _Element) -> str:
    pieces = []
    for element in paragraph.iter():
        if element.tag == f"{_W}t":
            pieces.append(element.text or "")
        elif element.tag == f"{_W}noBreakHyphen":
            pieces.append("-")
        elif element.tag in _BREAKS and element.getparent() is not None and element.getparent().tag == f"{_W}r":
            pieces.append(" ")
    return "".join(pieces)


def _note_texts(tree: _Element) -> Iterator[str]:
    """Footnotes or endnotes in their order; those with a type are the lines that Word draws between."""
    for note in tree.iter(f"{_W}footnote", f"{_W}endnote"):
        text = "\n".join(_paragraph_texts(note)).strip()
        if text and note.get(f"{_W}type") is None:
            yield text


# ── web pages ─────────────────────────────────────────────────────────────────────────────────────────────────────────

_NEVER_SHOWN = frozenset(
    ["script", "style", "template", "noscript", "head", "title", "ix:header", "object", "svg", "select", "iframe"]
)
# Containers that unstructured throws away, or takes for the whole page, with all that they hold.
_AS_DIVISION = ("main", "nav", "form", "figure", "figcaption", "details", "summary", "fieldset", "legend", "dialog")
_AS_TEXT = ("label", "button", "textarea")
_HIDING = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_BOLD = re.compile(r"(?:^|;)\s*font-weight\s*:\s*(?:bold|[6-9]00)", re.IGNORECASE)
_CHARSET = re.compile(rb"<(?:meta|\?xml)[^>]*?(?:charset|encoding)\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]+)", re.IGNORECASE)
_BEFORE_AMOUNT = re.compile(r"(?:[$€£¥]|US\$|C\$|A\$|CHF|EUR|USD|\()\s*\(?")
_AFTER_AMOUNT = re.compile(r"\)?\s*(?:%|pts?|bps?|x)?|\)\s*%?")


def read_html(path: Path) -> Reading:
    """The reading of a web page: what a browser would show of it, without running scripts.

    Raises UnreadableDocument when the page shows no text.
    """
    return read_markup(_markup(path.read_bytes()))


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


def read_markup(markup: str) -> Reading:
    """The reading of HTML that is text already, with a byte order mark and all. Raises as `read_html`."""
    try:
        title, tree = _shown(markup)
        expected = _flowing(tree)
        pieces = _pieces(_partition_html(tree))
    except (UnreadableDocument, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - lxml and unstructured share no base for "damaged"
        raise UnreadableDocument("The file is damaged: its HTML cannot be read.") from error
    return reading_of(pieces, title, Format.HTML, _losses([expected], [piece.text for piece in pieces]))


def _partition_html(tree: _Element) -> list[Any]:
    _keep_unstructured_offline()
    _keep_single_characters()
    from unstructured.partition.html import partition_html

    markup = etree.tostring(tree, method="html", encoding="unicode")
    elements: list[Any] = partition_html(text=markup, languages=[""])
    return elements


def _shown(markup: str) -> tuple[str, _Element]:
    """The title of a page, and its tree without what a browser does not show."""
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True, huge_tree=True)
    tree = etree.fromstring(markup.encode("utf-8", "replace"), parser) if markup.strip() else None
    if tree is None:
        raise UnreadableDocument("The file holds no text.")
    title = next((" ".join("".join(found.itertext()).split()) for found in tree.iter("title")), "")
    for element in list(tree.iter()):
        if element.tag in _NEVER_SHOWN or "hidden" in element.attrib or _HIDING.search(element.get("style", "")):
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


def _only_lays_out(table: _Element) -> bool:
    """True for a table that holds tables, or nothing beside anything: it places paragraphs, it has no columns."""
    if next(table.iterdescendants("table"), None) is not None:
        return True
    return all(sum(bool(_cell_text(cell)) for cell in row if cell.tag in ("td", "th")) < 2 for row in table.iter("tr"))


def _drop(element: _Element) -> None:
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


def _tidy(table: _Element) -> None:
    """Join "$", "(" and "%" in cells of their own to their amounts; take out columns that only make room.

    Filings draw tables with a column for each sign and empty ones between. Where cells span columns, the columns of a
    row cannot be told without drawing the page: there, all empty cells go.
    """
    rows = [[cell for cell in row if cell.tag in ("td", "th")] for row in table.iter("tr")]
    for row in rows:
        for cell in row:  # unstructured puts a space between any two pieces of type in a cell
            _write(cell, _cell_text(cell))
    spanned = any(cell.get("colspan", "1").strip() not in ("", "1") for row in rows for cell in row)
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
    if spanned:
        empty = [cell for row in rows for cell in row if not _cell_text(cell)]
    else:
        width = max(map(len, rows), default=0)
        unused = {
            column for column in range(width) if not any(_cell_text(row[column]) for row in rows if column < len(row))
        }
        empty = [cell for row in rows for column, cell in enumerate(row) if column in unused]
    for cell in empty:
        _drop(cell)


def _cell_text(cell: _Element) -> str:
    return " ".join(_flowing(cell).split())


def _move(sign: _Element, amount: _Element, *, before: bool) -> None:
    """Write a sign and its amount as the one text of the amount's cell, without a space between."""
    joined = (sign.text or "") + (amount.text or "") if before else (amount.text or "") + (sign.text or "")
    _write(sign, "")
    _write(amount, joined)


def _write(cell: _Element, text: str) -> None:
    for child in list(cell):
        cell.remove(child)
    cell.text = text


_BLOCKS = frozenset(
    ["p", "div", "td", "th", "tr", "table", "li", "ul", "ol", "dl", "dt", "dd", "br", "hr", "h1", "h2", "h3", "h4"]
    + ["h5", "h6", "body", "section", "article", "header", "footer", "aside", "blockquote", "pre", "center", "address"]
)


def _flowing(root: _Element) -> str:
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


# ── elements → text and blocks ────────────────────────────────────────────────────────────────────────────────────────


@cache
def _keep_unstructured_offline() -> None:
    """Before any reader of unstructured runs: no reports home, and a sentence finder that is built, not fetched.

    unstructured asks its model for sentences and parts of speech, to guess which line is a title. We take headings
    from styles, tags and bold type, so that a blank English pipeline without a tagger does.
    """
    quiet()
    import spacy
    import unstructured.nlp.tokenize as tokenize

    def blank() -> Any:
        pipeline = spacy.blank("en")
        pipeline.add_pipe("sentencizer")
        return pipeline

    tokenize._load_spacy_model = blank


@cache
def _keep_single_characters() -> None:
    """unstructured's HTML reader drops every paragraph of one character: a page number, a grade, a roman numeral."""
    import unstructured.partition.html.parser as parser
    from unstructured.documents.elements import Text

    classify = parser.derive_element_type_from_text
    parser.derive_element_type_from_text = lambda text: classify(text) or Text


_KINDS = {
    "Title": BlockKind.HEADING,
    "ListItem": BlockKind.LIST,
    "Table": BlockKind.TABLE,
    "Header": BlockKind.HEADER,
    "Footer": BlockKind.FOOTER,
}


def _pieces(elements: Iterable[Any]) -> list[Piece]:
    """Elements as pieces in reading order; those without text (images, breaks) fall away."""
    pieces = []
    page = 1
    for element in elements:
        page = max(page, element.metadata.page_number or page)
        kind = _KINDS.get(element.category, BlockKind.PARAGRAPH)
        level = (element.metadata.category_depth or 0) + 1 if kind is BlockKind.HEADING else None
        text = element.text
        if kind is BlockKind.TABLE and element.metadata.text_as_html:
            text = _rows(element.metadata.text_as_html)
        elif kind is BlockKind.PARAGRAPH and _all_bold(element):
            kind, level = BlockKind.HEADING, _BOLD_LEVEL
        text = text.strip()
        if text:
            pieces.append(Piece(kind, text, level, page))
    return pieces


def _all_bold(element: Any) -> bool:
    """True for a short line in bold that could be a heading."""
    text = "".join(element.text.split())
    if not 0 < len(element.text) <= _HEADING_LENGTH or not any(map(str.isalpha, text)):
        return False
    if text.startswith("(") or text.endswith((".", ";", ",")):
        return False
    emphasized = element.metadata
    bold = zip(emphasized.emphasized_text_contents or (), emphasized.emphasized_text_tags or (), strict=False)
    return "".join("".join(part.split()) for part, tag in bold if tag == "b") == text


def _rows(markup: str) -> str:
    """A table as lines, its cells separated by tabs."""
    table = html.fromstring(markup)
    rows = []
    for row in table.iter("tr", "caption"):
        cells = [row] if row.tag == "caption" else list(row)
        line = "\t".join(" ".join(cell.text_content().split()) for cell in cells).rstrip()
        if line.strip():
            rows.append(line)
    return "\n".join(rows)


def reading_of(
    pieces: Sequence[Piece], title: str, form: Format, warnings: Iterable[str], *, parser: str = PARSER
) -> Reading:
    """The pieces joined by blank lines, in order of their pages. Raises UnreadableDocument when there is no text."""
    parts: list[str] = []
    blocks: list[Block] = []
    starts: dict[int, int] = {}
    place = 0
    for piece in pieces:
        if parts:
            parts.append("\n\n")
            place += 2
        starts.setdefault(piece.page, place)
        blocks.append(Block(piece.kind, Span(place, place + len(piece.text)), piece.level))
        parts.append(piece.text)
        place += len(piece.text)
    text = "".join(parts)
    if not text.strip():
        raise UnreadableDocument("The file holds no text.")
    first = title or next((piece.text for piece in pieces if piece.kind is BlockKind.HEADING), "")
    return Reading(
        text=text,
        pages=_pages(text, starts),
        blocks=tuple(blocks),
        title=" ".join(first.split()),
        media_type=form,
        parser=parser,
        warnings=tuple(warnings),
    )


def _pages(text: str, starts: dict[int, int]) -> tuple[Page, ...]:
    """Pages 1 to the last one named; a page on which nothing begins is blank."""
    pages: list[Page] = []
    last = max(starts)
    end = len(text)
    for number in range(last, 0, -1):
        start = 0 if number == 1 else starts.get(number, end)
        span = Span(start, max(start, start + len(text[start:end].rstrip())) if number < last else end)
        pages.append(Page(number, str(number), span, Fate.TEXT if span.of(text).strip() else Fate.BLANK))
        end = start
    return tuple(reversed(pages))


def _losses(expected: Iterable[str], found: Iterable[str]) -> list[str]:
    """A warning when words or numbers that stand in the file are missing from what was read of it."""
    there, read = _counted(expected), _counted(found)
    missing = there - read
    if not missing:
        return []
    numbers = sum(count for word, count in missing.items() if _NUMBER.search(word))
    lost = f"{missing.total():,} of the {there.total():,} words of the file"
    return [f"{lost} could not be read ({_times(numbers, 'number')} among them)."]


def _counted(texts: Iterable[str]) -> Counter[str]:
    return Counter(word for text in texts for word in _WORD.findall(text))
