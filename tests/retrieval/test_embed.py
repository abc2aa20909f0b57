"""Embedders: rows of length 1, windows that are told, weights that are checked."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sentence_transformers import SentenceTransformer

from core.errors import ConfigError
from retrieval.embed import (
    DEFAULT_MODEL,
    HashEmbedder,
    SentenceTransformerEmbedder,
    default_folder,
    embedder_for,
)
from tests.conftest import ROOT
from tests.retrieval.models import WIDTH, WINDOW, a_model


@given(st.lists(st.text(), max_size=4))
def test_hash_rows_have_length_one_and_do_not_depend_on_their_neighbours(texts: list[str]) -> None:
    embedder = HashEmbedder()
    rows = embedder.embed_documents(texts)
    assert rows.shape == (len(texts), embedder.size)
    assert rows.dtype == np.float32
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    for row, text in zip(rows, texts, strict=True):
        assert np.array_equal(row, embedder.embed_questions([text])[0])


def test_hash_rows_of_similar_wording_are_closer_than_of_other_wording() -> None:
    question = HashEmbedder().embed_questions(["When must invoices be paid?"])[0]
    near, far = (
        HashEmbedder().embed_documents(["Each invoice shall be paid in May.", "Zebras cross the road."]) @ question
    )
    assert near > far + 0.2


def test_an_embedder_says_what_it_is_without_importing_torch() -> None:
    code = (
        "import sys; from retrieval.embed import embedder_for;"
        f"e = embedder_for('{DEFAULT_MODEL}', device='auto', batch_size=8);"
        "print(len(e.fingerprint), e.size, e.max_tokens, e.count_tokens('thirty (30) days'));"
        "sys.exit('torch' in sys.modules or 'sentence_transformers' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "64 384 254 5", "")


def test_the_default_model_gives_rows_of_length_one_and_warns_about_what_it_cannot_see(
    caplog: pytest.LogCaptureFixture,
) -> None:
    embedder = embedder_for(DEFAULT_MODEL, device="cpu", batch_size=8)
    rows = embedder.embed_documents(["Fees are due in May.", "The zebra is striped."])
    assert rows.shape == (2, embedder.size)
    assert rows.dtype == np.float32
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    near, far = rows @ embedder.embed_questions(["When must we pay?"])[0]
    assert near > far
    assert caplog.records == []
    with caplog.at_level(logging.WARNING, "dossier.retrieval"):
        embedder.embed_documents(["word " * (embedder.max_tokens + 1)])
    assert [record.message for record in caplog.records] == ["texts longer than the model sees"]
    assert embedder.embed_documents([]).shape == (0, embedder.size)


def test_a_name_that_is_no_folder_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="which is no folder here"):
        embedder_for(str(tmp_path / "nothing"), device="cpu", batch_size=8)


def test_a_folder_that_is_no_model_is_told_in_a_sentence(tmp_path: Path) -> None:
    embedder = embedder_for(str(tmp_path), device="cpu", batch_size=8)
    for ask in (
        lambda: embedder.fingerprint,
        lambda: embedder.size,
        lambda: embedder.max_tokens,
        lambda: embedder.count_tokens("fee"),
        lambda: embedder.embed_documents(["fee"]),
    ):
        with pytest.raises(ConfigError, match="The embedding model in"):
            ask()


@pytest.fixture
def a_copy(tmp_path: Path) -> Path:
    """The default model's folder, copied where it may be changed."""
    return Path(shutil.copytree(default_folder(), tmp_path / "model"))


def test_other_weights_than_the_pinned_ones_are_refused(a_copy: Path) -> None:
    weights = a_copy / "model.safetensors"
    with weights.open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\x7f")
    embedder = SentenceTransformerEmbedder(a_copy, device="cpu", batch_size=8, weights_sha256="53aa51")
    for ask in (lambda: embedder.fingerprint, lambda: embedder.embed_questions(["fee"])[0]):
        with pytest.raises(ConfigError, match="are not those that Dossier was made for"):
            ask()


def test_a_model_reads_the_languages_that_its_card_names_and_all_when_it_names_none(a_copy: Path) -> None:
    def languages(card: str) -> frozenset[str] | None:
        (a_copy / "README.md").write_text(card, encoding="utf-8")
        return SentenceTransformerEmbedder(a_copy, device="cpu", batch_size=1).languages

    assert languages("---\nlanguage: en\n---\n# A model") == frozenset({"en"})
    assert languages("---\nlanguage:\n- de\n- en\n---\n") == frozenset({"de", "en"})
    assert languages("---\nlanguage:\n- multilingual\n- en\n---\n") is None
    assert languages("---\nlicense: apache-2.0\n---\n") is languages("# No facts at all") is None
    assert embedder_for("all-MiniLM-L6-v2", device="cpu", batch_size=1).languages == frozenset({"en"})


