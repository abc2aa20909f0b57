"""What doctor says of the Llama: whether it answers, what it reads, where it stands, whether it may be used."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from app.doctor import Check, examine
from core.settings import settings_from_environment
from tests.chat import ChatServer, Trouble

NAMES = ("Llama", "Llama's host", "Llama's licence")


@pytest.fixture
def server(chat: ChatServer, monkeypatch: pytest.MonkeyPatch) -> ChatServer:
    monkeypatch.setenv("DOSSIER_LLAMA_URL", chat.url)
    return chat


def looked() -> dict[str, Check]:
    health = examine(settings_from_environment(), dict(os.environ))
    return {check.name: check for check in health.checks}


def test_a_server_in_order_is_told_with_what_it_reads_at_once(server: ChatServer) -> None:
    checks = looked()
    assert [checks[name].exit_code for name in NAMES] == [0, 0, 0]
    assert checks["Llama"].finding == "127.0.0.1 serves llama; it reads 8,192 tokens at once and counts them itself"
    assert "inside" in checks["Llama's host"].finding


def test_a_server_that_counts_nothing_and_tells_no_window_is_told_so(server: ChatServer) -> None:
    server.counts, server.window = False, None
    assert "does not say how much" in looked()["Llama"].finding
    assert "estimated" in looked()["Llama"].finding


def test_a_server_that_does_not_answer_or_serve_the_model_is_wrong(server: ChatServer) -> None:
    server.model = "mistral"
    assert looked()["Llama"].exit_code == 2
    server.small_troubles = [Trouble(503)]
    assert looked()["Llama"].exit_code == 3


@pytest.mark.parametrize(("address", "exit_code"), [("8.8.8.8", 4), ("2606:4700::1111", 4), ("10.1.2.3", 0)])
def test_a_host_with_a_public_address_is_not_inside(
    server: ChatServer, monkeypatch: pytest.MonkeyPatch, address: str, exit_code: int
) -> None:
    def named(host: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (address, 0))]

    monkeypatch.setattr("app.doctor.socket.getaddrinfo", named)
    check = looked()["Llama's host"]
    assert check.exit_code == exit_code
    assert address in check.finding


def test_a_host_that_nobody_knows_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOSSIER_LLAMA_URL", "http://nowhere.invalid:8000/v1")
    assert looked()["Llama's host"] == Check(
        "Llama's host", "The name nowhere.invalid of the Llama server cannot be looked up.", 3
    )


def test_a_model_whose_licence_leaves_out_the_eu_is_wrong_and_says_why(server: ChatServer, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"architectures": ["MllamaForConditionalGeneration"]}))
    server.models = [{"id": "llama", "root": str(tmp_path)}]
    check = looked()["Llama's licence"]
    assert check.exit_code == 2
    assert "European Union" in check.finding
    assert "3.3 70B or 3.1 8B" in check.finding


def test_without_a_llama_nothing_is_wrong() -> None:
    checks = looked()
    assert {checks[name].finding for name in NAMES} == {"not configured (DOSSIER_LLAMA_URL)"}
    assert [checks[name].exit_code for name in NAMES] == [0, 0, 0]
