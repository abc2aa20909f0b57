"""Embedding models of our own making, as folders: a BERT of random weights, small enough to be made in a test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

VOCABULARY = (
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "query",
    "passage",
    ":",
    "fees",
    "are",
    "due",
    "in",
    "may",
    "the",
    ".",
)
WIDTH = 48
WINDOW = 96
"""Tokens that it reads at once."""


def a_model(folder: Path, *, prompts: dict[str, str] | None = None, pooling: str = "mean", seed: int = 1) -> Path:
    """A sentence-transformers model in `folder`: one layer, WIDTH numbers, WINDOW tokens, words of VOCABULARY."""
    import torch
    from safetensors.torch import save_file
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel

    configuration = BertConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=WIDTH,
        num_hidden_layers=1,
        num_attention_heads=4,
        intermediate_size=2 * WIDTH,
        max_position_embeddings=WINDOW,
        initializer_range=1.0,  # apart enough that another word is another vector
    )
    torch.manual_seed(seed)
    bert = BertModel(configuration)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(bert.state_dict(), folder / "model.safetensors", metadata={"format": "pt"})

    tokenizer = Tokenizer(models.WordLevel({word: at for at, word in enumerate(VOCABULARY)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))

    def write(name: str, value: Any) -> None:
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(value), encoding="utf-8")

    write("config.json", {**configuration.to_dict(), "architectures": ["BertModel"]})
    write("tokenizer_config.json", {"tokenizer_class": "PreTrainedTokenizerFast", "pad_token": "[PAD]"})
    write("sentence_bert_config.json", {"max_seq_length": WINDOW, "do_lower_case": False})
    kinds = (("", "Transformer"), ("1_Pooling", "Pooling"))
    write(
        "modules.json",
        [
            {"idx": at, "name": str(at), "path": path, "type": f"sentence_transformers.models.{kind}"}
            for at, (path, kind) in enumerate(kinds)
        ],
    )
    write("1_Pooling/config.json", {"embedding_dimension": WIDTH, "pooling_mode": pooling})
    if prompts is not None:
        write("config_sentence_transformers.json", {"prompts": prompts, "default_prompt_name": None})
    return folder
