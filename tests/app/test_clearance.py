"""What may leave is decided by the strictest word that was said of a document."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.service import App
from app.wiring import open_app
from core.errors import EgressDenied, ServiceDown
from core.privacy import Clearance, Mode
from core.settings import settings_from_environment


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> App:
    """An app that has a key for Claude, at an address where nobody listens."""
    monkeypatch.setenv("DOSSIER_CLAUDE_API_KEY", "none")
    monkeypatch.setenv("DOSSIER_CLAUDE_BASE_URL", "http://127.0.0.1:9")
    return open_app(settings_from_environment())


@pytest.mark.parametrize("restricted_in", ["alpha", "omega"])
def test_a_document_that_one_collection_restricts_leaves_from_no_other(
    app: App, tmp_path: Path, restricted_in: str
) -> None:
    (tmp_path / "note.txt").write_text("The fee is EUR 12 per month.")
    for name in ("alpha", "omega"):
        clearance = Clearance.RESTRICTED if name == restricted_in else Clearance.CLOUD
        app.ingest([tmp_path / "note.txt"], collection=name, by="anna", clearance=clearance)
    with pytest.raises(EgressDenied, match="restricted"):
        app.ask("What is the fee?", mode=Mode.LONG_DOCUMENT, by="anna")


def test_a_question_about_no_document_at_all_does_not_leave(app: App, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_bytes(b"")
    app.ingest([tmp_path / "empty.txt"], collection="deal", by="anna")
    try:
        answer = app.ask("What is the fee?", collection="deal", by="anna")
    except ServiceDown:  # it tried to reach Claude
        pytest.fail("the question left")
    assert (answer.mode, answer.claims) == (Mode.EXTRACTIVE, ())
