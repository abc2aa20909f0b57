"""Questions made from one's own documents: the span holds the answer, the same seed makes the same set."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.service import App
from app.wiring import open_app
from core.errors import NotFound, ServiceDown, UsageError
from core.settings import settings_from_environment
from eval.dataset import read_queries
from eval.generate import generate
from eval.proposed import proposing
from eval.retrieval import evaluate_app
from eval.review import Review
from tests.chat import ChatServer
from tests.conftest import CONTRACT
from tests.ui.test_cli import dossier

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


# ── with a Llama ──────────────────────────────────────────────────────────────────────────────────────────────────────


def a_llama_that_asks(*questions: tuple[str, str, str]) -> Callable[[dict[str, Any]], str]:
    """Proposes (question, words of the passage that it points at, answer) where the passage has these words."""

    def write(body: dict[str, Any]) -> str:
        user = body["messages"][1]["content"]
        said = []
        for question, words, answer in questions:
            for line in user.splitlines():
                if words in line and line.startswith("["):
                    number = int(line[1 : line.index("]")])
                    said.append({"question": question, "passages": [number], "answer": answer})
        return json.dumps({"questions": said[:2]})

    return write


PAYMENT = (
    "# Supply agreement of Northwind\n\n## Payment\n\nThe Customer shall pay each invoice within thirty (30) days of "
    "receipt. Late payments bear interest at 8% per annum, and the Supplier may suspend deliveries until it is paid.\n"
)


@pytest.fixture
def asking(chat: ChatServer, a_folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> App:
    monkeypatch.setenv("DOSSIER_LLAMA_URL", chat.url)
    app = open_app(settings_from_environment())
    app.ingest([a_folder(payment__md=PAYMENT)], collection="deal", by="anna")
    return app


def proposed(app: App, output: Path, **choices: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    propose = proposing(app, collection="deal", seed=1, by="anna")
    choices = {"limit": 10, "patterns": False, **choices}
    told = generate(app, output, collection="deal", seed=1, propose=propose, **choices)
    return told, [json.loads(line) for line in output.read_text().splitlines()]


def test_a_question_of_the_model_points_at_its_sentence_and_says_who_made_it_and_how(
    asking: App, chat: ChatServer, tmp_path: Path
) -> None:
    chat.writes = a_llama_that_asks(("By when does Northwind get its money?", "thirty (30) days", "thirty (30) days"))
    told, (row,) = proposed(asking, tmp_path / "set")
    (query,) = read_queries(tmp_path / "set")
    span = query.evidence[0].span
    assert span is not None
    assert span.of(PAYMENT) == "The Customer shall pay each invoice within thirty (30) days of receipt."
    assert (row["by"], row["model"], row["answer"]) == ("model", "llama", "thirty (30) days")
    assert row["prompt_version"] and row["settings"] == asking.settings.digest() and row["seed"] == 1
    assert row["hard"] is False and row["found_at"] == 1 and row["copied"] < 5
    assert told["by"] == {"model": 1} and told["rejected"] == {}
    (body,) = chat.asked()
    schema = body["response_format"]["json_schema"]["schema"]["properties"]["questions"]["items"]["properties"]
    assert schema["passages"]["items"]["maximum"] == 2


@pytest.mark.parametrize(
    ("question", "answer", "why"),
    [
        ("By when does Northwind get its money?", "sixty (60) days", "unsupported"),
        ("By when does Northwind get its money?", "never", "unsupported"),
        ("By when must Tessera pay?", "thirty (30) days from Tessera", "unsupported"),
        ("What does this clause say of payment?", "thirty (30) days", "dangling"),
        ("Was sagt dieser Absatz zur Zahlung?", "thirty (30) days", "dangling"),
        ("By when was it to be paid in 2019?", "thirty (30) days", "foreign"),
    ],
)
def test_what_its_own_words_do_not_carry_or_nobody_could_ask_is_rejected_and_counted(
    asking: App, chat: ChatServer, tmp_path: Path, question: str, answer: str, why: str
) -> None:
    good = ("What does late payment cost?", "8%", "interest at 8% per annum")
    chat.writes = a_llama_that_asks((question, "thirty (30) days", answer), good)
    told, (row,) = proposed(asking, tmp_path / "set")
    assert row["query"] == "What does late payment cost?"
    assert told["rejected"] == {why: 1}


def test_a_question_that_was_asked_already_is_not_asked_again(asking: App, chat: ChatServer, tmp_path: Path) -> None:
    chat.writes = a_llama_that_asks(
        ("What does late payment cost?", "8%", "8% per annum"), ("What does LATE payment cost", "8%", "8% per annum")
    )
    told, rows = proposed(asking, tmp_path / "set")
    assert len(rows) == 1 and told["rejected"] == {"duplicate": 1}


def test_model_and_patterns_share_a_set_and_a_reviewed_file_is_never_overwritten(
    asking: App, chat: ChatServer, tmp_path: Path
) -> None:
    chat.writes = a_llama_that_asks(("What does late payment cost?", "8%", "8% per annum"))
    told, rows = proposed(asking, tmp_path / "set", patterns=True, limit=2)
    assert told["by"] == {"model": 1, "patterns": 1}
    assert {row["by"] for row in rows} == {"model", "patterns"}
    Review(tmp_path / "set").accept(rows[0]["id"], by="anna")
    with pytest.raises(UsageError, match="reviewed"):
        proposed(asking, tmp_path / "set")


def test_a_model_that_talks_or_is_down_is_told(asking: App, chat: ChatServer, tmp_path: Path) -> None:
    chat.says = "Here are some questions:"
    with pytest.raises(ServiceDown, match="SHA-256"):
        proposed(asking, tmp_path / "set")
    assert not (tmp_path / "set").exists()


def test_without_a_llama_the_command_says_what_to_set(deal: App, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="DOSSIER_LLAMA_URL"):
        proposing(deal, collection="deal", seed=1, by="anna")


def test_the_command_says_who_made_what_and_where_to_review_it(tmp_path: Path, chat: ChatServer) -> None:
    chat.writes = a_llama_that_asks(("What does late payment cost?", "8%", "8% per annum"))
    (tmp_path / "payment.md").write_text(PAYMENT)
    home, output = tmp_path / "home", tmp_path / "set.jsonl"
    assert dossier("ingest", str(tmp_path / "payment.md"), "-c", "deal", home=home).returncode == 0
    asked = ("eval", "generate", "-c", "deal", "--output", str(output), "--with", "patterns", "--with", "llama")
    done = dossier(*asked, home=home, DOSSIER_LLAMA_URL=chat.url, COLUMNS="200")
    assert done.returncode == 0, done.stderr
    assert "1 by model, 1 by patterns" in done.stdout and "of the model's are hard" in done.stdout
    assert f"dossier eval review {output}" in done.stdout
