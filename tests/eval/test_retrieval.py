from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import ir_measures
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.answers import Narrowing
from core.documents import Block, BlockKind, Chunk, Document, DocumentId, Fate, Hit, Page, Span
from core.errors import ServiceDown, UsageError
from core.privacy import Clearance
from eval.compare import compared
from eval.dataset import Judged, Query
from eval.report import Result, Spot, markdown
from eval.retrieval import evaluate, evaluate_app, place_of

A, B = DocumentId("a" * 64), DocumentId("b" * 64)
DOCUMENTS = {"alpha": A, "beta": B}


def a_hit(document: DocumentId, start: int, end: int, *pages: int) -> Hit:
    chunk = Chunk(f"{document[:1]}{start}", document, "", Span(start, end), "x" * (end - start), pages or (1,), "")
    return Hit(chunk, 1.0)


def a_query(*evidence: Judged, id: str = "1", doc_id: str = "alpha", **fields: Any) -> Query:
    return Query(id, f"question {id}", doc_id, evidence, **fields)


def at(start: int, end: int, doc_id: str = "alpha") -> Judged:
    return Judged(doc_id, span=Span(start, end))


def measured(query: Query, hits: Sequence[Hit], **options: Any) -> Mapping[str, float]:
    result = evaluate([query], lambda _question, _documents: hits, DOCUMENTS, **options)
    return result.scored[0].scores


# ── relevance ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_hit_is_relevant_when_it_shares_a_character_with_a_judged_span() -> None:
    place = place_of(at(10, 20), A, paged=False)
    assert place.touched_by(a_hit(A, 19, 30))
    assert not place.touched_by(a_hit(A, 20, 30))
    assert not place.touched_by(a_hit(B, 10, 20))


def test_where_only_a_page_is_judged_any_of_the_pages_of_a_hit_may_be_it() -> None:
    place = place_of(Judged("alpha", page=4, page_end=5, alternative_pages=(9,)), A, paged=False)
    assert place.touched_by(a_hit(A, 0, 9, 3, 4))
    assert place.touched_by(a_hit(A, 0, 9, 5))
    assert place.touched_by(a_hit(A, 0, 9, 9))
    assert not place.touched_by(a_hit(A, 0, 9, 6))


def test_the_same_words_elsewhere_count_as_well() -> None:
    place = place_of(Judged("alpha", span=Span(0, 5), alternatives=(Span(50, 55),)), A, paged=False)
    assert place.touched_by(a_hit(A, 52, 60))


def test_offsets_of_a_text_file_are_not_used_on_a_pdf_whose_page_is_judged() -> None:
    judged = Judged("alpha", page=2, span=Span(0, 5))
    assert place_of(judged, A, paged=False).judged_by == "span"
    assert place_of(judged, A, paged=True).judged_by == "page"
    assert place_of(at(0, 5), A, paged=True).judged_by == "span"


def test_without_span_and_page_the_whole_document_is_the_place() -> None:
    place = place_of(Judged("alpha"), A, paged=True)
    assert place.touched_by(a_hit(A, 0, 1, 40))
    assert not place.touched_by(a_hit(B, 0, 1, 40))


# ── metrics, worked by hand ───────────────────────────────────────────────────────────────────────────────────────────


def test_two_places_found_at_ranks_two_and_four() -> None:
    scores = measured(
        a_query(at(0, 10), at(100, 110)),
        [a_hit(B, 0, 10), a_hit(A, 5, 15), a_hit(A, 8, 9), a_hit(A, 105, 120)],
    )
    dcg = 1 / math.log2(3) + 1 / math.log2(5)
    ideal = 1 + 1 / math.log2(3)
    assert scores == pytest.approx(
        {
            "hit@1": 0, "hit@3": 1, "hit@5": 1, "hit@10": 1, "hit@20": 1,
            "recall@1": 0, "recall@3": 0.5, "recall@5": 1, "recall@10": 1, "recall@20": 1,
            "precision@1": 0, "precision@5": 0.6, "precision@10": 0.3,
            "map": (1 / 2 + 2 / 4) / 2, "mrr": 0.5, "mrr@10": 0.5, "ndcg@10": dcg / ideal,
            "document_hit@1": 0, "document_hit@5": 1, "document_hit@10": 1,
            "document_recall@1": 0, "document_recall@5": 1, "document_recall@10": 1,
            "document_precision@1": 0, "document_precision@5": 0.6, "document_precision@10": 0.3,
            "document_map": 0.5, "document_mrr": 0.5, "document_ndcg@10": 1 / math.log2(3),
                "char_recall@8000": 0.5, "char_precision@8000": 10 / 35,
        }
    )  # fmt: skip


