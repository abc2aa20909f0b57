"""Long-document mode: what Claude is given to read for a question, in how many parts, and what that costs.

everything fits the window        whole documents, kept in Claude's cache for an hour          one request
it does not                       whole sections by rank, in document order; the rest is named  one request
… and all of it is to be read     part by part; then one answer from the blocks that were cited  parts + 1 requests

No model's words are ever given to a model as a source: what the parts found goes on as blocks of the documents.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from pathlib import Path

from app.ledger import Ledger, Reservation
from core.answers import NotSent, Usage
from core.documents import Chunk, Document, DocumentId, Hit, Span
from core.errors import NotAgreed, UsageError
from core.prices import Prices
from core.privacy import Clearance, ClearedChunks, EgressPolicy, Mode
from generation.claude import Claude, Given
from generation.draft import BrokenOff, Draft
from generation.passages import Passage
from retrieval.widen import around, cut_out, page_chunks, sections

RANKED = 400
"""Hits by which sections are chosen: enough for their sections to fill a window of 200,000 tokens."""

LONGEST_SECTION = 24_000
"""Characters after which a section is cut, at the end of a page where there is one: about six pages. A document without
headings would otherwise be one section, chosen whole or not at all."""

COMPARED = 8
"""Up to so many documents each has its best section sent. Of more, these would push out what was found."""

MOST_CHARACTERS_PER_TOKEN = 6.0
"""No text of the languages we read has more. What is too long even so need not be counted to know it."""

FIRST_GUESS = 2.5
"""Characters per token before anything was counted: rows of figures have so few."""

_MARGIN = 0.95
"""Of the measured characters per token: sections differ."""

Ranked = Callable[[int], Sequence[Hit]]
"""The best hits for the question, as many as are asked for."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """The most that reading everything takes: `parts` requests and one for the answer; tokens; dollars."""

    parts: int
    input_tokens: int
    output_tokens: int
    usd: float

    def __str__(self) -> str:
        return (
            f"The documents do not fit into the window: reading all of them takes {self.parts} parts, about "
            f"{self.input_tokens:,} tokens, and at most USD {self.usd:,.2f}."
        )

    def to_json(self) -> dict[str, object]:
        return {
            "parts": self.parts,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "cost_usd": round(self.usd, 4),
        }


@dataclass(frozen=True, slots=True)
class Whole:
    """Somebody's wish that every page be read: asked to agree to the cost, and told which part of how many is read."""

    agree: Callable[[Estimate], bool]
    on_part: Callable[[int, int], None] = lambda _, __: None


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with everything that decides what may be done for it. `as_of` is the day whose terms it asks about."""

    question: str
    documents: tuple[Document, ...]
    clearances: Mapping[DocumentId, Clearance]
    by: str
    collection: str | None
    as_of: date | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """What was made of a question, the pages that were not sent for it, and what there is to say of the way."""

    draft: Draft
    not_sent: tuple[NotSent, ...] = ()
    because: str = ""


class LongDocument:
    """Holds what stands between a question and Claude: the policy, the ledger and the prices."""

    def __init__(self, claude: Callable[[], Claude], *, policy: EgressPolicy, ledger: Ledger, prices: Prices) -> None:
        self._connect = claude
        self._policy = policy
        self._ledger = ledger
        self._prices = prices

    def answer(
        self,
        asked: Asked,
        ranked: Ranked,
        *,
        on_send: Callable[[Claude], None],
        whole: Whole | None,
        on_text: Callable[[str], None] | None,
    ) -> Read:
        """The answer to a question. With `whole`, everything is read, in parts if it must be, when it agrees to the
        estimate; without, what does not fit is chosen by rank. `on_send` is called before the first word leaves.

        Raises EgressDenied and OverBudget before anything is sent, NotAgreed before anything is paid for, and what
        Claude.answer raises.
        """
        asked = replace(asked, documents=tuple(_named(document) for document in asked.documents))
        everything = self._cleared(asked, [page for document in asked.documents for page in page_chunks(document)])
        claude = self._connect()
        characters = sum(len(chunk.text) for chunk in everything)
        least = min(int(characters / MOST_CHARACTERS_PER_TOKEN), claude.window)
        self._ledger.check(by=asked.by, usd=self._prices.cost(claude.model, Usage(input_tokens=least)))
        on_send(claude)
        room = claude.room()
        tokens = None
        if characters / MOST_CHARACTERS_PER_TOKEN <= room:
            tokens = claude.count(asked.question, everything)
            if tokens <= room:
                with self._reserved(asked, claude, tokens, Given.WHOLE) as money:
                    return Read(self._answer(claude, money, everything, on_text, Given.WHOLE))
        density = characters / tokens * _MARGIN if tokens else FIRST_GUESS
        if whole is not None:
            return Read(self._in_parts(asked, claude, density=density, whole=whole, on_text=on_text))
        chosen, tokens = self._chosen(asked, claude, ranked, density=density)
        with self._reserved(asked, claude, tokens, Given.EXCERPTS) as money:
            draft = self._answer(claude, money, chosen, on_text, Given.EXCERPTS)
        return Read(draft, not_sent(asked.documents, chosen))

    # ── what does not fit: chosen ─────────────────────────────────────────────────────────────────────────────────

    def _chosen(self, asked: Asked, claude: Claude, ranked: Ranked, *, density: float) -> tuple[ClearedChunks, int]:
        """The sections that fit, best first, in document order; and their tokens.

        They are fitted by characters and counted by the service, until the count fits and little room is left.
        """
        room = claude.room()
        order = [document.id for document in asked.documents]
        longest = min(LONGEST_SECTION, max(int(room * density / 4), 1))
        candidates = _by_rank(asked.documents, ranked(RANKED), longest=longest)
        best: tuple[ClearedChunks, int] | None = None
        for _ in range(4):
            fitting = _fitting(candidates, characters=int(room * density))
            if not fitting:
                break
            fitting.sort(key=lambda chunk: (order.index(chunk.document_id), chunk.span))
            cleared = self._cleared(asked, fitting)
            tokens = claude.count(asked.question, cleared, Given.EXCERPTS)
            if tokens <= room and (best is None or tokens > best[1]):
                best = cleared, tokens
            if tokens <= room and (tokens >= 0.9 * room or len(fitting) == len(candidates)):
                break
            measured = sum(len(chunk.text) for chunk in fitting) / tokens
            density = measured * _MARGIN if tokens <= room else min(measured, density) * 0.9
        if best is None:
            raise UsageError(
                f"Not one section of the documents fits into the window of {room:,} tokens (DOSSIER_CLAUDE_WINDOW)."
                if candidates
                else "The documents do not fit into the window, and search found no section of them to choose."
            )
        return best

    # ── what does not fit: read in parts ──────────────────────────────────────────────────────────────────────────

    def _in_parts(
        self,
        asked: Asked,
        claude: Claude,
        *,
        density: float,
        whole: Whole,
        on_text: Callable[[str], None] | None,
    ) -> Draft:
        counted = self._parts(asked, claude, density=density)
        parts = [part for part, _ in counted]
        estimate = self._estimate(claude, [tokens for _, tokens in counted])
        if not whole.agree(estimate):
            raise NotAgreed(f"{estimate} Nothing was asked. Say --yes to agree.", estimate.to_json())
        found: list[Passage] = []
        notes: list[str] = []
        with self._ledger.reserved(
            by=asked.by,
            collection=asked.collection,
            mode=Mode.LONG_DOCUMENT,
            model=claude.model,
            usd=estimate.usd,
        ) as money:
            for number, part in enumerate(parts, start=1):
                whole.on_part(number, len(parts))
                draft = self._answer(claude, money, part, None, Given.PART)
                cited = {number for claim in draft.claims for number in claim.passages}
                found += [passage for passage in draft.passages if passage.number in cited]
                if not draft.complete:
                    notes.append(f"Part {number} of {len(parts)} was not read to its end: {draft.reason}")
            evidence = self._evidence(asked, claude, found)
            if evidence is None:
                reason = f"Claude read all {len(parts)} parts and found nothing in them that answers the question."
                draft = replace(draft, claims=(), passages=(), reason=reason)
            else:
                draft = self._answer(claude, money, evidence, on_text, Given.EXCERPTS)
            reasons = " ".join(filter(None, (draft.reason, *notes)))
            return replace(draft, reason=reasons or None, usage=money.spent)

    def _parts(self, asked: Asked, claude: Claude, *, density: float) -> list[tuple[ClearedChunks, int]]:
        """The documents in as few parts as fit the window, in order, each with its tokens."""
        room = claude.room()
        longest = min(LONGEST_SECTION, max(int(room * density / 8), 1))
        everything = [piece for document in asked.documents for piece in sections(document, longest=longest)]
        first = self._cleared(asked, _packed(everything, characters=int(room * density))[0])
        tokens = claude.count(asked.question, first, Given.PART)
        density = sum(len(chunk.text) for chunk in first) / tokens * _MARGIN
        waiting = _packed(everything, characters=int(room * density))
        parts: list[tuple[ClearedChunks, int]] = []
        while waiting:
            pieces = waiting.pop(0)
            part = self._cleared(asked, pieces)
            tokens = claude.count(asked.question, part, Given.PART)
            if tokens <= room:
                parts.append((part, tokens))
            elif len(pieces) > 1:
                waiting[:0] = [pieces[: len(pieces) // 2], pieces[len(pieces) // 2 :]]
            else:
                raise UsageError(f"The window of {room:,} tokens (DOSSIER_CLAUDE_WINDOW) is too small for a section.")
        return parts

    def _estimate(self, claude: Claude, tokens: Sequence[int]) -> Estimate:
        requests = [*tokens, claude.room()]  # what was found fills a window at most
        usd = sum(
            self._prices.cost(claude.model, Usage(input_tokens=one, output_tokens=claude.max_tokens))
            for one in requests
        )
        return Estimate(len(tokens), sum(tokens), len(requests) * claude.max_tokens, usd)

    def _evidence(self, asked: Asked, claude: Claude, found: Sequence[Passage]) -> ClearedChunks | None:
        """The blocks in which the cited passages stand; the bare passages, if the blocks are too long together."""
        spans: dict[DocumentId, list[Span]] = defaultdict(list)
        for passage in found:
            spans[passage.document_id].append(passage.span)
        cited = [document for document in asked.documents if document.id in spans]
        if not cited:
            return None
        blocks = [chunk for document in cited for chunk in around(document, spans[document.id])]
        bare = [chunk for document in cited for chunk in cut_out(document, spans[document.id])]
        for chunks in (blocks, bare):
            cleared = self._cleared(asked, chunks)
            if claude.count(asked.question, cleared, Given.EXCERPTS) <= claude.room():
                return cleared
        raise UsageError(
            "What the parts say about this question does not fit into one window. Ask a narrower question."
        )

    # ── one call below ────────────────────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def _reserved(self, asked: Asked, claude: Claude, tokens: int, given: Given) -> Iterator[Reservation]:
        """Money for one request of so many tokens and the longest answer, as if none of it were in the cache yet."""
        written = tokens if given is Given.WHOLE else 0
        most = Usage(input_tokens=tokens, cache_write_tokens=written, output_tokens=claude.max_tokens)
        with self._ledger.reserved(
            by=asked.by,
            collection=asked.collection,
            mode=Mode.LONG_DOCUMENT,
            model=claude.model,
            usd=self._prices.cost(claude.model, most),
        ) as money:
            yield money

    def _cleared(self, asked: Asked, chunks: Sequence[Chunk]) -> ClearedChunks:
        return self._policy.clear(asked.question, chunks, asked.clearances)

    def _answer(
        self,
        claude: Claude,
        money: Reservation,
        chunks: ClearedChunks,
        on_text: Callable[[str], None] | None,
        given: Given,
    ) -> Draft:
        try:
            draft = claude.answer(chunks.question, chunks, on_text, given)
        except BrokenOff as error:
            money.spend(self._priced(claude, error.usage))
            raise
        usage = self._priced(claude, draft.usage)
        money.spend(usage)
        return replace(draft, usage=usage)

    def _priced(self, claude: Claude, usage: Usage) -> Usage:
        return replace(usage, cost_usd=self._prices.cost(claude.model, usage))


def _named(document: Document) -> Document:
    """Under a title that also has the name of its file, by which people know it: half of all filings are "10-K"."""
    name = Path(document.source).stem
    if name.casefold() in document.title.casefold():
        return document
    return replace(document, title=f"{document.title} ({name})")


def _by_rank(documents: Sequence[Document], hits: Sequence[Hit], *, longest: int) -> list[Chunk]:
    """The sections in which the hits lie, best first. Of few documents the best section of each comes before all
    others, so that what is to be compared is there."""
    cut = {document.id: sections(document, longest=longest) for document in documents}
    ranked: dict[str, Chunk] = {}
    for hit in hits:
        here = cut.get(hit.chunk.document_id, ())
        first = bisect_right(here, hit.chunk.span.start, key=lambda section: section.span.end)
        for section in islice(here, first, None):
            if section.span.start >= hit.chunk.span.end:
                break
            ranked.setdefault(section.id, section)
    if len(documents) > COMPARED:
        return list(ranked.values())
    leading = {section.document_id: section for section in reversed(ranked.values())}
    leaders = {section.id for section in leading.values()}
    return sorted(ranked.values(), key=lambda section: section.id not in leaders)


def _fitting(candidates: Sequence[Chunk], *, characters: int) -> list[Chunk]:
    """From the first, those that fit; a long one that does not is passed over."""
    fitting: list[Chunk] = []
    for chunk in candidates:
        if len(chunk.text) <= characters:
            fitting.append(chunk)
            characters -= len(chunk.text)
    return fitting


def _packed(pieces: Sequence[Chunk], *, characters: int) -> list[list[Chunk]]:
    """The pieces in their order, put together as long as they fit; one that fits nowhere stands alone."""
    packed: list[list[Chunk]] = []
    room = 0
    for piece in pieces:
        if not packed or len(piece.text) > room:
            packed.append([])
            room = characters
        packed[-1].append(piece)
        room -= len(piece.text)
    return packed


def not_sent(documents: Sequence[Document], sent: Sequence[Chunk]) -> tuple[NotSent, ...]:
    """The pages of which words were not sent. A page without words has nothing to send."""
    spans: dict[DocumentId, list[Span]] = defaultdict(list)
    for chunk in sent:
        spans[chunk.document_id].append(chunk.span)
    found: list[NotSent] = []
    for document in documents:
        pages: list[int] = []
        partly: list[int] = []
        for page in document.pages:
            here = [span for span in spans[document.id] if span.overlaps(page.span)]
            edges = [
                page.span.start,
                *(edge for span in sorted(here) for edge in (span.start, span.end)),
                page.span.end,
            ]
            left = any(document.text[end:start].strip() for end, start in zip(edges[::2], edges[1::2], strict=True))
            if left:
                (partly if here else pages).append(page.number)
        if pages or partly:
            found.append(NotSent(document.id, document.source, tuple(pages), tuple(partly)))
    return tuple(found)
