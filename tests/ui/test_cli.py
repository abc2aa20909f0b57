"""What scripts rely on: one JSON object on standard output, the documented exit code, one sentence for a mistake."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import CONTRACT, ROOT
from tests.messages import MessagesServer, Trouble

QUESTION = "When must the Customer pay an invoice?"


def dossier(
    *arguments: str, home: Path, stdin: str | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ui.cli", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        cwd=ROOT,
        env={**os.environ, "DOSSIER_HOME": str(home), "DOSSIER_EMBEDDING_MODEL": "hash", **environment},
    )


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose collection `deal` holds one contract."""
    (tmp_path / "supply.txt").write_text(CONTRACT)
    done = dossier("ingest", str(tmp_path / "supply.txt"), "-c", "deal", "--json", home=tmp_path / "home")
    assert done.returncode == 0, done.stderr
    return tmp_path / "home"


def test_help_answers_at_once() -> None:
    started = time.monotonic()
    subprocess.run([sys.executable, "-m", "ui.cli", "--help"], check=True, capture_output=True, cwd=ROOT)
    assert time.monotonic() - started < 2, "0.15 s on a quiet machine: nothing heavy may be imported for it"
    modules = subprocess.run(
        [sys.executable, "-c", "import ui.cli, sys; print([m for m in sys.modules])"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    ).stdout
    assert not {
        name for name in ("torch", "streamlit", "qdrant_client", "unstructured", "rich") if f"'{name}'" in modules
    }


def test_ingest_reports_each_document_with_its_fates(tmp_path: Path, home: Path) -> None:
    (tmp_path / "broken.pdf").write_bytes(b"")
    done = dossier("ingest", str(tmp_path), "-c", "deal", "--json", home=home)
    assert done.returncode == 1
    report = json.loads(done.stdout)
    by_source = {one["source"]: one for one in report["documents"]}
    assert by_source["supply.txt"]["status"] == "unchanged"
    assert by_source["supply.txt"]["fates"] == {"text": 1, "ocr": 0, "blank": 0, "unreadable": 0}
    assert by_source["broken.pdf"]["status"] == "quarantined"
    assert by_source["broken.pdf"]["reason"]


def test_ask_and_search_and_show_speak_of_the_same_characters(home: Path) -> None:
    answer = json.loads(dossier("ask", QUESTION, "-c", "deal", "--json", home=home).stdout)
    citation = answer["claims"][0]["citations"][0]
    shown = json.loads(dossier("show", citation["document_id"], "--text", "--json", home=home).stdout)
    assert shown["text"][citation["start"] : citation["end"]] == citation["quote"]
    found = json.loads(dossier("search", QUESTION, "-c", "deal", "--around", "page", "--json", home=home).stdout)
    for hit in found["hits"]:
        assert shown["text"][hit["start"] : hit["end"]] == hit["text"]
        assert hit["text"] in hit["around"]["text"]
        assert shown["text"][hit["around"]["start"] : hit["around"]["end"]] == hit["around"]["text"]


def test_many_questions_are_searched_in_one_run(tmp_path: Path, home: Path) -> None:
    questions = tmp_path / "questions.jsonl"
    questions.write_text('{"id": "1", "query": "liability cap?"}\n{"id": "2", "query": " "}\n')
    done = dossier(
        "search",
        "--queries",
        str(questions),
        "--output",
        str(tmp_path / "run.jsonl"),
        "-c",
        "deal",
        "--json",
        home=home,
    )
    assert done.returncode == 1
    rows = [json.loads(line) for line in (tmp_path / "run.jsonl").read_text().splitlines()]
    assert rows[0]["id"] == "1"
    assert rows[0]["hits"]
    assert rows[1] == {"id": "2", "error": "The question is empty."}


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["ask", "", "-c", "deal"], 2, "The question is empty."),
        (["ask", "When?", "-c", "nothing"], 2, "no collection named nothing"),
        (["ask", "When?", "-c", "deal", "--mode", "gdpr"], 2, "DOSSIER_LLAMA_URL"),
        (["search", "When?", "-c", "nothing"], 2, "no collection named nothing"),
        (["documents", "-c", "nothing"], 2, "no collection named nothing"),
        (["show", "feedfacefeedface"], 2, "no document"),
        (["ingest", "/no/such/folder", "-c", "deal"], 2, "/no/such/folder"),
        (["ingest", "x" * 300, "-c", "deal"], 2, "x"),
        (["ingest", ".", "-c", "../deal"], 2, "../deal"),
        (["erase", "feedfacefeedface", "--yes"], 2, "no document"),
        (["eval", "retrieval", "nothing.jsonl", "-c", "deal"], 2, "nothing.jsonl"),
        (["search", "--queries", "nothing.jsonl", "--output", "out.jsonl"], 2, "nothing.jsonl"),
        (["eval", "citations", "/dev/null", "--output", "/no/such/folder/out.jsonl"], 2, "/no/such/folder"),
        (["search", "--queries", "/dev/null", "--output", "/no/such/folder/out.jsonl"], 2, "/no/such/folder"),
        (["nonsense"], 2, "nonsense"),
    ],
)
def test_a_mistake_gets_one_sentence_and_its_exit_code(
    home: Path, arguments: list[str], code: int, sentence: str
) -> None:
    plain = dossier(*arguments, home=home)
    assert plain.returncode == code
    assert sentence in plain.stderr
    assert "Traceback" not in plain.stderr
    as_json = dossier(*arguments, "--json", home=home)
    assert as_json.returncode == code
    assert sentence in json.loads(as_json.stdout)["error"]
    listed = json.loads(dossier("documents", "--json", home=home).stdout)
    assert len(listed["documents"]) == 1, "nothing that was stored is harmed"


