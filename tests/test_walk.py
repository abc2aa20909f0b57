"""Read this first: the two walks of the product, told as claims. A file becomes a document, a question an answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from app.reports import Status
from app.service import App
from app.wiring import open_app
from core.answers import Answer, Support
from core.errors import NotFound, UsageError
from core.privacy import Clearance, Mode
from core.settings import Settings, settings_from_environment
from tests.conftest import CONTRACT, MATTER, assert_spans_hold

Folder = Callable[..., Path]


def assert_citations_hold(app: App, answer: Answer) -> None:
    """What every answer owes its reader: the quote is the text at the span, and the page is the one it begins on."""
    for claim in answer.claims:
        assert claim.citations
        for citation in claim.citations:
            document = app.document(citation.document_id)
            assert citation.span.of(document.text) == citation.quote
            page = document.pages[citation.pages[0] - 1]
            assert page.span.start <= citation.span.start < page.span.end


def test_a_file_becomes_a_document_with_spans_that_hold(app: App, a_folder: Folder) -> None:
    report = app.ingest([a_folder(supply__txt=CONTRACT)], collection="deal", by="anna")
    (one,) = report.documents
    assert (one.status, one.source, one.pages) == (Status.ADDED, "supply.txt", 1)
    document = app.document(str(one.document_id))
    assert document.text == CONTRACT, "the canonical text of a .txt file is the file"
    assert_spans_hold(document)


def test_a_question_becomes_claims_that_quote_the_document(app: App, a_folder: Folder) -> None:
    app.ingest([a_folder(supply__txt=CONTRACT)], collection="deal", by="anna")
    answer = app.ask("Within how many days must invoices be paid?", collection="deal", by="anna")
    assert answer.mode is Mode.EXTRACTIVE
    assert "within thirty (30) days" in answer.claims[0].text
    assert answer.claims[0].support is Support.VERIFIED
    assert answer.coverage.documents_searched == 1
    assert_citations_hold(app, answer)


def test_a_not_is_never_lost_on_the_way(app: App, a_folder: Folder) -> None:
    app.ingest([a_folder(supply__txt=CONTRACT)], collection="deal", by="anna")
    answer = app.ask("Is the Supplier liable for loss of profit?", collection="deal", by="anna")
    assert "shall not be liable for loss of profit" in answer.claims[0].text


def test_not_in_the_documents_is_a_result_with_a_reason_and_its_coverage(app: App, a_folder: Folder) -> None:
    app.ingest([a_folder(supply__txt=CONTRACT)], collection="deal", by="anna")
    answer = app.ask("Which zoologist catalogued the Bolivian armadillo?", collection="deal", by="anna")
    assert answer.claims == ()
    assert answer.reason
    assert answer.coverage.pages_searched == 1


def test_ingesting_twice_changes_nothing(app: App, a_folder: Folder) -> None:
    folder = a_folder(supply__txt=CONTRACT, note__txt="The fee is EUR 12.")
    app.ingest([folder], collection="deal", by="anna")
    before = app.digest("deal")
    again = app.ingest([folder], collection="deal", by="anna")
    assert {one.status for one in again.documents} == {Status.UNCHANGED}
    assert app.digest("deal") == before


def test_a_changed_file_replaces_what_its_path_held(app: App, a_folder: Folder) -> None:
    app.ingest([a_folder(terms__txt="The fee is EUR 12 per month.")], collection="deal", by="anna")
    report = app.ingest([a_folder(terms__txt="The fee is EUR 19 per month.")], collection="deal", by="anna")
    assert [one.status for one in report.documents] == [Status.UPDATED]
    assert len(app.documents("deal")) == 1
    hits = app.search("What is the fee?", collection="deal", by="anna").hits
    assert [hit.chunk.text for hit in hits] == ["The fee is EUR 19 per month."]


def test_the_same_bytes_at_two_paths_are_one_document(app: App, a_folder: Folder) -> None:
    folder = a_folder(one__txt=CONTRACT, two__txt=CONTRACT)
    report = app.ingest([folder], collection="deal", by="anna")
    assert [one.status for one in report.documents] == [Status.ADDED, Status.UNCHANGED]
    assert len(app.documents("deal")) == 1
    (folder / "one.txt").write_text("Something else entirely.")
    app.ingest([folder], collection="deal", by="anna")
    assert len(app.documents("deal")) == 2, "the path two.txt still holds the contract"


def test_a_file_that_cannot_be_read_is_quarantined_and_the_run_goes_on(app: App, a_folder: Folder) -> None:
    report = app.ingest([a_folder(broken__pdf=b"", supply__txt=CONTRACT)], collection="deal", by="anna")
    assert [one.status for one in report.documents] == [Status.QUARANTINED, Status.ADDED]
    assert not report.complete
    (left,) = app.quarantined("deal")
    assert left.source == "broken.pdf"
    assert left.reason


def test_a_quarantined_file_that_is_mended_leaves_the_quarantine(app: App, a_folder: Folder) -> None:
    app.ingest([a_folder(supply__txt=b"")], collection="deal", by="anna")
    app.ingest([a_folder(supply__txt=CONTRACT)], collection="deal", by="anna")
    assert app.quarantined("deal") == ()


def test_after_an_erasure_nothing_finds_the_document(app: App, a_folder: Folder, settings: Settings) -> None:
    app.ingest([a_folder(supply__txt=CONTRACT, note__txt="A zebra crossed.")], collection="deal", by="anna")
    (zebra,) = (record for record in app.documents("deal") if record.source == "note.txt")
    (certificate,) = app.erase([zebra.document_id], by="anna")
    assert (certificate.chunks, certificate.chunks_left, certificate.files_left) == (1, 0, 0)
    hits = app.search("zebra", collection="deal", by="anna").hits
    assert all(hit.chunk.document_id != zebra.document_id for hit in hits)
    with pytest.raises(NotFound):
        app.document(zebra.document_id)


def test_collections_do_not_see_each_other(app: App, tmp_path: Path) -> None:
    for name in ("red", "blue"):
        (tmp_path / f"{name}.txt").write_text(f"The colour of this deal is {name}.")
        app.ingest([tmp_path / f"{name}.txt"], collection=name, by="anna")
    hits = app.search("colour of the deal", collection="red", by="anna").hits
    assert [hit.chunk.text for hit in hits] == ["The colour of this deal is red."]
    assert len(app.search("colour of the deal", by="anna").hits) == 2


def test_clearance_is_restricted_unless_said_otherwise_and_can_be_raised_on_purpose(app: App, a_folder: Folder) -> None:
    folder = a_folder(supply__txt=CONTRACT)
    app.ingest([folder], collection="deal", by="anna")
    assert app.documents("deal")[0].clearance is Clearance.RESTRICTED
    app.ingest([folder], collection="deal", by="anna", clearance=Clearance.CLOUD)
    assert app.documents("deal")[0].clearance is Clearance.CLOUD
    app.ingest([folder], collection="deal", by="anna")
    assert app.documents("deal")[0].clearance is Clearance.CLOUD


@pytest.mark.parametrize(
    ("wrong", "error", "sentence"),
    [
        (lambda app: app.ask("  ", collection="deal", by="anna"), UsageError, "The question is empty."),
        (lambda app: app.ask("When?", collection="other", by="anna"), NotFound, "no collection named other"),
        (lambda app: app.search("When?", collection="../deal", by="anna"), NotFound, "no collection named ../deal"),
        (lambda app: app.ask("When?", documents=["feedfacefeed"], by="anna"), NotFound, "no document"),
        (lambda app: app.ask("When?", mode=Mode.GDPR, by="anna"), UsageError, "DOSSIER_LLAMA_URL"),
        (lambda app: app.ask("When?", mode=Mode.LONG_DOCUMENT, by="anna"), UsageError, "DOSSIER_CLAUDE_API_KEY"),
        (lambda app: app.erase([], by="anna"), UsageError, "at least one"),
    ],
)
def test_what_makes_no_sense_is_told_in_a_sentence(
    app: App, a_folder: Folder, wrong: Callable[[App], object], error: type[Exception], sentence: str
) -> None:
    app.ingest([a_folder(supply__txt=CONTRACT)], collection="deal", by="anna")
    with pytest.raises(error, match=sentence):
        wrong(app)
    assert len(app.documents("deal")) == 1, "nothing that was stored is harmed"


def test_another_embedding_model_is_refused_in_a_sentence(
    app: App, a_folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.ingest([a_folder(supply__txt=CONTRACT)], collection="deal", by="anna")
    monkeypatch.setenv("DOSSIER_EMBEDDING_MODEL", "all-MiniLM-L6-v2")
    other = open_app(settings_from_environment())
    with pytest.raises(Exception, match="another embedding model"):
        other.search("When?", collection="deal", by="anna")


def test_neither_logs_nor_audit_ever_hold_a_word_of_a_document_or_a_question(
    app: App, a_folder: Folder, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    app.ingest([a_folder(supply__txt="The xylograph is due in May.")], collection="deal", by="anna")
    app.ask("When is the xylograph due?", collection="deal", by="anna")
    app.erase([app.documents("deal")[0].document_id], by="anna")
    assert "xylograph" not in caplog.text
    assert "xylograph" not in (settings.home / "audit.jsonl").read_text()
    events = [json.loads(line)["event"] for line in (settings.home / "audit.jsonl").read_text().splitlines()]
    assert events == ["ingested", "asked", "erased"]


def test_every_citation_of_the_example_matter_holds(app: App) -> None:
    app.ingest([MATTER], collection="matter", by="anna")
    for record in app.documents("matter"):
        assert_spans_hold(app.document(record.document_id))
    questions = [json.loads(line) for line in (MATTER.parent / "questions.jsonl").read_text().splitlines()]
    cited = 0
    for row in questions:
        answer = app.ask(row["query"], collection="matter", by="anna")
        assert_citations_hold(app, answer)
        assert all(claim.support is Support.VERIFIED for claim in answer.claims), "extractive claims are quotes"
        cited += len(answer.claims)
    assert cited
