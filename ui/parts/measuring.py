"""How measurements of answers look on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table

from ui.parts.terminal import err, out

if TYPE_CHECKING:
    from eval.agreement import Agreement
    from eval.modes import Contest

MOST_REASONS = 10
"""Reasons of failures that are printed; `--json` has all."""


def print_contest(contest: Contest) -> None:
    """A column for each mode, then who wins, then what failed."""
    head, *rows = contest.table()
    table = Table(box=None, pad_edge=False)
    for number, name in enumerate(head):
        table.add_column(name, overflow="fold", justify="left" if number == 0 else "right")
    for row in rows:
        table.add_row(*row)
    out.print(table)
    out.print()
    for duel in contest.duels:
        out.print(str(duel), markup=False)
    for note in contest.notes():
        out.print(note, style="dim", markup=False)
    failed = [
        f"{one.id} ({scores.mode.value}): {one.reason or one.unjudged}"
        for scores in contest.scores
        for one in scores.asked
        if one.reason or one.unjudged
    ]
    for line in failed[:MOST_REASONS]:
        err.print(line, markup=False)
    if len(failed) > MOST_REASONS:
        err.print(f"… and {len(failed) - MOST_REASONS} more that failed or were refused: --json has them.")


def print_agreements(found: Sequence[Agreement], unjudged: int) -> None:
    """For each judge its figures, then who said what."""
    for one in found:
        out.print(f"{one.judge}: {one.answers} answers" + (f", {one.failed} could not be judged" if one.failed else ""))
        for name, (value, low, high) in one.figures.items():
            words = name.replace("_", " ")
            out.print(f"  {words}: {value:.3f} ({low:.3f} – {high:.3f})", markup=False)
        out.print(f"  always saying what is most frequent: {one.majority:.3f}")
        for (people, judge), count in sorted(one.counts.items()):
            out.print(f"  people {people.value}, judge {judge.value}: {count}")
    if unjudged:
        out.print(f"{unjudged} answers that expect prose were not judged: there is no judge of prose (--judge).")


def print_generated(made: Mapping[str, Any], output: str) -> None:
    """What a generated set is made of, and what of it a person should know before reading it."""
    kinds = ", ".join(f"{count} {kind}" for kind, count in made["types"].items())
    makers = ", ".join(f"{count} by {maker}" for maker, count in made["by"].items())
    out.print(f"{made['questions']} questions on {made['documents']} documents ({kinds}; {makers}).", markup=False)
    copied = f"{made['overlap']:.0%} of their words stand in the evidence, {made['copied']:.0%} copy five in a row."
    out.print(copied, markup=False)
    if "model" in made["by"]:
        out.print(f"{made['hard']} of the model's are hard: search does not find them.", markup=False)
    if made["rejected"]:
        rejected = ", ".join(f"{count} {why}" for why, count in made["rejected"].items())
        out.print(f"Proposed by the model and not taken: {rejected}.", markup=False)
    if made["failed"]:
        err.print(f"On {made['failed']} passages the model did not answer.")
    out.print(f"Review them: dossier eval review {output}", markup=False, soft_wrap=True)
