"""Answers made for the reader to learn from: what is said otherwise and still true, and what is not said at all.

    made      from sentences of contracts, rules, reports, and of the contexts of the train parts, whose verdicts are
              not looked at
    retouched from sentences of answers that people found supported: their own words, with one thing made wrong

A sentence is told otherwise (WordNet's synonyms, other order, shortened, numbers as words, a lead-in) and then, half of
the time, one thing of it is made wrong: a critical word altered as in benchmarks/alterations.py, a name or number of
the context in the place of another, two that change places, an opposite, a sibling, a word of elsewhere, a clause of
elsewhere, or the whole sentence from elsewhere.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.lexicon import Lexicon
from benchmarks.support_data import (
    Example,
    altered_sentences,
    by_claim,
    differing,
    documents,
    part_of,
    rows,
    swapped,
)
from generation.evidence import units_of
from generation.words import COMMON, NUMBER_WORDS

TEXTS = ("cuad", "obliqa", "tatqa", "gdpr_en_de")

_SENTENCES = range(6, 46)
"""Words of a sentence that an answer is made of."""

_OF_A_DOCUMENT = 400
"""Sentences that are taken of a document at most."""

_JUDGED_MORE = 4
"""How often the context of a judged answer stands among the documents: its language is nearer to that of answers."""


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes answers. The same seed, the same answers."""

    lexicon: Lexicon
    draw: random.Random

    def made(self, texts: Sequence[Sequence[str]], count: int) -> Iterator[Example]:
        """`count` answers of one to three sentences, each over four to nine sentences of one of `texts`."""
        pool = self._pool([unit for text in texts for unit in text[:6]])
        number = 0
        while number < count:
            text, other = self.draw.choice(texts), self.draw.choice(texts)
            size = self.draw.randint(4, 9)
            first = self.draw.randrange(max(1, len(text) - size))
            near = text[first : first + size]
            usable = [unit for unit in near if len(unit.split()) in _SENTENCES]
            if len(usable) < 2:
                continue
            context = "\n".join(near)
            around = [*text[max(0, first - 30) : first], *text[first + size : first + size + 30]]
            far = _foreign(around if self.draw.random() < 0.8 else other, context) or _foreign(other, context)
            chosen = self.draw.sample(usable, min(self.draw.choice((1, 1, 2, 3)), len(usable)))
            share = self.draw.choice((0.25, 0.45, 0.6))
            parts = [self._led_in(*self._told(unit, near, far, pool, share)) for unit in chosen]
            if example := _put_together("made", f"made {number}", "", context, parts):
                yield example
                number += 1

    def retouched(self, judged: Sequence[Example], *, answers: int) -> Iterator[Example]:
        """`answers` answers for each context of `judged`."""
        by_context: dict[tuple[str, str, str], list[Example]] = defaultdict(list)
        for example in judged:
            by_context[example.set, example.source, example.context].append(example)
        pool = self._pool([example.response for example in judged])
        keys = sorted(by_context)
        for key in keys:
            examples = by_context[key]
            near = [unit.text for unit in units_of(key[2])]
            other = self.draw.choice([one for one in keys if one[0] == key[0] and one != key])
            far = [text for text in _supported(by_context[other]) if len(text.split()) in _SENTENCES]
            whole = [[unit.text for unit in one.claims] for one in examples if not one.label]
            single = sorted(set(_supported(examples)))
            for _ in range(answers):
                # Of a summary all sentences stay together; of a longer answer a few are taken.
                few = min(self.draw.randint(1, 4), len(single))
                chosen = self.draw.choice(whole) if whole and few < 3 else self.draw.sample(single, few)
                share = self.draw.choice((0.0, 0.4, 0.6))
                parts = [self._told(unit, near, far, pool, share) for unit in chosen]
                if example := _put_together(key[0], key[1], examples[0].question, key[2], parts):
                    yield replace(example, task=examples[0].task)

    # ── one call below ────────────────────────────────────────────────────────────────────────────────────────────

    def _pool(self, texts: Sequence[str]) -> list[str]:
        chosen = self.draw.sample(texts, min(600, len(texts)))
        return [word for text in chosen for word in _WORD.findall(text) if word not in COMMON]

    def _told(
        self, sentence: str, near: Sequence[str], far: Sequence[str], pool: Sequence[str], share: float
    ) -> tuple[str, list[bool]]:
        """The sentence told otherwise and, with the probability `share`, with one thing wrong; a flag for each word."""
        said = self._otherwise(sentence) if self.draw.random() < 0.8 else sentence
        words = _words(said)
        for _ in range(3 if self.draw.random() < share else 0):
            wrong, foreign = self._wrong(said, near, far, pool)
            if wrong and wrong not in (said, sentence) and len(wrong.split()) > 3:
                new = _words(wrong)
                return wrong, [True] * len(new) if foreign else differing(new, [words])
        return said, [False] * len(words)

    def _otherwise(self, sentence: str) -> str:
        changes: tuple[tuple[Callable[[str], str], float], ...] = (
            (self._shortened, 0.35),
            (_reordered, 0.4),
            (self._numbers, 0.4),
            (lambda one: self._exchanged(one, "same", self.draw.choice((1, 1, 2, 3))), 0.8),
        )
        for change, share in changes:
            if self.draw.random() < share:
                changed = change(sentence)
                sentence = changed if len(changed.split()) > 3 else sentence
        return sentence

    def _wrong(
        self, sentence: str, near: Sequence[str], far: Sequence[str], pool: Sequence[str]
    ) -> tuple[str | None, bool]:
        """The sentence with one thing wrong, or None; and whether all of it is from elsewhere."""
        kinds = ("altered", "named", "opposite", "siblings", "swapped", "moved", "strange", "clause", "foreign")
        match self.draw.choices(kinds, (26, 12, 16, 10, 8, 8, 4, 8, 8))[0]:
            case "altered":
                made = list(dict.fromkeys(altered_sentences(sentence, near, self.draw)))
                return (self.draw.choice(made) if made else None), False
            case "opposite" | "siblings" as kind:
                return self._exchanged(sentence, kind, 1), False
            case "named":
                return swapped(sentence, near, self.draw), False
            case "swapped":
                return self._swapped(sentence), False
            case "moved":
                return self._replaced(sentence, [word for unit in near for word in _WORD.findall(unit)]), False
            case "strange":
                return self._replaced(sentence, pool), False
            case "clause":
                return (self._with_clause(sentence, self.draw.choice(far)) if far else None), False
            case _:
                return (self._otherwise(self.draw.choice(far)) if far else None), True

    def _exchanged(self, sentence: str, kind: str, count: int) -> str:
        """Up to `count` words exchanged for related ones."""
        found = [
            (match, others)
            for match in _PLAIN.finditer(sentence)
            if match.group() not in COMMON and (others := getattr(self.lexicon.related(match.group()), kind))
        ]
        for match, others in sorted(self.draw.sample(found, min(count, len(found))), key=lambda one: -one[0].start()):
            chosen = self.draw.choice(others[:4] if kind == "same" else others)
            sentence = sentence[: match.start()] + chosen + sentence[match.end() :]
        return sentence

    def _swapped(self, sentence: str) -> str | None:
        """Two names or two numbers of the sentence change places."""
        for pattern in self.draw.sample((_NAME, _NUMBER), 2):
            found = list(pattern.finditer(sentence))
            if len({match.group() for match in found}) > 1:
                one, other = sorted(self.draw.sample(found, 2), key=re.Match.start)
                between = sentence[one.end() : other.start()]
                return sentence[: one.start()] + other.group() + between + one.group() + sentence[other.end() :]
        return None

    def _replaced(self, sentence: str, pool: Sequence[str]) -> str | None:
        """One content word replaced by another with the same ending."""
        found = [match for match in _WORD.finditer(sentence) if match.group() not in COMMON]
        if not found:
            return None
        match = self.draw.choice(found)
        word, said = match.group(), set(_WORD.findall(sentence))
        alike = {one for one in pool if one[-2:] == word[-2:] and one[:4] != word[:4]} - said - COMMON
        if not alike:
            return None
        return sentence[: match.start()] + self.draw.choice(sorted(alike)) + sentence[match.end() :]

    def _with_clause(self, sentence: str, other: str) -> str | None:
        """A clause of another sentence added, or in place of the last one."""
        clause = self.draw.choice(re.split(r"(?<=[,;]) ", other)).strip().rstrip(".")
        if len(clause.split()) < 3:
            return None
        parts = sentence.rstrip(".").split(", ")
        kept = parts[: max(1, len(parts) - 1)] if self.draw.random() < 0.5 else parts
        joint = self.draw.choice(("and ", "", "which "))
        return f"{', '.join(kept)}, {joint}{clause[0].lower()}{clause[1:]}."

    def _shortened(self, sentence: str) -> str:
        """Without a bracket, or without its last clauses."""
        sentence = re.sub(r" ?\([^()]*\)", "", sentence, count=1)
        parts = sentence.split(", ")
        if len(parts) > 2 and self.draw.random() < 0.6:
            sentence = ", ".join(parts[: self.draw.randrange(1, len(parts))]).rstrip(".,;") + "."
        return sentence

    def _numbers(self, sentence: str) -> str:
        """Small numbers as words, or words as numbers."""
        if self.draw.random() < 0.5:
            return re.sub(r"\b\d{1,2}\b", lambda match: _SPELT.get(match.group(), match.group()), sentence)
        digits = {word: digit for digit, word in _SPELT.items()}
        return re.sub(rf"\b({'|'.join(digits)})\b", lambda match: digits[match.group()], sentence)

    def _led_in(self, sentence: str, flags: list[bool]) -> tuple[str, list[bool]]:
        lead = self.draw.choice(_LEAD_INS)
        if not lead or not sentence[0].isupper():
            return sentence, flags
        return f"{lead}{sentence[0].lower()}{sentence[1:]}", [False] * len(_words(lead)) + flags


