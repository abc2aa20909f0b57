"""What measurements need of the verifier, the scorer, and a model as judge or author of questions: no index in it."""

from __future__ import annotations

from generation.correctness import Correctness, ProseJudge
from generation.prompts import PROMPT_VERSION
from generation.proposals import Proposal, Proposer
from generation.support import SUPPORTED, Scored, ScoredClaim, Scorer
from generation.verify import Agreement, Verdict, compare

__all__ = [
    "PROMPT_VERSION",
    "SUPPORTED",
    "Agreement",
    "Correctness",
    "Proposal",
    "Proposer",
    "ProseJudge",
    "Scored",
    "ScoredClaim",
    "Scorer",
    "Verdict",
    "compare",
]
