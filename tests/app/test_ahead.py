"""Reading ahead changes how long a run takes, and nothing else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.ingestion import AHEAD
from app.reports import Progress, Status
from app.service import App
from core.documents import Document
from core.errors import UnreadableDocument
from core.privacy import Clearance
from ingest.parse import parse
from retrieval.embed import HashEmbedder
from retrieval.index import Index
from tests.conftest import CONTRACT

Folder = Callable[..., Path]


def test_the_next_documents_are_read_while_one_is_embedded_and_no_more_than_two_wait(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(8):
        (tmp_path / f"letter-{number}.txt").write_text(f"Letter {number}.")
    counting = threading.Lock()
    parsed, embedded, ahead = 0, 0, []

    def read(*arguments: Any, **options: Any) -> Document:
        nonlocal parsed
        document = parse(*arguments, **options)
        with counting:
            parsed += 1
        return document

    embed = HashEmbedder.embed_documents

    def embed_slowly(self: HashEmbedder, texts: Any) -> Any:
        nonlocal embedded
        embedded += 1
        time.sleep(0.8)
        with counting:
            ahead.append(parsed - embedded)
        return embed(self, texts)

    monkeypatch.setattr("app.ingestion.TOGETHER", 1)
    monkeypatch.setattr("app.ingestion.parse", read)
    monkeypatch.setattr(HashEmbedder, "embed_documents", embed_slowly)
    report = app.ingest([tmp_path], collection="deal", by="anna")
    assert [one.source for one in report.documents] == [f"letter-{number}.txt" for number in range(8)]
    assert max(ahead) == AHEAD


def test_short_new_documents_are_written_together_and_each_has_its_row_and_its_answers(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        (tmp_path / f"letter-{number:02}.txt").write_text(f"Letter {number}. The fee is EUR {number}7.")
    written: list[int] = []
    write = Index.write

    def count(self: Index, collection: str, documents: Any) -> None:
        written.append(len(documents))
        write(self, collection, documents)

    monkeypatch.setattr(Index, "write", count)
    report = app.ingest([tmp_path], collection="deal", by="anna")
    assert written == [20]
    assert [one.source for one in report.documents] == [f"letter-{number:02}.txt" for number in range(20)]
    assert {one.status for one in report.documents} == {Status.ADDED}
    assert app.verify("deal", by="anna").well


def test_a_run_that_is_stopped_shelves_what_was_read(app: App, tmp_path: Path) -> None:
    for number in range(6):
        (tmp_path / f"letter-{number}.txt").write_text(f"Letter {number}.")
    looks = iter([False] * 3)
    report = app.ingest([tmp_path], collection="deal", by="anna", stopping=lambda: next(looks, True))
    assert (report.counts["added"], report.left) == (3, 3)
    assert app.verify("deal", by="anna").well


def test_progress_is_told_in_the_order_of_the_documents(app: App, a_folder: Folder) -> None:
    told: list[Progress] = []
    folder = a_folder(**{f"letter{number}__txt": f"Letter {number}." for number in range(6)})
    app.ingest([folder], collection="deal", by="anna", on_progress=told.append)
    assert [one.document for one in told] == sorted(one.document for one in told)
    assert {one.document for one in told} == set(range(1, 7))


def test_files_that_trade_their_bytes_are_still_there_afterwards(app: App, a_folder: Folder) -> None:
    folder = a_folder(a__txt="The bytes of A.", b__txt="The bytes of B.", c__txt="The bytes of C.")
    app.ingest([folder], collection="deal", by="anna")
    a_folder(a__txt="The bytes of B.", b__txt="The bytes of C.", c__txt="Something new.", d__txt="The bytes of A.")
    app.ingest([folder], collection="deal", by="anna")
    assert {record.source for record in app.documents("deal")} == {"a.txt", "b.txt", "c.txt", "d.txt"}
    assert app.verify("deal", by="anna").well
    assert app.ingest([folder], collection="deal", by="anna").counts["unchanged"] == 4


def test_the_same_new_bytes_at_many_places_become_one_document(app: App, a_folder: Folder) -> None:
    report = app.ingest([a_folder(a__txt=CONTRACT, b__txt=CONTRACT, c__txt=CONTRACT)], collection="deal", by="anna")
    assert [one.status for one in report.documents] == [Status.ADDED, Status.UNCHANGED, Status.UNCHANGED]
    assert app.verify("deal", by="anna").well


def test_what_is_read_ahead_is_dropped_at_once_when_nobody_wants_it(tmp_path: Path) -> None:
    path = tmp_path / "supply.txt"
    path.write_text(CONTRACT)
    with pytest.raises(UnreadableDocument, match="Nobody wants to know"):
        parse(
            path,
            collection="deal",
            clearance=Clearance.RESTRICTED,
            source="supply.txt",
            abandoned=lambda: True,
        )
