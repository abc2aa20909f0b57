"""Whether a run of a Word document can be seen: hidden, tiny, or in the colour of the paper, by its own properties or
those of its styles. Source: ECMA-376 Part 1, 17.7 (styles), 17.3.2 (runs).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from ingest.package import Element
from ingest.unseen import Cause

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"

_TINY = 4  # half-points: text below two points is not read by eye, here as in a PDF
_WHITE = 0xF5  # of each of red, green and blue: from here on nobody tells it from paper
_WIDE = 2_743_200  # English metric units, three inches: a picture behind the text that may be its background
_HEX = re.compile(r"[0-9A-Fa-f]{6}")


def is_on(toggle: Element | None) -> bool:
    """A toggle is on when it is there and does not say otherwise (ECMA-376 Part 1, 17.17.4)."""
    return toggle is not None and toggle.get(f"{W}val", "true") not in ("0", "false", "off")


class Styles:
    """The styles of a document, by their ids. `tree` None: it has none."""

    def __init__(self, tree: Element | None) -> None:
        found = () if tree is None else tree.iter(f"{W}style")
        self._styles = {style.get(f"{W}styleId", ""): style for style in found}
        usual = (one for one in self._styles.values() if one.get(f"{W}default") in ("1", "true"))
        self._default = next((one for one in usual if one.get(f"{W}type") == "paragraph"), None)
        self._defaults = None if tree is None else tree.find(f"{W}docDefaults/{W}rPrDefault/{W}rPr")
        self._of_chain = cache(self._look_up)
        self._behind: dict[Element, bool] = {}

    def unseen(self, run: Element) -> Cause | None:
        """Why nobody sees the text of a run; None for what is seen."""
        if is_on(self._value(run, "vanish")):
            return Cause.TEXT
        size = self._value(run, "sz")
        if size is not None and _number(size.get(f"{W}val")) < _TINY:
            return Cause.TINY
        colour = self._value(run, "color")
        if colour is not None and _is_white(colour.get(f"{W}val", "")) and self._on_white(run):
            return Cause.WHITE
        return None

    def _value(self, run: Element, tag: str) -> Element | None:
        """A property of a run: its own, else that of its style, of its paragraph's style, of the document."""
        properties = run.find(f"{W}rPr")
        own = None if properties is None else properties.find(f"{W}{tag}")
        if own is not None:
            return own
        character = None if properties is None else properties.find(f"{W}rStyle")
        paragraph = next(run.iterancestors(f"{W}p"), None)
        named = None if paragraph is None else paragraph.find(f"{W}pPr/{W}pStyle")
        for style in (character, named):
            found = None if style is None else self._of_chain(style.get(f"{W}val", ""), tag)
            if found is not None:
                return found
        if named is None and self._default is not None:
            found = self._of_chain(self._default.get(f"{W}styleId", ""), tag)
            if found is not None:
                return found
        return None if self._defaults is None else self._defaults.find(f"{W}{tag}")

    def _chain(self, identifier: str) -> Iterator[Element]:
        known = set()
        while identifier in self._styles and identifier not in known:
            known.add(identifier)
            yield self._styles[identifier]
            based = self._styles[identifier].find(f"{W}basedOn")
            identifier = "" if based is None else based.get(f"{W}val", "")

    def _look_up(self, identifier: str, tag: str) -> Element | None:
        for style in self._chain(identifier):
            found = style.find(f"{W}rPr/{W}{tag}")
            if found is not None:
                return found
        return None

    def _on_white(self, run: Element) -> bool:
        """True when nothing dark is behind a run: no shading of its own, its paragraph, its cell or its table's style,
        no shape around it, and no wide picture behind the text of its part."""
        for holder in (run, *run.iterancestors(f"{W}p", f"{W}tc", f"{W}tbl")):
            kind = str(holder.tag).removeprefix(W)
            if kind == "r" and holder.find(f"{W}rPr/{W}highlight") is not None:
                return False
            if _is_dark(holder.find(f"{W}{kind}Pr/{W}shd")):
                return False
            styled = holder.find(f"{W}{kind}Pr/{W}{kind}Style")
            for style in () if styled is None else self._chain(styled.get(f"{W}val", "")):
                if any(_is_dark(shading) for shading in style.iter(f"{W}shd")):
                    return False
        if next(run.iterancestors(f"{W}txbxContent"), None) is not None:  # shapes are filled in more ways than we know
            return False
        root = run.getroottree().getroot()
        if root not in self._behind:
            self._behind[root] = any(_is_background(one) for one in root.iter(f"{_DRAWING}anchor"))
        return not self._behind[root]


def _is_dark(shading: Element | None) -> bool:
    if shading is None:
        return False
    fill = shading.get(f"{W}fill", "auto")
    patterned = shading.get(f"{W}val", "clear") not in ("clear", "nil")
    return patterned or shading.get(f"{W}themeFill") is not None or (fill != "auto" and not _is_white(fill))


def _is_background(anchor: Element) -> bool:
    extent = anchor.find(f"{_DRAWING}extent")
    return anchor.get("behindDoc") in ("1", "true") and extent is not None and _number(extent.get("cx")) >= _WIDE


def _is_white(colour: str) -> bool:
    return bool(_HEX.fullmatch(colour)) and min(bytes.fromhex(colour)) >= _WHITE


def _number(text: str | None) -> float:
    try:
        return float(text or "")
    except ValueError:
        return float("inf")
