"""The library: what is kept comes back as it was, what is forgotten is gone, and the catalogue knows the places."""

from __future__ import annotations

import gzip
import hashlib
import sqlite3
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.documents import Block, BlockKind, Box, Document, DocumentId, Fate, Page, Span
from core.errors import BrokenStore, Busy, ConfigError, NotFound, UnreadableDocument
from core.privacy import Clearance
from retrieval.catalogue import Catalogue, Record
from retrieval.library import Library, document_from_json, document_to_json
from tests.retrieval.builders import a_document, an_id


def a_file(folder: Path, text: str, *, name: str = "supply.txt", collection: str = "deal") -> tuple[Document, Path]:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text)
    id = DocumentId(hashlib.sha256(path.read_bytes()).hexdigest())
    document, _ = a_document(text, name=name, collection=collection, id=id)
    return document, path


def a_record(document: Document, *, origin: str | None = None) -> Record:
    return Record(
        collection=document.collection,
        document_id=document.id,
        source=document.source,
        origin=origin or f"/share/{document.source}",
        title=document.title,
        media_type=document.media_type,
        clearance=document.clearance,
        parser=document.parser,
        pages=len(document.pages),
        characters=len(document.text),
        fates=document.fates(),
        chunks=1,
        warnings=document.warnings,
        ingested_at="2026-03-02T09:31:00+00:00",
        ingested_by="anna",
    )


def places_of(library: Library) -> dict[str, DocumentId]:
    return {place.origin: place.document_id for place in library.places("deal")}


def test_a_shelf_is_the_same_until_somebody_writes_also_in_another_process(tmp_path: Path) -> None:
    mine, theirs = Library(tmp_path / "home"), Library(tmp_path / "home")
    document, path = a_file(tmp_path / "share", "Fees are due.")
    mine.keep(document, path)
    mine.shelve(a_record(document))
    shelf = mine.shelf("deal")
    assert [one.document_id for one in shelf.records] == [document.id]
    assert mine.shelf("deal") is shelf
    theirs.unshelve("deal", document.id)
    assert mine.shelf("deal").records == ()
    theirs.quarantine("deal", "x.pdf", "/share/x.pdf", None, "It is damaged.")
    assert len(mine.shelf("deal").quarantined) == 1


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "home")


@pytest.fixture
def shelved(library: Library, tmp_path: Path) -> Iterator[Document]:
    document, path = a_file(tmp_path / "share", "Fees are due in May.")
    library.keep(document, path)
    library.shelve(a_record(document))
    yield document


def test_nothing_is_made_on_disk_before_something_is_asked(tmp_path: Path) -> None:
    Library(tmp_path / "home")
    assert not (tmp_path / "home").exists()


def test_a_shelved_document_comes_back_as_it_was(library: Library, shelved: Document, tmp_path: Path) -> None:
    assert library.document("deal", shelved.id) == shelved
    assert library.original(shelved.id).read_text() == shelved.text
    assert library.original(shelved.id).suffix == ".txt"
    assert library.records("deal") == library.records() == (a_record(shelved),)
    assert library.record("deal", shelved.id) == a_record(shelved)
    assert library.collections() == ("deal",)
    assert library.unfinished() == ()


def test_keeping_and_shelving_twice_changes_nothing(library: Library, shelved: Document, tmp_path: Path) -> None:
    files = {path: path.read_bytes() for path in (tmp_path / "home" / "library").rglob("*") if path.is_file()}
    library.keep(shelved, tmp_path / "share" / "supply.txt")
    library.shelve(a_record(shelved))
    assert files == {path: path.read_bytes() for path in (tmp_path / "home" / "library").rglob("*") if path.is_file()}
    assert len(library.records()) == 1
    assert len(files) == library.files_of(shelved.id) == 2


