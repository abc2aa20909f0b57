"""The same questions through each mode, and what became of each: which mode wins on *your* documents.

    questions ─ cost (agreed to) ─ ask in each mode ─▶ answers ─┬─ what was expected?   right · partly · wrong · silent
                                      (kept as they come)       ├─ where was it judged?  precision, recall
                                                                └─ support, seconds, money

Whether an answer is right is decided by numeric equality where one figure was expected (`eval.judge`), by a judge of
prose elsewhere. The two are never put together. `eval.modes` has the figures over all questions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from app.proof import Correctness
from core.answers import Answer, Citation
from core.documents import Document, DocumentId, Span, pages_of
from core.errors import BrokenStore, ConfigError, DossierError, EgressDenied, NotAgreed, OverBudget, ServiceDown
from core.privacy import Mode
from eval.agreement import FIGURES, Judge
from eval.dataset import Judged, Query
from eval.judge import expected_figure, judge_figure
from eval.kept_answers import KeptAnswers

if TYPE_CHECKING:
    from app.service import App

_PATIENCE = 3
"""Questions in a row that a service did not answer, after which a run stops: the rest would not be answered either."""


class Outcome(StrEnum):
    """What came back for a question.

    answered  claims
    silent    none, with a reason: "not in the documents"
    refused   policy or a budget forbade to ask
    failed    there was an error
    """

    ANSWERED = "answered"
    SILENT = "silent"
    REFUSED = "refused"
    FAILED = "failed"


class Expected(StrEnum):
    """How a question can be judged: by its one figure, as prose, by silence where nothing answers it, or not at all."""

    FIGURE = "figure"
    PROSE = "prose"
    SILENCE = "silence"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Cited:
    """Citations held against judged places, by page or by span. `precision` is the share of citations that touch one,
    None without citations; `recall` the share of places that are touched, 0 for an answer without citations."""

    precision: float | None
    recall: float


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of one question in one mode. `answered_by` is the mode that `auto` chose.

    `correct` is None where nobody judged: nothing was expected, no judge is there, it failed (`unjudged` says why), or
    there was no answer to judge. `page` and `span` are None where no such place was judged. `support` counts claims.
    """

    id: str
    mode: Mode
    outcome: Outcome
    expected: Expected
    answered_by: str = ""
    correct: Correctness | None = None
    judge: str = ""
    page: Cited | None = None
    span: Cited | None = None
    support: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    cost_usd: float = 0.0
    reason: str = ""
    unjudged: str = ""

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "seconds": round(self.seconds, 3), "cost_usd": round(self.cost_usd, 6)}

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Asked:
        """The same from what `to_json` gave. Raises BrokenStore for anything else."""
        try:
            known = {name: row[name] for name in cls.__dataclass_fields__}
            return cls(
                **{
                    **known,
                    "mode": Mode(row["mode"]),
                    "outcome": Outcome(row["outcome"]),
                    "expected": Expected(row["expected"]),
                    "correct": Correctness(row["correct"]) if row["correct"] else None,
                    "page": Cited(**row["page"]) if row["page"] else None,
                    "span": Cited(**row["span"]) if row["span"] else None,
                }
            )
        except (KeyError, ValueError, TypeError) as error:
            raise BrokenStore("A row of the kept answers is not one of dossier eval answers.") from error


