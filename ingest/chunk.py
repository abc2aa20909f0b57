"""From a document to its chunks: along headings, tables and pages, without overlap, each the exact text of its span.

blocks → units      a block, or the blocks that one sentence runs through over a page break
units  → chunks     a heading, a table or a page begins a new one; small neighbours stay together;
                    what is too long is cut between rows, sentences or clauses; rows that are cut off from the head
                    of their table carry its caption, units and column headings as context
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from core.documents import Block, BlockKind, Chunk, Document, Span, chunk_id, pages_of
from core.finance import Statement
from core.sentences import sentences
from ingest.statements import statement_tables
from ingest.tables import Head, head_of

_LEFT_OUT = frozenset({BlockKind.HEADER, BlockKind.FOOTER})
"""Running headers and footers repeat on every page: they would be found for every question."""

_INTRO_TOKENS = 40  # a caption or a line of units ("in millions, except per share data") is shorter; prose is longer

_NAME_LENGTH = 120  # characters of a heading that go into the path: a longer one is a paragraph in bold
_UNDERLINE = re.compile(r" [=-]{3,}$")

# A clause that says its subject before its text, "(a) Term. This Agreement …", and its number as the levels know it.
_MARK = re.compile(
    r"[“”„«‹\"'‘\[]{0,2}(?:(?P<number>\d{1,3}(?:\.\d{1,3}){0,4})[.)]?"
    r"|\(?(?P<roman>[ivx]{1,5})[.)]|\(?(?P<letter>[a-z]{1,2})[.)]|\((?P<capital>[A-Z])\))\s+"
)
_SUBJECT = re.compile(r"(?P<name>[A-ZÄÖÜ][^.:;\t]{2,58})(?:[.:]|\s[–—-])\s+[“\"'(]{0,2}[A-ZÄÖÜ]")
_SUBJECT_WORDS = 8
_BULLETS = "•‣◦▪●■□○·*–— "
_RUN_IN_LEVEL = 100  # below every heading that stands on a line of its own

_SENTENCE_ENDS = re.compile(r"[.!?:;。！？…][\"'”’»)\]]*\s*$")

# Inside a sentence that is too long: after a comma, semicolon or colon before white space; "1,000" stays whole.
_CLAUSE = r"(?s)(?:[^,;:，；]|[,;:](?!\s))+[,;:，；]*\s*|[,;:，；]+\s*"


@dataclass(frozen=True, slots=True)
class _Unit:
    """A piece to stay whole. `page` is the index of the page it begins on, `section` the path that holds from it on.

    `gap` is the length in tokens of the running headers and footers between it and the unit before.
    `head` is where the head of its table begins, and `context` what that says, with its length in tokens. `statement`
    is the financial statement that the table is a part of.
    """

    span: Span
    kind: BlockKind
    tokens: int
    gap: int
    page: int
    section: tuple[str, ...]
    head: int = 0
    context: str = ""
    context_tokens: int = 0
    statement: Statement | None = None


def chunk(document: Document, *, max_tokens: int, count_tokens: Callable[[str], int]) -> tuple[Chunk, ...]:
    """The chunks of a document in order. They do not overlap and `span.of(document.text) == chunk.text` always.

    Together they cover every non-blank character of every block that is no running header or footer. A new chunk
    begins at a heading (headings that follow each other stay together, with what they head), at a table (with the
    short line that introduces it) and at a page (unless the sentence goes on over the break); otherwise neighbours
    are joined up to `max_tokens`, told by `count_tokens`. Lengths of joined pieces are added up, which is exact for
    tokenizers that never join over white space. Only a piece without any place to cut (no row, sentence, clause or
    space) can be longer.
    `section` is the path of headings that hold at the start of the chunk's own text, joined by " › "; of a chunk that
    goes on through several clauses with subjects of their own ("(a) Term. …"), the path that holds for all of it.
    The `context` of rows without the head of their table counts among their tokens and takes at most a quarter of them.
    Raises ValueError when `max_tokens` is less than 1.
    """
    if max_tokens < 1:
        raise ValueError("a chunk has at least one token")
    text = document.text
    cutter = _Cutter(text, max_tokens, count_tokens)
    starts = [page.span.start for page in document.pages]
    chunks = []
    for group in _packed(_units(document, cutter), cutter):
        span = Span(group[0].span.start, group[-1].span.end)
        first = max(bisect_right(starts, span.start) - 1, 0)
        last = max(bisect_left(starts, span.end), first + 1)
        chunks.append(
            Chunk(
                id=chunk_id(document.collection, document.id, span),
                document_id=document.id,
                title=document.title,
                span=span,
                text=span.of(text),
                pages=pages_of(span, document.pages[first:last]),
                section=" › ".join(_section(group)),
                context=next((unit.context for unit in group if unit.context and unit.head < span.start), ""),
                statement=next((unit.statement for unit in group if unit.statement), None),
            )
        )
    return tuple(chunks)


# ── blocks → units ────────────────────────────────────────────────────────────────────────────────────────────────────


def _units(document: Document, cutter: _Cutter) -> Iterator[_Unit]:
    text = document.text
    starts = [page.span.start for page in document.pages]
    body = [block for block in document.blocks if block.kind not in _LEFT_OUT]
    left_out = [block.span for block in document.blocks if block.kind in _LEFT_OUT]
    statements = statement_tables(document)
    path: list[tuple[int, str]] = []
    passed = 0  # how many of `left_out` lie behind
    above: _Unit | None = None
    for run in _runs(body, text, starts):
        span = Span(run[0].span.start, run[-1].span.end)
        path = _path(path, run, text)
        section = tuple(name for _, name in path if name)
        gap = 0
        while passed < len(left_out) and left_out[passed].start < span.start:
            gap += cutter.count(left_out[passed])
            passed += 1
        while passed < len(left_out) and left_out[passed].start < span.end:  # inside, and counted there
            passed += 1
        kind = run[1].kind if _runs_in(run) else run[0].kind
        unit = _Unit(span, kind, cutter.count(span), gap, _page_index(span.start, starts), section)
        if unit.kind is BlockKind.TABLE:
            unit = replace(_with_head(unit, above, cutter), statement=statements.get(span))
        yield unit
        above = unit


def _runs_in(run: Sequence[Block]) -> bool:
    """True for a heading with the text that goes on in its line."""
    return run[0].kind is BlockKind.HEADING and len(run) > 1


def _path(path: list[tuple[int, str]], run: Sequence[Block], text: str) -> list[tuple[int, str]]:
    """The path of headings that holds from a run of blocks on, each with its level."""
    first = run[0]
    said = first.span.of(text)
    if first.kind is BlockKind.HEADING and not _runs_in(run):
        level, name = first.level or 1, _heading_name(said)
    elif first.kind in (BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.LIST):
        mark = _MARK.match(said)
        if first.kind is BlockKind.HEADING:
            level, name = _mark_level(mark), _heading_name(said).lstrip(_BULLETS).rstrip(" .:—–-")
        elif mark is not None:
            # A clause of the same rank without a subject still ends the one before it.
            level, name = _mark_level(mark), _subject(said, mark)
        else:
            return path
    else:
        return path
    return [*(step for step in path if step[0] < level), (level, name)]


def _mark_level(mark: re.Match[str] | None) -> int:
    if mark is None:
        return _RUN_IN_LEVEL
    if mark["number"]:
        return _RUN_IN_LEVEL + 1 + mark["number"].count(".")
    return _RUN_IN_LEVEL + (10 if mark["letter"] else 20 if mark["roman"] else 30)


def _subject(said: str, mark: re.Match[str]) -> str:
    """ "(a) Initial Term" of a clause that begins so; "" where the words after its number are no title."""
    found = _SUBJECT.match(said, mark.end())
    if found is None:
        return ""
    words = [word for word in re.findall(r"[^\W\d_]+", found["name"]) if len(word) > 3]
    if not words or len(found["name"].split()) > _SUBJECT_WORDS or not all(word[0].isupper() for word in words):
        return ""
    return _heading_name(said[: found.end("name")])


def _section(group: Sequence[_Unit]) -> tuple[str, ...]:
    """The path that holds for all of a chunk but the headings that it begins with."""
    paths = [unit.section for unit in group if unit.kind is not BlockKind.HEADING] or [group[-1].section]
    shared = 0
    for names in zip(*paths, strict=False):
        if len(set(names)) > 1:
            break
        shared += 1
    return paths[0][:shared]


def _with_head(unit: _Unit, above: _Unit | None, cutter: _Cutter) -> _Unit:
    """A table with what its head says. One that begins with figures at the top of a page goes on with that before."""
    head = head_of(cutter.text_of(unit.span))
    if not head.columns and above is not None and above.context and above.page + 1 == unit.page:
        return replace(unit, head=above.head, context=above.context, context_tokens=above.context_tokens)
    start, caption = unit.span.start, ""
    if above is not None and _introduces(above, unit):
        said = _heading_name(cutter.text_of(above.span))
        if not said.endswith("."):  # the end of a paragraph says nothing of the table
            start, caption = above.span.start, said
    context = _told(caption, head, cutter)
    return replace(unit, head=start, context=context, context_tokens=cutter.length(context))


def _told(caption: str, head: Head, cutter: _Cutter) -> str:
    """Caption, units and columns in at most a quarter of a chunk: the caption goes first, then columns from the end."""
    most = cutter.max_tokens // 4
    columns = list(head.columns)
    for before in (caption, ""):
        context = " · ".join(part for part in (before, head.units, " | ".join(columns)) if part)
        if cutter.length(context) <= most:
            return context
    while columns:
        columns.pop()
        context = " · ".join(part for part in (head.units, " | ".join([*columns, "…"])) if part)
        if cutter.length(context) <= most:
            return context
    return ""


def _heading_name(text: str) -> str:
    """A heading as one line, without the marks of Markdown."""
    name = " ".join(text.split())
    name = _UNDERLINE.sub("", name).strip("# ")
    return name if len(name) <= _NAME_LENGTH else name[: _NAME_LENGTH - 1].rstrip() + "…"


def _page_index(place: int, starts: Sequence[int]) -> int:
    return bisect_right(starts, place) - 1


def _runs(blocks: Sequence[Block], text: str, starts: Sequence[int]) -> Iterator[list[Block]]:
    """The blocks one by one; together those that one sentence runs through, from one page to the next, and a heading
    with the text that goes on in its line."""
    run: list[Block] = []
    for block in blocks:
        if run and not _goes_on(run[-1], block, text, starts):
            yield run
            run = []
        run.append(block)
    if run:
        yield run


def _goes_on(block: Block, following: Block, text: str, starts: Sequence[int]) -> bool:
    """True when `following` carries on a line, or the sentence in whose middle a page ends."""
    if block.kind is BlockKind.HEADING:
        return (
            following.kind in (BlockKind.PARAGRAPH, BlockKind.LIST)
            and "\n" not in text[block.span.end : following.span.start]
        )
    return (
        block.kind in (BlockKind.PARAGRAPH, BlockKind.LIST)
        and following.kind is BlockKind.PARAGRAPH
        and _page_index(block.span.start, starts) != _page_index(following.span.start, starts)
        and not _SENTENCE_ENDS.search(text, max(block.span.start, block.span.end - 8), block.span.end)
        and not text[following.span.start].isupper()
    )


class _Cutter:
    """Counts, and cuts what is too long. Holds llama-index's splitters, loaded when the first piece needs one."""

    def __init__(self, text: str, max_tokens: int, count_tokens: Callable[[str], int]) -> None:
        self.max_tokens = max_tokens
        self._text = text
        self._count = count_tokens
        self._splitters: dict[int, Callable[[str], list[str]]] = {}

    def count(self, span: Span) -> int:
        return self._count(span.of(self._text))

    def length(self, text: str) -> int:
        """Tokens of something that is no part of the document's text."""
        return self._count(text)

    def text_of(self, span: Span) -> str:
        return span.of(self._text)

    def cut(self, unit: _Unit, tokens: int) -> Iterator[_Unit]:
        """Units in order that cover every non-blank character of `unit`, each of `tokens` or less where possible."""
        pieces = self._rows(unit.span, tokens) if unit.kind is BlockKind.TABLE else self._sentences(unit.span, tokens)
        for number, span in enumerate(pieces):
            yield replace(unit, span=span, tokens=self.count(span), gap=0 if number else unit.gap)

    def _rows(self, span: Span, tokens: int) -> Iterator[Span]:
        start = end = span.start
        used = 0
        for row in _lines(self._text, span):
            length = self.count(row)
            if used and used + length > tokens:
                yield Span(start, end)
                used = 0
            if length > tokens:
                yield from self._sentences(row, tokens)
                continue
            if not used:
                start = row.start
            used, end = used + max(length, 1), row.end
        if used:
            yield Span(start, end)

    def _sentences(self, span: Span, tokens: int) -> Iterator[Span]:
        if tokens not in self._splitters:
            self._splitters[tokens] = _sentence_splitter(tokens, self._count)
        whole = span.of(self._text)
        try:
            pieces = self._splitters[tokens](whole)
        except ValueError:  # llama-index: "Single token exceeded chunk size", a character that is many tokens
            pieces = [whole]
        for piece in _placed(whole, pieces):
            yield piece.shifted(span.start)


