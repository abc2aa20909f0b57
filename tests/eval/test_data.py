"""The judged set of the gate: built alike everywhere, its words where it says, strangers among each other."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from eval.data.make import HERE, make, papers, unmarked
from eval.dataset import read_queries
from eval.shipped import SETS


def test_what_is_committed_is_what_the_code_makes(tmp_path: Path) -> None:
    make(tmp_path)
    names = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.*"))
    assert names == sorted(path.relative_to(HERE) for path in (HERE / "documents").iterdir()) + [
        Path("questions.jsonl")
    ]
    assert all((tmp_path / name).read_bytes() == (HERE / name).read_bytes() for name in names)


def test_each_question_points_at_its_words() -> None:
    texts = {path.stem: path.read_text(encoding="utf-8") for path in (HERE / "documents").iterdir()}
    for query in read_queries(HERE / "questions.jsonl"):
        for one in query.evidence:
            assert one.span is not None
            assert one.span.of(texts[one.doc_id]) == one.text
            assert "⟦" not in one.text


def test_no_mark_is_left_and_each_has_a_question_or_stands_for_itself() -> None:
    for paper in papers():
        text, places = unmarked(paper.text)
        assert not set("⟦⟧{}") & set(text)
        assert set(paper.asks) <= set(places)


def test_the_set_is_large_enough_to_gate_and_has_its_slices() -> None:
    queries = [query for _, questions in SETS for query in read_queries(questions)]
    assert len({query.id for query in queries}) == len(queries) >= 120
    assert len({query.doc_id for query in queries}) >= 15
    assert Counter(query.lang for query in queries)["de"] >= 10
    assert sum(not query.answerable for query in queries) >= 12
    assert {"table", "figure", "scan", "clause"} <= {query.type or "" for query in queries}