@dataclass(frozen=True, slots=True)
class RunCost:
    """What a run is going to cost: `questions` are asked, `paid` of them of Claude, `refused` by policy.

    `usd` is about what it costs when answers are of the usual length, `most` what it cannot pass by a careful count;
    `left` is what the budgets leave, None without one.
    """

    questions: int
    paid: int
    refused: int
    usd: float
    most: float
    left: float | None

    def __str__(self) -> str:
        left = f" The budgets leave USD {self.left:,.2f}." if self.left is not None else ""
        refused = f" Policy refuses {self.refused} more." if self.refused else ""
        return (
            f"{self.paid} of {self.questions} questions go to Claude: about USD {self.usd:,.2f}, at most "
            f"USD {self.most:,.2f}.{refused}{left}"
        )

    def to_json(self) -> dict[str, object]:
        return {**asdict(self), "usd": round(self.usd, 4), "most": round(self.most, 4)}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a citation counts: on one of `pages`, and where the set was judged by character, over one of `spans`."""

    document: DocumentId
    pages: frozenset[int]
    spans: frozenset[Span]


class Places:
    """The documents of a collection by the names that a judged set has for them, and their judged places."""

    def __init__(self, app: App, collection: str) -> None:
        self._app = app
        self.documents = {PurePath(one.source).stem: one.document_id for one in app.documents(collection)}
        self._read: dict[DocumentId, Document] = {}

    def of(self, query: Query) -> tuple[Place, ...]:
        return tuple(dict.fromkeys(self._place(one) for one in query.evidence if one.doc_id in self.documents))

    def _place(self, one: Judged) -> Place:
        """A span counts only where it holds in our canonical text: others may have counted in a text of their own."""
        id = self.documents[one.doc_id]
        if id not in self._read:
            self._read[id] = self._app.document(id)
        document = self._read[id]
        holds = one.span is not None and one.span.of(document.text).split() == one.text.split()
        spans = one.spans if holds else frozenset()
        return Place(
            id, one.pages or frozenset(page for span in spans for page in pages_of(span, document.pages)), spans
        )


class Asking:
    """How questions are put: to which collection, by whom, judged by what, and how much the run may cost.

    `prose` is the name of the judge of prose and the judge; `budget` is in dollars, None without a limit of its own.
    """

    def __init__(
        self,
        app: App,
        *,
        collection: str,
        within_document: bool = False,
        prose: tuple[str, Judge] | None = None,
        budget: float | None = None,
        by: str,
    ) -> None:
        self._app = app
        self._places = Places(app, collection)
        self._collection = collection
        self._within_document = within_document
        self._prose = prose
        self._budget = budget
        self._by = by

    def estimate(self, left: Sequence[tuple[Mode, Query]]) -> RunCost:
        """The cost of the questions that are left. What was read once for one of them comes from the cache for others.

        Raises UsageError for a mode that is not configured, ConfigError for a model without a price.
        """
        usd = most = 0.0
        paid = refused = 0
        read: set[tuple[DocumentId, ...]] = set()
        for mode, query in left:
            try:
                one = self._app.foresee(query.query, mode=mode, **self._where(query))
            except EgressDenied:
                refused += 1
                continue
            paid += one.most > 0
            usd += one.again if one.documents in read else one.usd
            most += one.most
            read.add(one.documents)
        left_over = self._app.budget_left(by=self._by) if paid else None
        return RunCost(len(left) - refused, paid, refused, usd, most, left_over)

    def ask(self, mode: Mode, query: Query, *, spent: float) -> tuple[Asked, Answer | None]:
        """One question in one mode, with its answer where there is one. `spent` is what the run cost so far.

        Raises ServiceDown, and ConfigError for what the next question would meet as well.
        """
        asked = self.unasked(mode, query)
        try:
            if self._budget is not None:
                most = self._app.foresee(query.query, mode=mode, **self._where(query)).most
                if most and spent + most > self._budget:
                    raise OverBudget(
                        f"The budget of this run is USD {self._budget:,.2f}; USD {spent:,.2f} of it are spent, "
                        f"and this question may cost USD {most:,.2f}."
                    )
            answer = self._app.ask(query.query, mode=mode, **self._where(query))
        except (EgressDenied, OverBudget) as error:
            return replace(asked, outcome=Outcome.REFUSED, reason=str(error)), None
        except (ServiceDown, ConfigError):
            raise
        except DossierError as error:
            return replace(asked, reason=str(error)), None
        return self._judged(asked, query, answer), answer

    def unasked(self, mode: Mode, query: Query, reason: str = "") -> Asked:
        """A question that nothing came back for: it cites no place, and whoever would have judged it is named."""
        expected, places = expected_of(query), self._places.of(query)
        named = self._prose[0] if expected is Expected.PROSE and self._prose else ""
        page, span = _held_against(places, [])
        return Asked(query.id, mode, Outcome.FAILED, expected, judge=named, page=page, span=span, reason=reason)

    def _judged(self, asked: Asked, query: Query, answer: Answer) -> Asked:
        citations = [citation for claim in answer.claims for citation in claim.citations]
        page, span = _held_against(self._places.of(query), citations)
        correct, judge, unjudged = self._correct(query, answer)
        return replace(
            asked,
            outcome=Outcome.ANSWERED if answer.claims else Outcome.SILENT,
            answered_by=answer.mode.value,
            correct=correct,
            judge=judge,
            page=page,
            span=span,
            support=dict(Counter(claim.support.value for claim in answer.claims)),
            seconds=answer.usage.seconds,
            cost_usd=answer.usage.cost_usd,
            unjudged=unjudged,
        )

    def _correct(self, query: Query, answer: Answer) -> tuple[Correctness | None, str, str]:
        """The verdict, the judge, and why there is none although there is a judge."""
        expected = expected_of(query)
        if expected is Expected.SILENCE:
            return (Correctness.WRONG if answer.claims else Correctness.SILENT), "", ""
        if expected is Expected.FIGURE:
            figure = expected_figure(query.answer)
            assert figure is not None  # that is how it came to be a figure
            # Behind the first claim, extractive mode says what its figure rests on; a model may conclude at the end.
            said = answer.claims[0].text if answer.claims and answer.mode is Mode.EXTRACTIVE else answer.text
            return judge_figure(query.query, figure, said), FIGURES, ""
        if expected is Expected.UNKNOWN or self._prose is None:
            return None, "", ""
        name, judge = self._prose
        if not answer.claims:
            return Correctness.SILENT, name, ""
        try:
            return judge(query.query, query.answer, answer.text), name, ""
        except DossierError as error:  # the answer is there, and may have cost money: only its verdict is missing
            return None, name, str(error)

    def _where(self, query: Query) -> dict[str, Any]:
        known = self._places.documents
        documents = [known[name] for name in query.doc_ids if name in known] if self._within_document else []
        return {"collection": self._collection, "documents": documents, "by": self._by}


def expected_of(query: Query) -> Expected:
    if not query.answerable:
        return Expected.SILENCE
    if not query.answer:
        return Expected.UNKNOWN
    return Expected.PROSE if expected_figure(query.answer) is None else Expected.FIGURE


@dataclass(frozen=True, slots=True)
class Step:
    """Where a run is: question `done` of `total`, in which mode, and what the run cost so far."""

    done: int
    total: int
    mode: Mode
    usd: float


def ask_all(
    asking: Asking,
    queries: Sequence[Query],
    modes: Sequence[Mode],
    kept: KeptAnswers,
    *,
    agree: Callable[[RunCost], bool],
    with_texts: bool,
    on_step: Callable[[Step], None] = lambda _: None,
) -> tuple[Asked, ...]:
    """What became of every question in every mode, mode by mode in the order of the set.

    What `kept` has from an earlier run is not asked again, unless it failed or was refused. `agree` is asked before
    anything is spent. `with_texts` keeps question, answer and quotes beside the verdicts.
    Raises NotAgreed when it does not agree, and as Asking.estimate; ServiceDown when a service did not answer several
    questions in a row, ConfigError when it refuses to: what was answered until then is kept.
    """
    rows = {(one.mode, one.id): one for one in map(Asked.of, kept.rows)}
    done = {key for key, one in rows.items() if one.outcome in (Outcome.ANSWERED, Outcome.SILENT)}
    # Questions on one document one after the other: Claude's cache lives for an hour.
    in_turn = sorted(queries, key=lambda query: query.doc_id)
    left = [(mode, query) for mode in modes for query in in_turn if (mode, query.id) not in done]
    estimate = asking.estimate(left)
    if estimate.paid and not agree(estimate):
        raise NotAgreed(f"{estimate} Nothing was asked. Say --yes to agree.", estimate.to_json())
    down = 0
    for number, (mode, query) in enumerate(left, start=1):
        spent = sum(one.cost_usd for one in rows.values())
        on_step(Step(number, len(left), mode, spent))
        answer = None
        try:
            asked, answer = asking.ask(mode, query, spent=spent)
            down = 0
        except ServiceDown as error:
            down += 1
            if down == _PATIENCE:
                raise ServiceDown(f"{error} What was answered is kept: go on with --resume.") from error
            asked = asking.unasked(mode, query, str(error))
        rows[mode, query.id] = asked
        kept.add({**asked.to_json(), **(_texts(query, answer) if with_texts else {})})
    return tuple(rows[mode, query.id] for mode in modes for query in queries)


# ── one call below ────────────────────────────────────────────────────────────────────────────────────────────────────


def _texts(query: Query, answer: Answer | None) -> dict[str, Any]:
    """For whoever reads the file: it names what was asked and expected, and what came back with its quotes."""
    claims = answer.claims if answer else ()
    return {
        "query": query.query,
        "answer_expected": query.answer,
        "answer": answer.text if answer else "",
        "silent_because": (answer.reason or "") if answer else "",
        "citations": [
            {"document_id": one.document_id, "pages": list(one.pages), "quote": one.quote}
            for claim in claims
            for one in claim.citations
        ],
    }


def _held_against(places: Sequence[Place], citations: Sequence[Citation]) -> tuple[Cited | None, Cited | None]:
    """By page and by span."""

    def on_page(one: Citation, place: Place) -> bool:
        return one.document_id == place.document and not place.pages.isdisjoint(one.pages)

    def on_span(one: Citation, place: Place) -> bool:
        return one.document_id == place.document and any(span.overlaps(one.span) for span in place.spans)

    def cited(judged: Sequence[Place], touches: Callable[[Citation, Place], bool]) -> Cited | None:
        if not judged:
            return None
        hits = [any(touches(one, place) for place in judged) for one in citations]
        found = [any(touches(one, place) for one in citations) for place in judged]
        return Cited(sum(hits) / len(hits) if hits else None, sum(found) / len(found))

    by_page = list(dict.fromkeys(replace(place, spans=frozenset()) for place in places if place.pages))
    return cited(by_page, on_page), cited([place for place in places if place.spans], on_span)
