"""Words that mean the same, the opposite, or something of the same sort, in the inflection of a given one.

Read from the files of WordNet 3.0 (Princeton University; the folder of Debian's package wordnet-base), which the
product neither carries nor needs: benchmarks/train_reader.py makes answers with it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_FILES = {"n": "noun", "v": "verb", "a": "adj", "r": "adv"}
_PARTS = {"1": "n", "2": "v", "3": "a", "4": "r", "5": "a"}

Synset = tuple[str, str]
"""Part of speech and place in the data file."""


@dataclass(frozen=True, slots=True)
class Related:
    """Other words for one, all of them inflected as it is: of the same first sense, opposites, and siblings (they share
    the next more general sense and are no synonyms in any sense)."""

    same: tuple[str, ...] = ()
    opposite: tuple[str, ...] = ()
    siblings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Sense:
    lemmas: tuple[str, ...]
    pointers: tuple[tuple[str, Synset, int, int], ...]
    """Kind, target, and the numbers of the two lemmas it holds between (0: of all)."""


class Lexicon:
    """WordNet by surface word. A word whose part of speech is not plain from how often each was tagged has no
    relations, nor has one that was tagged fewer than three times."""

    def __init__(self, folder: Path) -> None:
        """`folder` holds index.noun, data.noun, … Raises FileNotFoundError where it does not."""
        self._tagged: dict[tuple[str, str], int] = defaultdict(int)
        for line in _lines(folder / "cntlist.rev"):
            key, _, count = line.split()
            lemma, sense = key.split("%")
            self._tagged[lemma, _PARTS[sense[0]]] += int(count)
        self._senses: dict[tuple[str, str], list[Synset]] = {}
        self._synsets: dict[Synset, _Sense] = {}
        for part, name in _FILES.items():
            for line in _lines(folder / f"index.{name}"):
                fields = line.split()
                self._senses[fields[0], part] = [(part, place) for place in fields[6 + int(fields[3]) :]]
            for line in _lines(folder / f"data.{name}"):
                place, sense = _sense(line)
                self._synsets[part, place] = sense
        self._narrower: dict[Synset, list[Synset]] = defaultdict(list)
        for synset, sense in self._synsets.items():
            for kind, target, _, _ in sense.pointers:
                if kind == "@":
                    self._narrower[target].append(synset)
        self._irregular = {
            part: {line.split()[1] for line in _lines(folder / f"{_FILES[part]}.exc")} for part in ("n", "v")
        }

    @lru_cache(maxsize=1 << 16)  # noqa: B019  one lexicon lives as long as the program
    def related(self, word: str) -> Related:
        """Of a word in lower case."""
        found = self._lemma(word)
        if found is None:
            return Related()
        lemma, part, ending = found
        senses = self._senses[lemma, part]
        first = self._synsets[senses[0]]
        every = {other for synset in senses for other in self._synsets[synset].lemmas}

        def inflected(lemmas: Iterable[str]) -> tuple[str, ...]:
            forms = (self._inflected(other, part, ending) for other in lemmas)
            return tuple(dict.fromkeys(form.replace("_", " ") for form in forms if form))

        return Related(
            inflected(
                other for other in first.lemmas if other != lemma and self._is_first(other, senses[0], at_least=1)
            ),
            inflected(self._opposites(lemma, senses[:2])),
            inflected(other for other in self._siblings(senses[0]) if other not in every),
        )

    def _opposites(self, lemma: str, synsets: Iterable[Synset]) -> Iterator[str]:
        for synset in synsets:
            sense = self._synsets[synset]
            for kind, target, ours, theirs in sense.pointers:
                if kind == "!" and (ours == 0 or sense.lemmas[ours - 1] == lemma):
                    yield self._synsets[target].lemmas[max(theirs, 1) - 1]

    def _siblings(self, synset: Synset) -> Iterator[str]:
        for kind, target, _, _ in self._synsets[synset].pointers:
            for sibling in self._narrower[target] if kind == "@" else ():
                if sibling != synset:
                    yield from (
                        lemma for lemma in self._synsets[sibling].lemmas if self._is_first(lemma, sibling, at_least=3)
                    )

    def _is_first(self, lemma: str, synset: Synset, *, at_least: int) -> bool:
        senses = self._senses.get((lemma, synset[0]))
        return bool(senses) and senses[0] == synset and self._tagged[lemma, synset[0]] >= at_least

    def _lemma(self, word: str) -> tuple[str, str, str] | None:
        """The lemma, its part of speech and the ending (s, ed, ing or none)."""
        candidates = [(self._tagged[lemma, part], lemma, part, ending) for lemma, part, ending in self._readings(word)]
        candidates.sort(key=lambda one: -one[0])
        if not candidates or candidates[0][0] < 3:
            return None
        count, lemma, part, ending = candidates[0]
        others = [one[0] for one in candidates if one[2] != part]
        return None if others and others[0] * 2 > count else (lemma, part, ending)

    def _readings(self, word: str) -> Iterator[tuple[str, str, str]]:
        yield from ((word, part, "") for part in _FILES if (word, part) in self._senses)
        for suffix, put, parts, ending in _ENDINGS:
            if word.endswith(suffix) and not word.endswith("ss"):
                lemma = word[: -len(suffix)] + put
                if len(lemma) > 2:
                    yield from ((lemma, part, ending) for part in parts if (lemma, part) in self._senses)
        doubled = re.fullmatch(r"(\w{3,})(\w)\2(ed|ing)", word)
        if doubled and (doubled[1] + doubled[2], "v") in self._senses:
            yield doubled[1] + doubled[2], "v", doubled[3]

    def _inflected(self, lemma: str, part: str, ending: str) -> str | None:
        """None for what is inflected in another way."""
        if not ending:
            return lemma
        if "_" in lemma or (lemma in self._irregular[part] and (part == "n" or ending == "ed")):
            return None
        if ending == "s":
            if re.search(r"(s|x|z|ch|sh)$", lemma):
                return f"{lemma}es"
            return f"{lemma[:-1]}ies" if re.search(r"[^aeiou]y$", lemma) else f"{lemma}s"
        if re.fullmatch(r"[^aeiou]*[aeiou][bdgklmnprt]", lemma):
            return f"{lemma}{lemma[-1]}{ending}"
        if ending == "ed":
            if lemma.endswith("e"):
                return f"{lemma}d"
            return f"{lemma[:-1]}ied" if re.search(r"[^aeiou]y$", lemma) else f"{lemma}ed"
        if lemma.endswith("ie"):
            return f"{lemma[:-2]}ying"
        return f"{lemma[:-1]}ing" if re.search(r"[^e]e$", lemma) else f"{lemma}ing"


# ── one call below ────────────────────────────────────────────────────────────────────────────────────────────────────

_ENDINGS = (
    *(("s", "", "nv", "s"), ("es", "", "nv", "s"), ("ies", "y", "nv", "s")),
    *(("ed", "", "v", "ed"), ("ed", "e", "v", "ed"), ("ied", "y", "v", "ed")),
    *(("ing", "", "v", "ing"), ("ing", "e", "v", "ing")),
)
"""What a word ends in, what stands there in the lemma, in which parts of speech, and how the form is called."""


def _lines(path: Path) -> Iterator[str]:
    """Without the licence, which stands in lines that begin with blanks."""
    with path.open(encoding="utf-8") as file:
        yield from (line for line in file if not line.startswith(" "))


def _sense(line: str) -> tuple[str, _Sense]:
    """A line of a data file, as wndb(5) describes it."""
    fields = line.split(" | ")[0].split()
    words = int(fields[3], 16)
    lemmas = tuple(re.sub(r"\(.*\)", "", fields[4 + 2 * number]).lower() for number in range(words))
    at = 5 + 2 * words
    pointers = []
    for _ in range(int(fields[at - 1])):
        kind, place, part, ends = fields[at : at + 4]
        pointers.append((kind, (part.replace("s", "a"), place), int(ends[:2], 16), int(ends[2:], 16)))
        at += 4
    return fields[0], _Sense(lemmas, tuple(pointers))
