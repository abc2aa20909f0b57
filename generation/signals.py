"""Signals of support, word by word: what speaks for and against each word of a claim resting on the evidence.

evidence ──► Evidence   its words by stem, word pairs, times of day, facts, token vectors
claim    ──► signals()  one row of SIGNALS for each word: is it there, what resembles it, where, among which neighbours

No signal knows a document, a topic or who wrote the claim; they say how words of two texts relate.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generation.evidence import Unit, Word, most_shared, pieces_of
from generation.records import Record
from generation.tokens import DEPTHS, TokenModel, Tokens, products
from generation.words import HEDGES

Matrix = NDArray[np.float32]

SIGNALS = (
    # the word itself
    *("same word", "same stem", "how often", "same beginning", "rarity", "pieces", "number", "negation", "modal"),
    *("comparative", "capital", "common", "length", "clock", "in question", "hedge"),
    # the nearest token of the evidence, at four depths: anywhere, in the best unit, in the units near it
    *("near 0", "near 2", "near 4", "near 6", "best 0", "best 4", "best 6", "around 0", "around 4", "around 6"),
    # where its stem stands
    *("stem in best", "stem around", "pair before", "pair after", "triple", "gap before", "gap after", "company"),
    # what leaving it out does to the claim's likeness to its best evidence
    *("without it", "its own cosine"),
    # the claim
    *("claim cosine", "claim soft cover", "claim cover", "claim cover of two", "claim soft cover of two"),
    *(
        "highest cosine",
        "highest cover",
        "place in claim",
        "claim length",
        "place of claim",
        "claims",
        "evidence length",
    ),
    *("claim negated", "evidence negated", "record", "best is a fact"),
    # a record's facts
    *("fact agrees", "fact unknown", "hours agree"),
    # against the rest of its claim, and around it
    *("near 0 over mean", "near 4 over mean", "near 6 over mean", "best 4 over mean", "company over mean"),
    *("stems beside", "near 4 beside", "near 6 beside", "best 4 beside"),
    *("least stems beside", "least near 4 beside", "least near 6 beside", "least best 4 beside"),
    *("claim stems", "claim near 4", "claim near 6", "claim company", "claim hedges"),
)

_WINDOW = 110
"""Tokens (estimated) of neighbouring units that are read together: enough to know what a pronoun may mean."""

_READ = 400
"""Tokens (estimated) of the context that get vectors: those of an answer's own quotes, and most of a short context."""

_APART = 15
"""Words of the evidence, to either side, among which the rest of a claim is looked for."""

_FAR = 60.0
"""Words between two places from which it no longer matters how far they are apart; also: one of them is nowhere."""


class Evidence:
    """What the claims of one answer are held against. `units` are those of the whole context. All of their words are
    known; token vectors are made of those that share most with the claims, up to _READ tokens."""

    def __init__(self, units: Sequence[Unit], claims: Sequence[Unit], model: TokenModel) -> None:
        self.units = units
        self.words = [word for unit in units for word in unit.words]
        self.unit_of_word = np.array([number for number, unit in enumerate(units) for _ in unit.words], dtype=np.intp)
        self.folded = Counter(word.folded for word in self.words)
        places: dict[str, list[int]] = defaultdict(list)
        for place, word in enumerate(self.words):
            places[word.stem].append(place)
        self.places = {stem: np.array(found, dtype=np.intp) for stem, found in places.items()}
        self.beginnings = {word.stem[:5] for word in self.words}
        stems = [word.stem for word in self.words]
        self.pairs = set(zip(stems, stems[1:], strict=False))
        self.triples = set(zip(stems, stems[1:], stems[2:], strict=False))
        self.negated = [any(word.kind == "negation" for word in unit.words) for unit in units]
        self.clocks = {word.clock for word in self.words if word.clock is not None}
        self.record = Record(units)
        read = most_shared(
            [[word.stem for word in claim.words] for claim in claims],
            [[word.stem for word in unit.words] for unit in units],
            [_length(unit) for unit in units],
            room=_READ,
        )
        tokens = dict(zip(read, _encoded([units[number] for number in read], model), strict=True))
        self.unit_of_token = np.concatenate(
            [np.full(len(part.ids), number, dtype=np.intp) for number, part in tokens.items()]
        )
        vectors = np.concatenate([part.vectors for part in tokens.values()], axis=1)
        self.vectors = _of_length_one(vectors)
        sums = np.zeros((len(units), vectors.shape[2]), dtype=np.float32)
        np.add.at(sums, self.unit_of_token, vectors[-1])
        self.meanings = _of_length_one(sums)
        self.unit_starts = np.flatnonzero(np.r_[True, np.diff(self.unit_of_token) > 0])
        self.units_with_tokens = self.unit_of_token[self.unit_starts]


