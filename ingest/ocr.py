"""Reading pictures of text with tesseract, a program of its own: which words it sees, and where on the picture.

One picture is one call of the program, on one core; whoever has many runs several at once and waits in threads.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean
from typing import TYPE_CHECKING

from core.errors import UnreadableDocument

if TYPE_CHECKING:
    from PIL import Image


class OcrChoice(StrEnum):
    """When pages are read as pictures: where there is no usable text layer, on every page, or not at all."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class OcrWord:
    """A word and its rectangle in pixels of the picture as turned; `confidence` is tesseract's, 0 to 100."""

    text: str
    left: int
    top: int
    right: int
    bottom: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Recognised:
    """The lines of words that were seen, from the top down.

    `turned` is by how many quarter turns clockwise the picture had to be turned before its text stood upright; the
    words' rectangles are those of the turned picture.
    """

    lines: tuple[tuple[OcrWord, ...], ...]
    turned: int = 0


# Seconds for one call. A page takes about one (0.7 s at 200 dpi); a drawing full of specks can take minutes.
TIMEOUT = 60
# tesseract asks for 300 dpi and reads print well from 200 on.
DPI = 200
# One uniform block of text: rows of tables stay rows (columns of prose are told apart by `ingest.layout`).
_UNIFORM_BLOCK = "6"
_ORIENTATION_ONLY = "0"
# Below this mean confidence the picture may lie on its side or head: upright print has 85 and more, turned print 20–50.
_DOUBTFUL = 65.0
# Tesseract's own measure for its guess of the orientation; its manual calls values under about 2 a guess.
_SURE_OF_ORIENTATION = 2.0
_LANGUAGES = re.compile(r"[A-Za-z_]+(?:\+[A-Za-z_]+)*")
_ORIENTATION = re.compile(r"^Rotate: (\d+)$.*^Orientation confidence: ([\d.]+)$", re.MULTILINE | re.DOTALL)


def available() -> bool:
    """True when tesseract can be started."""
    return shutil.which("tesseract") is not None


def languages_installed() -> frozenset[str]:
    """The languages that tesseract can read, as it names them; none when it cannot be started."""
    try:
        run = subprocess.run(["tesseract", "--list-langs"], capture_output=True, timeout=TIMEOUT, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return frozenset()
    # The first line says where they lie. Older versions print the list on the side.
    return frozenset((run.stdout or run.stderr).decode("utf-8", "replace").split("\n")[1:]) - {""}


def read_image(image: Image.Image, *, languages: str = "eng", timeout: float = TIMEOUT) -> Recognised:
    """The words on a picture; none is a result.

    `languages` as tesseract names them, joined by "+". Raises UnreadableDocument when tesseract is not installed, lacks
    a language, fails, or needs more than `timeout` seconds.
    """
    if not _LANGUAGES.fullmatch(languages):
        raise UnreadableDocument(f"“{languages}” names no languages as tesseract does (for example: eng+deu).")
    upright = _read(image, languages=languages, timeout=timeout)
    if _confidence(upright) >= _DOUBTFUL:
        return Recognised(upright)
    turns = _turns(image, timeout=timeout)
    if turns == 0:
        return Recognised(upright)
    # Pillow turns counter-clockwise.
    turned = _read(image.rotate(-90 * turns, expand=True), languages=languages, timeout=timeout)
    return Recognised(turned, turns) if _confidence(turned) > _confidence(upright) else Recognised(upright)


def _confidence(lines: Sequence[Sequence[OcrWord]]) -> float:
    confidences = [word.confidence for line in lines for word in line]
    return fmean(confidences) if confidences else 0.0


def _read(image: Image.Image, *, languages: str, timeout: float) -> tuple[tuple[OcrWord, ...], ...]:
    arguments = ["-l", languages, "--psm", _UNIFORM_BLOCK, "--dpi", str(DPI), "tsv"]
    return words_of_tsv(_tesseract(image, arguments, timeout=timeout))


def _turns(image: Image.Image, *, timeout: float) -> int:
    """By how many quarter turns clockwise the picture must be turned; 0 also when tesseract cannot tell."""
    try:
        found = _ORIENTATION.search(_tesseract(image, ["--psm", _ORIENTATION_ONLY], timeout=timeout))
    except UnreadableDocument:
        # Too few letters, or the data for telling orientations is not installed: then it stays as it is.
        return 0
    return int(found[1]) // 90 % 4 if found and float(found[2]) >= _SURE_OF_ORIENTATION else 0


def _tesseract(image: Image.Image, arguments: Sequence[str], *, timeout: float) -> str:
    picture = io.BytesIO()
    # PNG at the lowest compression: the picture only passes through a pipe.
    image.save(picture, format="PNG", compress_level=1)
    try:
        run = subprocess.run(
            ["tesseract", "stdin", "stdout", *arguments],
            input=picture.getvalue(),
            capture_output=True,
            timeout=timeout,
            # Its own threads fight over the cores: with two of them a page takes ten times as long.
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},
            check=False,
        )
    except FileNotFoundError as error:
        raise UnreadableDocument("no OCR program (tesseract) is installed") from error
    except subprocess.TimeoutExpired as error:
        raise UnreadableDocument(f"OCR took longer than {timeout:g} seconds") from error
    except OSError as error:
        raise UnreadableDocument("the OCR program (tesseract) could not be started") from error
    said = run.stderr.decode("utf-8", "replace")
    # With one of several languages missing it goes on with the others, and says so on the side.
    if "loading language" in said or "load any languages" in said:
        raise UnreadableDocument("the OCR program (tesseract) lacks a language that was asked for")
    if run.returncode != 0:
        raise UnreadableDocument("the OCR program (tesseract) failed")
    return run.stdout.decode("utf-8", "replace")


def words_of_tsv(text: str) -> tuple[tuple[OcrWord, ...], ...]:
    """The lines of tesseract's TSV: 12 columns (level, page, block, paragraph, line, word, left, top, width, height,
    conf, text), one row per word at level 5. Source: tesseract's manual, "tsv" output.
    """
    lines: dict[tuple[str, ...], list[OcrWord]] = {}
    for row in text.splitlines():
        fields = row.split("\t")
        if len(fields) < 12 or fields[0] != "5" or not fields[11].strip():
            continue
        left, top, width, height = map(int, fields[6:10])
        word = OcrWord(fields[11].strip(), left, top, left + width, top + height, float(fields[10]))
        lines.setdefault(tuple(fields[1:5]), []).append(word)
    return tuple(tuple(line) for line in lines.values())
