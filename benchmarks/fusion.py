"""How to fuse meaning and words: reciprocal ranks or scores, with which constants, on every judged set.

    python -m benchmarks.retrieval_sets ../shared/bench --home FOLDER        (ingests)
    python -m benchmarks.fusion ../shared/bench --home FOLDER [--sets obliqa,cuad] [--within-document]

Both rankings are worked out here from the stored vectors, exactly, and fused in each way; the figures are those of
`eval.retrieval`. "rrf 60 1:1" is what the product does. "scores .7" is .7 · cosine + .3 · BM25 / the question's best
BM25, 0 for what is not among a ranking's candidates; "dbsf" is Qdrant's Distribution-Based Score Fusion.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePath

import click
import numpy as np
import scipy.sparse

from benchmarks.retrieval_sets import SETS
from core.documents import DocumentId, Hit
from core.settings import settings_from_environment
from eval.dataset import read_queries
from eval.retrieval import evaluate
from retrieval.embed import embedder_for
from retrieval.index import _chunk
from retrieval.library import Library
from retrieval.points_edge import EdgeStore
from retrieval.sparse import question_weights

Ranking = dict[int, float]
"""Number of a chunk → its score, best first."""

DEPTH = 50
"""Hits that are measured: enough to fill 8,000 characters."""


def reciprocal(meaning: Ranking, words: Ranking, *, k: int, voices: tuple[float, float]) -> Ranking:
    """As Qdrant weighs it: 1 / (k + rank / voice)."""
    fused: Ranking = {}
    for ranking, voice in ((meaning, voices[0]), (words, voices[1])):
        for rank, number in enumerate(ranking, start=1):
            fused[number] = fused.get(number, 0.0) + 1 / (k + rank / voice)
    return fused


def scores(meaning: Ranking, words: Ranking, *, share: float) -> Ranking:
    best = max(words.values(), default=1.0)
    return {
        number: share * meaning.get(number, 0.0) + (1 - share) * words.get(number, 0.0) / best
        for number in {**meaning, **words}
    }


def dbsf(meaning: Ranking, words: Ranking) -> Ranking:
    fused: Ranking = {}
    for ranking in (meaning, words):
        values = np.array(list(ranking.values()))
        spread = 6 * values.std(ddof=1) if len(values) > 1 else 0.0
        for number, value in ranking.items():
            fused[number] = fused.get(number, 0.0) + ((value - values.mean()) / spread + 0.5 if spread else 0.5)
    return fused


WAYS: dict[str, Callable[[Ranking, Ranking], Ranking]] = {
    "meaning alone": lambda meaning, _words: meaning,
    "words alone": lambda _meaning, words: words,
    **{f"rrf {k} 1:1": partial(reciprocal, k=k, voices=(1.0, 1.0)) for k in (60, 40, 20, 10, 2)},
    "rrf 60 1:½": partial(reciprocal, k=60, voices=(1.0, 0.5)),
    "rrf 60 ½:1": partial(reciprocal, k=60, voices=(0.5, 1.0)),
    **{f"scores .{tenths}": partial(scores, share=tenths / 10) for tenths in (5, 6, 7, 8)},
    "dbsf": dbsf,
}


@dataclass(frozen=True, slots=True)
class Collection:
    chunks: tuple[Hit, ...]
    documents: np.ndarray
    dense: np.ndarray
    words: scipy.sparse.csc_matrix
    columns: dict[int, int]


def read(home: Path, name: str) -> Collection:
    """All points of a collection of the embedded index, with IDF in the weights as Qdrant counts it."""
    chunks, dense, rows, columns, values = [], [], [], [], []
    column_of: dict[int, int] = {}
    with EdgeStore(home / "index").open(name) as points:
        for page in points.records(None, with_payload=True, with_vector=True):
            for record in page:
                for index, value in zip(record.vector["bm25"].indices, record.vector["bm25"].values, strict=True):
                    rows.append(len(chunks))
                    columns.append(column_of.setdefault(index, len(column_of)))
                    values.append(value)
                chunks.append(Hit(_chunk(str(record.id), record.payload), 0.0))
                dense.append(record.vector["dense"])
    words = scipy.sparse.csc_matrix((values, (rows, columns)), shape=(len(chunks), len(column_of)))
    holding = np.diff(words.indptr)
    words = words @ scipy.sparse.diags(np.log(1 + (len(chunks) - holding + 0.5) / (holding + 0.5)))
    documents = np.array([hit.chunk.document_id for hit in chunks])
    return Collection(tuple(chunks), documents, np.array(dense), words.tocsc(), column_of)


def ranked(values: np.ndarray, allowed: np.ndarray, candidates: int) -> Ranking:
    numbers = np.flatnonzero(allowed & (values > 0))
    best = numbers[np.argsort(-values[numbers], kind="stable")[:candidates]]
    return {int(number): float(values[number]) for number in best}


def joined(root: Path, folders: Sequence[str]) -> Iterator[str]:
    for folder in folders:
        yield (root / folder / "queries.jsonl").read_text(encoding="utf-8").rstrip("\n") + "\n"


@dataclass(frozen=True, slots=True)
class Search:
    """`eval.retrieval.Search` over a collection in memory, fused in one way."""

    collection: Collection
    vectors: dict[str, np.ndarray]
    fuse: Callable[[Ranking, Ranking], Ranking]
    candidates: int

    def __call__(self, question: str, within: Sequence[DocumentId]) -> list[Hit]:
        here = self.collection
        allowed = np.isin(here.documents, within) if within else np.full(len(here.chunks), True)
        asked = question_weights(question)
        held = {
            here.columns[index]: value
            for index, value in zip(asked.indices, asked.values, strict=True)
            if index in here.columns
        }
        by_words = here.words[:, list(held)] @ np.array(list(held.values())) if held else np.zeros(len(here.chunks))
        fused = self.fuse(
            ranked(here.dense @ self.vectors[question], allowed, self.candidates),
            ranked(by_words, allowed, self.candidates),
        )
        return [here.chunks[one] for one in sorted(fused, key=lambda one: (-fused[one], one))[:DEPTH]]


@click.command(help=(__doc__ or "").split("\n", 1)[0])
@click.argument("root", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--home", required=True, type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--sets", default=",".join(SETS), show_default=True)
@click.option("--candidates", default=100, show_default=True, help="Points that each ranking brings.")
@click.option("--within-document", is_flag=True, help="Search only the document that the question was asked of.")
def main(root: Path, home: Path, sets: str, candidates: int, within_document: bool) -> None:
    embedding = settings_from_environment().embedding
    embedder = embedder_for(
        embedding.model, device=embedding.device, batch_size=embedding.batch_size, models=home / "models"
    )
    for name in sets.split(","):
        collection = read(home, name)
        records = Library(home).records(name)
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
            file.writelines(joined(root, SETS[name].folders))
            file.flush()
            queries = read_queries(Path(file.name))
        vectors = {query.query: embedder.embed_questions([query.query])[0] for query in queries}
        paged = {one.document_id for one in records if PurePath(one.source).suffix not in {".txt", ".md"}}
        metrics = [metric for metric in SETS[name].metrics if not (within_document and metric == "document_hit@1")]
        click.echo(f"\n| {name} | {' | '.join(metrics)} |\n|---{'|---' * len(metrics)}|")
        for way, fuse in WAYS.items():
            result = evaluate(
                queries,
                Search(collection, vectors, fuse, candidates),
                {PurePath(one.source).stem: one.document_id for one in records},
                within_document=within_document or SETS[name].within_document,
                paged=paged,
            )
            click.echo(f"| {way} | {' | '.join(f'{result.metrics[metric].value:.3f}' for metric in metrics)} |")


if __name__ == "__main__":
    main()
