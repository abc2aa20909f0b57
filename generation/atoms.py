"""What a text says, atom by atom: the parts that must be equal before one text can stand for another.

text ──► atoms ──┬── numbers with unit, scale and sign · currencies · percentages · dates · section numbers
                 ├── negations · modals · comparatives · names                              (these are *critical*)
                 ├── links: and, or, if, any, all, to, from, by
                 └── all other words
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from core.figures import CURRENCIES, SCALES
from generation.words import (
    COMPARATIVES,
    DOLLARS,
    LINKS,
    MODALS,
    MONTHS,
    NEGATIONS,
    NUMBER_WORDS,
    ONE,
    SMALL,
    UNITS,
)


class Kind(StrEnum):
    NUMBER = "number"  # with what belongs to it: currency, scale, percent, unit; also dates and section numbers
    NEGATION = "negation"
    MODAL = "modal"
    COMPARATIVE = "comparative"
    NAME = "name"
    LINK = "link"  # one in another's place turns the meaning; left out or added it may be style
    WORD = "word"


@dataclass(frozen=True, slots=True)
class Amount:
    """A number taken apart: "$1.5 million" is {currency $, value 1500000, digits 1.5, scaled}."""

    currency: str
    value: str
    unit: str
    digits: str
    scaled: bool


@dataclass(frozen=True, slots=True)
class Atom:
    """`key` is what it means (twelve = 12), `shape` how it is written but for what normalisation allows.

    `sentence` counts the sentences and cells before it; `leads` is true for the first atom of one.
    """

    kind: Kind
    key: str
    shape: str
    surface: str
    amount: Amount | None = None
    sentence: int = 0
    leads: bool = False

    @property
    def critical(self) -> bool:
        return self.kind not in (Kind.WORD, Kind.LINK)


def _either(words: Sequence[str]) -> str:
    return "|".join(re.escape(word).replace(r"\ ", r"\s") for word in sorted(words, key=len, reverse=True))


_MONTH = rf"(?!(?-i:may)\b)(?:{_either(list(MONTHS))})\b\.?"  # "may" in small letters is the modal
_DIGITS = r"\d{1,3}(?:[,.']\d{3})+(?:[.,]\d+)?(?!\d)|\d+(?:[.,]\d+)*"
_ANY_CODE = _either([one for one in CURRENCIES if one[0].isalpha()])  # right before digits also "usd 5"
_CODES = _either([one.upper() for one in CURRENCIES if len(one) == 3 and one.isalpha()])
_CODE = f"(?:(?-i:{_CODES})|{_either([one for one in CURRENCIES if len(one) > 3])})"  # CAD, not "cad"
_SIGN = r"(?:US|C|A|HK|S|R)?\$|[€£¥₹₩₫]"

# Section 4 is § 4, and not Article 4; by their first three letters.
_PARTS = {
    name[:3]: name
    for name in ("article", "clause", "paragraph", "schedule", "exhibit", "annex", "appendix", "item", "rule", "note")
} | {"abs": "paragraph", "zif": "number", "num": "number", "sat": "sentence", "khoản"[:3]: "paragraph"}

_JOINED = r"(?:[^\S\t]|-)?"  # what follows in the next cell of a row, or before another number, is not its unit

_TOKEN = re.compile(
    rf"""
    (?P<date>
        (?P<d1>\d{{1,2}})(?:st|nd|rd|th|\.)?\s+(?:day\s+of\s+)?(?P<m1>{_MONTH}),?\s+(?P<y1>\d{{4}})\b
      | (?P<m2>{_MONTH})\s+(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y2>\d{{4}})\b
      | (?P<y3>\d{{4}})-(?P<m3>\d{{2}})-(?P<d3>\d{{2}})\b
      | (?P<dots>\d{{1,2}}[./]\d{{1,2}}[./](?:\d{{4}}|\d{{2}}))\b(?![./]\d)
      | (?P<m4>{_MONTH}),?\s+(?P<y4>\d{{4}})\b
      | (?P<m5>{_MONTH})\s+(?P<d5>\d{{1,2}})(?:st|nd|rd|th)?\b
      | (?P<d6>\d{{1,2}})(?:st|nd|rd|th|\.)?\s+(?P<m6>{_MONTH})
    )
  | (?P<section>
        (?:\b(?P<part>sections?|secs?\.|articles?|art\.|clauses?|paragraphs?|paras?\.|schedules?|exhibits?|annex|appendix|items?|
             rules?|notes?|abschnitt|artikel|absatz|abs\.|nummer|ziffer|satz|điều|khoản)(?:\s+|(?=\d))|§§?\s*)
        (?P<ref>\d+[a-z]?(?:\.\d+)*(?:\s?\([^\W_]{{1,4}}\))*|(?-i:[IVXLC]+\b|[A-Z](?![^\W_])(?:[-.]\d+)*))
    )
  | (?P<number>
        (?P<before>(?:{_SIGN}|\b(?:{_ANY_CODE})\s?(?:{_SIGN})?)\s*)?
        (?P<open>\()?(?P<minus>-)?(?P<before2>(?:{_SIGN})\s*)?
        (?P<digits>(?<![^\W_]){_DIGITS})
        (?P<close>\))?
        (?:{_JOINED}(?P<scale>(?:{_either(list(SCALES))})\b\.?))?
        (?:{_JOINED}(?P<after>(?:{_SIGN})(?!\s*\d)|{_CODE}\b(?!\s*\d)))?
        (?:{_JOINED}(?P<unit>%|(?:{_either([one for one in UNITS if one != "%"])})\b))?
    )
  | (?P<currency>{_SIGN}|\b{_CODE}\b)
  | (?P<word>[^\W_]+(?:[-'][^\W_]+)*(?:\.(?=[^\W\d_]\.)[^\W\d_])*)
  | (?P<end>[.!?;。！？](?=\s|$|["')\]])|[。！？]|\t|\||\n\s*\n)
    """,
    re.IGNORECASE | re.VERBOSE,
)


def atoms_of(text: str) -> list[Atom]:
    """The atoms of `text` in order; sentences are told apart by `Atom.sentence`."""
    text = _plain(text)
    return _with_quantities(list(_raw_atoms(text)))


def _plain(text: str) -> str:
    """Without what carries no meaning: kinds of quotation marks and dashes, ligatures, hyphenation at a line's end."""
    text = re.sub(
        "(?<=\\d)[\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}](?=\\d{3})", "'", text
    )  # 1 500 000
    text = unicodedata.normalize("NFKC", text)
    text = re.sub("[‘’‚‛′`´]", "'", text)
    text = re.sub("[“”„‟″«»]", '"', text)
    text = re.sub("[‐‑‒–—―−]", "-", text).replace("\N{SOFT HYPHEN}", "")
    text = re.sub(r"(?<=[^\W\d_])-[ \t]*\n\s*(?=[^\W\d_])", "", text)
    text = re.sub(r"[^\S\n\t]+", " ", text)
    text = re.sub(r"(?m)(\t[^\w\n]*[\d—–-][^\W\d_\n\t]?[^\w\n]*)$\n", r"\1\n\n", text)  # a row ends with its line
    return re.sub(r" ?\n[ \n]*", lambda blank: "\n\n" if blank.group().count("\n") > 1 else "\n", text)


def _raw_atoms(text: str) -> Iterator[Atom]:
    leads, sentence = True, 0
    for match in _TOKEN.finditer(text):
        if match.group("end"):
            sentence += not leads
            leads = True
            continue
        for atom in _matched(match, text):
            yield Atom(atom.kind, atom.key, atom.shape, atom.surface, atom.amount, sentence, leads)
            leads = False


def _matched(match: re.Match[str], text: str) -> tuple[Atom, ...]:
    if match.group("word"):
        return _words(match.group())
    surface = " ".join(match.group().split())
    if match.group("date"):
        return (Atom(Kind.NUMBER, f"date {_date(match)}", _shape(surface), surface),)
    if match.group("section"):
        reference = re.sub(r"\s", "", match.group("ref"))
        part = _PARTS.get((match.group("part") or "§")[:3].casefold(), "")
        return (Atom(Kind.NUMBER, f"§ {reference} {part}".rstrip(), _shape(surface), surface),)
    if match.group("number"):
        return (_number(match, surface, text),)
    currency = CURRENCIES[surface.casefold()]
    return (Atom(Kind.NUMBER, currency, _shape(surface), surface, Amount(currency, "", "", "", scaled=False)),)


def _date(match: re.Match[str]) -> str:
    for index in "123456":
        month = match.groupdict().get(f"m{index}")
        if month:
            year = match.groupdict().get(f"y{index}") or "?"
            day = match.groupdict().get(f"d{index}") or "?"
            number = int(month) if month.isdigit() else MONTHS[month.casefold().rstrip(".")]
            return f"{year}-{number}-{int(day) if day.isdigit() else day}"
    return match.group("dots")  # 03/04/2023 is March or April: only the same digits are the same date


def _number(match: re.Match[str], surface: str, text: str) -> Atom:
    digits = _without_groups(match.group("digits"))
    before = f"{match.group('before') or ''} {match.group('before2') or ''}"
    money = " ".join((before if before.strip() else match.group("after") or "").split()).casefold()
    currency = _currency(money)
    scale = SCALES.get((match.group("scale") or "").casefold().rstrip("."), 0)
    unit = UNITS.get(" ".join((match.group("unit") or "").split()).casefold(), "")
    opened, closed = bool(match.group("open")), bool(match.group("close"))
    cell = opened and closed and _alone_in_cell(match, text)
    negative = bool(match.group("minus")) and _minus(match, text) or (opened and closed and (cell or bool(currency)))
    value = f"{'-' if negative else ''}{_scaled(digits, scale)}"
    key = " ".join(part for part in (currency, value, unit) if part)
    return Atom(Kind.NUMBER, key, _shape(surface), surface, Amount(currency, value, unit, digits, scale > 0))


def _currency(money: str) -> str:
    """ "usd" and "usd$" are USD; a sign of another currency than its code makes both of them stay."""
    if not money or money in CURRENCIES:
        return CURRENCIES.get(money, "")
    code = max(filter(money.startswith, CURRENCIES), key=len)
    sign = CURRENCIES.get(money.removeprefix(code).strip(), "")
    return CURRENCIES[code] if sign == "$" and CURRENCIES[code] in DOLLARS else f"{CURRENCIES[code]}+{sign}"


def _without_groups(digits: str) -> str:
    """ "1,500,000.50" and "1.500.000,50" are 1500000.50; one point with three digits after it ("1.500") stays as it is,
    since it may be either."""
    digits = re.sub(r"['’\s]", "", digits)
    points, commas = digits.count("."), digits.count(",")
    if points and commas:
        decimal = max(digits.rfind("."), digits.rfind(","))
        return re.sub("[.,]", "", digits[:decimal]) + "." + digits[decimal + 1 :]
    if commas:
        return digits.replace(",", "") if re.fullmatch(r"\d{1,3}(,\d{3})+", digits) else digits.replace(",", ".", 1)
    if points > 1 and re.fullmatch(r"\d{1,3}(\.\d{3})+", digits):
        return digits.replace(".", "")
    return digits


def _scaled(digits: str, power: int) -> str:
    """The same digits times a power of ten; without one they stay as written: "4.20" is not "4.2"."""
    if not power or digits.count(".") > 1:
        return digits
    whole, _, fraction = digits.partition(".")
    moved = fraction.ljust(power, "0")
    value = f"{whole}{moved[:power]}".lstrip("0") or "0"
    rest = moved[power:].rstrip("0")
    return f"{value}.{rest}" if rest else value


def _alone_in_cell(match: re.Match[str], text: str) -> bool:
    before, after = text[: match.start()].rstrip(" "), text[match.end() :].lstrip(" ")
    grouped = bool(re.search(r"[.,]\d", match.group("digits")))
    walls = (before[-1:], after[:1])
    at_edges = walls[0] in "\t|\n" and walls[1] in "\t|\n%" and bool(set(walls) & {"\t", "|"})
    return at_edges or (grouped and not re.search(r"[^\W\d_]$", before))


def _minus(match: re.Match[str], text: str) -> bool:
    """A dash before a number is a sign unless it joins ("2022-2023", "COVID-19") or opens a list item."""
    before = text[match.start() - 1 : match.start()] if match.start() else ""
    return not before or before in " \t|\n("


@lru_cache(maxsize=1 << 14)
def _words(surface: str) -> tuple[Atom, ...]:
    return tuple(_named(_words_as_written(surface)))


def _words_as_written(surface: str) -> Iterator[Atom]:
    folded = surface.casefold()
    parts = folded.split("-")
    if len(parts) > 1 and all(part in NUMBER_WORDS for part in parts):
        yield from (_word(part, part) for part in parts)  # twenty-four
        return
    if folded.endswith("n't") or folded == "cannot":
        stem = "can" if folded in ("can't", "cannot") else "will" if folded == "won't" else folded[:-3]
        yield _word(stem, surface)
        yield Atom(Kind.NEGATION, "not", "not", surface)
        return
    yield _word(folded.removesuffix("'s").replace("-", ""), surface)


def _word(key: str, surface: str) -> Atom:
    if key in NUMBER_WORDS:
        return _spelled(str(NUMBER_WORDS[key]), "", key, surface, scaled=False)
    kind = (
        Kind.NEGATION
        if key in NEGATIONS
        else Kind.MODAL
        if key in MODALS
        else Kind.COMPARATIVE
        if key in COMPARATIVES
        else Kind.LINK
        if key in LINKS
        else Kind.WORD
    )
    return Atom(kind, key, _shape(surface), surface)


def _shape(surface: str) -> str:
    grouped = re.sub(r"(?<=\d)[,'](?=\d{3}(?!\d))", "", surface.casefold())
    return re.sub(r"[\s-]|(?<=\w)'s$", "", grouped)


def _named(atoms: Iterator[Atom]) -> Iterator[Atom]:
    for atom in atoms:
        capital = atom.surface[:1].isupper() and atom.kind is Kind.WORD and atom.key not in SMALL
        yield replace(atom, kind=Kind.NAME) if capital else atom


def _spelled(value: str, unit: str, shape: str, surface: str, *, scaled: bool) -> Atom:
    """A number in words. Its shape consists of letters, which is how it is told from digits."""
    key = f"{value} {unit}".rstrip()
    return Atom(Kind.NUMBER, key, shape, surface, Amount("", value, unit, value, scaled))


def _with_quantities(atoms: list[Atom]) -> list[Atom]:
    """Number words joined with what belongs to them: "twenty", "four", "months" is 24 month."""
    joined: list[Atom] = []
    for atom in atoms:
        last = joined[-1] if joined else None
        whole = _joined_number(last, atom) if last is not None and last.sentence == atom.sentence else None
        if last is not None and whole is not None:
            joined[-1] = replace(whole, leads=last.leads, sentence=last.sentence)
        else:
            joined.append(atom)
    return joined


def _joined_number(last: Atom, atom: Atom) -> Atom | None:
    if last.key in ONE and last.kind is not Kind.NUMBER and (atom.key in UNITS or atom.key in SCALES):
        last = _spelled("1", "", last.key, last.surface, scaled=False)
    if last.amount is None or not last.shape.isalpha() or not last.amount.value or last.amount.unit:
        return None
    shape, surface, value = last.shape + atom.shape, f"{last.surface} {atom.surface}", last.amount.value
    if atom.kind in (Kind.WORD, Kind.NAME):
        if atom.key in SCALES:
            return _spelled(_scaled(value, SCALES[atom.key]), "", shape, surface, scaled=True)
        if atom.key in UNITS:
            return _spelled(value, UNITS[atom.key], shape, surface, scaled=last.amount.scaled)
    elif atom.amount is not None and atom.amount.value == value:
        return replace(atom, shape=shape, surface=surface)  # twelve (12) months
    elif atom.amount is not None and atom.shape.isalpha() and atom.amount.value:
        ten, one = int(value), int(atom.amount.value)
        if 20 <= ten < 100 and ten % 10 == 0 and one < 10:
            return _spelled(str(ten + one), "", shape, surface, scaled=False)
        if ten < 100 <= one:
            return _spelled(str(ten * one), "", shape, surface, scaled=True)
    return None
