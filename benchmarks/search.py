"""How long a search takes, stage by stage, with 10,000 and 100,000 chunks, beside plain llama-index in the same run.

    python -m benchmarks.search [--chunks N …] [--questions N] [--no-settle] [--home FOLDER] [--json]

Documents of ten chunks are made of the example matter: its clauses and tables with other parties, years and figures,
each with the facts that `dossier ingest` would keep. The vectors of the first thousand chunks are real; the others are
those, moved at random. Scope, the embedding of the question, the
embedded index, the catalogue and the audit log are the product's own, through `App.search`. Every question is asked
once to warm up and once to be timed. The peer embeds the question with the same model and asks its in-memory
`SimpleVectorStore` for ten chunks: without scope, filters, words or a disk.

Two things are paid once and not by each question: opening the index, and starting a process (`dossier search` anew).

Stages: "open" is taking the index, "query" the first query of the store, "further" the others of the second look,
"own" what is left (fusion, duplicates, hits). While a run of ingest writes, a question reads rows and facts anew; that
is timed by itself. `--home` keeps the collections for the next run.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

import app.service
import retrieval.sparse
from app.facts import kept_facts
from app.service import App
from app.wiring import open_app
from core.audit import AuditLog
from core.documents import Block, BlockKind, Chunk, Document, DocumentId, Fate, Page, Span, chunk_id
from core.facts import Fact, FactKind, Facts, Origin
from core.privacy import Clearance
from core.settings import settings_from_environment
from ingest.chunk import chunk
from ingest.facts import facts_of
from ingest.parse import parse
from retrieval.catalogue import Record
from retrieval.embed import Embedder, HashEmbedder, SentenceTransformerEmbedder, embedder_for
from retrieval.index import Index
from retrieval.library import Library
from retrieval.points_edge import EdgePoints, EdgeStore

if TYPE_CHECKING:
    from retrieval.embed import Vectors

MATTER = Path(__file__).parent.parent / "examples" / "matter"
MODELS = ("supply-agreement.pdf", "annual-report.pdf")
PER_DOCUMENT = 10
"""Chunks of a document: at 100,000 chunks, the catalogue holds 10,000 documents and their facts."""

REAL = 1000
"""Chunks that are embedded. The model is not what is measured."""

APART = 0.35
"""Length of what is added at random to a real vector of length 1: the two then have a cosine of 1/√(1 + .35²) = .94.
Chosen, not measured: real wordings of one clause may lie closer together or further apart."""

WRITTEN = 200
"""Documents written at once."""

WRITTEN_QUESTIONS = 40
"""Questions asked with a write to the catalogue before each."""

PEER_QUESTIONS = 10
"""Questions to the peer, which takes seconds for each."""

STAGES = ("catalogue", "register", "scope", "embed", "weights", "open", "query", "further", "audit", "own")
SYLLABLES = (
    "bra",
    "cor",
    "del",
    "fen",
    "gal",
    "hor",
    "kin",
    "lum",
    "mar",
    "nor",
    "pel",
    "quin",
    "ros",
    "sol",
    "tav",
    "vel",
)
FORMS = ("GmbH", "plc", "Inc.", "Ltd", "LLC", "AG")
QUESTIONS = (
    "What is the cap on liability in the supply agreement between {a} and {b}?",
    "In the Supply Agreement between {a} and {b}, who bears the risk of loss?",
    "When must {b} pay the invoices of {a}?",
    "What was the quick ratio of {c} in FY{year}?",
    "How much did {c} spend on capital expenditure in FY{year}?",
    "What were the main risks of {c} in {year}?",
    "Which law governs the agreement with {a}?",
    "What is the notice period for termination for convenience?",
    "Who is the auditor of {c}?",
    "What are late payments charged with?",
)


class Moved:
    """The embedder of the product for questions; for documents, real vectors of the first texts, and those moved."""

    def __init__(self, real: Embedder) -> None:
        self.fingerprint, self.size, self.languages, self.max_tokens = (
            real.fingerprint,
            real.size,
            real.languages,
            real.max_tokens,
        )
        self._real = real
        self._rows: Vectors = np.zeros((0, real.size), dtype=np.float32)
        self._seen = 0
        self._random = np.random.default_rng(7)
        self.embed_questions, self.count_tokens = real.embed_questions, real.count_tokens

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        missing = min(len(texts), REAL - len(self._rows))
        if missing > 0:
            self._rows = np.concatenate([self._rows, self._real.embed_documents(texts[:missing])])
        places = (np.arange(self._seen, self._seen + len(texts))) % REAL % len(self._rows)
        noise = self._random.standard_normal((len(texts), self.size), dtype=np.float32)
        noise *= APART / np.linalg.norm(noise, axis=1, keepdims=True)
        noise[: max(missing, 0)] = 0.0
        rows = self._rows[places] + noise
        self._seen += len(texts)
        moved: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return moved


# ── documents of our own making ───────────────────────────────────────────────────────────────────────────────────────


def models(index: Index) -> list[tuple[Document, list[Chunk], Facts]]:
    """Runs of ten chunks of the example matter, with the facts of the whole."""
    found = []
    for name in MODELS:
        document = parse(MATTER / name, collection="bench", clearance=Clearance.RESTRICTED, source=name)
        measure = index.measure(document.text)
        chunks = chunk(document, max_tokens=measure.limit, count_tokens=measure.count)
        facts = facts_of(document)
        runs = len(chunks) // PER_DOCUMENT
        found += [(document, list(chunks[at * PER_DOCUMENT : (at + 1) * PER_DOCUMENT]), facts) for at in range(runs)]
    return found


def company(number: int) -> str:
    """A name of its own for each number below 65,536."""
    letters = [SYLLABLES[number >> shift & 15] for shift in (0, 4, 8, 12)]
    return f"{(letters[0] + letters[1]).capitalize()} {(letters[2] + letters[3]).capitalize()}"


def varied(number: int, model: tuple[Document, list[Chunk], Facts]) -> tuple[Document, list[Chunk], Facts]:
    """The model as the document of other parties, of another year, with other figures."""
    document, chunks, facts = model
    chance = random.Random(number)
    year = 2010 + number % 15
    parties = [fact.value for fact in facts if fact.kind is FactKind.PARTY]
    names = {old: f"{company(3 * number + place)} {FORMS[(number + place) % 6]}" for place, old in enumerate(parties)}
    for fact in facts:
        if fact.kind is FactKind.ALIAS:
            names.setdefault(
                fact.value, company(3 * number).split(" ")[0] if " " not in fact.value else company(3 * number)
            )
    old_names = re.compile("|".join(re.escape(one) for one in sorted(names, key=len, reverse=True)) or r"(?!)")

    def other(text: str) -> str:
        text = re.sub(r"\b20[12]\d\b", str(year), old_names.sub(lambda match: names[match.group()], text))
        return re.sub(r"\d{2,3}(?=[,.\s%)])", lambda match: str(chance.randrange(10 ** len(match.group()))), text)

    texts = [other(one.text) for one in chunks]
    whole = "\n\n".join(texts)
    id = DocumentId(hashlib.sha256(f"{number} {whole}".encode()).hexdigest())
    name = f"{company(3 * number)} {year} {document.title}"
    made, at = [], 0
    for one, text in zip(chunks, texts, strict=True):
        span = Span(at, at + len(text))
        at = span.end + 2
        made.append(
            replace(one, id=chunk_id("bench", id, span), document_id=id, title=name, span=span, text=text, pages=(1,))
        )
    known = tuple(
        Fact(fact.kind, other(names.get(fact.value, fact.value)), fact.origin, fact.sure, None) for fact in facts
    ) + (Fact(FactKind.PERIOD, f"FY{year}", Origin.FILE_NAME, 0.9),)
    page = Page(1, "1", Span(0, len(whole)), Fate.TEXT)
    blocks = tuple(Block(BlockKind.PARAGRAPH, one.span) for one in made)
    return (
        replace(document, id=id, title=name, source=f"{name} {number}.pdf", text=whole, pages=(page,), blocks=blocks),
        made,
        known,
    )


def fill(home: Path, chunks: int, embedder: Embedder, *, settled: bool) -> dict[str, float]:
    """Make the collection `bench` with so many chunks. Seconds of writing, and of settling where that is done."""
    index, library = Index(EdgeStore(home / "index"), Moved(embedder)), Library(home)
    index.prepare("bench")
    kinds = models(index)
    writing = 0.0
    for first in range(0, chunks // PER_DOCUMENT, WRITTEN):
        made = [varied(n, kinds[n % len(kinds)]) for n in range(first, min(first + WRITTEN, chunks // PER_DOCUMENT))]
        embedded = index.embed([(document, its, facts) for document, its, facts in made])
        started = time.perf_counter()
        index.write("bench", embedded)
        writing += time.perf_counter() - started
        for document, its, _ in made:
            library.shelve(_record(document, len(its)))
        library.keep_facts([kept_facts(document, facts) for document, _, facts in made])
    started = time.perf_counter()
    if settled:
        index.settle("bench")
    return {"write": round(writing, 1), "settle": round(time.perf_counter() - started, 1)}


def _record(document: Document, chunks: int) -> Record:
    return Record(
        collection=document.collection,
        document_id=document.id,
        source=document.source,
        origin=f"/bench/{document.source}",
        title=document.title,
        media_type=document.media_type,
        clearance=document.clearance,
        parser=document.parser,
        pages=1,
        characters=len(document.text),
        fates=document.fates(),
        chunks=chunks,
        warnings=(),
        ingested_at="2026-01-01T00:00:00+00:00",
        ingested_by="bench",
    )


def questions(count: int, documents: int) -> list[str]:
    """Questions that name a company, a year, a clause or nothing; each of another document."""
    asked = []
    for number in range(count):
        of = number * 37 % documents
        a, b, c = (company(3 * of + place) for place in (0, 1, 0))
        asked.append(QUESTIONS[number % len(QUESTIONS)].format(a=a, b=b, c=c, year=2010 + of % 15))
    return asked


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds by the clock, and of the processor in all threads: the first mean little on a busy machine."""

    clock: float = 0.0
    processor: float = 0.0

    @classmethod
    def now(cls) -> Spent:
        return cls(time.perf_counter(), time.process_time())

    def __add__(self, other: Spent) -> Spent:
        return Spent(self.clock + other.clock, self.processor + other.processor)

    def __sub__(self, other: Spent) -> Spent:
        return Spent(self.clock - other.clock, self.processor - other.processor)


