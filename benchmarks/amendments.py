# ruff: noqa: E501 (styles are read better on one line)
"""Amendments that are recognised: precision and recall on amendments of our own making, in styles kept aside.

    python -m benchmarks.amendments [--seed N] [--documents N]

Each document is put together from styles of drafting that no rule was written from and no test holds, with sections,
dates and new words drawn anew, and with sentences beside them that only look like amendments. A change counts as found
when its kind, its section and, where there is one, its new text are those that were written; what else is recognised is
a false one. The rules must not be changed to fit this file: write a new style into the tests for that.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

from core.documents import Block, BlockKind, Document, DocumentId, Fate, Page, Span
from core.privacy import Clearance
from core.terms import Change
from ingest.amendments import amendments_of

HEADS = (
    "SECOND AMENDMENT TO DISTRIBUTION AGREEMENT\n\nThis Second Amendment (this “Amendment”) is entered into as of {own} by "
    "Elm Corp. and Fir LLC.\n\nWHEREAS, the parties are parties to that certain Distribution Agreement dated as of {of} "
    "(the “Agreement”); and\n\nNOW, THEREFORE, the parties agree as follows:",
    "DEED OF VARIATION\n\nThis deed is made on {own}.\n\nBackground\n\nThe parties entered into a Distribution Agreement "
    "dated {of} (the Original Agreement) and wish to vary it.",
    "3. Nachtrag\n\nzum Vertriebsvertrag vom {von}\n\nDieser Nachtrag wird am {am} zwischen der Elm AG und der Fir GmbH "
    "geschlossen.",
)
STYLES: tuple[tuple[int, str, Change], ...] = (
    (0, "The Agreement is hereby amended by deleting Section {n} in its entirety and inserting in lieu thereof: “{new}”", Change.REPLACED),
    (0, "Section {n} of the Agreement shall be, and hereby is, amended and restated to read in full as follows:\n\n“{new}”", Change.REPLACED),
    (0, "Section {n} is hereby stricken in its entirety.", Change.DELETED),
    (0, "The reference in Section {n} to “{old}” is hereby changed to “{new}”.", Change.REWORDED),
    (0, "The following sentence is hereby added at the end of Section {n}: “{new}”", Change.REWORDED),
    (0, "Section {n} is hereby amended to replace “{old}” with “{new}”.", Change.REWORDED),
    (1, "Clause {n} shall be varied by the substitution of “{new}” for “{old}”.", Change.REWORDED),
    (1, "Clause {n} shall be removed and the following substituted for it: “{new}”", Change.REPLACED),
    (1, "Clause {n} is hereby revoked.", Change.DELETED),
    (1, "There shall be inserted a new Clause {n} in the following terms:\n\n“{new}”", Change.INSERTED),
    (1, "The existing Clause {n} shall be deleted and the following new clause shall be inserted in its place:\n\n“{new}”", Change.REPLACED),
    (1, "In Clause {n}, for “{old}” there shall be substituted “{new}”.", Change.REWORDED),
    (2, "Die bisherige Ziffer {n} wird aufgehoben und durch folgende Regelung ersetzt: „{new}“", Change.REPLACED),
    (2, "In Ziffer {n} Satz 1 wird die Angabe „{old}“ durch die Angabe „{new}“ ersetzt.", Change.REWORDED),
    (2, "Ziffer {n} lautet nunmehr wie folgt: „{new}“", Change.REPLACED),
    (2, "Ziffer {n} wird um folgenden Satz ergänzt: „{new}“", Change.REWORDED),
    (2, "Ziffer {n} ist ab sofort gegenstandslos und wird gestrichen.", Change.DELETED),
)  # fmt: skip
DECOYS = (
    (0, "Except as expressly amended hereby, Section {n} is unaffected."),
    (0, "Section {n} may be modified only by a writing signed by both parties."),
    (0, "In the event that Section {n} is held invalid, it shall be replaced by a valid one."),
    (1, "Clause {n} had been deleted by a previous deed of variation."),
    (1, "The goods described in Clause {n} shall be replaced free of charge."),
    (1, "Neither party may require that Clause {n} be varied."),
    (2, "Ziffer {n} bleibt unverändert."),
    (2, "Sollte Ziffer {n} geändert werden, bedarf dies der Schriftform."),
)
WORDS = ("ninety (90) days", "USD 4,000", "the State of Ohio", "twelve months", "5 per cent", "a written notice")


@dataclass(frozen=True, slots=True)
class _Written:
    change: Change
    number: tuple[str, ...]
    new: str | None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(json.dumps(measured(random.Random(options.seed), options.documents), ensure_ascii=False, indent=1))


def measured(chance: random.Random, documents: int) -> dict[str, object]:
    """Counts over so many documents: changes written, found and false; dates and agreements told rightly."""
    count: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for _ in range(documents):
        text, written, own, of, styles = _document(chance)
        found = amendments_of(_parsed(text))
        changes = list(found.changes) if found else []
        read = [_Written(one.change, one.target.number, one.new.of(text) if one.new else None) for one in changes]
        count["written"] += len(written)
        count["read"] += len(read)
        count["documents"] += 1
        count["agreement told"] += bool(found and found.agreements and found.agreements[0].day == of)
        count["date told"] += bool(found and found.day == own)
        for one, style in zip(written, styles, strict=True):
            if one in read:
                count["exact"] += 1
                read.remove(one)
            else:
                missed[style] += 1
            count["section told"] += any(one.number == other.target.number for other in changes)
    return {
        "documents": count["documents"],
        "changes": count["written"],
        "recall, kind and section and new text": round(count["exact"] / count["written"], 3),
        "recall, section alone": round(count["section told"] / count["written"], 3),
        "precision, kind and section and new text": round(count["exact"] / max(count["read"], 1), 3),
        "read": count["read"],
        "agreement told": round(count["agreement told"] / documents, 3),
        "date told": round(count["date told"] / documents, 3),
        "missed, by style": dict(missed.most_common()),
    }


def _document(chance: random.Random) -> tuple[str, list[_Written], date, date, list[str]]:
    language = chance.randrange(3)
    of = date(2015, 1, 1) + timedelta(days=chance.randrange(2000))
    own = of + timedelta(days=chance.randrange(200, 1500))
    parts = [HEADS[language].format(own=_english(own), of=_english(of), von=_german(of), am=_german(own))]
    written, styles = [], []
    numbers = chance.sample(range(1, 30), 8)
    for at in range(1, chance.randrange(3, 7)):
        number = (str(numbers[at]), str(chance.randrange(1, 9)))
        if chance.random() < 0.3:
            decoy = chance.choice([words for kind, words in DECOYS if kind == language])
            parts.append(f"{at}. {decoy.format(n='.'.join(number))}")
            continue
        _, style, change = chance.choice([one for one in STYLES if one[0] == language])
        old, new = chance.sample(WORDS, 2)
        parts.append(f"{at}. {style.format(n='.'.join(number), old=old, new=new)}")
        written.append(_Written(change, number, new if "{new}" in style else None))
        styles.append(style)
    return "\n\n".join(parts) + "\n", written, own, of, styles


def _english(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"


def _german(day: date) -> str:
    return f"{day.day}.{day.month}.{day.year}"


def _parsed(text: str) -> Document:
    blocks, at = [], 0
    for part in text.split("\n\n"):
        blocks.append(Block(BlockKind.PARAGRAPH, Span(at, at + len(part.rstrip("\n")))))
        at += len(part) + 2
    page = Page(1, "1", Span(0, len(text)), Fate.TEXT)
    return Document(DocumentId("0" * 64), "", "made.txt", "text/plain", text, (page,), tuple(blocks), "made",
                    Clearance.RESTRICTED, "made")  # fmt: skip


if __name__ == "__main__":
    main()