def test_what_is_kept_but_not_shelved_cannot_be_read_and_is_told_as_unfinished(
    library: Library, tmp_path: Path
) -> None:
    document, path = a_file(tmp_path / "share", "Fees are due in May.")
    library.keep(document, path)
    assert library.collections() == ()
    assert library.records() == ()
    with pytest.raises(NotFound, match="There is no document with the id"):
        library.document("deal", document.id)
    assert library.unfinished("deal") == (("deal", document.id),)
    library.forget(document.id)
    assert (library.unfinished(), library.files_of(document.id)) == ((), 0)


def test_a_file_that_changed_after_it_was_parsed_is_not_kept(library: Library, tmp_path: Path) -> None:
    document, path = a_file(tmp_path / "share", "Fees are due in May.")
    path.write_text("Fees are due in June.")
    with pytest.raises(UnreadableDocument, match="was changed while it was being read"):
        library.keep(document, path)
    assert library.files_of(document.id) == 0


def test_each_collection_has_its_own_reading_of_the_same_bytes(
    library: Library, shelved: Document, tmp_path: Path
) -> None:
    other = replace(shelved, collection="Another deal", clearance=Clearance.CLOUD, text=shelved.text + "\n", parser="2")
    library.keep(other, tmp_path / "share" / "supply.txt")
    library.shelve(a_record(other))
    assert library.document("deal", shelved.id) == shelved
    assert library.document("Another deal", shelved.id) == other
    assert library.holders(shelved.id) == ("Another deal", "deal")


def test_a_document_is_gone_from_the_disk_when_the_last_collection_forgets_it(
    library: Library, shelved: Document, tmp_path: Path
) -> None:
    other = replace(shelved, collection="Another deal")
    library.keep(other, tmp_path / "share" / "supply.txt")
    library.shelve(a_record(other))
    library.unshelve("deal", shelved.id)
    assert library.holders(shelved.id) == ("Another deal", "deal"), "until it is forgotten there may be something left"
    library.forget(shelved.id, collection="deal")
    assert library.document("Another deal", shelved.id) == other
    assert library.files_of(shelved.id) == 2
    library.unshelve("Another deal", shelved.id)
    library.forget(shelved.id, collection="Another deal")
    assert (library.holders(shelved.id), library.files_of(shelved.id), library.records()) == ((), 0, ())
    with pytest.raises(BrokenStore, match="The original of the document"):
        library.original(shelved.id)
    for path in (tmp_path / "home").rglob("*"):
        assert not path.is_file() or b"supply" not in path.read_bytes(), path


def test_a_run_killed_between_unshelving_and_forgetting_is_told_as_unfinished(
    library: Library, shelved: Document
) -> None:
    library.unshelve("deal", shelved.id)
    assert library.unfinished() == (("deal", shelved.id),)
    library.shelve(a_record(shelved))
    assert library.unfinished() == ()


def test_damaged_files_are_told_as_such(library: Library, shelved: Document, tmp_path: Path) -> None:
    (parsed,) = (tmp_path / "home" / "library").rglob("*.json.gz")
    for damage in (b"", b"nonsense", gzip.compress(b"{}"), gzip.compress(b'{"format": 99}'), parsed.read_bytes()[:-9]):
        parsed.write_bytes(damage)
        with pytest.raises(BrokenStore, match="The stored text of supply.txt is missing or damaged"):
            library.document("deal", shelved.id)
    parsed.unlink()
    with pytest.raises(BrokenStore, match="The stored text of supply.txt is missing or damaged"):
        library.document("deal", shelved.id)


@pytest.mark.parametrize("id", ["", "..", "../../etc/passwd", "a" * 63, "A" * 64])
def test_an_id_that_is_none_is_not_a_path(library: Library, id: str) -> None:
    with pytest.raises(NotFound):
        library.original(DocumentId(id))
    with pytest.raises(NotFound):
        library.document("deal", DocumentId(id))


