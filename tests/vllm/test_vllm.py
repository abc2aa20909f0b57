"""GDPR mode over a real vLLM: the server of the compose file, with its flags, on the CPU.

`make test-vllm` installs it and runs this. The model is tiny and its weights are random: what it says is nonsense, and
so what these tests show is the form. That the reply is JSON, points at passages that exist, is streamed, cited with the
exact words of the document and held against them does not depend on a model that means well.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml  # type: ignore[import-untyped]

from app.service import App
from app.wiring import open_app
from core.answers import Answer, Support
from core.documents import Chunk, DocumentId, Span
from core.egress import QUIET
from core.errors import ConfigError, UsageError
from core.privacy import Mode
from core.settings import settings_from_environment
from generation.correctness import Correctness, ProseJudge
from generation.llama import Llama, Look
from generation.prompts import LLAMA_SYSTEM
from tests.conftest import CONTRACT, ROOT
from tests.vllm.tiny import WINDOW, make_adapter, make_llama

PYTHON = ROOT / ".venv-vllm" / "bin" / "python"
PATIENCE = 300.0
"""Seconds for vLLM to start: 25 on a quiet machine, more beside other work."""

pytestmark = pytest.mark.skipif(
    not (ROOT / ".venv-vllm" / ".vllm").exists(), reason="vLLM is not installed: make test-vllm does it (3.4 GB)"
)

QUESTION = "When must the Customer pay an invoice?"


@pytest.fixture(scope="session")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the server writes."""
    return tmp_path_factory.mktemp("log") / "vllm.txt"


@pytest.fixture(scope="session")
def vllm(tmp_path_factory: pytest.TempPathFactory, log: Path) -> Iterator[str]:
    """The address (ending in /v1) of a vLLM that serves the tiny Llama as `llama` and an adapter as `contracts`."""
    folder = tmp_path_factory.mktemp("vllm")
    model = make_llama(folder / "llama", [CONTRACT, LLAMA_SYSTEM])
    adapter = make_adapter(folder / "contracts", model)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [str(PYTHON), "-m", "vllm.entrypoints.openai.api_server", *_flags(model),
         "--host=127.0.0.1", f"--port={port}", "--enforce-eager",
         "--enable-lora", "--max-lora-rank=8", f"--lora-modules=contracts={adapter}"],
        stdout=log.open("wb"), stderr=subprocess.STDOUT, start_new_session=True,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "VLLM_CPU_KVCACHE_SPACE": "1", **QUIET},
    )  # fmt: skip
    try:
        _wait_for(f"http://127.0.0.1:{port}/health", server, log)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def _flags(model: Path) -> list[str]:
    """Those of the compose file, so that they are known to vLLM."""
    command = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"]["vllm"]["command"]
    command = command.replace("/models/llama", str(model)).replace("${MAX_MODEL_LEN:-auto}", "auto")
    return shlex.split(command.replace("${LLAMA_FLAGS:-}", ""))


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and server.poll() is None:
        try:
            if httpx.get(url, timeout=2, trust_env=False).is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.5)
    tail = "\n".join(log.read_text("utf-8", "replace").splitlines()[-15:])
    pytest.fail(f"vLLM did not start:\n{tail}")