def test_characters_are_counted_within_the_budget_and_each_once() -> None:
    query = a_query(at(0, 100), at(8000, 8100))
    hits = [a_hit(A, 50, 150), a_hit(A, 50, 150), a_hit(B, 0, 7770), a_hit(A, 8000, 8100)]
    scores = measured(query, hits)
    assert scores["char_recall@8000"] == (50 + 30) / 200
    assert measured(query, hits[::-1])["char_recall@8000"] == (50 + 100) / 200
    assert measured(query, [a_hit(A, 0, 100), a_hit(A, 8000, 8100)])["char_precision@8000"] == 1


def test_of_words_that_stand_several_times_the_place_that_was_returned_counts() -> None:
    repeated = Judged("alpha", span=Span(0, 10), alternatives=(Span(500, 510),))
    assert measured(a_query(repeated), [a_hit(A, 490, 520)])["char_recall@8000"] == 1


def test_characters_that_two_judged_places_share_are_counted_once() -> None:
    scores = measured(a_query(at(0, 10), at(5, 15), at(5, 15)), [a_hit(A, 0, 15)])
    assert scores["char_recall@8000"] == scores["char_precision@8000"] == 1


def test_characters_are_not_counted_where_pages_were_judged() -> None:
    assert "char_recall@8000" not in measured(a_query(Judged("alpha", page=3)), [a_hit(A, 0, 10, 3)])


def test_a_place_found_twice_counts_once() -> None:
    scores = measured(a_query(at(0, 10), at(100, 110)), [a_hit(A, 0, 5), a_hit(A, 5, 10)])
    assert scores["recall@20"] == 0.5
    assert scores["ndcg@10"] == pytest.approx(1 / (1 + 1 / math.log2(3)))


def test_a_hit_that_holds_both_places_finds_both() -> None:
    scores = measured(a_query(at(0, 10), at(100, 110)), [a_hit(A, 0, 200)])
    assert scores["recall@1"] == 1
    assert scores["ndcg@10"] == 1


def test_two_pieces_of_evidence_on_one_judged_page_are_one_place() -> None:
    query = a_query(Judged("alpha", page=3, text="one"), Judged("alpha", page=3, text="two"), Judged("alpha", page=8))
    assert measured(query, [a_hit(A, 0, 5, 3)])["recall@1"] == 0.5


def test_rank_eleven_is_seen_by_mrr_but_not_by_mrr_at_ten() -> None:
    scores = measured(a_query(at(0, 10)), [a_hit(B, number, number + 1) for number in range(10)] + [a_hit(A, 0, 1)])
    assert scores["mrr"] == pytest.approx(1 / 11)
    assert scores["mrr@10"] == scores["ndcg@10"] == scores["hit@10"] == 0
    assert scores["hit@20"] == 1


def test_hits_beyond_the_limit_do_not_count() -> None:
    scores = measured(a_query(at(0, 10)), [a_hit(B, 0, 1)] * 5 + [a_hit(A, 0, 1)], limit=5)
    assert scores["hit@5"] == scores["mrr"] == 0
    assert "hit@10" not in scores
    assert "ndcg@10" not in scores


@given(
    st.lists(st.tuples(st.sampled_from([A, B]), st.integers(0, 90)), max_size=25),
    st.lists(st.integers(0, 95), min_size=1, max_size=5),
)
def test_every_score_is_a_share_and_grows_with_the_depth(hits: list[tuple[DocumentId, int]], starts: list[int]) -> None:
    scores = measured(
        a_query(*(at(start, start + 5) for start in starts)),
        [a_hit(document, start, start + 10) for document, start in hits],
    )
    assert all(0 <= score <= 1 + 1e-12 for score in scores.values())
    for name in ("hit", "recall"):
        by_depth = [scores[f"{name}@{cutoff}"] for cutoff in (1, 3, 5, 10, 20)]
        assert by_depth == sorted(by_depth)
    assert all(scores[f"recall@{cutoff}"] <= scores[f"hit@{cutoff}"] for cutoff in (1, 3, 5, 10, 20))
    assert scores["hit@1"] <= scores["mrr@10"] <= scores["mrr"]
    assert (scores["mrr"] > 0) == (scores["hit@20"] > 0)


