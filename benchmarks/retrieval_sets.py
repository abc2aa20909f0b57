"""Search on every judged set in one run: ingest what is not there yet, ask all questions, print one table.

    python -m benchmarks.retrieval_sets ../shared/bench [--home FOLDER] [--sets obliqa,cuad] [--without LEVER] [--json]

Each set is ingested into a collection of its own name in `--home` (a temporary folder unless one is named; what is
there already is skipped, so that a second run only asks). The figures are those of `dossier eval retrieval`, by the
same code. `--without` switches one thing off, for an ablation:

    whisper     meaning has a full voice also where the embedding model does not read the question's language
    phrases     words in quotation marks are words like others
    references  "§ 433 Abs. 1" is two numbers and not a place
    foreign     a question is cut in its own language alone
    languages   every text is taken for English: one stemmer, one list of stop words, chunks by the model's tokens
    words       chunks are measured by the model's tokens in every language

`references`, `languages` and `words` change what is stored, so they ingest into collections of their own, and so does
`--chunk-tokens N`, for chunks of at most N tokens.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import click

from app.service import App
from app.wiring import open_app
from core.errors import DossierError, UsageError
from core.settings import settings_from_environment
from eval.report import Result
from eval.retrieval import evaluate_app
from retrieval.index import CHUNK_TOKENS, Index, Measure

BY = "benchmarks"

TRUE_MEASURE = Index.measure


@dataclass(frozen=True, slots=True)
class JudgedSet:
    """Folders of judged sets that share one collection, and the metrics that stand in the table."""

    folders: tuple[str, ...]
    metrics: tuple[str, ...]
    docs: str = "docs"
    within_document: bool = False


SETS = {
    "financebench": JudgedSet(("financebench", "financebench_more"), ("hit@5", "hit@10", "document_hit@1")),
    "cuad": JudgedSet(("cuad",), ("char_recall@8000", "hit@10", "document_hit@1"), docs="txt"),
    "obliqa": JudgedSet(("obliqa",), ("recall@5", "recall@10")),
    "policyqa": JudgedSet(("policyqa",), ("hit@5", "hit@10")),
    "docugami": JudgedSet(("docugami_sec10q",), ("document_hit@1",)),
    "tatqa": JudgedSet(("tatqa",), ("hit@5", "hit@10"), within_document=True),
    "legalquad": JudgedSet(("legalquad",), ("hit@1", "hit@5", "hit@10")),
    "alqac": JudgedSet(("alqac_vi",), ("hit@1", "hit@10")),
    "gdpr": JudgedSet(("gdpr_en_de",), ("hit@1", "hit@10")),
}


def _nothing(*_args: object, **_options: object) -> tuple[()]:
    return ()


def _english(_text: str, **_options: object) -> str:
    return "en"


def _in_tokens(index: Index, _text: str) -> Measure:
    return TRUE_MEASURE(index, "")  # of no language, so by the tokens of the model


LEVERS: dict[str, tuple[tuple[str, Any], ...]] = {
    "whisper": (("retrieval.index.WHISPER", 1.0),),
    "phrases": (("retrieval.index.quoted", _nothing),),
    "references": (("retrieval.terms._references", _nothing),),
    "foreign": (("retrieval.sparse.FOREIGN", 1e-9),),
    "languages": (("retrieval.index.language_of", _english), ("retrieval.sparse.language_of", _english)),
    "words": (("retrieval.index.Index.measure", _in_tokens),),
}
STORED = frozenset({"references", "languages", "words"})


@contextmanager
def switched_off(levers: Sequence[str], chunk_tokens: int) -> Iterator[None]:
    with ExitStack() as stack:
        stack.enter_context(patch("retrieval.index.CHUNK_TOKENS", chunk_tokens))
        for lever in levers:
            for name, instead in LEVERS[lever]:
                stack.enter_context(patch(name, instead))
        yield


def measured(app: App, root: Path, name: str, suffix: str, on_step: Callable[[str], None]) -> Result:
    one = SETS[name]
    collection = name + suffix
    on_step(f"{collection}: ingesting")
    report = app.ingest([root / folder / one.docs for folder in one.folders], collection=collection, by=BY)
    if report.counts["quarantined"]:
        raise UsageError(
            f"{report.counts['quarantined']} files of {name} could not be read: figures would mean little."
        )
    on_step(f"{collection}: asking")
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as joined:
        for folder in one.folders:
            joined.write((root / folder / "queries.jsonl").read_text(encoding="utf-8").rstrip("\n") + "\n")
        joined.flush()
        queries = Path(joined.name)
        return evaluate_app(app, queries, collection=collection, within_document=one.within_document, by=BY)


def table(results: dict[str, Result]) -> str:
    """One row for each set and metric: the value with its 95 % interval."""
    lines = ["| set | questions | metric | value | 95 % interval |", "|---|---|---|---|---|"]
    for name, result in results.items():
        for metric in SETS[name].metrics:
            value, low, high = result.metrics[metric]
            lines.append(f"| {name} | {len(result.scored)} | {metric} | {value:.3f} | {low:.3f} – {high:.3f} |")
    return "\n".join(lines)


@click.command(help=(__doc__ or "").split("\n", 1)[0])
@click.argument("root", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--home", type=click.Path(path_type=Path, file_okay=False), help="Where collections are kept.")
@click.option("--sets", default=",".join(SETS), show_default=True, help="Which sets, joined by commas.")
@click.option(
    "--without", multiple=True, type=click.Choice(list(LEVERS)), help="Switch this off; several times for more."
)
@click.option("--chunk-tokens", default=CHUNK_TOKENS, show_default=True, type=click.IntRange(min=20))
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def main(root: Path, home: Path | None, sets: str, without: tuple[str, ...], chunk_tokens: int, as_json: bool) -> None:
    chosen = sets.split(",")
    if unknown := [name for name in chosen if name not in SETS]:
        raise click.BadParameter(f"no such set: {', '.join(unknown)}", param_hint="--sets")
    suffix = "".join(f"-without-{lever}" for lever in sorted(STORED.intersection(without)))
    suffix += f"-{chunk_tokens}" if chunk_tokens != CHUNK_TOKENS else ""
    results: dict[str, Result] = {}
    try:
        with tempfile.TemporaryDirectory(prefix="dossier-bench-") as temporary, switched_off(without, chunk_tokens):
            # Never into the index and catalogue that the environment names.
            settings = settings_from_environment(
                home=home or Path(temporary), qdrant={"url": None}, catalogue={"url": None}
            )
            app = open_app(settings)
            for name in chosen:
                results[name] = measured(app, root, name, suffix, lambda step: click.echo(step, err=True))
    except DossierError as error:
        click.echo(str(error), err=True)
        sys.exit(error.exit_code)
    if as_json:
        rows = {name: result.to_json()["metrics"] for name, result in results.items()}
        click.echo(json.dumps({"without": list(without), "sets": rows}, ensure_ascii=False))
    else:
        click.echo(table(results))


if __name__ == "__main__":
    main()
