"""The memory of measurements: each run of eval is a file under DOSSIER_HOME, with all that it was made with.

A run names questions by their ids and documents by a hash of their names: it holds no word of either, so that what is
erased from the library is in no report that is drawn later.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.errors import BrokenStore, NotFound, UsageError
from core.settings import Settings
from eval.compare import Comparison, compared
from eval.report import Scored

_FOLDER = "eval"
_FEWEST = 4
"""Characters of a run's id from which it may be shortened."""


@dataclass(frozen=True, slots=True)
class EvalRun:
    """One measurement. `judged` is a hash of questions and documents: only runs with the same one compare.

    `made_with` is what the scores hang on: the settings' digest and the models by name. `commit` is the state of the
    checkout, with "-dirty" when it was changed, and None outside of one. `result` is the report's JSON.
    """

    id: str
    at: str
    kind: str
    collection: str
    judged: str
    commit: str | None
    made_with: Mapping[str, str]
    result: Mapping[str, Any]

    def scored(self) -> tuple[Scored, ...]:
        """The scores per question, the document being its hash."""
        return tuple(
            Scored(id, row["document"], {name: score for name, score in row.items() if name != "document"})
            for id, row in self.result["scores"].items()
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "at": self.at,
            "kind": self.kind,
            "collection": self.collection,
            "judged": self.judged,
            "commit": self.commit,
            "made_with": dict(self.made_with),
            "result": dict(self.result),
        }


def keep(settings: Settings, result: Mapping[str, Any], *, kind: str, collection: str, judged: str) -> EvalRun:
    """Store a measurement under the home of `settings` and return it. `result` is `Result.to_json()`."""
    at = datetime.now(UTC)
    nameless = _nameless(result)
    told = json.dumps([nameless, judged, made_with(settings), at.isoformat()], sort_keys=True)
    run = EvalRun(
        id=f"{at:%Y%m%d-%H%M%S}-{hashlib.sha256(told.encode()).hexdigest()[:6]}",
        at=at.isoformat(timespec="seconds"),
        kind=kind,
        collection=collection,
        judged=judged,
        commit=commit(),
        made_with=made_with(settings),
        result=nameless,
    )
    folder = settings.home / _FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{run.id}.json").write_text(json.dumps(run.to_json(), ensure_ascii=False), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"The run cannot be kept in {folder}: {error.strerror}.") from error
    return run


def kept_runs(home: Path) -> tuple[EvalRun, ...]:
    """All runs, newest first. Raises BrokenStore for a file that is no run."""
    runs = []
    for path in sorted((home / _FOLDER).glob("*.json"), reverse=True):
        try:
            runs.append(EvalRun(**json.loads(path.read_bytes())))
        except (ValueError, TypeError) as error:
            raise BrokenStore(f"{path} is not a kept measurement; remove it.") from error
    return tuple(runs)


def run_named(home: Path, name: str) -> EvalRun:
    """The run with this id, or whose id alone ends or begins so; "last" is the newest. Raises NotFound, UsageError."""
    runs = kept_runs(home)
    if name == "last" and runs:
        return runs[0]
    found = [run for run in runs if run.id == name] or [
        run for run in runs if len(name) >= _FEWEST and (run.id.startswith(name) or run.id.endswith(name))
    ]
    if not found:
        raise NotFound(f"There is no measurement named {name}: dossier eval runs.")
    if len(found) > 1:
        raise UsageError(f"{len(found)} measurements are named {name}: give more of the id.")
    return found[0]


def compared_runs(new: EvalRun, old: EvalRun) -> Comparison:
    """`new` held against `old`. Raises UsageError when they measured different questions or documents."""
    if new.judged != old.judged or new.result["within_document"] != old.result["within_document"]:
        raise UsageError("These two runs measured different questions or documents: they cannot be compared.")
    return compared(new.scored(), old.scored(), baseline=old.id)


def made_with(settings: Settings) -> dict[str, str]:
    """What scores hang on, by name: a digest of all settings, and the models."""
    models = {
        "embedding": settings.embedding.model,
        "reranker": settings.reranker.model or "",
        "llama": settings.llama.model if settings.llama.url else "",
        "claude": settings.claude.model if settings.claude.api_key else "",
    }
    return {"settings": settings.digest(), **{name: Path(model).name for name, model in models.items() if model}}


def commit() -> str | None:
    """The commit of the checkout that this code lies in, None where it lies in none."""
    root = Path(__file__).parent.parent
    if not (root / ".git").exists():
        return None
    try:
        told = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"],
            cwd=root,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return told.stdout.strip() or None


def _nameless(result: Mapping[str, Any]) -> dict[str, Any]:
    """The result with documents by the hash of their names, and failures without their sentences."""

    def hashed(name: str) -> str:
        return hashlib.sha256(name.encode()).hexdigest()[:12]

    slices: Mapping[str, Any] = result.get("slices", {})
    scores: Mapping[str, Mapping[str, Any]] = result["scores"]
    failures: Sequence[Mapping[str, str]] = result.get("failures", ())
    return {
        **result,
        "slices": {name: parts for name, parts in slices.items() if name != "document"},
        "scores": {id: {**row, "document": hashed(row["document"])} for id, row in scores.items()},
        "failures": [failure["id"] for failure in failures],
    }
