"""A file that is a zip of parts (.docx, .xlsx, .pptx, .odt …): its parts, and how they point at each other.

Relations: ECMA-376 Part 2, 9.3 (Office); OpenDocument names a part by its path alone.
"""

from __future__ import annotations

import posixpath
import zipfile
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from lxml import etree  # type: ignore[import-untyped]

from core.errors import UnreadableDocument
from ingest.formats import PROTECTED

Element: TypeAlias = Any  # of lxml, which brings no types

_UNPACKED_AT_MOST = 1 << 30  # bytes of all parts; a zip bomb unpacks to a thousand times its size
_RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"

_STRICT = b"http://purl.oclc.org/ooxml/"  # of the names in a file of ISO/IEC 29500 Strict, which no library reads


class Relation(NamedTuple):
    """`kind` is the last step of the relation's type ("image", "chart"); `target` a part, "" where it is outside."""

    kind: str
    target: str


class Package:
    """The parts of an office file, in memory. Raises UnreadableDocument for one that is locked or far too large."""

    def __init__(self, path: Path) -> None:
        with zipfile.ZipFile(path) as archive:
            parts = [part for part in archive.infolist() if not part.is_dir()]
            if sum(part.file_size for part in parts) > _UNPACKED_AT_MOST:
                raise UnreadableDocument("The file unpacks to more than 1 GiB.")
            if any(part.flag_bits & 1 for part in parts):
                raise UnreadableDocument(PROTECTED)
            self.parts = {part.filename: archive.read(part) for part in parts}
        if _STRICT in self.parts.get("_rels/.rels", b""):
            raise UnreadableDocument("The file is saved as Strict Open XML: save it in the usual form of its program.")

    def tree(self, name: str, *, large: bool = False) -> Element | None:
        """A part as XML, None where there is none. Entities stay unread; `large` lets single texts be very long."""
        content = self.parts.get(name)
        return None if content is None else parsed(content, large=large)

    def relations(self, name: str) -> dict[str, Relation]:
        """What a part points at, by the id that it uses."""
        folder, file = posixpath.split(name)
        tree = self.tree(f"{folder}/_rels/{file}.rels" if folder else f"_rels/{file}.rels")
        found: dict[str, Relation] = {}
        for one in () if tree is None else tree.iter(_RELATION):
            target = one.get("Target", "")
            inside = one.get("TargetMode") != "External"
            path = posixpath.normpath(target[1:] if target.startswith("/") else posixpath.join(folder, target))
            found[one.get("Id", "")] = Relation(one.get("Type", "").rsplit("/", 1)[-1], path if inside else "")
        return found


def parsed(content: bytes, *, large: bool = False) -> Element:
    """XML from strangers: no entities, no network. Raises lxml's XMLSyntaxError."""
    strict = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=large, remove_comments=True)
    return etree.fromstring(content, strict)
