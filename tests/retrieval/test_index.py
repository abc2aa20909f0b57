"""The index: what is embedded, who waits for whom, and what a killed run leaves behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from qdrant_client import QdrantClient

from core.documents import DocumentId
from core.errors import BrokenStore, Busy, ConfigError, EgressDenied, ServiceDown
from core.privacy import Clearance
from retrieval.embed import HashEmbedder
from retrieval.index import HEADER_TOKENS, Built, Index, Within
from retrieval.points_edge import EdgeStore
from retrieval.points_server import ServerStore
from retrieval.sparse import Weights
from tests.conftest import ROOT
from tests.retrieval.builders import ANNA, a_document, an_id, an_index, texts_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retrieval.embed import Vectors


class Listening(HashEmbedder):
    """A hash embedder that remembers what it was given, and can be held up."""

    def __init__(self) -> None:
        super().__init__(size=32)
        self.texts: list[str] = []
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.go_on.set()

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        self.texts += texts
        self.begun.set()
        assert self.go_on.wait(10)
        return super().embed_documents(texts)

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        return super().embed_documents(texts)


def test_a_chunk_is_embedded_under_file_name_title_and_section_and_stored_without_them(tmp_path: Path) -> None:
    embedder = Listening()
    index = an_index(EdgeStore(tmp_path), embedder)
    index.replace(*a_document("Fees are due.", name="Supply.txt", section="2 Payment › 2.1 Fees"))
    assert embedder.texts.pop() == "Supply › 2 Payment › 2.1 Fees\nFees are due."
    assert texts_of(index.search("fees", reader=ANNA, collection="deal")) == ["Fees are due."]
    document, chunks = a_document("Fees are due.", name="Form 10-K")
    index.replace(replace(document, source="mail.eml › ACME_2022_10K.pdf"), chunks)
    assert embedder.texts.pop() == "ACME 2022 10K › Form 10-K\nFees are due."


def test_rows_of_a_table_are_embedded_under_its_units_and_columns_and_found_with_them(tmp_path: Path) -> None:
    embedder = Listening()
    index = an_index(EdgeStore(tmp_path), embedder)
    document, (rows,) = a_document("Goods\t13\t14", name="Report", section="Note 7")
    rows = replace(rows, context="(in millions) · 2024 | 2023")
    index.replace(document, [rows])
    assert embedder.texts.pop() == "Report › Note 7\n(in millions) · 2024 | 2023\nGoods\t13\t14"
    (hit,) = index.search("2023 goods", reader=ANNA, collection="deal")
    assert hit.chunk == rows
    full = replace(rows, text=" ".join(["word"] * embedder.max_tokens))
    index.replace(document, [full])
    assert embedder.texts.pop().startswith("Report › Note 7\n(in millions) · 2024 | 2023\nword word")


def test_a_header_keeps_its_share_and_loses_outer_sections_and_a_long_text_its_end(tmp_path: Path) -> None:
    embedder = Listening()
    index = an_index(EdgeStore(tmp_path), embedder)
    long = " ".join(["outer"] * HEADER_TOKENS)
    index.replace(*a_document("Fees are due.", name="Supply.txt", section=f"{long} › 2.1 Fees"))
    assert embedder.texts.pop() == "Supply › 2.1 Fees\nFees are due."
    full = " ".join(["word"] * (embedder.max_tokens - HEADER_TOKENS))
    index.replace(*a_document(f"{full} zebra", name="Supply.txt", section="2"))
    assert embedder.texts.pop() == f"Supply › 2\n{full} "
    (found,) = index.search("zebra", reader=ANNA, collection="deal")
    assert found.chunk.text.endswith("zebra")  # what is not embedded is found as a word, and quoted


def test_readers_do_not_wait_while_a_writer_embeds(tmp_path: Path) -> None:
    embedder = Listening()
    index = Index(EdgeStore(tmp_path, wait=1), embedder)
    index.replace(*a_document("The zebra is striped.", name="one"))
    embedder.begun.clear()
    embedder.go_on.clear()
    writer = threading.Thread(target=index.replace, args=a_document("A zebra runs.", name="two"))
    writer.start()
    assert embedder.begun.wait(10)
    assert len(index.search("zebra", reader=ANNA, collection="deal")) == 1
    embedder.go_on.set()
    writer.join(10)
    assert len(index.search("zebra", reader=ANNA, collection="deal")) == 2


def test_many_threads_share_one_collection(tmp_path: Path) -> None:
    index = an_index(EdgeStore(tmp_path))
    index.prepare("deal")
    failures: list[Exception] = []

    def work(name: str) -> None:
        try:
            index.replace(*a_document(f"The zebra of {name}.", name=name))
            assert index.search("zebra", reader=ANNA, collection="deal")
        except Exception as error:  # noqa: BLE001 - a thread's failure must reach the test
            failures.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcdef"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []
    assert index.count("deal") == 6


def test_who_waits_too_long_is_told_which_process_holds_the_index(tmp_path: Path) -> None:
    document, chunks = a_document("Fees are due.")
    an_index(EdgeStore(tmp_path)).replace(document, chunks)
    impatient = an_index(EdgeStore(tmp_path, wait=0.05))
    with (
        EdgeStore(tmp_path).open("deal"),
        pytest.raises(Busy, match=rf"The index of deal is in use by another process \(pid {os.getpid()}\); try again."),
    ):
        impatient.count("deal")
    assert an_index(EdgeStore(tmp_path)).count("deal") == 1


WRITER = """
import sys, itertools
from pathlib import Path
from retrieval.points_edge import EdgeStore
from tests.retrieval.builders import ANNA, a_document, an_index
index = an_index(EdgeStore(Path(sys.argv[1])))
for round in itertools.count():
    for name in "abc":
        index.replace(*a_document(*(f"{name} fee {part} of {round % 3}" for part in range(round % 5 + 1)), name=name))
    index.purge("deal")
    print(round, flush=True)
