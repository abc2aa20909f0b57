"""From a folder to a scope: facts are read at ingest, shown, changed and erased; a question is held against them."""

from __future__ import annotations

import gc
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.service import App
from app.wiring import open_app
from core.answers import Narrowing
from core.documents import DocumentId
from core.errors import NotFound, UsageError
from core.facts import FactKind, Origin, values_of
from core.settings import Settings
from retrieval.scope import Candidate
from ui.cli import main

Folder = Callable[..., Path]

SUPPLY = """SUPPLY AGREEMENT

made as of March 3, 2021 between {one} ("Supplier") and {two} ("Buyer").

1. Payment. Invoices shall be paid within {days} days of receipt.
"""
NORTHWIND = SUPPLY.format(one="Northwind Castings GmbH", two="Tessera Pumps plc", days="thirty")
HARBOUR = SUPPLY.format(one="Harbour Steel Ltd", two="Meridian Ships Inc.", days="ninety")
ASKED = "Within how many days are invoices of Northwind Castings paid?"


@pytest.fixture
def deal(app: App, a_folder: Folder) -> App:
    app.ingest([a_folder(scan_1__txt=NORTHWIND, scan_2__txt=HARBOUR)], collection="deal", by="anna")
    return app


def an_id(app: App, source: str) -> DocumentId:
    return next(record.document_id for record in app.documents("deal") if record.source == source)


def sources(app: App, question: str, **how: object) -> list[str]:
    found = app.search(question, collection="deal", by="anna", **how)  # type: ignore[arg-type]
    return [found.sources[one] for one in found.scope.documents]


def test_a_question_about_one_company_never_sees_the_words_of_another(deal: App) -> None:
    found = deal.search(ASKED, collection="deal", by="anna")
    assert found.scope.narrowed
    assert {found.sources[hit.chunk.document_id] for hit in found.hits} == {"scan_1.txt"}
    answer = deal.ask(ASKED, collection="deal", by="anna")
    assert answer.coverage.documents_searched == answer.coverage.documents_excluded == 1
    assert all("ninety" not in claim.text for claim in answer.claims)


def test_the_analysts_choice_wins_over_the_question(deal: App) -> None:
    assert sources(deal, ASKED, documents=[an_id(deal, "scan_2.txt")]) == ["scan_2.txt"]
    assert sources(deal, ASKED, narrowing=Narrowing.NONE) == ["scan_1.txt", "scan_2.txt"]


def test_nothing_is_narrowed_where_nothing_is_named(deal: App) -> None:
    found = deal.search("When are invoices paid?", collection="deal", by="anna")
    assert len(found.scope.documents) == 2 and not found.scope.narrowed
    assert "nothing was left out" in found.to_json()["scope"]["because"][-1]


def test_what_a_person_says_counts_at_once_and_stays_when_the_document_is_read_again(
    deal: App, settings: Settings, a_folder: Folder
) -> None:
    document = an_id(deal, "scan_2.txt")
    known = deal.change_facts(
        document, replace_with={FactKind.PARTY: ["Borealis AG"]}, add={FactKind.ALIAS: ["Polaris"]}, by="anna"
    )
    assert values_of(known.facts, FactKind.PARTY) == ("Borealis AG",)
    assert sources(deal, "What does Borealis pay?") == sources(deal, "What does Polaris pay?") == ["scan_2.txt"]
    again = open_app(settings)
    again.ingest([a_folder(scan_2__txt=HARBOUR)], collection="deal", ocr="always", by="anna")
    assert sources(again, "What does Borealis pay?") == ["scan_2.txt"]
    back = again.change_facts(document, replace_with={}, add={}, forget=[FactKind.PARTY, FactKind.ALIAS], by="anna")
    assert "Harbour Steel Ltd" in values_of(back.facts, FactKind.PARTY)
    assert all(one.origin is not Origin.PERSON for one in back.facts)


