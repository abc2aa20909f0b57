"""Which mode `auto` picks, and the words in which it says why."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.choosing import Kind, Means, choose, kind_of
from app.wiring import open_app
from core.documents import DocumentId, Fate
from core.errors import EgressDenied
from core.prices import read_prices
from core.privacy import Clearance, Mode
from core.settings import settings_from_environment
from retrieval.catalogue import Record
from tests.generation.test_models import CHAT, Service, chat, claims_json, service  # noqa: F401
from tests.messages import MessagesServer

BOTH = Means(claude="claude-sonnet-5-5", llama=True, window=200_000, left=None, prices=read_prices())
PLACE, WHOLE, OTHER = "When is the rent due?", "Compare the rents of all leases.", "Rent in the second year"


def records(*clearances: Clearance, characters: int = 70_000) -> list[Record]:
    return [
        Record(
            "deal", DocumentId(str(number)), f"{number}.txt", f"/{number}.txt", str(number), "text/plain", clearance,
            "plain 1", 20, characters, dict.fromkeys(Fate, 0), 10, (), "2026-11-21", "anna",
        )
        for number, clearance in enumerate(clearances)
    ]  # fmt: skip


CLOUD, RESTRICTED = Clearance.CLOUD, Clearance.RESTRICTED


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        (PLACE, Kind.PLACE),
        (WHOLE, Kind.WHOLE),
        (OTHER, Kind.OTHER),
        ("Which clause governs assignment?", Kind.PLACE),
        ("What was the total revenue in 2023?", Kind.PLACE),
        ("How did margins change between 2021 and 2023?", Kind.WHOLE),
        ("Wann ist die Miete fällig?", Kind.PLACE),
        ("Vergleiche die Kündigungsfristen.", Kind.WHOLE),
        ("List every change-of-control clause.", Kind.WHOLE),
    ],
)
def test_the_kind_of_a_question_is_read_from_its_words(question: str, kind: Kind) -> None:
    assert kind_of(question) is kind


@pytest.mark.parametrize("question", [PLACE, WHOLE, OTHER])
@pytest.mark.parametrize("llama", [True, False])
def test_one_restricted_document_keeps_everything_at_home_whatever_the_question(question: str, llama: bool) -> None:
    mode, because = choose(question, records(CLOUD, RESTRICTED), replace(BOTH, llama=llama))
    assert mode is (Mode.GDPR if llama else Mode.EXTRACTIVE)
    assert because


@pytest.mark.parametrize(
    ("question", "characters", "mode", "word"),
    [
        (PLACE, 70_000, Mode.GDPR, "one place"),
        (WHOLE, 70_000, Mode.LONG_DOCUMENT, "more than one place"),
        (WHOLE, 7_000_000, Mode.LONG_DOCUMENT, "more than one place"),
        (OTHER, 70_000, Mode.LONG_DOCUMENT, "fit into"),
        (OTHER, 7_000_000, Mode.GDPR, "do not fit"),
    ],
)
def test_of_cleared_documents_kind_and_size_decide(question: str, characters: int, mode: Mode, word: str) -> None:
    chosen, because = choose(question, records(CLOUD, CLOUD, characters=characters), BOTH)
    assert chosen is mode
    assert word in because
    assert "USD" in because


def test_without_a_llama_cleared_documents_go_to_claude() -> None:
    for question in (PLACE, WHOLE, OTHER):
        assert choose(question, records(CLOUD), replace(BOTH, llama=False))[0] is Mode.LONG_DOCUMENT


@pytest.mark.parametrize(("llama", "mode"), [(True, Mode.GDPR), (False, Mode.EXTRACTIVE)])
def test_what_the_budget_does_not_allow_is_answered_at_home_and_says_so(llama: bool, mode: Mode) -> None:
    chosen, because = choose(WHOLE, records(CLOUD), replace(BOTH, llama=llama, left=0.01))
    assert chosen is mode
    assert "budget" in because


def test_what_the_question_seems_to_mean_opens_no_door() -> None:
    cleared, restricted = records(CLOUD, RESTRICTED)
    for means in (BOTH, replace(BOTH, llama=False)):
        assert choose(WHOLE, [cleared], means)[0] is Mode.LONG_DOCUMENT
        assert choose(WHOLE, [cleared], means, vouching=[cleared, restricted])[0] is not Mode.LONG_DOCUMENT


def test_documents_in_two_collections_are_measured_once() -> None:
    once = records(CLOUD)
    twice = [*once, replace(once[0], collection="other")]
    assert choose(WHOLE, once, BOTH) == choose(WHOLE, twice, BOTH)


def test_in_hybrid_mode_claude_sees_titles_of_cleared_documents_alone_and_the_llama_reads_what_may_not_leave(
    messages: MessagesServer,
    service: Service,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("DOSSIER_CLAUDE_API_KEY", "secret")
    monkeypatch.setenv("DOSSIER_CLAUDE_BASE_URL", messages.url)
    monkeypatch.setenv("DOSSIER_LLAMA_URL", f"{service.url}/v1")
    app = open_app(settings_from_environment())
    for name, clearance in (("annual-report", CLOUD), ("project-xylograph", RESTRICTED)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / f"{name}.txt").write_text(f"The price that {name} names is EUR 12.")
        app.ingest([folder], collection="deal", by="anna", clearance=clearance)
    service.replies[CHAT] = chat(claims_json(("The price is EUR 12.", [1])))
    answer = app.ask("What price is named?", collection="deal", mode=Mode.HYBRID, by="anna")
    assert "annual-report" in messages.sent()
    assert "xylograph" not in messages.sent(), "neither title nor words of a restricted document"
    assert "EUR 12" not in messages.sent(), "no word of any document"
    read = service.asked(CHAT)[0].body["messages"][1]["content"]
    assert "project-xylograph names is EUR 12" in read
    assert answer.claims[0].citations
    assert answer.mode is Mode.HYBRID
    assert "What price is named? Exceptions?" in answer.mode_because
    assert answer.usage.cost_usd > 0
    *_, sent, _ = (app.settings.home / "audit.jsonl").read_text().splitlines()
    assert '"what": "titles"' in sent


def test_hybrid_mode_needs_one_document_that_vouches_for_the_question(
    messages: MessagesServer,
    service: Service,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("DOSSIER_CLAUDE_API_KEY", "secret")
    monkeypatch.setenv("DOSSIER_CLAUDE_BASE_URL", messages.url)
    monkeypatch.setenv("DOSSIER_LLAMA_URL", f"{service.url}/v1")
    app = open_app(settings_from_environment())
    (tmp_path / "a.txt").write_text("The price is EUR 12.")
    app.ingest([tmp_path / "a.txt"], collection="deal", by="anna")
    with pytest.raises(EgressDenied, match="question"):
        app.ask("What is the price?", mode=Mode.HYBRID, by="anna")
    assert messages.requests == []
