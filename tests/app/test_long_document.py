"""Long-document mode from the question to the checked answer: what is sent, what is not, and what it costs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.costs import By
from app.long_document import Estimate, Whole, not_sent
from app.reports import answer_json
from app.service import App
from app.wiring import open_app
from core.answers import Answer, Support
from core.documents import BlockKind
from core.errors import ConfigError, EgressDenied, NotAgreed, OverBudget, ServiceDown
from core.privacy import Clearance, Mode
from core.settings import settings_from_environment
from retrieval.widen import sections
from tests.messages import MessagesServer, Trouble
from tests.retrieval.test_widen import PIECES, a_document

LEASE = """LEASE AGREEMENT

1. Rent

The monthly rent is EUR 4,200 and is due on the first working day of each month.

2. Termination

Either party may terminate this lease by giving three months' written notice to the other party.
"""
LOAN = """LOAN AGREEMENT

1. Interest

Interest is 5% per annum. The Borrower shall not repay early without the consent of the Lender.
"""
NOTICE = "How long is the written notice by which a party may terminate?"


def filler(topic: str, paragraphs: int) -> str:
    """Sections on something else, each under a heading of its own."""
    kept = "was inspected on the premises by a surveyor who recorded dimensions, coatings and fittings"
    return "\n\n".join(
        f"{number}. {topic} Schedule\n\nThe {topic.lower()} of lot {number} {kept} in register {number}."
        for number in range(10, 10 + paragraphs)
    )


@pytest.fixture
def an_app(messages: MessagesServer, monkeypatch: pytest.MonkeyPatch) -> Callable[..., App]:
    """An app whose Claude is the server on loopback; settings by name."""

    def build(**settings: str) -> App:
        monkeypatch.setenv("DOSSIER_CLAUDE_API_KEY", "secret")
        monkeypatch.setenv("DOSSIER_CLAUDE_BASE_URL", messages.url)
        monkeypatch.setenv("DOSSIER_CLAUDE_MAX_TOKENS", "1000")
        for name, value in settings.items():
            monkeypatch.setenv(f"DOSSIER_{name}".upper(), value)
        return open_app(settings_from_environment())

    return build


def a_matter(app: App, folder: Path, clearance: Clearance = Clearance.CLOUD, **texts: str) -> None:
    share = folder / f"share-{clearance.value}"
    share.mkdir()
    for name, text in texts.items():
        (share / f"{name}.txt").write_text(text)
    app.ingest([share], collection="deal", by="anna", clearance=clearance)


def ask(app: App, question: str = NOTICE, **choices: object) -> Answer:
    choices = {"collection": "deal", "mode": Mode.LONG_DOCUMENT, "by": "anna", **choices}
    return app.ask(question, **choices)  # type: ignore[arg-type]


def assert_citations_hold(app: App, answer: Answer) -> None:
    assert answer.claims
    for claim in answer.claims:
        assert claim.citations
        for citation in claim.citations:
            assert citation.span.of(app.document(citation.document_id).text) == citation.quote


def test_whole_documents_are_sent_each_as_a_block_under_its_file_and_the_answer_is_streamed_cited_and_verified(
    an_app: Callable[..., App], messages: MessagesServer, tmp_path: Path
) -> None:
    app = an_app()
    a_matter(app, tmp_path, lease=LEASE, loan=LOAN)
    told: list[str] = []
    answer = ask(app, on_text=told.append)
    assert len(told) > 3
    assert "three months' written notice" in answer.claims[0].text
    assert answer.claims[0].support is Support.VERIFIED
    assert_citations_hold(app, answer)
    (request,) = messages.asked()
    *documents, question = request["messages"][0]["content"]
    assert ["lease" in documents[0]["title"], "loan" in documents[1]["title"]] == [True, True]
    assert [block.get("cache_control") for block in documents] == [None, {"type": "ephemeral", "ttl": "1h"}]
    assert question["text"] == NOTICE
    assert answer.coverage.not_sent == ()


def test_two_documents_are_compared_in_one_answer_that_cites_both(an_app: Callable[..., App], tmp_path: Path) -> None:
    app = an_app()
    a_matter(app, tmp_path, one=LEASE, other=LEASE.replace("three months'", "six months'"))
    answer = ask(app)
    cited = {citation.document_id for claim in answer.claims for citation in claim.citations}
    assert len(cited) == 2
    assert {"three", "six"} <= {word for claim in answer.claims for word in claim.text.split()}
    assert all(claim.support is Support.VERIFIED for claim in answer.claims)


def test_the_second_question_is_read_from_the_cache_and_costs_a_fraction(
    an_app: Callable[..., App], tmp_path: Path
) -> None:
    app = an_app()
    a_matter(app, tmp_path, lease=LEASE + filler("Gutter", 40))
    first = ask(app).usage
    second = ask(app, "What is the monthly rent that is due?").usage
    assert first.cache_write_tokens > 0
    assert second.cache_read_tokens == first.cache_write_tokens
    assert second.cost_usd < first.cost_usd / 10
    lines = app.costs(by=By.USER).lines
    assert [(line.name, line.questions) for line in lines] == [("anna", 2)]
    assert lines[0].usage.cost_usd == pytest.approx(first.cost_usd + second.cost_usd, abs=2e-6)
    assert lines[0].usage.cache_read_tokens == second.cache_read_tokens


def test_what_does_not_fit_is_chosen_by_search_in_document_order_and_the_answer_names_the_pages_that_were_not_sent(
    an_app: Callable[..., App], messages: MessagesServer, tmp_path: Path
) -> None:
    app = an_app(claude_window="2000")
    a_matter(app, tmp_path, lease=filler("Gutter", 60) + "\n\n" + LEASE, loan=LOAN, roof=filler("Slate", 20))
    answer = ask(app)
    assert "three months' written notice" in answer.claims[0].text
    assert_citations_hold(app, answer)
    (request,) = messages.asked()
    assert messages.tokens(request) <= 2000
    texts = [block["text"] for one in request["messages"][0]["content"][:-1] for block in one["source"]["content"]]
    everything = filler("Gutter", 60) + LEASE + LOAN + filler("Slate", 20)
    places = [everything.index(text.split("\n")[0]) for text in texts]
    assert places == sorted(places)
    assert all("cache_control" not in block for block in request["messages"][0]["content"])
    not_sent = {one.source: one for one in answer.coverage.not_sent}
    assert not_sent["lease.txt"].partly == (1,), "a text file is one page"
    told = answer_json(answer, app.sources(answer))["coverage"]["not_sent"]
    assert {one["source"] for one in told} == set(not_sent)


def test_everything_is_read_in_parts_when_somebody_agreed_to_the_cost_and_the_answer_cites_the_documents(
    an_app: Callable[..., App], messages: MessagesServer, tmp_path: Path
) -> None:
    app = an_app(claude_window="2000")
    a_matter(app, tmp_path, lease=filler("Gutter", 60) + "\n\n" + LEASE, loan=LOAN, roof=filler("Slate", 30))
    estimates: list[Estimate] = []

    def agree(estimate: Estimate) -> bool:
        assert messages.asked() == [], "nothing was asked before"
        estimates.append(estimate)
        return True

    parts: list[tuple[int, int]] = []
    answer = ask(app, whole=Whole(agree, lambda *part: parts.append(part)))
    (estimate,) = estimates
    assert estimate.parts > 3
    assert parts == [(number, estimate.parts) for number in range(1, estimate.parts + 1)]
    assert len(messages.asked()) == estimate.parts + 1
    assert all(messages.tokens(request) <= 2000 for request in messages.asked())
    sent = "".join(
        block["text"]
        for request in messages.asked()[:-1]
        for one in request["messages"][0]["content"][:-1]
        for block in one["source"]["content"]
    )
    whole = filler("Gutter", 60) + LEASE + LOAN + filler("Slate", 30)
    assert sorted("".join(sent.split())) == sorted("".join(whole.split())), "every word was read once"
    assert "three months' written notice" in answer.claims[0].text
    assert_citations_hold(app, answer)
    assert answer.coverage.not_sent == ()
    assert 0 < answer.usage.cost_usd <= estimate.usd
    assert app.costs(by=By.MODE).total.usage.cost_usd == pytest.approx(answer.usage.cost_usd, abs=2e-6)


def test_nobody_is_charged_for_parts_without_agreement(
    an_app: Callable[..., App], messages: MessagesServer, tmp_path: Path
) -> None:
    app = an_app(claude_window="2000")
    a_matter(app, tmp_path, lease=LEASE + filler("Gutter", 80))
    with pytest.raises(NotAgreed, match="parts") as raised:
        ask(app, whole=Whole(lambda _: False))
    assert raised.value.facts["estimate"]["cost_usd"] > 0  # type: ignore[index]
    assert messages.asked() == []
    assert app.costs(by=By.MODE).total.questions == 0


def test_nothing_in_any_part_is_a_result_that_says_how_much_was_read(
    an_app: Callable[..., App], tmp_path: Path
) -> None:
    app = an_app(claude_window="2000")
    a_matter(app, tmp_path, roof=filler("Slate", 60))
    answer = ask(app, "Which zoologist catalogued Bolivian armadillos?", whole=Whole(lambda _: True))
    assert answer.claims == ()
    assert "found nothing" in (answer.reason or "")


def test_a_document_that_may_not_leave_is_not_even_opened(
    an_app: Callable[..., App], messages: MessagesServer, tmp_path: Path
) -> None:
    app = an_app()
    a_matter(app, tmp_path, lease=LEASE)
    a_matter(app, tmp_path, Clearance.RESTRICTED, loan=LOAN)
    with pytest.raises(EgressDenied, match="restricted"):
        ask(app)
    assert messages.requests == []


def test_the_audit_log_says_what_left_before_anybody_answered(
    an_app: Callable[..., App], messages: MessagesServer, tmp_path: Path
) -> None:
    app = an_app()
    a_matter(app, tmp_path, lease=LEASE)
    messages.troubles = [Trouble(after_events=4)]
    with pytest.raises(ServiceDown):
        ask(app)
    *_, line = [json.loads(line) for line in (app.settings.home / "audit.jsonl").read_text().splitlines()]
    assert (line["event"], line["what"], line["documents"]) == ("sent", "pages", [app.documents("deal")[0].document_id])
    assert "notice" not in json.dumps(line)
    total = app.costs(by=By.MODE).total
    assert total.usage.cost_usd > 0, "what broke off was billed"
    assert total.unsettled == 0


@pytest.mark.parametrize("name", ["day", "month", "user_day", "user_month"])
def test_a_budget_stops_a_question_before_it_is_sent(
    an_app: Callable[..., App], messages: MessagesServer, tmp_path: Path, name: str
) -> None:
    app = an_app(**{f"budget_{name}": "0.03"})
    a_matter(app, tmp_path, lease=LEASE + filler("Gutter", 40))
    assert ask(app).claims
    with pytest.raises(OverBudget, match=f"DOSSIER_BUDGET_{name.upper()}") as raised:
        ask(app)
    assert raised.value.exit_code == 4
    assert len(messages.asked()) == 1
    if name.startswith("user"):
        assert ask(app, by="bert").claims, "the budget of another user is not touched"


def test_a_budget_that_is_spent_lets_not_even_a_count_leave(
    an_app: Callable[..., App], messages: MessagesServer, tmp_path: Path
) -> None:
    app = an_app(budget_month="0")
    a_matter(app, tmp_path, lease=LEASE)
    with pytest.raises(OverBudget):
        ask(app)
    assert messages.requests == []


def test_a_model_without_a_price_is_not_asked(
    an_app: Callable[..., App], messages: MessagesServer, tmp_path: Path
) -> None:
    app = an_app(claude_model="claude-novel-9")
    a_matter(app, tmp_path, lease=LEASE)
    with pytest.raises(ConfigError, match="DOSSIER_PRICES"):
        ask(app)
    assert messages.requests == []


@given(PIECES, st.data())
def test_a_page_is_told_as_sent_exactly_when_every_word_of_it_was(
    pieces: list[tuple[BlockKind, str, bool]], data: st.DataObject
) -> None:
    document = a_document(pieces)
    cut = sections(document, longest=data.draw(st.integers(1, 60)))
    sent = data.draw(st.lists(st.sampled_from(cut), unique_by=lambda chunk: chunk.id)) if cut else []
    told = {
        page: kind for one in not_sent([document], sent) for kind in ("pages", "partly") for page in getattr(one, kind)
    }
    for page in document.pages:
        words = {place for place in range(page.span.start, page.span.end) if not document.text[place].isspace()}
        left = words - {place for chunk in sent for place in range(chunk.span.start, chunk.span.end)}
        assert (page.number in told) == bool(left)
        if left and left != words:
            assert told[page.number] == "partly"


def test_neither_ledger_nor_audit_hold_a_word_of_question_or_document(
    an_app: Callable[..., App], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    app = an_app()
    a_matter(app, tmp_path, lease=LEASE.replace("lease", "xylograph"))
    ask(app, "Who may terminate this xylograph by written notice?")
    app.erase([app.documents("deal")[0].document_id], by="anna")
    kept = b"".join(path.read_bytes() for path in app.settings.home.glob("catalogue.sqlite*"))
    assert b"xylograph" not in kept
    assert "xylograph" not in (app.settings.home / "audit.jsonl").read_text()
    assert "xylograph" not in caplog.text


def test_a_restricted_amendment_is_not_sent_to_claude_but_marks_what_it_replaced(
    an_app: Callable[..., App], messages: MessagesServer, tmp_path: Path
) -> None:
    app = an_app()
    lease = LEASE.replace("LEASE AGREEMENT", "LEASE AGREEMENT\n\nThis Lease Agreement is made on 1 June 2022 between "
                          "Cedar Estates Ltd and Dogwood Foods plc.")  # fmt: skip
    amendment = (
        "AMENDMENT NO. 1\n\nto the Lease Agreement dated 1 June 2022 between Dogwood Foods plc and its landlord\n\n"
        "This Amendment is made on 2 May 2024.\n\n1. Clause 2 is deleted and replaced by the following:\n\n"
        '"2. Either party may terminate this lease by giving xylograph notice."\n'
    )
    a_matter(app, tmp_path, lease=lease)
    a_matter(app, tmp_path, Clearance.RESTRICTED, amendment=amendment)
    cleared = next(one.document_id for one in app.documents("deal") if one.source == "lease.txt")
    answer = app.ask(NOTICE, collection="deal", documents=[cleared], mode=Mode.LONG_DOCUMENT, by="anna")
    assert "three months" in messages.sent()
    assert "xylograph" not in messages.sent()
    assert [term.section for term in answer.terms] == ["Clause 2"]
    assert answer.claims[0].force is not None
