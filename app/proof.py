"""What measurements need of the verifier, the scorer, and a model as judge or author of questions: no index in it."""

from __future__ import annotations

from generation.atoms import Kind, atoms_of
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
    "kinds_in",
]


def kinds_in(claim: str) -> tuple[str, ...]:
    """The kinds of what must be equal that a claim holds: number, negation, modal, comparative, name; or `prose`."""
    held = {atom.kind for atom in atoms_of(claim)}
    critical = (Kind.NUMBER, Kind.NEGATION, Kind.MODAL, Kind.COMPARATIVE, Kind.NAME)
    return tuple(kind.value for kind in critical if kind in held) or ("prose",)