def test_an_empty_folder_is_told(tmp_path: Path, home: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = dossier("ingest", str(tmp_path / "empty"), "-c", "deal", home=home)
    assert (done.returncode, "it is empty" in done.stderr) == (2, True)


def test_a_service_that_is_down_is_told_with_its_own_exit_code(home: Path) -> None:
    done = dossier("ask", "When?", "-c", "deal", "--mode", "gdpr", home=home, DOSSIER_LLAMA_URL="http://127.0.0.1:9/v1")
    assert done.returncode == 3
    assert "Llama" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_restricted_document_never_goes_to_claude(home: Path) -> None:
    done = dossier(
        "ask",
        "When?",
        "-c",
        "deal",
        "--mode",
        "long-document",
        home=home,
        DOSSIER_CLAUDE_API_KEY="none",
        DOSSIER_CLAUDE_BASE_URL="http://127.0.0.1:9",
    )
    assert done.returncode == 4
    assert "restricted" in done.stderr


def test_a_tampered_audit_log_is_told(home: Path) -> None:
    assert dossier("audit", "verify", home=home).returncode == 0
    log = home / "audit.jsonl"
    log.write_text(log.read_text().replace('"event": "ingested"', '"event": "asked"'))
    done = dossier("audit", "verify", home=home)
    assert done.returncode == 1
    assert "changed" in done.stderr


def test_doctor_names_every_setting_and_masks_secrets(home: Path) -> None:
    done = dossier("doctor", "--json", home=home, DOSSIER_LLAMA_API_KEY="hunter2")
    health = json.loads(done.stdout)
    assert "hunter2" not in done.stdout
    assert {row["name"] for row in health["settings"]} >= {"DOSSIER_HOME", "DOSSIER_QDRANT_URL", "DOSSIER_CLAUDE_MODEL"}
    assert done.returncode == 0, health["checks"]


# ── long-document mode and what it costs ──────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def cloud(home: Path, tmp_path: Path, messages: MessagesServer) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The commands over a home whose contract is cleared, with the Messages API on loopback."""
    done = dossier("ingest", str(tmp_path / "supply.txt"), "-c", "deal", "--clearance", "cloud", home=home)
    assert done.returncode == 0, done.stderr

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        claude = {"DOSSIER_CLAUDE_API_KEY": "secret", "DOSSIER_CLAUDE_BASE_URL": messages.url}
        return dossier(*arguments, home=home, **claude, **environment)

    return run


LONG = ("ask", QUESTION, "-c", "deal", "--mode", "long-document")


def test_long_document_mode_cites_and_verifies_the_second_question_reads_the_cache_and_costs_tells_it_all(
    cloud: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    first = json.loads(cloud(*LONG, "--json").stdout)
    second = json.loads(cloud("ask", QUESTION, "-c", "deal", "--json").stdout)
    assert second["mode"] == "long-document", "auto"
    assert first["claims"][0]["support"] == "verified"
    assert "thirty (30) days" in first["claims"][0]["citations"][0]["quote"]
    assert first["mode_because"] == "you chose it"
    assert first["coverage"]["not_sent"] == []
    assert second["usage"]["cache_read_tokens"] == first["usage"]["cache_write_tokens"] > 0
    assert 0 < second["usage"]["cost_usd"] < first["usage"]["cost_usd"]
    plot = tmp_path / "costs.svg"
    report = json.loads(cloud("costs", "--by", "user", "--json", "--plot", str(plot)).stdout)
    spent = first["usage"]["cost_usd"] + second["usage"]["cost_usd"]
    assert (report["total"]["questions"], report["total"]["cost_usd"]) == (2, pytest.approx(spent, abs=4e-6))
    assert report["comparison"]["break_even_questions"] > 0
    assert len(report["comparison"]["points"]) > 10
    assert plot.read_text().startswith("<svg")


def test_on_a_terminal_the_draft_is_seen_while_it_is_written_and_the_checked_answer_takes_its_place(
    cloud: Callable[..., subprocess.CompletedProcess[str]], home: Path, messages: MessagesServer
) -> None:
    messages.pause = 0.2
    terminal, its_end = pty.openpty()
    environment = {
        **os.environ,
        "DOSSIER_HOME": str(home),
        "DOSSIER_EMBEDDING_MODEL": "hash",
        "DOSSIER_CLAUDE_API_KEY": "secret",
        "DOSSIER_CLAUDE_BASE_URL": messages.url,
        "TERM": "xterm",
    }
    command = [sys.executable, "-m", "ui.cli", *LONG]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=its_end) as asked:
        os.close(its_end)
        seen = b""
        with contextlib.suppress(OSError):  # the terminal is closed when the process ends
            while part := os.read(terminal, 4096):
                seen += part
        assert asked.stdout is not None
        printed = asked.stdout.read().decode()
    os.close(terminal)
    drafts = re.findall(r"The Customer[^\x1b\r\n]*", seen.decode())
    assert len({draft.strip() for draft in drafts}) > 2, "it grew before it was whole"
    assert "verified" in printed
    assert "“2.1 The Customer shall pay" in printed


def test_reading_everything_in_parts_asks_about_the_cost_first(
    cloud: Callable[..., subprocess.CompletedProcess[str]], home: Path, tmp_path: Path, messages: MessagesServer
) -> None:
    long = "\n\n".join(
        f"{number}. Premises\n\nThe premises of lot {number} are kept in repair." for number in range(300)
    )
    (tmp_path / "long.txt").write_text(long)
    dossier("ingest", str(tmp_path / "long.txt"), "-c", "deal", "--clearance", "cloud", home=home)
    refused = cloud(*LONG, "--whole", "--json", DOSSIER_CLAUDE_WINDOW="4000")
    told = json.loads(refused.stdout)
    assert (refused.returncode, told["exit_code"]) == (2, 2)
    assert "--yes" in told["error"]
    assert told["estimate"]["parts"] > 1
    assert told["estimate"]["cost_usd"] > 0
    assert messages.asked() == []
    agreed = cloud(*LONG, "--whole", "--yes", "--json", DOSSIER_CLAUDE_WINDOW="4000")
    assert "thirty (30) days" in json.loads(agreed.stdout)["answer"]
    assert len(messages.asked()) == told["estimate"]["parts"] + 1


def test_a_stream_that_breaks_off_is_one_sentence_with_the_exit_code_of_a_service_that_is_down(
    cloud: Callable[..., subprocess.CompletedProcess[str]], messages: MessagesServer
) -> None:
    messages.troubles = [Trouble(after_events=5)]
    done = cloud(*LONG)
    assert done.returncode == 3
    assert "broke off" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_spent_budget_refuses_with_exit_code_4_and_auto_stays_at_home(
    cloud: Callable[..., subprocess.CompletedProcess[str]], messages: MessagesServer
) -> None:
    done = cloud(*LONG, DOSSIER_BUDGET_MONTH="0.0001")
    assert done.returncode == 4
    assert "DOSSIER_BUDGET_MONTH" in done.stderr
    assert messages.requests == []
    auto = json.loads(cloud("ask", QUESTION, "-c", "deal", "--json", DOSSIER_BUDGET_MONTH="0.0001").stdout)
    assert auto["mode"] == "extractive"
    assert "budget" in auto["mode_because"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("costs", "--month", "June"), "no month"),
        (("ask", QUESTION, "--whole"), "--whole is for"),
        (("ask", QUESTION, "--yes"), "--yes is for"),
        (("ask", QUESTION, "--mode", "hybrid"), "DOSSIER_LLAMA_URL"),
    ],
)
def test_mistakes_about_costs_get_a_sentence(home: Path, arguments: tuple[str, ...], sentence: str) -> None:
    done = dossier(*arguments, home=home)
    assert done.returncode == 2
    assert sentence in done.stderr


