"""Questions made from one's own documents: the span holds the answer, the same seed makes the same set."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from app.service import App
from core.errors import NotFound, UsageError
from eval.dataset import read_queries
from eval.generate import generate
from eval.retrieval import evaluate_app
from tests.conftest import CONTRACT

FIGURES = (
    "# Results\n\n| EUR million | 2024 | 2023 |\n|---|---|---|\n| Net sales | 41.5 | 38.2 |\n| Costs | 26.0 | 24.7 |\n"
)


@pytest.fixture
def deal(app: App, a_folder: Callable[..., Path]) -> App:
    app.ingest([a_folder(supply__txt=CONTRACT, results__md=FIGURES)], collection="deal", by="anna")
    return app


def test_each_question_points_at_words_that_answer_it(deal: App, tmp_path: Path) -> None:
    told = generate(deal, tmp_path / "set.jsonl", collection="deal", limit=50, seed=7)
    queries = {query.query: query for query in read_queries(tmp_path / "set.jsonl")}
    texts = {Path(record.source).stem: deal.document(record.document_id).text for record in deal.documents("deal")}
    for query in queries.values():
        for one in query.evidence:
            assert one.span is not None and one.span.of(texts[one.doc_id]) == one.text
    supplier = queries["What is meant by “Supplier”?"].evidence[0].text
    assert "Northwind Castings GmbH" in supplier and "Tessera" not in supplier
    assert "41.5" in queries["What is Net sales for 2024?"].evidence[0].text
    assert told["questions"] == len(queries)
    assert "What is said on Payment?" in queries, "without the number of the clause"
    assert set(told["types"]) == {"clause", "definition", "table"}
    assert 0 < told["overlap"] <= 1


def test_the_same_seed_makes_the_same_set_and_splits_by_document(deal: App, tmp_path: Path) -> None:
    for name in ("one", "two"):
        generate(deal, tmp_path / name, collection="deal", limit=5, seed=7)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    rows = [json.loads(line) for line in (tmp_path / "one").read_text().splitlines()]
    splits = {(row["doc_id"], row["split"]) for row in rows}
    assert len(splits) == len({doc_id for doc_id, _ in splits})


def test_a_generated_set_can_be_measured(deal: App, tmp_path: Path) -> None:
    generate(deal, tmp_path / "set.jsonl", collection="deal", limit=8, seed=1)
    result = evaluate_app(deal, tmp_path / "set.jsonl", collection="deal", by="anna")
    assert not result.failures
    assert result.metrics["hit@10"].value > 0.5


def test_nothing_to_ask_about_is_told(app: App, a_folder: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        generate(app, tmp_path / "set.jsonl", collection="absent", limit=5, seed=1)
    app.ingest([a_folder(note__txt="Call back.")], collection="deal", by="anna")
    with pytest.raises(UsageError, match="no definition, clause or table"):
        generate(app, tmp_path / "set.jsonl", collection="deal", limit=5, seed=1)
