"""The simplest search that could do the job, measured as Dossier is: BM25 over pieces of about 200 words.

    python -m benchmarks.baseline_bm25 QUERIES.jsonl DOCS_FOLDER [--within-document] [--json]

Words are runs of letters and digits, in lower case. A piece never crosses a page. Compare with
`dossier eval retrieval QUERIES.jsonl --collection NAME [--within-document]`, which has the same metrics and questions.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import pypdfium2

from core.documents import Chunk, DocumentId, Hit, Span, chunk_id
from core.errors import DossierError, UsageError
from eval.dataset import read_queries
from eval.report import markdown
from eval.retrieval import LIMIT, evaluate

WORDS = 200
K1, B = 1.2, 0.75  # Robertson & Zaragoza 2009, "The Probabilistic Relevance Framework", and Lucene's defaults


def pages_of(path: Path) -> Iterator[str]:
    """The text of each page; a text file is one page, and its offsets are those of the file."""
    if path.suffix != ".pdf":
        yield path.read_bytes().decode("utf-8")
        return
    with pypdfium2.PdfDocument(path) as pdf:
        for page in pdf:
            yield page.get_textpage().get_text_bounded()
            page.close()


def pieces_of(path: Path) -> Iterator[Chunk]:
    """The document in pieces. Pages are joined by a line break, spans are in that text."""
    document, offset = DocumentId(path.stem), 0
    for number, text in enumerate(pages_of(path), start=1):
        words = list(re.finditer(r"\S+", text))
        for first in range(0, len(words), WORDS):
            span = Span(words[first].start(), words[min(first + WORDS, len(words)) - 1].end())
            where = span.shifted(offset)
            yield Chunk(chunk_id("bm25", document, where), document, path.stem, where, span.of(text), (number,), "")
        offset += len(text) + 1


def words_of(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


class Bm25:
    """Holds the postings: word → (piece, weight), with the weight that the piece adds to a score already worked out."""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self._chunks = chunks
        counts = [Counter(words_of(chunk.text)) for chunk in chunks]
        mean = sum(count.total() for count in counts) / len(counts)
        holding = Counter(word for count in counts for word in count)
        self._postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for number, count in enumerate(counts):
            norm = K1 * (1 - B + B * count.total() / mean)
            for word, times in count.items():
                rarity = math.log(1 + (len(counts) - holding[word] + 0.5) / (holding[word] + 0.5))
                self._postings[word].append((number, rarity * times * (K1 + 1) / (times + norm)))

    def search(self, question: str, documents: Sequence[DocumentId]) -> list[Hit]:
        scores: dict[int, float] = defaultdict(float)
        for word in set(words_of(question)):
            for number, weight in self._postings.get(word, ()):
                scores[number] += weight
        ranked = sorted(scores.items(), key=lambda scored: (-scored[1], scored[0]))
        found = (Hit(self._chunks[number], score) for number, score in ranked)
        return [hit for hit in found if not documents or hit.chunk.document_id in documents][:LIMIT]


@click.command()
@click.argument("queries", type=click.Path(path_type=Path))
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--within-document", is_flag=True, help="Search only the document that the question was asked of.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def main(queries: Path, folder: Path, within_document: bool, as_json: bool) -> None:
    """Measure plain BM25 over the PDF, .txt and .md files of FOLDER."""
    files = sorted(path for path in folder.iterdir() if path.suffix in {".pdf", ".txt", ".md"})
    chunks = [chunk for path in files for chunk in pieces_of(path)]
    try:
        if not chunks:
            raise UsageError(f"There is no text to search in {folder}.")
        result = evaluate(
            read_queries(queries),
            Bm25(chunks).search,
            {path.stem: DocumentId(path.stem) for path in files},
            within_document=within_document,
            paged={DocumentId(path.stem) for path in files if path.suffix == ".pdf"},
        )
    except DossierError as error:
        click.echo(str(error), err=True)
        sys.exit(error.exit_code)
    click.echo(json.dumps(result.to_json(), ensure_ascii=False) if as_json else markdown(result), nl=as_json)


if __name__ == "__main__":
    main()
