"""What the support scorer learns from: judged answers with the words that are wrong, and altered sentences.

    ragtruth    answers of language models; people marked the words that the context does not support
    summedits   summaries and edits of them; in an inconsistent edit the words that no consistent one has are wrong
    altered     sentences of contracts, rules and reports as they stand, shortened or joined (right), and with one
                change, or taken from another document (wrong)

Each source (one context and all that was written about it) is in the train part or the test part, by a hash.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from benchmarks.alterations import CHANGES
from generation.evidence import Unit, units_of

SPLIT_SEED = "faithfulness-1"
TRAIN_SHARE = 2 / 3

_UNITS = 14
"""Sentences of a document that make a context of the altered set: about as much as an answer cites."""


@dataclass(frozen=True, slots=True)
class Example:
    """One answer with its context. `wrong` has a flag for each word of each unit of the answer."""

    set: str
    source: str
    task: str
    question: str
    context: str
    response: str
    claims: tuple[Unit, ...]
    wrong: tuple[tuple[bool, ...], ...]
    label: int


def part_of(source: str) -> str:
    """train or test: the same for all answers about one source, whatever else is in the file."""
    draw = int(hashlib.sha256(f"{SPLIT_SEED} {source}".encode()).hexdigest()[:8], 16) / 2**32
    return "train" if draw < TRAIN_SHARE else "test"


def fold_of(source: str, folds: int) -> int:
    """The fold of cross-validation: again all answers about one source together."""
    return int(hashlib.sha256(f"fold {source}".encode()).hexdigest()[:8], 16) % folds


def ragtruth(folder: Path) -> Iterator[Example]:
    for row in rows(folder):
        claims = units_of(row["response"])
        wrong = tuple(tuple(_marked(row["response"], claim, row["spans"])) for claim in claims)
        yield _example("ragtruth", row, claims, wrong)


def summedits(folder: Path) -> Iterator[Example]:
    items = rows(folder)
    right: dict[str, list[list[str]]] = defaultdict(list)
    for row in items:
        if not row["label"]:
            right[row["source_id"]].append([word.folded for unit in units_of(row["response"]) for word in unit.words])
    for row in items:
        claims = units_of(row["response"])
        said = [word.folded for claim in claims for word in claim.words]
        flags = differing(said, right[row["source_id"]]) if row["label"] else [False] * len(said)
        yield _example("summedits", row, claims, tuple(by_claim(flags, claims)))


def judged_answers(root: Path) -> Iterator[Example]:
    """The train part of what people judged."""
    for one in (*ragtruth(root / "ragtruth"), *summedits(root / "summedits")):
        if part_of(one.source) == "train":
            yield one


def altered(root: Path, *, sets: Sequence[str], contexts: int, seed: int) -> Iterator[Example]:
    """`contexts` contexts of each set; of each one answer that is right and three that are wrong."""
    draw = random.Random(seed)
    for name in sets:
        texts = documents(root / name, draw)
        for number in range(contexts):
            units, stranger = texts[number % len(texts)], texts[(number + 1) % len(texts)]
            first = draw.randrange(max(1, len(units) - _UNITS))
            near = units[first : first + _UNITS]
            context = "\n".join(near)
            source = f"{name} {number}"
            long_enough = [unit for unit in near if 8 <= len(unit.split()) <= 60]
            foreign = [unit for unit in stranger if 8 <= len(unit.split()) <= 60 and unit not in context]
            if len(long_enough) < 3 or not foreign:
                continue
            chosen = draw.sample(long_enough, 3)
            question = _question(chosen[0]) if number % 2 else ""
            yield _altered(source, question, context, [chosen[0], _retold(chosen[1], draw)], [])
            changed = list(dict.fromkeys(altered_sentences(chosen[0], near, draw)))
            for sentence in draw.sample(changed, min(2, len(changed))):
                yield _altered(source, question, context, [sentence, chosen[2]], [chosen[0]])
            yield _altered(source, question, context, [chosen[1], draw.choice(foreign)], [""])


def altered_sentences(sentence: str, near: Sequence[str], draw: random.Random) -> Iterator[str]:
    """The sentence with one change of each kind that can be made to it; `near` are the sentences around it."""
    for change in CHANGES.values():
        made = list(change(sentence, draw))
        if made:
            yield draw.choice(made)
    if other := swapped(sentence, near, draw):
        yield other


def rows(folder: Path) -> list[dict[str, Any]]:
    """The lines of a set of judged answers, all about one context together."""
    lines = (folder / "items.jsonl").read_text(encoding="utf-8").splitlines()
    return sorted((json.loads(line) for line in lines), key=lambda row: (row["context"], row["id"]))


def documents(folder: Path, draw: random.Random) -> list[list[str]]:
    """The sentences and rows of up to sixty documents."""
    listed = [json.loads(line) for line in (folder / "docs.jsonl").read_text(encoding="utf-8").splitlines()]
    paths = [folder / row.get("text_path", row["path"]) for row in listed]
    paths = [path for path in paths if path.suffix in (".txt", ".md") and path.exists()]
    found = []
    for path in draw.sample(paths, min(60, len(paths))):
        units = [unit.text for unit in units_of(path.read_text(encoding="utf-8")[:60_000])]
        if len(units) >= _UNITS:
            found.append(units)
    return found


def differing(said: Sequence[str], right: Sequence[Sequence[str]]) -> list[bool]:
    """The words that the most similar right text has not; where it has more, the words on both sides of the gap."""
    flags = [False] * len(said)
    matchers = [SequenceMatcher(None, said, one, autojunk=False) for one in right]
    if not matchers:
        return flags
    for tag, start, end, _, _ in max(matchers, key=SequenceMatcher.ratio).get_opcodes():
        if tag == "insert":
            start, end = start - 1, end + 1
        if tag != "equal":
            for place in range(max(start, 0), min(end, len(said))):
                flags[place] = True
    return flags


def by_claim(flags: Sequence[bool], claims: Sequence[Unit]) -> Iterator[tuple[bool, ...]]:
    """Flags of all words of an answer, by claim."""
    at = 0
    for claim in claims:
        yield tuple(flags[at : at + len(claim.words)])
        at += len(claim.words)


def swapped(sentence: str, near: Sequence[str], draw: random.Random) -> str | None:
    """The sentence with one number or name replaced by another of the same context: no word is new, and it is wrong."""
    for pattern in draw.sample([r"\b\d+(?:[.,]\d+)*\b", r"(?<=[a-z,] )[A-Z][a-z]{2,}\b"], 2):
        ours = list(re.finditer(pattern, sentence))
        others = sorted({found for unit in near for found in re.findall(pattern, unit)} - {m.group() for m in ours})
        if ours and others:
            place = draw.choice(ours)
            return sentence[: place.start()] + draw.choice(others) + sentence[place.end() :]
    return None


# ── one call below ────────────────────────────────────────────────────────────────────────────────────────────────────

_LEAD_INS = ("Under the agreement, ", "According to the document, ", "It states that ", "In particular, ", "")


def _example(name: str, row: dict[str, Any], claims: tuple[Unit, ...], wrong: tuple[tuple[bool, ...], ...]) -> Example:
    return Example(
        set=name,
        source=row["source_id"],
        task=row["task"],
        question=row["question"] or "",
        context=row["context"],
        response=row["response"],
        claims=claims,
        wrong=wrong,
        label=int(row["label"]),
    )


def _marked(response: str, claim: Unit, spans: Sequence[dict[str, int]]) -> Iterator[bool]:
    at = claim.span.start
    for word in claim.words:
        surface = claim.text[word.start : word.end]
        found = response.find(surface, at, claim.span.end)
        start = found if found >= 0 else at
        at = start + len(surface)
        yield any(span["start"] < at and start < span["end"] for span in spans)


def _retold(sentence: str, draw: random.Random) -> str:
    """The sentence without a bracket, under a lead-in, or as it stands: all of it is still said by the original."""
    shorter = re.sub(r" \([^()]*\)", "", sentence, count=1) if draw.random() < 0.5 else sentence
    lead_in = draw.choice(_LEAD_INS)
    return f"{lead_in}{shorter[0].lower() if lead_in else shorter[0]}{shorter[1:]}" if shorter else sentence


def _question(sentence: str) -> str:
    """Every other context comes with a question, as answers do."""
    content = [word.folded for unit in units_of(sentence) for word in unit.words if not word.common]
    return f"What is said about {' '.join(content[:4])}?"


def _altered(source: str, question: str, context: str, sentences: Sequence[str], originals: Sequence[str]) -> Example:
    """`originals` are what the first sentences were before the change; "" for one of another document, put last."""
    response = "\n\n".join(sentences)
    claims = units_of(response)
    said = [word.folded for claim in claims for word in claim.words]
    if originals == [""]:
        foreign = len([word for unit in units_of(sentences[-1]) for word in unit.words])
        flags = [place >= len(said) - foreign for place in range(len(said))]
    elif originals:
        right = [
            word.folded for text in (originals[0], *sentences[1:]) for unit in units_of(text) for word in unit.words
        ]
        flags = differing(said, [right])
    else:
        flags = [False] * len(said)
    return Example(
        set="altered",
        source=source,
        task="altered",
        question=question,
        context=context,
        response=response,
        claims=claims,
        wrong=tuple(by_claim(flags, claims)),
        label=int(bool(originals)),
    )