@given(
    st.permutations([f"d{number:02}" for number in range(24)]),
    st.integers(0, 24),
    st.integers(1, 6),
    st.integers(1, 24),
)
def test_on_every_level_the_figures_are_those_of_ir_measures(
    order: Sequence[str], returned: int, relevant: int, limit: int
) -> None:
    """Where a hit finds one place at most and nothing is found twice, places, pages and documents are what the field
    ranks: its own program is then the judge of all three."""
    ids = {name: DocumentId(name * 20) for name in order}
    wanted = sorted(order)[:relevant]
    query = a_query(*(Judged(name, page=2, span=Span(0, 9)) for name in wanted), doc_id=wanted[0])
    hits = [a_hit(ids[name], 0, 9, 2) for name in order[:returned]]
    scores = evaluate([query], lambda *_: hits, ids, limit=limit).scored[0].scores

    qrels = {"q": dict.fromkeys(wanted, 1)}
    run = {"q": {name: -float(rank) for rank, name in enumerate(order[: min(returned, limit)])}}
    measures = {"hit": ir_measures.Success, "recall": ir_measures.R, "precision": ir_measures.P}
    for level in ("", "page_", "document_"):
        expected = {f"{level}map": ir_measures.AP, f"{level}mrr": ir_measures.RR}
        if limit >= 10:
            expected[f"{level}ndcg@10"] = ir_measures.nDCG @ 10
        for cutoff in (cutoff for cutoff in (1, 5, 10) if cutoff <= limit):
            expected |= {f"{level}{name}@{cutoff}": measure @ cutoff for name, measure in measures.items()}
        told = ir_measures.calc_aggregate(list(expected.values()), qrels, run if run["q"] else {"q": {"none": 0.0}})
        for name, measure in expected.items():
            assert scores[name] == pytest.approx(told[measure]), name


@given(st.integers(1, 5))
def test_a_search_that_brings_exactly_the_places_is_perfect(places: int) -> None:
    judged = [at(100 * number, 100 * number + 5) for number in range(places)]
    scores = measured(a_query(*judged), [a_hit(A, 100 * number, 100 * number + 50) for number in range(places)])
    assert scores["ndcg@10"] == pytest.approx(1)
    assert scores["recall@5"] == scores["mrr"] == scores["hit@1"] == scores["document_hit@1"] == 1


def test_pages_are_counted_apart_where_places_are_judged_by_character() -> None:
    judged = Judged("alpha", page=4, span=Span(100, 110))
    scores = measured(a_query(judged), [a_hit(B, 0, 10, 4), a_hit(A, 0, 10, 3), a_hit(A, 50, 90, 4)])
    assert scores["hit@5"] == scores["precision@5"] == scores["map"] == 0, "no hit has the words"
    assert (scores["page_hit@1"], scores["page_hit@5"], scores["page_mrr"]) == (0, 1, 1 / 3)
    assert (scores["document_hit@1"], scores["document_mrr"]) == (0, 1 / 2)


def test_pages_are_not_counted_apart_where_they_say_the_same() -> None:
    assert "page_hit@5" not in measured(a_query(Judged("alpha", page=4)), [a_hit(A, 0, 10, 4)])
    assert "page_hit@5" not in measured(a_query(at(0, 10)), [a_hit(A, 0, 10, 4)])


# ── what is counted ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_failing_search_scores_zero_and_is_listed() -> None:
    def search(question: str, _documents: Sequence[DocumentId]) -> Sequence[Hit]:
        if question == "question 2":
            raise ServiceDown("The search index (Qdrant) did not answer.")
        return [a_hit(A, 0, 10)]

    result = evaluate([a_query(at(0, 10), id=number) for number in "123"], search, DOCUMENTS)
    assert [str(failure) for failure in result.failures] == ["2: The search index (Qdrant) did not answer."]
    assert result.metrics["hit@1"].value == pytest.approx(2 / 3)
    assert set(result.scored[1].scores.values()) == {0.0}


def test_a_question_on_a_missing_document_is_a_failure_and_is_not_searched() -> None:
    asked: list[str] = []

    def search(question: str, _documents: Sequence[DocumentId]) -> Sequence[Hit]:
        asked.append(question)
        return []

    queries = [a_query(at(0, 10)), a_query(at(0, 10, "gamma"), id="2", doc_id="gamma")]
    result = evaluate(queries, search, DOCUMENTS)
    assert asked == ["question 1"]
    assert [str(failure) for failure in result.failures] == ["2: The collection holds no document named gamma."]


def test_a_mistake_of_our_own_is_not_counted_as_a_failure() -> None:
    def search(_question: str, _documents: Sequence[DocumentId]) -> Sequence[Hit]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        evaluate([a_query(at(0, 10))], search, DOCUMENTS)


