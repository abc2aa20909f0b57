"""Where sentences and table rows end: for chunks, for the passages a model points at, for the claims of an answer.

text ──► lines ──┬── a row (cells separated by tabs) stands alone
                 └── prose: the lines of a paragraph together, cut where a sentence ends

The cutter is ours because the usual ones (punkt, pysbd) are trained on news: "Sec. 4.2", "Abs. 3", "31. Dezember" and
"(a) … ; (b) …" break them. A wrong cut here is never a lost character: the cuts cover every non-blank one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from core.documents import Span


def cuts(text: str) -> Iterator[Span]:
    """The spans of the sentences and rows of `text`, in order, without blank ends."""
    for paragraph in _paragraphs(text):
        start = paragraph.start
        for end in [*_ends(paragraph.of(text)), len(paragraph)]:
            piece = Span(start, paragraph.start + end).trimmed(text)
            if len(piece):
                yield piece
            start = paragraph.start + end


def sentences(text: str) -> list[str]:
    """`text` cut where `cuts` begin; joined together the pieces are `text` again."""
    starts = [cut.start for cut in cuts(text)][1:]
    return [text[start:end] for start, end in zip([0, *starts], [*starts, len(text)], strict=True) if end > start]


def is_row(line: str) -> bool:
    """True for a line with cells. A list item whose number is set off by a tab is prose, not a row."""
    line = line.strip()
    return "\n" not in line and (bool(_BARS.fullmatch(line)) or ("\t" in line and not _ITEM_LINE.match(line)))


def cells_of_line(row: str) -> list[str]:
    """The cells of a row, told apart by tabs or by the bars of Markdown; empty ones hold a column open, and stay."""
    row = row.strip("\n ")
    if _BARS.fullmatch(row.strip()):
        return [cell.strip() for cell in row.strip()[1:-1].split("|")]
    return [cell.strip() for cell in row.split("\t")]


def _words(line: str) -> frozenset[str]:
    return frozenset(line.split())


_BARS = re.compile(r"\|[^\n]*\|[^\n]*\|")


# "(a)⇥internally by …": one tab only, after a number, letter or bullet, and words after it.
_ITEM_LINE = re.compile(r"\s*(?:\(?[^\W_]{1,5}[.)]|\d+(?:\.\d+)+\.?|[•▪●–—*-])\t[^\t]*[^\W\d_]{2}[^\t]*$")

# What ends a sentence: a stop, closing quotes or brackets, then a blank; ideographic stops need none. Where the blank
# was lost ("…the price.The Buyer…", as judgments are often published), a usual first word must follow.
_STOP = re.compile(
    r"""(?P<stop>[.!?…؟।]+)["'”’»)\]]*(?=\s|(?<=[^\W\d_A-Z][.!?])(?=[A-ZÄÖÜ]))|[。！？]["'”’」』）]*|;(?=\s)"""
)

# Where a new item of a list begins: "(b)", "4.", "4.2", "•".
_ITEM = re.compile(r"(?:\(\s?[^\W_]{1,5}\s?\)|\d{1,2}(?:\.\d{1,3})*[.)]|\d{1,2}(?:\.\d{1,3})+|[•▪●–—*])\s")
_ITEM_ONLY = re.compile(r"\s*(?:§+\s*)?\(?(?:\d+(?:\.\d+)*|[^\W\d_]|[ivxlcIVXLC]{1,6})[.)]+\s*$")
_JOINED_ITEM = re.compile(r"\s+(?:(?:and|or|und|oder|sowie|et|ou|y|o)\s+)?\(\s?[^\W_]{1,5}\s?\)")

# Words with a stop that do not end a sentence, whatever follows.
_LEADING = _words(
    "no nos nr art arts abs sec secs sect para paras cl cls ch pt vol fig figs tab ex exh app ann cf e.g i.e eg "
    "ie viz vs v mr mrs ms dr prof hon rev st mt ft gen col capt lt sgt jan feb mar apr jun jul aug sep sept oct "
    "nov dec z.b d.h u.a i.v.m i.s.d i.d.r bzw vgl gem ziff rn rdnr lit ggf sog s inkl zzgl ca evtl insb abl bek "
    "approx ca c est dept div al op cit ibid pp p pg ed eds par núm nº n° sr sra dña pág apdo"
)
# Words with a stop that may also be the last of a sentence: then a usual first word follows.
_TRAILING = _words(
    "inc corp ltd co llc llp plc lp bros s.a s.p.a n.v b.v u.s u.k u.s.a e.u u.n etc jr sr usw a.m p.m ph.d esq "
    "gmbh d.c n.y del mio mrd tsd bn mn mm min max"
)
# The words that sentences begin with (articles, pronouns, conjunctions, prepositions): enough to tell "Inc. The …"
# from "Inc. Common Stock", and "§ 12. Der …" from "12. Dezember".
_FIRST = _words(
    "the this these those that it its if in for each all any no on as a an such we our you your he she they their "
    "there where when upon however unless except neither both either subject notwithstanding with without at by "
    "to from until after before during under over per pursuant and but or nothing every der die das den dem des "
    "ein eine einer eines es er sie wir ihr wenn im in am an auf bei für mit nach vor zur zum dies diese dieser "
    "dieses jede jeder alle sofern soweit wird ist hat als auch le la les un une des il elle ce cette ces en si "
    "dans pour par el los las una si este esta"
)
# After these a number at the start of a line is a reference that was wrapped, not a new item.
_REFERRING = _words(
    "section sections clause clauses article articles paragraph schedule exhibit annex appendix item note table "
    "figure rule part page abschnitt artikel absatz nummer satz § §§ and or to of bis und oder von"
)

