"""Builders that hide what a test does not speak about: a home in a temporary folder, documents, an app over them."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import hypothesis
import pytest

from app.service import App
from app.wiring import open_app
from core.documents import Document
from core.settings import Settings, settings_from_environment
from tests.chat import ChatServer
from tests.messages import MessagesServer

# The same examples on every run of CI: a new one that fails is found at a desk, not on somebody else's change. No
# deadline: how long an example takes says what else the machine was doing.
hypothesis.settings.register_profile("ci", derandomize=True, deadline=None)
hypothesis.settings.register_profile("desk", deadline=None)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "desk")

ROOT = Path(__file__).parent.parent
MATTER = ROOT / "examples" / "matter"
SHARED = ROOT.parent / "shared"

needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the shared bench data lies beside the project in CI only"
)

CONTRACT = """SUPPLY AGREEMENT

1. Definitions

"Supplier" means Northwind Castings GmbH. "Customer" means Tessera Pumps plc.

2. Payment

2.1 The Customer shall pay each invoice within thirty (30) days of receipt.

2.2 Late payments bear interest at 8% per annum.

3. Liability

3.1 The Supplier shall not be liable for loss of profit.

3.2 The total liability of the Supplier shall not exceed EUR 1,500,000 in any contract year.
"""


@pytest.fixture(autouse=True)
def _nothing_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees the settings or the home of whoever runs it."""
    for name in [name for name in os.environ if name.startswith("DOSSIER_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DOSSIER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DOSSIER_EMBEDDING_MODEL", "hash")


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    """A test that runs a command in this process leaves the logs to the next one as it found them."""
    loggers = [logging.getLogger(), logging.getLogger("dossier")]
    before = [(logger.level, list(logger.handlers)) for logger in loggers]
    yield
    for logger, (level, handlers) in zip(loggers, before, strict=True):
        logger.setLevel(level)
        logger.handlers[:] = handlers


@pytest.fixture
def settings() -> Settings:
    return settings_from_environment()


@pytest.fixture
def app(settings: Settings) -> App:
    """An app over an empty home, with the hash embedder: no weights are loaded."""
    return open_app(settings)


@pytest.fixture
def a_folder(tmp_path: Path) -> Callable[..., Path]:
    """Writes files by name into a folder and returns it."""

    def write(**texts: str | bytes) -> Path:
        folder = tmp_path / "share"
        folder.mkdir(exist_ok=True)
        for name, content in texts.items():
            path = folder / name.replace("__", ".")
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return folder

    return write


def assert_spans_hold(document: Document) -> None:
    """The invariants of every parsed document, whatever its format."""
    end = 0
    for page in document.pages:
        assert page.span.start >= end, f"page {page.number} overlaps the page before it"
        assert document.text[end : page.span.start].strip() == "", "text between two pages"
        end = page.span.end
    assert document.text[end:].strip() == ""
    assert [page.number for page in document.pages] == list(range(1, len(document.pages) + 1))
    assert_cover(document.text, [block.span for block in document.blocks])
    for block in document.blocks:
        assert any(page.span.contains(block.span) for page in document.pages), "a block crosses a page"
        assert all(box.left <= box.right and box.top <= box.bottom for box in block.boxes)


def assert_cover(text: str, spans: Sequence[object]) -> None:
    """Spans are in order, do not overlap, and leave nothing but blanks uncovered."""
    end = 0
    for span in spans:
        assert span.start >= end  # type: ignore[attr-defined]
        assert text[end : span.start].strip() == ""  # type: ignore[attr-defined]
        end = span.end  # type: ignore[attr-defined]
    assert text[end:].strip() == ""


@pytest.fixture
def chat() -> Iterator[ChatServer]:
    """A server of the chat API on loopback, in place of a Llama."""
    with ChatServer() as server:
        yield server


@pytest.fixture
def messages() -> Iterator[MessagesServer]:
    """A Messages API on loopback."""
    with MessagesServer() as server:
        yield server
