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
from ingest.drawings import Pictures
from ingest.formats import Format
from ingest.ocr import OcrChoice
from ingest.pieces import Piece, reading_of
from ingest.reading import Reading
from ingest.unseen import Cause, Unseen, with_unseen

PARSER = "dossier-rtf 2"
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
        "fldinst xe tc rxe nonshppict objdata objclass sp shprslt filetbl listtable revtbl "
        "rsidtbl listoverridetable generator atnid atnauthor atndate atnref atnicn info bkmkstart bkmkend "
        "nonesttables pnseclvl themedata colorschememapping datastore latentstyles xmlnstbl ftnsep ftnsepc ftncn "
        "aftnsep aftnsepc aftncn private template",
    )
)
"""Destinations whose content is not text of the document. `nonesttables` repeats a table for older readers."""
_SHOWN_IF_STARRED = frozenset(["shppict", "shpinst", "shptxt", "annotation", "footnote", "cs", "do", "dptxbxtext"])
"""Destinations that are read although "\\*" allows older readers to skip them."""
_FLOWS = {
    "footnote": BlockKind.FOOTNOTE, "annotation": None,
    "shptxt": BlockKind.PARAGRAPH, "dptxbxtext": BlockKind.PARAGRAPH,
    **dict.fromkeys(("header", "headerl", "headerr", "headerf"), BlockKind.HEADER),
    **dict.fromkeys(("footer", "footerl", "footerr", "footerf"), BlockKind.FOOTER),
}  # fmt: skip
_TABLES = ("fonttbl", "stylesheet", "colortbl")
_BEHIND = ("highlight", "cb", "chcbpat", "cbpat", "chshdng", "shading")  # a colour or a pattern behind the letters
_TINY = 4  # half-points: text below two points is not read by eye, here as in a PDF
_WHITE = 0xF5  # of each of red, green and blue: from here on nobody tells it from paper
_PICTURES = {"pngblip": ".png", "jpegblip": ".jpg", "emfblip": ".emf", "wmetafile": ".wmf", "dibitmap": ".bmp"}
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
    is_shape: bool = False
    shaded: bool = False  # a cell of the row at hand is


@dataclass(slots=True)
class _Picture:
    """A picture while it is read: its bytes in hexadecimal, and the ending of its kind."""

    content: list[str] = field(default_factory=list)
    kind: str = ""


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
    table: str = ""  # one of `_TABLES` while it is read
    white: bool = False
    tiny: bool = False
    backed: bool = False  # something coloured is behind the letters
    picture: _Picture | None = None

    @property
    def unseen(self) -> Cause | None:
        """Why text is not seen as things stand; white text of a shape may be on any colour."""
        if self.cause is not None or self.tiny:
            return self.cause or Cause.TINY
        in_shape = self.flow.kind is BlockKind.PARAGRAPH and self.flow.is_shape
        return Cause.WHITE if self.white and not self.backed and not in_shape else None


def read_rtf(path: Path, ocr: OcrChoice = OcrChoice.AUTO, languages: str = "eng") -> Reading:
    """The reading of a rich text as it stands once all tracked changes are accepted.

    Pictures are read by OCR where they stand. Deleted, hidden, white and tiny text and comments are left out and told.
    Raises UnreadableDocument when the file is damaged or holds no text.
    """
    return read_commands(path.read_bytes(), Pictures(ocr, languages))


def read_commands(content: bytes, pictures: Pictures) -> Reading:
    """The reading of rich text that lies in memory. Raises as `read_rtf`."""
    reader = _Reader(pictures)
    reader.read(content.decode("latin-1"))  # one character for each byte; the file says what they mean
    pieces = reader.pieces()
    if not pieces and pictures.warnings:
        raise UnreadableDocument(" ".join(["The file holds no text.", *pictures.warnings]))
    return with_unseen(reading_of(pieces, "", Format.RTF, pictures.warnings, parser=PARSER), reader.unseen)


