"""What the desk holds: one App for the process, and for each browser session what was asked, opened and uploaded."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import streamlit as st

from app.reports import Ingested, Progress
from core.answers import Answer, Citation
from core.documents import DocumentId
from core.errors import DossierError
from core.privacy import Clearance
from core.readers import user_named
from core.settings import settings_from_environment

if TYPE_CHECKING:
    from app.service import App

log = logging.getLogger("dossier.ui")

INTERNAL = "Something went wrong inside Dossier ({kind}). Nothing was lost; the log names the place."
"""What is said for a defect of ours: the message of an exception may carry words of a document, so it is not shown."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question of this session with what came of it: an answer, or the sentence of an error.

    `sources` gives (source, title) of each cited document, as they were when the question was asked; `as_of` is the day
    whose terms it asked about.
    """

    question: str
    answer: Answer | None
    sources: Mapping[DocumentId, tuple[str, str]]
    error: str | None = None
    as_of: date | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """The page beside the answer, and the citation (with its number in the answer) that led there."""

    citation: Citation
    number: int
    page: int


@dataclass(slots=True)
class Import:
    """A run of ingest in its own thread, so that reading on, asking or closing the tab does not cut it short."""

    collection: str
    files: int
    started: float = field(default_factory=time.monotonic)
    progress: Progress | None = None
    report: Ingested | None = None
    error: str | None = None

    @property
    def done(self) -> bool:
        return self.report is not None or self.error is not None


@dataclass(slots=True)
class Desk:
    """The state of one browser session. `uploads` counts them: a new number gives an emptied upload field."""

    exchanges: list[Exchange] = field(default_factory=list)
    shown: int | None = None
    opened: Opened | None = None
    uploads: int = 0
    running: Import | None = None

    def exchange(self) -> Exchange | None:
        """The exchange on the screen."""
        return None if self.shown is None else self.exchanges[self.shown]

    def add(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)
        self.show(len(self.exchanges) - 1)

    def show(self, number: int) -> None:
        """Bring the exchange at `number` (from 0) back, without asking again."""
        self.shown = number
        self.opened = None


@dataclass(slots=True)
class Reviewing:
    """Where a reviewer is: the question at `number` (from 0), the page beside it, and whether it is being edited.

    `error` is the sentence of what could not be done with it.
    """

    number: int | None = None
    opened: Opened | None = None
    editing: bool = False
    error: str | None = None

    def go(self, number: int) -> None:
        self.number, self.opened, self.editing, self.error = number, None, False, None

    def edit(self) -> None:
        self.editing = True


@st.cache_resource(show_spinner="Opening the library")
def the_app() -> App:
    """The one App of this process. Raises ConfigError when the settings contradict each other."""
    from app.wiring import open_app

    return open_app(settings_from_environment())


def the_desk() -> Desk:
    if "desk" not in st.session_state:
        st.session_state["desk"] = Desk()
    desk: Desk = st.session_state["desk"]
    return desk


def the_reviewing() -> Reviewing:
    if "reviewing" not in st.session_state:
        st.session_state["reviewing"] = Reviewing()
    reviewing: Reviewing = st.session_state["reviewing"]
    return reviewing


def set_under_review() -> Path | None:
    """The judged set that this desk was started to review, if any: an argument of the process, not of the browser."""
    return Path(sys.argv[1]) if len(sys.argv) == 2 and Path(sys.argv[0]).name == "main.py" else None


def analyst() -> str:
    """Who sits at this desk, for the audit log: it is served to this machine only, so the account that runs it."""
    return user_named(settings_from_environment().user)


def start_import(
    app: App, spool: TemporaryDirectory[str], *, files: int, collection: str, clearance: Clearance
) -> Import:
    """Ingest what lies in `spool`, and remove it when done, also when that fails."""
    running = Import(collection, files)

    def tell(progress: Progress) -> None:
        running.progress = progress

    def run() -> None:
        with spool:
            try:
                running.report = app.ingest(
                    [Path(spool.name)], collection=collection, by=analyst(), clearance=clearance, on_progress=tell
                )
            except DossierError as error:
                running.error = str(error)
            except Exception as error:  # noqa: BLE001  nobody above this thread would tell the analyst
                running.error = unexpected(error)

    # A daemon: stopping the desk stops the run, which the next run of ingest makes good.
    threading.Thread(target=run, name="dossier-import", daemon=True).start()
    return running


def unexpected(error: Exception) -> str:
    """Log where a defect of ours lies, without its message, and return the sentence for the analyst."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno}" if place else "unknown"
    log.error("defect", extra={"kind": type(error).__name__, "where": where})
    return INTERNAL.format(kind=type(error).__name__)
