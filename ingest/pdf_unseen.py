"""What a page says and does not show: text that a machine would read there and a person who looks at it does not see.

    suspect   (cheap, each word)   drawn invisibly · pale · tiny · outside the page · under something drawn later
    confirm   (only for suspects)  the page is rendered: where a suspect stands there must be no ink

The words of an OCR layer are drawn invisibly over the picture of the page: they are what a person sees, and are kept.
"""

from __future__ import annotations

import ctypes
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from core.documents import HiddenKind

if TYPE_CHECKING:
    from PIL import Image

# Letters smaller than this (points) are no letters to an eye: the small print of a prospectus has 5.
TINY = 2.0
# A colour whose darkest channel is above this (of 255) is hardly told from white paper.
PALE = 225
# What differs by less than this from its surroundings (of 256 greys) is not seen.
FAINT = 24
# Pixels to the point at which suspects are looked at: a letter of 6 points is 12 pixels high.
LOOK_SCALE = 2.0
# A picture that covers half of the page is a scan, whose text is the layer of an OCR program.
SCAN_COVERS = 0.5
# What is thinner (points) is a rule or a frame: it covers no word.
_COVER_SIZE = (6.0, 4.0)
_BAND = 12.0

_COVERING = frozenset((raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_IMAGE))
_INVISIBLE = (raw.FPDF_TEXTRENDERMODE_INVISIBLE, raw.FPDF_TEXTRENDERMODE_CLIP)
_FILLED = (raw.FPDF_TEXTRENDERMODE_FILL, raw.FPDF_TEXTRENDERMODE_FILL_CLIP)
_OPAQUE = 250

_COMMENTS = frozenset(
    (
        raw.FPDF_ANNOT_TEXT,
        raw.FPDF_ANNOT_POPUP,
        raw.FPDF_ANNOT_HIGHLIGHT,
        raw.FPDF_ANNOT_UNDERLINE,
        raw.FPDF_ANNOT_SQUIGGLY,
        raw.FPDF_ANNOT_STRIKEOUT,
        raw.FPDF_ANNOT_CARET,
        raw.FPDF_ANNOT_INK,
        raw.FPDF_ANNOT_LINE,
        raw.FPDF_ANNOT_SQUARE,
        raw.FPDF_ANNOT_CIRCLE,
        raw.FPDF_ANNOT_POLYGON,
        raw.FPDF_ANNOT_POLYLINE,
    )
)


def _fast(function: Any, result: Any, *arguments: Any) -> Callable[..., Any]:
    """A function of pdfium that takes and gives plain addresses: three times as fast as with typed pointers."""
    address = ctypes.cast(function, ctypes.c_void_p).value
    assert address is not None
    fast: Callable[..., Any] = ctypes.CFUNCTYPE(result, *arguments)(address)
    return fast


_text_object = _fast(raw.FPDFText_GetTextObject, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)
_page_object = _fast(raw.FPDFPage_GetObject, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)
_type = _fast(raw.FPDFPageObj_GetType, ctypes.c_int, ctypes.c_void_p)
_mode = _fast(raw.FPDFTextObj_GetTextRenderMode, ctypes.c_int, ctypes.c_void_p)
_fill = _fast(raw.FPDFPageObj_GetFillColor, ctypes.c_int, *(ctypes.c_void_p,) * 5)
_bounds = _fast(raw.FPDFPageObj_GetBounds, ctypes.c_int, *(ctypes.c_void_p,) * 5)


_Rectangle = tuple[float, float, float, float]


class Note(NamedTuple):
    """What an annotation says, beside the text of its page. `shown` says that a viewer prints it on the page."""

    kind: HiddenKind
    text: str
    shown: bool
    rectangle: _Rectangle


class Suspect(NamedTuple):
    """A word that may not be seen: its place in a list of words, why, and its box as displayed (points)."""

    place: int
    kind: HiddenKind
    left: float
    top: float
    right: float
    bottom: float


