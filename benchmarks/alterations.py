"""What the verifier lets through: single changes to real clauses and table rows, and harmless ways to write the same.

    python -m benchmarks.alterations ../shared/bench --sets policyqa obliqa cuad legalquad gdpr_en_de docugami_sec10q
    python -m benchmarks.alterations                       (the example matter of this repository, a smaller run)

Sentences and rows are drawn from the documents of each set. Every kind of change below is made at one place of each,
until there are `--alterations` of them, and every harmless variant, until there are `--variants`. Each goes two ways:
as a claim with the untouched words as its quote, and as a quote held against the sentence with its neighbours, which is
what `dossier eval citations` does. A change must come out neither verified, exact nor normalised; a variant must not
come out altered. Prints a line per kind, what went wrong with --show, and exits with 1 when a change went through or
more than one variant in a hundred was called altered.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.answers import Citation, Claim, Support
from core.documents import Chunk, DocumentId, Span
from core.privacy import Clearance
from generation.passages import passages_of
from generation.verify import Agreement, compare, verified

MATTER = Path(__file__).parent.parent / "examples" / "matter"
DOCUMENTS = 40
"""Documents per set at most; of long ones the first 200,000 characters."""

NEIGHBOURS = 2
"""Sentences or rows before and after the one that was changed: what a quote is held against."""


@dataclass(frozen=True, slots=True)
class Place:
    """A sentence or row, and the text around it in which it stands."""

    text: str
    around: str


Change = Callable[[str, random.Random], Iterator[str]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path, nargs="?", help="folder of judged sets; the example matter when left out")
    parser.add_argument("--sets", nargs="+", default=[])
    parser.add_argument("--sentences", type=int, default=900, help="sentences and rows per set")
    parser.add_argument("--alterations", type=int, default=10_000)
    parser.add_argument("--variants", type=int, default=10_000)
    parser.add_argument("--show", type=int, default=0, help="print so many of those that went wrong")
    choice = parser.parse_args()
    draw = random.Random(11)
    folders = [choice.root / name for name in choice.sets] if choice.root else [MATTER]
    places = [place for folder in folders for place in sample(folder, choice.sentences, draw)]
    draw.shuffle(places)
    rows = sum("\t" in place.text for place in places)
    print(f"{len(places)} sentences and rows ({rows} rows) of {len(folders)} sets")
    altered, through = alterations(places, choice.alterations, draw)
    _print(altered, "passed", through)
    variants, called = harmless(places, choice.variants, draw)
    _print(variants, "called altered", called)
    for kind, before, after in [*through, *called][: choice.show]:
        print(f"\n{kind}\n  was {before!r}\n  now {after!r}")
    sys.exit(1 if through or len(called) > 0.01 * sum(variants.values()) else 0)


Wrong = list[tuple[str, str, str]]
"""(kind, what it was, what was made of it) of each that went wrong."""


def alterations(places: Sequence[Place], count: int, draw: random.Random) -> tuple[Counter[str], Wrong]:
    """Up to `count` changes, evenly over the kinds, and those that came out verified, exact or normalised."""
    made: Counter[str] = Counter()
    through: Wrong = []
    for kind, place, changed in _evenly(CHANGES, places, count, draw):
        made[kind] += 1
        passed = support(changed, place.text) is Support.VERIFIED
        agreement = compare(changed, place.around).agreement
        if passed or agreement in (Agreement.EXACT, Agreement.NORMALISED):
            through.append((f"{kind} ({'verified' if passed else agreement.value})", place.text, changed))
    return made, through


def harmless(places: Sequence[Place], count: int, draw: random.Random) -> tuple[Counter[str], Wrong]:
    """Up to `count` variants, evenly over the kinds, and those that were called altered. Every other one is made on
    the side of the source, as the line breaks and ligatures of a file are."""
    made: Counter[str] = Counter()
    called: Wrong = []
    for number, (kind, place, variant) in enumerate(_evenly(VARIANTS, places, count, draw)):
        made[kind] += 1
        ours, theirs, around = variant, place.text, place.around
        if number % 2:
            ours, theirs, around = place.text, variant, place.around.replace(place.text, variant)
        told = support(ours, theirs) is Support.ALTERED
        agreement = compare(ours, around).agreement
        if told or agreement in (Agreement.ALTERED, Agreement.ABSENT):
            called.append((f"{kind} ({'claim' if told else agreement.value})", theirs, ours))
    return made, called


def support(claim: str, quote: str) -> Support:
    return verified(Claim(claim, (Citation(DocumentId("d"), Span(0, len(quote)), quote, (1,)),))).support


def _evenly(
    kinds: dict[str, Change], places: Sequence[Place], count: int, draw: random.Random
) -> list[tuple[str, Place, str]]:
    """As many of each kind as there are, but none more than its share while others have some left."""
    found: dict[str, list[tuple[str, Place, str]]] = {kind: [] for kind in kinds}
    for place in places:
        for kind, change in kinds.items():
            if len(found[kind]) < count:
                # What a neighbour says is no false quote, and what changes nothing no variant.
                found[kind] += [
                    (kind, place, made) for made in dict.fromkeys(change(place.text, draw)) if made not in place.around
                ]
    chosen: list[tuple[str, Place, str]] = []
    left = sorted(found.values(), key=len)
    while left:
        share = (count - len(chosen)) // len(left)
        chosen += left.pop(0)[:share]
    return chosen


def _print(made: Counter[str], what: str, wrong: Wrong) -> None:
    counts = Counter(kind.rsplit(" (", 1)[0] for kind, _, _ in wrong)
    print(f"\n{'kind':24}{'tried':>8}{what:>16}")
    for kind, tried in sorted(made.items()):
        print(f"{kind:24}{tried:8}{counts[kind]:16}")
    print(f"{'all':24}{sum(made.values()):8}{len(wrong):16}")


# ── sentences and rows ────────────────────────────────────────────────────────────────────────────────────────────────


def sample(folder: Path, count: int, draw: random.Random) -> list[Place]:
    """Sentences and rows of three words or more, from at most forty documents of a set; as many rows as sentences
    where there are rows."""
    places: list[Place] = []
    for text in texts(folder, draw):
        whole = Chunk("id", DocumentId("d"), "", Span(0, len(text)), text, (1,), "")
        passages = passages_of([whole])
        for index, passage in enumerate(passages):
            if len(re.findall(r"[^\W_]+", passage.text)) >= 3 and len(passage.text) < 1_500:
                near = passages[max(index - NEIGHBOURS, 0) : index + NEIGHBOURS + 1]
                places.append(Place(passage.text, text[near[0].span.start : near[-1].span.end]))
    rows = [place for place in places if "\t" in place.text and re.search(r"\d", place.text)]
    prose = [place for place in places if "\t" not in place.text]
    rows = draw.sample(rows, min(count // 2, len(rows)))
    return rows + draw.sample(prose, min(count - len(rows), len(prose)))


def texts(folder: Path, draw: random.Random) -> Iterator[str]:
    """The texts of a set: its text files, or its PDFs as they are read."""
    listing = folder / "docs.jsonl"
    if listing.exists():
        rows = [json.loads(line) for line in listing.read_text(encoding="utf-8").splitlines()]
        paths = [folder / row.get("text_path", row["path"]) for row in rows]
    else:
        paths = sorted(folder.glob("*.pdf"))
    for path in draw.sample(paths, min(DOCUMENTS, len(paths))):
        if path.suffix in (".txt", ".md"):
            yield path.read_text(encoding="utf-8")[:200_000]
        else:
            from ingest.parse import parse

            yield parse(path, collection="c", clearance=Clearance.RESTRICTED, source=path.name).text[:200_000]


# ── changes ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _each(*pairs: tuple[str, str]) -> Change:
    """Each pattern that is found is applied once, at a place drawn at random."""
    compiled = [(re.compile(pattern), instead) for pattern, instead in pairs]

    def change(text: str, draw: random.Random) -> Iterator[str]:
        for pattern, instead in compiled:
            found = list(pattern.finditer(text))
            if found:
                place = draw.choice(found)
                yield text[: place.start()] + place.expand(instead) + text[place.end() :]

    return change


def _either_way(*pairs: tuple[str, str]) -> Change:
    """Whole words, either for the other, also with a capital."""
    both = [*pairs, *((new, old) for old, new in pairs)]
    both += [(old.capitalize(), new.capitalize()) for old, new in both]
    return _each(*((rf"\b{old}\b", new) for old, new in dict.fromkeys(both)))


def _digit(text: str, draw: random.Random) -> Iterator[str]:
    """A digit changed, one dropped, one doubled, two swapped."""
    digits = [place.start() for place in re.finditer(r"\d", text)]
    if not digits:
        return
    at = draw.choice(digits)
    yield text[:at] + draw.choice([digit for digit in "123456789" if digit != text[at]]) + text[at + 1 :]
    numbers = [place for place in re.finditer(r"\d[\d.,]*\d", text) if place.group()[0] != "0"]
    if numbers:
        number = draw.choice(numbers)
        at = draw.choice([place for place in range(number.start(), number.end()) if text[place].isdigit()])
        yield text[:at] + text[at + 1 :]
        yield text[:at] + text[at] + text[at:]
    unlike = [place.start() for place in re.finditer(r"(\d)(?!\1)(?=\d)", text)]
    if unlike:
        at = draw.choice(unlike)
        yield text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def _sign(text: str, draw: random.Random) -> Iterator[str]:
    """The sign of an amount: accounting parentheses and minus signs, in the cells of a row and before percentages."""
    if "\t" in text:
        yield from _each(
            (r"(?<=\t)(\$ ?)?\((\$ ?)?([\d,.]+)\)(?=\t|$)", r"\1\2\3"),
            (r"(?<=\t)(\$ ?)?(\d{1,3}(?:,\d{3})+|\d+\.\d+)(?=\t|$)", r"(\1\2)"),
            (r"(?<=\t)(\d{1,3}(?:,\d{3})+|\d+\.\d+)(?=\t|$)", r"-\1"),
            (r"(?<=\t)[-−–](\d)", r"\1"),
        )(text, draw)
    yield from _each((r"(?<=\s)([\d.]+ ?(?:%|percent\b))", r"-\1"), (r"(?<=\s)[-−](\d[\d.]* ?%)", r"\1"))(text, draw)


def _name(text: str, draw: random.Random) -> Iterator[str]:
    """Two names of one sentence in each other's place."""
    if "\t" in text:
        return
    names = {found.group() for found in re.finditer(r"(?<=[a-z,] )[A-Z][a-z]{3,}\b(?! [A-Z\d])", text)}
    if len(names) > 1:
        one, other = draw.sample(sorted(names), 2)
        swapped = re.sub(rf"\b{one}\b", "\0", text)
        yield re.sub(rf"\b{other}\b", one, swapped).replace("\0", other)


