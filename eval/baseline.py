"""What was agreed to be good: a file with the scores of every question, and the reasons of all that was ever agreed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from core.errors import UsageError
from eval.report import Scored

_FORMAT = 1
_DECIMALS = 4


class Update(BaseModel):
    """Why a baseline was set, when (UTC), at which commit, and what it said of each metric."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: str
    reason: str
    commit: str | None = None
    metrics: dict[str, float] = {}


class Baseline(BaseModel):
    """What was agreed to be good: the scores of every question, on which judged set, and the reasons, oldest first.

    `judged` is a hash of the questions and the documents they are asked of; `made_with` names settings and models.
    `scores` is question → metric → score, `documents` question → the document it counts for.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = _FORMAT
    judged: str
    made_with: dict[str, str] = {}
    history: list[Update]
    documents: dict[str, str]
    scores: dict[str, dict[str, float]]

    def scored(self) -> tuple[Scored, ...]:
        return tuple(Scored(id, self.documents[id], scores) for id, scores in self.scores.items())


def read_baseline(path: Path) -> Baseline:
    """Raises UsageError when there is none, or when it is not one."""
    try:
        baseline = Baseline.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UsageError(
            f'The baseline {path} cannot be read: {error.strerror}. Make one with --update --reason "…".'
        ) from error
    except ValidationError as error:
        raise UsageError(f"{path} is not a baseline of this version: {error.errors()[0]['msg']}.") from error
    if baseline.format != _FORMAT or set(baseline.documents) != set(baseline.scores):
        raise UsageError(f"{path} is not a baseline of this version.")
    return baseline


def updated(
    before: Baseline | None,
    scored: Sequence[Scored],
    *,
    judged: str,
    made_with: Mapping[str, str],
    reason: str,
    at: str,
    commit: str | None,
) -> Baseline:
    """The baseline that `scored` makes, with the reasons of `before`. Raises UsageError without a reason."""
    if not reason.strip():
        raise UsageError("A baseline is updated on purpose: say why with --reason.")
    names = sorted({name for one in scored for name in one.scores})
    means = {
        name: round(float(np.mean([one.scores[name] for one in scored if name in one.scores])), _DECIMALS)
        for name in names
    }
    update = Update(at=at, reason=reason.strip(), commit=commit, metrics=means)
    return Baseline(
        judged=judged,
        made_with=dict(made_with),
        history=[*(before.history if before else []), update],
        documents={one.id: one.document for one in scored},
        scores={one.id: {name: round(score, 6) for name, score in one.scores.items()} for one in scored},
    )


def write_baseline(baseline: Baseline, path: Path) -> None:
    """A line per question, so that a difference between two baselines can be read."""
    value = baseline.model_dump()
    head = {name: value[name] for name in ("format", "judged", "made_with", "history")}
    text = json.dumps(head, ensure_ascii=False, indent=1)[:-2]
    for name in ("documents", "scores"):
        rows = ",\n".join(f"  {json.dumps(id)}: {json.dumps(row)}" for id, row in sorted(value[name].items()))
        text += f',\n "{name}": {{\n{rows}\n }}'
    try:
        path.write_text(text + "\n}\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"The baseline {path} cannot be written: {error.strerror}.") from error
