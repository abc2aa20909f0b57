"""What the desk shows: cited claims, their pages, honest colours, sentences for errors, and files taken in safely."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.answers import Narrowing, Scope
from core.errors import ServiceDown
from core.privacy import Clearance, Mode
from tests.ui.fake import AGREEMENT, CONTRACT, MAIL, FakeApp, a_desk_over, an_answer

MAIN = Path(__file__).parents[2] / "ui" / "main.py"
PATIENCE = 30.0

Desk = Callable[[FakeApp], AppTest]


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    def over(app: FakeApp) -> AppTest:
        st.cache_resource.clear()
        monkeypatch.setitem(sys.modules, "app.wiring", a_desk_over(app))
        return AppTest.from_file(MAIN, default_timeout=PATIENCE).run()

    return over


def ask(page: AppTest, question: str) -> AppTest:
    page.text_input(key="question").set_value(question)
    submit = next(button for button in page.button if button.label == "Ask")
    return submit.click().run()


def shown(page: AppTest) -> str:
    """All that the page draws itself, as HTML."""
    return "\n".join(element.value for element in page.html)


def citations(page: AppTest) -> list[str]:
    return [button.label.replace("\\", "") for button in page.button if (button.key or "").startswith("citation-")]


def click(page: AppTest, key: str) -> AppTest:
    return page.button(key=key).click().run()


def test_a_question_is_answered_in_claims_each_with_numbered_citations_naming_file_and_page(desk: Desk) -> None:
    page = ask(desk(FakeApp()), "When are fees due?")
    assert not page.exception and not page.error
    assert "The Customer pays each invoice within thirty (30) days of receipt.<sup>1</sup>" in shown(page)
    assert citations(page) == [
        "[1] supply-agreement_2024.pdf, p. 2",
        "[2] supply-agreement_2024.pdf, p. 3",
        "[3] letter.txt, p. 1",
        "[4] supply-agreement_2024.pdf, p. 2",
    ]


def test_each_claim_says_in_words_how_well_its_quotes_carry_it(desk: Desk) -> None:
    drawn = shown(ask(desk(FakeApp()), "What is the cap?"))
    for words in ("<b>Verified</b>", "<b>Differs from the source</b>", "<b>Not fully covered</b>", "<b>No source</b>"):
        assert words in drawn
    assert "the claim says $1,500,000 where the quote says EUR 1,500,000" in drawn


def test_an_altered_claim_is_never_drawn_as_a_verified_one(desk: Desk) -> None:
    drawn = shown(ask(desk(FakeApp()), "What is the cap?"))
    box = next(part for part in drawn.split("<div") if "Differs from the source" in part)
    assert "dossier-altered" in box and "dossier-verified" not in box


def test_clicking_a_citation_shows_its_quote_and_its_page(desk: Desk) -> None:
    page = click(ask(desk(FakeApp()), "When are fees due?"), "citation-0-0-1")
    assert "The Customer shall pay each invoice within thirty (30) days\nof receipt." in shown(page)
    assert "Page 2 of 5" in shown(page)
    assert len(page.image) == 1


def test_a_document_without_page_images_shows_its_text_with_the_quoted_words_marked(desk: Desk) -> None:
    page = click(ask(desk(FakeApp()), "What is the cap?"), "citation-0-1-3")
    assert "<mark>clause 3.2 stands at EUR 1,500,000</mark> &amp; nothing &lt;b&gt;else&lt;/b&gt;" in shown(page)


def test_the_open_page_survives_a_rerun_and_can_be_turned_and_closed(desk: Desk) -> None:
    page = click(ask(desk(FakeApp()), "When are fees due?"), "citation-0-0-1").run()
    assert "Page 2 of 5" in shown(page)
    page = click(page, "turn-next")
    assert "Page 3 of 5" in shown(page) and "The quote stands on p. 2." in shown(page)
    page = click(click(page, "turn-previous"), "turn-previous")
    assert "Page 1 of 5" in shown(page) and page.button(key="turn-previous").disabled
    assert "Page 1 of 5" not in shown(click(page, "close"))


def test_a_page_that_could_not_be_read_says_so_where_it_is_shown(desk: Desk) -> None:
    page = click(ask(desk(FakeApp()), "What is the cap?"), "citation-0-1-2")
    page = click(page, "turn-next")
    assert "Page 4 of 5" in shown(page) and "No words." in shown(page)


def test_the_answer_names_what_was_searched_and_what_could_not_be_read(desk: Desk) -> None:
    drawn = shown(ask(desk(FakeApp()), "When are fees due?"))
    assert "2 documents searched, 4 pages." in drawn
    assert "2 pages could not be read; 1 file could not be read at all." in drawn


def test_nothing_found_is_an_answer_with_its_reason_and_coverage_not_an_error(desk: Desk) -> None:
    reply = an_answer("Who is the judge?", reason="No passage speaks of a judge.")
    page = ask(desk(FakeApp(replies={"judge": reply})), "Who is the judge?")
    assert not page.error
    assert "Not found in the documents searched" in shown(page) and "No passage speaks of a judge." in shown(page)
    assert "2 documents searched" in shown(page)


def test_an_error_is_one_sentence_and_never_looks_like_nothing_found(desk: Desk) -> None:
    page = ask(desk(FakeApp(replies={"judge": ServiceDown("Qdrant did not answer.")})), "Who is the judge?")
    assert [error.value.replace("\\", "") for error in page.error] == ["Qdrant did not answer."]
    assert not page.exception and "Not found" not in shown(page)


def test_a_defect_is_told_without_the_words_that_its_message_may_carry(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("indemnity of Aldous Quill")

    app = FakeApp()
    page = desk(app)
    monkeypatch.setattr(app, "ask", broken)
    page = ask(page, "Who is the judge?")
    assert len(page.error) == 1 and "KeyError" in page.error[0].value and not page.exception
    said = page.error[0].value + caplog.text + str(capfd.readouterr())
    assert "Quill" not in said


def test_the_question_goes_to_the_chosen_collection_documents_and_mode(desk: Desk) -> None:
    app = FakeApp()
    page = desk(app)
    page.selectbox(key="collection").select("northwind").run()
    page.multiselect(key="documents-of-northwind").select(MAIL.id)
    page.selectbox(key="mode").select(Mode.EXTRACTIVE)
    ask(page, "When are fees due?")
    assert app.asked == [
        {
            "question": "When are fees due?",
            "collection": "northwind",
            "documents": (MAIL.id,),
            "mode": Mode.EXTRACTIVE,
        }
    ]


def test_the_day_that_is_set_goes_with_each_question_stays_set_and_stands_in_the_answer(desk: Desk) -> None:
    app = FakeApp()
    page = ask(desk(app), "When are fees due?")
    page.date_input(key="as-of").set_value(date(2024, 6, 1)).run()
    ask(page, "When are fees due?")
    assert "Terms as of 2024-06-01." in shown(page)
    ask(page, "Who pays?")
    page.date_input(key="as-of").set_value(None).run()
    ask(page, "When are fees due?")
    assert app.days == [None, date(2024, 6, 1), date(2024, 6, 1), None]
    assert "Terms as of" not in shown(page)


def test_an_earlier_question_is_listed_with_its_day_and_comes_back_with_it(desk: Desk) -> None:
    app = FakeApp()
    page = desk(app)
    page.date_input(key="as-of").set_value(date(2024, 6, 1)).run()
    ask(page, "When are fees due?")
    page.date_input(key="as-of").set_value(None).run()
    ask(page, "When are fees due?")
    assert page.button(key="earlier-0").label.replace("\\", "") == "When are fees due? (as of 2024-06-01)"
    page = click(page, "earlier-0")
    assert "Terms as of 2024-06-01." in shown(page)
    assert page.button(key="earlier-1").label == "When are fees due?"
    assert len(app.asked) == 2


def test_all_collections_can_be_asked_at_once(desk: Desk) -> None:
    app = FakeApp()
    page = desk(app)
    page.selectbox(key="collection").select("All collections").run()
    ask(page, "When are fees due?")
    assert app.asked[0]["collection"] is None


def test_an_earlier_question_comes_back_with_its_answer_without_being_asked_again(desk: Desk) -> None:
    app = FakeApp(replies={"judge": an_answer("Who is the judge?", reason="No passage speaks of a judge.")})
    page = ask(ask(desk(app), "When are fees due?"), "Who is the judge?")
    assert not citations(page)
    page = click(page, "earlier-0")
    assert len(citations(page)) == 4 and len(app.asked) == 2


def test_the_copied_text_holds_claims_support_quotes_and_coverage(desk: Desk) -> None:
    page = ask(desk(FakeApp()), "When are fees due?")
    text = page.code[0].value
    assert "The Customer pays each invoice within thirty (30) days of receipt. [1] (verified)" in text
    assert "[1] supply-agreement_2024.pdf, p. 2: “The Customer shall pay each invoice" in text
    assert "differs from the source: the claim says $1,500,000" in text
    assert "2 documents searched" in text


def test_a_question_in_markup_is_shown_as_it_was_typed(desk: Desk) -> None:
    page = ask(desk(FakeApp()), "Is <script>x</script> due?")
    assert "Is &lt;script&gt;x&lt;/script&gt; due?" in shown(page)


def test_a_document_that_has_gone_leaves_no_trace_in_the_choice_of_documents(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = FakeApp()
    page = desk(app)
    page.selectbox(key="collection").select("northwind").run()
    page.multiselect(key="documents-of-northwind").select(MAIL.id).run()
    without = tuple(record for record in app.documents() if record.document_id != MAIL.id)
    monkeypatch.setattr(app, "documents", lambda _=None: without)
    page = ask(page.run(), "When are fees due?")
    assert not page.exception and not page.error and app.asked[0]["documents"] == ()


def test_an_empty_question_asks_nothing(desk: Desk) -> None:
    app = FakeApp()
    page = ask(desk(app), "   ")
    assert not app.asked and not page.error and not citations(page)


def test_an_empty_library_says_where_to_begin(desk: Desk) -> None:
    page = desk(FakeApp(empty=True))
    assert "There are no documents yet" in shown(page) and not page.text_input and not page.error


def test_settings_that_contradict_each_other_are_told_as_a_sentence(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOSSIER_PRIVACY", "gdpr")
    monkeypatch.setenv("DOSSIER_CLAUDE_API_KEY", "key")
    page = desk(FakeApp())
    assert len(page.error) == 1 and "a sealed process must not hold the key" in page.error[0].value.replace("\\", "")
    assert not page.exception


def documents(page: AppTest) -> AppTest:
    return page.switch_page("screens/documents.py").run()


def upload(page: AppTest, *files: tuple[str, bytes], into: str, clearance: Clearance | None = None) -> AppTest:
    page.file_uploader[0].set_value([(name, content, "application/pdf") for name, content in files])
    page.selectbox(key="into-0").select(into)
    if clearance is not None:
        page.radio(key="clear-0").set_value(clearance)
    page.run()
    page = page.button(key="add-files").click().run()
    until = time.monotonic() + PATIENCE
    while "add-files" not in [button.key for button in page.button] and time.monotonic() < until:
        time.sleep(0.05)
        page = page.run()
    return page


def test_uploads_reach_ingest_under_safe_names_and_leave_nothing_behind(desk: Desk) -> None:
    app = FakeApp()
    page = documents(desk(app))
    upload(page, ("../../etc/x.pdf", b"one"), ("a" * 300 + ".pdf", b"two"), ("x.pdf", b"three"), into="northwind")
    (run,) = app.ingested
    assert run["files"] == {"x.pdf": b"one", "a" * 116 + ".pdf": b"two", "x (2).pdf": b"three"}
    assert run["collection"] == "northwind"
    assert isinstance(run["folder"], Path) and not run["folder"].exists()


def test_documents_are_restricted_unless_cloud_is_chosen(desk: Desk) -> None:
    app = FakeApp()
    upload(documents(desk(app)), ("x.pdf", b"one"), into="northwind")
    upload(documents(desk(app)), ("x.pdf", b"one"), into="northwind", clearance=Clearance.CLOUD)
    assert [run["clearance"] for run in app.ingested] == [Clearance.RESTRICTED, Clearance.CLOUD]


def test_the_result_names_every_file_with_its_pages_fates_and_the_reason_for_what_failed(desk: Desk) -> None:
    page = upload(documents(desk(FakeApp())), ("good.pdf", b"one"), ("shut.pdf", b"locked"), into="northwind")
    drawn = shown(page)
    assert "1 added; 1 could not be read. 8 pages, of which 1 unreadable, 1.5 s." in drawn
    assert "<td>good.pdf</td><td>Added</td>" in drawn and "6 text, 1 scanned (OCR), 1 unreadable" in drawn
    assert "<td>shut.pdf</td><td>Could not be read</td>" in drawn and "protected by a password" in drawn


def test_a_run_under_way_shows_which_page_of_which_document_it_reads(desk: Desk) -> None:
    page = documents(desk(FakeApp(pause=0.2)))
    page.file_uploader[0].set_value([("long.pdf", b"one", "application/pdf")])
    page.selectbox(key="into-0").select("northwind").run()
    page = page.button(key="add-files").click().run()
    seen = []
    until = time.monotonic() + PATIENCE
    while "add-files" not in [button.key for button in page.button] and time.monotonic() < until:
        seen += [bar.text for bar in page.progress]
        page = page.run()
    assert any(text.startswith("Reading document 1 of 1, page ") for text in seen)


def test_a_run_that_fails_says_why_and_offers_the_form_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object, **__: object) -> None:
        raise ServiceDown("Another run is writing to the collection northwind.")

    app = FakeApp()
    monkeypatch.setattr(app, "ingest", busy)
    page = upload(documents(desk(app)), ("x.pdf", b"one"), into="northwind")
    assert "Another run is writing to the collection northwind" in page.error[0].value


def test_the_catalogue_lists_documents_with_the_fates_of_their_pages(desk: Desk) -> None:
    page = documents(desk(FakeApp()))
    listed = page.dataframe[0].value
    assert list(listed["Document"]) == [CONTRACT.source, MAIL.source]
    assert list(listed["Pages"]) == [len(AGREEMENT) + 2, 1] and list(listed["Unreadable"]) == [2, 0]
    assert "2 pages could not be read: no answer rests on them." in shown(page)


def test_files_that_could_not_be_read_are_listed_with_the_reason(desk: Desk) -> None:
    assert "<td>locked.pdf</td><td>The file is protected by a password.</td>" in shown(documents(desk(FakeApp())))


def test_the_documents_that_a_question_means_are_told_and_the_analyst_may_ask_all_instead(desk: Desk) -> None:
    narrowed = Scope((CONTRACT.id,), ("“Northwind”: 1 document", "1 document of others is left out"), narrowed=True)
    fake = FakeApp(replies={"Northwind": replace(an_answer("q", reason="Nothing."), scope=narrowed)})
    page = ask(desk(fake), "What does Northwind owe?")
    assert "1 document of others is left out" in shown(page)
    next(button for button in page.button if button.label == "Ask all documents instead").click().run()
    assert fake.narrowings == [Narrowing.AUTO, Narrowing.NONE]