def _together(*changes: Change) -> Change:
    def change(text: str, draw: random.Random) -> Iterator[str]:
        for one in changes:
            yield from one(text, draw)

    return change


_MONTHS = (
    ("January", "June"), ("February", "August"), ("March", "April"), ("May", "October"), ("July", "September"),
    ("November", "December"), ("Januar", "Juni"), ("März", "April"), ("Oktober", "November"), ("Juli", "August"),
)  # fmt: skip

_MODAL = r"\b(shall|may|must|will|should|can)\b(?! not\b)"

CHANGES: dict[str, Change] = {
    "negation dropped": _each(
        (r"\b(?:[Nn]ot|[Nn]icht|không|chưa) ", ""),
        (r" (?:not|nicht)\b", ""),
        (r"\bno\b ", ""),
        (r"\bNo\b ", ""),
        (r"\bnor\b", "and"),
        (r"\b([Kk])ein(e[rnms]?)?\b", r"ein\2"),
        (r"\bwithout\b", "with"),
        (r"\bneither\b", "either"),
        (r"\bnever\b ", ""),
    ),
    "negation added": _each(
        (_MODAL, r"\1 not"),
        (r"\b(is|are|was|were|has|have|does)\b(?! not\b)", r"\1 not"),
        (r"\b(ist|sind|wird|werden|kann|darf|hat)\b(?! nicht\b)", r"\1 nicht"),
        (r"\b(phải|được|có)\b", r"không \1"),
        (r"\bany\b", "no"),
    ),
    "modal": _together(
        _either_way(("shall", "may"), ("must", "may"), ("will", "may"), ("should", "shall"), ("can", "must")),
        _either_way(("muss", "kann"), ("darf", "muss"), ("soll", "kann"), ("müssen", "können"), ("phải", "có thể")),
    ),
    "digit": _digit,
    "number word": _either_way(("two", "three"), ("five", "four"), ("ten", "twelve"), ("thirty", "ninety")),
    "scale": _each(
        (r"\bmillion\b", "billion"),
        (r"\bbillion\b", "million"),
        (r"\bthousand", "million"),
        (r"\bmillions\b", "thousands"),
        (r"\b(?:million|billion)\b ?", ""),
        (r"([$€£] ?\d[\d.,]*\d)(?! ?(?:million|billion|\d))", r"\1 million"),
        (r"\bMio\.", "Mrd."),
    ),
    "sign": _sign,
    "currency": _each(
        (r"\bUSD\b", "EUR"),
        (r"\bEUR\b", "USD"),
        (r"\$", "€"),
        (r"€", "$"),
        (r"\bEuro\b", "Dollar"),
        (r"\$ ?(?=\d)", "£"),
        (r"\bdollars\b", "euros"),
        (r"\bđồng\b", "euro"),
    ),
    "percent": _each(
        (r"(\d) ?%(?!\)? ?per)", r"\1"),
        (r"(\d) ?%", r"\1 million"),
        (r"(\d) percent\b", r"\1 percentage points"),
    ),
    "date": _together(
        _either_way(*_MONTHS),
        _each(
            (r"\b((?:January|March|May|July|August|October|December) )1(\d, \d{4})", r"\g<1>2\2"),
            (r"\b(3)([01]\.? (?:Dezember|Oktober|August|Juli|März|December|March))", r"2\2"),
            (r"\b(19|20)(\d)(\d)\b", r"\g<1>\g<3>\g<2>"),
            (r"\b20(\d\d)\b", r"19\1"),
        ),
    ),
    "party": _together(
        _name,
        _either_way(
            ("Supplier", "Customer"), ("Licensor", "Licensee"), ("Company", "Distributor"), ("Buyer", "Seller"),
            ("Lessor", "Lessee"), ("Landlord", "Tenant"), ("Controller", "Processor"), ("Kläger", "Beklagter"),
            ("Klägerin", "Beklagte"), ("Verantwortliche", "Auftragsverarbeiter"), ("controller", "processor"),
        ),
    ),
    "section": _each(
        (r"\b((?:Section|Clause|Article|Rule|Item|Note|Artikel|Absatz|Điều|§§?) ?)(?!9)\d", r"\g<1>9"),
        (r"\b((?:Section|Clause|Article|Rule|Artikel|Absatz|§) ?\d+)\b", r"\g<1>1"),
        (r"\b((?:Section|Clause|Article|Rule) ?\d+\.)(?!7)\d", r"\g<1>7"),
        (r"\b((?:Section|Clause|Article|Rule|paragraph) ?\d*\()a\)", r"\1b)"),
        (r"§ (\d)", r"Artikel \1"),
        (r"\bArticle (\d)", r"Section \1"),
    ),
    "comparative": _together(
        _either_way(
            ("at least", "at most"), ("more than", "less than"), ("maximum", "minimum"), ("before", "after"),
            ("above", "below"), ("greater", "smaller"), ("higher", "lower"), ("increase", "decrease"),
            ("increased", "decreased"), ("prior to", "after"), ("least", "most"), ("earlier", "later"),
            ("over", "under"), ("within", "after"), ("up to", "over"), ("exceeds", "equals"), ("until", "from"),
        ),
        _either_way(("mindestens", "höchstens"), ("vor", "nach"), ("mehr", "weniger"), ("über", "unter")),
        _each((r"\bonly\b ", ""), (r"\bup to\b ", ""), (r"\bat least\b ", ""), (r"\bmore than\b ", "")),
    ),
    "unit": _either_way(("days", "months"), ("years", "months"), ("weeks", "hours"), ("Tage", "Monate")),
    "and, or, if": _either_way(
        ("and", "or"), ("if", "unless"), ("und", "oder"), ("all", "any"), ("provided that", "even if")
    ),
    "to, from, by": _either_way(("to", "from"), ("by", "to"), ("with", "for"), ("von", "für")),
}  # fmt: skip
"""Each kind with what makes changes of it. The last two are not in the list of what a claim must never change, but a
lawyer reads them as closely."""


