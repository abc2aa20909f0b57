"""The verifier for measurements: a quote held against a source, without documents or an index."""

from __future__ import annotations

from generation.verify import Agreement, Verdict, compare

__all__ = ["Agreement", "Verdict", "compare"]
