"""What a question is made of: where to look and what for, and the lines of the financial statements that it needs.

question ─▶ clauses asked for ("change of control") ─▶ the words that such clauses have        `clause_wording`
question ─▶ measures named ("quick ratio") ─▶ their lines ─┐
         ─▶ lines named ("capex")          ────────────────┼─▶ one part for each statement, with the lines to find there
         ─▶ statements named ("P&L")       ────────────────┘
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core.finance import Item, Statement, items, measures, plain

_NAMED = {
    Statement.BALANCE_SHEET: (
        "balance sheets?|statements? of (?:consolidated )?(?:financial position|(?:financial )?condition)|bilanz"
    ),
    Statement.INCOME: (
        "income statements?|p&l|profit and loss"
        "|statements? of (?:consolidated )?(?:net )?(?:income|earnings|operations|profit)"
        "|guv|gewinn- und verlustrechnung|gesamtergebnisrechnung"
    ),
    Statement.CASH_FLOW: "cash ?flow statements?|statements? of (?:consolidated )?cash ?flows?|kapitalflussrechnung",
}
_STATEMENT_NAMED = {
    statement: re.compile(rf"(?<![\w&])(?:{pattern})(?![\w&])") for statement, pattern in _NAMED.items()
}

# Such questions are answered in words, or by a table of segments: the statement only has the figure they are about.
_IN_WORDS = re.compile(
    r"\b(?:why|drove|drives?|drivers?|driven|driving|caused?|causes|reasons?|explains?|explained|due to"
    r"|impact(?:ed)?|affect(?:ed)?|outlook|guidance|expects?|expected|forecast\w*|segments?|geograph\w+|regions?|countr\w+|products?|categor\w+"
    r"|customers?|policy|policies|warum|weshalb|wodurch|segmente?n?)\b"
)


def clause_wording(question: str) -> str:
    """Words that the clauses asked for usually have (`clauses.toml`), for the sparse side; empty for most questions."""
    text = plain(question)
    return " ".join(wording for pattern, wording in _clauses() if pattern.search(text))


@cache
def _clauses() -> tuple[tuple[re.Pattern[str], str], ...]:
    """(phrases in the plain words of a question, the wording of the clause), in the order of the file."""
    stored = tomllib.loads(Path(__file__).with_name("clauses.toml").read_text(encoding="utf-8"))
    return tuple((_whole(one["asked"]), one["wording"]) for one in stored["clause"])


def _whole(phrases: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w&-])(?:{'|'.join(re.escape(plain(phrase)) for phrase in phrases)})(?![\w&-])")


@dataclass(frozen=True, slots=True)
class Part:
    """A statement to look into, and the lines to find there. `because` says in words what called for it.

    `sure` False: the question is about these lines, but its answer may well stand in prose or in another table.
    """

    statement: Statement
    items: tuple[Item, ...]
    because: str
    sure: bool

    @property
    def wording(self) -> str:
        """How statements word these lines: what the sparse side is asked for besides the question."""
        return " ".join(dict.fromkeys(label for item in self.items for label in item.labels[:3]))


def parts_of(question: str) -> tuple[Part, ...]:
    """The statements that the question needs, in their usual order; none for most questions about contracts."""
    text = plain(question)
    named = [statement for statement, pattern in _STATEMENT_NAMED.items() if pattern.search(text)]
    rest = text
    called: list[tuple[Item, str]] = []
    for phrase, found, because in _phrases():
        if phrase in rest and (pattern := _whole([phrase])).search(rest):
            # A longer name was looked for first: "operating cash flow ratio" is no "operating cash flow".
            rest = pattern.sub(" ", rest)
            called += [(item, because) for item in found]
    wanted = list(dict.fromkeys([*named, *(item.statement for item, _ in called)]))
    if named:
        wanted = named
    sure = bool(named) or not _IN_WORDS.search(text)
    parts = []
    for statement in Statement:
        if statement not in wanted:
            continue
        here = [(item, because) for item, because in called if item.statement is statement]
        reasons = dict.fromkeys(["named in the question"] * (statement in named) + [why for _, why in here])
        lines = tuple(dict.fromkeys(item for item, _ in here))
        parts.append(Part(statement, lines, f"{statement.value}: {', '.join(reasons)}", sure))
    return tuple(parts)


@cache
def _phrases() -> tuple[tuple[str, tuple[Item, ...], str], ...]:
    """(words of a question, the lines they call for, why), the longest first."""
    found: dict[str, tuple[tuple[Item, ...], str]] = {}
    for item in items():
        for phrase in (*item.asked, *(label for label in item.labels if " " in label)):
            before = found.get(phrase, ((), ""))[0]
            found[phrase] = ((*before, item), f"the line {phrase}")
    for measure in measures():
        for phrase in measure.asked:
            found[phrase] = (measure.items, f"{measure.name} = {measure.meaning}")
    return tuple((phrase, *what) for phrase, what in sorted(found.items(), key=lambda one: (-len(one[0]), one[0])))
