"""Train the support scorer and write generation/support.npz.

    OMP_NUM_THREADS=1 python -m benchmarks.train_support ../shared/bench --read /tmp/reader --features /tmp/features
    python -m benchmarks.train_support ../shared/bench --test-items ragtruth-test.jsonl summedits-test.jsonl

Learns from the train parts of ragtruth and summedits and from altered sentences of cuad, obliqa and tatqa (see
benchmarks/support_data.py); the test parts and all other sets are never opened here, but to be written out for
`dossier eval faithfulness`. First the figures of a cross-validation by source are printed: every choice was made on
them. Then the weights are fitted on all of the train part. One seed: the same data give the same weights.

    words    gradient-boosted trees on the signals of each word: is it unsupported?
    claims   logistic regression on what trees and reader say of a claim's words, and on the verifier's verdict
    answers  for each form of context a logistic regression on few figures of an answer, none of which may speak for it
    (the last two are fitted on what trees and readers say that did not see the source; benchmarks/train_reader.py
    trains the readers)
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from benchmarks.support_data import Example, altered, fold_of, judged_answers, part_of
from core.answers import Support
from generation.evidence import Unit, units_of, words_of_line
from generation.forest import Forest
from generation.signals import SIGNALS, Evidence, Signs, signals
from generation.support import (
    FORMS,
    WEIGHTS,
    Linear,
    answer_figures,
    claim_figures,
    contradictions,
    form_of,
    held_against_best,
    with_contradictions,
    word_probabilities,
)
from generation.tokens import TokenModel
from retrieval.embed import default_folder
from retrieval.encoder import layers_of

SEED = 20_240_901
FOLDS = 5
FORESTS = 2
"""Forests with other seeds whose votes are averaged: each is a hundredth of a second, and a tenth of a megabyte."""

WEIGHT = {"ragtruth": 1.0, "summedits": 0.3, "altered": 0.3}
"""How much a set counts in the regression of claims. Half as much for the last two moved none by .01."""

WEIGHT_OF_ANSWERS = {**WEIGHT, "altered": 0.1}
"""The same for answers: at .3 made answers, half of which have a question, take .02 of AUROC from RAGTruth's QA."""

ALTERED_SETS = ("cuad", "obliqa", "tatqa")
CONTEXTS = 60


class Judged:
    """An example with the signals of its claims, and what a reader that never saw its source says of their words."""

    def __init__(
        self,
        example: Example,
        signs: Sequence[Signs],
        read: Sequence[NDArray[np.float32]],
        supports: Sequence[Support],
        contradicted: NDArray[np.bool_],
        form: str,
    ) -> None:
        self.example = example
        self.signs = signs
        self.read = read
        self.supports = supports
        self.contradicted = contradicted
        self.form = form
        self.wrong = [
            np.array(flags, dtype=bool)
            for claim, flags in zip(example.claims, example.wrong, strict=True)
            if claim.words
        ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path, help="the folder that holds ragtruth, summedits, cuad, …")
    parser.add_argument("--features", type=Path, help="keep the signals in this folder, and take them from there")
    parser.add_argument("--read", type=Path, help="the folder that benchmarks/train_reader.py worked in")
    parser.add_argument("--output", type=Path, default=WEIGHTS)
    parser.add_argument("--test-items", type=Path, nargs=2, metavar=("RAGTRUTH", "SUMMEDITS"))
    choice = parser.parse_args()
    if choice.test_items:
        for name, path in zip(("ragtruth", "summedits"), choice.test_items, strict=True):
            write_test_items(choice.root / name, path)
        return
    if choice.read is None:
        parser.error("--read is missing: what readers say comes from benchmarks/train_reader.py")
    judged = read(choice.root, choice.features, choice.read / "read")
    print(f"{len(judged)} answers, {sum(len(signs.words) for one in judged for signs in one.signs)} words", flush=True)
    words = cross_validated(judged)
    claims = fitted_claims(judged, words)
    answers = fitted_answers(judged, words, claims)
    report(judged, words)
    save(choice.output, forest(judged, lambda _: True), claims, answers)
    print(f"{choice.output} SHA-256 {hashlib.sha256(choice.output.read_bytes()).hexdigest()}")