def _sentence_splitter(max_tokens: int, count_tokens: Callable[[str], int]) -> Callable[[str], list[str]]:
    from llama_index.core.node_parser import SentenceSplitter

    splitter = SentenceSplitter(
        chunk_size=max_tokens,
        chunk_overlap=0,
        tokenizer=lambda text: range(count_tokens(text)),  # the splitter only asks how long it is
        chunking_tokenizer_fn=sentences,
        secondary_chunking_regex=_CLAUSE,
    )
    return splitter.split_text


def _lines(text: str, span: Span) -> Iterator[Span]:
    start = span.start
    while start < span.end:
        found = text.find("\n", start, span.end)
        end = span.end if found < 0 else found
        if text[start:end].strip():
            yield Span(start, end)
        start = end + 1


def _placed(whole: str, pieces: Sequence[str]) -> Iterator[Span]:
    """Where `pieces` (in order, without the white space at their ends) stand in `whole`.

    llama-index tells no places that could be trusted where a text repeats itself, and contracts do. What should lie
    between two pieces joins the one before, so that no character is ever lost.
    """
    starts = []
    cursor = 0
    for piece in pieces:
        found = whole.find(piece, cursor)
        if found < 0 or whole[cursor:found].strip():
            continue  # not where the one before ended: its characters stay with that one
        starts.append(found)
        cursor = found + len(piece)
    if not starts or whole[: starts[0]].strip():
        starts[:1] = [0]
    for start, end in zip(starts, [*starts[1:], len(whole)], strict=True):
        yield Span(start, start + len(whole[start:end].rstrip()))