def test_measurements_are_kept_gated_and_compared(tmp_path: Path, home: Path) -> None:
    words = "within thirty (30) days"
    start = CONTRACT.index(words)
    evidence = {"doc_id": "supply", "start": start, "end": start + len(words), "text": words}
    queries, baseline = tmp_path / "queries.jsonl", tmp_path / "baseline.json"
    queries.write_text(json.dumps({"id": "1", "query": QUESTION, "doc_id": "supply", "evidence": [evidence]}))
    gate = ("eval", "gate", str(queries), "-c", "deal", "--baseline", str(baseline), "--json")

    assert dossier(*gate, home=home).returncode == 2, "no baseline yet"
    assert dossier(*gate, "--update", home=home).returncode == 2, "no reason given"
    done = dossier(*gate, "--update", "--reason", "The first.", "--report", str(tmp_path / "gate.md"), home=home)
    assert done.returncode == 1, "one question cannot tell"
    assert json.loads(done.stdout)["verdict"] == "inconclusive"
    assert "| mrr |" in (tmp_path / "gate.md").read_text()

    measured = dossier("eval", "retrieval", str(queries), "-c", "deal", "--json", home=home)
    assert json.loads(measured.stdout)["metrics"]["hit@10"]["value"] == 1
    kept = json.loads(dossier("eval", "runs", "--json", home=home).stdout)["runs"]
    assert [run["kind"] for run in kept] == ["retrieval", "gate"]
    compared = dossier("eval", "compare", kept[1]["id"], "last", "--json", home=home)
    assert compared.returncode == 0, compared.stderr
    assert json.loads(compared.stdout)["verdict"]["mrr"] == "undecided"
