"""What a web page hides by its styles: not displayed, invisible, tiny, or white on white.

Only what stands in the page is looked at: style attributes, and rules for screens whose selector is a tag, a class, an
id, or those together ("td.hidden, #draft"). Rules that depend on where an element stands are not. Source: CSS 2.2.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from operator import itemgetter

from ingest.package import Element
from ingest.unseen import Cause

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_RULE = re.compile(r"(?P<selectors>[^{}]*)\{(?P<declarations>[^{}]*)\}")
_SELECTOR = re.compile(r"(?P<tag>\w[\w:-]*|\*)?(?P<marks>(?:[.#][\w-]+)*)")
_MARK = re.compile(r"[.#][\w-]+")
_SIZE = re.compile(r"([\d.]+)(pt|px|em|rem|%)?")
_NOTHING = {"pt": 2.0, "px": 2.67, "em": 0.17, "rem": 0.17, "%": 17.0, "": 0.001}
"""Below so much text is smaller than two points, as text that a PDF hides; em and % are of 12 points."""
_WHITE = frozenset(["white", "#fff", "#ffffff", "rgb(255,255,255)", "rgba(255,255,255,1)", "#fefefe"])
_CLEAR = frozenset(["transparent", "none", "inherit", "initial", "unset"])

_Declarations = dict[str, str]


class Sheets:
    """The rules of a page's style sheets."""

    def __init__(self, sheets: Iterable[str]) -> None:
        # By one of the marks that a rule asks for, else by its tag: each with its place, for the last one holds.
        self._rules: defaultdict[str, list[tuple[int, str, frozenset[str], _Declarations]]] = defaultdict(list)
        count = 0
        for sheet in sheets:
            for rule in _RULE.finditer(_without_media(_COMMENT.sub("", sheet))):
                declarations = _declarations(rule["declarations"])
                if declarations:
                    for selector in rule["selectors"].split(","):
                        if (found := _SELECTOR.fullmatch(selector.strip())) and found[0]:
                            marks = frozenset(_MARK.findall(found["marks"]))
                            tag = (found["tag"] or "*").lower()
                            self._rules[min(marks, default=tag)].append((count, tag, marks, declarations))
                            count += 1

    def unseen(self, tree: Element, *, also: frozenset[str]) -> Iterator[tuple[Element, Cause]]:
        """The outermost elements that nobody sees, with the cause; those of the tags `also` are hidden as such."""
        waiting = [(tree, "", "")]
        while waiting:
            element, colour, behind = waiting.pop()
            style = self._of(element)
            if cause := _cause(element, style, also):
                yield element, cause
                continue
            colour = style.get("color", colour)
            behind = _behind(element, style) or behind
            if colour in _WHITE and (not behind or behind in _WHITE) and (element.text or "").strip():
                yield element, Cause.WHITE
                continue
            waiting += [(child, colour, behind) for child in reversed(element) if isinstance(child.tag, str)]

    def _of(self, element: Element) -> _Declarations:
        """The declarations that hold for an element; its own come last, `!important` is not weighed."""
        marks = {f".{name}" for name in element.get("class", "").split()} | {f"#{element.get('id', '')}"}
        style: _Declarations = {}
        rules = [rule for key in ("*", element.tag, *marks) if key in self._rules for rule in self._rules[key]]
        for _, tag, wanted, declarations in sorted(rules, key=itemgetter(0)):
            if tag in ("*", element.tag) and wanted <= marks:
                style |= declarations
        return style | _declarations(element.get("style", ""))


def _cause(element: Element, style: _Declarations, also: frozenset[str]) -> Cause | None:
    if element.tag in also or "hidden" in element.attrib:
        return Cause.TEXT
    if style.get("display") == "none" or style.get("visibility") in ("hidden", "collapse"):
        return Cause.TEXT
    size = _SIZE.match(style.get("font-size", ""))
    return Cause.TINY if size and _is_number(size[1]) and float(size[1]) < _NOTHING[size[2] or ""] else None


def _behind(element: Element, style: _Declarations) -> str:
    """The colour behind an element, "" where it has none of its own; a picture is a colour that is not white."""
    own = style.get("background-color") or style.get("background") or element.get("bgcolor", "").lower()
    if "background-image" in style or "url(" in own or "gradient" in own:
        return "picture"
    first = own.split(" ")[0] if not own.startswith("rgb") else own.replace(" ", "")
    return "" if first in _CLEAR else first


def _declarations(text: str) -> _Declarations:
    found = {}
    for declaration in text.split(";"):
        name, colon, value = declaration.partition(":")
        if colon:
            value = value.replace("!important", "").strip().lower()
            found[name.strip().lower()] = value.replace(" ", "") if name.strip().lower() == "color" else value
    return found


def _without_media(sheet: str) -> str:
    """The rules outside blocks such as `@media print { … }`: those inside hold for some readers only."""
    kept, depth, start = [], 0, 0
    for at in re.finditer(r"@[^{};]*\{|[{}]", sheet):
        if at[0].startswith("@") and depth == 0:
            kept.append(sheet[start : at.start()])
            depth = 1
        elif depth and at[0] == "}":
            depth -= 1
            start = at.end()
        elif depth:
            depth += 1
    return "".join(kept) + (sheet[start:] if not depth else "")


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"\d*\.?\d+|\d+\.", text))