@dataclass(frozen=True, slots=True)
class Signs:
    """What was found for one claim. `rows` has one line per word (len(words), len(SIGNALS)); `best` are the numbers of
    the units that it rests on, best first."""

    words: tuple[Word, ...]
    rows: Matrix
    weights: Matrix
    best: tuple[int, ...]


def signals(
    claims: Sequence[Unit], evidence: Evidence, model: TokenModel, *, asked: Collection[str] = ()
) -> list[Signs]:
    """The signals of each claim of one answer. `asked` are the stems of the question's words."""
    encoded = model.encode([claim.text for claim in claims])
    return [
        _signs(claim, tokens, evidence, asked, number / len(claims), len(claims))
        for number, (claim, tokens) in enumerate(zip(claims, encoded, strict=True))
    ]


# ── one call below ────────────────────────────────────────────────────────────────────────────────────────────────────


def _signs(claim: Unit, tokens: Tokens, evidence: Evidence, asked: Collection[str], place: float, claims: int) -> Signs:
    words = claim.words
    if not words or not len(tokens.ids):
        return Signs((), np.zeros((0, len(SIGNALS)), dtype=np.float32), np.zeros(0, dtype=np.float32), ())
    count, units = len(words), len(evidence.units)
    common = np.array([word.common for word in words])
    stems = [word.stem for word in words]

    pieces = pieces_of(words, tokens.places)
    rarity = np.array(
        [max((math.log(max(int(tokens.ids[piece]), 1000)) for piece in one), default=7.0) for one in pieces]
    )
    weights = np.where(common, 0.1, 1.0) * np.maximum(rarity - 6.5, 0.2)
    weights = weights / weights.sum()

    near = _nearest(words, pieces, tokens, evidence)  # depths × words × units
    pooled = tokens.vectors[-1]
    meaning = _of_length_one(pooled.mean(axis=0)[None])[0]
    cosine = evidence.meanings @ meaning
    soft = weights @ near[2]
    there = np.zeros((count, units))
    for row, stem in enumerate(stems):
        if stem in evidence.places:
            there[row, evidence.unit_of_word[evidence.places[stem]]] = 1.0
    cover = weights @ there
    best = int((soft + cover + cosine).argmax())
    cover_of_two = weights @ np.maximum(there, there[:, [best]])
    soft_of_two = weights @ np.maximum(near[2], near[2][:, [best]])
    second = int((cover_of_two + soft_of_two + 0.5 * cosine).argmax())
    around = sorted({number for number in (best - 1, best, best + 1, second) if 0 <= number < units})

    without = _without_each(pooled, pieces, evidence.meanings[best]) - cosine[best]
    own = np.array([_cosine_of(pooled[one], evidence.meanings[best]) for one in pieces])
    company, gaps = _company(stems, common, evidence)
    agrees, unknown = evidence.record.facts(claim)
    hours = evidence.record.hours(claim)
    anywhere = near.max(axis=2)
    unit = evidence.units[best]

    def each(values: object) -> NDArray[np.float64]:
        return np.asarray(values, dtype=np.float64)

    def always(value: float) -> NDArray[np.float64]:
        return np.full(count, float(value))

    hedges = each([word.folded in HEDGES for word in words])
    inside = each([stem in evidence.places for stem in stems])
    before, after = [("", ""), *zip(stems, stems[1:], strict=False)], [*zip(stems, stems[1:], strict=False), ("", "")]
    columns = [
        each([word.folded in evidence.folded for word in words]),
        inside,
        each([math.log1p(len(evidence.places.get(stem, ()))) for stem in stems]),
        each([stem[:5] in evidence.beginnings for stem in stems]),
        rarity,
        each([len(one) for one in pieces]),
        *(each([word.kind == kind for word in words]) for kind in ("number", "negation", "modal", "comparative")),
        each([word.capital for word in words]),
        each(common),
        each([word.end - word.start for word in words]),
        each([-1 if word.clock is None else word.clock in evidence.clocks for word in words]),
        each([stem in asked for stem in stems]),
        hedges,
        *anywhere,
        *(near[depth][:, best] for depth in (0, 2, 3)),
        *(near[depth][:, around].max(axis=1) for depth in (0, 2, 3)),
        there[:, best],
        there[:, around].max(axis=1),
        each([pair in evidence.pairs for pair in before]),
        each([pair in evidence.pairs for pair in after]),
        each([triple in evidence.triples for triple in zip(["", *stems], stems, [*stems[1:], ""], strict=False)]),
        *gaps,
        company,
        without,
        own,
        always(cosine[best]),
        always(soft[best]),
        always(cover[best]),
        always(cover_of_two[second]),
        always(soft_of_two[second]),
        always(cosine.max()),
        always(soft.max()),
        np.arange(count) / count,
        always(count),
        always(place),
        always(claims),
        always(math.log(len(evidence.words) + 1)),
        always(any(word.kind == "negation" for word in words)),
        always(evidence.negated[best]),
        always(evidence.record.exists),
        always(unit.value is not None),
        agrees,
        unknown,
        hours,
        *(values - values @ weights for values in (anywhere[0], anywhere[2], anywhere[3], near[2][:, best], company)),
    ]
    beside = np.stack([inside, anywhere[2], anywhere[3], near[2][:, best]])
    padded = np.pad(beside, ((0, 0), (3, 3)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 7, axis=1)
    columns += [*windows.mean(axis=2), *windows[:, :, 1:6].min(axis=2)]
    columns += [always(float(values @ weights)) for values in (inside, anywhere[2], anywhere[3], company)]
    columns.append(always(hedges.mean()))
    rows = np.stack(columns, axis=1).astype(np.float32)
    return Signs(words, rows, weights.astype(np.float32), tuple(dict.fromkeys((best, second))))


def _of_length_one(vectors: Matrix) -> Matrix:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-6), dtype=np.float32)


