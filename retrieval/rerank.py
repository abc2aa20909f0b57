"""A model that reads question and chunk together and scores how well the chunk answers: slower and closer than vectors.

Off by default. No weights are shipped: DOSSIER_RERANKER_MODEL names the folder of a sentence-transformers CrossEncoder,
and `dossier eval retrieval QUERIES --collection NAME --reranker FOLDER` tells whether it wins on your own questions.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import ConfigError
from retrieval.embed import device_for
from retrieval.ranking import RRF_K, Scored, ordered

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

log = logging.getLogger("dossier.retrieval")

RERANKED = 50
"""Candidates that the model reads. Each costs a pass through it, and on FinanceBench little that is right stands
behind the first twenty of the second look (docs/evaluation.md)."""


class Reranker:
    """A CrossEncoder in a folder, loaded when first used. Safe to call from several threads: they take turns."""

    def __init__(self, folder: Path, *, device: str, batch_size: int) -> None:
        """`device` is auto or a torch device. Raises ConfigError when there is no such folder."""
        if not folder.is_dir():
            raise ConfigError(
                f"DOSSIER_RERANKER_MODEL is {folder}, which is no folder here. "
                "Name the folder of a sentence-transformers CrossEncoder, or unset it."
            )
        self._folder = folder
        self._device = device
        self._batch_size = batch_size
        self._turn = threading.Lock()
        self._model: CrossEncoder | None = None

    def reranked(self, question: str, found: Sequence[Scored]) -> list[Scored]:
        """`found`, best first, the first RERANKED of them by reciprocal rank fusion of their place and the model's.

        Both have one voice: the model is better at prose, and a row of figures says little to it.
        """
        first, rest = list(found[:RERANKED]), list(found[RERANKED:])
        if not first:
            return []
        scores = self._scores(question, [_read(one) for one in first])
        by_model = sorted(range(len(first)), key=lambda place: (-scores[place], first[place].id))
        fused = {place: 1 / (RRF_K + 1 + place) for place in range(len(first))}
        for rank, place in enumerate(by_model):
            fused[place] += 1 / (RRF_K + 1 + rank)
        # Above all that was not read, in the same unit: scores are compared between collections.
        top = max(one.score for one in rest) if rest else 0.0
        return [*ordered(replace(one, score=top + fused[place]) for place, one in enumerate(first)), *rest]

    def _scores(self, question: str, texts: Sequence[str]) -> list[float]:
        with self._turn:
            model = self._loaded()
            scores = model.predict(
                [(question, text) for text in texts], batch_size=self._batch_size, show_progress_bar=False
            )
        return [float(score) for score in scores]

    def _loaded(self) -> CrossEncoder:
        if self._model is None:
            started = time.perf_counter()
            from sentence_transformers import CrossEncoder
            from transformers.utils.logging import disable_progress_bar

            disable_progress_bar()  # type: ignore[no-untyped-call]
            try:
                model = CrossEncoder(str(self._folder), device=device_for(self._device), local_files_only=True)
            except (OSError, ValueError, RuntimeError, KeyError) as error:
                raise ConfigError(
                    f"The reranker in {self._folder} could not be loaded ({type(error).__name__}). "
                    "DOSSIER_RERANKER_MODEL names the folder of a sentence-transformers CrossEncoder."
                ) from error
            if model.config.num_labels != 1:
                raise ConfigError(
                    f"The model in {self._folder} gives {model.config.num_labels} scores for a pair, a reranker one."
                )
            self._model = model
            log.info("reranker loaded", extra={"seconds": round(time.perf_counter() - started, 2)})
        return self._model


def _read(one: Scored) -> str:
    """What the model is given of a chunk: its section, the head of its table, its text."""
    payload = one.payload
    return "\n".join(part for part in (payload["section"], payload["context"], payload["text"]) if part)
