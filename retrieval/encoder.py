"""A BERT encoder on the processor: the vectors of a loaded model, of texts or of their tokens, in half the time.

    texts → tokens → batches of up to 512 tokens, no padding between texts → layers ┬→ mean over each text
                                                                                    └→ each token, at several depths

Three things make it faster than the forward pass of transformers, none of them another mathematics:

- Texts of different lengths lie one behind the other in a batch, so that nothing is computed for padding; only
  attention, which looks from each token at its own text, goes text by text.
- A batch belongs to one thread. 512 tokens keep a core's matrix units busy, their activations stay in its cache, and
  no layer waits for the other cores.
- oneDNN adds the bias, the GELU and the residual while it writes a product, and gets the weights in its own layout.

Each row of a product depends on its own text alone, so a text's neighbours change its vector by rounding at most.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sentence_transformers import SentenceTransformer
    from transformers import BertModel

    Vectors = NDArray[np.float32]

BATCH_TOKENS = 512
"""Tokens that go through the layers at once. 256 leaves an eighth of them empty; 1,024 is no faster,
and gives threads less to share."""

ROUND_TOKENS = 32
"""A batch is filled up to a multiple of this: oneDNN prepares a kernel for each number of rows that it meets."""

_linear = torch.ops.mkldnn._linear_pointwise
_linear_onto = torch.ops.mkldnn._linear_pointwise.binary
_packed = torch.ops.mkldnn._reorder_linear_weight


@dataclass(frozen=True, slots=True)
class _Linear:
    weight: torch.Tensor
    """In oneDNN's layout: of use to `_linear` alone."""
    bias: torch.Tensor

    def __call__(self, rows: torch.Tensor) -> torch.Tensor:
        return _linear(rows, self.weight, self.bias, "none", [], "")  # type: ignore[no-any-return]

    def gelu(self, rows: torch.Tensor) -> torch.Tensor:
        """With the exact (erf) GELU."""
        return _linear(rows, self.weight, self.bias, "gelu", [], "none")  # type: ignore[no-any-return]

    def onto(self, residual: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        return _linear_onto(rows, residual, self.weight, self.bias, "add")  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class _Norm:
    weight: torch.Tensor
    bias: torch.Tensor
    epsilon: float

    def __call__(self, rows: torch.Tensor) -> torch.Tensor:
        return functional.layer_norm(rows, self.weight.shape, self.weight, self.bias, self.epsilon)


@dataclass(frozen=True, slots=True)
class _Layer:
    heads_in: _Linear
    """Query, key and value in one product; the query already divided by √(numbers per head)."""
    heads_out: _Linear
    heads_norm: _Norm
    wide: _Linear
    narrow: _Linear
    norm: _Norm


def runs_here(model: SentenceTransformer) -> bool:
    """True for a BERT with mean pooling on a processor that oneDNN computes on: what `Encoder` does, and no more."""
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling

    first, *rest = model
    if not rest or not isinstance(rest[0], Pooling):
        return False
    return (
        all(isinstance(module, Normalize) for module in rest[1:])
        and rest[0].get_config_dict().get("pooling_mode") in ("mean", ["mean"], ("mean",))
        and rest[0].include_prompt
        and computes(getattr(first, "auto_model", None))
    )


def computes(model: object) -> bool:
    """True for a BERT with the layers that `Encoder` has, on a processor that oneDNN computes on in its precision."""
    from transformers import BertModel

    if type(model) is not BertModel:
        return False
    bert: Any = model
    configuration = bert.config
    onednn = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return bool(
        bert.device.type == "cpu"
        and onednn
        and configuration.hidden_act == "gelu"
        and not configuration.is_decoder
        and getattr(configuration, "position_embedding_type", "absolute") == "absolute"
        and (bert.dtype is not torch.bfloat16 or torch.ops.mkldnn._is_mkldnn_bf16_supported())
    )


def layers_of(bert: BertModel) -> Encoder | None:
    """An encoder of these weights where there can be one."""
    return Encoder(bert) if computes(bert) else None


class Encoder:
    """A loaded BERT. Keeps nothing between two calls."""

    @torch.inference_mode()
    def __init__(self, bert: Any, *, longest: int | None = None, fused: bool | None = None) -> None:
        """`bert` is a BertModel that it `computes`; its weights are copied in the precision that it has. `longest` is
        how many tokens of a text are read, special ones included: as many as there are positions if not given. `fused`
        says how attention is computed (see `_attend`): if not given, as it is faster on this processor."""
        configuration = bert.config
        self._heads = int(configuration.num_attention_heads)
        self._longest = int(longest or configuration.max_position_embeddings)
        words = bert.embeddings
        self._words = words.word_embeddings.weight
        # A text is its own first part: the embedding of that is added once, not for each token.
        self._positions = words.position_embeddings.weight + words.token_type_embeddings.weight[0]
        self._words_norm = _norm(words.LayerNorm)
        self._layers = [self._layer(layer) for layer in bert.encoder.layer]
        self._fused = bert.dtype is torch.bfloat16 and torch.cpu._is_amx_tile_supported() if fused is None else fused

    def _layer(self, layer: Any) -> _Layer:
        heads, size = layer.attention.self, layer.attention.self.query.out_features
        scale = torch.ones(3 * size)
        scale[:size] = (size // self._heads) ** -0.5
        parts = (heads.query, heads.key, heads.value)
        weight = torch.cat([part.weight for part in parts]).float() * scale[:, None]
        bias = torch.cat([part.bias for part in parts]).float() * scale
        dtype = heads.query.weight.dtype
        return _Layer(
            _Linear(_packed(weight.to(dtype), BATCH_TOKENS), bias.to(dtype)),
            _linear_of(layer.attention.output.dense),
            _norm(layer.attention.output.LayerNorm),
            _linear_of(layer.intermediate.dense),
            _linear_of(layer.output.dense),
            _norm(layer.output.LayerNorm),
        )

    def encode(self, tokens: Sequence[Sequence[int]], *, threads: int) -> Vectors:
        """The mean of the last layer over each text, shape (len(tokens), size), not yet of length 1.

        `tokens`: the numbers of each text's tokens, those of a prompt and special ones included. What is longer than
        the model reads is cut before its last token, the special one.
        """
        tokens = self._cut(tokens)
        rows = np.empty((len(tokens), self._words.shape[1]), dtype=np.float32)
        batches = packed([len(text) for text in tokens], max(BATCH_TOKENS, self._longest))

        def fill(batch: list[int]) -> None:
            rows[batch] = self._means([tokens[number] for number in batch])

        if threads == 1 or len(batches) == 1:
            for batch in batches:
                fill(batch)
        else:
            usual = torch.get_num_threads()
            with ThreadPoolExecutor(threads, "dossier-embed", initializer=torch.set_num_threads, initargs=(1,)) as pool:
                for _ in pool.map(fill, batches):
                    pass
            # What a thread sets for itself is also what the next new thread begins with: put that back.
            torch.set_num_threads(usual)
        return rows

    @torch.inference_mode()
    def states(
        self, tokens: Sequence[Sequence[int]], depths: Sequence[int], added: Sequence[Vectors] | None = None
    ) -> list[Vectors]:
        """What each token means after so many layers (0: before the first), on the calling thread: for each text
        (len(depths), its tokens, size). `tokens` as for `encode`; the special ones have rows as well. `added` is what
        is put on top of the embedding of each token, for each text (its tokens, size); then no text may be longer than
        the model reads."""
        tokens = self._cut(tokens)
        found: dict[int, Vectors] = {}
        for batch in packed([len(text) for text in tokens], max(BATCH_TOKENS, self._longest)):
            spans = _spans([tokens[number] for number in batch])
            on_top = None if added is None else np.concatenate([added[number] for number in batch])
            at_depth = enumerate(self._through([tokens[number] for number in batch], spans, on_top))
            kept = {depth: rows.float().numpy() for depth, rows in at_depth if depth in depths}
            for number, (start, end) in zip(batch, spans, strict=True):
                found[number] = np.stack([kept[depth][start:end] for depth in depths])
        return [found[number] for number in range(len(tokens))]

    def _cut(self, tokens: Sequence[Sequence[int]]) -> list[Sequence[int]]:
        return [text if len(text) <= self._longest else [*text[: self._longest - 1], text[-1]] for text in tokens]

    @torch.inference_mode()
    def _means(self, texts: Sequence[Sequence[int]]) -> Vectors:
        spans = _spans(texts)
        *_, rows = self._through(texts, spans)
        return torch.stack([rows[start:end].mean(0, dtype=torch.float32) for start, end in spans]).numpy()

    def _through(
        self, texts: Sequence[Sequence[int]], spans: Sequence[tuple[int, int]], added: Vectors | None = None
    ) -> Iterator[torch.Tensor]:
        """The rows of all texts, one behind the other, before the first layer and after each."""
        filled = -(-spans[-1][1] // ROUND_TOKENS) * ROUND_TOKENS
        numbers = torch.zeros(filled, dtype=torch.long)
        positions = torch.zeros(filled, dtype=torch.long)
        for text, (start, end) in zip(texts, spans, strict=True):
            numbers[start:end] = torch.as_tensor(text)
            positions[start:end] = torch.arange(end - start)
        embedded = self._words[numbers] + self._positions[positions]
        if added is not None:
            embedded[: len(added)] += torch.from_numpy(added).to(embedded.dtype)
        rows = self._words_norm(embedded)
        yield rows
        seen = torch.zeros_like(rows)
        for layer in self._layers:
            self._attend(layer.heads_in(rows), spans, seen)
            rows = layer.heads_norm(layer.heads_out.onto(rows, seen))
            rows = layer.norm(layer.narrow.onto(rows, layer.wide.gelu(rows)))
            yield rows

    def _attend(self, heads: torch.Tensor, spans: Sequence[tuple[int, int]], seen: torch.Tensor) -> None:
        """Writes into `seen`, for each token, what its text tells it: softmax(query · keyᵀ) · value for each head.

        torch's fused attention pays with AMX (1.9 against 14.5 ms for a text of 384 tokens, 0.9 against 5.9 for 256,
        the same for 60; docs/libraries.md). Without, two products and a softmax are twice as fast in bf16; the softmax
        is then taken in fp32: no slower, and exact.
        """
        split = heads.view(len(heads), 3, self._heads, -1)
        into = seen.view(len(seen), self._heads, -1)
        for start, end in spans:
            query, key, value = split[start:end].permute(1, 2, 0, 3)
            if self._fused:
                told = functional.scaled_dot_product_attention(query[None], key[None], value[None], scale=1.0)[0]
            else:
                weights = torch.bmm(query, key.transpose(1, 2)).float().softmax(-1).to(value.dtype)
                told = torch.bmm(weights, value)
            into[start:end] = told.transpose(0, 1)


def packed(lengths: Sequence[int], room: int) -> list[list[int]]:
    """The numbers of the texts, laid into batches of at most `room` tokens: the longest first, each where it fits best.

    The longest text must fit. Batches come fullest first, so that threads end at about the same time.
    """
    batches: list[list[int]] = []
    left: list[tuple[int, int]] = []  # (room left, batch), ascending
    for number in sorted(range(len(lengths)), key=lambda number: -lengths[number]):
        at = bisect.bisect_left(left, (lengths[number], -1))
        if at < len(left):
            free, batch = left.pop(at)
        else:
            free, batch = room, len(batches)
            batches.append([])
        batches[batch].append(number)
        bisect.insort(left, (free - lengths[number], batch))
    return batches


def _spans(texts: Sequence[Sequence[int]]) -> list[tuple[int, int]]:
    """Where each text lies among the rows of its batch."""
    ends = np.cumsum([len(text) for text in texts]).tolist()
    return list(zip([0, *ends], ends, strict=False))


def _linear_of(module: torch.nn.Linear) -> _Linear:
    return _Linear(_packed(module.weight.detach(), BATCH_TOKENS), module.bias.detach())


def _norm(module: torch.nn.LayerNorm) -> _Norm:
    return _Norm(module.weight.detach(), module.bias.detach(), module.eps)
