"""What is drawn in office files: pictures, read by OCR; charts, by the figures behind them; diagrams (SmartArt)."""

from __future__ import annotations

import hashlib
import io
import time
import warnings
from collections import Counter
from collections.abc import Iterator

from core.errors import UnreadableDocument
from ingest import ocr
from ingest.cells import shown
from ingest.ocr import OcrChoice
from ingest.package import Element
from ingest.pieces import times

A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"

_LEAST_HEIGHT = 16  # pixels: nothing smaller holds a line that OCR could read
_LEAST_AREA = 60 * 60  # pixels: icons and bullets are smaller, and hold no words
_ENLARGED = 2
_SMALL = 1600  # pixels of the longer side: below that a picture is a screenshot, not a scan
_MOST_PIXELS = 25_000_000  # of a picture as it is read: an A3 page at 400 dpi
_LEAST_CONFIDENCE = 40.0  # tesseract's, of a word: photographs give specks of 10 to 30, print 80 and more
_MOST_PICTURES = 200  # of one file: at about a second each, well within the time that a file has
_SECONDS = 300.0  # for all pictures of one file


class Pictures:
    """Reads the pictures of one file, each once however often it is shown, and counts what came of them."""

    def __init__(self, choice: OcrChoice, languages: str) -> None:
        self._choice = choice
        self._languages = languages
        self._known: dict[str, str] = {}
        self._fates: Counter[str] = Counter()
        self._until = time.monotonic() + _SECONDS

    def words(self, content: bytes | None, kind: str = "") -> str:
        """The lines of print on a picture; "" for one without, or one that cannot be read: `warnings` counts it.

        `content` None: the picture is not in the file, only a link to it. `kind` is its ending, for the sentence.
        """
        if content is None:
            self._fates["it lies elsewhere, and the file has a link to it"] += 1
            return ""
        digest = hashlib.sha256(content).hexdigest()
        if digest not in self._known:
            try:
                self._known[digest] = self._read(content, kind)
            except UnreadableDocument as error:
                self._known[digest] = ""
                self._fates[str(error)] += 1
        return self._known[digest]

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences for what was read, what shows no words, and what could not be read, with the reason."""
        told = []
        for fate, count in sorted(self._fates.items()):
            was, shows = ("was", "shows") if count == 1 else ("were", "show")
            if fate == "read":
                told.append(f"{times(count, 'picture')} in the file {was} read by OCR.")
            elif fate == "no words":
                told.append(f"{times(count, 'picture')} in the file {shows} no words that could be read.")
            else:
                told.append(f"{times(count, 'picture')} in the file {was} not read: {fate}.")
        return tuple(told)

    @property
    def unread(self) -> bool:
        """True when a picture was not even looked at."""
        return any(fate not in ("read", "no words") for fate in self._fates)

    def _read(self, content: bytes, kind: str) -> str:
        from PIL import Image, UnidentifiedImageError

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # twice as many pixels are an error
                with Image.open(io.BytesIO(content)) as image:
                    if image.height < _LEAST_HEIGHT or image.width * image.height < _LEAST_AREA:
                        return ""
                    if image.format in ("WMF", "EMF"):
                        raise UnreadableDocument("drawings of Windows (.emf, .wmf) cannot be opened here")
                    self._allow()
                    image.load()
                    page = _for_ocr(image)
        except Image.DecompressionBombError as error:
            raise UnreadableDocument("it has more pixels than any page that is scanned") from error
        except UnidentifiedImageError as error:
            raise UnreadableDocument(f"pictures of the kind {kind} cannot be opened here" if kind else _ODD) from error
        except (OSError, SyntaxError, ValueError) as error:
            raise UnreadableDocument("it is damaged") from error
        found = _lines(ocr.read_image(page, languages=self._languages))
        self._fates["read" if found else "no words"] += 1
        return found

    def _allow(self) -> None:
        """Raises UnreadableDocument when this picture is not to be read, or not any more."""
        if self._choice is OcrChoice.NEVER:
            raise UnreadableDocument("reading pictures (OCR) was switched off")
        if not ocr.available():
            raise UnreadableDocument("no OCR program (tesseract) is installed")
        if len(self._known) >= _MOST_PICTURES or time.monotonic() > self._until:
            raise UnreadableDocument(f"the first {_MOST_PICTURES} pictures of a file are read, within {_SECONDS:g} s")


_ODD = "it is of a kind that cannot be opened here"


def _for_ocr(image: Element) -> Element:
    """The picture in shades of grey on white, as large as OCR wants it."""
    from PIL import Image

    from ingest.pictures import flat

    page = flat(image)
    scale = _ENLARGED if max(page.size) < _SMALL else 1
    scale = min(scale, (_MOST_PIXELS / (page.width * page.height)) ** 0.5)
    if scale == 1:
        return page
    size = (max(int(page.width * scale), 1), max(int(page.height * scale), 1))
    return page.resize(size, Image.Resampling.LANCZOS)


def _lines(recognised: ocr.Recognised) -> str:
    """Lines of the words that OCR is sure of; nothing where no word of three letters or figures is among them."""
    lines = [" ".join(word.text for word in line if word.confidence >= _LEAST_CONFIDENCE) for line in recognised.lines]
    text = "\n".join(line for line in lines if any(map(str.isalnum, line)))
    return text if any(sum(map(str.isalnum, word)) >= 3 for word in text.split()) else ""


# ── charts and diagrams ───────────────────────────────────────────────────────────────────────────────────────────────


def chart_rows(chart: Element) -> Iterator[str]:
    """The figures behind a chart: a line for each category, a column for each series. Source: ECMA-376 Part 1, 21.2."""
    series = list(chart.iter(f"{_C}ser"))
    title = chart.find(f".//{_C}chart/{_C}title")
    if title is not None and (heading := " ".join(texts(title))):
        yield heading
    names = [
        one_line(" ".join(one.xpath("string(./*[local-name()='tx']//*[local-name()='v'])").split())) for one in series
    ]
    labels = next((found for one in series for tag in ("cat", "xVal") if (found := _points(one, tag))), {})
    columns = [_points(one, "val") or _points(one, "yVal") for one in series]
    if any(names):
        yield "\t".join(["", *names])
    for place in sorted({place for column in [labels, *columns] for place in column}):
        yield "\t".join([labels.get(place, ""), *(column.get(place, "") for column in columns)])


def _points(series: Element, tag: str) -> dict[int, str]:
    found: dict[int, str] = {}
    for cache in series.xpath(f"./*[local-name()='{tag}']//*[local-name()='numCache' or local-name()='strCache']"):
        number_format = cache.findtext(f"{_C}formatCode") or "General"
        for point in cache.iter(f"{_C}pt"):
            value = point.findtext(f"{_C}v") or ""
            numeric = cache.tag == f"{_C}numCache"
            found[int(point.get("idx", "0"))] = one_line(
                _figure(value, point.get("formatCode", number_format)) if numeric else value
            )
    return found


def _figure(value: str, number_format: str) -> str:
    try:
        return shown(float(value), number_format)
    except ValueError:
        return value


def texts(tree: Element) -> list[str]:
    """The paragraphs of a drawing or a diagram, those without text left out."""
    lines = ("".join(run.text or "" for run in paragraph.iter(f"{A}t")) for paragraph in tree.iter(f"{A}p"))
    return [line for line in map(one_line, lines) if line]


def one_line(text: str) -> str:
    """Text as one line: breaks within a paragraph (vertical tabs in python-pptx) and tabs become spaces."""
    return " ".join(text.split())
