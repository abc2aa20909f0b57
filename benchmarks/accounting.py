"""Whether every page of every PDF of a folder is accounted for, and every letter and digit of its text layer.

    python -m benchmarks.accounting FOLDER … [--ocr auto|always|never] [--json]

Pages are counted by pdfium alone and held against the fates that the reader gave. Letters and digits are those that
pdfium finds on a page, as a bag, after NFKC and without what nobody sees: each must stand in the canonical text of that
page, or in what the reader keeps apart as hidden. Pages read by OCR are not held against their broken text layer.
Exit status 1 when a page has no fate, a file could not be read, or a page lost letters.
"""

from __future__ import annotations

import json
import sys
import time
import unicodedata
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import pypdfium2 as pdfium

from core.documents import Fate
from core.errors import UnreadableDocument
from ingest.ocr import OcrChoice
from ingest.pdf import read_pdf


@dataclass(slots=True)
class Account:
    """What became of the pages of one folder. `lost` are letters and digits, `short` the pages that lost some.

    `processor_seconds` are those of the reader alone, without OCR programs.
    """

    folder: str
    files: int = 0
    refused: int = 0
    pages: int = 0
    text: int = 0
    ocr: int = 0
    blank: int = 0
    unreadable: int = 0
    figures: int = 0
    letters: int = 0
    lost: int = 0
    short: int = 0
    processor_seconds: float = 0.0

    @property
    def without_fate(self) -> int:
        return self.pages - self.text - self.ocr - self.blank - self.unreadable


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--ocr", type=click.Choice([choice.value for choice in OcrChoice]), default="auto", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
def main(folders: tuple[Path, ...], ocr: str, as_json: bool) -> None:
    """Hold the pages and letters of PDF files against what the reader made of them."""
    accounts = [accounted(folder, OcrChoice(ocr)) for folder in folders]
    if as_json:
        click.echo(json.dumps({"folders": [asdict(one) | {"without_fate": one.without_fate} for one in accounts]}))
    for one in () if as_json else accounts:
        click.echo(
            f"{one.folder}: {one.files} files ({one.refused} refused), {one.pages:,} pages: {one.text:,} text, "
            f"{one.ocr} ocr, {one.blank} blank, {one.unreadable} unreadable, {one.without_fate} without a fate; "
            f"{one.figures} pages with a warning about figures; {one.letters:,} letters and digits, {one.lost} lost on "
            f"{one.short} pages; {one.pages / max(one.processor_seconds, 0.001):.0f} pages per second of processor time"
        )
    sys.exit(int(any(one.without_fate or one.refused or one.lost for one in accounts)))


def accounted(folder: Path, ocr: OcrChoice) -> Account:
    """The account of all PDF files of a folder."""
    account = Account(str(folder))
    for path in sorted(folder.rglob("*.pdf")):
        account.files += 1
        started = time.process_time()
        try:
            reading = read_pdf(path, ocr=ocr)
        except UnreadableDocument as error:
            click.echo(f"{path.name}: {error}", err=True)
            account.refused += 1
            continue
        account.processor_seconds += time.process_time() - started
        fates = Counter(page.fate for page in reading.pages)
        account.text += fates[Fate.TEXT]
        account.ocr += fates[Fate.OCR]
        account.blank += fates[Fate.BLANK]
        account.unreadable += fates[Fate.UNREADABLE]
        account.figures += sum("figures" in warning for warning in reading.warnings)
        own = _own_letters(path)
        account.pages += len(own)
        hidden: dict[int | None, str] = {}
        for one in reading.hidden:
            hidden[one.page] = hidden.get(one.page, "") + one.text
        for page, letters in zip(reading.pages, own, strict=False):
            if page.fate in (Fate.TEXT, Fate.BLANK):
                read = _letters(page.span.of(reading.text) + hidden.get(page.number, ""))
                lost = (letters - read).total()
                account.letters += letters.total()
                account.lost += lost
                account.short += lost > 0
                if lost:
                    click.echo(f"{path.name}: page {page.number} lost {lost} letters or digits", err=True)
    return account


def _own_letters(path: Path) -> list[Counter[str]]:
    """The letters and digits of each page, by pdfium and nobody else."""
    with pdfium.PdfDocument(path) as pdf:
        found = []
        for index in range(len(pdf)):
            try:
                page = pdf[index]
                text_page = page.get_textpage()
                found.append(_letters(text_page.get_text_range()))
                text_page.close()
                page.close()
            except pdfium.PdfiumError:
                found.append(Counter())
        return found


def _letters(text: str) -> Counter[str]:
    return Counter(character for character in unicodedata.normalize("NFKC", text) if character.isalnum())


if __name__ == "__main__":
    main()