class Looks:
    """How the characters of an open text page are drawn. Asked in their order, it asks pdfium once for each object."""

    def __init__(self, text_page: Any) -> None:
        self._handle = ctypes.cast(text_page, ctypes.c_void_p).value
        self._colour = (ctypes.c_uint * 4)()
        start = ctypes.addressof(self._colour)
        self._channels = tuple(start + 4 * channel for channel in range(4))
        self._last: tuple[int, HiddenKind | None] = (0, None)

    def of(self, index: int) -> tuple[int, HiddenKind | None]:
        """The address of the character's object, and what makes it a suspect, if anything does."""
        found = _text_object(self._handle, index) or 0
        if found != self._last[0]:
            self._last = (found, self._kind(found) if found else None)
        return self._last

    def _kind(self, address: int) -> HiddenKind | None:
        mode = _mode(address)
        if mode in _INVISIBLE:
            return HiddenKind.INVISIBLE
        if mode not in _FILLED:
            return None
        if not _fill(address, *self._channels):
            return None
        red, green, blue, alpha = self._colour
        if alpha == 0:
            return HiddenKind.INVISIBLE
        return HiddenKind.WHITE if red >= PALE and green >= PALE and blue >= PALE else None


class Covers:
    """What a page draws over its text, opaque: each shape with its place in the order of drawing.

    `shown` turns a rectangle of the file into one of the displayed page, whose area is `area` square points.
    """

    def __init__(self, page: Any, shown: Callable[[float, float, float, float], _Rectangle], area: float) -> None:
        handle = ctypes.cast(page.raw, ctypes.c_void_p).value
        self._addresses = [_page_object(handle, place) for place in range(raw.FPDFPage_CountObjects(page))]
        kinds = list(map(_type, self._addresses))
        self._shapes: list[tuple[int, _Rectangle]] = []
        sides = (ctypes.c_float * 4)()
        start = ctypes.addressof(sides)
        left, bottom, right, top = (start + 4 * side for side in range(4))
        # What is drawn before any text covers none.
        first = kinds.index(raw.FPDF_PAGEOBJ_TEXT) if raw.FPDF_PAGEOBJ_TEXT in kinds else len(kinds)
        for place in range(first, len(kinds)):
            if kinds[place] not in _COVERING or not _bounds(self._addresses[place], left, bottom, right, top):
                continue
            box = shown(*sides)
            across, down = box[2] - box[0], box[3] - box[1]
            if across < _COVER_SIZE[0] or down < _COVER_SIZE[1]:
                continue
            if kinds[place] == raw.FPDF_PAGEOBJ_IMAGE:
                # Text under the picture of the whole page is the layer of an OCR program.
                opaque = across * down < SCAN_COVERS * area
            else:
                opaque = _is_filled(ctypes.cast(self._addresses[place], raw.FPDF_PAGEOBJECT))
            if opaque:
                self._shapes.append((place, box))

    def over(self, words_of_page: Callable[[], Sequence[tuple[int, float, float]]]) -> set[int]:
        """The indices of the words (address of the object, x and y of the middle) with something drawn over them."""
        if not self._shapes:
            return set()
        words = words_of_page()
        order = {address: place for place, address in enumerate(self._addresses)}
        bands: dict[int, list[int]] = defaultdict(list)
        for index, (_, _, y) in enumerate(words):
            bands[int(y // _BAND)].append(index)
        found: set[int] = set()
        for place, (left, top, right, bottom) in self._shapes:
            for band in range(int(top // _BAND), int(bottom // _BAND) + 1):
                for index in bands.get(band, ()):
                    address, x, y = words[index]
                    if left <= x <= right and top <= y <= bottom and order.get(address, place) < place:
                        found.add(index)
        return found


def _is_filled(path: Any) -> bool:
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    channels = tuple(ctypes.c_uint() for _ in range(4))
    return bool(
        raw.FPDFPath_GetDrawMode(path, fill, stroke)
        and fill.value != raw.FPDF_FILLMODE_NONE
        and raw.FPDFPageObj_GetFillColor(path, *channels)
        and channels[3].value >= _OPAQUE
    )


def pictures_of(page: Any) -> list[_Rectangle]:
    """Where the pictures of a page lie: (left, bottom, right, top) in the file's points."""
    found = []
    for image in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3):
        try:
            found.append(image.get_bounds())
        except pdfium.PdfiumError:
            continue
    return found


def confirmed(
    suspects: Sequence[Suspect],
    seen: Sequence[_Rectangle],
    pictures: Sequence[_Rectangle],
    image: Image.Image,
    size: tuple[float, float],
) -> list[Suspect]:
    """Those suspects that cannot be seen. All rectangles are as displayed, `size` is the page's, in points.

    `seen` are the words that are no suspects: what stands in the same place as one of them is not read there. Where
    neither that nor a picture lies (an OCR layer), `image`, the page in grey, must show one tone and nothing else.
    """
    bands: dict[int, list[_Rectangle]] = defaultdict(list)
    for box in seen:
        bands[int((box[1] + box[3]) / 2 // _BAND)].append(box)
    across, down = image.width / size[0], image.height / size[1]
    found = []
    for suspect in suspects:
        x, y = (suspect.left + suspect.right) / 2, (suspect.top + suspect.bottom) / 2
        band = int(y // _BAND)
        near = [box for place in (band - 1, band, band + 1) for box in bands.get(place, ())]
        if _inside(x, y, near):
            found.append(suspect)
        elif not (suspect.kind is HiddenKind.INVISIBLE and _inside(x, y, pictures)):
            # The middle of the letters: rules and the lines above and below reach into the edges of a box.
            inset = 0.25 * (suspect.bottom - suspect.top)
            left, right = max(int(suspect.left * across), 0), min(int(suspect.right * across) + 1, image.width)
            top = max(int((suspect.top + inset) * down), 0)
            bottom = min(max(int((suspect.bottom - inset) * down), top + 1), image.height)
            if left < right and top < bottom:
                darkest, lightest = image.crop((left, top, right, bottom)).getextrema()
                if int(lightest) - int(darkest) < FAINT:  # type: ignore[arg-type]
                    found.append(suspect)
    return found


def _inside(x: float, y: float, boxes: Sequence[_Rectangle]) -> bool:
    return any(left <= x <= right and top <= y <= bottom for left, top, right, bottom in boxes)


def notes_of(page: Any) -> list[Note]:
    """What the annotations of a page say: comments, and free text that is printed on the page."""
    found = []
    for index in range(raw.FPDFPage_GetAnnotCount(page)):
        annotation = raw.FPDFPage_GetAnnot(page, index)
        if not annotation:
            continue
        try:
            subtype = raw.FPDFAnnot_GetSubtype(annotation)
            text = " ".join(_contents(annotation).split())
            if not text or subtype in (raw.FPDF_ANNOT_WIDGET, raw.FPDF_ANNOT_LINK):
                continue
            hidden = raw.FPDFAnnot_GetFlags(annotation) & (raw.FPDF_ANNOT_FLAG_HIDDEN | raw.FPDF_ANNOT_FLAG_NOVIEW)
            rectangle = raw.FS_RECTF()
            raw.FPDFAnnot_GetRect(annotation, rectangle)
            found.append(
                Note(
                    HiddenKind.COMMENT if subtype in _COMMENTS else HiddenKind.ANNOTATION,
                    text,
                    subtype == raw.FPDF_ANNOT_FREETEXT and not hidden,
                    (rectangle.left, rectangle.bottom, rectangle.right, rectangle.top),
                )
            )
        finally:
            raw.FPDFPage_CloseAnnot(annotation)
    return found


def _contents(annotation: Any) -> str:
    """The annotation's own words: bytes in UTF-16 LE, with two of zero at the end."""
    length = raw.FPDFAnnot_GetStringValue(annotation, b"Contents", None, 0)
    if length <= 2:
        return ""
    buffer = ctypes.create_string_buffer(length)
    raw.FPDFAnnot_GetStringValue(annotation, b"Contents", ctypes.cast(buffer, ctypes.POINTER(raw.FPDF_WCHAR)), length)
    return buffer.raw[: length - 2].decode("utf-16-le", "ignore")