def test_what_cannot_be_ranked_is_counted_and_left_out() -> None:
    queries = [a_query(at(0, 10)), a_query(id="2", answerable=False), a_query(id="3")]
    result = evaluate(queries, lambda _question, _documents: [a_hit(A, 0, 10)], DOCUMENTS)
    assert (result.queries, len(result.scored), result.unanswerable, result.unjudged) == (3, 1, 1, 1)
    assert result.metrics["hit@1"].value == 1
    assert "left out: 1 unanswerable, 1 unjudged" in result.summary()
    with pytest.raises(UsageError, match="nothing to measure"):
        evaluate(queries[1:], lambda _question, _documents: [], DOCUMENTS)


def test_within_the_document_only_the_documents_of_the_evidence_are_searched() -> None:
    searched: list[Sequence[DocumentId]] = []

    def search(_question: str, documents: Sequence[DocumentId]) -> Sequence[Hit]:
        searched.append(documents)
        return []

    queries = [a_query(at(0, 10)), a_query(at(0, 10), at(0, 10, "beta"), id="2")]
    inside = evaluate(queries, search, DOCUMENTS, within_document=True)
    evaluate(queries[:1], search, DOCUMENTS)
    assert [list(documents) for documents in searched] == [[A], [A, B], []]
    assert "document_hit@1" not in inside.metrics


def test_slices_hold_each_question_once_and_average_to_the_whole() -> None:
    queries = [
        a_query(at(0, 10), id="1", type="Payment", lang="en"),
        a_query(Judged("beta", page=7), id="2", doc_id="beta", type="Term", lang="de"),
        a_query(at(500, 510), id="3", lang="de"),
    ]
    result = evaluate(queries, lambda _question, _documents: [a_hit(A, 0, 10), a_hit(B, 0, 10, 7)], DOCUMENTS)
    assert {name: list(parts) for name, parts in result.slices.items()} == {
        "type": ["(none)", "Payment", "Term"],
        "lang": ["de", "en"],
        "judged_by": ["page", "span"],
        "document": ["alpha", "beta"],
    }
    for parts in result.slices.values():
        assert sum(part.queries for part in parts.values()) == 3
        for name, (value, low, high) in result.rows():
            assert sum(part.queries * part.metrics[name].value for part in parts.values()) / 3 == pytest.approx(value)
            assert low <= value <= high


# ── the report ────────────────────────────────────────────────────────────────────────────────────────────────────────


def a_result() -> Result:
    queries = [a_query(at(0, 10)), a_query(at(0, 10, "gamma"), id="2", doc_id="gamma")]
    return evaluate(queries, lambda _question, _documents: [a_hit(A, 0, 10)], DOCUMENTS)


def test_the_json_has_the_documented_shape_and_no_text_of_questions() -> None:
    text = json.dumps(a_result().to_json(), allow_nan=False)
    value = json.loads(text)
    assert value["queries"] == 2
    assert value["metrics"]["hit@1"] == {"value": 0.5, "low": 0.0, "high": 1.0}
    assert set(value["latency"]) == {"p50", "p95"}
    assert value["slices"]["document"]["alpha"]["metrics"]["hit@1"]["value"] == 1
    assert value["failures"] == [{"id": "2", "reason": "The collection holds no document named gamma."}]
    assert value["scores"]["1"]["hit@1"] == 1
    assert "question 1" not in text


def test_the_markdown_has_a_row_for_each_metric_and_names_failures() -> None:
    result = a_result()
    page = markdown(result)
    for name, _interval in result.rows():
        assert f"| {name} |" in page
    assert "2 questions on 2 documents" in page
    assert "- 2: The collection holds no document named gamma." in page


# ── the app's own search ──────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class ACollection:
    """What `evaluate_app` asks of the app: its catalogue and its search."""

    sources: Mapping[str, DocumentId]
    hits: tuple[Hit, ...] = ()

    def document(self, document_id: DocumentId) -> Document:
        """Two scanned pages, the second with a table."""
        pages = (Page(1, "1", Span(0, 5), Fate.TEXT), Page(2, "2", Span(5, 30), Fate.OCR))
        blocks = (Block(BlockKind.PARAGRAPH, Span(0, 5)), Block(BlockKind.TABLE, Span(5, 30)))
        text = "words" + "Rent | 100 | per quarter "
        return Document(document_id, "", "", "", text, pages, blocks, "matter", Clearance.RESTRICTED, "test 1")

    def documents(self, _collection: str) -> tuple[Any, ...]:
        return tuple(_Record(document, source) for source, document in self.sources.items())

    def search(
        self,
        _question: str,
        *,
        collection: str,
        documents: Sequence[str],
        narrowing: Narrowing,
        limit: int,
        by: str,
    ) -> ACollection:
        assert (collection, by, list(documents), narrowing) == ("matter", "analyst", [], Narrowing.AUTO)
        return ACollection(self.sources, self.hits[:limit])


