"""The numbered sections of a contract: where "Clause 4.2" stands, and which clause a place lies in.

Numbers are believed when they follow each other: "30 days after receipt" at the start of a wrapped line is no Clause 30
where Clause 4 goes before. Schedules begin their numbers anew.

    4. Payment              ("4",)                § 4 Vergütung       ("4",)
    4.2 Invoices are …      ("4", "2")            (2) Rechnungen …    ("4", "2")
    (a) the price …         ("4", "2", "a")       SCHEDULE 1          ("schedule 1",)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.documents import BlockKind, Document, Span
from core.terms import Number

ANNEXES = "schedule|annex|appendix|exhibit|attachment|anlage|anhang|anlagen"
"""Words for what is attached to a contract. Each keeps its own word: Schedule 1 is not Exhibit 1."""

GAP = 3
"""Numbers that may be missing between two clauses: one whose line was not read, or that was left out on purpose."""

_NO_CLAUSES = (BlockKind.HEADER, BlockKind.FOOTER, BlockKind.TABLE)

LONGEST_HEADING = 90
"""Characters of a line after a number that is a heading and not the clause itself."""

_WORD = r"(?:(?:clause|section|article|sec\.|art\.|artikel|ziffer|abschnitt)\s+|§+\s*)"
_LABEL = re.compile(
    rf"[ \t]*[“\"„«]?(?P<word>{_WORD})?"
    r"(?:(?P<digits>\d{1,3}[A-Za-z]?(?:\.\d{1,3}[A-Za-z]?)*)(?=[.):\s\t]|[–—-]\s)[.):]?"
    r"|(?P<roman>[IVXLC]{1,7})(?=[.:\s–—-])[.:]?"
    r"|\((?P<item>[a-z]{1,4}|[A-Z]|\d{1,2}[a-z]?)\)|(?P<letter>[a-z])[.)](?=\s))"
    r"[ \t]*(?P<rest>[^\n]*)",
    re.IGNORECASE,
)
_ANNEX = re.compile(
    rf"[ \t]*(?P<word>{ANNEXES})[ \t]+(?P<number>\d{{1,2}}[A-Z]?|[A-Z](?:-?\d+)?|[IVX]{{1,5}})\b"
    r"(?![ \t]*(?:\(|of\b|to\b)[^\n]{40})[.:]?[ \t]*(?P<rest>[^\n]{0,90})$",
    re.IGNORECASE | re.MULTILINE,
)
_PART = re.compile(r"[ \t]*(?P<part>part|teil)[ \t]+(?P<number>\d{1,2}|[A-Z]|[IVX]{1,5})\b[^\n]{0,80}$", re.IGNORECASE)
_ROMANS = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}


@dataclass(frozen=True, slots=True)
class Clause:
    """A section with its own words: `span` ends where the next number begins, also that of a section below it."""

    number: Number
    heading: str
    span: Span


def clauses_of(document: Document) -> tuple[Clause, ...]:
    """The numbered sections of a document in order; their spans do not overlap."""
    text = document.text
    starts = list(_starts(document))
    ends = [start for _, _, start in [*starts, ((), "", len(text))][1:]]
    return tuple(
        Clause(number, heading, _trimmed(text, Span(start, end)))
        for (number, heading, start), end in zip(starts, ends, strict=True)
    )


def clauses_at(clauses: Sequence[Clause], span: Span) -> tuple[Clause, ...]:
    """The clauses whose own words a place touches, in order."""
    return tuple(clause for clause in clauses if clause.span.overlaps(span))


def section_spans(clauses: Sequence[Clause], number: Number) -> tuple[Span, ...]:
    """The places of a section, with all below it; of the section above it where it is no item of its own.

    Empty when the document has no such section. Neighbours are joined into one place.
    """
    for length in range(len(number), 0, -1):
        wanted = number[:length]
        found = [clause.span for clause in clauses if clause.number[:length] == wanted]
        if found:
            joined = [found[0]]
            for span in found[1:]:
                if span.start - joined[-1].end < 3:  # nothing but a line break stands between them
                    joined[-1] = Span(joined[-1].start, span.end)
                else:
                    joined.append(span)
            return tuple(joined)
        if _is_item(number[length - 1]) is False:
            break
    return ()


def normal(number: str) -> Number:
    """The levels of a number as it is written: "4.2(a)" or "IV" or "4 Abs. 2"."""
    levels = re.findall(
        r"\d+[a-z]?|[a-z]+", re.sub(r"\babs(?:atz|\.)?|\bsatz\s*\d+|\blit\.|\bnr\.", " ", number.lower())
    )
    if levels and re.fullmatch("[ivxlc]+", levels[0]) and re.match(r"\s*[IVXLC]+\b", number):
        levels[0] = str(roman(levels[0]))
    return tuple(levels)


def roman(word: str) -> int:
    """The value of a Roman number in small letters."""
    values = [_ROMANS[sign] for sign in word]
    return sum(-one if one < after else one for one, after in zip(values, [*values[1:], 0], strict=True))


def _is_item(level: str) -> bool:
    """True for the level of a list inside a clause: it may stand in running text, where it begins no line."""
    return not level[:1].isdigit()


def _starts(document: Document) -> Iterator[tuple[Number, str, int]]:
    text = document.text
    path: list[str] = []
    annex: str = ""
    part: str = ""
    place = 0
    passed = iter(block.span for block in document.blocks if block.kind in _NO_CLAUSES)
    outside = next(passed, None)
    for line in text.splitlines(keepends=True):
        start, place = place, place + len(line)
        while outside is not None and outside.end <= start:
            outside = next(passed, None)
        if outside is not None and outside.start <= start:
            continue
        bare = line.rstrip("\n")
        if (match := _ANNEX.fullmatch(bare)) and not match["rest"].strip(" –—-:.")[:1].islower():
            annex = f"{_one(match['word'])} {annex_number(match['number'])}"
            part, path = "", []
            yield (annex,), match["rest"].strip(" –—-:."), start
            continue
        if annex and (match := _PART.fullmatch(bare)):
            part, path = f"part {annex_number(match['number'])}", []
            yield (annex, part), "", start
            continue
        match = _LABEL.match(bare)
        if match is None:
            continue
        following = _next(path, match)
        if following is None:
            continue
        path = following
        before = tuple(filter(None, (annex, part)))
        yield (*before, *path), _heading(match["rest"]), start + len(line) - len(line.lstrip())


def _one(word: str) -> str:
    word = word.lower()
    return "anlage" if word == "anlagen" else word


def annex_number(number: str) -> str:
    """What tells an annex: a number, also of a Roman one, or a letter ("c-1"). A single C or L is a letter."""
    number = number.lower()
    return str(roman(number)) if re.fullmatch("[ivx]{2,}", number) or number in ("i", "v", "x") else number


def _next(path: list[str], match: re.Match[str]) -> list[str] | None:
    """The path at this number, None when it follows from nothing before it."""
    rest = match["rest"].strip()
    if rest and rest[0].islower() and not match["item"] and not match["letter"]:
        return None  # a wrapped line: "… in accordance with / Clause 3 throughout the Term."
    if match["digits"]:
        levels = [level.lower() for level in match["digits"].split(".")]
        return levels if match["word"] or _follows(path, levels) else None
    if match["roman"]:
        if not match["roman"].isupper() or not (match["word"] or match.group().rstrip()[-1:] or rest):
            return None
        levels = [str(roman(match["roman"].lower()))]
        return levels if match["word"] or (_follows(path, levels) and len(match["roman"]) > 1) else None
    return _item(path, (match["item"] or match["letter"]).lower())


def _follows(path: list[str], levels: list[str]) -> bool:
    """True where these levels come next: the first below, the next beside, or the next of a level above."""
    numbers = [level for level in path if level[:1].isdigit()]
    if len(levels) > len(numbers) + 1 and numbers:
        return False
    if not numbers:
        return _value(levels[0]) <= GAP and all(_value(level) <= GAP for level in levels[1:])
    for depth, level in enumerate(levels):
        if depth >= len(numbers):
            return _value(level) <= GAP
        if level != numbers[depth]:
            step = _value(level) - _value(numbers[depth])
            later = all(_value(one) <= GAP for one in levels[depth + 1 :])
            return later and (0 < step <= GAP or (step == 0 and level > numbers[depth]))
    return False


def _value(level: str) -> int:
    return int(re.match(r"\d+", level).group())  # type: ignore[union-attr]


def _item(path: list[str], item: str) -> list[str] | None:
    """The path at an item of a list: the next of a list that is open, or the first of one below."""
    if not path:
        return None
    for depth in range(len(path) - 1, 0, -1):
        if item in _successors(path[depth]):
            return [*path[:depth], item]
    if item not in ("a", "i", "1", "aa"):
        return None
    # The first of a list while one of its kind is open: that one is over, and this begins under the same number.
    again = next((depth for depth, level in enumerate(path) if depth and _counts_alike(level, item)), len(path))
    return [*path[:again], item]


def _counts_alike(level: str, first: str) -> bool:
    if first == "i":
        return re.fullmatch("[ivx]+", level) is not None and level != "v"
    return first == "a" and re.fullmatch("[a-z]", level) is not None and level != "i"


def _successors(item: str) -> set[str]:
    """What comes next in a list, told by any way of counting that the item may be one of."""
    found = set()
    if item.isdigit():
        found.add(str(int(item) + 1))
    if re.fullmatch(r"\d+[a-z]?", item) and not item.isdigit():
        found |= {item[:-1] + chr(ord(item[-1]) + 1), str(int(item[:-1]) + 1)}
    if re.fullmatch("[a-y]", item):
        found.add(chr(ord(item) + 1))
    if item == "z":
        found.add("aa")
    if re.fullmatch("[ivxl]+", item):
        found |= {_roman_of(roman(item) + 1)}
    return found


def _roman_of(value: int) -> str:
    signs = ((50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))
    written = ""
    for worth, sign in signs:
        while value >= worth:
            written, value = written + sign, value - worth
    return written


def _heading(rest: str) -> str:
    """What a clause is headed: the line after its number, or the words before its first stop ("Term. This …")."""
    rest = rest.strip(" \t–—-:.")
    head = re.match(r"[^.:;]{2,60}(?=[.:]\s|$)", rest)
    return rest if 0 < len(rest) <= LONGEST_HEADING and not re.search(r"[.;]\s", rest) else head.group() if head else ""


def _trimmed(text: str, span: Span) -> Span:
    words = span.of(text)
    return Span(span.start, span.start + len(words.rstrip()))