# ── places ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_path_that_holds_other_bytes_now_gives_up_what_only_it_had_held(library: Library, shelved: Document) -> None:
    new = an_id("new")
    assert library.place("deal", "/share/supply.txt", shelved.id) == ()
    assert library.place("deal", "/share/supply.txt", new) == (shelved.id,)
    assert library.place("deal", "/share/supply.txt", new) == (shelved.id,), "a killed run finds it again"
    library.unshelve("deal", shelved.id)
    assert library.place("deal", "/share/supply.txt", new) == ()
    assert places_of(library) == {}


def test_a_document_moves_to_another_of_its_places_when_its_own_is_gone(library: Library, shelved: Document) -> None:
    library.seen(a_record(shelved), "copy/two.txt", "/share/copy/two.txt")
    assert places_of(library) == {"/share/supply.txt": shelved.id, "/share/copy/two.txt": shelved.id}
    assert library.place("deal", "/share/supply.txt", None) == ()
    assert places_of(library) == {"/share/copy/two.txt": shelved.id}
    (record,) = library.records("deal")
    assert (record.source, record.origin) == ("copy/two.txt", "/share/copy/two.txt")
    assert library.document("deal", shelved.id).source == "copy/two.txt"
    assert library.place("deal", "/share/copy/two.txt", None) == (shelved.id,)


def test_a_quarantine_ends_when_its_path_can_be_read_or_is_gone(library: Library, shelved: Document) -> None:
    for reason in ("It is empty.", "It has a password."):
        library.quarantine("deal", "supply.txt", "/share/supply.txt", None, reason)
    (left,) = library.quarantined()
    assert (left.source, left.reason, left.document_id) == ("supply.txt", "It has a password.", None)
    assert library.quarantined("other") == ()
    library.shelve(a_record(shelved))
    assert library.quarantined("deal") == ()
    library.quarantine("deal", "gone.pdf", "/share/gone.pdf", an_id("gone"), "It is damaged.")
    library.place("deal", "/share/gone.pdf", None)
    assert library.quarantined() == ()


def test_a_run_is_noted_with_what_came_of_it(library: Library) -> None:
    first = library.start_run("deal")
    second = library.start_run("deal")
    library.finish_run(first, {"added": 2})
    runs = library.runs("deal")
    assert [run.run_id for run in runs] == [second, first]
    assert [run.counts for run in runs] == [None, {"added": 2}]
    assert runs[0].finished is None
    assert runs[1].finished is not None