"""


def test_a_writer_killed_at_any_moment_leaves_an_index_that_opens_and_converges(tmp_path: Path) -> None:
    for moment in (0.03, 0.2):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, start_new_session=True
        )
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(moment)
        os.killpg(writer.pid, signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
    index = an_index(EdgeStore(tmp_path))
    undisturbed = an_index(EdgeStore(tmp_path / "calm"))
    for name in "abc":
        document, chunks = a_document("the last fee", "and one more", name=name)
        index.replace(document, chunks)
        undisturbed.replace(document, chunks)
    assert index.digest("deal") == undisturbed.digest("deal")


def test_a_collection_half_made_by_a_killed_run_is_not_seen_and_is_cleared_away(tmp_path: Path) -> None:
    from retrieval.index import safe_name

    half = tmp_path / f".new-{safe_name('deal')}-feed"
    (half / "shard-x").mkdir(parents=True)
    index = an_index(EdgeStore(tmp_path))
    assert index.collections() == ()
    index.prepare("deal")
    assert index.collections() == ("deal",)
    assert not half.exists()


def test_after_a_purge_no_file_of_the_index_holds_a_word_of_a_removed_document(tmp_path: Path) -> None:
    index = an_index(EdgeStore(tmp_path))
    index.replace(*a_document("The xylograph is due.", name="gone"))
    index.replace(*a_document("The zebra is due.", name="kept"))
    index.remove("deal", an_id("gone"))
    assert _files_with(tmp_path, b"xylograph"), "deleting alone leaves bytes behind: this is why purge is there"
    index.purge("deal")
    assert _files_with(tmp_path, b"xylograph") == []
    assert texts_of(index.search("due", reader=ANNA, collection="deal")) == ["The zebra is due."]


def test_damaged_files_are_told_as_such_and_not_as_an_empty_index(tmp_path: Path) -> None:
    store = EdgeStore(tmp_path)
    index = an_index(store)
    index.replace(*a_document("Fees are due."))
    store.close()
    (about,) = tmp_path.glob("*/collection.json")
    for segments in about.parent.glob("shard-*/segments/*/segment.json"):
        segments.write_text("{")
    with pytest.raises(BrokenStore, match="The index of deal cannot be read or written"):
        index.count("deal")
    about.write_text("{")
    with pytest.raises(BrokenStore, match=r"collection.json of the index cannot be read"):
        index.count("deal")


def _files_with(folder: Path, word: bytes) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and word in path.read_bytes()]


# ── a server that misbehaves ──────────────────────────────────────────────────────────────────────────────────────────


def an_index_over(answer: httpx.Response | Exception) -> Index:
    """An index over a Qdrant server whose every reply is `answer`."""

    def reply(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    client = QdrantClient(
        url="http://qdrant:6333", check_compatibility=False, transport=httpx.MockTransport(reply), trust_env=False
    )
    return an_index(ServerStore(client))


@pytest.mark.parametrize(
    ("answer", "error", "sentence"),
    [
        (httpx.ConnectError("refused"), ServiceDown, "did not answer"),
        (httpx.ReadTimeout("slow"), ServiceDown, "did not answer"),
        (httpx.Response(500, json={"status": {"error": "disk"}}), ServiceDown, "answered with an error"),
        (httpx.Response(200, text="<html>a proxy</html>"), ServiceDown, "does not answer as Qdrant does"),
        (httpx.Response(429, headers={"Retry-After": "3"}), ServiceDown, "overloaded"),
        (httpx.Response(401, json={"status": {"error": "no"}}), ConfigError, "DOSSIER_QDRANT_API_KEY"),
        (EgressDenied("This process is sealed."), EgressDenied, "This process is sealed."),
    ],
)
def test_a_server_that_fails_is_an_error_in_a_sentence_and_never_an_empty_result(
    answer: httpx.Response | Exception, error: type[Exception], sentence: str
) -> None:
    index = an_index_over(answer)
    for ask in (
        lambda: index.search("zebra", reader=ANNA, collection="deal"),
        lambda: index.count("deal"),
        lambda: index.remove("deal", DocumentId("0" * 64)),
        lambda: index.collections(),
        lambda: index.replace(*a_document("Fees are due.")),
    ):
        with pytest.raises(error, match=sentence):
            ask()


def test_a_server_keeps_bytes_in_memory_and_the_rest_on_disk_and_the_full_vectors_decide() -> None:
    """What is sent, since Qdrant's local mode does not mind where anything lies."""
    sent: list[tuple[str, str, dict[str, Any]]] = []

    def reply(request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content or b"{}")
        sent.append((request.method, request.url.path, body))
        result: Any = {"exists": False} if request.url.path.endswith("/exists") else True
        if request.url.path.endswith("/query"):
            result = {"points": []}
        elif request.url.path.endswith("/index"):
            result = {"operation_id": 1, "status": "completed"}
        return httpx.Response(200, json={"result": result, "status": "ok", "time": 0.0})

    store = ServerStore(
        QdrantClient(
            url="http://qdrant:6333", check_compatibility=False, transport=httpx.MockTransport(reply), trust_env=False
        )
    )
    store.create("deal", Built("fingerprint", 32))
    created = next(body for method, path, body in sent if method == "PUT" and not path.endswith("/index"))
    assert created["vectors"]["dense"]["on_disk"] is True
    assert created["sparse_vectors"]["bm25"]["index"]["on_disk"] is True
    assert created["quantization_config"]["scalar"] == {"type": "int8", "always_ram": True}
    assert created["on_disk_payload"] is True
    indexed = {body["field_name"] for method, path, body in sent if path.endswith("/index")}
    assert indexed == {"collection", "document_id", "clearance", "readers", "statement"}
    within = Within("deal", frozenset(Clearance), ANNA)
    with store.open("deal") as points:
        points.query([0.0] * 32, Weights((1,), (1.0,)), meaning=1.0, within=within, limit=10)
    dense, words = sent[-1][2]["prefetch"]
    assert dense["params"]["quantization"] == {"rescore": True, "oversampling": 2.0}
    assert "params" not in words
    assert all(side["filter"]["must"] for side in (dense, words)), "no query goes out without its filters"
