"""What a page of a PDF draws, object by object, also inside its forms: shapes with their place in the order of drawing.

    page ─▶ objects in the order of drawing ─┬─▶ shapes   what can lie over or under a word
                                             └─▶ rules    the lines that tables are ruled with

Forms (pieces of a page that the file keeps as one object) are entered, as letterheads, stamps and most covers are made
of them. All rectangles are as displayed: points from the top left corner of the page.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import pypdfium2.raw as raw

from ingest.tables import Rule

Rectangle = tuple[float, float, float, float]

# Deeper than this, or with more objects than this, a page is a drawing or a trap; the rest of it counts for nothing.
_DEEPEST = 5
_MOST_OBJECTS = 60_000
# Corners of drawn lines that are looked at for one page: the rules of the densest table are some thousand.
_MOST_CORNERS = 20_000
# A rule is at most this thick (points), and at least this long.
_THIN = 2.5
_LONG = 6.0
_OPAQUE = 250


def fast(function: Any, result: Any, *arguments: Any) -> Callable[..., Any]:
    """A function of pdfium that takes and gives plain addresses: three times as fast as with typed pointers."""
    address = ctypes.cast(function, ctypes.c_void_p).value
    assert address is not None
    found: Callable[..., Any] = ctypes.CFUNCTYPE(result, *arguments)(address)
    return found


_page_object = fast(raw.FPDFPage_GetObject, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)
_form_count = fast(raw.FPDFFormObj_CountObjects, ctypes.c_int, ctypes.c_void_p)
_form_object = fast(raw.FPDFFormObj_GetObject, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_ulong)
_type = fast(raw.FPDFPageObj_GetType, ctypes.c_int, ctypes.c_void_p)
_matrix = fast(raw.FPDFPageObj_GetMatrix, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
_bounds = fast(raw.FPDFPageObj_GetBounds, ctypes.c_int, *(ctypes.c_void_p,) * 5)
_fill = fast(raw.FPDFPageObj_GetFillColor, ctypes.c_int, *(ctypes.c_void_p,) * 5)
_draw_mode = fast(raw.FPDFPath_GetDrawMode, ctypes.c_int, *(ctypes.c_void_p,) * 3)
_segments = fast(raw.FPDFPath_CountSegments, ctypes.c_int, ctypes.c_void_p)
_segment = fast(raw.FPDFPath_GetPathSegment, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)
_segment_type = fast(raw.FPDFPathSegment_GetType, ctypes.c_int, ctypes.c_void_p)
_point = fast(raw.FPDFPathSegment_GetPoint, ctypes.c_int, *(ctypes.c_void_p,) * 3)
_close = fast(raw.FPDFPathSegment_GetClose, ctypes.c_int, ctypes.c_void_p)


class Shape(NamedTuple):
    """Something opaque: its place in the order of drawing, its box, and its colour (None for a picture)."""

    order: int
    box: Rectangle
    colour: tuple[int, int, int] | None


@dataclass(frozen=True, slots=True)
class _Matrix:
    """(x, y) → (a·x + c·y + e, b·x + d·y + f), as in ISO 32000-1, 8.3.3."""

    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 1.0
    e: float = 0.0
    f: float = 0.0

    def of(self, x: float, y: float) -> tuple[float, float]:
        return self.a * x + self.c * y + self.e, self.b * x + self.d * y + self.f

    def after(self, inner: _Matrix) -> _Matrix:
        """First `inner`, then this."""
        return _Matrix(
            self.a * inner.a + self.c * inner.b,
            self.b * inner.a + self.d * inner.b,
            self.a * inner.c + self.c * inner.d,
            self.b * inner.c + self.d * inner.d,
            *self.of(inner.e, inner.f),
        )


class _Object(NamedTuple):
    address: int
    kind: int
    matrix: _Matrix | None  # of the forms that it lies in; None directly on the page
    form: int  # the address of the outermost of them, or 0


class Drawn:
    """The objects of an open page. `shown` turns a rectangle of the file into one of the displayed page."""

    def __init__(self, page: Any, shown: Callable[[float, float, float, float], Rectangle]) -> None:
        self._shown = shown
        self._numbers = (ctypes.c_float * 6)()
        self._start = ctypes.addressof(self._numbers)
        self._places = tuple(self._start + 4 * place for place in range(6))
        self._modes = (ctypes.c_int * 2)()
        self._colour = (ctypes.c_uint * 4)()
        handle = ctypes.cast(page.raw, ctypes.c_void_p).value
        found: list[_Object] = []
        for place in range(raw.FPDFPage_CountObjects(page)):
            self._gather(_page_object(handle, place), None, 0, 0, found)
        self.objects = found
        self._boxes: dict[int, Rectangle] = {}
        for place, one in enumerate(found):
            if one.kind in (raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_IMAGE) and (box := self._box(one)) is not None:
                self._boxes[place] = box

    def _gather(self, address: int, matrix: _Matrix | None, form: int, depth: int, found: list[_Object]) -> None:
        if not address or len(found) >= _MOST_OBJECTS:
            return
        kind = _type(address)
        found.append(_Object(address, kind, matrix, form))
        if kind == raw.FPDF_PAGEOBJ_FORM and depth < _DEEPEST:
            own = self._matrix_of(address)
            inner = own if matrix is None else matrix.after(own)
            for place in range(_form_count(address)):
                self._gather(_form_object(address, place), inner, form or address, depth + 1, found)

    def _matrix_of(self, address: int) -> _Matrix:
        return _Matrix(*self._numbers) if _matrix(address, self._start) else _Matrix()

    def order(self) -> dict[int, int]:
        """The place of each object in the order of drawing, by its address."""
        return {one.address: place for place, one in enumerate(self.objects)}

    def shapes(self, least: tuple[float, float]) -> Iterator[Shape]:
        """Opaque filled paths and pictures, at least as wide and high as `least`, in the order of drawing."""
        for place, one in enumerate(self.objects):
            box = self._boxes.get(place)
            if box is None or box[2] - box[0] < least[0] or box[3] - box[1] < least[1]:
                continue
            if one.kind == raw.FPDF_PAGEOBJ_IMAGE:
                yield Shape(place, box, None)
            elif self._mode(one.address)[0] and (colour := self._filled(one.address)) is not None:
                yield Shape(place, box, colour)

    def rules(self) -> list[Rule]:
        """The straight level and upright lines among the paths: drawn lines, frames, and filled bars that are thin."""
        found: list[Rule] = []
        corners = 0
        for place, (left, top, right, bottom) in self._boxes.items():
            one = self.objects[place]
            if one.kind != raw.FPDF_PAGEOBJ_PATH:
                continue
            if min(right - left, bottom - top) <= _THIN:
                if bottom - top <= _THIN and right - left >= _LONG:
                    found.append(Rule(True, (top + bottom) / 2, left, right))
                elif right - left <= _THIN and bottom - top >= _LONG:
                    found.append(Rule(False, (left + right) / 2, top, bottom))
            elif self._mode(one.address)[1] and corners < _MOST_CORNERS:
                count = _segments(one.address)
                corners += max(count, 0)
                found.extend(self._sides(one, min(count, _MOST_CORNERS)))
        return found

    def _sides(self, one: _Object, count: int) -> Iterator[Rule]:
        """The level and upright stretches of a path that is drawn as a line."""
        own = self._matrix_of(one.address)
        matrix = own if one.matrix is None else one.matrix.after(own)
        begin = before = (0.0, 0.0)
        for place in range(count):
            segment = _segment(one.address, place)
            if not segment or not _point(segment, self._places[0], self._places[1]):
                return
            x, y = matrix.of(self._numbers[0], self._numbers[1])
            left, top, _, _ = self._shown(x, y, x, y)
            here = (left, top)
            kind = _segment_type(segment)
            if kind == raw.FPDF_SEGMENT_MOVETO:
                begin = here
            elif kind == raw.FPDF_SEGMENT_LINETO:
                yield from _side(before, here)
            if _close(segment):
                yield from _side(here, begin)
            before = here

    def _box(self, one: _Object) -> Rectangle | None:
        if not _bounds(one.address, *self._places[:4]):
            return None
        left, bottom, right, top = self._numbers[:4]
        if one.matrix is not None:
            corners = [one.matrix.of(x, y) for x in (left, right) for y in (bottom, top)]
            left, right = min(x for x, _ in corners), max(x for x, _ in corners)
            bottom, top = min(y for _, y in corners), max(y for _, y in corners)
        return self._shown(left, bottom, right, top)

    def _mode(self, address: int) -> tuple[bool, bool]:
        """Whether a path is filled, and whether its line is drawn."""
        start = ctypes.addressof(self._modes)
        if not _draw_mode(address, start, start + 4):
            return False, False
        return self._modes[0] != raw.FPDF_FILLMODE_NONE, self._modes[1] != 0

    def _filled(self, address: int) -> tuple[int, int, int] | None:
        """The colour that a path is filled with; None when one can see through it."""
        start = ctypes.addressof(self._colour)
        if not _fill(address, *(start + 4 * channel for channel in range(4))) or self._colour[3] < _OPAQUE:
            return None
        return self._colour[0], self._colour[1], self._colour[2]


def _side(one: tuple[float, float], other: tuple[float, float]) -> Iterator[Rule]:
    across, down = abs(one[0] - other[0]), abs(one[1] - other[1])
    if down <= 1 and across >= _LONG:
        yield Rule(True, (one[1] + other[1]) / 2, min(one[0], other[0]), max(one[0], other[0]))
    elif across <= 1 and down >= _LONG:
        yield Rule(False, (one[0] + other[0]) / 2, min(one[1], other[1]), max(one[1], other[1]))
