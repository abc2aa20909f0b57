"""Claims and their evidence read together: how likely each word of a claim is not supported by what stands beside it.

    [CLS] claims of a response [SEP] the units of the context that share most with them [SEP]
            │ on top of each token's embedding: is it on the other side as well, with which neighbours?
            ▼
    all-MiniLM-L6-v2 with low-rank changes of all its layers (E. Hu et al.: LoRA, 2021, arXiv 2106.09685)
            ▼
    log-odds of each token of the claims ──► the highest of each word's

The token vectors of generation.tokens say what a word resembles; only here does a claim look at its evidence and the
evidence at the claim. Weights by benchmarks/train_reader.py; docs/faithfulness.md says from what.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ConfigError
from generation.evidence import Unit, most_shared, pieces_of
from generation.tokens import Layers, TokenModel, one_thread

if TYPE_CHECKING:
    from transformers import BertModel

WEIGHTS = Path(__file__).with_name("reader.npz")

LONGEST = 384
"""Tokens that are read together, special ones included."""

CLAIMS = 120
"""Tokens of claims that are read in one go, and of one claim; what a claim has beyond them is not read."""

MATCHES = 8
"""Ways in which a token is matched: not there, there, with one neighbour, with both; of claims, then of evidence."""

UNREAD = -4.0
"""The log-odds of a word that was not read."""

CHANGED = ("query", "key", "value", "attention", "wide", "narrow")
"""The products of a layer, each of which has a low-rank change."""


@dataclass(frozen=True, slots=True)
class Pass:
    """Tokens that are read in one go, and how each is matched; each of `claims` is the number of a claim, the place of
    its first token, and how many of its tokens are read."""

    ids: tuple[int, ...]
    matches: tuple[int, ...]
    claims: tuple[tuple[int, int, int], ...]


class Reader:
    """Holds the changed model; it is read when the first claim comes. Threads take turns."""

    def __init__(self, model: TokenModel, weights: Path = WEIGHTS) -> None:
        self._model = model
        self._path = weights
        self._turn = threading.Lock()

    def read(self, claims: Sequence[Unit], units: Sequence[Unit]) -> list[NDArray[np.float32]]:
        """For each claim the log-odds of each of its words being unsupported by `units`, those of the whole context.
        Raises ConfigError when the weights cannot be read."""
        made, places = read_together(self._model, claims, units)
        found = [np.full(len(claim.words), UNREAD, dtype=np.float32) for claim in claims]
        with self._turn, one_thread():
            states = self._layers.states(
                [one.ids for one in made], [self._depth], [self._on_top[list(one.matches)] for one in made]
            )
        for one, rows in zip(made, states, strict=True):
            odds = rows[0] @ self._out + self._base
            for number, first, length in one.claims:
                for word, pieces in enumerate(pieces_of(claims[number].words, places[number][:length])):
                    if pieces:
                        found[number][word] = odds[first + pieces[0] : first + pieces[-1] + 1].max()
        return found

    @cached_property
    def _arrays(self) -> Mapping[str, NDArray[Any]]:
        return read_arrays(self._path)

    @cached_property
    def _on_top(self) -> NDArray[np.float32]:
        return self._arrays["on_top"].astype(np.float32)

    @cached_property
    def _out(self) -> NDArray[np.float32]:
        return self._arrays["out"].astype(np.float32)

    @cached_property
    def _base(self) -> float:
        return float(self._arrays["base"])

    @cached_property
    def _depth(self) -> int:
        return sum(name.endswith(".query.down") for name in self._arrays)

    @cached_property
    def _layers(self) -> Layers:
        return self._model.changed(self._change)

    def _change(self, bert: BertModel) -> None:
        import torch

        for name, module in products_of(bert):
            down, up = (torch.from_numpy(self._arrays[f"{name}.{part}"]).float() for part in ("down", "up"))
            module.weight.data += up @ down


def read_together(
    model: TokenModel, claims: Sequence[Unit], units: Sequence[Unit]
) -> tuple[list[Pass], list[list[tuple[int, int]]]]:
    """The passes of an answer, and for each claim the places of its tokens in it: what is read, and learnt from."""
    said = model.tokens([claim.text for claim in claims])
    evidence = [ids for ids, _ in model.tokens([unit.text for unit in units])]
    made = passes([ids for ids, _ in said], evidence, cls=model.cls, sep=model.sep)
    return list(made), [places for _, places in said]


def passes(claims: Sequence[Sequence[int]], units: Sequence[Sequence[int]], *, cls: int, sep: int) -> Iterator[Pass]:
    """What is read together: as many claims as go into CLAIMS tokens, in order, with the units that share most with
    them. `claims` and `units` are the numbers of their tokens, without special ones."""
    group: list[int] = []
    room = CLAIMS
    for number, claim in enumerate(claims):
        length = min(len(claim), CLAIMS)
        if group and length > room:
            yield _pass(group, claims, units, cls, sep)
            group, room = [], CLAIMS
        group.append(number)
        room -= length
    if group:
        yield _pass(group, claims, units, cls, sep)


def products_of(bert: BertModel) -> Iterator[tuple[str, Any]]:
    """The products of a BERT that are changed, each with its name in the weights: "3.wide"."""
    layers: Any = bert.encoder.layer
    for number, layer in enumerate(layers):
        heads = layer.attention
        modules = (
            *(getattr(heads.self, name) for name in CHANGED[:3]),
            *(heads.output.dense, layer.intermediate.dense, layer.output.dense),
        )
        yield from ((f"{number}.{name}", module) for name, module in zip(CHANGED, modules, strict=True))


def read_arrays(path: Path) -> Mapping[str, NDArray[Any]]:
    """The weights in an .npz file without pickled objects. Raises ConfigError when they cannot be read."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            kept = {name: arrays[name] for name in arrays.files}
        if kept["on_top"].shape[0] != MATCHES or not {"out", "base"} <= kept.keys():
            raise ValueError
    except (OSError, ValueError, KeyError) as error:
        raise ConfigError(f"The weights of the reader ({path.name}) cannot be read.") from error
    return kept


# ── one call below ────────────────────────────────────────────────────────────────────────────────────────────────────


def _pass(
    group: Sequence[int], claims: Sequence[Sequence[int]], units: Sequence[Sequence[int]], cls: int, sep: int
) -> Pass:
    ids = [cls]
    placed = []
    for number in group:
        kept = claims[number][:CLAIMS]
        placed.append((number, len(ids), len(kept)))
        ids += kept
    ids.append(sep)
    first = len(ids)
    together = [claims[number] for number in group]
    for number in most_shared(together, units, [len(unit) for unit in units], room=LONGEST - first - 1):
        ids += units[number]
    ids = [*ids[: LONGEST - 1], sep]
    return Pass(tuple(ids), tuple(_matches(ids, first)), tuple(placed))


def _matches(ids: Sequence[int], first: int) -> list[int]:
    """How each token is matched on the other side; `first` is the place of the first of the evidence."""
    sides = (ids[1 : first - 1], ids[first:-1])
    there = [set(side) for side in sides]
    beside = [set(zip(side, side[1:], strict=False)) for side in sides]
    found = [0] * len(ids)
    for side, start in ((0, 1), (1, first)):
        tokens, other, pairs = sides[side], there[1 - side], beside[1 - side]
        for place, token in enumerate(tokens):
            kind = 0
            if token in other:
                before = place > 0 and (tokens[place - 1], token) in pairs
                after = place + 1 < len(tokens) and (token, tokens[place + 1]) in pairs
                kind = 1 + before + after
            found[start + place] = len(sides) * 2 * side + kind
    return found