def texts_of(root: Path, draw: random.Random) -> list[list[str]]:
    """Sentences of documents of all kinds, by document. Nothing of what the product is measured on."""
    texts = [text[:_OF_A_DOCUMENT] for name in TEXTS for text in documents(root / name, draw) if _english(text)]
    for name in ("ragtruth", "summedits"):
        for context in sorted({row["context"] for row in rows(root / name) if part_of(row["source_id"]) == "train"}):
            units = [unit.text for unit in units_of(context)]
            if len(units) >= 5 and not context.lstrip().startswith("{"):
                texts += [units] * _JUDGED_MORE
    return texts


# ── one call below ────────────────────────────────────────────────────────────────────────────────────────────────────

_WORD = re.compile(r"(?<![\w'])[a-z]{4,}(?![\w'])")
_PLAIN = re.compile(r"(?<![\w'’-])[a-z]{3,}(?![\w'’-])")
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-zA-Z]+(?: [A-Z][a-zA-Z]+)*")
_NUMBER = re.compile(r"\b\d+(?:[.,]\d+)*\b")
_SPELT = {str(value): word for word, value in NUMBER_WORDS.items() if 1 < value <= 12 or value in (20, 30, 60, 90)}
_LEAD_INS = (
    *("Under the agreement, ", "According to the text, ", "It states that ", "In particular, ", "Additionally, "),
    *("Overall, ", "The passage notes that ", "In short, ", "", "", ""),
)