# ── units → chunks ────────────────────────────────────────────────────────────────────────────────────────────────────


def _packed(units: Iterable[_Unit], cutter: _Cutter) -> Iterator[list[_Unit]]:
    """Neighbouring units, together up to the cutter's `max_tokens`, new at headings, tables and pages."""
    group: list[_Unit] = []
    for unit in units:
        stays = _begin_of_what_stays(group, unit)
        if stays:
            yield group[:stays]
            group = group[stays:]
        if _tokens([*group, unit]) <= cutter.max_tokens:
            group.append(unit)
            continue
        lead = _lead(group, unit)
        if len(lead) < len(group):
            yield group[: len(group) - len(lead)]
        room = cutter.max_tokens - _tokens(lead) - (unit.gap if lead else 0)
        if lead and room < cutter.max_tokens / 2:  # headings so long that they are a chunk of their own
            yield lead
            lead, room = [], cutter.max_tokens
        *full, rest = cutter.cut(unit, max(room - unit.context_tokens, 1))
        for piece in full:
            yield [*lead, piece]
            lead = []
        group = [*lead, rest]
    if group:
        yield group


def _tokens(group: Sequence[_Unit]) -> int:
    """The length of a chunk of these units, with the context that their rows would carry."""
    context = next((unit.context_tokens for unit in group if unit.context and unit.head < group[0].span.start), 0)
    return sum(unit.tokens for unit in group) + sum(unit.gap for unit in group[1:]) + context