def _rarity(ids: NDArray[np.int64]) -> float:
    """How rare a word is, by its rarest piece: BERT's vocabulary is sorted by frequency after the first thousand."""
    return float(np.log(np.maximum(ids, 1000)).max()) if len(ids) else 7.0


def _cosine_of(vectors: Matrix, meaning: Matrix) -> float:
    return float(_of_length_one(vectors.mean(axis=0)[None])[0] @ meaning) if len(vectors) else 0.0


def _length(unit: Unit) -> int:
    """Tokens of a unit, estimated."""
    return len(unit.text) // 4 + 2


def _encoded(units: Sequence[Unit], model: TokenModel) -> list[Tokens]:
    """The tokens of each unit, read together with its neighbours."""
    texts: list[str] = []
    placed: list[tuple[int, int]] = []
    used = _WINDOW
    for unit in units:
        length = _length(unit)
        if used + length > _WINDOW:
            texts.append("")
            used = 0
        start = len(texts[-1]) + 1 if texts[-1] else 0
        texts[-1] = f"{texts[-1]} {unit.text}" if start else unit.text
        placed.append((len(texts) - 1, start))
        used += length
    encoded = model.encode(texts)
    parts: list[Tokens] = []
    for unit, (window, start) in zip(units, placed, strict=True):
        whole = encoded[window]
        kept = [
            number
            for number, (left, right) in enumerate(whole.places)
            if left >= start and right <= start + len(unit.text)
        ]
        first, last = (kept[0], kept[-1] + 1) if kept else (0, 0)
        parts.append(Tokens(whole.ids[first:last], whole.places[first:last], whole.vectors[:, first:last]))
    return parts


