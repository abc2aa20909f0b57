"""Which reader is for which format: its name and version, and the function that reads. Loads only the one asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from core.errors import UnreadableDocument
from ingest.formats import Format, unsupported
from ingest.ocr import OcrChoice
from ingest.reading import Reading


class Reader(NamedTuple):
    """`parser` is the name and version; `read(path, ocr, languages, on_page)` reads, or raises UnreadableDocument."""

    parser: str
    read: Callable[[Path, OcrChoice, str, Callable[[int, int], None]], Reading]


def _alone(read: Callable[[Path], Reading]) -> Callable[[Path, OcrChoice, str, Callable[[int, int], None]], Reading]:
    """A reader that needs nothing but the file."""
    return lambda path, ocr, languages, on_page: read(path)  # noqa: ARG005 - the readers of pictures take them


def _with_pictures(
    read: Callable[[Path, OcrChoice, str], Reading],
) -> Callable[[Path, OcrChoice, str, Callable[[int, int], None]], Reading]:
    """A reader that reads the pictures of a file as well."""
    return lambda path, ocr, languages, on_page: read(path, ocr, languages)  # noqa: ARG005 - as above


def reader_for(form: Format) -> Reader:
    """The reader of a format. Raises UnreadableDocument for an archive, which is no document of its own."""
    match form:
        case Format.PDF:
            from ingest import pdf

            return Reader(
                pdf.PARSER,
                lambda path, ocr, languages, on_page: pdf.read_pdf(path, ocr=ocr, languages=languages, on_page=on_page),
            )
        case Format.TEXT | Format.MARKDOWN:
            from ingest import plain

            return Reader(plain.PARSER, _alone(lambda path: plain.read_plain(path, markdown=form is Format.MARKDOWN)))
        case Format.DOCX:
            from ingest import word

            return Reader(word.PARSER, _with_pictures(word.read_docx))
        case Format.HTML:
            from ingest import web

            return Reader(web.PARSER, _with_pictures(web.read_html))
        case Format.XLSX:
            from ingest import sheets

            return Reader(sheets.PARSER, _with_pictures(sheets.read_xlsx))
        case Format.CSV | Format.TSV:
            from ingest import sheets

            return Reader(sheets.PARSER, _alone(lambda path: sheets.read_csv(path, form=form)))
        case Format.PPTX:
            from ingest import slides

            return Reader(slides.PARSER, _with_pictures(slides.read_pptx))
        case Format.ODT:
            from ingest import opendocument

            return Reader(opendocument.PARSER, _with_pictures(opendocument.read_odt))
        case Format.ODS:
            from ingest.opendocument import PARSER
            from ingest.opendocument_sheets import read_ods

            return Reader(PARSER, _with_pictures(read_ods))
        case Format.ODP:
            from ingest.opendocument import PARSER
            from ingest.opendocument_slides import read_odp

            return Reader(PARSER, _with_pictures(read_odp))
        case Format.RTF:
            from ingest import rtf

            return Reader(rtf.PARSER, _with_pictures(rtf.read_rtf))
        case Format.PNG | Format.JPEG | Format.TIFF | Format.BMP | Format.GIF | Format.WEBP:
            from ingest import pictures

            return Reader(
                pictures.PARSER,
                lambda path, ocr, languages, on_page: pictures.read_picture(
                    path, form=form, ocr=ocr, languages=languages, on_page=on_page
                ),
            )
        case Format.EML | Format.MSG:
            from ingest import mail

            return Reader(mail.PARSER, _alone(mail.read_eml if form is Format.EML else mail.read_msg))
        case Format.ZIP:
            raise UnreadableDocument("An archive is no document: what is in it can be read once it is unpacked.")
    raise UnreadableDocument(unsupported(f".{form.name.lower()}"))