def train_part(root: Path) -> Iterator[tuple[str, Example, list[Unit], list[Unit]]]:
    """The train part of every set: a key, the answer, its claims and the units of its context."""
    examples = [*judged_answers(root), *altered(root, sets=ALTERED_SETS, contexts=CONTEXTS, seed=SEED)]
    units: list[Unit] = []
    for number, example in enumerate(examples):
        if not number or example.context != examples[number - 1].context:
            units = [unit for unit in units_of(example.context) if unit.words]
        claims = [claim for claim in example.claims if claim.words]
        if claims and units:
            told = f"{example.context} {example.question} {example.response}"
            yield hashlib.sha256(told.encode()).hexdigest()[:32], example, claims, units


def read(root: Path, features: Path | None, said: Path) -> list[Judged]:
    """The train part of every set, with its signals. `said` is where benchmarks/train_reader.py left what it says."""
    model = TokenModel(default_folder, layers=layers_of)
    judged: list[Judged] = []
    started = time.perf_counter()
    for number, (key, example, claims, units) in enumerate(train_part(root)):
        asked = {word.stem for word in words_of_line(example.question) if not word.common}
        path = features / f"{_OF_SIGNALS}-{key}.npz" if features else None
        if path is not None and path.exists():
            signs = _kept(path, claims)
        else:
            evidence = Evidence(units, claims, model)
            signs = signals(claims, evidence, model, asked=asked)
            if path is not None:
                _keep(path, signs)
        supports = [held_against_best(claim, one, units) for claim, one in zip(claims, signs, strict=True)]
        form = form_of(units, asked=bool(asked))
        with np.load(said / f"{key}.npz") as arrays:
            words = [arrays[name] for name in arrays.files]
        judged.append(Judged(example, signs, words, supports, contradictions(claims, signs, units), form))
        if number % 200 == 0:
            print(f"{number} read, {time.perf_counter() - started:.0f} s", flush=True)
    return judged


def forest(judged: Sequence[Judged], chosen: Callable[[Judged], bool], *, forests: int = FORESTS) -> Forest:
    """Trees over the words of the chosen answers. Sets weigh alike, however many words each has."""
    kept = [one for one in judged if chosen(one)]
    rows = np.concatenate([signs.rows for one in kept for signs in one.signs])
    wrong = np.concatenate([flags for one in kept for flags in one.wrong])
    trees = [
        HistGradientBoostingClassifier(
            max_iter=150,
            learning_rate=0.08,
            max_leaf_nodes=15,
            max_depth=8,
            min_samples_leaf=60,
            l2_regularization=5.0,
            max_features=0.4,
            early_stopping=False,
            random_state=SEED + number,
        ).fit(rows, wrong)
        for number in range(forests)
    ]
    exported = _exported(trees)
    expected = sum(model.decision_function(rows[:1000]) for model in trees) / forests
    if np.abs(exported.total(rows[:1000]) - expected).max() > 1e-3:
        raise SystemExit("the exported trees do not say what the trained ones say")
    return exported


def cross_validated(judged: Sequence[Judged]) -> list[list[NDArray[np.float64]]]:
    """For each answer the probabilities of its words, by trees that saw nothing of its source."""
    found: list[list[NDArray[np.float64]]] = [[] for _ in judged]
    for fold in range(FOLDS):
        out = [number for number, one in enumerate(judged) if fold_of(one.example.source, FOLDS) == fold]
        trees = forest(judged, lambda one, fold=fold: fold_of(one.example.source, FOLDS) != fold)  # type: ignore[misc]
        for number in out:
            found[number] = word_probabilities(trees, judged[number].signs)
        print(f"fold {fold + 1} of {FOLDS}", flush=True)
    return found


