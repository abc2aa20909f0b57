"""What a page says and does not show: text that a machine would read there and a person who looks at it does not see.

    suspect   (cheap, each word)   drawn invisibly · pale · tiny · outside the page · under something drawn later ·
                                   over a shape of its own colour · on a layer
    confirm   (only for suspects)  the page is rendered: where a suspect stands there must be no ink; for a layer, the
                                   page must look the same without it

The words of an OCR layer are drawn invisibly over the picture of the page: they are what a person sees, and are kept.
"""

from __future__ import annotations

import ctypes
import mmap
import re
import zlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from core.documents import HiddenKind
from ingest.pdf_shapes import Drawn, Rectangle, Shape, fast

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
# The longest page has 14,400 points.
_MOST_BANDS = 1_200
# Layers of one page that are looked at one by one: drawings have some dozens, and hardly any text on them.
_MOST_LAYERS = 24
_OBJECT_STREAM = re.compile(rb"/ObjStm\b.{0,600}?stream\r?\n", re.DOTALL)
_MOST_PACKED = 1 << 20
_MOST_UNPACKED = 128 << 20  # of all of them together; what holds more is looked at as if it had layers

_INVISIBLE = (raw.FPDF_TEXTRENDERMODE_INVISIBLE, raw.FPDF_TEXTRENDERMODE_CLIP)
_FILLED = (raw.FPDF_TEXTRENDERMODE_FILL, raw.FPDF_TEXTRENDERMODE_FILL_CLIP)

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


_text_object = fast(raw.FPDFText_GetTextObject, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)
_mode = fast(raw.FPDFTextObj_GetTextRenderMode, ctypes.c_int, ctypes.c_void_p)
_fill = fast(raw.FPDFPageObj_GetFillColor, ctypes.c_int, *(ctypes.c_void_p,) * 5)


class Note(NamedTuple):
    """What an annotation says, beside the text of its page. `shown` says that a viewer prints it on the page."""

    kind: HiddenKind
    text: str
    shown: bool
    rectangle: Rectangle


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
        self.colours: dict[int, tuple[int, int, int]] = {}

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
        self.colours[address] = (red, green, blue)
        return HiddenKind.WHITE if red >= PALE and green >= PALE and blue >= PALE else None


class Written(NamedTuple):
    """A word as the search for what hides it needs it: the address of its object, and its middle as displayed."""

    object: int
    x: float
    y: float


