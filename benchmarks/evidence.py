"""How much of what people judged to be the evidence can be read at all: its words in the text of the page it stands on.

    python -m benchmarks.evidence QUERIES DOCS [QUERIES DOCS …] [--least 0.99] [--worst N] [--json]

QUERIES is a judged set (JSON lines, see `eval.dataset`), DOCS the folder with its PDF files. Each document that a
judged page lies in is read once; nothing is embedded or stored.

For each evidence: the longest common subsequence of its words and the words of its pages' canonical text, divided by
the number of its words. Pages are the stated one up to `page_end`; where the same words were judged to stand on other
pages too, the best of them counts. A word is a run of letters and digits ("10-K" is two, "$1,234.5" three) after this:
NFKC (ligatures and full-width forms become plain letters), soft hyphens and other invisible characters dropped, case
folded. So white space, quotation marks, dashes and all other punctuation do not matter; the order of words does.
"glued" counts the same letters and digits one by one, without the spaces between them: where it is much higher, words
were only divided otherwise ("1s t" for "1st"); where it is as low, they are not there.
"""

from __future__ import annotations

import json
import re
import statistics
import sys
import time
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import click

from core.errors import DossierError, UsageError
from eval.dataset import Judged, read_queries
from ingest.ocr import OcrChoice
from ingest.pdf import read_pdf

_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Found:
    """One judged place: how many words it has, how many stand in order on its page, and the same for letters."""

    query: str
    doc_id: str
    page: int
    words: int
    words_found: int
    letters: int
    letters_found: int

    @property
    def share(self) -> float:
        return self.words_found / self.words


@click.command()
@click.argument("sets", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True), metavar="QUERIES DOCS …")
@click.option("--least", default=0.0, show_default=True, help="Exit with 1 when less than this share is found.")
@click.option("--worst", default=0, show_default=True, help="Name this many places of each set that lost the most.")
@click.option("--ocr", type=click.Choice([choice.value for choice in OcrChoice]), default="auto", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
def main(sets: tuple[Path, ...], least: float, worst: int, ocr: str, as_json: bool) -> None:
    """Measure the share of judged words that the reader finds on their page."""
    try:
        reports = [measured(queries, docs, OcrChoice(ocr), worst) for queries, docs in _pairs(sets)]
    except DossierError as error:
        click.echo(str(error), err=True)
        sys.exit(error.exit_code)
    words = sum(report["words"] for report in reports)
    overall = sum(report["words_found"] for report in reports) / words if words else 0.0
    if as_json:
        click.echo(json.dumps({"sets": reports, "share": round(overall, 5)}, ensure_ascii=False))
    else:
        for report in reports:
            click.echo(
                f"{report['set']}: {report['evidence']} places in {report['documents']} documents, {report['words']} "
                f"words; found {report['share']:.4f} (glued {report['glued']:.4f}), median {report['median']:.4f}, "
                f"{report['whole']} places whole; {report['seconds']} s"
            )
            for row in report["worst"]:
                click.echo(f"  {row['share']:.3f} of {row['words']:4d} words  page {row['page']:3d}  {row['query']}")
        click.echo(f"all: {overall:.4f}")
    sys.exit(int(overall < least))


def _pairs(sets: Sequence[Path]) -> Iterator[tuple[Path, Path]]:
    if len(sets) % 2:
        raise UsageError("Give QUERIES and DOCS in pairs.")
    return zip(sets[::2], sets[1::2], strict=True)


def measured(queries: Path, docs: Path, ocr: OcrChoice, worst: int) -> dict[str, Any]:
    """The figures of one judged set. Raises UsageError when a document is not in `docs`, or no page is judged."""
    started = time.perf_counter()
    judged = [
        (query.id, place)
        for query in read_queries(queries)
        for place in query.evidence
        if place.page is not None and words_of(place.text)
    ]
    if not judged:
        raise UsageError(f"{queries} judges no pages.")
    judged.sort(key=lambda pair: pair[1].doc_id)
    texts: dict[int, str] = {}
    read = ""
    found: list[Found] = []
    for query, place in judged:
        if place.doc_id != read:
            texts, read = _pages(docs / f"{place.doc_id}.pdf", ocr), place.doc_id
        found.append(_found(query, place, texts))
    words = sum(one.words for one in found)
    return {
        "set": str(queries.parent.name),
        "evidence": len(found),
        "documents": len({one.doc_id for one in found}),
        "words": words,
        "words_found": sum(one.words_found for one in found),
        "share": round(sum(one.words_found for one in found) / words, 5),
        "glued": round(sum(one.letters_found for one in found) / sum(one.letters for one in found), 5),
        "median": round(statistics.median(one.share for one in found), 5),
        "whole": sum(one.words_found == one.words for one in found),
        "worst": [
            {"query": one.query, "page": one.page, "words": one.words, "share": round(one.share, 4)}
            for one in sorted(found, key=lambda one: one.words_found - one.words)[:worst]
        ],
        "seconds": round(time.perf_counter() - started, 1),
    }


def _pages(path: Path, ocr: OcrChoice) -> dict[int, str]:
    if not path.is_file():
        raise UsageError(f"{path} is not there.")
    reading = read_pdf(path, ocr=ocr)
    return {page.number: page.span.of(reading.text) for page in reading.pages}


def _found(query: str, place: Judged, texts: dict[int, str]) -> Found:
    assert place.page is not None
    last = place.page_end or place.page
    length = last - place.page
    best = (-1, 0)
    wanted = words_of(place.text)
    letters = "".join(wanted)
    for first in dict.fromkeys((place.page, *place.alternative_pages)):
        there = words_of("\n".join(texts.get(number, "") for number in range(first, first + length + 1)))
        best = max(best, (in_order(wanted, there), in_order(letters, "".join(there))))
    return Found(query, place.doc_id, place.page, len(wanted), best[0], len(letters), best[1])


@lru_cache(maxsize=256)
def words_of(text: str) -> tuple[str, ...]:
    """The words of a text as the module's head says."""
    plain = unicodedata.normalize("NFKC", text)
    plain = "".join(
        character
        for character in plain
        if character.isspace() or unicodedata.category(character) not in ("Cf", "Cc", "Co")
    )
    return tuple(_WORD.findall(plain.casefold()))


def in_order(wanted: Sequence[str], there: Sequence[str]) -> int:
    """Length of the longest common subsequence, by bit vectors (H. Hyyrö, Bit-parallel LCS-length computation
    revisited, 2004): one addition of whole numbers for each element of `there`."""
    places: dict[str, int] = {}
    for index, word in enumerate(wanted):
        places[word] = places.get(word, 0) | 1 << index
    every = (1 << len(wanted)) - 1
    missing = every
    for word in there:
        hits = missing & places.get(word, 0)
        if hits:
            missing = (missing + hits | missing - hits) & every
    return len(wanted) - missing.bit_count()


if __name__ == "__main__":
    main()