# ── the database ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_many_threads_and_connections_write_one_catalogue(tmp_path: Path) -> None:
    document, _ = a_document("Fees are due.")
    failures: list[Exception] = []

    def work(name: str) -> None:
        try:
            mine = Library(tmp_path / "home")
            mine.shelve(replace(a_record(document), document_id=an_id(name), source=name))
            mine.place("deal", "/share/supply.txt", an_id(name))
        except Exception as error:  # noqa: BLE001 - a thread's failure must reach the test
            failures.append(error)

    threads = [threading.Thread(target=work, args=(f"{number:02}",)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []
    assert len(Library(tmp_path / "home").records()) == 12


def test_a_catalogue_that_another_process_does_not_let_go_of_is_busy(
    library: Library, shelved: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrieval.database.WAIT", 0.05)
    other = sqlite3.connect(tmp_path / "home" / "catalogue.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    impatient = Library(tmp_path / "home")
    with pytest.raises(Busy, match="The catalogue is in use by another process"):
        impatient.unshelve("deal", shelved.id)
    other.execute("ROLLBACK")
    other.close()
    assert len(impatient.records()) == 1


def test_a_catalogue_of_an_older_version_gets_the_columns_that_came_later(tmp_path: Path) -> None:
    older = sqlite3.connect(tmp_path / "catalogue.sqlite")
    older.execute("CREATE TABLE runs (run_id, collection, started, finished, counts, pid)")
    older.execute("INSERT INTO runs VALUES ('r1', 'deal', '2026-11-01T02:15:00+00:00', NULL, NULL, 7)")
    older.commit()
    older.close()
    library = Library(tmp_path)
    assert [(run.run_id, run.outcome) for run in library.runs("deal")] == [("r1", None)]
    library.finish_run("r1", {"added": 1}, outcome="failed", reason="No room.")
    assert Library(tmp_path).runs("deal")[0].reason == "No room."


def test_a_file_that_is_no_database_is_told_as_damaged(tmp_path: Path) -> None:
    (tmp_path / "catalogue.sqlite").write_text("This is a letter, not a database. " * 99)
    with pytest.raises(BrokenStore, match="The catalogue"):
        Library(tmp_path).records()


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("nonsense", ConfigError),
        ("nosuchdatabase://host/name", ConfigError),
        ("postgresql+nosuchdriver://host/name", ConfigError),
    ],
)
def test_an_address_that_is_none_is_told_in_a_sentence(url: str, error: type[Exception]) -> None:
    with pytest.raises(error, match="DOSSIER_CATALOGUE_URL"):
        Catalogue(url).records()


def test_any_address_that_sqlalchemy_knows_will_do(tmp_path: Path) -> None:
    library = Library(tmp_path / "home", f"sqlite:///{tmp_path / 'elsewhere.db'}")
    assert library.records() == ()
    assert (tmp_path / "elsewhere.db").exists()
    assert not (tmp_path / "home" / "catalogue.sqlite").exists()


# ── the stored form ───────────────────────────────────────────────────────────────────────────────────────────────────

_any_text = st.text(st.characters(exclude_categories=()), max_size=40)
_spans = st.tuples(st.integers(0, 99), st.integers(0, 99)).map(lambda pair: Span(min(pair), max(pair)))
_numbers = st.floats(allow_nan=False, allow_infinity=False)
_documents = st.builds(
    Document,
    id=st.just(an_id("any")),
    title=_any_text,
    source=_any_text,
    media_type=_any_text,
    text=_any_text,
    pages=st.lists(
        st.builds(
            Page,
            st.integers(1, 9),
            _any_text,
            _spans,
            st.sampled_from(Fate),
            st.none() | st.tuples(_numbers, _numbers),
            st.none() | _any_text,
        ),
        max_size=3,
    ).map(tuple),
    blocks=st.lists(
        st.builds(
            Block,
            st.sampled_from(BlockKind),
            _spans,
            st.none() | st.integers(1, 6),
            st.lists(st.builds(Box, st.integers(1, 9), _numbers, _numbers, _numbers, _numbers), max_size=2).map(tuple),
        ),
        max_size=3,
    ).map(tuple),
    collection=_any_text,
    clearance=st.sampled_from(Clearance),
    parser=_any_text,
    warnings=st.lists(_any_text, max_size=2).map(tuple),
)


@given(_documents)
def test_any_document_comes_back_from_its_stored_form_as_it_was(document: Document) -> None:
    assert document_from_json(document_to_json(document)) == document


def test_a_long_report_is_read_back_in_the_blink_of_an_eye() -> None:
    text = ("Total current assets 13,709 14,277 " * 120)[:4000]
    pages = tuple(
        Page(n + 1, str(n + 1), Span(n * 4000, n * 4000 + 3999), Fate.TEXT, (612.0, 792.0)) for n in range(160)
    )
    blocks = tuple(
        Block(BlockKind.PARAGRAPH, Span(n * 100, n * 100 + 99), None, (Box(n // 40 + 1, 72.25, 80.5, 540.125, 92.0),))
        for n in range(6400)
    )
    document = replace(a_document("x")[0], text=text * 160, pages=pages, blocks=blocks)
    stored = gzip.compress(document_to_json(document))
    times = []
    for _ in range(3):
        started = time.perf_counter()
        document_from_json(gzip.decompress(stored))
        times.append(time.perf_counter() - started)
    assert min(times) < 0.5, "a wide limit: the machine of a test is shared"