class _Reader:
    """One pass over the commands."""

    def __init__(self, pictures: Pictures) -> None:
        self.unseen: list[Unseen] = []
        self._pictures = pictures
        self._colours: list[tuple[int, int, int] | None] = []
        self._colour: dict[str, int] = {}
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
                start, place = place, place + max(int(found["number"] or 0), 0)
                if self._state.picture is not None:
                    self._state.picture.content.append(content[start:place].encode("latin-1").hex())
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
        if state.table == "colortbl":
            for _ in range(text.count(";")):
                told = tuple(self._colour.get(part, 0) for part in ("red", "green", "blue"))
                self._colours.append((told[0], told[1], told[2]) if self._colour else None)
                self._colour = {}
        elif state.table:
            self._name.append(text)
        elif state.picture is not None:
            state.picture.content += [] if state.skipped else [text]
        elif not state.skipped and text:
            cause = state.unseen
            if cause is Cause.WHITE and state.in_table and state.flow.shaded:
                cause = None
            if cause is None:
                state.flow.line.append(text)
            elif self._cause is cause and self.unseen:
                self.unseen[-1] = replace(self.unseen[-1], text=self.unseen[-1].text + text)
            elif text.strip():
                self.unseen.append(Unseen(cause, self._page, text))
            if text.strip():
                self._cause = cause

    def _command(self, word: str, number: int | None, *, opens: bool, starred: bool) -> None:
        state = self._state
        if opens and ((starred and word not in _SHOWN_IF_STARRED) or word in _SKIPPED):
            self._state = replace(state, skipped=True, table="")
        elif opens and word in _TABLES:
            self._state = replace(state, table=word)
            self._colours = [] if word == "colortbl" else self._colours
        elif opens and word == "pict" and not state.skipped:
            self._state = replace(state, picture=_Picture())
        elif state.picture is not None:
            state.picture.kind = _PICTURES.get(word, state.picture.kind)
        elif opens and word in _FLOWS and not state.skipped:
            flow = _Flow(_FLOWS[word], is_shape=_FLOWS[word] is BlockKind.PARAGRAPH)
            self._state = replace(state, flow=flow, in_table=False, level=None, cause=None)
        elif state.table:
            self._table_command(word, number)
        elif not state.skipped:
            self._text_command(word, number)

    def _table_command(self, word: str, number: int | None) -> None:
        state = self._state
        if state.table == "colortbl":
            self._colour[word] = number or 0
        elif word in ("f", "s") and number is not None:
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
                self._state = replace(state, in_table=False, level=None, backed=False)
            case "plain":
                self._state = replace(state, cause=None, encoding=self._default, white=False, tiny=False, backed=False)
            case "trowd":
                state.flow.shaded = False
            case "clcbpat" | "clshdng" if number:
                state.flow.shaded = True
            case "cf":
                self._state = replace(state, white=self._is_white(number or 0))
            case "fs" if number is not None:
                self._state = replace(state, tiny=number < _TINY)
            case _ if word in _BEHIND:
                self._state = replace(state, backed=bool(number) and not self._is_white(number or 0))
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

    def _is_white(self, number: int) -> bool:
        colour = self._colours[number] if 0 <= number < len(self._colours) else None
        return colour is not None and min(colour) >= _WHITE

    def _close(self) -> None:
        if not self._groups:
            return
        state, self._state = self._state, self._groups.pop()
        if state.table == "stylesheet" and (heading := _HEADING_NAME.fullmatch("".join(self._name))):
            self._levels.setdefault(self._number, int(heading[1]))
        if state.table:
            self._name = []
        if state.picture is not None and state.picture is not self._state.picture:
            self._picture(state)
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

    def _picture(self, state: _State) -> None:
        """Put the words of a picture before the paragraph that it stands in."""
        assert state.picture is not None
        digits = "".join("".join(state.picture.content).split())
        try:
            content = bytes.fromhex(digits[: len(digits) // 2 * 2])
        except ValueError:
            content = b""
        if words := self._pictures.words(content, state.picture.kind):
            self._state.flow.pieces.append(Piece(BlockKind.PARAGRAPH, words, page=self._page, pictured=True))

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
