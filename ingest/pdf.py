"""PDF files: their text with the place of every word, through pdfium. Also a page's picture, and a span's boxes.

    file ─▶ pages ─▶ words with boxes (pdfium) ─▶ lines (grids, scripts, layout, tables) ─▶ blocks ─▶ Reading
                ├──▶ shapes, notes ─▶ what nobody sees (pdf_unseen)
                └──▶ picture ─▶ words with boxes (ocr), where a page has no usable text

One page is open at a time. pdfium is not safe for threads: it is only called in the caller's; OCR waits in two others.
"""

from __future__ import annotations

import ctypes
import logging
import math
import re
import unicodedata
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from core.documents import Block, BlockKind, Box, Fate, Hidden, HiddenKind, Page, Span
from core.errors import UnreadableDocument
from ingest.blocks import BIGGER, PageLines, Piece, blocks
from ingest.grids import Grid, grids
from ingest.layout import Layout, Line, lay_out
from ingest.ocr import DPI, OcrChoice, Recognised, available, read_image
from ingest.page_labels import printed_labels
from ingest.pdf_shapes import Drawn
from ingest.pdf_unseen import (
    LOOK_SCALE,
    TINY,
    Layers,
    Looks,
    Note,
    Surroundings,
    Suspect,
    Written,
    confirmed,
    has_layers,
    notes_of,
    pictures_of,
)
from ingest.reading import Reading
from ingest.scripts import EAST, has_right_to_left, meant, reordered
from ingest.tables import SCRIPT_SIZE, Rule, Word

if TYPE_CHECKING:
    from PIL import Image

PARSER = "dossier-pdf 4"
MEDIA_TYPE = "application/pdf"

logger = logging.getLogger("dossier.ingest")

# A text layer of which more than this part cannot be read (no Unicode value known, private use) counts as none.
BROKEN_LAYER = 0.3
# A page half covered by a picture, with fewer letters than a paragraph has, is a scan with a stamp on it.
SCAN_COVERS = 0.5
SCAN_LETTERS = 200
# A blank page's picture has hardly any ink: less than one pixel in a thousand is dark.
BLANK_INK = 0.001
# Pictures are at most this big (a letter page at 200 dpi has 3.7 million pixels), so that a poster takes no gigabytes.
MOST_PIXELS = 12_000_000
OCR_WORKERS = 2
# Pictures that wait for OCR: enough to keep the workers busy, few enough for memory.
OCR_WAITING = 4
# Slanted by more than this (degrees), text belongs to no line: a watermark across the page.
SLANTED = 10.0
# Sizes outside this factor of the box's height come from broken fonts; then the height counts.
_SANE_SIZE = (0.4, 2.5)

