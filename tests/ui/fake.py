"""An app with the verbs of app.service.App, three short documents, and answers that a test chooses.

Run as a program (`python -m tests.ui.fake PORT [SET]`) it serves the real desk over itself, for the tests in a real
browser; with a judged set, to review it.
"""

# ruff: noqa: ARG002, ARG005  a fake takes what the real one takes
from __future__ import annotations

import io
import sys
import time
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from app.reports import Ingested, IngestedDocument, PageView, Progress, Status
from core.answers import Answer, Citation, Claim, Coverage, Narrowing, Scope, Support, Usage
from core.documents import Block, BlockKind, Document, DocumentId, Fate, Page, Span
from core.egress import seal
from core.errors import DossierError, NotFound, UnreadableDocument
from core.privacy import Clearance, Mode

LETTER = (612.0, 792.0)

AGREEMENT = (
    "SUPPLY AGREEMENT\n\nbetween Northwind Castings GmbH (the Supplier)\nand Tessera Pumps plc (the Customer)\n\n"
    "1. Definitions\n\nIn this Agreement the words below have the meaning given here,\n"
    "unless the context requires otherwise.",
    "2. Payment\n\n2.1 The Customer shall pay each invoice within thirty (30) days\nof receipt.\n\n"
    "2.2 Late payments bear interest at 8% per annum.\n\n2.3 Set-off is excluded unless the claim is undisputed.",
    "3. Liability\n\n3.1 The Supplier shall not be liable for loss of profit.\n\n"
    "3.2 The total liability of the Supplier shall not exceed\nEUR 1,500,000 in any contract year.",
)
LETTER_TEXT = ("Dear Sirs,\n\nWe confirm that clause 3.2 stands at EUR 1,500,000 & nothing <b>else</b> was agreed.",)


@dataclass(frozen=True)
class FakeRecord:
    collection: str
    document_id: DocumentId
    source: str
    title: str
    media_type: str
    clearance: Clearance
    pages: int
    fates: Mapping[Fate, int]
    chunks: int
    warnings: tuple[str, ...]
    ingested_at: str
    ingested_by: str


@dataclass(frozen=True)
class FakeQuarantined:
    source: str
    reason: str
    at: str


def a_document(
    name: str, pages: Sequence[str], *, media_type: str = "application/pdf", unreadable: int = 0
) -> Document:
    """A document of these pages; the last `unreadable` of them have no text."""
    spans, text = [], ""
    for page in pages:
        spans.append(Span(len(text), len(text) + len(page)))
        text += page + "\n"
    size = LETTER if media_type == "application/pdf" else None
    made = tuple(
        Page(number, str(number), span, Fate.TEXT, size) for number, span in enumerate(spans, start=1)
    ) + tuple(
        Page(
            len(pages) + number,
            str(len(pages) + number),
            Span(len(text), len(text)),
            Fate.UNREADABLE,
            size,
            "No words.",
        )
        for number in range(1, unreadable + 1)
    )
    blocks = tuple(Block(BlockKind.PARAGRAPH, span) for span in spans)
    return Document(
        DocumentId(name.encode().hex().ljust(64, "0")[:64]),
        name.rsplit(".", 1)[0],
        name,
        media_type,
        text,
        made,
        blocks,
        "northwind",
        Clearance.RESTRICTED,
        "fake 1",
    )


CONTRACT = a_document("supply-agreement_2024.pdf", AGREEMENT, unreadable=2)
MAIL = a_document("letter.txt", LETTER_TEXT, media_type="text/plain")


def cite(document: Document, words: str) -> Citation:
    start = document.text.index(words)
    span = Span(start, start + len(words))
    pages = tuple(page.number for page in document.pages if page.span.overlaps(span))
    return Citation(document.id, span, words, pages)


def an_answer(question: str, *claims: Claim, reason: str | None = None) -> Answer:
    return Answer(
        question=question,
        claims=claims,
        reason=reason,
        scope=Scope((CONTRACT.id, MAIL.id), ("collection northwind",)),
        coverage=Coverage(2, 0, 1, 4, 2),
        mode=Mode.EXTRACTIVE,
        mode_because="no language model is configured that may read these documents",
        model="",
        prompt_version="1",
        settings_hash="0",
        usage=Usage(seconds=0.4),
    )


VERIFIED = Claim(
    "The Customer pays each invoice within thirty (30) days of receipt.",
    (cite(CONTRACT, "The Customer shall pay each invoice within thirty (30) days\nof receipt."),),
    Support.VERIFIED,
)
ALTERED = Claim(
    "The Supplier's total liability is capped at $1,500,000 in any contract year.",
    (
        cite(CONTRACT, "shall not exceed\nEUR 1,500,000 in any contract year."),
        cite(MAIL, "clause 3.2 stands at EUR 1,500,000"),
    ),
    Support.ALTERED,
    ("the claim says $1,500,000 where the quote says EUR 1,500,000",),
)
UNVERIFIED = Claim(
    "Late payment carries interest, which is meant to be a deterrent.",
    (cite(CONTRACT, "Late payments bear interest at 8% per annum."),),
    Support.UNVERIFIED,
)
BARE = Claim("Such clauses are common in the trade.", (), Support.NONE)


