"""What measurements need of the verifier and the scorer: texts in, verdicts and scores out, without an index."""

from __future__ import annotations

from generation.atoms import Kind, atoms_of
from generation.support import SUPPORTED, Scored, ScoredClaim, Scorer
from generation.verify import Agreement, Verdict, compare

__all__ = ["SUPPORTED", "Agreement", "Scored", "ScoredClaim", "Scorer", "Verdict", "compare", "kinds_in"]


def kinds_in(claim: str) -> tuple[str, ...]:
    """The kinds of what must be equal that a claim holds: number, negation, modal, comparative, name; or `prose`."""
    held = {atom.kind for atom in atoms_of(claim)}
    critical = (Kind.NUMBER, Kind.NEGATION, Kind.MODAL, Kind.COMPARATIVE, Kind.NAME)
    return tuple(kind.value for kind in critical if kind in held) or ("prose",)
