from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.documents import Span
from core.errors import UsageError
from eval.dataset import Judged, read_queries

BENCH = Path(__file__).parents[3] / "shared" / "bench"
SETS = sorted(path.parent.name for path in BENCH.glob("*/queries.jsonl"))


def a_row(**fields: Any) -> dict[str, Any]:
    return {"id": "1", "query": "When are fees due?", "doc_id": "contract", "evidence": [], **fields}


def a_file(folder: Path, *rows: dict[str, Any] | str) -> Path:
    path = folder / "queries.jsonl"
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_question_keeps_all_places_where_a_hit_counts(tmp_path: Path) -> None:
    evidence = {
        "doc_id": "contract",
        "page": 2,
        "page_end": 3,
        "start": 10,
        "end": 20,
        "text": "thirty days",
        "alt_spans": [[40, 50]],
        "alt_pages": [7],
        "n_occurrences": 2,
    }
    (query,) = read_queries(a_file(tmp_path, a_row(evidence=[evidence], type="Payment", lang="en")))
    (judged,) = query.evidence
    assert judged.spans == {Span(10, 20), Span(40, 50)}
    assert judged.pages == {2, 3, 7}
    assert (query.type, query.lang, query.answerable) == ("Payment", "en", True)


def test_evidence_without_span_and_page_is_the_whole_document(tmp_path: Path) -> None:
    evidence = {"doc_id": "contract", "start": None, "end": None, "text": ""}
    (query,) = read_queries(a_file(tmp_path, a_row(evidence=[evidence])))
    assert query.evidence == (Judged("contract"),)
    assert not query.evidence[0].spans
    assert not query.evidence[0].pages


def test_a_question_may_hold_a_line_separator(tmp_path: Path) -> None:
    (query,) = read_queries(a_file(tmp_path, "", a_row(query="Fees\u2028and costs?"), ""))
    assert query.query == "Fees\u2028and costs?"


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("{not json", "this is not JSON"),
        ("[1, 2]", "dictionary"),
        ({"id": "1", "query": "?", "evidence": []}, "doc_id: Field required"),
        (a_row(id=7), "id: Input should be a valid string"),
        (a_row(query="  "), "query: "),
        (a_row(evidence=[{"doc_id": "a", "page": 0}]), "evidence.0.page: "),
        (a_row(evidence=[{"doc_id": "a", "page": "3"}]), "evidence.0.page: "),
        (a_row(evidence=[{"doc_id": "a", "start": 3}]), "start and end belong together"),
        (a_row(evidence=[{"doc_id": "a", "start": 5, "end": 5}]), "a span must end after it starts"),
        (a_row(evidence=[{"doc_id": "a", "start": 1, "end": 5, "alt_spans": [[9, 8]]}]), "must end after"),
        (a_row(evidence=[{"doc_id": "a", "page": 4, "page_end": 3}]), "page_end must not come before page"),
        (a_row(id="0"), "the id 0 stands there twice"),
    ],
)
def test_a_wrong_line_is_named_with_its_number(tmp_path: Path, row: dict[str, Any] | str, says: str) -> None:
    path = a_file(tmp_path, a_row(id="0"), row)
    with pytest.raises(UsageError) as raised:
        read_queries(path)
    assert str(raised.value).startswith(f"{path}, line 2: ")
    assert says in str(raised.value)
    assert str(raised.value).endswith(".")


def test_a_file_that_cannot_be_read_or_is_empty_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_queries(tmp_path / "absent.jsonl")
    with pytest.raises(UsageError, match="holds no question"):
        read_queries(a_file(tmp_path, ""))
    latin = tmp_path / "latin.jsonl"
    latin.write_bytes(b'{"query": "\xe9"}')
    with pytest.raises(UsageError, match="not UTF-8"):
        read_queries(latin)


@pytest.mark.skipif(not SETS, reason="the shared bench data lies beside the project in CI only")
@pytest.mark.parametrize("name", SETS or ["absent"])
def test_every_judged_set_of_the_bench_is_read_whole(name: str) -> None:
    path = BENCH / name / "queries.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    queries = read_queries(path)
    assert [query.id for query in queries] == [row["id"] for row in rows]
    assert [len(query.evidence) for query in queries] == [len(row["evidence"]) for row in rows]
    assert [not query.answerable for query in queries] == [row.get("answerable") is False for row in rows]
