"""Judged sets: questions, and the places in documents that answer them. One JSON object per line.

    {id, query, doc_id, evidence: [{doc_id, page?, page_end?, start?, end?, text, alt_spans?, alt_pages?}],
     answer?, answerable?, type?, lang?}                                                 (other fields are ignored)

`doc_id` is a file's name without its ending. `start`/`end` are characters (Unicode code points, end exclusive) of the
document's text, pages count from 1 as a viewer does. Evidence with neither span nor page is the whole document.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.documents import Span
from core.errors import UsageError


@dataclass(frozen=True, slots=True)
class Judged:
    """One place that a person judged to answer a question.

    `page_end` is the last page of the place. `alternatives` and `alternative_pages` are other places with the same
    words, where a hit counts as well.
    """

    doc_id: str
    page: int | None = None
    page_end: int | None = None
    span: Span | None = None
    text: str = ""
    alternatives: tuple[Span, ...] = ()
    alternative_pages: tuple[int, ...] = ()

    @property
    def spans(self) -> frozenset[Span]:
        """All spans where a hit counts; none where no span was judged."""
        return frozenset() if self.span is None else frozenset((self.span, *self.alternatives))

    @property
    def pages(self) -> frozenset[int]:
        """All pages where a hit counts; none where no page was judged."""
        if self.page is None:
            return frozenset()
        return frozenset((*range(self.page, (self.page_end or self.page) + 1), *self.alternative_pages))


@dataclass(frozen=True, slots=True)
class Query:
    """A question with its judged places.

    `answerable` False: no document answers it, so there is nothing to rank. Without evidence an answerable question
    can still not be measured: nobody said where its answer stands.
    """

    id: str
    query: str
    doc_id: str
    evidence: tuple[Judged, ...] = ()
    answer: str = ""
    answerable: bool = True
    type: str | None = None
    lang: str | None = None

    @property
    def doc_ids(self) -> tuple[str, ...]:
        """The documents that hold the evidence, in the order judged."""
        return tuple(dict.fromkeys(judged.doc_id for judged in self.evidence)) or (self.doc_id,)


def read_queries(path: Path) -> tuple[Query, ...]:
    """The questions of a judged set, in the order of the file. Blank lines are passed over.

    Questions that a reviewer rejected are passed over (see eval.review).
    Raises UsageError that names file and line: the file cannot be read, a line is no JSON object, a field is missing
    or of the wrong type, an id stands twice, or there is no question at all.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"The judged set {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"The judged set {path} is not UTF-8 text.") from error
    queries: dict[str, Query] = {}
    # Not splitlines(): a question may hold a line separator (U+2028), which JSON leaves unescaped.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        query = _query(line, where=f"{path}, line {number}")
        if query is None:
            continue
        if query.id in queries:
            raise UsageError(f"{path}, line {number}: the id {query.id} stands there twice.")
        queries[query.id] = query
    if not queries:
        raise UsageError(f"The judged set {path} holds no question.")
    return tuple(queries.values())


# ── one line ──────────────────────────────────────────────────────────────────────────────────────────────────────────

_Name = Annotated[str, Field(min_length=1)]
_PageNumber = Annotated[int, Field(ge=1)]
_Offset = Annotated[int, Field(ge=0)]


class _Evidence(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")

    doc_id: _Name
    page: _PageNumber | None = None
    page_end: _PageNumber | None = None
    start: _Offset | None = None
    end: _Offset | None = None
    text: str = ""
    alt_spans: list[Annotated[list[_Offset], Field(min_length=2, max_length=2)]] = []
    alt_pages: list[_PageNumber] = []

    @model_validator(mode="after")
    def _is_a_place(self) -> _Evidence:
        if (self.start is None) != (self.end is None):
            raise ValueError("start and end belong together")
        spans: list[Sequence[int]] = [*self.alt_spans]
        if self.start is not None and self.end is not None:
            spans.append((self.start, self.end))
        if any(end <= start for start, end in spans):
            raise ValueError("a span must end after it starts")
        if self.page_end is not None and (self.page is None or self.page_end < self.page):
            raise ValueError("page_end must not come before page")
        return self

    def judged(self) -> Judged:
        return Judged(
            doc_id=self.doc_id,
            page=self.page,
            page_end=self.page_end,
            span=None if self.start is None or self.end is None else Span(self.start, self.end),
            text=self.text,
            alternatives=tuple(Span(start, end) for start, end in self.alt_spans),
            alternative_pages=tuple(self.alt_pages),
        )


class _Review(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")

    verdict: str


class _Row(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")

    id: _Name
    query: Annotated[str, Field(pattern=r"\S")]
    doc_id: _Name
    evidence: list[_Evidence]
    answer: object = None
    answerable: bool | None = None
    type: str | None = None
    lang: str | None = None
    review: _Review | None = None


def _query(line: str, *, where: str) -> Query | None:
    """None for a question that was rejected."""
    try:
        row = _Row.model_validate(json.loads(line))
    except json.JSONDecodeError as error:
        raise UsageError(f"{where}: this is not JSON ({error.msg} at character {error.pos + 1}).") from error
    except ValidationError as error:
        wrong = "; ".join(
            ": ".join(filter(None, (".".join(map(str, detail["loc"])), detail["msg"].removeprefix("Value error, "))))
            for detail in error.errors(include_input=False, include_url=False)
        )
        raise UsageError(f"{where}: {wrong}.") from error
    if row.review is not None and row.review.verdict == "rejected":
        return None
    return Query(
        id=row.id,
        query=row.query,
        doc_id=row.doc_id,
        evidence=tuple(evidence.judged() for evidence in row.evidence),
        answer=str(row.answer) if isinstance(row.answer, str | int | float) else "",
        answerable=row.answerable is not False,
        type=row.type,
        lang=row.lang,
    )
