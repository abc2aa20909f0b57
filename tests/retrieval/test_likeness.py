"""One scale for the cosines of every model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from retrieval.embed import DEFAULT_MODEL, HashEmbedder, embedder_for
from retrieval.likeness import LIKE, UNLIKE, ends, scale_of
from tests.retrieval.models import a_model


def test_the_scale_is_that_of_the_default_model() -> None:
    embedder = embedder_for(DEFAULT_MODEL, device="cpu", batch_size=8)
    assert ends(embedder) == pytest.approx((UNLIKE, LIKE), abs=0.005)


def test_the_two_ends_of_another_model_come_to_lie_on_it() -> None:
    embedder = HashEmbedder()
    assert scale_of(embedder)(np.array(ends(embedder))) == pytest.approx([UNLIKE, LIKE])


def test_a_model_of_random_weights_gives_finite_values(tmp_path: Path) -> None:
    embedder = embedder_for(str(a_model(tmp_path / "model")), device="cpu", batch_size=8)
    assert np.isfinite(scale_of(embedder)(np.array([-1.0, 0.0, 1.0]))).all()