# ── measuring ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def stages() -> Iterator[dict[str, Spent]]:
    """Seconds by stage of what is done inside; what a stage spends in another is the other's."""
    spent: dict[str, Spent] = defaultdict(Spent)
    running: list[Spent] = []
    undo: list[tuple[Any, str, Any]] = []

    def timed(owner: Any, name: str, stage: Callable[[], str]) -> None:
        plain = getattr(owner, name)

        def wrapped(*args: Any, **kwargs: Any) -> Any:
            started, key = Spent.now(), stage()
            running.append(Spent())
            try:
                return plain(*args, **kwargs)
            finally:
                taken = Spent.now() - started
                spent[key] += taken - running.pop()
                if running:
                    running[-1] += taken

        undo.append((owner, name, plain))
        setattr(owner, name, wrapped)

    def of_query() -> str:
        return "further" if "query" in spent else "query"

    for owner, name, stage in (
        (Library, "shelf", "catalogue"),
        (Library, "shelved", "catalogue"),
        (app.service, "register", "register"),
        (app.service, "documents_meant", "scope"),
        (retrieval.sparse, "question_weights", "weights"),
        (AuditLog, "record", "audit"),
        (EdgeStore, "_opened", "open"),
        (EdgePoints, "close", "open"),
    ):
        timed(owner, name, lambda stage=stage: stage)  # type: ignore[misc]
    timed(EdgePoints, "query", of_query)
    for kind in (SentenceTransformerEmbedder, HashEmbedder):
        timed(kind, "embed_questions", lambda: "embed")
    try:
        yield spent
    finally:
        for owner, name, plain in undo:
            setattr(owner, name, plain)