def test_the_fingerprint_follows_what_decides_a_vector_and_not_the_place(a_copy: Path) -> None:
    before = embedder_for(DEFAULT_MODEL, device="cpu", batch_size=8).fingerprint
    assert SentenceTransformerEmbedder(a_copy, device="cuda", batch_size=1).fingerprint == before
    (a_copy / "README.md").write_text("Another word.")
    assert SentenceTransformerEmbedder(a_copy, device="cpu", batch_size=8).fingerprint == before
    pooling = a_copy / "1_Pooling" / "config.json"
    pooling.write_text(json.dumps({**json.loads(pooling.read_text()), "pooling_mode_cls_token": True}))
    changed = SentenceTransformerEmbedder(a_copy, device="cpu", batch_size=8)
    assert changed.fingerprint != before
    assert changed.size == 2 * 384, "two poolings lie beside each other"


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(), min_size=1, max_size=5))
def test_counted_tokens_of_joined_lines_are_the_sum(lines: list[str]) -> None:
    embedder = embedder_for(DEFAULT_MODEL, device="cpu", batch_size=8)
    assert embedder.count_tokens("\n".join(lines)) == sum(embedder.count_tokens(line) for line in lines)


@pytest.mark.parametrize("pooling", ["mean", "cls"])  # the first runs in our own forward pass, the second does not
@pytest.mark.parametrize("name", ["document", "passage"])
def test_questions_and_documents_are_read_behind_the_prompts_that_the_model_names(
    tmp_path: Path, name: str, pooling: str
) -> None:
    folder = a_model(tmp_path / "model", prompts={"query": "query: ", name: "passage: "}, pooling=pooling)
    embedder = embedder_for(str(folder), device="cpu", batch_size=8)
    reference = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    text = "Fees are due in May."
    question, document = embedder.embed_questions([text])[0], embedder.embed_documents([text])[0]
    behind = reference.encode(
        ["query: " + text, "passage: " + text], prompt="", convert_to_numpy=True, normalize_embeddings=True
    )
    assert question @ behind[0] > 0.999
    assert document @ behind[1] > 0.999
    assert question @ document < 0.99, "the prompt is part of what is embedded"


@pytest.mark.parametrize("prompts", [None, {}, {"query": "", "document": ""}])
def test_a_model_without_prompts_reads_the_bare_text(tmp_path: Path, prompts: dict[str, str] | None) -> None:
    embedder = embedder_for(str(a_model(tmp_path / "model", prompts=prompts)), device="cpu", batch_size=8)
    assert embedder.embed_questions(["fees due"])[0] @ embedder.embed_documents(["fees due"])[0] > 0.9999
    assert embedder.max_tokens == WINDOW - 2


def test_a_prompt_takes_its_room_of_the_window(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = a_model(tmp_path / "model", prompts={"passage": "passage: "})
    embedder = embedder_for(str(folder), device="cpu", batch_size=8)
    assert embedder.size == WIDTH
    assert embedder.max_tokens == WINDOW - 2 - embedder.count_tokens("passage: ")
    seen = " ".join(["fees"] * embedder.max_tokens)
    with caplog.at_level(logging.WARNING, "dossier.retrieval"):
        whole = embedder.embed_documents([seen])[0]
        assert caplog.records == []
        cut = embedder.embed_documents([seen + " due may"])[0]
    assert [record.message for record in caplog.records] == ["texts longer than the model sees"]
    assert whole @ cut > 0.9999


def test_another_prompt_is_another_fingerprint(tmp_path: Path) -> None:
    one, other = (
        embedder_for(str(a_model(tmp_path / name, prompts={"query": name})), device="cpu", batch_size=8)
        for name in ("fees", "may")
    )
    assert one.fingerprint != other.fingerprint


def test_a_folder_named_in_settings_ingests_and_finds_in_a_sealed_process(tmp_path: Path) -> None:
    folder = a_model(tmp_path / "model", prompts={"query": "query: ", "passage": "passage: "})
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "lease.txt").write_text("The fees are due in May.", encoding="utf-8")
    code = (
        "import sys; from app.wiring import open_app; from core.settings import settings_from_environment;"
        "from pathlib import Path;"
        "app = open_app(settings_from_environment());"
        "app.ingest([Path(sys.argv[1])], collection='deal', by='test');"
        "print(app.search('When are fees due?', collection='deal', by='test').hits[0].chunk.text)"
    )
    environment = {**os.environ, "DOSSIER_EMBEDDING_MODEL": str(folder), "DOSSIER_PRIVACY": "gdpr"}
    command = [sys.executable, "-c", code, str(tmp_path / "papers")]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout.strip()) == (0, "The fees are due in May."), done.stderr
