"""Whether an answer says what was expected, judged by a language model, statement by statement. Advisory.

    expected ─ cut into statements ─┐
    question, answer ───────────────┴─► model: said · partly · contradicted · missing ─► one verdict

The model never gives the verdict on the whole: that follows from the statements, by the rule of `verdict_of`. It is
asked for them by words and in an order that stand in generation.prompts under a version.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from generation.evidence import units_of
from generation.judge import misshapen
from generation.prompts import CORRECTNESS_SYSTEM, CORRECTNESS_VERSION, correctness_schema, correctness_user

Reply = Callable[[str, str, dict[str, Any]], str]
"""(system, user, JSON schema) → a reply of that schema, as Llama.reply gives it."""


class Correctness(StrEnum):
    """What became of a question.

    right   the answer says what was expected
    partly  it says a part of it, and nothing against it
    wrong   it says something else
    silent  it says that it cannot answer, or there is none
    """

    RIGHT = "right"
    PARTLY = "partly"
    WRONG = "wrong"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class ProseJudge:
    """Asks `reply` for the statements. `name` goes beside every figure that rests on it."""

    name: str
    reply: Reply
    version: str = CORRECTNESS_VERSION

    def judge(self, question: str, expected: str, answer: str) -> Correctness:
        """Raises ServiceDown when the model does not answer, or not in the agreed shape."""
        if not answer.strip():
            return Correctness.SILENT
        statements = [unit.text for unit in units_of(expected)] or [expected]
        user = correctness_user(question, statements, answer)
        said = self.reply(CORRECTNESS_SYSTEM, user, correctness_schema(len(statements)))
        return verdict_of(*_verdicts_in(said, len(statements)))


def verdict_of(statements: Sequence[str], declines: bool) -> Correctness:
    """The verdict on the whole answer. One contradicted statement makes it wrong, one that is not wholly said partly
    right; an answer that says nothing of what was expected is wrong, unless it says that it cannot answer."""
    if "contradicted" in statements:
        return Correctness.WRONG
    if all(one == "said" for one in statements):
        return Correctness.RIGHT
    if any(one in ("said", "partly") for one in statements):
        return Correctness.PARTLY
    return Correctness.SILENT if declines else Correctness.WRONG


# ── one call below ────────────────────────────────────────────────────────────────────────────────────────────────────


class _Statements(BaseModel):
    model_config = ConfigDict(extra="forbid")
    statements: dict[str, Literal["said", "partly", "contradicted", "missing"]]
    declines: bool


def _verdicts_in(reply: str, statements: int) -> tuple[list[str], bool]:
    """The verdicts in the order of the statements. A reply that leaves one out is an error: silence is no verdict."""
    try:
        said = _Statements.model_validate_json(reply)
        numbers = [str(number) for number in range(1, statements + 1)]
        if set(said.statements) != set(numbers):
            raise ValueError("not one verdict for each statement")
    except (ValidationError, ValueError) as error:
        raise misshapen(reply, of="The judge") from error
    return [said.statements[number] for number in numbers], said.declines
