"""How well a context carries an answer: a score for each claim and for the whole, without a language model.

answer  ──► claims ──► signals of each word ──► forest ──► is this word unsupported?  ┐
context ──► units  ──► evidence ─────────────────────────┘                            │
    │           │           └──► best units ──► generation.verify: altered? ──────────┼──► claim ──► answer
    └── claims ─┴──► read together (generation.reader) ──► is this word unsupported? ─┘

The score is a probability learnt from judged answers (see docs/faithfulness.md), never a proof: what must be equal is
held equal by generation.verify.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.answers import Citation, Claim, Support
from core.documents import DocumentId, Span
from core.errors import ConfigError
from generation.contrast import contradicts
from generation.evidence import Unit, units_of, words_of_line
from generation.forest import Forest, logistic
from generation.reader import Reader
from generation.signals import SIGNALS, Evidence, Signs, signals
from generation.tokens import TokenModel
from generation.verify import verified

WEIGHTS = Path(__file__).with_name("support.npz")
"""Written by benchmarks/train_support.py; docs/faithfulness.md says from what, and has its SHA-256."""

SUPPORTED = 0.5
"""From this score on a claim or an answer counts as supported. Training weighs both kinds alike, so that this is the
point where it is as likely as not."""


@dataclass(frozen=True, slots=True)
class ScoredClaim:
    """One sentence of a response. `span` is its place there, `evidence` the places of the context that it was held
    against, best first; `score` is the probability, in [0, 1], that all of it is supported."""

    text: str
    span: Span
    score: float
    support: Support
    evidence: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Scored:
    """A response: `score` is the probability that nothing in it is unsupported. Without a claim nothing can be: 1."""

    score: float
    claims: tuple[ScoredClaim, ...]


class Scorer(Protocol):
    """Says how well a context carries a response. Raises ServiceDown or ConfigError when it cannot say."""

    @property
    def name(self) -> str:
        """What made the scores: stands beside every figure."""

    def score(self, response: str, context: str, question: str = "") -> Scored: ...


class BuiltIn:
    """Holds the trained weights. The same texts get the same score, to the last digit, on the same machine."""

    name = "built-in"

    def __init__(self, model: TokenModel, reader: Reader, weights: Path = WEIGHTS) -> None:
        self._model = model
        self._reader = reader
        self._path = weights

    def score(self, response: str, context: str, question: str = "") -> Scored:
        claims = [claim for claim in units_of(response) if claim.words]
        units = [unit for unit in units_of(context) if unit.words]
        if not claims:
            return Scored(1.0, ())
        if not units:
            return Scored(0.0, tuple(ScoredClaim(one.text, one.span, 0.0, Support.NONE, ()) for one in claims))
        asked = {word.stem for word in words_of_line(question) if not word.common}
        with ThreadPoolExecutor(1, "dossier-read") as beside:
            reading = beside.submit(self._reader.read, claims, units)
            found = signals(claims, Evidence(units, claims, self._model), self._model, asked=asked)
            weights = self._weights
            words = word_probabilities(weights.words, found)
            supports = [held_against_best(claim, signs, units) for claim, signs in zip(claims, found, strict=True)]
            opposed = contradictions(claims, found, units)
            read = reading.result()
        wrong = weights.claims.probabilities(
            np.stack([claim_figures(*one) for one in zip(words, read, found, supports, strict=True)])
        )
        form = form_of(units, asked=bool(asked))
        whole = weights.answers[form].probabilities(answer_figures(words, read, wrong, found)[None])
        whole = with_contradictions(whole, np.array([opposed.any()]))[0]
        wrong = with_contradictions(wrong, opposed)
        return Scored(
            1.0 - float(whole),
            tuple(
                ScoredClaim(claim.text, claim.span, 1.0 - float(one), support, _spans(signs, units))
                for claim, one, support, signs in zip(claims, wrong, supports, found, strict=True)
            ),
        )

    @cached_property
    def _weights(self) -> Weights:
        return read_weights(self._path)


def with_scores(claims: Sequence[Claim], scorer: Scorer, *, question: str) -> tuple[Claim, ...]:
    """The same claims of an answer, each with the score of its own quotes carrying it; without a quote, without one."""
    return tuple(
        replace(claim, score=_score_of(claim, scorer, question)) if claim.citations else claim for claim in claims
    )


@dataclass(frozen=True, slots=True)
class Linear:
    """A logistic regression over figures that are first brought to mean 0 and deviation 1."""

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]
    factors: NDArray[np.float64]
    base: float

    def probabilities(self, figures: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of being unsupported; shape (len(figures),)."""
        scaled = np.clip((figures - self.mean) / self.deviation, -_FAR_OUT, _FAR_OUT)
        return logistic((scaled * self.factors).sum(axis=1) + self.base)


