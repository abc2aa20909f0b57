"""A judged set under review: a person accepts, edits or rejects each question, and the file says so at once.

    {… the row as it was made …, review: {verdict, by, at, was?: {query, answer, evidence}}}

Rejected questions stay in the file, so that nobody is asked twice, and are not measured: eval.dataset passes over them.
Each decision rewrites the file beside the old one and then takes its place: it is whole at any time, and whoever stops
goes on where the file says.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from core.answers import Citation
from core.documents import Document, Span, pages_of
from core.errors import NotFound, UsageError
from core.rows import read_rows, writing
from eval.generate import wording

if TYPE_CHECKING:
    from app.service import App


class Verdict(StrEnum):
    ACCEPTED = "accepted"
    EDITED = "edited"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Question:
    """A row of the set as a reviewer sees it. `number` counts from 0 in the file; `evidence` are the words that answer.

    `verdict` is None while nobody decided.
    """

    number: int
    id: str
    query: str
    answer: str
    doc_id: str
    collection: str
    evidence: str
    span: Span | None
    page: int | None
    type: str
    split: str
    by: str
    hard: bool
    overlap: float | None
    verdict: Verdict | None
    decided_by: str
    was: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How far a review is, over all questions and for each of their makers and splits."""

    questions: int
    verdicts: Mapping[str, int]
    left: int
    makers: Mapping[str, Mapping[str, int]]
    splits: Mapping[str, Mapping[str, int]]

    def __str__(self) -> str:
        told = ", ".join(f"{self.verdicts.get(verdict.value, 0)} {verdict.value}" for verdict in Verdict)
        return f"{self.questions - self.left} of {self.questions} questions reviewed: {told}; {self.left} left."

    def to_json(self) -> dict[str, Any]:
        return {
            "questions": self.questions,
            "left": self.left,
            **{verdict.value: self.verdicts.get(verdict.value, 0) for verdict in Verdict},
            "by": {name: dict(counts) for name, counts in self.makers.items()},
            "split": {name: dict(counts) for name, counts in self.splits.items()},
        }


_ONE_AT_A_TIME = threading.Lock()
"""Two tabs of one desk decide one after the other, each on the file as the other left it."""