@dataclass(frozen=True)
class _Record:
    document_id: DocumentId
    source: str


def a_set(folder: Path) -> Path:
    evidence = {"doc_id": "alpha", "page": 2, "start": 0, "end": 5, "text": "x"}
    path = folder / "queries.jsonl"
    path.write_text(json.dumps({"id": "1", "query": "Who?", "doc_id": "alpha", "evidence": [evidence]}))
    return path


@pytest.mark.parametrize(("source", "hit"), [("sub/alpha.txt", 1.0), ("sub/alpha.pdf", 0.0)])
def test_documents_are_known_by_their_file_name_and_judged_by_their_format(
    tmp_path: Path, source: str, hit: float
) -> None:
    app = ACollection({source: A, "other.pdf": B}, (a_hit(A, 0, 10, 1),))
    result = evaluate_app(cast(Any, app), a_set(tmp_path), collection="matter", by="analyst")
    assert result.metrics["hit@1"].value == hit
    assert not result.failures


def test_questions_are_told_apart_by_tables_and_by_scanned_pages(tmp_path: Path) -> None:
    rows = [
        {"id": id, "query": "Who?", "doc_id": "alpha", "evidence": [{"doc_id": "alpha", "page": page, "text": text}]}
        for id, page, text in (("plain", 1, "words"), ("table", 2, "Rent | 100"), ("scan", 2, "Elsewhere"))
    ]
    path = tmp_path / "queries.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    app = ACollection({"alpha.pdf": A})
    slices = evaluate_app(cast(Any, app), path, collection="matter", by="analyst").slices
    assert {value: part.queries for value, part in slices["scanned"].items()} == {"no": 1, "yes": 2}
    assert {value: part.queries for value, part in slices["table"].items()} == {"no": 2, "yes": 1}


def test_where_the_judged_words_stand_in_a_pdf_is_looked_up_on_the_judged_page(tmp_path: Path) -> None:
    """Offsets that others counted in a PDF are those of another text."""
    evidence = {"doc_id": "alpha", "page": 2, "start": 900, "end": 930, "text": "Rent | 100\n| per  quarter"}
    path = tmp_path / "queries.jsonl"
    path.write_text(json.dumps({"id": "1", "query": "?", "doc_id": "alpha", "evidence": [evidence]}))
    app = ACollection({"alpha.pdf": A}, (a_hit(A, 0, 5, 1),))
    result = evaluate_app(cast(Any, app), path, collection="matter", by="analyst")
    (found,) = result.found
    assert (found.rank, found.judged, found.first) == (
        None,
        (Spot(A, (2,), Span(5, 29)),),
        (Spot(A, (1,), Span(0, 5)),),
    )
    told = result.to_json()["found"]["1"]
    assert told["judged"] == [{"document_id": "a" * 12, "pages": [2], "start": 5, "end": 29}]
    assert "Rent" not in json.dumps(result.to_json())


def test_two_different_documents_of_one_name_cannot_be_told_apart(tmp_path: Path) -> None:
    app = ACollection({"x/alpha.pdf": A, "y/alpha.txt": B})
    with pytest.raises(UsageError, match="two different documents named alpha"):
        evaluate_app(cast(Any, app), a_set(tmp_path), collection="matter", by="analyst")


def test_two_measurements_are_held_against_each_other_question_by_question() -> None:
    queries = [a_query(at(0, 9), id=str(number), doc_id=name) for number in range(6) for name in ("alpha",)]
    new = evaluate(queries, lambda _question, _documents: [a_hit(A, 0, 9)], DOCUMENTS)
    old = evaluate(queries, lambda _question, _documents: [a_hit(B, 0, 9), a_hit(A, 0, 9)], DOCUMENTS)
    comparison = compared(new.scored, old.scored, baseline="before")
    assert comparison.differences["hit@1"].value == 1
    assert comparison.verdict("hit@1") == "better"
    assert comparison.verdict("hit@3") == "undecided"
    assert compared(old.scored, new.scored, baseline="after").verdict("mrr") == "worse"
    assert comparison.to_json()["difference"]["mrr"]["value"] == 0.5
    with pytest.raises(UsageError, match="different questions"):
        compared(new.scored, evaluate(queries[1:], lambda *_: [], DOCUMENTS).scored, baseline="fewer")