_HEADING_LENGTH = 80
"""A line at the start of a paragraph or sentence, of at most so many characters, without a stop and capitalised
throughout, is a heading. Wrapped prose fills its lines (60 characters and more in the filings and contracts looked at)
and is not capitalised throughout."""

_LONG = 600
"""Characters after which a sentence is also cut at its semicolons: about a hundred words, more than a reader holds."""


def _paragraphs(text: str) -> Iterator[Span]:
    """Rows one by one; between them the runs of lines that are neither blank nor rows."""
    start: int | None = None
    place = 0
    for line in text.splitlines(keepends=True):
        row, blank = is_row(line), not line.strip()
        if (row or blank) and start is not None:
            yield Span(start, place)
            start = None
        if row:
            yield Span(place, place + len(line))
        elif not blank and start is None:
            start = place
        place += len(line)
    if start is not None:
        yield Span(start, place)


def _ends(paragraph: str) -> list[int]:
    """Where passages end inside a paragraph, in ascending order."""
    if is_row(paragraph):
        return []
    ends = {match.end() for match in _STOP.finditer(paragraph) if _is_end(paragraph, match)}
    ends.update(_line_ends(paragraph))
    ordered = sorted(ends)
    long = [
        stop.end()
        for start, end in zip([0, *ordered], [*ordered, len(paragraph)], strict=True)
        if end - start > _LONG
        for stop in re.compile(r";(?=\s)").finditer(paragraph, start, end)
    ]
    return sorted({*ordered, *long})


def _is_end(paragraph: str, match: re.Match[str]) -> bool:
    stop = match.group("stop")
    if stop is None:
        return match.group()[0] != ";" or bool(_JOINED_ITEM.match(paragraph, match.end()))
    rest = paragraph[match.end() :].lstrip()
    if not rest or set(stop) & set("!?؟।"):
        return True
    if rest[0].islower():
        return False
    if "…" in stop or len(stop) > 1:
        return True
    line_start = paragraph.rfind("\n", 0, match.start()) + 1
    if _ITEM_ONLY.match(paragraph[line_start : match.end()]):
        return False
    before = re.search(r"[^\s(\[“\"'«]*$", paragraph[: match.start()])
    word = before.group().casefold() if before else ""
    follows = re.match(r"[^\W\d_]+", rest.lstrip("(“\"'«["))
    usual_first = follows is not None and follows.group().casefold() in _FIRST
    if word in _LEADING:
        return False
    if not paragraph[match.end()].isspace():
        return usual_first
    is_initial = len(word) == 1 and word.isalpha()
    is_ordinal = re.fullmatch(r"\d{1,2}", word) is not None
    if word in _TRAILING or is_initial or is_ordinal or re.fullmatch(r"(?:[^\W\d_]\.)+[^\W\d_]", word):
        return usual_first
    return True


def _line_ends(paragraph: str) -> Iterator[int]:
    """Ends that only the layout shows: before an item that begins a line, and after a heading."""
    place = 0
    lines = paragraph.splitlines(keepends=True)
    for number, line in enumerate(lines[:-1]):
        place += len(line)
        words = line.split()
        following = lines[number + 1].lstrip()
        refers = bool(words) and words[-1].casefold().strip("(,") in _REFERRING
        begins = number == 0 or lines[number - 1].rstrip()[-1:] in ".;:!?"
        if (_ITEM.match(following) and not refers) or (begins and _is_heading(line)):
            yield place


def _is_heading(line: str) -> bool:
    words = [word for word in re.findall(r"[^\W\d_]+", line) if len(word) > 3]  # "of", "and", "the" stay small
    return (
        0 < len(line.strip()) <= _HEADING_LENGTH
        and line.rstrip()[-1] not in ".,;:!?-–("
        and bool(words)
        and all(word[0].isupper() for word in words)
    )
