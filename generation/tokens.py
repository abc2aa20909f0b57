"""Vectors of single tokens from a frozen BERT-like model, at several depths: what each token means where it stands.

The sentence-embedding model that the product carries is used, never trained: its tokens of one meaning lie close.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from core.errors import ConfigError

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import BertModel

Vectors = NDArray[np.float32]

DEPTHS = (0, 2, 4, 6)
"""Layers that are kept of six: the word alone, two on the way, and the sentence's meaning in each of its tokens."""

_LONGEST = 510
"""Tokens of one text that are seen: what BERT's 512 positions leave beside the two special ones."""

_TOGETHER = 16
"""Texts that run through the model at once."""


class Layers(Protocol):
    """The layers of a loaded BERT."""

    def states(
        self, tokens: Sequence[Sequence[int]], depths: Sequence[int], added: Sequence[Vectors] | None = None
    ) -> list[Vectors]:
        """For each text what its tokens mean after so many layers: (len(depths), its tokens, width). The numbers in
        `tokens` include the special ones, and so do the rows. `added`, of the same shape without the depths, is put on
        top of the embeddings of the tokens."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of one text: ids in the vocabulary, places in the text, vectors of shape (depths, n, width)."""

    ids: NDArray[np.int64]
    places: tuple[tuple[int, int], ...]
    vectors: NDArray[np.float32]


class TokenModel:
    """Holds a frozen model. Weights are read when the first text comes. Threads take turns.

    It computes on the processor: in bf16 where that has units for it, which is three times as fast, else in fp32. The
    same machine gives the same digits each time; the two ways differ in the third digit of a cosine.
    """

    def __init__(self, folder: Callable[[], Path], *, layers: Callable[[BertModel], Layers | None]) -> None:
        """`folder` is asked for the model's place when the first text comes; it may check the weights and raise.
        `layers` may bring a faster forward pass than that of transformers, or None where it has none for it."""
        self._find = folder
        self._faster = layers
        self._turn = threading.Lock()
        self._loading = threading.Lock()

    def tokens(self, texts: Sequence[str]) -> list[tuple[list[int], list[tuple[int, int]]]]:
        """The numbers of each text's tokens and their places in it; special ones are not among them."""
        encoded = (self._tokenizer.encode(text, add_special_tokens=False) for text in texts)
        return [(one.ids, one.offsets) for one in encoded]

    def encode(self, texts: Sequence[str]) -> list[Tokens]:
        """The tokens of each text, in the order of `texts`; vectors as the model gives them, not of length 1."""
        encoded = self.tokens(texts)
        rows = [ids[:_LONGEST] for ids, _ in encoded]
        with self._turn, one_thread():
            states = self._layers.states([[self.cls, *row, self.sep] for row in rows], DEPTHS)
        return [
            Tokens(np.asarray(row, dtype=np.int64), tuple(places[: len(row)]), vectors[:, 1:-1])
            for row, (_, places), vectors in zip(rows, encoded, states, strict=True)
        ]

    @cached_property
    def _folder(self) -> Path:
        return self._find()

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def cls(self) -> int:
        """The number of the token that begins a text."""
        return self._special("[CLS]")

    @cached_property
    def sep(self) -> int:
        """The number of the token that ends one."""
        return self._special("[SEP]")

    def _special(self, token: str) -> int:
        number = self._tokenizer.token_to_id(token)
        if number is None:
            raise ConfigError(f"The model in {self._folder} has no token {token}: it is none of BERT's kind.")
        return number

    @cached_property
    def _layers(self) -> Layers:
        return self.changed(lambda _: None)

    def changed(self, change: Callable[[BertModel], None]) -> Layers:
        """The layers of a model that differs from the frozen one by `change`, which is made in fp32."""
        with self._loading:  # transformers is not fit for two threads that import it at once
            return self._loaded(change)

    def _loaded(self, change: Callable[[BertModel], None]) -> Layers:
        import torch
        from transformers import AutoModel
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()  # type: ignore[no-untyped-call]
        pays = torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()
        dtype = torch.bfloat16 if pays else torch.float32
        # Two products and a softmax: for texts this short a third faster here than torch's fused attention.
        model = AutoModel.from_pretrained(
            str(self._folder), local_files_only=True, dtype=torch.float32, attn_implementation="eager"
        ).eval()
        change(model)
        model = model.to(dtype)
        return self._faster(model) or Padded(model)


class Padded:
    """The forward pass of transformers: texts of like lengths together, the shorter ones filled up."""

    def __init__(self, model: BertModel) -> None:
        self._model: Any = model

    def states(
        self, tokens: Sequence[Sequence[int]], depths: Sequence[int], added: Sequence[Vectors] | None = None
    ) -> list[Vectors]:
        """See `Layers`."""
        import torch

        by_length = sorted(range(len(tokens)), key=lambda place: len(tokens[place]))
        found: dict[int, Vectors] = {}
        with torch.inference_mode():
            for first in range(0, len(by_length), _TOGETHER):
                places = by_length[first : first + _TOGETHER]
                ids = torch.zeros((len(places), len(tokens[places[-1]])), dtype=torch.long)
                mask = torch.zeros_like(ids)
                for row, place in enumerate(places):
                    ids[row, : len(tokens[place])] = torch.tensor(tokens[place])
                    mask[row, : len(tokens[place])] = 1
                embedded = self._model.get_input_embeddings()(ids)
                if added is not None:
                    for row, place in enumerate(places):
                        embedded[row, : len(tokens[place])] += torch.from_numpy(added[place]).to(embedded.dtype)
                states = self._model(
                    inputs_embeds=embedded, attention_mask=mask, output_hidden_states=True
                ).hidden_states
                layers = torch.stack([states[depth] for depth in depths]).float().numpy()
                for row, place in enumerate(places):
                    found[place] = layers[:, row, : len(tokens[place])]
        return [found[place] for place in range(len(tokens))]


@contextmanager
def one_thread() -> Iterator[None]:
    """For products this small a second thread gains little, and on a busy machine each waits for the other's turn."""
    import torch

    usual = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(usual)


def products(ours: NDArray[np.float32], theirs: NDArray[np.float32]) -> NDArray[np.float32]:
    """ours · theirsᵀ at each depth, (depths, n, width) and (depths, m, width) to (depths, n, m). numpy would wake all
    threads of its library for it, which costs more than the product."""
    import torch

    with one_thread():
        return np.asarray(torch.bmm(torch.from_numpy(ours), torch.from_numpy(theirs).transpose(1, 2)).numpy())