class Review:
    """The review of one file. Nothing is held between two calls: the file is read each time."""

    def __init__(self, path: Path) -> None:
        """Raises UsageError for a file that is no judged set."""
        self.path = path.resolve()
        self._rows()

    def questions(self) -> tuple[Question, ...]:
        """All questions, in the order of the file."""
        return tuple(_question(number, row) for number, row in enumerate(self._rows()))

    def counts(self) -> Counts:
        rows = self._rows()
        return Counts(
            len(rows),
            Counter(verdict for row in rows if (verdict := _verdict(row)) != _LEFT),
            sum(_verdict(row) == _LEFT for row in rows),
            _counted(rows, "by"),
            _counted(rows, "split"),
        )

    def undecided_after(self, number: int) -> int | None:
        """The next question that nobody decided on, from `number` on, then from the start; None when all are done."""
        left = [place for place, row in enumerate(self._rows()) if _verdict(row) == _LEFT]
        return next((place for place in left if place >= number), left[0] if left else None)

    def accept(self, id: str, *, by: str) -> None:
        """Accept a question as it stands, an edited one as edited.

        Raises NotFound where the file has no such question any more; so do the others."""
        self._decide(id, Verdict.ACCEPTED, by=by)

    def reject(self, id: str, *, by: str) -> None:
        self._decide(id, Verdict.REJECTED, by=by)

    def take_back(self, id: str, *, by: str) -> None:
        """The question as it was made, and nobody decided on it."""
        self._decide(id, None, by=by)

    def edit(self, id: str, *, query: str, answer: str, evidence: str, document: Document | None, by: str) -> None:
        """Accept a question in other words. `evidence` are the words that answer it, as they stand in `document`.

        What is as it was is only accepted. Raises UsageError for an empty question, and for words that do not stand
        in the document.
        """
        if not query.strip():
            raise UsageError("The question is empty.")
        now = _question(0, self._row(id))
        changed: dict[str, Any] = {"query": " ".join(query.split())}
        if answer.strip() or now.answer:
            changed["answer"] = " ".join(answer.split())
        if evidence.split() != now.evidence.split():
            if document is None:
                raise UsageError("The document is not in the library: the words that answer cannot be looked up in it.")
            changed["evidence"] = [_found(evidence, document, self._row(id))]
        if (changed["query"], changed.get("answer", "")) == (now.query, now.answer) and "evidence" not in changed:
            return self.accept(id, by=by)
        return self._decide(id, Verdict.EDITED, changed, by=by)

    def write_accepted(self, output: Path) -> int:
        """The questions that were accepted, edited ones among them, as a set of their own; returns how many."""
        if output.resolve() == self.path:
            raise UsageError(f"{output} is the file under review: name another one.")
        rows = [row for row in self._rows() if _verdict(row) in (Verdict.ACCEPTED, Verdict.EDITED)]
        if not rows:
            raise UsageError("No question was accepted yet.")
        with writing(output) as out:
            out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        return len(rows)

    # ── the file ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _rows(self) -> list[dict[str, Any]]:
        rows = read_rows(self.path, what="question", texts=["query", "doc_id"])
        if not rows:
            raise UsageError(f"The judged set {self.path} holds no question.")
        return rows

    def _row(self, id: str) -> dict[str, Any]:
        found = next((row for row in self._rows() if str(row["id"]) == id), None)
        if found is None:
            raise NotFound(f"The question {id} is not in {self.path.name} any more.")
        return found

    def _decide(self, id: str, verdict: Verdict | None, changed: Mapping[str, Any] | None = None, *, by: str) -> None:
        with _ONE_AT_A_TIME:
            self._row(id)
            rows = self._rows()
            for number, row in enumerate(rows):
                if str(row["id"]) == id:
                    rows[number] = _decided(row, verdict, changed or {}, by=by)
            _replace(self.path, rows)


def document_of(app: App, question: Question) -> Document | None:
    """The document that a question was made on: of the collection that the set names, else of any; None without one."""
    known = app.collections()
    collections = [question.collection] if question.collection in known else known
    for collection in collections:
        for record in app.documents(collection):
            if PurePath(record.source).stem == question.doc_id:
                return app.document(record.document_id)
    return None


def place_in(document: Document, question: Question) -> Citation:
    """The evidence as a place to be shown. Where it was judged in another text than ours, its page is all there is."""
    span = question.span
    if span is not None and span.of(document.text).split() == question.evidence.split():
        return Citation(document.id, span, span.of(document.text), pages_of(span, document.pages))
    found = _nearest(question.evidence, document, near=0) if question.page is None else None
    if found is not None:
        return Citation(document.id, found, found.of(document.text), pages_of(found, document.pages))
    page = document.pages[min(question.page or 1, len(document.pages)) - 1]
    return Citation(document.id, Span(page.span.start, page.span.start), question.evidence, (page.number,))


# ── one call below ────────────────────────────────────────────────────────────────────────────────────────────────────

_LEFT = "left"

_EDITABLE = ("query", "answer", "evidence")


def _question(number: int, row: Mapping[str, Any]) -> Question:
    evidence = _evidence(row)
    start, end = evidence.get("start"), evidence.get("end")
    review = row.get("review") or {}
    verdict = _verdict(row)
    return Question(
        number=number,
        id=str(row["id"]),
        query=str(row["query"]),
        answer=str(row.get("answer") or ""),
        doc_id=str(evidence.get("doc_id") or row["doc_id"]),
        collection=str(row.get("collection") or ""),
        evidence=str(evidence.get("text") or ""),
        span=Span(start, end) if isinstance(start, int) and isinstance(end, int) and start <= end else None,
        page=evidence.get("page") if isinstance(evidence.get("page"), int) else None,
        type=str(row.get("type") or ""),
        split=str(row.get("split") or ""),
        by=str(row.get("by") or ""),
        hard=bool(row.get("hard")),
        overlap=row.get("overlap") if isinstance(row.get("overlap"), float) else None,
        verdict=None if verdict == _LEFT else Verdict(verdict),
        decided_by=str(review.get("by") or ""),
        was=str(review.get("was", {}).get("query") or ""),
    )


