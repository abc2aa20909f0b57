"""A language model as the judge of support, claim by claim. Advisory: it may say otherwise tomorrow."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace

from pydantic import BaseModel, ConfigDict, ValidationError

from core.errors import ServiceDown
from generation.prompts import judge_user
from generation.support import Scored, Scorer


class _Verdict(BaseModel):
    model_config = ConfigDict(extra="forbid")
    claim: int
    supported: bool


class Verdicts(BaseModel):
    """What the model must reply with; its JSON schema is sent along."""

    model_config = ConfigDict(extra="forbid")
    verdicts: list[_Verdict]


Ask = Callable[[str, str, int], tuple[bool, ...]]
"""(context, the claims as generation.prompts.judge_user puts them, how many) → whether each is supported."""


class Judge:
    """Scores by asking a model. Claims and their evidence are those of `places`, so that scorers can be compared.

    A claim scores 1 or 0. An answer scores 1 when all of its claims are supported, else half the share that is: any
    unsupported claim brings it below one half.
    """

    def __init__(self, name: str, ask: Ask, *, places: Scorer) -> None:
        self.name = name
        self._ask = ask
        self._places = places

    def score(self, response: str, context: str, question: str = "") -> Scored:
        """Raises ServiceDown when the model does not answer, or not in the agreed shape."""
        placed = self._places.score(response, context, question)
        if not placed.claims:
            return placed
        asked = judge_user(question, [claim.text for claim in placed.claims])
        verdicts = self._ask(context, asked, len(placed.claims))
        share = sum(verdicts) / len(verdicts)
        return Scored(
            1.0 if share == 1.0 else share / 2,
            tuple(
                replace(claim, score=1.0 if supported else 0.0)
                for claim, supported in zip(placed.claims, verdicts, strict=True)
            ),
        )


def verdicts_in(reply: str, claims: int, *, of: str) -> tuple[bool, ...]:
    """The verdicts in the order of the claims. A reply that leaves one out is an error: silence is no support."""
    try:
        found = {one.claim: one.supported for one in Verdicts.model_validate_json(reply).verdicts}
        if sorted(found) != list(range(1, claims + 1)):
            raise ValueError("not one verdict for each claim")
    except (ValidationError, ValueError) as error:
        raise misshapen(reply, of=of) from error
    return tuple(found[number] for number in range(1, claims + 1))


def misshapen(reply: str, *, of: str) -> ServiceDown:
    """The error for a reply that cannot be used, with its hash: it can be found in a server's log, no word is told."""
    digest = hashlib.sha256(reply.encode()).hexdigest()[:12]
    return ServiceDown(
        f"{of} gave a reply that is not of the agreed shape ({len(reply)} characters, SHA-256 {digest})."
    )
