"""Questions on a collection of one's own, each with the span that answers it: a judged set to start from.

patterns   what documents say of themselves: definitions, clauses under their headings, cells of tables
llama      what the configured Llama asks on passages, where the words it points at carry its answer (eval.proposed)

The same collection, number and seed give the same questions of patterns. They are easier than what people ask, since
they use words of the document: `overlap` and `copied` say of each how much, and a person has to read them before they
count (eval.review).
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from core.documents import Block, BlockKind, Document, Span, pages_of
from core.errors import UsageError
from core.rows import writing

if TYPE_CHECKING:
    from app.service import App

_DEFINITION = re.compile(
    r"[“\"„](?P<term>[^“”\"„\n]{2,60})[”\"“]\s+(?:means|shall mean|has the meaning|bedeutet|bezeichnet)\b"
    r"[^\n]*?[.;](?=\s|$)"
)
_NUMBER = re.compile(r"^\s*(?:§\s*\d+\w?|\d+(?:\.\d+)*[.)]?|(?:[IVXLC]+|[A-Z])[.)])[\s:–-]+")
_FIGURE = re.compile(r"[(−-]?\s*[$€£]?\s*\d[\d.,' ]*\)?\s*%?")
_WORD = re.compile(r"\w+")
_SMALLEST_CLAUSE = 40
"""Characters under which a paragraph below a heading is a label rather than a clause."""
_LARGEST_CLAUSE = 2_000
_REVIEWED = re.compile(rb'"review": ?\{"verdict"')
"""How eval.review notes a decision."""
_TEST_SHARE = 0.5
_COPIED = 5
"""Words of a question that stand in the evidence one after the other, from which on its wording is copied."""


@dataclass(frozen=True, slots=True)
class Generated:
    """A question made from `span` of a document. `overlap` is the share of its words that stand in the evidence,
    `copied` how many of them stand there one after the other. `more` goes into its row: who made it, and how."""

    query: str
    type: str
    document: Document
    span: Span
    overlap: float
    copied: int
    more: Mapping[str, Any] = field(default_factory=lambda: {"by": "patterns"})


@dataclass(frozen=True, slots=True)
class Proposed:
    """What a model proposed: the questions that count, how many were rejected for what, and passages not answered."""

    questions: tuple[Generated, ...] = ()
    rejected: Mapping[str, int] = field(default_factory=dict)
    failed: int = 0


Propose = Callable[[Sequence[Document], int], Proposed]
"""(documents, how many questions at most) → what a model proposes on them."""


def generate(
    app: App,
    output: Path,
    *,
    collection: str,
    limit: int,
    seed: int,
    patterns: bool = True,
    propose: Propose | None = None,
) -> dict[str, Any]:
    """Write up to `limit` questions on a collection to `output`, as rows of a judged set, and say what they are.

    Kinds and documents take turns, so that neither a long table nor a long document fills the set; with `propose` and
    `patterns`, up to half are a model's. `split` is dev or test, by document.
    Raises NotFound for an unknown collection, UsageError when nothing could be made or somebody reviewed `output`.
    """
    if output.exists() and _REVIEWED.search(output.read_bytes()):
        raise UsageError(f"{output} is there already, and somebody reviewed questions of it: name another file.")
    documents = [app.document(record.document_id) for record in app.documents(collection)]
    documents.sort(key=lambda document: document.id)
    proposed = Proposed()
    if propose is not None:
        proposed = propose(documents, limit // 2 if patterns else limit)
    made = list(proposed.questions)
    if patterns:
        found = [one for document in documents for one in questions(document)]
        asked = {one.query.casefold() for one in made}
        made += _chosen([one for one in found if one.query.casefold() not in asked], limit - len(made), seed)
    if not made:
        why = f" ({', '.join(sorted(proposed.rejected))})" if proposed.rejected else ""
        raise UsageError(
            f"The collection {collection} holds no definition, clause or table to ask about."
            if patterns
            else f"The model proposed no question on the collection {collection} that its passages answer{why}."
        )
    made.sort(key=lambda one: (one.document.id, one.span))
    noted = {"seed": seed, "settings": app.settings.digest(), "collection": collection}
    rows = [{**_row(one, seed), **noted} for one in made]
    with writing(output) as out:
        out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return {
        "questions": len(rows),
        "documents": len({one.document.id for one in made}),
        "types": dict(sorted(Counter(one.type for one in made).items())),
        "split": dict(sorted(Counter(str(row["split"]) for row in rows).items())),
        "by": dict(sorted(Counter(str(row["by"]) for row in rows).items())),
        "overlap": round(sum(one.overlap for one in made) / len(made), 4),
        "copied": round(sum(one.copied >= _COPIED for one in made) / len(made), 4),
        "hard": sum(bool(row.get("hard")) for row in rows),
        "rejected": dict(sorted(proposed.rejected.items())),
        "failed": proposed.failed,
    }


def questions(document: Document) -> Iterator[Generated]:
    """Every question that can be made from a document, in the order of its text."""
    heading = ""
    for block in document.blocks:
        if block.kind is BlockKind.HEADING:
            heading = _NUMBER.sub("", block.span.of(document.text), count=1).strip()
        elif block.kind is BlockKind.TABLE:
            yield from _cells(document, block)
        elif block.kind in (BlockKind.PARAGRAPH, BlockKind.LIST):
            defined = list(_definitions(document, block))
            yield from defined
            if heading and not defined and _SMALLEST_CLAUSE <= len(block.span) <= _LARGEST_CLAUSE:
                yield made_of(f"What is said on {heading}?", "clause", document, block.span)
                heading = ""


def _definitions(document: Document, block: Block) -> Iterator[Generated]:
    for found in _DEFINITION.finditer(block.span.of(document.text)):
        span = Span(*found.span()).shifted(block.span.start)
        yield made_of(f"What is meant by “{found['term']}”?", "definition", document, span)


def _cells(document: Document, block: Block) -> Iterator[Generated]:
    """A question for each figure that has one row label and one column heading."""
    at = block.span.start
    columns: list[str] = []
    for line in block.span.of(document.text).splitlines(keepends=True):
        # Cells of a PDF are parted by tabs, those of Markdown by bars.
        parts = line.rstrip("\n").split("\t") if "\t" in line else line.strip().strip("|").split("|")
        cells = [cell.strip() for cell in parts]
        span = Span(at, at + len(line.rstrip()))
        at += len(line)
        if not columns:
            columns = cells
            continue
        if len(cells) == len(columns) + 1:
            columns = ["", *columns]  # a head row without a word over the labels
        if len(cells) == len(columns) and re.search(r"[^\W\d]{3}", cells[0]):
            for column, cell in zip(columns[1:], cells[1:], strict=True):
                if column and _FIGURE.fullmatch(cell):
                    yield made_of(f"What is {cells[0].rstrip(' .:')} for {column}?", "table", document, span)


def made_of(query: str, type: str, document: Document, span: Span, **more: Any) -> Generated:
    """A question with how much of its wording it has from its evidence; `more` goes into its row."""
    overlap, copied = wording(query, span.of(document.text))
    return Generated(" ".join(query.split()), type, document, span, overlap, copied, {"by": "patterns", **more})


def wording(query: str, evidence: str) -> tuple[float, int]:
    """How much of a question's wording its evidence has: the share of its words, and the longest run of them."""
    asked = [word.lower() for word in _WORD.findall(query)]
    found = [word.lower() for word in _WORD.findall(evidence)]
    words, there = asked[2:], set(found)  # the first two are "what is" and the like
    overlap = sum(word in there for word in words) / len(words) if words else 0.0
    return overlap, SequenceMatcher(None, asked, found, autojunk=False).find_longest_match().size


