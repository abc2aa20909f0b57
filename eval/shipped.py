"""The judged set that comes with Dossier, ingested into a home of its own: what every clone can measure, alike.

The example matter (PDFs, one of them scanned) and the papers of `eval/data`, in one collection: each is a stranger
among the others.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from core.documents import Fate
from eval.dataset import Query, read_queries
from eval.report import Result
from eval.retrieval import evaluate_search

if TYPE_CHECKING:
    from app.service import App
    from core.settings import Settings

_ROOT = Path(__file__).parent.parent
SETS = (
    (_ROOT / "examples" / "matter", _ROOT / "examples" / "questions.jsonl"),
    (_ROOT / "eval" / "data" / "documents", _ROOT / "eval" / "data" / "questions.jsonl"),
)
"""(folder of documents, questions on them)."""

BASELINE = _ROOT / "eval" / "baseline.json"
COLLECTION = "judged"


@dataclass(frozen=True, slots=True)
class Judged:
    """A collection with the questions on it. `unread` names documents with a page that cannot be read here."""

    app: App
    collection: str
    queries: tuple[Query, ...]
    unread: tuple[str, ...] = ()

    def measurable(self) -> tuple[Query, ...]:
        """The questions that do not need a page that cannot be read here: without tesseract, those on a scan."""
        return tuple(query for query in self.queries if not set(query.doc_ids) & set(self.unread))

    def digest(self) -> str:
        """A hash of the questions with their judged places, and of the bytes of all documents of the collection."""
        rows = [json.dumps(asdict(query), sort_keys=True, ensure_ascii=True) for query in self.queries]
        ids = sorted({record.document_id for record in self.app.documents(self.collection)})
        return hashlib.sha256("\n".join([*sorted(rows), *ids]).encode()).hexdigest()[:16]


def measured(judged: Judged, *, by: str) -> Result:
    """The search over a judged collection, measured on the questions that can be."""
    return evaluate_search(judged.app, judged.measurable(), collection=judged.collection, by=by)


def judged(app: App, collection: str, queries: Sequence[Query]) -> Judged:
    """A collection that is there, with the questions on it. Raises NotFound for an unknown collection."""
    unread = sorted(
        PurePath(record.source).stem
        for record in app.documents(collection)
        if record.fates[Fate.UNREADABLE] and record.fates[Fate.UNREADABLE] == record.pages
    )
    return Judged(app, collection, tuple(queries), tuple(unread))


@contextmanager
def shipped(settings: Settings, *, by: str) -> Iterator[Judged]:
    """The set that comes with Dossier, under `settings` but in a temporary home, which is gone afterwards.

    Never in the index and catalogue that the settings name, and without their servers.
    """
    from app.wiring import open_app

    queries = [query for _, questions in SETS for query in read_queries(questions)]
    with tempfile.TemporaryDirectory(prefix="dossier-gate-") as home:
        apart = {"home": Path(home), "qdrant": {"url": None}, "catalogue": {"url": None}}
        app = open_app(_with(settings, apart))
        app.ingest([folder for folder, _ in SETS], collection=COLLECTION, by=by)
        yield judged(app, COLLECTION, queries)


def _with(settings: Settings, values: Mapping[str, object]) -> Settings:
    return type(settings).model_validate({**settings.model_dump(), **values})