@dataclass(frozen=True, slots=True)
class Weights:
    """Everything that was learnt; `answers` by the form of the context."""

    words: Forest
    claims: Linear
    answers: Mapping[str, Linear]


FORMS = ("record", "asked", "prose")
"""What a figure of an answer means depends on what it was made from: a record retold in sentences has many words of its
own, an answer to a question few."""


def form_of(units: Sequence[Unit], *, asked: bool) -> str:
    """record for a context of keys and values, asked where there is a question, else prose."""
    if any(unit.value is not None for unit in units):
        return "record"
    return "asked" if asked else "prose"


def word_probabilities(forest: Forest, found: Sequence[Signs]) -> list[NDArray[np.float64]]:
    """For each claim, of each of its words being unsupported."""
    ends = np.cumsum([len(signs.rows) for signs in found])[:-1]
    return np.split(logistic(forest.total(np.concatenate([signs.rows for signs in found]))), ends)


def held_against_best(claim: Unit, signs: Signs, units: Sequence[Unit]) -> Support:
    """What the verifier says of the claim and the units that it rests on."""
    nowhere = (DocumentId(""), Span(0, 0))
    quotes = tuple(Citation(*nowhere, units[number].text, ()) for number in signs.best)
    return verified(Claim(claim.text, quotes)).support


def contradictions(claims: Sequence[Unit], found: Sequence[Signs], units: Sequence[Unit]) -> NDArray[np.bool_]:
    """For each claim whether it repeats a unit that it rests on but for a critical word (see generation.contrast)."""
    return np.array(
        [
            any(contradicts(claim, units[number]) for number in signs.best)
            for claim, signs in zip(claims, found, strict=True)
        ],
        dtype=bool,
    )