# ── harmless variants ─────────────────────────────────────────────────────────────────────────────────────────────────


def _case(text: str, _: random.Random) -> Iterator[str]:
    if re.search(r"[A-Za-z]{3}", text) and not re.search("[ßſİıŉǰΐΰ]|\\bmay\\b|[^\x00-\u024f]", text):
        yield text.upper()
        yield text.lower()
    if re.match(r"[A-Z][a-z]", text):
        yield text[0].lower() + text[1:]


def _quotes(text: str, _: random.Random) -> Iterator[str]:
    straight = re.sub("[“”„«»]", '"', re.sub("[‘’]", "'", text))
    curled = re.sub(r"(?<=\w)'(?=\w)", "’", re.sub(r'"([^"]*)"', r"“\1”", straight))
    german = re.sub(r'"([^"]*)"', r"„\1“", straight)
    yield from (one for one in (straight, curled, german) if one != text)


def _dashes(text: str, _: random.Random) -> Iterator[str]:
    for dash in "‐‑–—−":
        changed = re.sub(r"(?<=[^\W\d_])[-‐‑](?=[^\W\d_])|(?<=\s)[-–—](?=\s)", dash, text)
        if changed != text:
            yield changed


def _blanks(text: str, draw: random.Random) -> Iterator[str]:
    for blank in ("  ", "\u00a0", "\u2009", " \n "):
        places = [place.start() for place in re.finditer(r"(?<=\S) (?=\S)", text)]
        if places and ("\t" not in text or "\n" not in blank):
            taken = set(draw.sample(places, max(1, len(places) // 4)))
            yield "".join(blank if at in taken else one for at, one in enumerate(text))


def _line_breaks(text: str, draw: random.Random) -> Iterator[str]:
    if "\t" not in text and " " in text:
        width = draw.choice([30, 45, 60])
        yield re.sub(rf"(.{{{width},{width + 15}}}) (?=\S)", r"\1\n", text)


def _hyphens(text: str, draw: random.Random) -> Iterator[str]:
    places = [place.start() for place in re.finditer(r"(?<=[a-zäöü]{3})(?=[a-zäöü]{3})", text)]
    if places and "\t" not in text:
        at = draw.choice(places)
        yield f"{text[:at]}-\n{text[at:]}"
        yield f"{text[:at]}-\n  {text[at:]}"
    if places:
        at = draw.choice(places)
        yield f"{text[:at]}\u00ad{text[at:]}"


def _ligatures(text: str, _: random.Random) -> Iterator[str]:
    changed = text.replace("ffi", "ﬃ").replace("ffl", "ﬄ").replace("ff", "ﬀ").replace("fi", "ﬁ").replace("fl", "ﬂ")
    if changed != text:
        yield changed


VARIANTS: dict[str, Change] = {
    "case": _case,
    "quotation marks": _quotes,
    "dashes": _dashes,
    "blanks": _blanks,
    "line breaks": _line_breaks,
    "hyphenation": _hyphens,
    "ligatures": _ligatures,
}


if __name__ == "__main__":
    main()
