"""How many single changes to real sentences the verifier lets through.

    python benchmarks/alterations.py ../shared/bench policyqa legalquad alqac_vi obliqa cuad

Sentences and rows are sampled from the text files of each set. Each is held against itself (it must come out
verified), and then changed in every way below that applies to it, once each, and held against what it was: that must
never come out verified. Prints a line per kind of change.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from core.answers import Citation, Claim, Support
from core.documents import Chunk, DocumentId, Span
from generation.passages import passages_of
from generation.verify import verified

CHANGES: dict[str, tuple[tuple[str, str], ...]] = {
    "negation dropped": ((r"\bnot\b ?", ""), (r"\bno\b ?", ""), (r"\bnicht\b ?", ""), (r"\bkhông\b ?", "")),
    "negation added": ((r"\b(shall|may|must|will)\b", r"\1 not"), (r"\b(ist|wird)\b", r"\1 nicht")),
    "modal": ((r"\bshall\b", "may"), (r"\bmay\b", "shall"), (r"\bmust\b", "may"), (r"\bmuss\b", "kann")),
    "digit": ((r"\d", "{digit}"),),
    "currency": ((r"\bUSD\b", "EUR"), (r"\bEUR\b", "USD"), (r"\$", "€"), (r"€", "$")),
    "scale": ((r"\bmillion\b", "billion"), (r"\bbillion\b", "million"), (r"\bthousand\b", "million")),
    "unit": ((r"\bdays\b", "months"), (r"\bmonths\b", "years"), (r"\byears\b", "months"), (r"\bTage\b", "Monate")),
    "bound": ((r"\bat least\b", "at most"), (r"\bmore than\b", "less than"), (r"\bmaximum\b", "minimum")),
    "party": (
        (r"\bSupplier\b", "Customer"),
        (r"\bLicensor\b", "Licensee"),
        (r"\bCompany\b", "Distributor"),
        (r"\bBuyer\b", "Seller"),
    ),
}
"""Each kind with its patterns; the first that is found is applied, at one place drawn at random."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path)
    parser.add_argument("sets", nargs="+")
    parser.add_argument("--sentences", type=int, default=150, help="per set")
    choice = parser.parse_args()
    draw = random.Random(11)
    outcomes: dict[str, Counter[Support]] = {}
    for name in choice.sets:
        for sentence in sample(choice.root / name, choice.sentences, draw):
            outcomes.setdefault("unchanged", Counter())[support(sentence, sentence)] += 1
            for kind, changed in changes(sentence, draw):
                outcomes.setdefault(kind, Counter())[support(changed, sentence)] += 1
    print(f"{'':20}" + "".join(f"{one.value:>12}" for one in Support))
    for kind, counts in outcomes.items():
        print(f"{kind:20}" + "".join(f"{counts[one]:12}" for one in Support))
    through = sum(counts[Support.VERIFIED] for kind, counts in outcomes.items() if kind != "unchanged")
    tried = sum(counts.total() for kind, counts in outcomes.items() if kind != "unchanged")
    print(f"{through} of {tried} changes came out verified")


def sample(folder: Path, count: int, draw: random.Random) -> list[str]:
    """Sentences and rows of five words or more, from at most forty documents of a set."""
    rows = [json.loads(line) for line in (folder / "docs.jsonl").read_text(encoding="utf-8").splitlines()]
    paths = [folder / row.get("text_path", row["path"]) for row in rows]
    paths = [path for path in paths if path.suffix in (".txt", ".md") and path.exists()]
    sentences: list[str] = []
    for path in draw.sample(paths, min(40, len(paths))):
        text = path.read_text(encoding="utf-8")[:200_000]
        whole = Chunk("id", DocumentId("d"), "", Span(0, len(text)), text, (1,), "")
        sentences += [one.text for one in passages_of([whole]) if len(one.text.split()) >= 5]
    return draw.sample(sentences, min(count, len(sentences)))


def changes(sentence: str, draw: random.Random) -> Iterator[tuple[str, str]]:
    for kind, patterns in CHANGES.items():
        for pattern, instead in patterns:
            found = list(re.finditer(pattern, sentence))
            if not found:
                continue
            place = draw.choice(found)
            other = draw.choice([digit for digit in "0123456789" if digit != place.group()])
            new = place.expand(instead.replace("{digit}", other))
            yield kind, sentence[: place.start()] + new + sentence[place.end() :]
            break


def support(claim: str, quote: str) -> Support:
    return verified(Claim(claim, (Citation(DocumentId("d"), Span(0, len(quote)), quote, (1,)),))).support


if __name__ == "__main__":
    main()
