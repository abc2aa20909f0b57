"""Terms in force through the models: what a Llama and Claude are given to read on a day, and what they may cite."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from app.service import App
from app.wiring import open_app
from core.answers import Answer, Support
from core.privacy import Clearance, Mode
from core.settings import settings_from_environment
from core.terms import Force
from tests.app.test_terms import FIRST, LEASE, QUESTION, SUPPLY
from tests.chat import ChatServer
from tests.messages import MessagesServer

AFTER, BEFORE = date(2024, 10, 1), date(2024, 9, 30)
MODES = [Mode.GDPR, Mode.LONG_DOCUMENT, Mode.HYBRID]


def payment_terms(body: dict[str, Any]) -> str:
    """The reply of a model that quotes each passage which speaks of paying an invoice within days."""
    passages = re.findall(r"^\[(\d+)\] (.*)$", body["messages"][1]["content"], re.MULTILINE)
    claims = [
        {"text": words.strip('"'), "passages": [int(number)]}
        for number, words in passages
        if "shall pay each invoice" in words
    ]
    return json.dumps({"claims": claims, "reason": None if claims else "Nothing."})


@pytest.fixture
def an_app(messages: MessagesServer, chat: ChatServer, monkeypatch: pytest.MonkeyPatch) -> App:
    """An app with a Llama and a Claude on loopback."""
    monkeypatch.setenv("DOSSIER_CLAUDE_API_KEY", "secret")
    monkeypatch.setenv("DOSSIER_CLAUDE_BASE_URL", messages.url)
    monkeypatch.setenv("DOSSIER_LLAMA_URL", chat.url)
    chat.writes = payment_terms
    return open_app(settings_from_environment())


def kept(app: App, folder: Path, clearance: Clearance = Clearance.CLOUD) -> None:
    app.ingest([folder], collection="deal", by="anna", clearance=clearance)


def ask(app: App, mode: Mode, **options: Any) -> Answer:
    return app.ask(options.pop("question", QUESTION), collection="deal", mode=mode, by="anna", **options)


def sources_of(app: App, answer: Answer) -> dict[str, set[Force | None]]:
    """The force of what is cited, by the file it stands in."""
    names = {one.document_id: one.source for one in app.documents("deal")}
    found: dict[str, set[Force | None]] = {}
    for claim in answer.claims:
        assert claim.support is Support.VERIFIED
        for citation in claim.citations:
            found.setdefault(names[citation.document_id], set()).add(citation.force)
    return found


def read_by_models(messages: MessagesServer, chat: ChatServer, mode: Mode) -> str:
    """Every word that the model which answers was given."""
    return messages.sent() if mode is Mode.LONG_DOCUMENT else json.dumps(chat.asked(), ensure_ascii=False)


@pytest.mark.parametrize("mode", MODES)
def test_on_a_day_after_the_amendment_the_model_reads_both_and_the_answer_cites_both(
    an_app: App, messages: MessagesServer, chat: ChatServer, a_folder: Callable[..., Path], mode: Mode
) -> None:
    kept(an_app, a_folder(supply__txt=SUPPLY, lease__txt=LEASE, one__txt=FIRST))
    answer = ask(an_app, mode, as_of=AFTER)
    read = read_by_models(messages, chat, mode)
    assert "Clause 4.2 is deleted and replaced" in read
    assert "in force on 2024-10-01" in read
    cited = sources_of(an_app, answer)
    assert cited["supply.txt"] == {Force.SUPERSEDED}
    assert cited["one.txt"] == {Force.IN_FORCE}
    (term,) = answer.terms
    assert (term.section, term.in_force) == ("Clause 4.2", Force.IN_FORCE)
    assert term.original is not None
    assert "sixty" in term.original.quote
    assert term.text is not None
    assert "thirty" in term.text.quote


@pytest.mark.parametrize("mode", MODES)
def test_the_day_before_the_model_reads_the_original_alone(
    an_app: App, messages: MessagesServer, chat: ChatServer, a_folder: Callable[..., Path], mode: Mode
) -> None:
    kept(an_app, a_folder(supply__txt=SUPPLY, lease__txt=LEASE, one__txt=FIRST))
    answer = ask(an_app, mode, as_of=BEFORE)
    read = read_by_models(messages, chat, mode)
    assert "sixty (60)" in read
    assert "thirty (30)" not in read
    assert sources_of(an_app, answer) == {"supply.txt": {Force.IN_FORCE}}
    assert "one.txt takes effect after 2024-09-30 and is not read" in answer.scope.because
    assert [term.in_force for term in answer.terms] == [Force.NOT_YET], "told all the same, with its day"


@pytest.mark.parametrize("mode", MODES)
def test_without_a_day_every_amendment_is_read_and_the_question_goes_as_it_is(
    an_app: App, messages: MessagesServer, chat: ChatServer, a_folder: Callable[..., Path], mode: Mode
) -> None:
    kept(an_app, a_folder(supply__txt=SUPPLY, one__txt=FIRST))
    answer = ask(an_app, mode)
    assert sources_of(an_app, answer)["one.txt"] == {Force.IN_FORCE}
    assert "in force on" not in read_by_models(messages, chat, mode)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("day", [AFTER, BEFORE])
def test_where_only_the_agreement_was_chosen_the_amendment_is_told_and_neither_read_nor_quoted(
    an_app: App, messages: MessagesServer, chat: ChatServer, a_folder: Callable[..., Path], mode: Mode, day: date
) -> None:
    kept(an_app, a_folder(supply__txt=SUPPLY, lease__txt=LEASE, one__txt=FIRST))
    supply = next(one.document_id for one in an_app.documents("deal") if one.source == "supply.txt")
    answer = ask(an_app, mode, as_of=day, documents=[supply])
    assert "thirty (30)" not in read_by_models(messages, chat, mode)
    force = Force.SUPERSEDED if day == AFTER else Force.IN_FORCE
    assert sources_of(an_app, answer) == {"supply.txt": {force}}
    (term,) = answer.terms
    assert (term.effective, term.amendment, term.text) == (date(2024, 10, 1), None, None)
    assert "not among the documents that you asked about" in term.note
    assert an_app.sources(answer)[term.amended_by][0] == "one.txt", "a reader is told where to look"


@pytest.mark.parametrize("mode", MODES)
def test_an_amendment_that_somebody_named_is_read_also_before_its_day(
    an_app: App, a_folder: Callable[..., Path], mode: Mode
) -> None:
    kept(an_app, a_folder(supply__txt=SUPPLY, one__txt=FIRST))
    named = [one.document_id for one in an_app.documents("deal")]
    answer = ask(an_app, mode, as_of=BEFORE, documents=named)
    assert sources_of(an_app, answer) == {"supply.txt": {Force.IN_FORCE}, "one.txt": {Force.NOT_YET}}


@pytest.mark.parametrize("mode", MODES)
def test_an_agreement_that_changes_another_one_in_passing_is_read_for_its_own_terms_before_that_day(
    an_app: App, messages: MessagesServer, chat: ChatServer, a_folder: Callable[..., Path], mode: Mode
) -> None:
    service = (
        "SERVICE AGREEMENT\n\n"
        "This Service Agreement is made on 5 May 2023 between Alder Valves Ltd and Birch Pumps GmbH.\n\n"
        "1. The Customer shall pay each invoice for repairs within five (5) days of receipt.\n\n"
        "2. With effect from 1 October 2024, Clause 4.2 of the Supply Agreement dated 14 March 2023 is deleted.\n"
    )
    kept(an_app, a_folder(supply__txt=SUPPLY, service__txt=service))
    answer = ask(an_app, mode, as_of=BEFORE)
    assert "five (5) days" in read_by_models(messages, chat, mode)
    assert [(term.section, term.in_force) for term in answer.terms] == [("Clause 4.2", Force.NOT_YET)]


def test_an_amendment_of_a_restricted_agreement_reaches_the_llama_and_never_claude(
    an_app: App, messages: MessagesServer, chat: ChatServer, a_folder: Callable[..., Path], tmp_path: Path
) -> None:
    kept(an_app, a_folder(lease__txt=LEASE))
    walled = tmp_path / "walled"
    walled.mkdir()
    (walled / "supply.txt").write_text(SUPPLY)
    (walled / "one.txt").write_text(FIRST)
    kept(an_app, walled, Clearance.RESTRICTED)
    answer = ask(an_app, Mode.HYBRID, as_of=AFTER)
    assert set(sources_of(an_app, answer)) == {"supply.txt", "one.txt"}
    assert "invoice within" not in messages.sent()
    assert "AMENDMENT NO. 1" not in messages.sent()
