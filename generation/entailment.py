"""Support by a cross-encoder from a folder of yours: any NLI or hallucination model that scores a pair of texts."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from core.errors import ConfigError
from generation.evidence import units_of
from generation.support import Scored, Scorer

_WINDOW = 300
"""Words of the context that are read at once, as MiniCheck does (at most 500), so that most models' 512 tokens hold
them together with a claim."""

_TOGETHER = 16

_YES = ("entail", "support", "consistent", "factual", "faithful")
_NO = ("not", "non", "un", "in", "contra")


class Entailment:
    """Holds the model in `folder`. A claim is held against each window of the context, and the best window counts (as
    in SummaC and MiniCheck); an answer is as good as its worst claim. Claims and evidence are those of `places`.
    """

    def __init__(self, folder: Path, *, places: Scorer) -> None:
        if not (folder / "config.json").is_file():
            raise ConfigError(f"DOSSIER_FAITHFULNESS_MODEL is {folder}, which is no folder of a model.")
        self.name = folder.name
        self._folder = folder
        self._places = places
        self._turn = threading.Lock()

    def score(self, response: str, context: str, question: str = "") -> Scored:
        """Raises ConfigError when the folder holds no cross-encoder, or one that needs code of its own to run."""
        placed = self._places.score(response, context, question)
        windows = _windows(context)
        if not placed.claims or not windows:
            return placed
        pairs = [(window, claim.text) for claim in placed.claims for window in windows]
        found = self._supported(pairs)
        claims = tuple(
            replace(claim, score=max(found[number * len(windows) : (number + 1) * len(windows)]))
            for number, claim in enumerate(placed.claims)
        )
        return Scored(min(claim.score for claim in claims), claims)

    def _supported(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        import torch

        tokenizer, model, right = self._loaded
        found: list[float] = []
        with self._turn, torch.inference_mode():
            for first in range(0, len(pairs), _TOGETHER):
                part = pairs[first : first + _TOGETHER]
                inputs = tokenizer(
                    [window for window, _ in part],
                    [claim for _, claim in part],
                    padding=True,
                    truncation="only_first",
                    max_length=self._longest,
                    return_tensors="pt",
                )
                logits = model(**inputs).logits.float()
                said = torch.sigmoid(logits[:, 0]) if logits.shape[1] == 1 else torch.softmax(logits, dim=1)[:, right]
                found += said.tolist()
        return found

    @cached_property
    def _longest(self) -> int:
        tokenizer, model, _ = self._loaded
        stated = getattr(model.config, "max_position_embeddings", None) or 512
        return int(min(stated, tokenizer.model_max_length))

    @cached_property
    def _loaded(self) -> tuple[Any, Any, int]:
        """Tokenizer, model, and which of its labels means that the claim is supported."""
        from transformers import AutoModelForSequenceClassification, AutoTokenizer
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()  # type: ignore[no-untyped-call]
        try:
            # trust_remote_code stays off: a folder of weights must not run programs.
            tokenizer = AutoTokenizer.from_pretrained(str(self._folder), local_files_only=True)
            model = AutoModelForSequenceClassification.from_pretrained(str(self._folder), local_files_only=True).eval()
        except (OSError, ValueError, RuntimeError, KeyError) as error:
            raise ConfigError(
                f"The model in {self._folder} (DOSSIER_FAITHFULNESS_MODEL) could not be loaded as a cross-encoder "
                f"({type(error).__name__}). Models that bring code of their own are not run."
            ) from error
        return tokenizer, model, _supported_label(model.config.id2label, self._folder)


def _windows(context: str) -> list[str]:
    """Sentences and rows that follow each other, up to _WINDOW words together."""
    windows: list[str] = []
    words = _WINDOW
    for unit in units_of(context):
        length = len(unit.words)
        if words + length > _WINDOW or not windows:
            windows.append(unit.text)
            words = length
        else:
            windows[-1] = f"{windows[-1]} {unit.text}"
            words += length
    return windows


def _supported_label(labels: dict[int, str], folder: Path) -> int:
    """One output is the probability itself; of two without names the second is "supported", as HHEM and MiniCheck."""
    if len(labels) == 1:
        return 0
    for number, label in labels.items():
        folded = label.casefold()
        if any(word in folded for word in _YES) and not folded.startswith(_NO):
            return int(number)
    if len(labels) == 2:
        return 1
    raise ConfigError(
        f"The model in {folder} (DOSSIER_FAITHFULNESS_MODEL) does not name the label that means support: {labels}."
    )
