"""Rich text (.rtf): paragraphs, headings by style, tables, notes and text boxes, read here from the commands.

unstructured gives these to pandoc, a program that would have to be installed beside us; striprtf keeps neither cells
nor notes apart and reads deleted and hidden text as if it were seen. The language is small: groups in braces, commands
after a backslash, text. Source: Rich Text Format Specification, version 1.9.1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.documents import BlockKind
from core.errors import UnreadableDocument
from ingest.formats import Format
from ingest.pieces import Piece, reading_of
from ingest.reading import Reading
from ingest.unseen import Cause, Unseen, with_unseen

PARSER = "dossier-rtf 1"
"""Name and version of this reader; the version rises whenever the same file would give another reading."""

_TOKEN = re.compile(
    r"\\(?P<word>[a-zA-Z]{1,32})(?P<number>-?\d{1,10})? ?|\\'(?P<byte>[0-9a-fA-F]{2})|\\(?P<symbol>[^a-zA-Z])"
    r"|(?P<brace>[{}])|[\r\n]+|(?P<text>[^\\{}\r\n]+)|.",
    re.DOTALL,
)
_DEEPEST = 2000  # groups within groups; real files have some ten

_CHARSETS = {0: "cp1252", 77: "mac-roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "cp936", 136: "cp950"} | {
    161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251"
} | {222: "cp874", 238: "cp1250"}  # fmt: skip
"""Code pages of \\fcharset ("Font Table")."""

_CHARACTERS = {
    "emdash": "—", "endash": "–", "bullet": "•", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”",
    "emspace": " ", "enspace": " ", "qmspace": " ", "tab": " ", "line": " ",
}  # fmt: skip
_SYMBOLS = {"~": "\u00a0", "_": "-", "\\": "\\", "{": "{", "}": "}", "\t": " "}

_SKIPPED = frozenset(
    re.findall(
        r"\w+",
        "colortbl fldinst xe tc rxe pict nonshppict shppict objdata objclass sp shprslt filetbl listtable revtbl "
        "rsidtbl listoverridetable generator atnid atnauthor atndate atnref atnicn info bkmkstart bkmkend "
        "nonesttables pnseclvl themedata colorschememapping datastore latentstyles xmlnstbl ftnsep ftnsepc ftncn "
        "aftnsep aftnsepc aftncn private template",
    )
)
"""Destinations whose content is not text of the document. `nonesttables` repeats a table for older readers."""
_SHOWN_IF_STARRED = frozenset(["shpinst", "shptxt", "annotation", "footnote", "cs", "do", "dptxbxtext"])
"""Destinations that are read although "\\*" allows older readers to skip them."""
_FLOWS = {
    "footnote": BlockKind.FOOTNOTE, "annotation": None,
    "shptxt": BlockKind.PARAGRAPH, "dptxbxtext": BlockKind.PARAGRAPH,
    **dict.fromkeys(("header", "headerl", "headerr", "headerf"), BlockKind.HEADER),
    **dict.fromkeys(("footer", "footerl", "footerr", "footerf"), BlockKind.FOOTER),
}  # fmt: skip
_HEADING_NAME = re.compile(r"\s*heading (\d)\s*;?", re.IGNORECASE)


@dataclass(slots=True)
class _Flow:
    """A stream of paragraphs of its own: the body, a note, a header. `kind` None is a comment."""

    kind: BlockKind | None
    pieces: list[Piece] = field(default_factory=list)
    line: list[str] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)
    listed: bool = False


@dataclass(frozen=True, slots=True)
class _State:
    """What a group inherits and may change for itself."""

    flow: _Flow
    skipped: bool = False
    cause: Cause | None = None
    after_unicode: int = 1
    encoding: str = "cp1252"
    in_table: bool = False
    level: int | None = None
    table: str = ""  # "fonttbl" or "stylesheet" while one is read


def read_rtf(path: Path) -> Reading:
    """The reading of a rich text as it stands once all tracked changes are accepted.

    Deleted text, hidden text and comments are left out and told in warnings.
    Raises UnreadableDocument when the file is damaged or holds no text.
    """
    reader = _Reader()
    reader.read(path.read_bytes().decode("latin-1"))  # one character for each byte; the file says what they mean
    return with_unseen(reading_of(reader.pieces(), "", Format.RTF, (), parser=PARSER), reader.unseen)


class _Reader:
    """One pass over the commands."""

    def __init__(self) -> None:
        self.unseen: list[Unseen] = []
        self._body = _Flow(BlockKind.PARAGRAPH)
        self._notes: list[Piece] = []
        self._state = _State(self._body)
        self._groups: list[_State] = []
        self._bytes = bytearray()
        self._page = 1
        self._fonts: dict[int, str] = {}
        self._levels: dict[int, int] = {}
        self._default = "cp1252"
        self._number = 0  # of the font or style that the table is telling about
        self._name: list[str] = []
        self._cause: Cause | None = None  # of the last piece of text, to count passages and not runs

    def pieces(self) -> list[Piece]:
        return [*self._body.pieces, *self._notes]

    def read(self, content: str) -> None:
        place = to_skip = 0
        starred = fresh = False
        while found := _TOKEN.match(content, place):
            place = found.end()
            word, brace, text = found["word"], found["brace"], found["text"]
            if found[0].isspace() and not text:  # a line break between commands means nothing
                continue
            if found["byte"] is None:
                self._flush()
            if brace == "{":
                if len(self._groups) >= _DEEPEST:
                    raise UnreadableDocument("The file is damaged: its groups never end.")
                self._groups.append(self._state)
                fresh, starred, to_skip = True, False, 0
                continue
            if brace == "}":
                self._close()
                fresh, to_skip = False, 0
            elif found["symbol"] == "*":
                starred = True
                continue
            elif word == "bin":
                place += max(int(found["number"] or 0), 0)
            elif to_skip and (text or found["byte"]):  # what older readers show in place of the character before
                left = max(to_skip - len(text or "."), 0)
                if text and len(text) > to_skip:
                    self._write(text[to_skip:])
                to_skip = left
            elif word:
                number = int(found["number"]) if found["number"] else None
                if word == "u" and number is not None:
                    self._write(chr(number % 0x10000))
                    to_skip = self._state.after_unicode
                else:
                    self._command(word, number, opens=fresh, starred=starred)
            elif found["byte"]:
                if not self._state.skipped:
                    self._bytes.append(int(found["byte"], 16))
            elif found["symbol"] in ("\r", "\n"):
                self._paragraph()
            elif found["symbol"]:
                self._write(_SYMBOLS.get(found["symbol"], ""))
            elif text:
                self._write(text)
            fresh = starred = False
        self._flush()
        while self._groups:
            self._close()
        self._end(self._body)

    def _flush(self) -> None:
        if self._bytes:
            content, self._bytes = bytes(self._bytes), bytearray()
            try:
                text = content.decode(self._state.encoding, "replace")
            except LookupError:
                text = content.decode("cp1252", "replace")
            self._write(text)

    def _write(self, text: str) -> None:
        state = self._state
        if state.table:
            self._name.append(text)
        elif not state.skipped and text:
            if state.cause is None:
                state.flow.line.append(text)
            elif self._cause is state.cause and self.unseen:
                self.unseen[-1] = replace(self.unseen[-1], text=self.unseen[-1].text + text)
            elif text.strip():
                self.unseen.append(Unseen(state.cause, self._page, text))
            if text.strip():
                self._cause = state.cause

    def _command(self, word: str, number: int | None, *, opens: bool, starred: bool) -> None:
        state = self._state
        if opens and ((starred and word not in _SHOWN_IF_STARRED) or word in _SKIPPED):
            self._state = replace(state, skipped=True, table="")
        elif opens and word in ("fonttbl", "stylesheet"):
            self._state = replace(state, table=word)
        elif opens and word in _FLOWS and not state.skipped:
            self._state = replace(state, flow=_Flow(_FLOWS[word]), in_table=False, level=None, cause=None)
        elif state.table:
            self._table_command(word, number)
        elif not state.skipped:
            self._text_command(word, number)

    def _table_command(self, word: str, number: int | None) -> None:
        state = self._state
        if word in ("f", "s") and number is not None:
            self._number, self._name = number, []
        elif word == "fcharset" and state.table == "fonttbl":
            self._fonts[self._number] = _CHARSETS.get(number or 0, self._default)
        elif word == "outlinelevel" and number is not None and number < 9:
            self._levels[self._number] = number + 1

    def _text_command(self, word: str, number: int | None) -> None:
        state = self._state
        on = number != 0
        match word:
            case "par" | "sect":
                self._paragraph()
            case "cell":
                self._cell()
            case "row":
                self._row()
            case "nestcell" | "nestrow":
                self._write(" ")
            case "page":
                self._paragraph()
                self._page += 1
            case "pard":
                self._state = replace(state, in_table=False, level=None)
            case "plain":
                self._state = replace(state, cause=None, encoding=self._default)
            case "intbl":
                self._state = replace(state, in_table=True)
            case "s":
                self._state = replace(state, level=self._levels.get(number or 0))
            case "outlinelevel":
                self._state = replace(state, level=number + 1 if number is not None and number < 9 else None)
            case "v":
                self._state = replace(state, cause=Cause.TEXT if on else None)
            case "deleted":
                self._state = replace(state, cause=Cause.DELETED if on else None)
            case "f" if number is not None:
                self._state = replace(state, encoding=self._fonts.get(number, self._default))
            case "uc" if number is not None:
                self._state = replace(state, after_unicode=max(number, 0))
            case "ansicpg" if number:
                self._default = f"cp{number}"
                self._state = replace(state, encoding=self._default)
            case "mac":
                self._default = "mac-roman"
                self._state = replace(state, encoding=self._default)
            case "listtext" | "pntext":
                state.flow.listed = True
            case _:
                self._write(_CHARACTERS.get(word, ""))

    def _close(self) -> None:
        if not self._groups:
            return
        state, self._state = self._state, self._groups.pop()
        if state.table == "stylesheet" and (heading := _HEADING_NAME.fullmatch("".join(self._name))):
            self._levels.setdefault(self._number, int(heading[1]))
        if state.table:
            self._name = []
        if state.flow is not self._state.flow:
            self._end(state.flow)
            self._place(state.flow)

    def _place(self, flow: _Flow) -> None:
        """Where a flow of its own belongs once it has ended: comments nowhere, notes at the end, the rest here."""
        if flow.kind is None:
            text = "\n".join(piece.text for piece in flow.pieces)
            self.unseen += [Unseen(Cause.COMMENT, self._page, text)] if text else []
        elif flow.kind is BlockKind.PARAGRAPH:
            self._body.pieces += flow.pieces
        else:
            self._notes += [replace(piece, kind=flow.kind, level=None) for piece in flow.pieces]

    def _taken(self, flow: _Flow) -> str:
        text = " ".join("".join(flow.line).split())
        flow.line.clear()
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # \\u writes pairs in two halves

    def _paragraph(self) -> None:
        state = self._state
        if state.skipped or state.table:
            return
        if state.in_table:
            state.flow.line.append(" ")
            return
        self._end_of_table(state.flow)
        text = self._taken(state.flow)
        if text:
            kind = BlockKind.HEADING if state.level else BlockKind.LIST if state.flow.listed else BlockKind.PARAGRAPH
            state.flow.pieces.append(Piece(kind, text, state.level, self._page))
        state.flow.listed = False

    def _cell(self) -> None:
        flow = self._state.flow
        flow.cells.append(self._taken(flow))
        flow.listed = False

    def _row(self) -> None:
        flow = self._state.flow
        line = "\t".join(flow.cells).rstrip()
        flow.cells.clear()
        if line.strip():
            flow.rows.append(line)

    def _end_of_table(self, flow: _Flow) -> None:
        if flow.cells:
            self._row()
        if flow.rows:
            flow.pieces.append(Piece(BlockKind.TABLE, "\n".join(flow.rows), page=self._page))
            flow.rows.clear()

    def _end(self, flow: _Flow) -> None:
        self._end_of_table(flow)
        if text := self._taken(flow):
            flow.pieces.append(Piece(BlockKind.LIST if flow.listed else BlockKind.PARAGRAPH, text, page=self._page))
