"""Train the reader: write generation/reader.npz, and what readers say of answers whose sources they never saw.

    python -m benchmarks.train_reader ../shared/bench --wordnet /usr/share/wordnet --folder /tmp/reader
    python -m benchmarks.train_support ../shared/bench --read /tmp/reader

    first    over answers made of documents (benchmarks/reader_data.py), one epoch: no verdict of a person is seen
    fold-0…  from there over the judged answers of the train part and answers retouched from them, without a third of
             the sources; what it says of that third is kept under FOLDER/read
    whole    the same with all sources: the weights of the product

Each part is written to FOLDER when it is done and not made again; `--part` makes one alone, so that two can be made
side by side, each on a core of its own. The batch is the same however long it takes, so that the same seed gives the
same weights on the same kind of processor.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import pickle
import random
import shutil
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from benchmarks.lexicon import Lexicon
from benchmarks.reader_data import Maker, texts_of
from benchmarks.support_data import Example, fold_of, judged_answers
from benchmarks.train_support import train_part
from core.errors import DossierError
from generation.evidence import pieces_of, units_of
from generation.reader import LONGEST, MATCHES, WEIGHTS, Pass, Reader, products_of, read_arrays, read_together
from generation.tokens import TokenModel
from retrieval.embed import default_folder
from retrieval.encoder import layers_of

Made = TypeVar("Made")

SEED = 20_241_128
FOLDS = 3
RANK = 16
"""Numbers through which each change of a product goes."""

MADE, RETOUCHED = 18_000, 10
"""Answers made for the first part, and retouched for each judged context."""

RATE_FIRST, RATE_JUDGED = 1e-3, 5e-4
EPOCHS_JUDGED = 2
WARM = 0.06
"""Share of the steps in which the learning rate rises; from there it falls in a straight line."""

WEIGHT = {"ragtruth": 1.0, "summedits": 0.8, "made": 1.0, "retouched": 0.6, "again": 0.4}
"""What a pass counts by where it comes from; `again` is an eighth of the made answers in the later parts."""

WRONG = 2.0
"""How much more an unsupported word counts: one in ten is."""

WORST, OF_WORST = 3, 0.3
"""A pass is as wrong as the mean of its so many worst tokens; that counts so much beside each token alone."""

LENGTHS = (64, 96, 128, 192, 256, 320, LONGEST)
ROOM = 3072
"""Tokens of a batch. Passes of like length are filled up to one of LENGTHS: oneDNN prepares its kernels for each shape
that it meets, and meets seven."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A pass with a flag for each of its tokens: 1 unsupported, 0 supported, -1 no token of a claim's word."""

    ids: NDArray[np.int32]
    matches: NDArray[np.int8]
    flags: NDArray[np.int8]
    weight: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path, help="the folder that holds ragtruth, summedits, cuad, …")
    parser.add_argument("--wordnet", type=Path, required=True, help="the folder that holds data.noun, index.noun, …")
    parser.add_argument("--folder", type=Path, required=True, help="where the parts are kept")
    parts = ("first", *(f"fold-{fold}" for fold in range(FOLDS)), "whole")
    parser.add_argument("--part", choices=parts, help="make this part alone")
    parser.add_argument("--made", type=int, default=MADE, help="answers for the first part")
    parser.add_argument("--output", type=Path, default=WEIGHTS)
    choice = parser.parse_args()
    choice.folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    model = TokenModel(default_folder, layers=layers_of)
    for part in [choice.part] if choice.part else parts:
        path = choice.folder / f"{part}.npz"
        if not path.exists():
            print(f"── {part}", flush=True)
            torch.manual_seed(SEED)
            learner = Learner(default_folder())
            lessons = _kept(choice.folder / "made.pickle", lambda: made(choice, model))
            if part == "first":
                learner.learn(lessons, RATE_FIRST, epochs=1)
            else:
                learner.take(read_arrays(choice.folder / "first.npz"))
                by_fold = _kept(choice.folder / "judged.pickle", lambda: judged_lessons(choice, model))
                kept = [one for fold, one in by_fold if part != f"fold-{fold}"]
                again = [Lesson(one.ids, one.matches, one.flags, WEIGHT["again"]) for one in lessons[::8]]
                learner.learn([*kept, *again], RATE_JUDGED, epochs=EPOCHS_JUDGED)
            learner.save(path)
        if part.startswith("fold-"):
            say(choice, Reader(model, path), int(part[-1]))
        if part == "whole":
            shutil.copyfile(path, choice.output)
            print(f"{choice.output} SHA-256 {hashlib.sha256(path.read_bytes()).hexdigest()}")


def made(choice: argparse.Namespace, model: TokenModel) -> list[Lesson]:
    """The lessons of the first part."""
    maker = Maker(Lexicon(choice.wordnet), random.Random(SEED))
    texts = texts_of(choice.root, maker.draw)
    return [lesson for one in maker.made(texts, choice.made) for lesson in lessons_of(one, model, WEIGHT["made"])]