def _chosen(made: Sequence[Generated], limit: int, seed: int) -> list[Generated]:
    """`limit` of them, kinds and documents in turn. What several places answer is asked of a document by its name."""
    asked = Counter(one.query for one in made)
    inside = Counter((one.query, one.document.id) for one in made)
    piles: dict[tuple[str, str], list[Generated]] = {}
    for one in made:
        if inside[one.query, one.document.id] > 1:
            continue  # two places of one document answer it: neither is the evidence
        if asked[one.query] > 1:
            name = PurePath(one.document.source).stem
            one = replace(one, query=f"{one.query[:-1]} in {name}?")
        piles.setdefault((one.document.id, one.type), []).append(one)
    draw = random.Random(seed)
    for pile in piles.values():
        draw.shuffle(pile)
    order = sorted(piles)
    draw.shuffle(order)
    chosen: list[Generated] = []
    while len(chosen) < limit and any(piles.values()):
        chosen += [piles[key].pop() for key in order if piles[key]]
    return sorted(chosen[:limit], key=lambda one: (one.document.id, one.span))


def _row(one: Generated, seed: int) -> dict[str, Any]:
    name = PurePath(one.document.source).stem
    told = f"{seed} {one.document.id} {one.span.start} {one.query}"
    half = int(hashlib.sha256(f"{seed} {one.document.id}".encode()).hexdigest()[:8], 16) / 0x1_0000_0000
    pages = pages_of(one.span, one.document.pages)
    evidence = {
        "doc_id": name,
        "page": pages[0],
        "page_end": pages[-1],
        "start": one.span.start,
        "end": one.span.end,
        "text": one.span.of(one.document.text),
    }
    return {
        "id": hashlib.sha256(told.encode()).hexdigest()[:12],
        "query": one.query,
        "doc_id": name,
        "evidence": [evidence],
        "answerable": True,
        "type": one.type,
        "split": "test" if half < _TEST_SHARE else "dev",
        "overlap": round(one.overlap, 4),
        "copied": one.copied,
        **one.more,
    }