class Surroundings:
    """What a page draws before and after its text. `area` is the displayed page's, in square points."""

    def __init__(self, drawn: Drawn, area: float) -> None:
        kinds = [one.kind for one in drawn.objects]
        self._shapes: list[Shape] = []
        if raw.FPDF_PAGEOBJ_TEXT in kinds:
            # Text under the picture of the whole page is the layer of an OCR program.
            self._shapes = [
                shape
                for shape in drawn.shapes(_COVER_SIZE)
                if shape.colour is not None or _area(shape.box) < SCAN_COVERS * area
            ]
        self._drawn = drawn

    def doubtful(
        self, words_of_page: Callable[[], Sequence[Written]], colours: dict[int, tuple[int, int, int]]
    ) -> dict[int, HiddenKind]:
        """The indices of the words that something drawn later covers, or that have the colour of what they stand on."""
        if not self._shapes:
            return {}
        words = words_of_page()
        order = self._drawn.order()
        bands: dict[int, list[int]] = defaultdict(list)
        for index, word in enumerate(words):
            bands[int(word.y // _BAND)].append(index)
        found: dict[int, HiddenKind] = {}
        for place, (left, top, right, bottom), colour in self._shapes:
            for band in range(int(max(top, 0) // _BAND), min(int(bottom // _BAND), _MOST_BANDS) + 1):
                for index in bands.get(band, ()):
                    address, x, y = words[index]
                    if not (left <= x <= right and top <= y <= bottom):
                        continue
                    if order.get(address, place) < place:
                        found[index] = HiddenKind.COVERED
                    elif colour is not None and address in colours and _alike(colour, colours[address]):
                        found.setdefault(index, HiddenKind.WHITE)
        return found


def _area(box: Rectangle) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _alike(one: tuple[int, int, int], other: tuple[int, int, int]) -> bool:
    return all(abs(here - there) < FAINT for here, there in zip(one, other, strict=True))


def has_layers(path: Path) -> bool:
    """True when a PDF may have layers that can be switched off (ISO 32000-1, 8.11: /OCProperties of the catalogue).

    The catalogue may lie in a packed stream of objects; those are unpacked as far as needed. An encrypted file, whose
    streams say nothing, counts as one with layers, and so does one that unpacks to more than anybody writes.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content.find(b"/OCProperties") >= 0 or content.find(b"/Encrypt") >= 0:
            return True
        left = _MOST_UNPACKED
        for found in _OBJECT_STREAM.finditer(content):
            packed = content[found.end() : found.end() + _MOST_PACKED]
            try:
                unpacked = zlib.decompressobj().decompress(packed, left)
            except zlib.error:
                continue
            left -= len(unpacked)
            if b"/OCProperties" in unpacked or left <= 0:
                return True
    return False


class Layers:
    """Which words of a page are on a layer, and whether the page would look different without that layer."""

    def __init__(self, drawn: Drawn) -> None:
        self._buffer = ctypes.create_string_buffer(512)
        self._names: dict[int, str] = {}
        for one in drawn.objects:
            if one.kind == raw.FPDF_PAGEOBJ_TEXT:
                name = self._name(one.address)
                if not name and one.form:
                    # A form may be on a layer as a whole, which pdfium does not tell: all such are looked at together.
                    name = self._name(one.form) or "forms"
                if name:
                    self._names[one.address] = name

    def _name(self, address: int) -> str:
        """The name of the layer whose mark an object bears, "" for none."""
        thing = ctypes.cast(address, raw.FPDF_PAGEOBJECT)
        for place in range(max(raw.FPDFPageObj_CountMarks(thing), 0)):
            mark = raw.FPDFPageObj_GetMark(thing, place)
            if self._string(raw.FPDFPageObjMark_GetName, mark) == "OC":
                return "layer " + (
                    self._string(raw.FPDFPageObjMark_GetParamStringValue, mark, b"Name") or "without name"
                )
        return ""

    def _string(self, get: Callable[..., int], mark: Any, *key: bytes) -> str:
        length = ctypes.c_ulong()
        into = ctypes.cast(self._buffer, ctypes.POINTER(raw.FPDF_WCHAR))
        if not get(mark, *key, into, len(self._buffer), length) or not 2 <= length.value <= len(self._buffer):
            return ""
        return self._buffer.raw[: length.value - 2].decode("utf-16-le", "ignore")

    def unseen(
        self, words: Sequence[tuple[int, Rectangle]], picture: Callable[[], Image.Image], size: tuple[float, float]
    ) -> set[int]:
        """The indices of the words (address of the object, box) that the page would look the same without."""
        groups: dict[str, list[int]] = defaultdict(list)
        for index, (address, _) in enumerate(words):
            if address in self._names:
                groups[self._names[address]].append(index)
        if not groups:
            return set()
        from PIL import ImageChops

        found: set[int] = set()
        whole = picture()
        across, down = whole.width / size[0], whole.height / size[1]
        for name in sorted(groups)[:_MOST_LAYERS]:
            things = {words[index][0] for index in groups[name]}
            for address in things:
                raw.FPDFPageObj_SetIsActive(ctypes.cast(address, raw.FPDF_PAGEOBJECT), False)
            changed = ImageChops.difference(whole, picture())
            for address in things:
                raw.FPDFPageObj_SetIsActive(ctypes.cast(address, raw.FPDF_PAGEOBJECT), True)
            for index in groups[name]:
                left, top, right, bottom = words[index][1]
                region = changed.crop(
                    (int(left * across), int(top * down), int(right * across) + 1, int(bottom * down) + 1)
                )
                if int(region.getextrema()[1]) < FAINT:  # type: ignore[arg-type]
                    found.add(index)
        return found


def pictures_of(page: Any) -> list[Rectangle]:
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
    seen: Sequence[Rectangle],
    pictures: Sequence[Rectangle],
    image: Image.Image,
    size: tuple[float, float],
) -> list[Suspect]:
    """Those suspects that cannot be seen. All rectangles are as displayed, `size` is the page's, in points.

    `seen` are the words that are no suspects: what stands in the same place as one of them is not read there. Where
    neither that nor a picture lies (an OCR layer), `image`, the page in grey, must show one tone and nothing else.
    """
    bands: dict[int, list[Rectangle]] = defaultdict(list)
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


def _inside(x: float, y: float, boxes: Sequence[Rectangle]) -> bool:
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