def test_facts_and_what_was_said_go_with_the_document(deal: App, settings: Settings) -> None:
    document = an_id(deal, "scan_2.txt")
    deal.change_facts(document, replace_with={}, add={FactKind.ALIAS: ["Zephyrine"]}, by="anna")
    deal.erase([document], by="anna")
    files = [path for path in settings.home.rglob("*") if path.is_file()]
    assert not any(word in path.read_bytes() for path in files for word in (b"Zephyrine", b"Harbour Steel"))
    with pytest.raises(NotFound):
        deal.facts(document)


def test_a_home_of_an_older_version_reads_its_facts_from_the_stored_text(deal: App, settings: Settings) -> None:
    with sqlite3.connect(settings.home / "catalogue.sqlite") as catalogue:
        catalogue.execute("DROP TABLE facts")
        catalogue.execute("DROP TABLE edits")
    assert sources(open_app(settings), ASKED) == ["scan_1.txt"]


def test_a_document_that_goes_while_it_is_searched_is_not_shown_by_half(deal: App) -> None:
    document = an_id(deal, "scan_1.txt")
    search = deal._index.search

    def meanwhile(*asked: object, **how: object) -> object:
        hits = search(*asked, **how)  # type: ignore[arg-type]
        deal._everything.unshelve("deal", document)
        return hits

    deal._index.search = meanwhile  # type: ignore[method-assign, assignment]
    assert deal.search(ASKED, collection="deal", by="anna").hits == ()


def test_a_debugger_is_told_why_each_hit_stands_where_it_does(deal: App) -> None:
    (hit, *_) = deal.search(ASKED, collection="deal", explain=True, by="anna").to_json()["hits"]
    stages = ("dense_rank", "sparse_rank", "fused_rank", "looked_rank", "reranked_rank")
    assert hit["explain"].keys() == {"scope_weight", *stages, "because"}
    assert [hit["explain"][stage] for stage in stages[1:]] == [1, 1, 1, None] and hit["explain"]["because"] == ""


def test_facts_are_shown_and_changed_on_the_command_line(deal: App) -> None:
    document = an_id(deal, "scan_1.txt")

    def dossier(*arguments: str) -> dict[str, object]:
        done = CliRunner().invoke(main, [*arguments, "--json"])
        return dict(json.loads(done.stdout))

    shown = dossier("facts", document)["facts"]
    assert {"Northwind Castings GmbH", "Tessera Pumps plc"} <= {one["value"] for one in shown}  # type: ignore[attr-defined]
    changed = dossier("facts", document, "--set", "company=Acme GmbH", "--add", "period=fy2022")["facts"]
    said = [(one["kind"], one["value"]) for one in changed if one["origin"] == "person"]  # type: ignore[attr-defined]
    assert said == [("party", "Acme GmbH"), ("period", "FY2022")]
    assert dossier("show", document)["facts"] == changed
    assert dossier("documents")["documents"][0]["facts"] == changed  # type: ignore[index]


@pytest.mark.parametrize("said", ["company", "colour=red", "period=last year", "party="])
def test_what_cannot_be_a_fact_is_refused_in_a_sentence(deal: App, said: str) -> None:
    done = CliRunner().invoke(main, ["facts", an_id(deal, "scan_1.txt"), "--set", said], standalone_mode=False)
    assert isinstance(done.exception, (UsageError, SystemExit)) and (done.exit_code == 2 or done.exception)


def test_what_was_erased_is_known_by_no_name_in_memory(deal: App) -> None:
    asked = sources(deal, ASKED)
    assert asked == ["scan_1.txt"]
    erased = an_id(deal, "scan_1.txt")
    deal.erase([erased], by="anna")
    deal.documents("deal")  # whoever looks next lets go of the shelf
    gc.collect()
    kept = [one for one in gc.get_objects() if isinstance(one, Candidate) and one.document_id == erased]
    assert kept == []
