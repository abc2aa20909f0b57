"""Settings come from the environment, once, and contradictions are told in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import ConfigError
from core.privacy import Privacy
from core.settings import Settings, described, settings_from_environment


def test_nested_names_take_one_underscore(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOSSIER_QDRANT_URL", "http://qdrant:6333")
    monkeypatch.setenv("DOSSIER_CLAUDE_MAX_TOKENS", "1024")
    monkeypatch.setenv("DOSSIER_EMBEDDING_BATCH_SIZE", "8")
    settings = settings_from_environment()
    assert settings.qdrant.url == "http://qdrant:6333"
    assert settings.claude.max_tokens == 1024
    assert settings.embedding.batch_size == 8


def test_a_sealed_process_must_not_hold_a_cloud_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOSSIER_PRIVACY", "gdpr")
    monkeypatch.setenv("DOSSIER_CLAUDE_API_KEY", "secret")
    with pytest.raises(ConfigError, match="DOSSIER_CLAUDE_API_KEY"):
        settings_from_environment()


def test_a_value_that_makes_no_sense_is_named_without_being_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOSSIER_PRIVACY", "hunter2")
    with pytest.raises(ConfigError, match="DOSSIER_PRIVACY") as caught:
        settings_from_environment()
    assert "hunter2" not in str(caught.value)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        settings_from_environment().privacy = Privacy.GDPR  # type: ignore[misc]


def test_the_description_masks_secrets_and_names_origins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOSSIER_LLAMA_API_KEY", "hunter2")
    rows = {row["name"]: row for row in described(settings_from_environment(), {"DOSSIER_LLAMA_API_KEY": "hunter2"})}
    assert rows["DOSSIER_LLAMA_API_KEY"]["value"] == "********"
    assert rows["DOSSIER_LLAMA_API_KEY"]["origin"] == "environment"
    assert rows["DOSSIER_HOME"]["origin"] == "default"
    assert all(row["meaning"] for row in rows.values())


def test_the_digest_knows_the_models_but_neither_secrets_nor_places(tmp_path: Path) -> None:
    one = Settings(home=tmp_path)
    assert one.digest() == Settings(home=tmp_path / "other", llama={"api_key": "k"}).digest()
    assert one.digest() != Settings(llama={"model": "other"}).digest()
