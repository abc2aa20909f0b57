"""What measurements need of the verifier and the scorer: texts in, verdicts and scores out, without an index."""

from __future__ import annotations

from generation.support import SUPPORTED, Scored, ScoredClaim, Scorer
from generation.verify import Agreement, Verdict, compare

__all__ = ["SUPPORTED", "Agreement", "Scored", "ScoredClaim", "Scorer", "Verdict", "compare"]