def judged_lessons(choice: argparse.Namespace, model: TokenModel) -> list[tuple[int, Lesson]]:
    """The lessons of the judged answers and of those retouched from them, each with the fold of its source."""
    answers = list(judged_answers(choice.root))
    maker = Maker(Lexicon(choice.wordnet), random.Random(SEED + 1))
    weighed = [
        *((one, WEIGHT[one.set]) for one in answers),
        *((one, WEIGHT["retouched"]) for one in maker.retouched(answers, answers=RETOUCHED)),
    ]
    return [
        (fold_of(one.source, FOLDS), lesson) for one, weight in weighed for lesson in lessons_of(one, model, weight)
    ]


def lessons_of(example: Example, model: TokenModel, weight: float) -> Iterator[Lesson]:
    """What the product would read of an answer, with what is wrong of it."""
    units = [unit for unit in units_of(example.context) if unit.words]
    claims = [(claim, wrong) for claim, wrong in zip(example.claims, example.wrong, strict=True) if claim.words]
    if not units or not claims:
        return
    made, places = read_together(model, [claim for claim, _ in claims], units)
    for one in made:
        yield Lesson(
            np.array(one.ids, dtype=np.int32),
            np.array(one.matches, dtype=np.int8),
            _flags(one, claims, places),
            weight,
        )


def say(choice: argparse.Namespace, reader: Reader, fold: int) -> None:
    """Keep what a reader says of the answers of a fold that it did not learn from, by the key of train_support."""
    folder = choice.folder / "read"
    folder.mkdir(exist_ok=True)
    for number, (key, example, claims, units) in enumerate(train_part(choice.root)):
        path = folder / f"{key}.npz"
        if fold_of(example.source, FOLDS) == fold and not path.exists():
            np.savez(path, *reader.read(claims, units))
        if number % 500 == 0:
            print(f"{number} read", flush=True)


class Low(nn.Module):
    """A frozen product with a change of low rank beside it; it begins with none."""

    def __init__(self, product: nn.Linear) -> None:
        super().__init__()
        self._weight, self._bias = product.weight.detach(), product.bias.detach()
        self.down = nn.Parameter(torch.randn(RANK, product.in_features) / math.sqrt(product.in_features))
        self.up = nn.Parameter(torch.zeros(product.out_features, RANK))

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        change = functional.linear(rows, self.down.to(rows.dtype))
        frozen = functional.linear(rows, self._weight, self._bias)
        return frozen + functional.linear(change, self.up.to(rows.dtype))