def claim_rows(one: Judged, words: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    parts = zip(words, one.read, one.signs, one.supports, strict=True)
    return np.stack([claim_figures(*part) for part in parts])


def fitted_claims(judged: Sequence[Judged], words: Sequence[Sequence[NDArray[np.float64]]]) -> Linear:
    figures = np.concatenate([claim_rows(one, said) for one, said in zip(judged, words, strict=True)])
    wrong = np.array([flags.any() for one in judged for flags in one.wrong])
    sets = np.array([one.example.set for one in judged for _ in one.wrong])
    return _linear(figures, wrong, sets, strength=0.1)


def answer_rows(
    judged: Sequence[Judged], words: Sequence[Sequence[NDArray[np.float64]]], claims: Linear
) -> NDArray[np.float64]:
    return np.stack(
        [
            answer_figures(said, one.read, claims.probabilities(claim_rows(one, said)), one.signs)
            for one, said in zip(judged, words, strict=True)
        ]
    )


def fitted_answers(
    judged: Sequence[Judged], words: Sequence[Sequence[NDArray[np.float64]]], claims: Linear
) -> dict[str, Linear]:
    wrong = np.array([one.example.label for one in judged])
    weight = _weights(wrong, np.array([one.example.set for one in judged]), WEIGHT_OF_ANSWERS)
    forms = np.array([one.form for one in judged])
    rows = answer_rows(judged, words, claims)
    return {form: _rising(rows[at], wrong[at], weight[at], strength=0.1) for form in FORMS for at in [forms == form]}


def report(judged: Sequence[Judged], words: Sequence[Sequence[NDArray[np.float64]]]) -> None:
    """AUROC and balanced accuracy at one half of answers, scored as the product does it: all three steps fitted without
    the source, and what is contradicted counted as such. `alone` is the AUROC of one figure that nothing was learnt
    for: the share of an answer's content words that stand nowhere in the context."""
    scores, share = np.zeros(len(judged)), np.zeros(len(judged))
    claim_scores: list[NDArray[np.float64]] = [np.zeros(0)] * len(judged)
    folds = np.array([fold_of(one.example.source, FOLDS) for one in judged])
    for fold in range(FOLDS):
        inside, outside = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        claims = fitted_claims([judged[at] for at in inside], [words[at] for at in inside])
        answers = fitted_answers([judged[at] for at in inside], [words[at] for at in inside], claims)
        kept = [judged[at] for at in outside]
        said = [words[at] for at in outside]
        opposed = np.array([one.contradicted.any() for one in kept])
        rows = answer_rows(kept, said, claims)
        share[outside] = rows[:, 0]
        said_wrong = [float(answers[one.form].probabilities(row[None])[0]) for one, row in zip(kept, rows, strict=True)]
        scores[outside] = with_contradictions(np.array(said_wrong), opposed)
        for at, one, probabilities in zip(outside, kept, said, strict=True):
            claim_scores[at] = with_contradictions(
                claims.probabilities(claim_rows(one, probabilities)), one.contradicted
            )
    label = np.array([one.example.label for one in judged])
    groups = {
        **{one.example.set: [] for one in judged},
        **{f"  {one.example.task}": [] for one in judged if one.example.set != "altered"},
    }
    for number, one in enumerate(judged):
        groups[one.example.set].append(number)
        if one.example.set != "altered":
            groups[f"  {one.example.task}"].append(number)
    print(
        f"{'cross-validated':18} {'answers':>8} {'AUROC':>7} {'BAcc':>7} {'alone':>7} | "
        f"{'claims':>7} {'AUROC':>7} {'BAcc':>7}"
    )
    for name, places in groups.items():
        ours, theirs = scores[places], label[places]
        said_of = np.concatenate([claim_scores[at] for at in places])
        wrong = np.array([flags.any() for at in places for flags in judged[at].wrong])
        print(
            f"{name:18} {len(places):8} {roc_auc_score(theirs, ours):7.3f} {_balanced(theirs, ours):7.3f} "
            f"{roc_auc_score(theirs, share[places]):7.3f} | "
            f"{len(wrong):7} {roc_auc_score(wrong, said_of):7.3f} {_balanced(wrong, said_of):7.3f}",
            flush=True,
        )


def save(path: Path, words: Forest, claims: Linear, answers: Mapping[str, Linear]) -> None:
    np.savez_compressed(
        path,
        signals=np.array(SIGNALS),
        **{f"words.{name}": getattr(words, name) for name in Forest.__slots__},
        **{
            f"{part}.{name}": getattr(linear, name)
            for part, linear in {"claims": claims, **answers}.items()
            for name in Linear.__slots__
        },
    )


def write_test_items(folder: Path, path: Path) -> None:
    lines = (folder / "items.jsonl").read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if part_of(json.loads(line)["source_id"]) == "test"]
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")


# ── one call below ────────────────────────────────────────────────────────────────────────────────────────────────────

_OF_SIGNALS = hashlib.sha256(repr(SIGNALS).encode()).hexdigest()[:8]