def _words(text: str) -> list[str]:
    return [word.folded for unit in units_of(text) for word in unit.words]


def _english(text: Sequence[str]) -> bool:
    return sum(" the " in unit for unit in text) > len(text) / 4


def _foreign(units: Sequence[str], context: str) -> list[str]:
    return [unit for unit in units if len(unit.split()) in _SENTENCES and unit not in context]


def _supported(examples: Sequence[Example]) -> list[str]:
    return [
        claim.text
        for example in examples
        for claim, flags in zip(example.claims, example.wrong, strict=True)
        if not any(flags) and 5 <= len(claim.words) <= 60
    ]


def _reordered(sentence: str) -> str:
    """The first part last, or a condition first."""
    if match := re.fullmatch(r"([A-Z][^,]{8,60}), (.{15,})\.", sentence):
        return f"{match[2][0].upper()}{match[2][1:]}, {match[1][0].lower()}{match[1][1:]}."
    if match := re.fullmatch(r"(.{15,}) (if|when|unless|because|after|before|while) (.{8,})\.", sentence):
        return f"{match[2].capitalize()} {match[3]}, {match[1][0].lower()}{match[1][1:]}."
    return sentence


def _put_together(
    name: str, source: str, question: str, context: str, parts: Sequence[tuple[str, list[bool]]]
) -> Example | None:
    """None where the sentences are cut into other words when they stand together."""
    response = "\n\n".join(text for text, _ in parts)
    claims = units_of(response)
    flags = [flag for _, one in parts for flag in one]
    if not flags or sum(len(claim.words) for claim in claims) != len(flags):
        return None
    wrong = tuple(by_claim(flags, claims))
    return Example(name, source, name, question, context, response, claims, wrong, int(any(flags)))
