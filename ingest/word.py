"""Word documents: what stands on the page once all tracked changes are accepted.

unstructured reads paragraphs, lists with the numbers that Word draws, and tables. Before it sees the file, what its
reader passes over is settled in the XML: tracked changes, text boxes, content controls, formulas, ticked boxes, text
that nobody sees, and what is drawn. What comes out is counted against what the file holds.

Word leaves a mark where it last broke a page: with such marks the pages are Word's, without them all is page 1.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from lxml import etree  # type: ignore[import-untyped]

from core.documents import BlockKind
from core.errors import UnreadableDocument
from ingest.drawings import Pictures, chart_rows, texts
from ingest.elements import elements_of_docx
from ingest.formats import Format
from ingest.ocr import OcrChoice
from ingest.package import Element, Package, Relation
from ingest.pieces import Piece, losses, reading_of, times
from ingest.reading import Reading
from ingest.unseen import Cause, Unseen, with_unseen
from ingest.word_styles import Styles, W, is_on

PARSER = "dossier-word 2"
"""Name and version of this reader; the version rises whenever the same file would give another reading."""

_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_MATHS = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_BLIP = "{http://schemas.openxmlformats.org/drawingml/2006/main}blip"
_IMAGE_DATA = "{urn:schemas-microsoft-com:vml}imagedata"
_CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}chart"
_DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}relIds"
_XML_PART = re.compile(r"word/(?:document|footnotes|endnotes|header|footer)\d*\.xml")
_PLAIN_TYPE = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_OTHER_TYPE = re.compile(  # of templates and of documents with macros, which python-docx refuses for their type alone
    rb"application/vnd\.(?:openxmlformats-officedocument\.wordprocessingml\.template|ms-word\.(?:document|template)"
    rb"\.macroEnabled(?:Template)?)\.main\+xml"
)
# Two characters that no document has: a paragraph that we put in begins with one, so that it is known again behind
# unstructured.
_PICTURED, _CHARTED = "\U0010fffc", "\U0010fffd"
_NOT_READ = {
    "aFChunk": "file that is merged when Word opens it",
    "oleObject": "embedded file",
    "package": "embedded file",
}


def read_docx(path: Path, ocr: OcrChoice = OcrChoice.AUTO, languages: str = "eng") -> Reading:
    """The reading of a Word document, a template or one with macros, which are neither run nor read.

    Pictures are read by OCR where they stand. Deleted, hidden, white and tiny text and comments are left out and told.
    Raises UnreadableDocument when the file is damaged, locked or holds no text.
    """
    pictures = Pictures(ocr, languages)
    try:
        package = Package(path)
        main = next(one.target for one in package.relations("").values() if one.kind == "officeDocument")
        settled = _Settled(package, pictures)
        pieces = [_known_again(piece) for piece in elements_of_docx(settled.content())]
    except (MemoryError, UnreadableDocument):
        raise
    except Exception as error:  # noqa: BLE001 - zipfile, lxml, python-docx and unstructured share no base for "damaged"
        raise UnreadableDocument("The file is damaged: Word's own parts in it cannot be read.") from error
    last = max((piece.page for piece in pieces), default=1)
    notes = [
        Piece(BlockKind.FOOTNOTE, note, page=last)
        for part, tree in sorted(settled.trees.items(), reverse=True)  # footnotes, then endnotes
        if "notes" in part
        for note in _note_texts(tree)
    ]
    body = [piece.text for piece in pieces if piece.kind not in (BlockKind.HEADER, BlockKind.FOOTER)]
    lost = losses(_paragraph_texts(settled.trees[main]), body)
    if not pieces and not notes and (pictures.warnings or settled.warnings):
        raise UnreadableDocument(" ".join(["The file holds no text.", *pictures.warnings, *settled.warnings]))
    warnings = [*settled.warnings, *pictures.warnings, *lost]
    return with_unseen(reading_of([*pieces, *notes], "", Format.DOCX, warnings, parser=PARSER), settled.unseen)


def _known_again(piece: Piece) -> Piece:
    """What we put in as a paragraph, as what it is."""
    if piece.text.startswith(_PICTURED):
        return replace(piece, kind=BlockKind.PARAGRAPH, level=None, text=piece.text[1:], pictured=True)
    if piece.text.startswith(_CHARTED):
        return replace(piece, kind=BlockKind.TABLE, level=None, text=piece.text[1:])
    return replace(piece, text=piece.text.replace(_PICTURED, "").replace(_CHARTED, ""))  # in a cell of a table


class _Settled:
    """The file with nothing in it but plain paragraphs and tables: its trees by part, and what is to be told."""

    def __init__(self, package: Package, pictures: Pictures) -> None:
        self._package = package
        self._pictures = pictures
        self.unseen: list[Unseen] = []
        seen: Counter[str] = Counter()
        styles = Styles(package.tree("word/styles.xml"))
        self.trees = {name: package.tree(name) for name in package.parts if _XML_PART.fullmatch(name)}
        for name, tree in self.trees.items():
            _accept_changes(tree, seen, self.unseen)
            _unwrap_containers(tree)
            _square_tables(tree)
            _write_out_marks(tree, seen)
            _take_out_unseen(tree, styles, seen, self.unseen)
            self._lift_drawings(name, tree)
            _lift_text_boxes(tree)
            relations = package.relations(name).values()
            seen.update(_NOT_READ[one.kind] for one in relations if one.kind in _NOT_READ)
        comments = package.tree("word/comments.xml")
        if comments is not None:
            self.unseen += [Unseen(Cause.COMMENT, 0, _words_in(comment)) for comment in comments.iter(f"{W}comment")]
        told = (
            ("tracked change", "read as accepted"),
            ("passage that is struck through", "read as it stands"),
            ("symbol", "not read: there is no character for it"),
            *((noun, "not read") for noun in dict.fromkeys(_NOT_READ.values())),
        )
        self.warnings = [
            f"{times(seen[noun], noun)} {'was' if seen[noun] == 1 else 'were'} {fate}."
            for noun, fate in told
            if seen[noun]
        ]

    def content(self) -> bytes:
        """The file again, as python-docx takes it."""
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
            for name, content in self._package.parts.items():
                if name == "[Content_Types].xml":
                    content = _OTHER_TYPE.sub(_PLAIN_TYPE, content)
                archive.writestr(name, etree.tostring(self.trees[name]) if name in self.trees else content)
        return target.getvalue()

    def _lift_drawings(self, part: str, tree: Element) -> None:
        """Put what is drawn behind the paragraph that it stands in: words of pictures, figures, words of diagrams."""
        relations = self._package.relations(part)
        for drawn in reversed(list(tree.iter(_BLIP, _IMAGE_DATA, _CHART, _DIAGRAM))):  # the last first, as below
            anchor = next(drawn.iterancestors(f"{W}p"), None)
            if anchor is None:
                continue
            for paragraph in reversed(list(self._paragraphs(drawn, relations))):
                anchor.addnext(paragraph)

    def _paragraphs(self, drawn: Element, relations: dict[str, Relation]) -> Iterator[Element]:
        if drawn.tag in (_BLIP, _IMAGE_DATA):
            relation = relations.get(drawn.get(f"{_R}embed") or drawn.get(f"{_R}id") or drawn.get(f"{_R}link") or "")
            if relation is not None:
                content = self._package.parts.get(relation.target)
                if words := self._pictures.words(content, kind=Path(relation.target).suffix):
                    yield _paragraph(_PICTURED + words)
        elif drawn.tag == _CHART:
            tree = self._target(relations, drawn.get(f"{_R}id"))
            if tree is not None and (rows := list(chart_rows(tree))):
                yield _paragraph(_CHARTED + "\n".join(rows))
        else:
            tree = self._target(relations, drawn.get(f"{_R}dm"))
            yield from map(_paragraph, [] if tree is None else texts(tree))

    def _target(self, relations: dict[str, Relation], identifier: str | None) -> Element | None:
        relation = relations.get(identifier or "")
        return None if relation is None else self._package.tree(relation.target)


def _paragraph(text: str) -> Element:
    """A paragraph of Word with the lines of a text, and its tabs."""
    paragraph = etree.Element(f"{W}p")
    run = etree.SubElement(paragraph, f"{W}r")
    for place, line in enumerate(text.split("\n")):
        if place:
            etree.SubElement(run, f"{W}br")
        for cell, words in enumerate(line.split("\t")):
            if cell:
                etree.SubElement(run, f"{W}tab")
            etree.SubElement(run, f"{W}t", {"{http://www.w3.org/XML/1998/namespace}space": "preserve"}).text = words
    return paragraph


def _words_in(element: Element) -> str:
    """The text of an element, deleted text included, its paragraphs on lines of their own."""
    paragraphs = list(element.iter(f"{W}p")) or [element]
    texts = ("".join(part.text or "" for part in one.iter(f"{W}t", f"{W}delText")) for one in paragraphs)
    return "\n".join(text for text in texts if text.strip())


def _accept_changes(tree: Element, seen: Counter[str], unseen: list[Unseen]) -> None:
    """Take deleted text, rows and paragraph ends out (ECMA-376 Part 1, 17.13.5)."""
    for mark in list(tree.iter(f"{W}del", f"{W}moveFrom", f"{W}ins", f"{W}moveTo")):
        seen["tracked change"] += 1
        holder = mark.getparent()
        if holder is None:
            continue
        deleted = mark.tag in (f"{W}del", f"{W}moveFrom")
        if holder.tag == f"{W}trPr":  # a row that was inserted or deleted
            row = holder.getparent()
            if deleted and row is not None:
                unseen.append(Unseen(Cause.DELETED, 0, _words_in(row)))
                _remove(row)
        elif holder.tag == f"{W}rPr":  # the end of a paragraph that was inserted or deleted
            if deleted and holder.getparent() is not None and holder.getparent().tag == f"{W}pPr":
                _join_with_next(holder.getparent().getparent())
        elif deleted:
            if mark.tag == f"{W}del" and _words_in(mark):  # what was moved stands elsewhere
                unseen.append(Unseen(Cause.DELETED, 0, _words_in(mark)))
            _remove(mark)


def _take_out_unseen(tree: Element, styles: Styles, seen: Counter[str], unseen: list[Unseen]) -> None:
    """Take out what is formatted so that nobody sees it: a passage for all the runs that follow each other."""
    before: tuple[Cause, Element] | None = None
    for run in list(tree.iter(f"{W}r")):
        words = _words_in(run)
        cause = styles.unseen(run) if words else None
        if cause is not Cause.TEXT and next(run.iter(f"{W}txbxContent"), None) is not None:
            cause = None  # a text box is drawn in this run: how its own words look is theirs
        if cause is not None:
            here = (cause, run.getparent())
            if here == before:
                unseen[-1] = replace(unseen[-1], text=unseen[-1].text + words)
            else:
                unseen.append(Unseen(cause, 0, words))
            _remove(run)
            before = here
        elif words:
            before = None
            properties = run.find(f"{W}rPr")
            struck = properties is not None and any(
                is_on(properties.find(f"{W}{tag}")) for tag in ("strike", "dstrike")
            )
            seen["passage that is struck through"] += bool(struck and words.strip())


def _remove(element: Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def _join_with_next(paragraph: Element | None) -> None:
    following = paragraph.getnext() if paragraph is not None else None
    if paragraph is None or following is None or following.tag != f"{W}p":
        return
    # The paragraph that goes on keeps its properties: Word gives the joined one those of the second.
    start = 1 if following.find(f"{W}pPr") is not None else 0
    for child in reversed([child for child in paragraph if child.tag != f"{W}pPr"]):
        following.insert(start, child)
    _remove(paragraph)


_CONTAINERS = tuple(
    f"{W}{name}" for name in ("ins", "moveTo", "smartTag", "sdt", "customXml", "fldSimple", "dir", "bdo")
)


def _unwrap_containers(tree: Element) -> None:
    """Put the content of inserted runs, content controls, fields and smart tags in their place."""
    for choice in list(tree.iter(f"{_MC}AlternateContent")):
        _replace(choice, list(next(choice.iterchildren(f"{_MC}Choice", f"{_MC}Fallback"), ())))
    for container in list(tree.iter(*_CONTAINERS)):
        inner = container.find(f"{W}sdtContent") if container.tag == f"{W}sdt" else container
        children = [] if inner is None else [child for child in inner if not str(child.tag).endswith("Pr")]
        _replace(container, children)


def _square_tables(tree: Element) -> None:
    """Give each column of a row its cell: one that spans columns gets empty ones behind it, one that a cell from above
    reaches into is a cell of its own. unstructured leaves such cells out, and figures move under another year."""
    for row in tree.iter(f"{W}tr"):
        skipped = row.find(f"{W}trPr/{W}gridBefore")
        place = next((row.index(cell) for cell in row.iterchildren(f"{W}tc")), len(row))
        for _ in range(_count(skipped)):
            row.insert(place, _empty_cell())
    for cell in list(tree.iter(f"{W}tc")):
        properties = cell.find(f"{W}tcPr")
        span = None if properties is None else properties.find(f"{W}gridSpan")
        for _ in range(_count(span) - 1):
            cell.addnext(_empty_cell())
        for mark in (span, None if properties is None else properties.find(f"{W}vMerge")):
            if mark is not None:
                _remove(mark)


_MOST_SPANNED = 63  # columns that a table of Word can have


def _count(mark: Element | None) -> int:
    told = "" if mark is None else mark.get(f"{W}val", "")
    return min(int(told), _MOST_SPANNED) if told.isdecimal() else 0


def _empty_cell() -> Element:
    cell = etree.Element(f"{W}tc")
    etree.SubElement(cell, f"{W}p")
    return cell


def _replace(element: Element, children: Iterable[Element]) -> None:
    parent = element.getparent()
    if parent is None:
        return
    place = parent.index(element)
    parent.remove(element)
    for child in children:
        parent.insert(place, child)
        place += 1


def _lift_text_boxes(tree: Element) -> None:
    """Move the paragraphs of a text box behind the paragraph that it is anchored in."""
    for box in reversed(list(tree.iter(f"{W}txbxContent"))):  # the last first: each goes right behind its anchor
        anchor = next(box.iterancestors(f"{W}p"), None)
        children = list(box)
        _remove(box)
        if anchor is not None:
            for child in reversed(children):
                anchor.addnext(child)


_SYMBOLS = {  # of the fonts that forms take their boxes from; Word writes F000 + the place in the font
    ("wingdings", 0x6F): "☐", ("wingdings", 0x71): "☐", ("wingdings", 0xA8): "☐", ("wingdings", 0xFB): "☒",
    ("wingdings", 0xFC): "✓", ("wingdings", 0xFD): "☒", ("wingdings", 0xFE): "☑", ("wingdings", 0x78): "☒",
    ("wingdings", 0xE0): "→", ("wingdings", 0xA7): "•", ("wingdings", 0x6C): "•", ("wingdings", 0x6E): "•",
    ("wingdings", 0xD8): "•", ("wingdings 2", 0x50): "✓", ("wingdings 2", 0x51): "☒", ("wingdings 2", 0x52): "☑",
    ("wingdings 2", 0x53): "☒", ("wingdings 2", 0x54): "☒", ("wingdings 2", 0xA3): "☐", ("wingdings 2", 0x30): "☐",
    ("symbol", 0xB7): "•", ("symbol", 0xB3): "≥", ("symbol", 0xA3): "≤", ("symbol", 0xB1): "±", ("symbol", 0xB4): "×",
    ("symbol", 0xB9): "≠", ("symbol", 0xD2): "®", ("symbol", 0xD3): "©", ("symbol", 0xD4): "™", ("symbol", 0xE2): "®",
    ("symbol", 0xE3): "©", ("symbol", 0xE4): "™", ("symbol", 0xB0): "°", ("symbol", 0xAE): "→",
}  # fmt: skip


def _write_out_marks(tree: Element, seen: Counter[str]) -> None:
    """Symbols, ticked boxes of forms and formulas as characters: they carry the answer, and are no text for readers."""
    for symbol in list(tree.iter(f"{W}sym")):
        place = (symbol.get(f"{W}font", "").lower(), int(symbol.get(f"{W}char", "0"), 16) & 0xFF)
        seen["symbol"] += place not in _SYMBOLS
        symbol.tag, symbol.text = f"{W}t", _SYMBOLS.get(place, "")
    for box in list(tree.iter(f"{W}checkBox")):
        run = next(box.iterancestors(f"{W}r"), None)
        checked = box.find(f"{W}checked")
        ticked = is_on(checked if checked is not None else box.find(f"{W}default"))
        if run is not None:
            etree.SubElement(run, f"{W}t").text = "☒" if ticked else "☐"
    for formula in list(tree.iter(f"{_MATHS}oMath")):
        run = etree.Element(f"{W}r")
        etree.SubElement(run, f"{W}t").text = "".join(part.text or "" for part in formula.iter(f"{_MATHS}t"))
        _replace(formula, [run])
    for shell in list(tree.iter(f"{_MATHS}oMathPara")):
        _replace(shell, list(shell.iter(f"{W}r")))


_BREAKS = frozenset(f"{W}{name}" for name in ("tab", "br", "cr", "ptab"))


def _paragraph_texts(tree: Element) -> list[str]:
    """The text of each paragraph of a part, in its order."""
    return [_text_of(paragraph) for paragraph in tree.iter(f"{W}p")]


def _text_of(paragraph: Element) -> str:
    pieces = []
    for element in paragraph.iter():
        if element.tag == f"{W}t":
            pieces.append(element.text or "")
        elif element.tag == f"{W}noBreakHyphen":
            pieces.append("-")
        elif element.tag in _BREAKS and element.getparent() is not None and element.getparent().tag == f"{W}r":
            pieces.append(" ")
    return "".join(pieces)


def _note_texts(tree: Element) -> Iterator[str]:
    """Footnotes or endnotes in their order; those with a type are the lines that Word draws between."""
    for note in tree.iter(f"{W}footnote", f"{W}endnote"):
        text = "\n".join(_paragraph_texts(note)).strip()
        if text and note.get(f"{W}type") is None:
            yield text