@dataclass
class FakeApp:
    """What the desk asks of an App. `replies` gives, for a word of the question, an answer or an error."""

    replies: dict[str, Answer | DossierError] = field(default_factory=dict)
    empty: bool = False
    pause: float = 0.0
    asked: list[dict[str, object]] = field(default_factory=list)
    narrowings: list[Narrowing] = field(default_factory=list)
    days: list[date | None] = field(default_factory=list)
    ingested: list[dict[str, object]] = field(default_factory=list)

    def collections(self) -> tuple[str, ...]:
        return () if self.empty else ("harbour lease", "northwind")

    def documents(self, collection: str | None = None) -> tuple[FakeRecord, ...]:
        return tuple(
            FakeRecord(
                document.collection,
                document.id,
                document.source,
                document.title,
                document.media_type,
                document.clearance,
                len(document.pages),
                document.fates(),
                4,
                document.warnings,
                "2026-03-02T09:30:00+00:00",
                "analyst",
            )
            for document in (CONTRACT, MAIL)
        )

    def document(self, document_id: str) -> Document:
        for document in (CONTRACT, MAIL):
            if document.id == document_id:
                return document
        raise NotFound(f"There is no document with the id {document_id}.")

    def quarantined(self, collection: str | None = None) -> tuple[FakeQuarantined, ...]:
        if self.empty:
            return ()
        return (FakeQuarantined("locked.pdf", "The file is protected by a password.", "2026-03-02T09:31:00+00:00"),)

    def sources(self, answer: Answer) -> dict[DocumentId, tuple[str, str]]:
        return {document.id: (document.source, document.title) for document in (CONTRACT, MAIL)}

    def ask(
        self,
        question: str,
        *,
        collection: str | None = None,
        documents: Sequence[str] = (),
        narrowing: Narrowing = Narrowing.AUTO,
        mode: Mode = Mode.AUTO,
        by: str,
        on_text: Callable[[str], None] | None = None,
        as_of: date | None = None,
    ) -> Answer:
        self.asked.append({"question": question, "collection": collection, "documents": tuple(documents), "mode": mode})
        self.narrowings.append(narrowing)
        self.days.append(as_of)
        if on_text is not None:
            on_text("The Customer pays")
        time.sleep(self.pause)
        for word, reply in self.replies.items():
            if word in question:
                if isinstance(reply, DossierError):
                    raise reply
                return replace(reply, as_of=as_of)
        return replace(an_answer(question, VERIFIED, ALTERED, UNVERIFIED, BARE), as_of=as_of)

    def ingest(
        self,
        paths: Sequence[Path],
        *,
        collection: str,
        by: str,
        clearance: Clearance | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Ingested:
        files = sorted(path for folder in paths for path in folder.iterdir())
        self.ingested.append(
            {
                "folder": paths[0],
                "files": {path.name: path.read_bytes() for path in files},
                "collection": collection,
                "clearance": clearance,
            }
        )
        done = []
        for number, path in enumerate(files, start=1):
            for page in range(1, 9):
                if on_progress is not None:
                    on_progress(Progress("reading", path.name, number, len(files), page, 8))
                time.sleep(self.pause / 2)
            if path.read_bytes() == b"locked":
                reason = str(UnreadableDocument("The file is protected by a password."))
                done.append(IngestedDocument(path.name, None, Status.QUARANTINED, reason=reason))
            else:
                fates = {Fate.TEXT: 6, Fate.OCR: 1, Fate.BLANK: 0, Fate.UNREADABLE: 1}
                done.append(IngestedDocument(path.name, CONTRACT.id, Status.ADDED, 8, 20, fates))
        return Ingested("run-1", collection, tuple(done), (), 1.5)

    def page_view(self, document_id: str, page: int, *, highlight: Sequence[Span] = (), scale: float = 1.5) -> PageView:
        document = self.document(document_id)
        shown = document.pages[page - 1]
        text = shown.span.of(document.text)
        marks = tuple(
            Span(max(span.start, shown.span.start), min(span.end, shown.span.end)).within(shown.span)
            for span in highlight
            if span.overlaps(shown.span)
        )
        image = _drawn(text, marks, scale) if document.media_type == "application/pdf" else None
        return PageView(image, text, marks)


def _drawn(text: str, marks: Sequence[Span], scale: float) -> bytes:
    size, step = 14 * scale, 22 * scale
    font = ImageFont.load_default(size)
    picture = Image.new("RGB", (int(LETTER[0] * scale), int(LETTER[1] * scale)), "white")
    draw = ImageDraw.Draw(picture)
    start, top = 0, 72 * scale
    for line in text.split("\n"):
        for mark in marks:
            left, right = max(mark.start - start, 0), min(mark.end - start, len(line))
            if left < right:
                x = 72 * scale + draw.textlength(line[:left], font)
                draw.rectangle((x, top, x + draw.textlength(line[left:right], font), top + step), fill=(255, 214, 10))
        draw.text((72 * scale, top), line, "black", font)
        start += len(line) + 1
        top += step
    png = io.BytesIO()
    picture.save(png, "PNG")
    return png.getvalue()


def a_desk_over(app: FakeApp) -> types.ModuleType:
    """A module that takes the place of app.wiring, the one door that the desk knows."""
    wiring = types.ModuleType("app.wiring")
    wiring.open_app = lambda settings: app  # type: ignore[attr-defined]
    return wiring


if __name__ == "__main__":
    served = FakeApp(pause=0.3)
    served.replies["governing law"] = an_answer("", reason="No passage speaks of the law that governs the agreement.")
    served.replies["server"] = DossierError("The search index (Qdrant) did not answer.")
    sys.modules["app.wiring"] = a_desk_over(served)
    seal(())  # the desk itself needs nobody outside, also where GDPR mode has sealed its process
    from ui.launch import launch

    under_review = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    sys.exit(launch(int(sys.argv[1]), open_browser=False, review=under_review))