def measured(dossier: App, asked: Sequence[str]) -> dict[str, tuple[float, float, float]]:
    """Milliseconds of each stage and in total: by the clock p50 and p95, and p50 of processor time."""
    for question in asked:
        dossier.search(question, collection="bench", by="bench")
    rows: list[dict[str, Spent]] = []
    for question in asked:
        with stages() as spent:
            started = Spent.now()
            dossier.search(question, collection="bench", by="bench")
            total = Spent.now() - started
        rows.append({**spent, "own": total - sum(spent.values(), Spent()), "total": total})
    return {stage: _figures([row.get(stage, Spent()) for row in rows]) for stage in (*STAGES, "total")}


def written_between(dossier: App, home: Path, asked: Sequence[str]) -> tuple[float, float, float]:
    """Milliseconds, as `measured`, of a question before which a run wrote to the catalogue."""
    library = Library(home)
    row = library.shelf("bench").records[0]
    taken = []
    for question in asked[:WRITTEN_QUESTIONS]:
        library.shelve(row)
        started = Spent.now()
        dossier.search(question, collection="bench", by="bench")
        taken.append(Spent.now() - started)
    return _figures(taken)


def opening(home: Path) -> Spent:
    """Of opening the index and closing it again: the middle of five."""
    store, taken = EdgeStore(home / "index"), []
    for _ in range(5):
        started = Spent.now()
        with store.open("bench"):
            pass
        store.close()
        taken.append(Spent.now() - started)
    return sorted(taken, key=lambda one: one.processor)[2]


