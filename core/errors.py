"""The errors that a user can meet. `str(error)` is a sentence for the analyst; the command exits with `exit_code`.

DossierError
├── ConfigError          2  settings contradict each other or the stored index
├── UsageError           2  what was asked makes no sense: an empty question, a path that is not there
│   ├── NotFound         2  a collection or document of that name does not exist
│   └── NotAgreed        2  it would cost money that nobody has agreed to
├── UnreadableDocument   1  a file that cannot be read; ingest quarantines it and goes on
├── BrokenStore          1  what lies under DOSSIER_HOME is damaged (a broken audit chain, a lost file)
├── ServiceDown          3  Qdrant, the Llama server or Claude did not answer
├── EgressDenied         4  policy forbids what was asked
├── OverBudget           4  the budget does not allow it
└── Busy                75  another run holds the lock: try later (EX_TEMPFAIL of sysexits.h)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class DossierError(Exception):
    """The root: everything below is told to the user as one sentence."""

    exit_code: ClassVar[int] = 1
    facts: Mapping[str, object] = {}
    """What a script may want beside the sentence; printed with --json."""


class ConfigError(DossierError):
    exit_code = 2


class UsageError(DossierError):
    exit_code = 2


class NotFound(UsageError):
    pass


class NotAgreed(UsageError):
    """`facts["estimate"]` has the figures."""

    def __init__(self, sentence: str, estimate: Mapping[str, object]) -> None:
        super().__init__(sentence)
        self.facts = {"estimate": dict(estimate)}


class UnreadableDocument(DossierError):
    exit_code = 1


class BrokenStore(DossierError):
    exit_code = 1


class ServiceDown(DossierError):
    exit_code = 3


class EgressDenied(DossierError):
    """Not an OSError on purpose: libraries swallow and retry those."""

    exit_code = 4


class OverBudget(DossierError):
    exit_code = 4


class Busy(DossierError):
    exit_code = 75