class Learner(nn.Module):
    """The frozen model in bf16 with what is learnt in fp32."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        from transformers import AutoModel

        # Eager: torch's fused attention takes two fifths of the time of a step here, most of it backwards.
        self._bert: Any = AutoModel.from_pretrained(
            str(folder), local_files_only=True, dtype=torch.bfloat16, attn_implementation="eager"
        ).eval()
        self._bert.requires_grad_(False)
        types = self._bert.embeddings.token_type_embeddings.weight.float()
        begun = torch.zeros(MATCHES, types.shape[1])
        begun[MATCHES // 2 :] = types[1] - types[0]
        self.on_top = nn.Parameter(begun)
        self._low: dict[str, Low] = {}
        for name, module in list(products_of(self._bert)):
            self._low[name] = Low(module)
            parent, _, last = _path_of(self._bert, module).rpartition(".")
            setattr(self._bert.get_submodule(parent), last, self._low[name])
        self.out = nn.Linear(types.shape[1], 1)

    def forward(self, ids: torch.Tensor, matches: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        embedded = self._bert.embeddings.word_embeddings(ids) + self.on_top[matches].to(torch.bfloat16)
        rows = self._bert(inputs_embeds=embedded, attention_mask=mask).last_hidden_state
        return self.out(rows.float()).squeeze(-1)  # type: ignore[no-any-return]

    def loss_of(self, lessons: Sequence[Lesson]) -> torch.Tensor:
        """The loss of a batch."""
        length = _filled(max(len(one.ids) for one in lessons))
        ids, matches, mask = (torch.zeros(len(lessons), length, dtype=torch.long) for _ in range(3))
        flags = torch.full((len(lessons), length), -1.0)
        for row, one in enumerate(lessons):
            size = len(one.ids)
            ids[row, :size] = torch.from_numpy(one.ids.astype(np.int64))
            matches[row, :size] = torch.from_numpy(one.matches.astype(np.int64))
            mask[row, :size] = 1
            flags[row, :size] = torch.from_numpy(one.flags.astype(np.float32))
        weight = torch.tensor([one.weight for one in lessons])
        odds = self(ids, matches, mask)
        read = flags >= 0
        each = weight[:, None] * torch.where(flags == 1, WRONG, 1.0) * read
        loss = functional.binary_cross_entropy_with_logits(odds, flags.clamp(min=0), reduction="none")
        worst = odds.masked_fill(~read, -1e4).topk(WORST, dim=1).values.mean(1)
        whole = functional.binary_cross_entropy_with_logits(worst, (flags == 1).any(1).float(), reduction="none")
        return (loss * each).sum() / each.sum() + OF_WORST * (whole * weight).sum() / weight.sum()

    def learn(self, lessons: Sequence[Lesson], rate: float, *, epochs: int) -> None:
        """From all lessons, `epochs` times, in an order that the seed decides."""
        draw = random.Random(SEED)
        batches = [batch for _ in range(epochs) for batch in _batches(lessons, draw)]
        learnt = [one for one in self.parameters() if one.requires_grad]
        optimizer = torch.optim.AdamW(
            [
                {"params": [one for one in learnt if one.ndim > 1], "weight_decay": 0.01},
                {"params": [one for one in learnt if one.ndim == 1], "weight_decay": 0.0},
            ],
            lr=rate,
            betas=(0.9, 0.98),
        )
        warm = max(1.0, WARM * len(batches))
        started, losses = time.perf_counter(), []
        for step, batch in enumerate(batches):
            for group in optimizer.param_groups:
                group["lr"] = rate * min(1.0, (step + 1) / warm) * max(0.02, 1 - step / len(batches))
            loss = self.loss_of([lessons[number] for number in batch])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(learnt, 1.0)
            optimizer.step()
            losses.append(float(loss.detach()))
            if step % 50 == 49:
                spent = time.perf_counter() - started
                print(f"{step + 1} of {len(batches)}, loss {np.mean(losses[-50:]):.3f}, {spent:.0f} s", flush=True)

    def save(self, path: Path) -> None:
        """As generation.reader reads it."""
        arrays: dict[str, NDArray[Any]] = {
            f"{name}.{part}": getattr(low, part).detach().numpy().astype(np.float16)
            for name, low in self._low.items()
            for part in ("down", "up")
        }
        arrays["on_top"] = self.on_top.detach().numpy().astype(np.float16)
        arrays["out"] = self.out.weight.detach().numpy()[0]
        arrays["base"] = self.out.bias.detach().numpy()[0]
        np.savez_compressed(path, **arrays)

    def take(self, arrays: Any) -> None:
        """Go on from saved weights."""
        with torch.no_grad():
            for name, low in self._low.items():
                for part in ("down", "up"):
                    getattr(low, part).copy_(torch.from_numpy(arrays[f"{name}.{part}"]).float())
            self.on_top.copy_(torch.from_numpy(arrays["on_top"]).float())
            self.out.weight.copy_(torch.from_numpy(arrays["out"])[None])
            self.out.bias.fill_(float(arrays["base"]))


# ── one call below ────────────────────────────────────────────────────────────────────────────────────────────────────


def _kept(path: Path, make: Callable[[], Made]) -> Made:
    """Made once and kept in our own folder: making takes minutes."""
    if not path.exists():
        path.with_suffix(".part").write_bytes(pickle.dumps(make()))
        path.with_suffix(".part").rename(path)
    return pickle.loads(path.read_bytes())  # type: ignore[no-any-return]  # noqa: S301


def _flags(
    one: Pass, claims: Sequence[tuple[Any, Sequence[bool]]], places: Sequence[Sequence[tuple[int, int]]]
) -> NDArray[np.int8]:
    flags = np.full(len(one.ids), -1, dtype=np.int8)
    for number, first, length in one.claims:
        claim, wrong = claims[number]
        for flag, pieces in zip(wrong, pieces_of(claim.words, places[number][:length]), strict=True):
            flags[[first + piece for piece in pieces]] = flag
    return flags


def _filled(length: int) -> int:
    return next(one for one in LENGTHS if length <= one)


def _batches(lessons: Sequence[Lesson], draw: random.Random) -> list[list[int]]:
    order = list(range(len(lessons)))
    draw.shuffle(order)
    by_length: dict[int, list[int]] = defaultdict(list)
    for number in order:
        by_length[_filled(len(lessons[number].ids))].append(number)
    batches = []
    for length, numbers in by_length.items():
        size = ROOM // length
        for first in range(0, len(numbers), size):
            batch = numbers[first : first + size]
            batches.append([*batch, *draw.choices(numbers, k=size - len(batch))])
    draw.shuffle(batches)
    return batches


def _path_of(root: nn.Module, module: nn.Module) -> str:
    return next(name for name, one in root.named_modules() if one is module)


if __name__ == "__main__":
    try:
        main()
    except (DossierError, FileNotFoundError) as error:
        raise SystemExit(str(error)) from error
