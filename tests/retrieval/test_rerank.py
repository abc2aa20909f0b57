"""The reranker's slot: a tiny CrossEncoder of random weights, made here, stands for the user's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigError
from retrieval.embed import HashEmbedder
from retrieval.index import Index
from retrieval.look import Look
from retrieval.points_edge import EdgeStore
from retrieval.ranking import Scored
from retrieval.rerank import RERANKED, Reranker
from tests.retrieval.builders import ANNA, a_document, texts_of

WORDS = [
    *("fees", "are", "due", "in", "may", "the", "cap", "is", "one", "million"),
    *("who", "bears", "risk", "of", "loss", "and", "nothing", "else"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _a_cross_encoder(tmp_path_factory.mktemp("cross"), labels=1)


def _a_cross_encoder(folder: Path, *, labels: int) -> Path:
    import torch
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from tokenizers.processors import TemplateProcessing
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    torch.manual_seed(7)
    vocabulary = {word: number for number, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS])}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])],
    )
    fast: Any = PreTrainedTokenizerFast
    config: Any = BertConfig
    names = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    fast(tokenizer_object=tokenizer, model_max_length=64, **names).save_pretrained(folder)
    shape = config(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
        num_labels=labels,
    )
    BertForSequenceClassification(shape).save_pretrained(folder)
    return folder


def points(count: int) -> list[Scored]:
    return [
        Scored(f"{n:03}", 1 / (61 + n), {"section": "", "context": "", "text": f"{WORDS[n % len(WORDS)]} due"})
        for n in range(count)
    ]


def test_a_model_in_a_folder_has_its_say_on_the_first_candidates_and_on_no_others(folder: Path) -> None:
    reranker = Reranker(folder, device="cpu", batch_size=8)
    before = points(RERANKED + 5)
    after = reranker.reranked("when are fees due", before)
    assert [one.id for one in after] != [one.id for one in before]
    assert {one.id for one in after[:RERANKED]} == {one.id for one in before[:RERANKED]}
    assert after[RERANKED:] == before[RERANKED:]
    assert [one.score for one in after] == sorted((one.score for one in after), reverse=True)
    assert reranker.reranked("when are fees due", before) == after
    assert reranker.reranked("when are fees due", []) == []


def test_search_asks_the_reranker_that_it_was_given(folder: Path, tmp_path: Path) -> None:
    store = EdgeStore(tmp_path)
    document, chunks = a_document(*(f"{word} due in may" for word in WORDS))
    plain = Index(store, HashEmbedder(size=32))
    plain.replace(document, chunks)
    look = Look(reranker=Reranker(folder, device="cpu", batch_size=8))
    reranked = Index(store, HashEmbedder(size=32), look).search(
        "are fees due", reader=ANNA, collection="deal", limit=30
    )
    before = plain.search("are fees due", reader=ANNA, collection="deal", limit=30)
    assert sorted(texts_of(reranked)) == sorted(texts_of(before))
    assert texts_of(reranked) != texts_of(before)


def test_what_is_no_reranker_is_refused_with_the_name_of_the_setting(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="DOSSIER_RERANKER_MODEL"):
        Reranker(tmp_path / "nowhere", device="cpu", batch_size=8)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="DOSSIER_RERANKER_MODEL"):
        Reranker(tmp_path / "empty", device="cpu", batch_size=8).reranked("fees", points(2))
    two = _a_cross_encoder(tmp_path / "two", labels=2)
    with pytest.raises(ConfigError, match="2 scores"):
        Reranker(two, device="cpu", batch_size=8).reranked("fees", points(2))
