# ruff: noqa: E501 (styles are read better on one line)
"""Amendments that are recognised: precision and recall on amendments of our own making, in styles kept aside.

    python -m benchmarks.amendments [--seed N] [--documents N] [--styles first|later]

Each document is put together from styles of drafting that no rule was written from and no test holds, with sections,
dates and new words drawn anew, and with sentences beside them that only look like amendments. A change counts as found
when its kind, its section and, where there is one, its new text are those that were written; what else is recognised is
a false one. The rules must not be changed to fit this file: write a new style into the tests for that. The later styles
have two exchanges in a sentence, two verbs, and new texts without quotation marks, some with no numbered item after them.
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
LATER: tuple[tuple[int, str, Change], ...] = (
    (0, "In Section {n}, “{old}” is replaced by “{new}” and “{old2}” by “{new2}”.", Change.REWORDED),
    (0, "The words “{old}” and “{old2}” in Section {n} are replaced by “{new}” and “{new2}” respectively.", Change.REWORDED),
    (0, "Section {n} is hereby amended by replacing “{old}” with “{new}” and by deleting “{old2}” and inserting “{new2}” in its place.", Change.REWORDED),
    (0, "Section {n} is hereby amended by (i) changing “{old}” to “{new}” and (ii) changing “{old2}” to “{new2}”.", Change.REWORDED),
    (0, "Section {n} of the Agreement is of no further force and effect and is hereby deleted.", Change.DELETED),
    (0, "Section {n} is rescinded and replaced by the following: “{new}”", Change.REPLACED),
    (0, "Section {n} of the Agreement is deleted and the following is substituted in its stead:\n\n{new text}", Change.REPLACED),
    (1, "For “{old}” and “{old2}” in Clause {n} substitute “{new}” and “{new2}” respectively.", Change.REWORDED),
    (1, "Clause {n} shall be amended so that “{old}” becomes “{new}” and “{old2}” becomes “{new2}”.", Change.REWORDED),
    (1, "Clause {n} no longer applies and is deleted.", Change.DELETED),
    (1, "Clause {n} is cancelled, and the following is substituted therefor: “{new}”", Change.REPLACED),
    (1, "Clause {n} shall henceforth read:\n\n{new text}", Change.REPLACED),
    (1, "Clause {n} is deleted and replaced by the following:\n\n{new text}\n\n(a) in the first year; and\n\n(b) in each year thereafter.", Change.REPLACED),
    (2, "In Ziffer {n} wird „{old}“ durch „{new}“ und „{old2}“ durch „{new2}“ ersetzt.", Change.REWORDED),
    (2, "In Ziffer {n} werden die Worte „{old}“ durch „{new}“ sowie die Worte „{old2}“ durch „{new2}“ ersetzt.", Change.REWORDED),
    (2, "Ziffer {n} verliert ihre Gültigkeit und wird durch folgende Regelung ersetzt: „{new}“", Change.REPLACED),
    (2, "An die Stelle von Ziffer {n} tritt folgende Regelung: „{new}“", Change.REPLACED),
    (2, "Ziffer {n} wird aufgehoben und entfällt ersatzlos.", Change.DELETED),
    (2, "Ziffer {n} wird wie folgt neu gefasst:\n\n{new text}", Change.REPLACED),
)  # fmt: skip
TEXTS = (
    (
        "The price shall be paid within {new} and carries no interest until then:",
        "The Supplier shall keep {new} and tell the Customer at once.",
        "Either party may end the agreement with {new}.",
    ),
    ("Der Preis beträgt {new} und ist sofort fällig.", "Der Lieferant hält {new} ein und berichtet jährlich."),
)
"""New texts without quotation marks, English and German; one ends with a colon, for the items that follow it."""
CLOSINGS = (
    "The parties have signed this document on the day that stands at its beginning.",
    "The parties shall publish nothing about it before both agree to the wording.",
    "Die Parteien tragen ihre Kosten selbst.",
)
"""Stands after the last change of a document without numbers: no paragraph with a number ends the new text before it."""
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
    parser.add_argument("--styles", choices=("first", "later"), default="first")
    options = parser.parse_args()
    found = measured(random.Random(options.seed), options.documents, later=options.styles == "later")
    print(json.dumps(found, ensure_ascii=False, indent=1))


def measured(chance: random.Random, documents: int, *, later: bool = False) -> dict[str, object]:
    """Counts over so many documents: changes written, found and false; dates and agreements told rightly."""
    count: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for _ in range(documents):
        text, written, own, of, styles = _document(chance, later=later)
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


def _document(chance: random.Random, *, later: bool) -> tuple[str, list[_Written], date, date, list[str]]:
    language = chance.randrange(3)
    of = date(2015, 1, 1) + timedelta(days=chance.randrange(2000))
    own = of + timedelta(days=chance.randrange(200, 1500))
    parts = [HEADS[language].format(own=_english(own), of=_english(of), von=_german(of), am=_german(own))]
    written, styles = [], []
    numbers = chance.sample(range(1, 30), 8)
    labelled = not later or chance.random() < 0.5
    for at in range(1, chance.randrange(3, 7)):
        number = (str(numbers[at]), str(chance.randrange(1, 9)))
        label = f"{at}. " if labelled else ""
        if chance.random() < 0.3:
            decoy = chance.choice([words for kind, words in DECOYS if kind == language])
            parts.append(f"{label}{decoy.format(n='.'.join(number))}")
            continue
        _, style, change = chance.choice([one for one in (LATER if later else STYLES) if one[0] == language])
        words = chance.sample(WORDS, 4 if later else 2)
        said = dict(zip(("old", "new", "old2", "new2"), words, strict=False))
        if later:
            items = "(a)" in style
            texts = [one for one in TEXTS[language == 2] if one.endswith(":") == items]
            said["new text"] = chance.choice(texts).format(**said)
        filled = style.format(n=".".join(number), **said)
        parts.append(f"{label}{filled}")
        new = filled.partition("\n\n")[2] if "{new text}" in style else said["new"] if "{new}" in style else None
        for one in (new, said["new2"]) if "{new2}" in style else (new,):
            written.append(_Written(change, number, one))
            styles.append(style)
    if not labelled:
        parts.append(CLOSINGS[language])
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
