"""The memory of measurements: each run of eval is a file under DOSSIER_HOME, with all that it was made with.

A run names questions by their ids and documents by a hash of their names: it holds no word of either, so that what is
erased from the library is in no report that is drawn later. So it can also be moved: `export_runs` and `import_runs`.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.proof import SUPPORTED
from app.provenance import libraries, made_with
from core.errors import BrokenStore, NotFound, UsageError
from core.rows import writing
from core.settings import Settings
from eval.report import Scored

FAITHFULNESS = "faithfulness"
"""The kind of a run that scored responses; those of all other kinds searched."""

_FOLDER = "eval"
_FEWEST = 4
"""Characters of a run's id from which it may be shortened."""


class EvalRun(BaseModel):
    """One measurement. `judged` is a hash of questions and documents: only runs with the same one compare.

    `made_with` is what the scores hang on: the settings' digest, the models by name and the version of the prompts;
    `settings` are the values behind the digest, `libraries` the releases underneath. `commit` is the state of the
    checkout, with "-dirty" when it was changed, and None outside of one. `result` is the report's JSON.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    # The id becomes the name of a file, and a run may come from another machine.
    id: Annotated[str, Field(pattern=r"^\d{8}-\d{6}-[0-9a-f]{6}$")]
    at: str
    kind: str
    collection: str
    judged: str
    commit: str | None
    made_with: dict[str, str]
    settings: dict[str, str] = {}
    libraries: dict[str, str] = {}
    result: dict[str, Any]

    def scored(self) -> tuple[Scored, ...]:
        """The scores per question, the document being its hash. Of a labelled response, whether it was told rightly: a
        failed one was not."""
        if self.kind == FAITHFULNESS:
            return tuple(
                Scored(id, row["document"], _as_scores(row["label"], row["score"]))
                for id, row in self.result["scores"].items()
            )
        return tuple(
            Scored(id, row["document"], {name: score for name, score in row.items() if name != "document"})
            for id, row in self.result["scores"].items()
        )

    def same_series(self, other: EvalRun) -> bool:
        """Whether the two measure the same thing at two times, so that one line may be drawn through them."""
        return self._series() == other._series()

    def _series(self) -> tuple[Any, ...]:
        return self.kind, self.collection, self.result.get("within_document"), self.result.get("limit")

    def to_json(self) -> dict[str, Any]:
        return self.model_dump()


def keep(settings: Settings, result: Mapping[str, Any], *, kind: str, collection: str, judged: str) -> EvalRun:
    """Store a measurement under the home of `settings` and return it. `result` is `Result.to_json()` or the like."""
    at = datetime.now(UTC)
    nameless = _nameless(result)
    told = json.dumps([nameless, judged, made_with(settings), at.isoformat()], sort_keys=True)
    run = EvalRun(
        id=f"{at:%Y%m%d-%H%M%S}-{hashlib.sha256(told.encode()).hexdigest()[:6]}",
        at=at.isoformat(timespec="milliseconds"),
        kind=kind,
        collection=collection,
        judged=judged,
        commit=commit(),
        made_with=made_with(settings),
        settings=settings.told(),
        libraries=libraries(),
        result=nameless,
    )
    _write(settings.home, run)
    return run


def kept_runs(home: Path) -> tuple[EvalRun, ...]:
    """All runs, newest first. Raises BrokenStore for a file that is no run."""
    runs = []
    for path in (home / _FOLDER).glob("*.json"):
        try:
            runs.append(EvalRun.model_validate_json(path.read_bytes()))
        except ValidationError as error:
            raise BrokenStore(f"{path} is not a kept measurement; remove it.") from error
    return tuple(sorted(runs, key=lambda run: (datetime.fromisoformat(run.at), run.id), reverse=True))


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


def series(home: Path, run: EvalRun) -> tuple[EvalRun, ...]:
    """The runs that measured the same thing as `run`, itself among them, oldest first."""
    return tuple(other for other in reversed(kept_runs(home)) if other.same_series(run))


# ── keeping few, and moving them ──────────────────────────────────────────────────────────────────────────────────────


def forget_runs(home: Path, *, keep: int) -> int:
    """Remove all but the `keep` newest runs of each series; returns how many went.

    By series, so that the gate of every day does not push out the set that is measured once a year.
    """
    left: list[EvalRun] = []
    gone = 0
    for run in kept_runs(home):
        if sum(run.same_series(other) for other in left) < keep:
            left.append(run)
        else:
            (home / _FOLDER / f"{run.id}.json").unlink(missing_ok=True)
            gone += 1
    return gone


def export_runs(home: Path, output: Path) -> int:
    """Write all runs to a file of JSON lines, oldest first; returns how many. Raises UsageError where it cannot."""
    runs = kept_runs(home)
    with writing(output) as out:
        out.writelines(run.model_dump_json() + "\n" for run in reversed(runs))
    return len(runs)


def import_runs(home: Path, path: Path) -> tuple[int, int]:
    """Take in the runs of a file of JSON lines; returns (taken, already there).

    All of the file is read before the first run is kept. Raises UsageError, naming the line, for what is no run and for
    a run that is here with another content.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The file of runs {path} cannot be read.") from error
    here = {run.id: run for run in kept_runs(home)}
    fresh: dict[str, EvalRun] = {}
    known = 0
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            run = EvalRun.model_validate_json(line)
        except ValidationError as error:
            raise UsageError(f"{path}, line {number}: not a kept measurement.") from error
        before = here.get(run.id) or fresh.get(run.id)
        if before is None:
            fresh[run.id] = run
        elif before == run:
            known += 1
        else:
            raise UsageError(f"{path}, line {number}: another measurement of the id {run.id} is here already.")
    for run in fresh.values():
        _write(home, run)
    return len(fresh), known


# ── one call below ────────────────────────────────────────────────────────────────────────────────────────────────────


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


def _write(home: Path, run: EvalRun) -> None:
    folder = home / _FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{run.id}.json").write_text(run.model_dump_json(), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"The run cannot be kept in {folder}: {error.strerror}.") from error


def _nameless(result: Mapping[str, Any]) -> dict[str, Any]:
    """The result with documents by the hash of their names, and failures without their sentences."""
    slices: Mapping[str, Any] = result.get("slices", {})
    scores: Mapping[str, Mapping[str, Any]] = result["scores"]
    failures: Sequence[Mapping[str, str]] = result.get("failures", ())
    return {
        **result,
        "slices": {name: parts for name, parts in slices.items() if name != "document"},
        "scores": {id: {**row, "document": nameless(row["document"])} for id, row in scores.items()},
        "failures": [failure["id"] for failure in failures],
    }


def _as_scores(label: int | None, score: float | None) -> dict[str, float]:
    told = {} if score is None else {"score": score}
    return (
        told if label is None else {**told, "told rightly": float(score is not None and (score < SUPPORTED) == label)}
    )


def nameless(name: str) -> str:
    """What stands for the name of a document or a source in a kept run."""
    return hashlib.sha256(name.encode()).hexdigest()[:12]