def _evidence(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The first place: a generated question has one."""
    places = row.get("evidence")
    return places[0] if isinstance(places, list) and places and isinstance(places[0], dict) else {}


def _verdict(row: Mapping[str, Any]) -> str:
    review = row.get("review")
    verdict = review.get("verdict") if isinstance(review, dict) else None
    return verdict if isinstance(verdict, str) and verdict in set(Verdict) else _LEFT


def _counted(rows: Sequence[Mapping[str, Any]], field: str) -> dict[str, dict[str, int]]:
    found: dict[str, Counter[str]] = {}
    for row in rows:
        if row.get(field):
            found.setdefault(str(row[field]), Counter())[_verdict(row)] += 1
    return {name: dict(sorted(counts.items())) for name, counts in sorted(found.items())}


def _decided(row: Mapping[str, Any], verdict: Verdict | None, changed: Mapping[str, Any], *, by: str) -> dict[str, Any]:
    """The row with a decision. What an edit changed stands beside it as it was made, until it is taken back."""
    was = (row.get("review") or {}).get("was")
    made = {name: value for name, value in row.items() if name != "review"}
    if verdict is None:
        if was is None:
            return made
        restored = _with_wording({name: value for name, value in made.items() if name not in _EDITABLE} | dict(was))
        return {name: restored[name] for name in (*row, *restored) if name in restored}  # in the order of the row
    if changed:
        was = was or {name: made[name] for name in _EDITABLE if name in made}
        made = _with_wording({**made, **changed})
    if was and verdict is Verdict.ACCEPTED:
        verdict = Verdict.EDITED
    review = {"verdict": verdict.value, "by": by, "at": datetime.now(UTC).isoformat(timespec="seconds")}
    return {**made, "review": {**review, **({"was": was} if was else {})}}


def _with_wording(row: dict[str, Any]) -> dict[str, Any]:
    if "overlap" not in row:
        return row
    overlap, copied = wording(row["query"], str(_evidence(row).get("text") or ""))
    return {**row, "overlap": round(overlap, 4), "copied": copied}


def _found(words: str, document: Document, row: Mapping[str, Any]) -> dict[str, Any]:
    """The evidence of a row at other words, those nearest to where it stood."""
    evidence = _evidence(row)
    near = evidence.get("start")
    span = _nearest(words, document, near=near if isinstance(near, int) else 0)
    if span is None:
        raise UsageError("These words do not stand in the document: copy them as they stand there, side by side.")
    pages = pages_of(span, document.pages)
    kept = {name: value for name, value in evidence.items() if name not in ("alt_spans", "alt_pages")}
    place = {"page": pages[0], "page_end": pages[-1], "start": span.start, "end": span.end}
    return {**kept, **place, "text": span.of(document.text)}


def _nearest(words: str, document: Document, *, near: int) -> Span | None:
    """Where these words stand, whatever blanks are between them."""
    pattern = r"\s+".join(re.escape(word) for word in words.split())
    if not pattern:
        return None
    spans = [Span(*found.span()) for found in re.finditer(pattern, document.text)]
    return min(spans, key=lambda span: abs(span.start - near), default=None)


def _replace(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the rows beside the file, to the disk, and then put them in its place."""
    beside = None
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as out:
            beside = Path(out.name)
            out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            out.flush()
            os.fsync(out.fileno())
        shutil.copymode(path, beside)
        beside.replace(path)
    except OSError as error:
        if beside is not None:
            beside.unlink(missing_ok=True)
        raise UsageError(f"The file {path} cannot be written: {error.strerror}.") from error
