"""What measurements need of the verifier, the scorer and the judge: texts in, verdicts and scores out, no index."""

from __future__ import annotations

from generation.correctness import Correctness, ProseJudge
from generation.prompts import PROMPT_VERSION
from generation.support import SUPPORTED, Scored, ScoredClaim, Scorer
from generation.verify import Agreement, Verdict, compare

__all__ = [
    "PROMPT_VERSION",
    "SUPPORTED",
    "Agreement",
    "Correctness",
    "ProseJudge",
    "Scored",
    "ScoredClaim",
    "Scorer",
    "Verdict",
    "compare",
]