def _begin_of_what_stays(group: Sequence[_Unit], unit: _Unit) -> int:
    """The index in `group` from which its units go into one chunk with `unit`, should they fit; its length for none."""
    if all(member.kind is BlockKind.HEADING for member in group):
        return 0
    if unit.kind is BlockKind.HEADING or group[-1].page != unit.page:
        return len(group)
    if unit.kind is not BlockKind.TABLE:
        return 0
    before = group[: len(group) - len(_lead(group, unit))]
    if all(member.kind in (BlockKind.HEADING, BlockKind.TABLE) for member in before):
        return 0
    return len(before)


def _lead(group: Sequence[_Unit], unit: _Unit) -> list[_Unit]:
    """The end of `group` that makes no sense without `unit`: headings, or the short line that introduces a table."""
    start = len(group)
    if group and _introduces(group[-1], unit):
        start -= 1
    while start and group[start - 1].kind is BlockKind.HEADING:
        start -= 1
    return list(group[start:])


def _introduces(unit: _Unit, table: _Unit) -> bool:
    """True for the short line above a table: its caption, or what its figures are in."""
    return (
        table.kind is BlockKind.TABLE
        and unit.page == table.page
        and unit.kind in (BlockKind.PARAGRAPH, BlockKind.LIST)
        and unit.tokens <= _INTRO_TOKENS
    )