def _nearest(words: Sequence[Word], pieces: Sequence[Sequence[int]], tokens: Tokens, evidence: Evidence) -> Matrix:
    """The highest cosine of each word with a token of each unit, at each depth; depths × words × units."""
    cosines = products(_of_length_one(tokens.vectors), evidence.vectors)
    by_unit = np.zeros((len(DEPTHS), len(tokens.ids), len(evidence.units)), dtype=np.float32)
    by_unit[:, :, evidence.units_with_tokens] = np.maximum.reduceat(cosines, evidence.unit_starts, axis=2)
    found = np.zeros((len(DEPTHS), len(words), len(evidence.units)), dtype=np.float32)
    for row, one in enumerate(pieces):
        if one:
            found[:, row] = by_unit[:, one].mean(axis=1)
    return found


def _without_each(pooled: Matrix, pieces: Sequence[Sequence[int]], meaning: Matrix) -> Matrix:
    """The cosine of the claim without each of its words with `meaning`."""
    whole = pooled.sum(axis=0)
    rest = np.stack([whole - pooled[list(one)].sum(axis=0) for one in pieces])
    return np.asarray(_of_length_one(rest) @ meaning, dtype=np.float32)


def _company(
    stems: Sequence[str], common: NDArray[np.bool_], evidence: Evidence
) -> tuple[NDArray[np.float64], list[NDArray[np.float64]]]:
    """How much of the rest of the claim stands within _APART words of a place of each word; and how far its nearest
    place is from one of the content word before it and after it."""
    total = len(evidence.words)
    content = sorted({stem for stem, is_common in zip(stems, common, strict=True) if not is_common})
    number_of = {stem: number for number, stem in enumerate(content)}
    close = np.zeros((len(content), total), dtype=np.float32)
    for stem, number in number_of.items():
        if stem in evidence.places:
            edges = np.zeros(total + 1, dtype=np.float32)
            np.add.at(edges, np.maximum(evidence.places[stem] - _APART, 0), 1)
            np.add.at(edges, np.minimum(evidence.places[stem] + _APART + 1, total), -1)
            close[number] = np.cumsum(edges[:-1]) > 0
    company = np.zeros(len(stems))
    around = close.sum(axis=0)
    for row, stem in enumerate(stems):
        if stem in evidence.places:
            own = 1 if stem in number_of else 0
            company[row] = (around[evidence.places[stem]].max() - own) / max(1, len(content) - own)
    neighbours = [_content_before(common), _content_before(common[::-1])[::-1]]
    last = len(stems) - 1
    gaps = []
    for side, found in enumerate(neighbours):
        gap = np.full(len(stems), -1.0)
        for row, other in enumerate(found):
            if other >= 0:
                gap[row] = _gap(stems[row], stems[other if side == 0 else last - other], evidence)
        gaps.append(gap)
    return company, gaps


def _content_before(common: NDArray[np.bool_]) -> list[int]:
    """For each word the number of the last word before it that is not common, or -1."""
    found: list[int] = []
    last = -1
    for number, is_common in enumerate(common):
        found.append(last)
        if not is_common:
            last = number
    return found


def _gap(one: str, other: str, evidence: Evidence) -> float:
    if one not in evidence.places or other not in evidence.places:
        return _FAR
    ours, theirs = evidence.places[one], evidence.places[other]
    after = np.searchsorted(theirs, ours)
    right = np.abs(theirs[np.minimum(after, len(theirs) - 1)] - ours)
    left = np.abs(theirs[np.maximum(after - 1, 0)] - ours)
    return float(min(np.minimum(left, right).min(), _FAR))
