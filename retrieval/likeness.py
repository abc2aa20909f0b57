"""Cosines of any embedding model on the scale of the one that thresholds were measured with.

What belongs together has .62 in all-MiniLM-L6-v2 and .86 in multilingual-e5-small on average; what does not, .11 and
.74. A few questions with their answers, of our own, tell where a model's two ends lie.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from retrieval.embed import Embedder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_ANSWERED = (
    ("When are invoices due?", "The Customer shall pay each invoice within thirty days of receipt."),
    ("What was total revenue in 2022?", "Total net revenue for fiscal 2022 was 4,310 million, up 6% on 2021."),
    ("Who is the data protection officer?", "Write to the data protection officer, Ms Lindqvist, about your data."),
    ("Which law governs the agreement?", "This Agreement is governed by the laws of the State of New York."),
    ("How much notice is needed to terminate?", "Either party may terminate on ninety days' written notice."),
    ("What is the address of the leased building?", "The premises are located at 12 Harbour Road, third floor."),
)
"""Each question is answered by its own passage and by no other."""

UNLIKE, LIKE = 0.108, 0.623
"""Mean cosine of all-MiniLM-L6-v2 between a question and the others' passages, and its own (tests/retrieval)."""

APART = 0.02
"""Less between the two ends is noise, which the line would blow up."""


def ends(embedder: Embedder) -> tuple[float, float]:
    """The mean cosine of what does not belong together, and of what does."""
    import numpy as np

    questions = embedder.embed_questions([question for question, _ in _ANSWERED])
    cosines = questions @ embedder.embed_documents([passage for _, passage in _ANSWERED]).T
    own = np.eye(len(_ANSWERED), dtype=bool)
    return float(cosines[~own].mean()), float(cosines[own].mean())


def scale_of(embedder: Embedder) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Cosines of `embedder` to what all-MiniLM-L6-v2 would say: a straight line through the two ends.

    A model that hardly tells the two ends apart is left as it is.
    """
    unlike, like = ends(embedder)
    if like - unlike < APART:
        return lambda cosines: cosines
    return lambda cosines: UNLIKE + (cosines - unlike) * ((LIKE - UNLIKE) / (like - unlike))
