"""Documents: add files to a collection, see each being read, and see what became of every page."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from app.reports import Ingested
from core.documents import Fate
from core.privacy import Clearance
from ui.parts import markup
from ui.parts.uploads import spool
from ui.parts.words import (
    CLEARANCE_MEANS,
    CLEARANCES,
    EVERYWHERE,
    STATUSES,
    counted,
    fates_words,
    ingested_words,
    plain,
    progress_share,
    progress_words,
)
from ui.session import Desk, Import, start_import, the_app, the_desk

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from app.service import App

# Seconds between two looks at a run that is under way.
LOOK_AGAIN = 0.5


def show() -> None:
    app, desk = the_app(), the_desk()
    st.html(markup.screen("Documents"))
    collections = app.collections()
    if desk.running is None or desk.running.done:
        _add(app, desk, collections)
    if desk.running is not None:
        _run(desk.running)
    if not collections:
        st.html(markup.notice("There are no documents yet", "Choose files above and give their collection a name."))
    else:
        _catalogue(app, collections)
    _quarantined(app)


def _add(app: App, desk: Desk, collections: tuple[str, ...]) -> None:
    with st.container(border=True, key="add"):
        st.subheader("Add documents", anchor=False)
        uploads = st.file_uploader("Files", accept_multiple_files=True, key=f"files-{desk.uploads}")
        choose_collection, choose_clearance = st.columns([3, 4])
        collection = choose_collection.selectbox(
            "Collection",
            collections,
            index=None,
            accept_new_options=True,
            placeholder="Choose one, or type a new name",
            key=f"into-{desk.uploads}",
        )
        clearance = choose_clearance.radio(
            "Clearance",
            list(CLEARANCES),
            format_func=CLEARANCES.__getitem__,
            horizontal=True,
            key=f"clear-{desk.uploads}",
        )
        choose_clearance.caption(CLEARANCE_MEANS[clearance])
        ready = bool(uploads) and bool(collection and collection.strip())
        if st.button("Add to the collection", key="add-files", type="primary", disabled=not ready) and collection:
            _start(app, desk, uploads, collection=collection.strip(), clearance=clearance)


def _start(app: App, desk: Desk, uploads: Sequence[UploadedFile], *, collection: str, clearance: Clearance) -> None:
    folder, files = spool(uploads)
    desk.running = start_import(app, folder, files=files, collection=collection, clearance=clearance)
    desk.uploads += 1  # a new upload field: the bytes that the old one held in memory are dropped
    st.rerun()


def _run(running: Import) -> None:
    if not running.done:
        _watch(running)
    elif running.error is not None:
        st.error(plain(running.error))
    elif running.report is not None:
        _report(running.report)


@st.fragment(run_every=LOOK_AGAIN)
def _watch(running: Import) -> None:
    if running.done:
        st.rerun()
    progress = running.progress
    seconds = time.monotonic() - running.started
    st.progress(
        progress_share(progress) if progress else 0.0, text=progress_words(progress) if progress else "Starting"
    )
    at = f"{progress.source}, " if progress else ""
    st.html(
        markup.line(
            f"{at}{seconds:.0f} s. {counted(running.files, 'file')} into {running.collection}. You can go on working.",
            kind="coverage",
        )
    )


def _report(report: Ingested) -> None:
    st.subheader(plain(f"Added to {report.collection}"), anchor=False)
    st.html(markup.line(ingested_words(report), kind="coverage" if report.complete else "missing"))
    rows = [
        (
            one.source,
            STATUSES[one.status],
            f"{one.pages:,}" if one.pages else "",
            fates_words(one.fates),
            " ".join(part for part in (one.reason or "", *one.warnings) if part),
        )
        for one in report.documents
    ]
    rows += [(source, "Skipped", "", "", reason) for source, reason in report.skipped]
    st.html(markup.table(("File", "Result", "Pages", "Read as", "Remark"), rows, numbers=(2,)))


def _catalogue(app: App, collections: tuple[str, ...]) -> None:
    st.subheader("In the library", anchor=False)
    choices = collections if len(collections) == 1 else (EVERYWHERE, *collections)
    chosen = st.selectbox("Show", choices, key="shown-collection", width=320, label_visibility="collapsed")
    records = app.documents(None if chosen == EVERYWHERE else chosen)
    listed = tuple(record.document_id for record in records)  # another list must not inherit the row that was picked
    unreadable = sum(record.fates[Fate.UNREADABLE] for record in records)
    pages = sum(record.pages for record in records)
    overview = markup.line(f"{counted(len(records), 'document')}, {counted(pages, 'page')}.", kind="coverage")
    if unreadable:
        missing = f"{counted(unreadable, 'page')} could not be read: no answer rests on them."
        overview += markup.line(missing, kind="missing")
    st.html(overview)
    picked = st.dataframe(
        [
            {
                "Document": record.source,
                "Collection": record.collection,
                "Pages": record.pages,
                "Unreadable": record.fates[Fate.UNREADABLE],
                "Read as": fates_words(record.fates),
                "Clearance": CLEARANCES[record.clearance],
                "Added": record.ingested_at,
                "By": record.ingested_by,
                "Title": record.title,
            }
            for record in records
        ],
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key=f"catalogue-{hash(listed)}",
        column_config={
            "Document": st.column_config.TextColumn(width="medium"),
            "Added": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm"),
        },
    )
    rows = picked["selection"]["rows"]
    if rows:
        _document(app, listed[rows[0]])


def _document(app: App, document_id: str) -> None:
    """What became of the pages of one document, and what is wrong with it."""
    document = app.document(document_id)
    troubles = [(page.number, page.note) for page in document.pages if page.fate is Fate.UNREADABLE]
    st.html(
        markup.line(document.source, kind="source")
        + markup.line(f"{fates_words(document.fates())}. Read by {document.parser}.", kind="coverage")
        + "".join(markup.line(warning, kind="missing") for warning in document.warnings)
    )
    if troubles:
        rows = [(f"{number:,}", note or "This page could not be read.") for number, note in troubles]
        st.html(markup.table(("Page", "Why it could not be read"), rows, numbers=(0,)))


def _quarantined(app: App) -> None:
    quarantined = app.quarantined()
    if not quarantined:
        return
    st.subheader("Files that could not be read", anchor=False)
    st.html(markup.line("They are in no answer. Mend or replace them, and add them again.", kind="coverage"))
    rows = [(one.source, one.reason, str(one.at)[:16].replace("T", " ")) for one in quarantined]
    st.html(markup.table(("File", "Why", "When"), rows))


if __name__ == "__main__":
    show()
