"""unstructured on a short lead: its elements of a Word document or a web page, as pieces in reading order.

It is told not to report home before it is imported, and it gets a sentence finder that needs no download (it would
fetch a model from the network while reading).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from lxml import html  # type: ignore[import-untyped]

from core.documents import BlockKind
from core.egress import quiet
from ingest.pieces import Piece

_HEADING_LENGTH = 120  # characters of a line in bold that is taken for a heading; a longer one is a paragraph
_BOLD_LEVEL = 6  # such a heading ranks below every heading that the file itself calls one

_LABEL = re.compile(
    r"(?:\w{1,9}\.?)?(?:\d+[.)]?)*(?:\w{1,4}[.)])?"
)  # that Word draws before it: "2.1", "Article", "a)"


def elements_of_docx(content: bytes) -> list[Piece]:
    """The pieces of a .docx. Raises whatever unstructured and python-docx raise for a damaged one."""
    _keep_unstructured_offline()
    from unstructured.partition.docx import partition_docx

    return _pieces(partition_docx(file=io.BytesIO(content), include_page_breaks=False, languages=[""]))


def elements_of_html(markup: str) -> list[Piece]:
    """The pieces of a web page. Raises whatever unstructured and lxml raise for a damaged one."""
    _keep_unstructured_offline()
    _keep_single_characters()
    from unstructured.partition.html import partition_html

    return _pieces(partition_html(text=markup, languages=[""]))


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
        elif kind in (BlockKind.PARAGRAPH, BlockKind.LIST) and _all_bold(element):
            kind, level = BlockKind.HEADING, _BOLD_LEVEL
        text = text.strip("\n ") if kind is BlockKind.TABLE else text.strip()
        if text.strip():
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
    letters = "".join("".join(part.split()) for part, tag in bold if tag == "b")
    if element.category != "ListItem" and letters == text:
        return True
    label = text.removesuffix(letters)
    return bool(letters and label != text and any(map(str.isalnum, label)) and _LABEL.fullmatch(label))


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
