"""A Llama of random weights, small enough for any machine, with a tokenizer and a chat form of its own.

It knows nothing and says nonsense: the form of its replies is the server's doing alone. Its weights are only tilted so
that it closes quotes soon but leaves nothing empty, or its replies would have no claim in them, or one without end.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

WINDOW = 4096
_LAYERS, _HIDDEN, _HEADS, _KV_HEADS, _HEAD, _INNER = 2, 128, 4, 2, 32, 256
_RANK = 8
_SOON = 8.0

_Weights = np.ndarray[Any, np.dtype[np.float32]]

_BEGIN, _HEADER, _HEADER_END, _TURN_END = (
    "<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>",
)  # fmt: skip

_CHAT_FORM = (
    "{{ bos_token }}{% for message in messages %}"
    f"{_HEADER}{{{{ message['role'] }}}}{_HEADER_END}\n\n{{{{ message['content'] }}}}{_TURN_END}"
    "{% endfor %}{% if add_generation_prompt %}"
    f"{_HEADER}assistant{_HEADER_END}\n\n"
    "{% endif %}"
)


def make_llama(folder: Path, texts: Iterable[str]) -> Path:
    """Write a model whose tokenizer was trained on `texts`: config.json, tokenizer and weights. The same every time."""
    folder.mkdir(parents=True)
    tokens = _write_tokenizer(folder, texts)
    vocabulary = len(tokens)
    _write_json(
        folder / "config.json",
        architectures=["LlamaForCausalLM"],
        model_type="llama",
        vocab_size=vocabulary,
        num_hidden_layers=_LAYERS,
        hidden_size=_HIDDEN,
        num_attention_heads=_HEADS,
        num_key_value_heads=_KV_HEADS,
        head_dim=_HEAD,
        intermediate_size=_INNER,
        max_position_embeddings=WINDOW,
        hidden_act="silu",
        rms_norm_eps=1e-5,
        rope_theta=500000.0,
        tie_word_embeddings=False,
        bos_token_id=0,
        eos_token_id=3,
        torch_dtype="float32",
    )
    random = np.random.default_rng(4)
    embedding = _random(random, vocabulary, _HIDDEN, width=1.0)
    weights = {
        # Every token carries a one in each place beside its own numbers, and the last layer weighs it: a bias.
        "model.embed_tokens.weight": embedding + 1,
        "model.norm.weight": np.ones(_HIDDEN, np.float32),
        "lm_head.weight": _random(random, vocabulary, _HIDDEN) + _tilt(tokens, embedding),
    }
    for layer in range(_LAYERS):
        inside = {
            "self_attn.q_proj": _random(random, _HEADS * _HEAD, _HIDDEN),
            "self_attn.k_proj": _random(random, _KV_HEADS * _HEAD, _HIDDEN),
            "self_attn.v_proj": _random(random, _KV_HEADS * _HEAD, _HIDDEN),
            "self_attn.o_proj": _random(random, _HIDDEN, _HEADS * _HEAD, width=0.1),
            "mlp.gate_proj": _random(random, _INNER, _HIDDEN),
            "mlp.up_proj": _random(random, _INNER, _HIDDEN),
            "mlp.down_proj": _random(random, _HIDDEN, _INNER, width=0.1),
            "input_layernorm": np.ones(_HIDDEN, np.float32),
            "post_attention_layernorm": np.ones(_HIDDEN, np.float32),
        }
        weights |= {f"model.layers.{layer}.{name}.weight": weight for name, weight in inside.items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def make_adapter(folder: Path, base: Path) -> Path:
    """Write a LoRA adapter of the model in `base`, as peft writes it."""
    folder.mkdir(parents=True)
    _write_json(
        folder / "adapter_config.json",
        peft_type="LORA",
        task_type="CAUSAL_LM",
        base_model_name_or_path=str(base),
        r=_RANK,
        lora_alpha=2 * _RANK,
        target_modules=["q_proj", "v_proj"],
        bias="none",
    )
    random = np.random.default_rng(5)
    weights: dict[str, _Weights] = {}
    for layer in range(_LAYERS):
        for name, heads in (("q_proj", _HEADS), ("v_proj", _KV_HEADS)):
            place = f"base_model.model.model.layers.{layer}.self_attn.{name}"
            weights[f"{place}.lora_A.weight"] = _random(random, _RANK, _HIDDEN)
            weights[f"{place}.lora_B.weight"] = _random(random, heads * _HEAD, _RANK)
    save_file(weights, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    return folder


def _tilt(tokens: list[str], embedding: _Weights) -> _Weights:
    """What is added to the last layer: quotes are closed soon, and neither quotes nor lists where they were opened."""

    def after(opening: str) -> _Weights:
        total: _Weights = embedding[[token.endswith(opening) for token in tokens]].sum(axis=0)
        return total

    tilt = np.zeros_like(embedding)
    tilt[tokens.index('"')] += (_SOON - 3 * _SOON * after('"')) / _HIDDEN
    tilt[["]" in token for token in tokens]] -= 6 * _SOON * after("[") / _HIDDEN
    return tilt


def _write_tokenizer(folder: Path, texts: Iterable[str]) -> list[str]:
    """The tokens, in the order of their numbers."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=1024,
        special_tokens=[_BEGIN, _HEADER, _HEADER_END, _TURN_END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.save(str(folder / "tokenizer.json"))
    _write_json(
        folder / "tokenizer_config.json",
        tokenizer_class="PreTrainedTokenizerFast",
        bos_token=_BEGIN,
        eos_token=_TURN_END,
        chat_template=_CHAT_FORM,
        clean_up_tokenization_spaces=False,
        model_max_length=WINDOW,
    )
    return sorted(vocabulary := tokenizer.get_vocab(), key=vocabulary.__getitem__)


def _random(random: np.random.Generator, *shape: int, width: float = 0.2) -> _Weights:
    return random.normal(0.0, width, shape).astype(np.float32)


def _write_json(path: Path, **values: Any) -> None:
    path.write_text(json.dumps(values, indent=1), encoding="utf-8")
