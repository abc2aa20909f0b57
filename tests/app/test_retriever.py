"""llama-index runs on our index, and is given nothing that may not leave."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from llama_index.core.llms import MockLLM
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.response_synthesizers import get_response_synthesizer

from app.retriever import Retriever
from app.service import App
from core.privacy import Clearance, Privacy
from tests.conftest import CONTRACT


def test_an_engine_of_llama_index_answers_from_our_hits(app: App, a_folder: Callable[..., Path]) -> None:
    app.ingest([a_folder(supply__txt=CONTRACT)], collection="deal", by="anna", clearance=Clearance.CLOUD)
    retriever = Retriever(app, by="anna", collection="deal", limit=3)
    engine = RetrieverQueryEngine(retriever, get_response_synthesizer(llm=MockLLM()))
    answer = engine.query("What is the interest on late payments?")
    assert "Late payments bear interest" in str(answer)
    hits = app.search("What is the interest on late payments?", collection="deal", limit=3, by="anna").hits
    assert [node.node.node_id for node in answer.source_nodes] == [hit.chunk.id for hit in hits]
    text = app.document(hits[0].chunk.document_id).text
    for found in answer.source_nodes:
        place = found.node.metadata
        assert text[place["start"] : place["end"]] == found.node.get_content()


def test_an_engine_is_given_restricted_documents_only_where_the_process_is_sealed(
    app: App, a_folder: Callable[..., Path]
) -> None:
    app.ingest([a_folder(supply__txt=CONTRACT)], collection="deal", by="anna")
    assert Retriever(app, by="anna").retrieve("late payments") == []
    app.settings = app.settings.model_copy(update={"privacy": Privacy.GDPR})
    assert Retriever(app, by="anna").retrieve("late payments")