def with_contradictions(probabilities: NDArray[np.float64], contradicted: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Where one critical word differs, too little differs for a likeness to tell, and what differs decides."""
    return np.where(contradicted, np.maximum(probabilities, _CONTRADICTED), probabilities)


def claim_figures(
    words: NDArray[np.float64], read: NDArray[np.float32], signs: Signs, support: Support
) -> NDArray[np.float64]:
    """What the claim model sees: how sure the forest and the reader are of its words (`words` are probabilities, `read`
    log-odds), and how the claim lies to its evidence."""
    if not len(words):
        return np.zeros(_CLAIM_FIGURES)
    ordered = np.sort(words)[::-1]
    row = signs.rows[0]
    turned = float(row[_AT["claim negated"]] != row[_AT["evidence negated"]])
    retells = max(0.0, float(row[_AT["claim cover"]]) - 0.5)
    return np.array(
        [
            *_summary(ordered),
            float(words @ signs.weights),
            _log_odds(ordered[0]),
            float(np.log1p(-np.log1p(-np.clip(words, 0, 0.98)).sum())),
            float(np.log(len(words))),
            *(float(row[_AT[name]]) for name in _OF_CLAIM),
            float(support is Support.VERIFIED),
            float(support is Support.ALTERED),
            *_against_record(signs.rows),
            retells * (support is Support.ALTERED),
            turned,
            turned * retells,
            float(signs.rows[:, _AT["triple"]].mean()),
            *_as_read(read),
        ]
    )


def answer_figures(
    words: Sequence[NDArray[np.float64]],
    read: Sequence[NDArray[np.float32]],
    wrong: NDArray[np.float64],
    found: Sequence[Signs],
) -> NDArray[np.float64]:
    """What the answer model sees: few figures, each of which can only speak against the answer.

    Of words that are not common and stand nowhere in the context: their share and number, and the names among them; the
    share of neighbouring words that are not neighbours there; how much of a claim its best evidence lacks, on average,
    and how many claims lack half in their best two units; how sure the forest is of the worst word; how many facts of a
    record are told otherwise, how many that it leaves open are told, and how many of its hours are others; the log-odds
    of the worst claim; and how many words are unsupported by what the reader says.
    """
    rows = np.concatenate([signs.rows for signs in found])
    outside = (1.0 - rows[:, _AT["same stem"]]) * (1.0 - rows[:, _AT["common"]])
    content = (1.0 - rows[:, _AT["common"]]).sum()
    pairs = np.concatenate([signs.rows[:-1, _AT["pair after"]] for signs in found])
    compared = [signs.rows for signs in found if len(signs.rows)]
    lacking = 1.0 - np.array([one[0, _AT["claim cover"]] for one in compared])
    weak = sum(one[0, _AT["claim cover of two"]] < 0.5 and (one[:, _AT["common"]] == 0).sum() > 3 for one in compared)
    return np.array(
        [
            float(outside.sum() / max(1.0, content)),
            float(np.log1p(outside.sum())),
            float(np.log1p((outside * rows[:, _AT["capital"]]).sum())),
            float(1.0 - pairs.mean()) if len(pairs) else 0.0,
            float(lacking.mean()),
            float(np.log1p(weak)),
            float(max(one.max() for one in words)),
            *_against_record(rows),
            _log_odds(wrong.max()),
            _as_read(np.concatenate(read))[2],
        ],
        dtype=np.float64,
    )


def read_weights(path: Path) -> Weights:
    """The weights in an .npz file without pickled objects. Raises ConfigError when they do not fit this code."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            kept = {name: arrays[name] for name in arrays.files}
        if tuple(kept["signals"].tolist()) != SIGNALS:
            raise ConfigError(f"The weights of the support scorer in {path.name} were made for other signals.")
        forest = Forest(
            **{name: kept[f"words.{name}"] for name in ("feature", "threshold", "left", "right", "value", "roots")},
            base=float(kept["words.base"]),
            depth=int(kept["words.depth"]),
        )
        linear = {
            part: Linear(
                kept[f"{part}.mean"], kept[f"{part}.deviation"], kept[f"{part}.factors"], float(kept[f"{part}.base"])
            )
            for part in ("claims", *FORMS)
        }
    except (OSError, ValueError, KeyError) as error:
        raise ConfigError(f"The weights of the support scorer ({path.name}) cannot be read.") from error
    return Weights(forest, linear["claims"], {form: linear[form] for form in FORMS})


# ── one call below ────────────────────────────────────────────────────────────────────────────────────────────────────

_AT = {name: number for number, name in enumerate(SIGNALS)}
_OF_CLAIM = (
    "claim cosine",
    "claim soft cover",
    "claim cover",
    "claim cover of two",
    "claim negated",
    "evidence negated",
)
_READ_FIGURES = 4
_CLAIM_FIGURES = 8 + len(_OF_CLAIM) + 9 + _READ_FIGURES

_CONTRADICTED = 0.9
"""The least probability of being unsupported for a claim that is contradicted, and for its answer. In the train part 52
of 63 summaries and 231 of 236 made answers with such a claim are wrong; among 732 answers of language models there are
seven, and one is."""

_FAR_OUT = 4.0
"""Deviations from the mean at which a figure is cut: one odd text must not carry a sum of many figures away."""


def _summary(ordered: NDArray[np.float64]) -> list[float]:
    """Of probabilities in falling order: the highest, the means of the first two and three, and of all."""
    return [float(ordered[0]), float(ordered[:2].mean()), float(ordered[:3].mean()), float(ordered.mean())]


def _as_read(read: NDArray[np.float32]) -> tuple[float, float, float, float]:
    """Of what the reader says of words: the highest log-odds and the mean of the three highest, how many words are
    unsupported by it (logarithm), and which share."""
    ordered = np.sort(read.astype(np.float64))[::-1]
    odds = logistic(ordered)
    return float(ordered[0]), float(ordered[:3].mean()), float(np.log1p(odds.sum())), float(odds.mean())


def _against_record(rows: NDArray[np.float32]) -> tuple[float, float, float]:
    """How many words name a fact of a record that is told otherwise, how many one that it leaves open, how much of the
    hours are others (logarithms)."""
    hours = rows[:, _AT["hours agree"]]
    told = (rows[:, _AT["fact agrees"]] < 0, rows[:, _AT["fact unknown"]], (hours >= 0) * (1 - hours))
    otherwise, left_open, shifted = (float(np.log1p(one.sum())) for one in told)
    return otherwise, left_open, shifted


def _score_of(claim: Claim, scorer: Scorer, question: str) -> float:
    """A claim is one sentence as a rule; where it is cut into several, the weakest decides."""
    quotes = "\n\n".join(citation.quote for citation in claim.citations)
    return min((one.score for one in scorer.score(claim.text, quotes, question).claims), default=0.0)


def _log_odds(probability: float) -> float:
    kept = min(max(float(probability), 1e-4), 1 - 1e-4)
    return float(np.log(kept / (1 - kept)))


def _spans(signs: Signs, units: Sequence[Unit]) -> tuple[Span, ...]:
    return tuple(dict.fromkeys(units[number].span for number in signs.best))
