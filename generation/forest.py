"""Decision trees as arrays: a small trained model without pickle, and without a learning library to run it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Forest:
    """Trees whose leaves are added up. Node i of all trees together: `feature[i]` < 0 marks a leaf with `value[i]`.

    Otherwise a row goes to `left[i]` where its feature is at most `threshold[i]`, and to `right[i]` where it is more.
    `roots` are the nodes that the trees begin with, `base` what the sum starts from, `depth` the longest way down.
    """

    feature: NDArray[np.int16]
    threshold: NDArray[np.float32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: NDArray[np.float32]
    roots: NDArray[np.int32]
    base: float
    depth: int

    def total(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """`base` and the leaf of each tree, added up; shape (len(rows),). The order of the sum is fixed."""
        leaf = self.feature < 0
        # A leaf leads to itself, whatever a row says.
        feature = np.where(leaf, 0, self.feature).astype(np.intp)
        threshold = np.where(leaf, np.float32(np.inf), self.threshold)
        own = np.arange(len(leaf), dtype=np.intp)
        ways = np.stack([np.where(leaf, own, self.right), np.where(leaf, own, self.left)], axis=1).ravel()
        flat = np.ascontiguousarray(rows, dtype=np.float32).ravel()
        starts = (np.arange(len(rows), dtype=np.intp) * rows.shape[1])[:, None]
        at = np.broadcast_to(self.roots.astype(np.intp), (len(rows), len(self.roots)))
        for _ in range(self.depth):
            at = ways[2 * at + (flat[starts + feature[at]] <= threshold[at])]
        totals: NDArray[np.float64] = self.base + self.value[at].astype(np.float64).sum(axis=1)
        return totals


def logistic(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """From log-odds to probabilities."""
    return 1.0 / (1.0 + np.exp(-np.clip(scores, -30.0, 30.0)))
