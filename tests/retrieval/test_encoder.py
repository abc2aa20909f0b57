"""Our own forward pass: the vectors of sentence-transformers, whatever lies beside a text in its batch."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sentence_transformers import SentenceTransformer

from retrieval.embed import DEFAULT_MODEL, Embedder, SentenceTransformerEmbedder, default_folder, embedder_for
from retrieval.encoder import BATCH_TOKENS, Encoder, packed, runs_here

TEXTS = [
    "",
    "fee",
    "The Supplier shall not be liable for any loss of profit.",
    "Revenue 1,234 1,120 (3.5)% " * 12,
    "Die Kündigungsfrist beträgt drei Monate zum Quartalsende. " * 8,
    "Each party shall keep confidential what it learns of the other. " * 60,
    "§ 4.2 🦓 不可抗力",
]


@pytest.fixture(scope="module")
def reference() -> SentenceTransformer:
    """The model as sentence-transformers computes it, in fp32."""
    return SentenceTransformer(str(default_folder()), device="cpu", local_files_only=True)


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return embedder_for(DEFAULT_MODEL, device="cpu", batch_size=8)


def cosines(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    cosine = (rows * others).sum(axis=1) / np.linalg.norm(rows, axis=1) / np.linalg.norm(others, axis=1)
    return np.asarray(cosine)


@pytest.mark.parametrize("fused", [True, False])
def test_in_fp32_the_vectors_are_those_of_sentence_transformers(reference: SentenceTransformer, fused: bool) -> None:
    assert runs_here(reference)
    tokens = reference.tokenizer(TEXTS, truncation=False)["input_ids"]
    encoder = Encoder(reference[0].auto_model, longest=reference.max_seq_length, fused=fused)
    rows = encoder.encode(tokens, threads=2)
    expected = reference.encode(TEXTS, convert_to_numpy=True)
    assert cosines(rows, expected).min() > 0.99999


def test_in_the_precision_of_this_processor_they_are_as_good_as_those(
    embedder: Embedder, reference: SentenceTransformer
) -> None:
    rows = embedder.embed_documents(TEXTS)
    assert cosines(rows, reference.encode(TEXTS, convert_to_numpy=True)).min() > 0.999
    assert np.array_equal(rows, embedder.embed_documents(TEXTS)), "the same texts give the same bits"


def test_a_question_and_a_document_of_the_same_words_have_the_same_vector(embedder: Embedder) -> None:
    rows = embedder.embed_documents(TEXTS)
    alone = np.concatenate([embedder.embed_questions([text]) for text in TEXTS])
    assert cosines(rows, alone).min() > 0.9999


def test_at_every_depth_a_token_means_what_it_means_to_transformers(reference: SentenceTransformer) -> None:
    bert: Any = reference[0].auto_model
    tokens = reference.tokenizer(TEXTS, truncation=True)["input_ids"]
    depths = range(bert.config.num_hidden_layers + 1)
    for text, states in zip(tokens, Encoder(bert).states(tokens, depths), strict=True):
        expected = bert(input_ids=torch.tensor([text]), output_hidden_states=True).hidden_states
        for state, rows in zip(states, expected, strict=True):
            assert np.allclose(state, rows[0].detach().numpy(), atol=1e-3)


@settings(max_examples=15, deadline=None)
@given(st.permutations(TEXTS), st.lists(st.sampled_from(TEXTS), max_size=6))
def test_neighbours_order_and_repetition_change_a_vector_by_rounding_at_most(
    embedder: Embedder, texts: list[str], repeated: list[str]
) -> None:
    rows = dict(zip(TEXTS, embedder.embed_documents(TEXTS), strict=True))
    found = embedder.embed_documents(texts + repeated)
    assert cosines(found, np.stack([rows[text] for text in texts + repeated])).min() > 0.9999


@given(st.lists(st.integers(1, BATCH_TOKENS), max_size=60))
def test_every_text_is_in_one_batch_and_no_batch_is_too_full(lengths: list[int]) -> None:
    batches = packed(lengths, BATCH_TOKENS)
    assert sorted(number for batch in batches for number in batch) == list(range(len(lengths)))
    filled = sorted(sum(lengths[number] for number in batch) for batch in batches)
    assert all(0 < tokens <= BATCH_TOKENS for tokens in filled)
    assert all(one + other > BATCH_TOKENS for one, other in zip(filled, filled[1:], strict=False)), "no two fit in one"


def test_what_is_no_bert_with_mean_pooling_is_left_to_sentence_transformers(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(default_folder(), tmp_path / "model"))
    pooling = folder / "1_Pooling" / "config.json"
    stated = json.loads(pooling.read_text())
    first = {**stated, "pooling_mode_mean_tokens": False, "pooling_mode_cls_token": True}
    pooling.write_text(json.dumps(first))
    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    assert not runs_here(model)
    rows = SentenceTransformerEmbedder(folder, device="cpu", batch_size=8).embed_documents(TEXTS)
    assert cosines(rows, model.encode(TEXTS, convert_to_numpy=True)).min() > 0.999