_RUN = re.compile(r"[^\s\x00-\x1f\ufffe]+\ufffe?|\ufffe")
_DIGITS = re.compile(r"[0-9]+")
_MARKS = "0123456789*∗†‡§¶"
_BROKEN = re.compile(r"[\x01-\x08\x0e-\x1f\x7f-\x9f\ufffd\ue000-\uf8ff]")
_BOLD = re.compile(rb"bold|black|heavy|[-,]bd|demi", re.IGNORECASE)
# Bullets of the fonts Symbol and Wingdings, which PDFs name by their private code.
_SYMBOLS = {"\uf0b7": "•", "\uf0a7": "▪", "\uf0a8": "□", "\uf0fc": "✓", "\uf0d8": "➢", "\uf02d": "-"}
# Blanks of no width, and marks for the direction of the text around them.
_SAY_NOTHING = frozenset(
    "\u200b\u2060\ufeff\uffff\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
_QUARTERS = 4
# The turn of text in vertical lines, as Chinese and Japanese are set: it reads as text turned by three quarters does.
_VERTICAL = 7
_REAL_WORD = re.compile(r"\w{3,}")
_FILE_NAME = re.compile(
    r"\.(?:pdf|docx?|xlsx?|pptx?|html?|txt|rtf|indd|qxd|tex|dvi|e?ps|wpd|png|jpe?g|tiff?)$", re.IGNORECASE
)
_NO_TITLE = re.compile(
    r"(?:microsoft \w+ ?-|untitled|document\s*\d*$|title$|print$|slide \d|powerpoint|no title)"
    r"|.{0,2}$|[\W\d_]+$|\S*[\d_]\S*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """How a page is shown: its visible part in the file's coordinates (points, y upwards) and its quarter turns."""

    left: float
    bottom: float
    right: float
    top: float
    quarters: int
    scale: float

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in points as displayed."""
        width, height = (self.right - self.left) * self.scale, (self.top - self.bottom) * self.scale
        return (height, width) if self.quarters % 2 else (width, height)

    def shown(self, left: float, bottom: float, right: float, top: float) -> tuple[float, float, float, float]:
        """(left, top, right, bottom) from the displayed page's top left corner, of a rectangle of the file."""
        if self.quarters == 0:
            found = (left - self.left, self.top - top, right - self.left, self.top - bottom)
        elif self.quarters == 1:
            found = (bottom - self.bottom, left - self.left, top - self.bottom, right - self.left)
        elif self.quarters == 2:
            found = (self.right - right, bottom - self.bottom, self.right - left, top - self.bottom)
        else:
            found = (self.top - top, self.right - right, self.top - bottom, self.right - left)
        if self.scale == 1.0:
            return found
        return (found[0] * self.scale, found[1] * self.scale, found[2] * self.scale, found[3] * self.scale)


def _upright(box: tuple[float, float, float, float], turn: int, size: tuple[float, float]) -> tuple[float, ...]:
    """A displayed rectangle in the frame in which text reads from left to right.

    `turn` is by how many quarter turns counter-clockwise the text is displayed; `size` is the displayed page's.
    """
    left, top, right, bottom = box
    width, height = size
    if turn == 0:
        return box
    if turn == 1:
        return (height - bottom, left, height - top, right)
    if turn == 2:
        return (width - right, height - bottom, width - left, height - top)
    return (top, width - right, bottom, width - left)


def _displayed(
    box: tuple[float, float, float, float], turn: int, size: tuple[float, float]
) -> tuple[float, float, float, float]:
    """The inverse of `_upright`."""
    left, top, right, bottom = box
    width, height = size
    if turn == 0:
        return box
    if turn == 1:
        return (top, height - right, bottom, height - left)
    if turn == 2:
        return (width - right, height - bottom, width - left, height - top)
    return (width - bottom, left, width - top, right)


@dataclass(frozen=True, slots=True)
class _Unseen:
    """Words that follow each other in the file and are not seen on the page, with the way in which they read."""

    kind: HiddenKind
    words: tuple[Word, ...]
    turn: int


@dataclass(frozen=True, slots=True)
class _Characters:
    """What pdfium says of a page: words by area, each area's turn, the digits it printed, and its broken characters.

    All of that is of what can be seen; `unseen` is the rest. `grids` are the ruled tables in the first area's frame.
    """

    areas: tuple[tuple[Word, ...], ...] = ()
    turns: tuple[int, ...] = ()
    figures: Counter[str] = field(default_factory=Counter)
    letters: int = 0
    broken: int = 0
    unseen: tuple[_Unseen, ...] = ()
    grids: tuple[Grid, ...] = ()

    @property
    def usable(self) -> bool:
        return self.letters > 0 and self.broken <= BROKEN_LAYER * self.letters


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A page as read so far. `turns` are those of its areas (see `_upright`)."""

    number: int
    label: str
    size: tuple[float, float] | None
    fate: Fate
    note: str | None = None
    text: str = ""
    lines: tuple[Line, ...] = ()
    turns: tuple[int, ...] = ()
    warnings: tuple[str, ...] = ()
    hidden: tuple[Hidden, ...] = ()


def read_pdf(
    path: Path,
    *,
    ocr: OcrChoice = OcrChoice.AUTO,
    languages: str = "eng",
    on_page: Callable[[int, int], None] | None = None,
) -> Reading:
    """The text of a PDF, page by page, with blocks and boxes. `on_page(number, of)` is told of each page as it is read.

    A page that cannot be read does not end the document: its fate says so. Raises UnreadableDocument for what is no
    PDF, is damaged beyond opening, needs a password, or has no pages.
    """
    with _opened(path) as pdf, ThreadPoolExecutor(OCR_WORKERS, thread_name_prefix="ocr") as pool:
        leaves: list[_Leaf] = []
        waiting: deque[tuple[int, _Leaf, Image.Image, Future[Recognised]]] = deque()

        def settle(most: int) -> None:
            while len(waiting) > most:
                index, leaf, image, future = waiting.popleft()
                leaves[index] = _with_ocr(leaf, image, future)

        layered = has_layers(path)
        try:
            for index in range(len(pdf)):
                leaf, image = _leaf(pdf, index, ocr, layered=layered)
                leaves.append(leaf)
                if image is not None:
                    waiting.append((index, leaf, image, pool.submit(read_image, image, languages=languages)))
                settle(OCR_WAITING)
                if on_page is not None:
                    on_page(index + 1, len(pdf))
            settle(0)
        finally:
            for *_, future in waiting:
                future.cancel()
        return _reading(leaves, path, _metadata_title(pdf), _file_warnings(pdf, path))


def boxes_of(path: Path, page_number: int, span: Span, *, page: Page) -> tuple[Box, ...]:
    """The rectangles around the words that `span` (of the document's text) touches on one page, one for each line.

    The page is read again with the code that made its text. Empty for a page whose text came from OCR (reading it again
    would take seconds) and for one that reads differently now; the blocks' boxes are there for those.
    """
    if page.fate is not Fate.TEXT or not page.span.overlaps(span):
        return ()
    with _opened(path) as pdf, _page(pdf, page_number - 1) as (opened, sheet, _):
        characters = _characters(opened, sheet, layered=has_layers(path))
    layout = lay_out(characters.areas, characters.grids)
    if len(layout.text) != len(page.span):
        return ()
    wanted = Span(max(span.start, page.span.start), min(span.end, page.span.end)).within(page.span)
    words = [placed for placed in layout.words if wanted.overlaps(Span(placed.start, placed.end))]
    found: list[Box] = []
    run: list[Word] = []
    area = 0
    for placed in words:
        # A new rectangle for each line; the second half of a broken word stands on the next one.
        if run and (placed.area != area or abs(placed.word.baseline - run[0].baseline) > 0.5 * run[0].size):
            found.append(_box(page_number, run, characters.turns[area], sheet.size))
            run = []
        area = placed.area
        run.append(placed.word)
    if run:
        found.append(_box(page_number, run, characters.turns[area], sheet.size))
    return tuple(found)


def render(path: Path, page_number: int, *, scale: float = 1.5) -> Image.Image:
    """The page as a viewer shows it, `scale` pixels to the point (1.5 is 108 dpi).

    Raises UnreadableDocument when the file or the page cannot be opened.
    """
    with _opened(path) as pdf:
        if not 1 <= page_number <= len(pdf):
            raise UnreadableDocument(f"{path.name} has no page {page_number}.")
        try:
            with _page(pdf, page_number - 1) as (opened, sheet, _):
                return _picture(opened, sheet, scale)
        except pdfium.PdfiumError as error:
            raise UnreadableDocument(f"Page {page_number} of {path.name} is damaged and cannot be shown.") from error


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        if path.stat().st_size == 0:
            raise UnreadableDocument(f"{path.name} is empty (0 bytes).")
        pdf = pdfium.PdfDocument(path)
    except OSError as error:
        raise UnreadableDocument(f"{path.name} could not be opened: {error.strerror or 'it is not there'}.") from error
    except pdfium.PdfiumError as error:
        if error.err_code == raw.FPDF_ERR_PASSWORD:
            sentence = f"{path.name} is encrypted; save a copy that opens without a password and ingest that."
        elif error.err_code == raw.FPDF_ERR_SECURITY:
            sentence = f"{path.name} is encrypted in a way that cannot be read; save a copy without protection."
        elif error.err_code == raw.FPDF_ERR_SUCCESS:
            sentence = f"{path.name} has no pages."
        else:
            sentence = f"{path.name} is not a PDF, or it is damaged or cut short."
        raise UnreadableDocument(sentence) from error
    try:
        # Without its forms, what was typed into the fields would not be on the pages.
        if pdf.get_formtype() == raw.FORMTYPE_ACRO_FORM:
            pdf.init_forms()
        yield pdf
    finally:
        pdf.close()


@contextmanager
def _page(pdf: Any, index: int) -> Iterator[tuple[Any, _Sheet, list[Note]]]:
    """The page (typed-in form fields and free text made part of it), how it is shown, and what is noted on it.

    Raises PdfiumError.
    """
    page = pdf[index]
    try:
        notes = notes_of(page) if raw.FPDFPage_GetAnnotCount(page) > 0 else []
        printed = (page.formenv and raw.FPDFPage_GetAnnotCount(page) > 0) or any(note.shown for note in notes)
        if printed and raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY) == raw.FLATTEN_SUCCESS:
            page.close()
            page = pdf[index]
        left, bottom, right, top = page.get_bbox()
        quarters = page.get_rotation() // 90 % _QUARTERS
        shown = page.get_height() if quarters % 2 else page.get_width()
        scale = shown / (right - left) if right > left else 1.0
        # A page may count in other units than points (UserUnit); rounding is no such thing.
        yield page, _Sheet(left, bottom, right, top, quarters, scale if abs(scale - 1) > 0.01 else 1.0), notes
    finally:
        page.close()


def _leaf(pdf: Any, index: int, ocr: OcrChoice, *, layered: bool) -> tuple[_Leaf, Image.Image | None]:
    """A page with what its text layer gives, and its picture where that is to be read instead."""
    number = index + 1
    label = _label(pdf, index)
    try:
        with _page(pdf, index) as (page, sheet, notes):
            characters = _characters(page, sheet, layered=layered)
            leaf = _from_characters(number, label, sheet, characters)
            leaf = replace(leaf, hidden=_hidden(number, sheet, characters, notes, leaf.text))
            wanted = ocr is OcrChoice.ALWAYS or not characters.usable or _is_scan(page, sheet, characters)
            if not wanted:
                return leaf, None
            if not characters.usable and _is_blank(page, sheet):
                return replace(leaf, fate=Fate.BLANK, note=None), None
            if ocr is OcrChoice.NEVER or not available():
                why = (
                    "reading pictures (OCR) was switched off"
                    if ocr is OcrChoice.NEVER
                    else ("no OCR program (tesseract) is installed")
                )
                return _unread(leaf, characters, why), None
            return leaf, _picture(page, sheet, DPI / 72).convert("L")
    except pdfium.PdfiumError:
        logger.warning("page %d could not be opened", number)
        return _Leaf(number, label, None, Fate.UNREADABLE, note="The page is damaged and cannot be opened."), None


def _label(pdf: Any, index: int) -> str:
    """The page's name as the file gives it; "" where it gives none."""
    try:
        return _clean(pdf.get_page_label(index) or "").strip()
    except (pdfium.PdfiumError, UnicodeDecodeError):
        return ""


def _from_characters(number: int, label: str, sheet: _Sheet, characters: _Characters) -> _Leaf:
    if not characters.usable:
        note = "The page has no text layer." if characters.letters == 0 else "The page's text layer is broken."
        return _Leaf(number, label, sheet.size, Fate.UNREADABLE, note=note)
    layout = lay_out(characters.areas, characters.grids)
    warnings: tuple[str, ...] = ()
    if Counter(_DIGITS.findall(layout.text)) != characters.figures:
        warnings = (f"page {number}: the figures read differ from the page's own characters",)
    return _Leaf(
        number,
        label,
        sheet.size,
        Fate.TEXT,
        text=layout.text,
        lines=layout.lines,
        turns=characters.turns,
        warnings=warnings,
    )


def _hidden(
    number: int, sheet: _Sheet, characters: _Characters, notes: Sequence[Note], text: str
) -> tuple[Hidden, ...]:
    """What the page says and does not show. Free text that was printed on the page is in its text already."""
    found = [
        Hidden(
            unseen.kind,
            number,
            " ".join(word.text for word in unseen.words),
            tuple(_box(number, line, unseen.turn, sheet.size) for line in _by_line(unseen.words)),
        )
        for unseen in characters.unseen
    ]
    read = "".join(text.split())
    for note in notes:
        if not (note.shown and "".join(note.text.split()) in read):
            around = sheet.shown(*note.rectangle)
            found.append(Hidden(note.kind, number, note.text, (_as_box(number, around, 0, sheet.size),)))
    return tuple(found)


def _by_line(words: Sequence[Word]) -> list[list[Word]]:
    lines: list[list[Word]] = []
    for word in words:
        if lines and abs(word.baseline - lines[-1][0].baseline) <= 0.5 * word.size:
            lines[-1].append(word)
        else:
            lines.append([word])
    return lines


def _unread(leaf: _Leaf, characters: _Characters, why: str) -> _Leaf:
    """The page when its picture is not read: unreadable, or the few words of its text layer with a warning."""
    if characters.usable:
        warning = f"page {leaf.number}: only the few words beside its picture were read, because {why}"
        return replace(leaf, warnings=(*leaf.warnings, warning))
    return replace(leaf, note=f"{leaf.note} It was not read as a picture: {why}.")


def _with_ocr(leaf: _Leaf, image: Image.Image, future: Future[Recognised]) -> _Leaf:
    """The page when its picture has been read: the better of text layer and picture."""
    try:
        recognised = future.result()
    except UnreadableDocument as error:
        if leaf.fate is Fate.TEXT:
            return replace(
                leaf, warnings=(*leaf.warnings, f"page {leaf.number}: its picture was not read, because {error}")
            )
        return replace(leaf, note=f"{leaf.note} It was not read as a picture: {error}.")
    assert leaf.size is not None
    layout, turn = _from_picture(recognised, image, leaf.size)
    if len(layout.text) <= len(leaf.text) and leaf.fate is Fate.TEXT:
        return leaf
    if not layout.text:
        dark = sum(image.histogram()[:128])
        if dark < BLANK_INK * image.width * image.height:
            return replace(leaf, fate=Fate.BLANK, note=None)
        return replace(leaf, note=f"{leaf.note} OCR found no words in its picture.")
    return replace(leaf, fate=Fate.OCR, note=None, text=layout.text, lines=layout.lines, turns=(turn,), warnings=())


def _from_picture(recognised: Recognised, image: Image.Image, size: tuple[float, float]) -> tuple[Layout, int]:
    """The words of a picture laid out as a page's, and by how many quarter turns they are displayed turned."""
    width, height = size if recognised.turned % 2 == 0 else (size[1], size[0])
    across, down = (image.width, image.height) if recognised.turned % 2 == 0 else (image.height, image.width)
    x, y = width / across, height / down
    # Letters with a stroke up or down are about 0.8 of a font's size high; most words have one.
    sizes = [sorted(word.bottom - word.top for word in line)[3 * len(line) // 4] * y / 0.8 for line in recognised.lines]
    usual = median(sizes) if sizes else 0.0
    words = [
        Word(
            text=text,
            left=word.left * x,
            top=word.top * y,
            right=word.right * x,
            bottom=word.bottom * y,
            baseline=median([word.bottom for word in line]) * y,
            # Heights on a picture are rough: only what is clearly bigger or smaller than the rest is set apart.
            size=usual if abs(measured - usual) < 0.25 * usual else measured,
        )
        for line, measured in zip(recognised.lines, sizes, strict=True)
        for word in line
        for text in _clean(word.text).split()
    ]
    return lay_out([words]), recognised.turned


def _picture(page: Any, sheet: _Sheet, scale: float) -> Image.Image:
    width, height = sheet.size
    most = math.sqrt(MOST_PIXELS / max(width * height, 1.0))
    bitmap = page.render(scale=min(scale, most) * sheet.scale)
    image: Image.Image = bitmap.to_pil()
    # The picture must not share the bitmap's memory, which goes with it.
    image = image.copy()
    bitmap.close()
    return image


def _is_blank(page: Any, sheet: _Sheet) -> bool:
    """True when nothing is drawn that could be seen: one colour all over, but for what compression leaves."""
    if raw.FPDFPage_CountObjects(page) == 0 and raw.FPDFPage_GetAnnotCount(page) == 0:
        return True
    darkest, lightest = _picture(page, sheet, 0.5).convert("L").getextrema()
    # A difference of 24 of 256 greys is below what an eye sees on a white sheet.
    return bool(int(lightest) - int(darkest) < 24)  # type: ignore[arg-type]


def _is_scan(page: Any, sheet: _Sheet, characters: _Characters) -> bool:
    """True for a picture of a page with a few words set on it (a Bates number, a fax line)."""
    if characters.letters >= SCAN_LETTERS:
        return False
    area = max((sheet.right - sheet.left) * (sheet.top - sheet.bottom), 1.0)
    return any((right - left) * (top - bottom) >= SCAN_COVERS * area for left, bottom, right, top in pictures_of(page))


def _characters(page: Any, sheet: _Sheet, *, layered: bool) -> _Characters:
    """The page's words from pdfium's characters, with boxes in the frame in which they read from left to right.

    Words end where pdfium has a space, never at a gap between characters alone, and also where the next character
    stands somewhere else altogether. Raises PdfiumError.
    """
    text_page = page.get_textpage()
    try:
        count = text_page.count_chars()
        return _Glyphs(page, text_page.raw, count, sheet, layered).words() if count > 0 else _Characters()
    finally:
        text_page.close()


class _Found(NamedTuple):
    """A word as found: its turn, its characters `[start, end)`, its object's address, and why it may not be seen."""

    turn: int
    word: Word
    start: int
    end: int
    object: int
    doubt: HiddenKind | None


def _runs(found: Sequence[_Found], hidden: dict[int, HiddenKind]) -> tuple[_Unseen, ...]:
    """The hidden words, those together that follow each other and are hidden for the same reason."""
    runs: list[list[int]] = []
    for index in sorted(hidden):
        last = runs[-1][-1] if runs else -2
        if last == index - 1 and hidden[last] is hidden[index] and found[last].turn == found[index].turn:
            runs[-1].append(index)
        else:
            runs.append([index])
    return tuple(
        _Unseen(hidden[run[0]], tuple(found[index].word for index in run), found[run[0]].turn % _QUARTERS)
        for run in runs
    )


class _Glyphs:
    """Holds an open text page and the memory into which pdfium writes; calls are dear, so words ask for few.

    A word needs the boxes of its first and last character; only where these do not fit together does it ask for all.
    """

    def __init__(self, page: Any, handle: Any, count: int, sheet: _Sheet, layered: bool) -> None:
        self._page = page
        self._handle = handle
        self._count = count
        self._sheet = sheet
        self._layered = layered
        self._size = sheet.size
        self._rectangle = raw.FS_RECTF()
        self._matrix = raw.FS_MATRIX()
        self._x, self._y = ctypes.c_double(), ctypes.c_double()
        self._name = ctypes.create_string_buffer(160)
        self._flags = ctypes.c_int()
        self._column = (math.inf, 0.0)  # where the vertical line at hand stands, and how far down it has come

    def words(self) -> _Characters:
        text = self._text()
        looks = Looks(self._handle)
        found: list[_Found] = []
        breaks: list[int] = []
        letters = 0
        before = ""
        for match in _RUN.finditer(text):
            start, end = match.span()
            run = match[0]
            letters += end - start
            for first, last in self._pieces(start, end, breaks):
                piece = run[first - start : last - start]
                if has_right_to_left(piece):
                    piece = self._as_read(piece, first)
                turn, word = self._word(piece, first, last, text, before)
                if word.text:
                    found.append(_Found(turn, word, first, last, *looks.of(first)))
                    before = word.text
        drawn = Drawn(self._page, self._sheet.shown)
        hidden = self._hidden(found, looks, drawn)
        areas: dict[int, list[Word]] = {}
        for index, one in enumerate(found):
            if index not in hidden:
                areas.setdefault(one.turn, []).append(one.word)
        for index in hidden:
            text = text[: found[index].start] + " " * (found[index].end - found[index].start) + text[found[index].end :]
        # The way in which most of the page reads comes first.
        order = sorted(areas, key=lambda turn: (-len(areas[turn]), turn))
        return _Characters(
            areas=tuple(tuple(areas[turn]) for turn in order),
            turns=tuple(turn % _QUARTERS for turn in order),
            figures=_figures(text, breaks),
            letters=letters - sum(found[index].end - found[index].start for index in hidden),
            broken=sum(map(len, _BROKEN.findall(text))) - sum(map(text.count, _SYMBOLS)),
            unseen=_runs(found, hidden),
            grids=tuple(grids(_turned(drawn.rules(), order[0], self._size))) if order else (),
        )

    def _hidden(self, found: Sequence[_Found], looks: Looks, drawn: Drawn) -> dict[int, HiddenKind]:
        """Which of the words cannot be seen, by their index, and why."""
        width, height = self._size
        boxes = [
            one.word[1:5] if one.turn % _QUARTERS == 0 else _displayed(one.word[1:5], one.turn % _QUARTERS, self._size)
            for one in found
        ]
        doubtful = Surroundings(drawn, width * height).doubtful(
            lambda: [
                Written(one.object, (box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
                for one, box in zip(found, boxes, strict=True)
            ],
            looks.colours,
        )
        off = self._on_layers_that_are_off(drawn, found, boxes)
        hidden: dict[int, HiddenKind] = {}
        suspects: list[Suspect] = []
        for index, (left, top, right, bottom) in enumerate(boxes):
            one = found[index]
            if right <= 0 or left >= width or bottom <= 0 or top >= height:
                hidden[index] = HiddenKind.OFF_PAGE
            elif one.word.size < TINY:
                hidden[index] = HiddenKind.TINY
            elif index in off:
                hidden[index] = HiddenKind.LAYER
            elif one.doubt or index in doubtful:
                suspects.append(Suspect(index, one.doubt or doubtful[index], left, top, right, bottom))
        if suspects:
            places = {suspect.place for suspect in suspects}
            seen = [box for index, box in enumerate(boxes) if index not in places and index not in hidden]
            pictures = [self._sheet.shown(*picture) for picture in pictures_of(self._page)]
            image = _picture(self._page, self._sheet, LOOK_SCALE).convert("L")
            unseen = confirmed(suspects, seen, pictures, image, self._size)
            hidden |= {suspect.place: suspect.kind for suspect in unseen}
        return hidden

    def _on_layers_that_are_off(
        self, drawn: Drawn, found: Sequence[_Found], boxes: Sequence[tuple[float, float, float, float]]
    ) -> set[int]:
        if not self._layered:
            return set()
        return Layers(drawn).unseen(
            [(one.object, box) for one, box in zip(found, boxes, strict=True)],
            lambda: _picture(self._page, self._sheet, LOOK_SCALE).convert("L"),
            self._size,
        )

    def _text(self) -> str:
        """One Python character for each of pdfium's (halves of a surrogate pair stay halves)."""
        buffer = (ctypes.c_ushort * (self._count + 1))()
        written = raw.FPDFText_GetText(self._handle, 0, self._count, buffer) - 1
        if written == self._count:
            return "".join(map(chr, buffer[:written]))
        # pdfium leaves out characters without a Unicode value there, and the indices would shift.
        get = raw.FPDFText_GetUnicode
        return "".join(chr(get(self._handle, index)) for index in range(self._count))

    def _loose(self, index: int) -> tuple[float, float, float, float]:
        box = self._rectangle
        if not raw.FPDFText_GetLooseCharBox(self._handle, index, box):
            return (0.0, 0.0, 0.0, 0.0)
        return (box.left, box.bottom, box.right, box.top)

    def _pieces(self, start: int, end: int, breaks: list[int]) -> list[tuple[int, int]]:
        """The run `[start, end)` cut where it jumps; `breaks` gathers the cuts."""
        if end - start == 1:
            return [(start, end)]
        first, last = self._loose(start), self._loose(end - 1)
        height = max(first[3] - first[1], 0.1)
        same_line = abs(first[1] - last[1]) < 0.05 * height and abs(first[3] - last[3]) < 0.05 * height
        # No font is wider than it is high, letter after letter.
        if same_line and first[0] <= last[0] and last[2] - first[0] <= 1.2 * height * (end - start):
            return [(start, end)]
        if self._falls(start, end):
            return [(start, end)]
        return self._cut(start, end, breaks)

    def _falls(self, start: int, end: int) -> bool:
        """True when the characters stand one below the other, each upright: a vertical line."""
        places = [self._origin(index) for index in range(start, end)]
        size = max(self._set(start)[1], 1.0)
        return bool(EAST.match(chr(raw.FPDFText_GetUnicode(self._handle, start)))) and all(
            abs(after[0] - before[0]) <= 0.1 * size and 0.3 * size <= before[1] - after[1] <= 2.5 * size
            for before, after in zip(places, places[1:], strict=False)
        )

    def _origin(self, index: int) -> tuple[float, float]:
        raw.FPDFText_GetCharOrigin(self._handle, index, self._x, self._y)
        return self._x.value, self._y.value

    def _as_read(self, piece: str, start: int) -> str:
        """A word that runs from right to left, its ligatures in the order in which their letters are read."""
        return reordered([(self._origin(start + place), character) for place, character in enumerate(piece)])

    def _cut(self, start: int, end: int, breaks: list[int]) -> list[tuple[int, int]]:
        pieces: list[tuple[int, int]] = []
        begin = start
        before = self._glyph(start)
        mark = self._marks(start)  # nothing but what marks a footnote so far
        for index in range(start + 1, end):
            glyph = self._glyph(index)
            if _jumps(before, glyph) or (mark and _is_mark(before, glyph)):
                pieces.append((begin, index))
                breaks.append(index)
                begin = index
            mark = mark and self._marks(index)
            before = glyph
        return [*pieces, (begin, end)]

    def _marks(self, index: int) -> bool:
        return chr(raw.FPDFText_GetUnicode(self._handle, index)) in _MARKS

    def _glyph(self, index: int) -> tuple[bool, float, float, float, float, int]:
        """Whether it is a digit; left, right, baseline and size in the reading frame; and its turn."""
        turn, size, _ = self._set(index)
        left, _, right, _ = _upright(self._sheet.shown(*self._loose(index)), turn % _QUARTERS, self._size)
        digit = raw.FPDFText_GetUnicode(self._handle, index) in range(48, 58)
        return digit, left, right, self._baseline(index, turn % _QUARTERS), size, turn

    def _set(self, index: int) -> tuple[int, float, bool]:
        """How a character is set: its turn (4 and more: slanted), size in points, and whether in bold."""
        matrix = self._matrix
        turn, factor = 0, 1.0
        if raw.FPDFText_GetMatrix(self._handle, index, matrix):
            factor = math.hypot(matrix.c, matrix.d)
            if matrix.b or matrix.c or matrix.a < 0 or self._sheet.quarters:
                angle = math.degrees(math.atan2(matrix.b, matrix.a)) / 90
                turn = (round(angle) - self._sheet.quarters) % _QUARTERS
                if abs(angle - round(angle)) * 90 > SLANTED:
                    turn = _QUARTERS
        size = raw.FPDFText_GetFontSize(self._handle, index) * factor * self._sheet.scale
        written = raw.FPDFText_GetFontInfo(self._handle, index, self._name, len(self._name), self._flags)
        bold = 0 < written <= len(self._name) and bool(_BOLD.search(self._name.raw, 0, written))
        return turn, size, bold

    def _baseline(self, index: int, turn: int) -> float:
        x, y = self._origin(index)
        return _upright(self._sheet.shown(x, y, x, y), turn, self._size)[1]

    def _is_vertical(self, start: int, end: int) -> bool:
        """True for a vertical line, and for a lone character that stands in one with the word before it."""
        x, y = self._origin(start)
        if end - start > 1:
            vertical = self._falls(start, end)
        else:
            vertical = abs(x - self._column[0]) <= 0.5 and y < self._column[1]
        self._column = (x, y) if vertical else (math.inf, 0.0)
        return vertical

    def _word(self, run: str, start: int, end: int, text: str, before: str) -> tuple[int, Word]:
        turn, size, bold = self._set(start)
        east = not run.isascii() and EAST.match(run[0]) is not None
        if east and turn == 0 and self._is_vertical(start, end):
            turn = _VERTICAL
        first = self._loose(start)
        last = first if end - start == 1 else self._loose(end - 1)
        around = (min(first[0], last[0]), min(first[1], last[1]), max(first[2], last[2]), max(first[3], last[3]))
        left, top, right, bottom = _upright(self._sheet.shown(*around), turn % _QUARTERS, self._size)
        height = bottom - top
        if not _SANE_SIZE[0] * height <= size <= _SANE_SIZE[1] * height:
            size = height or 1.0
        broken = run[-1] == "\ufffe"
        spaced = (
            (run[0] in ")]%" or (before != "" and before[-1] in "$€£¥₹") or east)
            and start > 0
            and text[start - 1].isspace()
            and raw.FPDFText_IsGenerated(self._handle, start - 1) == 0
        )
        cleaned = run if run.isascii() and run.isprintable() else _clean(run)
        baseline = self._baseline(start, turn % _QUARTERS)
        return turn, Word(cleaned, left, top, right, bottom, baseline, size, bold, spaced, broken)


def _turned(rules: Sequence[Rule], turn: int, size: tuple[float, float]) -> list[Rule]:
    """Drawn lines in the frame in which text of that turn reads from left to right; none for slanted text."""
    if turn >= _QUARTERS:
        return []
    if turn == 0:
        return list(rules)
    found = []
    for level, at, start, end in rules:
        box = (start, at, end, at) if level else (at, start, at, end)
        left, top, right, bottom = _upright(box, turn, size)
        across = level is (turn % 2 == 0)
        found.append(Rule(across, top, left, right) if across else Rule(across, left, top, bottom))
    return found


def _jumps(
    before: tuple[bool, float, float, float, float, int], after: tuple[bool, float, float, float, float, int]
) -> bool:
    """True when a character does not continue the word before it: it stands elsewhere, or is raised on a figure."""
    digit_before, left_before, right_before, baseline_before, size_before, turn_before = before
    digit, left, _, baseline, size, turn = after
    if turn != turn_before:
        return True
    biggest = max(size, size_before)
    if abs(baseline - baseline_before) > 0.8 * biggest or left - right_before > biggest:
        return True
    if left < left_before - biggest:
        return True
    # "13,709" with the mark of a footnote on it is not 137,091.
    raised = abs(baseline - baseline_before) > 0.15 * biggest or size != size_before
    return digit and digit_before and raised and min(size, size_before) < SCRIPT_SIZE * biggest


def _is_mark(
    before: tuple[bool, float, float, float, float, int], after: tuple[bool, float, float, float, float, int]
) -> bool:
    """True when a small raised number or sign ends and a word begins: the mark of the footnote that follows."""
    _, _, _, baseline_before, size_before, _ = before
    digit, _, _, baseline, size, _ = after
    return not digit and size_before < SCRIPT_SIZE * size and baseline - baseline_before > 0.15 * size


def _clean(run: str) -> str:
    """A word's characters as they are kept: ligatures in letters, a drawn hyphen as "-", nothing that cannot be stored.

    A soft hyphen that the page shows is a hyphen (some fonts name theirs so); so is pdfium's mark U+FFFE.
    """
    text = run.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    found: list[str] = []
    for character in text:
        if " " <= character <= "~":
            found.append(character)
        elif character in "\xad\ufffe":
            found.append("-")
        elif character in _SYMBOLS:
            found.append(_SYMBOLS[character])
        elif character.isspace():
            found.append(" ")
        elif character not in _SAY_NOTHING and unicodedata.category(character) not in ("Cc", "Cs"):
            found.append(meant(character))
    return "".join(found)


def _figures(text: str, breaks: Sequence[int]) -> Counter[str]:
    """The groups of digits among pdfium's characters, with how often each occurs."""
    parts = [text[start:end] for start, end in zip([0, *breaks], [*breaks, len(text)], strict=True)]
    return Counter(_DIGITS.findall("\n".join("".join(_clean(part + "\n") for part in parts).split("\n"))))


def _box(number: int, words: Sequence[Word], turn: int, size: tuple[float, float]) -> Box:
    around = (
        min(word.left for word in words),
        min(word.top for word in words),
        max(word.right for word in words),
        max(word.bottom for word in words),
    )
    return _as_box(number, around, turn, size)


def _as_box(number: int, around: tuple[float, float, float, float], turn: int, size: tuple[float, float]) -> Box:
    left, top, right, bottom = (round(value, 2) for value in _displayed(around, turn, size))
    return Box(number, left, top, right, bottom)


def _reading(leaves: Sequence[_Leaf], path: Path, metadata_title: str, warnings: Sequence[str]) -> Reading:
    found = blocks(
        [
            PageLines(leaf.lines, leaf.size[1] if leaf.size else 0.0, tuple(turn == 0 for turn in leaf.turns))
            for leaf in leaves
        ]
    )
    printed = printed_labels([_edges(leaf, pieces) for leaf, pieces in zip(leaves, found, strict=True)])
    pages: list[Page] = []
    placed: list[Block] = []
    position = 0
    for leaf, pieces, number in zip(leaves, found, printed, strict=True):
        span = Span(position, position + len(leaf.text))
        label = leaf.label or number or str(leaf.number)
        pages.append(Page(leaf.number, label, span, leaf.fate, leaf.size, leaf.note))
        placed.extend(block for piece in pieces for block in _blocks(leaf, piece, position))
        position = span.end + 1
    hidden = tuple(one for leaf in leaves for one in leaf.hidden)
    return Reading(
        text="\n".join(leaf.text for leaf in leaves),
        pages=tuple(pages),
        blocks=tuple(placed),
        title=metadata_title or _heading_title(leaves, found) or path.stem,
        media_type=MEDIA_TYPE,
        parser=PARSER,
        warnings=(*warnings, *_hidden_warning(hidden), *(warning for leaf in leaves for warning in leaf.warnings)),
        hidden=hidden,
    )


def _hidden_warning(hidden: Sequence[Hidden]) -> tuple[str, ...]:
    """One line on all that the document says and does not show; comments are what a reader expects, and in none."""
    kinds = Counter(one.kind for one in hidden if one.kind is not HiddenKind.COMMENT)
    if not kinds:
        return ()
    counted = ", ".join(f"{count} {kind.value.replace('_', ' ')}" for kind, count in sorted(kinds.items()))
    return (f"the file holds text that cannot be seen and was not read as part of it: {counted}",)


def _edges(leaf: _Leaf, pieces: Sequence[Piece]) -> list[str]:
    """The lines of the page's running header and footer."""
    edges = [piece for piece in pieces if piece.kind in (BlockKind.HEADER, BlockKind.FOOTER)]
    return [line.text for piece in edges for line in leaf.lines[piece.first : piece.last]]


def _blocks(leaf: _Leaf, piece: Piece, position: int) -> Iterator[Block]:
    """The block of a piece, and before it the heading that its first line begins with."""
    lines = leaf.lines[piece.first : piece.last]
    assert leaf.size is not None
    start = lines[0].start
    if piece.lead:
        line = lines[0]
        end = start + piece.lead
        around = (line.left, line.top, line.lead_right, line.bottom)
        box = _as_box(leaf.number, around, leaf.turns[line.area], leaf.size)
        yield Block(BlockKind.HEADING, Span(position + start, position + end), piece.level, (box,))
        start = end + len(line.text[piece.lead :]) - len(line.text[piece.lead :].lstrip())
    boxes = []
    for area, group in groupby(lines, key=lambda line: line.area):
        own = list(group)
        around = (
            min(line.left for line in own),
            min(line.top for line in own),
            max(line.right for line in own),
            max(line.bottom for line in own),
        )
        boxes.append(_as_box(leaf.number, around, leaf.turns[area], leaf.size))
    level = piece.level if piece.kind is BlockKind.HEADING else None
    yield Block(piece.kind, Span(position + start, position + lines[-1].end), level, tuple(boxes))


def _metadata_title(pdf: Any) -> str:
    """The title that the file gives itself, "" when it is none: a file's name, a number, "untitled"."""
    try:
        title = " ".join(_clean(pdf.get_metadata_value("Title")).split())
    except (pdfium.PdfiumError, UnicodeDecodeError):
        return ""
    return "" if _NO_TITLE.match(title) or _FILE_NAME.search(title) or len(title) > 300 else title


def _heading_title(leaves: Sequence[_Leaf], found: Sequence[Sequence[Piece]]) -> str:
    """The biggest heading of the first page, "" when none is bigger than the rest of that page."""
    if not leaves or not leaves[0].lines:
        return ""
    lines = leaves[0].lines
    headings = [piece for piece in found[0] if piece.kind is BlockKind.HEADING]
    if not headings:
        return ""
    biggest = max(headings, key=lambda piece: lines[piece.first].size)
    if lines[biggest.first].size < BIGGER * median(line.size for line in lines):
        return ""
    title = " ".join(" ".join(line.text.split()) for line in lines[biggest.first : biggest.last])
    # Specks that OCR took for letters, and letters set wide apart, make no title.
    return title if _REAL_WORD.search(title) and leaves[0].fate is Fate.TEXT else ""


def _file_warnings(pdf: Any, path: Path) -> tuple[str, ...]:
    """Warnings about the whole file: cut short (ISO 32000-1, 7.5.5: "%%EOF" ends it), or a form that hides its text."""
    warnings = []
    with path.open("rb") as file:
        # Readers accept the mark anywhere in the last 1024 bytes (the same standard, Annex H, note 18).
        file.seek(max(path.stat().st_size - 1024, 0))
        if b"%%EOF" not in file.read():
            warnings.append("the file does not end as a PDF does: it may have been cut short, and pages may be missing")
    if pdf.get_formtype() in (raw.FORMTYPE_XFA_FULL, raw.FORMTYPE_XFA_FOREGROUND):
        warnings.append("the file is an XFA form: what stands in its fields was not read")
    return tuple(warnings)
