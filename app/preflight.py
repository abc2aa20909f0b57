"""What fits on a card, before anybody buys or starts one: memory → weights, KV cache, tokens that are read at once.

memory × 0.90 = weights + what a step needs + KV cache
KV cache of a token = 2 (key, value) × layers × KV heads × head size × 2 bytes      (vLLM keeps it in 16 bits)

An estimate for a choice: vLLM measures when it starts, takes what fits (`--max-model-len auto`), and `dossier doctor`
says what it took.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import UsageError

UTILISATION = 0.90
"""The share of the card that vLLM may take; docker-compose.yml says the same."""

_STEP = 8192
"""Tokens of a step (`--max-num-batched-tokens` in docker-compose.yml), whose activations must fit beside all else."""

_RESERVE = 2**30
"""Bytes for CUDA graphs and the runtime: vLLM reports between half and one GiB."""

QUESTION = 8192
"""Tokens of a question as Dossier asks it: 20 chunks, the rules and the longest answer stay below."""

_BITS = {"bf16": 16.0, "fp8": 8.0, "int4": 4.16}
"""Bits of a weight. int4 as AWQ and GPTQ keep it: a 16-bit scale and a 4-bit zero for each 128 weights beside them."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a model's config.json says of its size."""

    layers: int
    hidden: int
    inner: int
    heads: int
    kv_heads: int
    head: int
    vocabulary: int
    positions: int

    @property
    def kv_bytes(self) -> int:
        """Bytes that a token takes in the cache."""
        return 2 * self.layers * self.kv_heads * self.head * 2

    @property
    def embedding_weights(self) -> int:
        return 2 * self.vocabulary * self.hidden

    @property
    def layer_weights(self) -> int:
        attention = 2 * self.hidden * self.head * (self.heads + self.kv_heads)
        return self.layers * (attention + 3 * self.hidden * self.inner)

    def weight_bytes(self, kind: str) -> int:
        """Bytes of the weights; embeddings stay in 16 bits when the rest is quantised."""
        return int(self.embedding_weights * 2 + self.layer_weights * _BITS[kind] / 8)


DEFAULTS: Mapping[str, Shape] = {
    "Llama 3.1 8B": Shape(32, 4096, 14336, 32, 8, 128, 128256, 131072),
    "Llama 3.3 70B": Shape(80, 8192, 28672, 64, 8, 128, 128256, 131072),
}
"""The config.json of meta-llama/Llama-3.1-8B-Instruct and Llama-3.3-70B-Instruct."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A model on `cards` cards. `window` is the tokens it can read at once there, 0 when not even one
    question fits; `questions` is how many questions of 8,192 tokens at a time."""

    model: str
    kind: str
    weight_bytes: int
    kv_bytes: int
    window: int
    questions: int

    def to_json(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "weights": self.kind,
            "weight_bytes": self.weight_bytes,
            "kv_bytes_per_token": self.kv_bytes,
            "max_model_len": self.window,
            "questions_at_a_time": self.questions,
        }


def fits(card_gb: float, *, cards: int = 1) -> tuple[Fit, ...]:
    """The default models in each kind of weights. `card_gb` as the card is sold, taken as 10^9 bytes.

    Raises UsageError for a number of cards among which vLLM cannot share a model.
    """
    return tuple(
        _fit(name, kind, shape, shape.weight_bytes(kind), card_gb, cards)
        for name, shape in DEFAULTS.items()
        for kind in _BITS
    )


def fit_of(folder: Path, card_gb: float, *, cards: int = 1) -> Fit:
    """The model in a folder, its weights as large as their files. Raises UsageError, also when it is no such folder."""
    shape = shape_in(folder)
    kind = str((config_in(folder).get("quantization_config") or {}).get("quant_method", "as stored"))
    weight_bytes = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    if not weight_bytes:
        raise UsageError(f"{folder} holds no weights (*.safetensors).")
    return _fit(folder.name, kind, shape, weight_bytes, card_gb, cards)


def shape_in(folder: Path) -> Shape:
    """Read from config.json; of a model that also sees, the part that writes. Raises UsageError."""
    config = config_in(folder)
    config = config.get("text_config", config)
    try:
        heads = int(config["num_attention_heads"])
        hidden = int(config["hidden_size"])
        return Shape(
            layers=int(config["num_hidden_layers"]),
            hidden=hidden,
            inner=int(config["intermediate_size"]),
            heads=heads,
            kv_heads=int(config.get("num_key_value_heads") or heads),
            head=int(config.get("head_dim") or hidden // heads),
            vocabulary=int(config["vocab_size"]),
            positions=int(config["max_position_embeddings"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{folder / 'config.json'} does not describe a model of Llama's kind.") from error


def config_in(folder: Path) -> dict[str, Any]:
    """config.json of a model. Raises UsageError when there is none that can be read."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{folder} holds no config.json of a model.") from error
    return config if isinstance(config, dict) else {}


def not_for_the_eu(*named: str | None, folder: Path | None = None) -> bool:
    """Whether a model is one that sees: Llama 4, or Llama 3.2 with 11B or 90B.

    Their licences (Llama 3.2 and Llama 4 Community License, acceptable use policy) are not granted to individuals
    domiciled in, or companies with their principal place of business in, the European Union. Judged by the
    architecture where there is a folder, else by the name.
    """
    if folder is not None:
        kinds = " ".join(map(str, config_in(folder).get("architectures") or ()))
        return "Llama4" in kinds or "Mllama" in kinds
    name = "".join(character for character in " ".join(filter(None, named)).lower() if character.isalnum())
    return "llama4" in name or ("llama32" in name and any(one in name for one in ("11b", "90b", "vision")))


def _fit(name: str, kind: str, shape: Shape, weight_bytes: int, card_gb: float, cards: int) -> Fit:
    if shape.kv_heads % cards:
        raise UsageError(
            f"vLLM cannot share {name} among {cards} cards: its {shape.kv_heads} KV heads are not divisible."
        )
    step = _STEP * 2 * (3 * shape.inner + 4 * shape.hidden)  # bytes; the widest layer and what flows past it
    free = cards * (card_gb * 1e9 * UTILISATION - step - _RESERVE) - weight_bytes
    tokens = max(int(free // shape.kv_bytes), 0)
    window = min(tokens, shape.positions) // 1024 * 1024 if tokens >= QUESTION else 0
    return Fit(name, kind, weight_bytes, shape.kv_bytes, window, tokens // QUESTION)
