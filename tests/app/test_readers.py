"""What somebody may not read does not exist for them, whichever way they ask."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.reports import answer_json, record_json
from app.retriever import Retriever
from app.service import App
from app.wiring import open_app
from core.documents import DocumentId
from core.errors import ConfigError, NotFound, UsageError
from core.privacy import Clearance
from core.readers import EVERYBODY, Reader, readers_named
from core.settings import settings_from_environment

WORDS = {"alpha": "zebrafish", "beta": "yellowtail", "gamma": "xenopus", "delta": "wolverine"}
GROUPS = 'team = ["alice", "bob"]\nboard = ["carol"]\n'
PEOPLE = ("alice", "bob", "carol", "dave")
MAY_READ = {"alice": {"alice", "group:team"}, "bob": {"bob", "group:team"}, "carol": {"carol", "group:board"}}


def app_of(user: str, home: Path) -> App:
    (home / "groups.toml").write_text(GROUPS)
    return open_app(settings_from_environment(home=home, user=user, groups=home / "groups.toml"))


def a_home(folder: Path, readers: dict[str, str]) -> dict[str, DocumentId]:
    """A collection of documents that are alike but for a name and a word; ids by name."""
    app = app_of("operator", folder)
    for name, word in WORDS.items():
        (folder / f"{name}.txt").write_text(
            f"LEASE AGREEMENT\n\nThe {word} lease of {name.capitalize()} GmbH costs EUR 12 a month.\n\n"
            "The tenant shall pay within thirty days."
        )
        who = readers_named([readers[name]])
        app.ingest([folder / f"{name}.txt"], collection="deal", by="operator", readers=who, clearance=Clearance.CLOUD)
    return {Path(one.source).stem: one.document_id for one in app._everything.records("deal")}


def everything_shown(app: App, question: str, ids: dict[str, DocumentId]) -> str:
    """All that every verb says to a reader, as one string."""
    shown: list[object] = [app.collections()]
    asks: list[Callable[[], object]] = [
        lambda: [record_json(one) for one in app.documents()],
        lambda: [record_json(one) for one in app.documents("deal")],
        lambda: [str(one) for one in app.all_facts("deal")],
        lambda: app.search(question, collection="deal", around="page", explain=True, limit=50, by="x").to_json(),
        lambda: app.search(question, limit=50, by="x").to_json(),
        lambda: answer_json(answer := app.ask(question, collection="deal", by="x"), app.sources(answer)),
        lambda: [(one.text, one.metadata) for one in Retriever(app, by="x", collection="deal").retrieve(question)],
        lambda: app.verify("deal", by="x").to_json(),
    ]
    for id in ids.values():
        asks += [
            partial(lambda id: app.document(id).text, id),
            partial(lambda id: app.page_view(id, 1).text, id),
            partial(lambda id: str(app.facts(id)), id),
            partial(lambda id: str(app.rows(id)), id),
            partial(lambda id: app.search(question, documents=[id], by="x").to_json(), id),
        ]
    for ask in asks:
        try:
            shown.append(ask())
        except NotFound as error:
            told = str(error)
            for id in ids.values():  # a refusal repeats what was asked for, and says nothing else
                told = told.replace(id, "")
            shown.append(told)
    return json.dumps(shown, default=str)


@settings(max_examples=6)
@given(
    readers=st.fixed_dictionaries(
        {
            name: st.sampled_from(["everybody", "alice", "bob,carol", "group:team", "group:board", "dave"])
            for name in WORDS
        }
    ),
    user=st.sampled_from(PEOPLE),
    asked=st.sampled_from([*WORDS.values(), "lease", "Gamma GmbH", "tenant shall pay"]),
)
def test_no_way_of_asking_shows_anything_of_what_a_reader_may_not_read(
    readers: dict[str, str], user: str, asked: str
) -> None:
    with TemporaryDirectory() as folder:
        ids = a_home(Path(folder), readers)
        app = app_of(user, Path(folder))
        question = f"What does the {asked} lease cost?"
        shown = everything_shown(app, question, ids).replace(question, "")
        for name, word in WORDS.items():
            may = readers[name] == "everybody" or bool(set(readers[name].split(",")) & MAY_READ.get(user, {user}))
            assert (word in shown) is may, name
            assert may or f"{name}.txt" not in shown
        mine = app.documents("deal") if app.collections() else ()
        if mine:
            answer = app.ask(question, collection="deal", by="x")
            assert answer.coverage.documents_searched + answer.coverage.documents_excluded == len(mine)


def test_what_one_may_not_read_is_refused_in_the_words_for_what_is_not_there(tmp_path: Path) -> None:
    ids = a_home(tmp_path, dict.fromkeys(WORDS, "alice"))
    app = app_of("dave", tmp_path)
    for id, unknown in ((ids["alpha"], "f" * 64), ("deal", "no such deal")):
        for ask in (app.document, app.facts, app.rows) if len(id) == 64 else (app.documents, app.runs):
            told = []
            for name in (id, unknown):
                with pytest.raises(NotFound) as error:
                    ask(name)
                told.append(str(error.value).replace(name, "…"))
            assert told[0] == told[1]
    with pytest.raises(NotFound):
        app.change_readers(ids["alpha"], EVERYBODY, by="dave")
    with pytest.raises(NotFound):
        app.erase([ids["alpha"]], by="dave")


def test_readers_are_changed_at_once_and_without_reading_the_document_again(tmp_path: Path) -> None:
    ids = a_home(tmp_path, dict.fromkeys(WORDS, "everybody"))
    alice, dave = app_of("alice", tmp_path), app_of("dave", tmp_path)
    ask = "What does the zebrafish lease cost?"
    before = alice.documents("deal")[0]
    (row,) = alice.change_readers(ids["alpha"], readers_named(["group:team"]), by="alice")
    assert (row.readers, row.ingested_at) == (readers_named(["group:team"]), before.ingested_at)
    assert any("zebrafish" in hit.chunk.text for hit in alice.search(ask, collection="deal", by="alice").hits)
    assert not any("zebrafish" in hit.chunk.text for hit in dave.search(ask, collection="deal", by="dave").hits)
    alice.change_readers(ids["alpha"], EVERYBODY, by="alice")
    assert any("zebrafish" in hit.chunk.text for hit in dave.search(ask, collection="deal", by="dave").hits)


def test_a_changed_file_and_one_that_could_not_be_read_keep_their_readers(tmp_path: Path) -> None:
    a_home(tmp_path, dict.fromkeys(WORDS, "alice"))
    operator = app_of("operator", tmp_path)
    (tmp_path / "alpha.txt").write_text("The zebrafish lease costs EUR 13 a month.")
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.4 broken")
    operator.ingest([tmp_path / "alpha.txt"], collection="deal", by="operator")
    operator.ingest([tmp_path / "broken.pdf"], collection="deal", by="operator", readers=readers_named(["alice"]))
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.4 broken otherwise")
    operator.retry(collection="deal", by="operator")
    assert {one.readers for one in operator._everything.records("deal")} == {readers_named(["alice"])}
    assert app_of("dave", tmp_path).quarantined() == ()
    assert len(app_of("alice", tmp_path).quarantined()) == 1


def test_nobody_becomes_a_group_or_everybody_by_their_name(tmp_path: Path) -> None:
    for name in ("group:team", "everybody", "a,b", "", "a\nb"):
        with pytest.raises(UsageError):
            Reader(name)
    with pytest.raises(ConfigError, match="DOSSIER_USER cannot be used"):
        app_of("group:team", tmp_path)
    with pytest.raises(UsageError, match="either everybody"):
        readers_named(["everybody,alice"])
