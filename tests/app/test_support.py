"""Every answer tells how probable it is that its quotes carry it; settings decide what may score."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from app.reports import answer_json
from app.service import App
from app.wiring import open_app
from core.errors import UsageError
from core.settings import settings_from_environment
from tests.conftest import CONTRACT


def test_each_claim_of_an_answer_has_a_score_and_a_sentence_of_the_contract_a_high_one(
    a_folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DOSSIER_EMBEDDING_MODEL")
    app = open_app(settings_from_environment())
    app.ingest([a_folder(supply__txt=CONTRACT)], collection="deal", by="test")
    answer = app.ask("Within how many days must the Customer pay each invoice?", collection="deal", by="test")
    claims = answer_json(answer, app.sources(answer))["claims"]
    assert claims
    assert all(claim["score"] > 0.5 for claim in claims)


def test_without_weights_an_answer_has_no_score_rather_than_a_guess(app: App, a_folder: Callable[..., Path]) -> None:
    app.ingest([a_folder(supply__txt=CONTRACT)], collection="deal", by="test")
    answer = app.ask("Within how many days must the Customer pay each invoice?", collection="deal", by="test")
    assert answer.claims
    assert [claim.score for claim in answer.claims] == [None] * len(answer.claims)


def test_a_scorer_that_is_not_configured_is_a_mistake(app: App) -> None:
    for way, setting in (("judge", "DOSSIER_LLAMA_URL"), ("model", "DOSSIER_FAITHFULNESS_MODEL")):
        with pytest.raises(UsageError, match=setting):
            app.scorer(way)