def _keep(path: Path, signs: Sequence[Signs]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lengths = np.array([len(one.rows) for one in signs])
    best = np.array([[*one.best, -1, -1][:2] for one in signs])
    rows, weights = np.concatenate([one.rows for one in signs]), np.concatenate([one.weights for one in signs])
    np.savez(path, lengths=lengths, best=best, rows=rows, weights=weights)


def _kept(path: Path, claims: Sequence[object]) -> list[Signs]:
    with np.load(path) as arrays:
        ends = np.cumsum(arrays["lengths"])[:-1]
        rows, weights = np.split(arrays["rows"], ends), np.split(arrays["weights"], ends)
        best = arrays["best"]
    return [
        Signs(claim.words, rows[at], weights[at], tuple(int(one) for one in best[at] if one >= 0))  # type: ignore[attr-defined]
        for at, claim in enumerate(claims)
    ]


def _linear(
    figures: NDArray[np.float64], wrong: NDArray[np.bool_], sets: NDArray[np.str_], *, strength: float
) -> Linear:
    """Logistic regression in which right and wrong weigh alike in each set."""
    mean, deviation, scaled = _scaled(figures)
    model = LogisticRegression(C=strength, max_iter=5000).fit(
        scaled, wrong, sample_weight=_weights(wrong, sets, WEIGHT)
    )
    return Linear(mean, deviation, model.coef_[0], float(model.intercept_[0]))


def _rising(
    figures: NDArray[np.float64], wrong: NDArray[np.bool_], weight: NDArray[np.float64], *, strength: float
) -> Linear:
    """The same with no factor below zero: a figure that speaks against an answer never speaks for it, whatever this or
    that set would like."""
    mean, deviation, scaled = _scaled(figures)
    sign = np.where(wrong, 1.0, -1.0)

    def loss(parts: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        factors, margin = parts[:-1], sign * (scaled @ parts[:-1] + parts[-1])
        slope = -sign * weight / (1.0 + np.exp(np.clip(margin, -30, 30)))
        cost = float(weight @ np.logaddexp(0, -margin) + factors @ factors / (2 * strength))
        return cost, np.append(scaled.T @ slope + factors / strength, slope.sum())

    bounds = [(0.0, None)] * scaled.shape[1] + [(None, None)]
    found = minimize(loss, np.zeros(len(bounds)), jac=True, method="L-BFGS-B", bounds=bounds).x
    return Linear(mean, deviation, found[:-1], float(found[-1]))


def _weights(wrong: NDArray[np.bool_], sets: NDArray[np.str_], of_set: Mapping[str, float]) -> NDArray[np.float64]:
    weight = np.zeros(len(wrong))
    for name in np.unique(sets):
        for kind in (0, 1):
            places = (sets == name) & (wrong == kind)
            weight[places] = of_set[name] * len(wrong) / (2 * len(of_set) * max(1, places.sum()))
    return weight


def _scaled(figures: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Mean, deviation, and the figures brought to 0 and 1 as the product does it."""
    mean, deviation = figures.mean(axis=0), figures.std(axis=0) + 1e-6
    return mean, deviation, np.clip((figures - mean) / deviation, -4, 4)


def _exported(models: Sequence[HistGradientBoostingClassifier]) -> Forest:
    """The trees of all models in one forest that says the mean of what they say."""
    nodes = [trees[0].nodes for model in models for trees in model._predictors]
    roots = np.concatenate([[0], np.cumsum([len(one) for one in nodes])[:-1]])
    leaf = np.concatenate([one["is_leaf"] for one in nodes]).astype(bool)
    return Forest(
        feature=np.where(leaf, -1, np.concatenate([one["feature_idx"] for one in nodes])).astype(np.int16),
        threshold=np.concatenate([one["num_threshold"] for one in nodes]).astype(np.float32),
        left=np.concatenate([one["left"] + root for one, root in zip(nodes, roots, strict=True)]).astype(np.int32),
        right=np.concatenate([one["right"] + root for one, root in zip(nodes, roots, strict=True)]).astype(np.int32),
        value=(np.concatenate([one["value"] for one in nodes]) / len(models)).astype(np.float32),
        roots=roots.astype(np.int32),
        base=float(np.mean([model._baseline_prediction for model in models])),
        depth=int(max(one["depth"].max() for one in nodes)) + 1,
    )


def _balanced(wrong: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    """The mean of how much of the wrong is found, and how much of the right is left alone, at one half."""
    wrong = wrong.astype(bool)
    return float(((scores > 0.5)[wrong].mean() + (scores <= 0.5)[~wrong].mean()) / 2)


if __name__ == "__main__":
    main()