def starting(home: Path, question: str) -> float:
    """Seconds by the clock of `dossier search` in a process of its own: interpreter, libraries, model, index."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "ui.cli", "search", question, "--collection", "bench", "--json"]
    environment = {**os.environ, "DOSSIER_HOME": str(home), "PYTHONPATH": str(MATTER.parent.parent)}
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def peer(home: Path, embedder: Embedder, asked: Sequence[str]) -> tuple[float, float, float]:
    """Milliseconds, as `measured`, of plain llama-index over the same texts and vectors, in its in-memory store."""
    from llama_index.core import VectorStoreIndex
    from llama_index.core.base.embeddings.base import BaseEmbedding
    from llama_index.core.schema import TextNode

    class Same(BaseEmbedding):
        def _get_query_embedding(self, query: str) -> list[float]:
            return list(embedder.embed_questions([query])[0].tolist())

        async def _aget_query_embedding(self, query: str) -> list[float]:
            return self._get_query_embedding(query)

        def _get_text_embedding(self, text: str) -> list[float]:
            raise AssertionError(f"{len(text)} characters have their vector already")

    nodes = []
    with EdgeStore(home / "index").open("bench") as points:
        for page in points.records(None, with_payload=True, with_vector=True):
            for one in page:
                stored: Any = one
                nodes.append(
                    TextNode(id_=str(stored.id), text=stored.payload["text"], embedding=list(stored.vector["dense"]))
                )
    retriever = VectorStoreIndex(nodes, embed_model=Same(model_name="same")).as_retriever(similarity_top_k=10)
    taken = []
    for question in asked[:PEER_QUESTIONS]:
        started = Spent.now()
        retriever.retrieve(question)
        taken.append(Spent.now() - started)
    return _figures(taken)


def _figures(taken: Sequence[Spent]) -> tuple[float, float, float]:
    clock = statistics.quantiles([one.clock for one in taken], n=20, method="inclusive")
    figures = (clock[9], clock[18], statistics.median(one.processor for one in taken))
    return tuple(round(1000 * seconds, 2) for seconds in figures)  # type: ignore[return-value]


@click.command()
@click.option("--chunks", type=click.IntRange(min=200), multiple=True, default=(10_000, 100_000), show_default=True)
@click.option("--questions", "count", type=click.IntRange(min=10), default=100, show_default=True)
@click.option("--home", type=click.Path(path_type=Path, file_okay=False), help="Keep the collections here.")
@click.option("--peer/--no-peer", "with_peer", default=True, help="Also measure plain llama-index.")
@click.option("--settle/--no-settle", "settled", default=True, help="Build the graph after writing, as a run does.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def main(chunks: tuple[int, ...], count: int, home: Path | None, with_peer: bool, settled: bool, as_json: bool) -> None:
    """Time the stages of a search."""
    with tempfile.TemporaryDirectory() as folder:
        reports = [report(home or Path(folder), size, count, with_peer=with_peer, settled=settled) for size in chunks]
    if as_json:
        click.echo(json.dumps({"questions": count, "sizes": reports}))
        return
    for one in reports:
        click.echo(f"\n{one['chunks']:,} chunks of {one['documents']:,} documents {one['made'] or ''}\n")
        click.echo("| milliseconds | p50 | p95 | p50 of processor time |\n|---|---|---|---|")
        rows = {
            **one["stages"],
            "total, with a write before each question": one["written_between"],
            **({"llama-index, in memory": one["peer"]} if with_peer else {}),
        }
        for stage, figures in rows.items():
            click.echo(f"| {stage} | {' | '.join(f'{figure:.1f}' for figure in figures)} |")
        if with_peer:
            ratio = one["peer"][2] / one["stages"]["total"][2]
            click.echo(f"\nllama-index takes {ratio:.1f} times the processor time (p50)")
        click.echo(
            f"\nopening the index: {one['opening'][0]:.0f} ms, {one['opening'][1]:.0f} ms of processor time; "
            f"a process of its own for one question: {one['starting']:.1f} s"
        )
        click.echo(
            f"memory of this process at its highest: {one['memory_mb']:,} MB; index on disk {one['disk_mb']:,} MB"
        )


def report(folder: Path, size: int, count: int, *, with_peer: bool, settled: bool) -> dict[str, Any]:
    """All figures of one size."""
    home = folder / (str(size) if settled else f"{size}-unsettled")
    settings = settings_from_environment(home=home)
    given = settings.embedding
    embedder = embedder_for(given.model, device=given.device, batch_size=given.batch_size, models=settings.models)
    made = {} if (home / "done").exists() else fill(home, size, embedder, settled=settled)
    (home / "done").touch()
    asked = questions(count, size // PER_DOCUMENT)
    opened = opening(home)
    dossier = open_app(settings)
    found = {
        "chunks": size,
        "documents": size // PER_DOCUMENT,
        "made": made,
        "opening": (round(1000 * opened.clock, 1), round(1000 * opened.processor, 1)),
        "starting": round(starting(home, asked[0]), 2),
        "stages": measured(dossier, asked),
        "written_between": written_between(dossier, home, asked),
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10,
        "disk_mb": sum(path.stat().st_blocks for path in home.rglob("*")) >> 11,
    }
    if with_peer:
        found["peer"] = peer(home, embedder, asked)
    return found


if __name__ == "__main__":
    main()
