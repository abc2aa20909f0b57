"""The same questions through each mode: asked once, kept as they come, paid for only when agreed, and compared."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.proof import Correctness
from app.service import App
from app.wiring import open_app
from core.errors import ConfigError, NotAgreed, ServiceDown, UsageError
from core.privacy import Clearance, Mode
from core.settings import settings_from_environment
from eval.agreement import prose_judge
from eval.answers import Asked, Asking, Cited, Expected, Outcome, RunCost, ask_all
from eval.dataset import Query, read_queries
from eval.kept_answers import kept_answers
from eval.modes import Contest, Verdict, contest, questions_of, run_of
from tests.chat import ChatServer, Trouble
from tests.messages import MessagesServer
from tests.messages import Trouble as ClaudeTrouble
from tests.ui.test_cli import dossier

LEASE = """LEASE AGREEMENT

1. Rent

The monthly rent is EUR 4,200 and is due on the first working day of each month.

2. Termination

Either party may terminate this lease by giving three months' written notice to the other party.
"""
MODES = (Mode.EXTRACTIVE, Mode.GDPR, Mode.LONG_DOCUMENT, Mode.HYBRID, Mode.AUTO)


def judged_at(words: str) -> list[dict[str, object]]:
    start = LEASE.index(words)
    return [{"doc_id": "lease", "page": 1, "start": start, "end": start + len(words), "text": words}]


ROWS: list[dict[str, Any]] = [
    {
        "id": "rent", "query": "What is the monthly rent that is due?", "doc_id": "lease", "type": "figure",
        "evidence": judged_at("The monthly rent is EUR 4,200"), "answer": "EUR 4,200",
    },
    {
        "id": "notice", "query": "How may a party terminate this lease, by which written notice?", "doc_id": "lease",
        "evidence": judged_at("by giving three months' written notice"),
        "answer": "Either party may terminate by three months' written notice.",
    },
    {
        "id": "cup", "query": "Who won the football cup?", "doc_id": "lease", "evidence": [], "answerable": False,
    },
]  # fmt: skip


def a_set(folder: Path, rows: list[dict[str, Any]] = ROWS) -> Path:
    path = folder / "questions.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


def a_llama_that_reads(body: dict[str, Any]) -> str:
    """Answers with the passage that has most words of the question, and finds every statement said."""
    user = body["messages"][1]["content"]
    properties = body["response_format"]["json_schema"]["schema"]["properties"]
    if "statements" in properties:
        return json.dumps(
            {"statements": dict.fromkeys(properties["statements"]["required"], "said"), "declines": False}
        )
    wanted = {word for word in user.rpartition("Question: ")[2].casefold().split() if len(word) > 3}
    passages = [line for line in user.splitlines() if line.startswith("[")]
    score, best = max((len(wanted & set(line.casefold().split())), line) for line in passages)
    if score < 2:
        return json.dumps({"claims": [], "reason": "Nothing on that."})
    number, _, text = best[1:].partition("] ")
    return json.dumps({"claims": [{"text": text, "passages": [int(number)]}], "reason": None})


@pytest.fixture
def environment(chat: ChatServer, messages: MessagesServer) -> dict[str, str]:
    """Both answer servers are configured: they are on loopback."""
    chat.writes = a_llama_that_reads
    return {
        "DOSSIER_LLAMA_URL": chat.url,
        "DOSSIER_CLAUDE_API_KEY": "secret",
        "DOSSIER_CLAUDE_BASE_URL": messages.url,
        "DOSSIER_CLAUDE_MAX_TOKENS": "1000",
    }


@pytest.fixture
def lease(tmp_path: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., App]:
    """An app over one cleared lease, with both servers; settings by name."""

    def build(clearance: Clearance = Clearance.CLOUD, **settings: str) -> App:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        for name, value in settings.items():
            monkeypatch.setenv(f"DOSSIER_{name}".upper(), value)
        app = open_app(settings_from_environment())
        (tmp_path / "lease.txt").write_text(LEASE)
        app.ingest([tmp_path / "lease.txt"], collection="deal", by="anna", clearance=clearance)
        return app

    return build


def measured(
    app: App,
    folder: Path,
    *modes: Mode,
    output: str = "kept.jsonl",
    resume: bool = False,
    agree: Callable[[RunCost], bool] = lambda _: True,
    budget: float | None = None,
    judge: str = "words",
) -> Contest:
    queries = read_queries(a_set(folder))
    asking = Asking(app, collection="deal", prose=prose_judge(app, judge), budget=budget, by="anna")
    made_of = run_of(app, "deal", queries, within_document=False, judge=judge)
    with kept_answers(folder / output, made_of, resume=resume, anew=False) as kept:
        asked = ask_all(asking, queries, modes, kept, agree=agree, with_texts=True)
    return contest(asked, queries, modes)


def noting(estimates: list[RunCost], *, agreed: bool = True) -> Callable[[RunCost], bool]:
    def agree(estimate: RunCost) -> bool:
        estimates.append(estimate)
        return agreed

    return agree


def test_all_modes_answer_the_same_questions_and_each_is_measured_by_figures_prose_citations_and_money(
    lease: Callable[..., App], tmp_path: Path
) -> None:
    found = measured(lease(), tmp_path, *MODES, judge="llama")
    assert [one.mode for one in found.scores] == list(MODES)
    for one in found.scores:
        rent, notice, cup = one.asked
        assert (rent.correct, rent.judge) == (Correctness.RIGHT, "numeric equality"), one.mode
        assert (rent.page, rent.span) == (Cited(1.0, 1.0), Cited(1.0, 1.0)), one.mode
        assert notice.correct is Correctness.RIGHT and notice.judge.startswith("llama llama, prompt "), one.mode
        assert cup.outcome is Outcome.SILENT and cup.correct is Correctness.SILENT, one.mode
        assert one.metrics["right"][0].value == 1.0 and one.metrics["prose right"][1] == 1
        assert one.metrics["silent where nothing answers"][0].value == 1.0
    usd = {one.mode: one.usd for one in found.scores}
    assert usd[Mode.EXTRACTIVE] == usd[Mode.GDPR] == 0 < usd[Mode.HYBRID] < usd[Mode.LONG_DOCUMENT]
    auto = found.scores[-1].asked
    assert {one.answered_by for one in auto} <= {"gdpr", "long-document"}
    assert found.exit_code == 0
    assert any("may like its own words" in note for note in found.notes())


def test_what_was_answered_before_an_interruption_is_not_asked_or_paid_for_again(
    lease: Callable[..., App], messages: MessagesServer, tmp_path: Path
) -> None:
    app = lease()
    messages.troubles = [ClaudeTrouble(), ClaudeTrouble(after_events=2)]
    first = measured(app, tmp_path, Mode.LONG_DOCUMENT)
    assert [one.outcome.value for one in first.scores[0].asked] == ["answered", "failed", "silent"]
    assert first.exit_code == 1
    assert first.scores[0].metrics["prose right"][0].value == 0.0, "a failure is not right"
    asked = len(messages.asked())
    kept = tmp_path / "kept.jsonl"
    kept.write_text(kept.read_text() + '{"id": "rent", "mode": "gd')  # killed in the middle of a line
    estimates: list[RunCost] = []
    again = measured(app, tmp_path, Mode.LONG_DOCUMENT, resume=True, agree=noting(estimates))
    assert [one.questions for one in estimates] == [1]
    assert len(messages.asked()) == asked + 1
    assert [one.outcome.value for one in again.scores[0].asked] == ["answered", "answered", "silent"]
    assert again.scores[0].usd > first.scores[0].usd
    assert again.exit_code == 0
    rows = [json.loads(line) for line in kept.read_text().splitlines()]
    assert rows[-1]["id"] == "notice" and "three months" in rows[-1]["answer"]


def test_kept_answers_are_never_overwritten_nor_mixed_with_those_of_another_run(
    lease: Callable[..., App], tmp_path: Path
) -> None:
    app = lease()
    measured(app, tmp_path, Mode.EXTRACTIVE)
    before = (tmp_path / "kept.jsonl").read_bytes()
    with pytest.raises(UsageError, match="--resume goes on"):
        measured(app, tmp_path, Mode.EXTRACTIVE)
    with pytest.raises(UsageError, match="differs in judge"):
        measured(app, tmp_path, Mode.EXTRACTIVE, resume=True, judge="none")
    (tmp_path / "notes.txt").write_text("something else\n")
    with (
        pytest.raises(UsageError, match="holds no answers"),
        kept_answers(tmp_path / "notes.txt", {}, resume=False, anew=True),
    ):
        pass
    assert (tmp_path / "kept.jsonl").read_bytes() == before
    assert (tmp_path / "notes.txt").read_text() == "something else\n"


def test_nothing_is_sent_before_somebody_agreed_to_an_estimate_that_holds(
    lease: Callable[..., App], messages: MessagesServer, tmp_path: Path
) -> None:
    app = lease()
    estimates: list[RunCost] = []
    with pytest.raises(NotAgreed, match="at most USD") as raised:
        measured(app, tmp_path, Mode.LONG_DOCUMENT, Mode.HYBRID, agree=noting(estimates, agreed=False))
    assert messages.requests == []
    (estimate,) = estimates
    assert (estimate.questions, estimate.paid, estimate.left) == (6, 6, None)
    assert raised.value.facts["estimate"]["most"] >= estimate.usd  # type: ignore[index]
    found = measured(app, tmp_path, Mode.LONG_DOCUMENT, Mode.HYBRID)
    assert 0 < sum(one.usd for one in found.scores) <= estimate.most


def test_what_auto_would_choose_is_known_before_it_is_asked(lease: Callable[..., App]) -> None:
    app = lease()
    place, other = (
        app.foresee(question, collection="deal", by="anna")
        for question in ("When is the rent due?", "Compare the duties of both parties.")
    )
    assert (place.mode, place.most) == (Mode.GDPR, 0.0)
    assert other.mode is Mode.LONG_DOCUMENT and 0 < other.again < other.usd <= other.most


def test_what_costs_nothing_is_not_asked_about(lease: Callable[..., App], tmp_path: Path) -> None:
    found = measured(lease(), tmp_path, Mode.EXTRACTIVE, Mode.GDPR, agree=lambda _: pytest.fail("nothing to agree to"))
    assert found.exit_code == 0


def test_the_budget_of_a_run_refuses_what_would_pass_it(
    lease: Callable[..., App], messages: MessagesServer, tmp_path: Path
) -> None:
    app = lease()
    most = app.foresee(ROWS[0]["query"], collection="deal", mode=Mode.LONG_DOCUMENT, by="anna").most
    found = measured(app, tmp_path, Mode.EXTRACTIVE, Mode.LONG_DOCUMENT, budget=most * 1.01)
    outcomes = [one.outcome.value for one in found.scores[1].asked]
    assert "refused" in outcomes and outcomes[0] != "refused"
    assert 0 < found.scores[1].usd <= most
    assert len(messages.asked()) == 3 - outcomes.count("refused")
    assert all(one.outcome is not Outcome.REFUSED for one in found.scores[0].asked), "what is free is not stopped"


def test_documents_that_may_not_leave_are_a_counted_refusal_and_nothing_of_them_is_sent(
    lease: Callable[..., App], messages: MessagesServer, tmp_path: Path
) -> None:
    found = measured(lease(Clearance.RESTRICTED), tmp_path, Mode.EXTRACTIVE, Mode.LONG_DOCUMENT)
    extractive, long_document = found.scores
    assert long_document.count(Outcome.REFUSED) == 3 and "restricted" in long_document.asked[0].reason
    assert long_document.metrics["right"][0].value == 0.0
    assert extractive.metrics["right"][0].value == 1.0
    assert messages.requests == []
    assert found.exit_code == 4


def test_a_service_that_stays_down_ends_the_run_and_one_that_refuses_the_key_at_once(
    lease: Callable[..., App], chat: ChatServer, tmp_path: Path
) -> None:
    app = lease()
    chat.troubles = [Trouble(status=500, headers={"retry-after": "0"})] * 12
    with pytest.raises(ServiceDown, match="--resume"):
        measured(app, tmp_path, Mode.EXTRACTIVE, Mode.GDPR)
    assert len((tmp_path / "kept.jsonl").read_text().splitlines()) == 1 + 3 + 2
    chat.troubles = [Trouble(status=401)]
    with pytest.raises(ConfigError, match="key"):
        measured(app, tmp_path, Mode.GDPR, resume=True)


def test_a_judge_that_fails_is_told_and_its_answer_is_neither_right_nor_wrong(
    lease: Callable[..., App], chat: ChatServer, tmp_path: Path
) -> None:
    app = lease()
    chat.writes = lambda _: "no verdict"
    found = measured(app, tmp_path, Mode.EXTRACTIVE, judge="llama")
    (notice,) = found.scores[0].unjudged
    assert notice.id == "notice" and "SHA-256" in notice.unjudged and notice.correct is None
    assert "prose right" not in found.scores[0].metrics
    assert found.exit_code == 1


def asked(id: str, mode: Mode, correct: Correctness, **more: Any) -> Asked:
    return Asked(id, mode, Outcome.ANSWERED, Expected.FIGURE, correct=correct, judge="numeric equality", **more)


def a_contest(right: Callable[[int], bool], *, documents: int, each: int = 5) -> Contest:
    """gdpr is always right, extractive where `right` says so."""
    queries = [Query(str(number), "?", f"doc{number % documents}", answer="1") for number in range(documents * each)]
    verdicts = {True: Correctness.RIGHT, False: Correctness.WRONG}
    rows = [asked(query.id, Mode.GDPR, Correctness.RIGHT) for query in queries]
    rows += [asked(query.id, Mode.EXTRACTIVE, verdicts[right(int(query.id))]) for query in queries]
    return contest(rows, queries, [Mode.GDPR, Mode.EXTRACTIVE])


def test_a_mode_wins_where_the_interval_leaves_no_doubt_and_never_on_too_few_documents() -> None:
    many = a_contest(lambda number: number % 3 > 0, documents=12)
    assert [duel.verdict for duel in many.duels] == [Verdict.BETTER]
    assert "gdpr is better" in many.winners()[0]
    few = a_contest(lambda number: number % 3 > 0, documents=4, each=15)
    assert [duel.verdict for duel in few.duels] == [Verdict.TOO_SMALL]
    assert "6 documents are the least" in few.winners()[0]
    alike = a_contest(lambda _: True, documents=12)
    assert [duel.verdict for duel in alike.duels] == [Verdict.NO_DIFFERENCE]
    small = a_contest(lambda _: True, documents=6, each=1)
    assert [duel.verdict for duel in small.duels] == [Verdict.TOO_SMALL], "six questions rule out no ten points"
    assert "differences of 0.50 and more" in small.winners()[0]


def test_the_same_answers_give_the_same_figures_and_a_kept_row_comes_back_as_it_was(
    lease: Callable[..., App], tmp_path: Path
) -> None:
    app = lease()
    one, other = (measured(app, tmp_path, Mode.EXTRACTIVE, output=name) for name in ("one", "other"))
    timeless = [{k: v for k, v in row.to_json().items() if k != "seconds"} for row in one.scores[0].asked]
    assert timeless == [{k: v for k, v in row.to_json().items() if k != "seconds"} for row in other.scores[0].asked]
    assert one.scores[0].metrics == other.scores[0].metrics
    for row in one.scores[0].asked:
        assert Asked.of(json.loads(json.dumps(row.to_json()))).to_json() == row.to_json()


def test_only_questions_of_a_type_are_asked_where_one_is_named(tmp_path: Path) -> None:
    assert [query.id for query in questions_of(a_set(tmp_path), ["figure"])] == ["rent"]
    with pytest.raises(UsageError, match="type"):
        questions_of(a_set(tmp_path), ["psychic"])


# ── the command ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def run(tmp_path: Path, environment: dict[str, str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    home = tmp_path / "home"
    (tmp_path / "lease.txt").write_text(LEASE)
    assert (
        dossier("ingest", str(tmp_path / "lease.txt"), "-c", "deal", "--clearance", "cloud", home=home).returncode == 0
    )

    def command(*arguments: str, configured: bool = True) -> subprocess.CompletedProcess[str]:
        queries = str(a_set(tmp_path))
        return dossier(
            "eval",
            "answers",
            queries,
            "-c",
            "deal",
            *arguments,
            home=home,
            COLUMNS="200",
            **(environment if configured else {}),
        )

    return command


def test_a_mode_that_is_not_configured_is_a_mistake_told_before_anything_is_asked(
    run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    done = run("--modes", "extractive,gdpr", "--output", str(tmp_path / "kept"), configured=False)
    assert done.returncode == 2 and done.stderr.strip() == "Mode gdpr is not configured: set DOSSIER_LLAMA_URL."
    assert not (tmp_path / "kept").exists()
    assert run("--modes", "psychic").returncode == 2


def test_the_command_wants_consent_prints_a_table_writes_reports_and_keeps_the_run(
    run: Callable[..., subprocess.CompletedProcess[str]], messages: MessagesServer, tmp_path: Path
) -> None:
    modes = "extractive,gdpr,long-document,hybrid,auto"
    refused = run("--modes", modes, "--json")
    assert refused.returncode == 2 and json.loads(refused.stdout)["estimate"]["paid"] > 0
    assert messages.requests == []
    over = run("--modes", modes, "--yes", "--budget", "0")
    assert over.returncode == 4 and messages.requests == []
    done = run("--modes", modes, "--yes", "--judge", "words", "--report", str(tmp_path / "r.md"), "--resume")
    assert done.returncode == 0, done.stderr
    for words in ("long-document", "citation recall (span)", "advisory", "6 documents are the least", "US dollars"):
        assert words in done.stdout.replace("\n", " ")
    assert "| right | 1.00" in (tmp_path / "r.md").read_text()
    home = tmp_path / "home"
    assert list((home / "eval" / "answers").iterdir()) == [], "a run that came to its end needs no resuming"
    kept = json.loads(dossier("eval", "runs", "--json", home=home).stdout)["runs"]
    assert {one["kind"] for one in kept} == {f"answers, {mode}" for mode in modes.split(",")}
    assert "rent" not in json.dumps([{**one, "result": {**one["result"], "scores": {}}} for one in kept])


def test_what_is_kept_under_the_home_holds_no_words(
    run: Callable[..., subprocess.CompletedProcess[str]], chat: ChatServer, tmp_path: Path
) -> None:
    chat.troubles = [Trouble(status=400, message="odd")]
    assert run("--modes", "gdpr", "--judge", "none").returncode == 1
    (kept,) = (tmp_path / "home" / "eval" / "answers").iterdir()
    assert "4,200" not in kept.read_text() and "terminate" not in kept.read_text()
    again = run("--modes", "gdpr", "--judge", "none")
    assert again.returncode == 2 and "--resume" in again.stderr
    assert run("--modes", "gdpr", "--judge", "none", "--resume").returncode == 0
