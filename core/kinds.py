"""Kinds of documents that are asked for by name: what stands on their title page, and how a question calls them."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """`on_title_page` None: only a file's name or a person says that a document is one."""

    value: str
    in_question: re.Pattern[str]
    on_title_page: re.Pattern[str] | None = None


def _kind(value: str, asked: str, stated: str | None = None) -> Kind:
    return Kind(
        value,
        re.compile(rf"(?<![\w-])(?:{asked})(?![\w])", re.IGNORECASE),
        re.compile(stated, re.IGNORECASE | re.MULTILINE) if stated else None,
    )


def _form(name: str, *, also: str = "") -> Kind:
    """A form of the SEC: "10-K", "10K", "Form 10-K/A"."""
    pattern = name.replace("-", "[-‑– ]?")
    plural = rf"(?:form\s+)?{pattern}(?:/A|A)?(?:['’]?s)?"
    return _kind(name, plural + (f"|{also}" if also else ""), rf"^\W*form\s+{pattern}(?:/A)?\b")


KINDS = (
    _form("10-K", also=r"annual\s+reports?\s+on\s+form\s+10-k"),
    _form("10-Q", also=r"quarterly\s+(?:reports?|filings?)"),
    _form("8-K", also=r"current\s+reports?"),
    _form("20-F"),
    _form("6-K"),
    _form("S-1"),
    _kind(
        "proxy statement", r"proxy\s+statements?|DEF\s?14A", r"^\W*(?:notice\s+of\s+.{0,30}and\s+)?proxy\s+statement"
    ),
    _kind(
        "annual report",
        r"annual\s+reports?|Geschäftsberichte?s?|Jahresberichte?s?|rapport\s+annuel",
        r"^\W*(?:annual\s+report(?!\s+pursuant)|geschäftsbericht|jahresbericht|rapport\s+annuel)",
    ),
    _kind(
        "earnings release",
        r"earnings(?:\s+(?:releases?|press\s+releases?|announcements?))?",
        r"^.{0,80}\b(?:reports?|announces?)\b.{0,60}\b(?:results|earnings)\b",
    ),
    _kind(
        "judgment", r"judge?ments?|Urteile?s?|ruling", r"^\W*(?:judge?ment\b|im\s+namen\s+des\s+volkes|urteil\b|tenor)"
    ),
    _kind(
        "regulation", r"regulations?|Verordnung(?:en)?|directive|Richtlinie", r"^\W*(?:regulation\s+\(|verordnung\s+\()"
    ),
    _kind(
        "privacy policy",
        r"privacy\s+(?:policy|policies|statement|notice)",
        r"\bprivacy\s+(?:policy|statement|notice)\b",
    ),
)
"""10-K before annual report: what is both is asked for by either name."""

CONTRACT_WORDS = (
    r"agreements?|contract|lease|deed|amendment(?:\s+no\.?\s*\d+)?|addendum|licen[cs]e|memorandum\s+of\s+understanding|"
    r"\w*vertrag|\w*vereinbarung|nachtrag(?:\s+nr\.?\s*\d+)?|mietvertrag|statement|guarant(?:ee|y)|indenture|note"
)
"""Words in which the title of a contract ends."""
