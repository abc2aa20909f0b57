"""Questions in one language over documents of another: the titles of the GDPR's articles, asked of either language.

    python -m benchmarks.retrieval_sets ../shared/bench --home FOLDER --sets gdpr      (ingests)
    python -m benchmarks.cross_language ../shared/bench --home FOLDER

With DOSSIER_EMBEDDING_MODEL as it was when the home was filled. Each kind of question is asked twice: of all articles,
and of those in the language of its answer, as in a collection of one language. Reciprocal ranks, k = 60, meaning and
words with a full voice; without scope and second look.
"""

from __future__ import annotations

import json
from pathlib import Path, PurePath

import click

from benchmarks.fusion import WAYS, Search, read
from core.settings import settings_from_environment
from eval.dataset import read_queries
from eval.retrieval import evaluate
from retrieval.embed import embedder_for
from retrieval.library import Library

SET, COLLECTION = "gdpr_en_de", "gdpr"
METRICS = ("hit@1", "hit@5", "hit@10")
CANDIDATES = 100


@click.command(help=(__doc__ or "").split("\n", 1)[0])
@click.argument("root", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--home", required=True, type=click.Path(path_type=Path, file_okay=False, exists=True))
def main(root: Path, home: Path) -> None:
    given = settings_from_environment().embedding
    embedder = embedder_for(given.model, device=given.device, batch_size=given.batch_size, models=home / "models")
    collection = read(home, COLLECTION)
    ids = {PurePath(one.source).stem: one.document_id for one in Library(home).records(COLLECTION)}
    lines = (root / SET / "docs.jsonl").read_text(encoding="utf-8").splitlines()
    language = {row["doc_id"]: row["lang"] for row in map(json.loads, lines)}
    queries = read_queries(root / SET / "queries.jsonl")
    vectors = {query.query: embedder.embed_questions([query.query])[0] for query in queries}
    search = Search(collection, vectors, WAYS["rrf 60 1:1"], CANDIDATES)
    click.echo(f"| question → document | among | {' | '.join(METRICS)} |\n|---|---{'|---' * len(METRICS)}|")
    for asked in ("en", "de"):
        for answered in ("en", "de"):
            those = [
                query for query in queries if query.lang == asked and language[query.evidence[0].doc_id] == answered
            ]
            alone = [id for stem, id in ids.items() if language[stem] == answered]
            for among, within in (("both", list(ids.values())), (answered, alone)):
                result = evaluate(those, lambda question, _, here=within: search(question, here), ids)
                figures = " | ".join(f"{result.metrics[metric].value:.3f}" for metric in METRICS)
                click.echo(f"| {asked} → {answered} | {among} | {figures} |")


if __name__ == "__main__":
    main()