@pytest.fixture
def sealed_home(tmp_path: Path, vllm: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DOSSIER_LLAMA_URL", vllm)
    (tmp_path / "supply.txt").write_text(CONTRACT)
    done = dossier("ingest", str(tmp_path / "supply.txt"), "-c", "deal", "--json")
    assert done.returncode == 0, done.stderr
    return tmp_path / "home"


def dossier(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, sealed: it can reach this machine and nothing else."""
    return subprocess.run(
        [sys.executable, "-m", "ui.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=ROOT,
        env={**os.environ, "DOSSIER_PRIVACY": "gdpr"},
    )


def an_app() -> App:
    return open_app(settings_from_environment())


def a_chunk(name: str, text: str = CONTRACT) -> Chunk:
    return Chunk(name, DocumentId(name), f"{name}.txt", Span(0, len(text)), text, (1,), "")


def assert_quotes_hold(claims: list[dict[str, Any]]) -> None:
    for claim in claims:
        assert claim["citations"], "guided decoding gives no claim without a pointer, and none that points at nothing"
        for citation in claim["citations"]:
            assert citation["quote"] == CONTRACT[citation["start"] : citation["end"]]


def test_a_question_at_the_command_line_is_answered_cited_and_held_against_its_quotes(sealed_home: Path) -> None:
    done = dossier("ask", QUESTION, "-c", "deal", "--mode", "gdpr", "--json")
    assert done.returncode in (0, 1), done.stderr  # 1: nonsense may hold a number that its quote does not
    answer = json.loads(done.stdout)
    assert answer["mode"] == "gdpr"
    assert answer["model"] == "llama"
    assert answer["claims"], answer["reason"]
    assert_quotes_hold(answer["claims"])
    assert {claim["support"] for claim in answer["claims"]} <= {"unverified", "altered"}, "nonsense is never verified"
    assert answer["usage"]["input_tokens"] > 500
    assert answer["usage"]["output_tokens"] > 10


def test_the_answer_is_streamed_and_what_was_shown_is_what_was_answered(sealed_home: Path) -> None:
    told: list[tuple[float, str]] = []
    answer: Answer = an_app().ask(
        QUESTION,
        collection="deal",
        mode=Mode.GDPR,
        by="reader",
        on_text=lambda text: told.append((time.perf_counter(), text)),
    )
    assert answer.claims
    assert all(claim.support is not Support.NONE for claim in answer.claims)
    assert len(told) > 3
    assert told[-1][0] > told[0][0]
    shown = "".join(text for _, text in told)
    assert shown.split()[: len(answer.text.split())] == answer.text.split()


def test_doctor_finds_server_model_window_and_walls_in_order(sealed_home: Path) -> None:
    done = dossier("doctor", "--json")
    findings = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert f"reads {WINDOW:,} tokens at once and counts them itself" in findings["Llama"]["finding"]
    assert "inside" in findings["Llama's host"]["finding"]
    assert "by its config.json" in findings["Llama's licence"]["finding"]
    assert all(findings[name]["well"] for name in ("Llama", "Llama's host", "Llama's licence"))


def test_the_server_counts_the_very_tokens_that_it_then_reads(vllm: str) -> None:
    llama = Llama(vllm, "llama")
    draft = llama.answer(QUESTION, [a_chunk("one")])
    fitted = llama._fitted(QUESTION, [a_chunk("one")])
    assert fitted.counted.exact
    assert fitted.counted.tokens == draft.usage.input_tokens


def test_what_does_not_fit_the_window_is_left_out_from_the_last_and_counted(vllm: str) -> None:
    chunks = [a_chunk(f"supply{number}") for number in range(30)]
    draft = Llama(vllm, "llama", max_tokens=300).answer(QUESTION, chunks)
    assert 0 < draft.chunks_left_out < 30
    assert WINDOW - 300 >= draft.usage.input_tokens > WINDOW / 2
    given = {passage.document_id for passage in draft.passages}
    assert given == {f"supply{number}" for number in range(30 - draft.chunks_left_out)}


def test_a_question_longer_than_the_window_is_refused_in_words(vllm: str) -> None:
    with pytest.raises(UsageError, match="do not fit"):
        Llama(vllm, "llama").answer("Why? " * 20_000, [a_chunk("one")])


@pytest.mark.parametrize(
    "question", [QUESTION, "Wer haftet?", 'What does "Supplier" mean?', "Ai?", "\u20ac 1,500,000?"]
)
def test_whatever_the_weights_say_the_reply_has_the_agreed_shape(vllm: str, question: str) -> None:
    draft = Llama(vllm, "llama", max_tokens=400).answer(question, [a_chunk("one")])
    assert draft.stray_pointers == 0
    assert draft.claims or draft.reason
    assert all(claim.text and claim.passages for claim in draft.claims)


def test_a_judge_gives_a_verdict_on_each_statement_whatever_the_weights_say(vllm: str) -> None:
    judge = ProseJudge("llama", Llama(vllm, "llama").reply)
    assert judge.judge(QUESTION, "Within thirty days. From receipt.", "Thirty days.") in set(Correctness)


def test_an_answer_that_reaches_its_longest_length_says_so(vllm: str) -> None:
    draft = Llama(vllm, "llama", max_tokens=20).answer(QUESTION, [a_chunk("one")])
    assert not draft.complete
    assert "cut off" in str(draft.reason)


def test_an_adapter_answers_by_its_name(vllm: str) -> None:
    contracts = Llama(vllm, "contracts", max_tokens=400)
    look = contracts.look()
    assert (look.window, look.counts) == (WINDOW, True)
    draft = contracts.answer(QUESTION, [a_chunk("one")])
    assert draft.model == "contracts"
    base = Llama(vllm, "llama", max_tokens=400).answer(QUESTION, [a_chunk("one")])
    assert (draft.claims, draft.reason) != (base.claims, base.reason)


def test_the_server_tells_where_its_model_lies_and_what_it_does_not_serve(vllm: str) -> None:
    look = Llama(vllm, "llama").look()
    assert look == Look(look.root, WINDOW, counts=True)
    assert (Path(str(look.root)) / "config.json").is_file()
    with pytest.raises(ConfigError, match="serves llama, contracts, not mistral"):
        Llama(vllm, "mistral", max_retries=0).look()


def test_no_word_of_a_prompt_is_in_the_log_of_the_server(vllm: str, log: Path) -> None:
    Llama(vllm, "llama", max_tokens=40).answer("Where is the zebrafinch?", [a_chunk("one")])
    written = log.read_text("utf-8", "replace")
    assert "Auto-fit max_model_len" in written, "this is the server's log"
    assert "zebrafinch" not in written
    assert "Northwind" not in written
