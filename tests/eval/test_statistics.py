from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from eval.statistics import difference_interval, families, mean_interval, mean_intervals, statistic_intervals, wilson

FEW = 200  # resamples, where the property holds for any number of them

scored = st.lists(st.tuples(st.floats(0, 1, allow_subnormal=False), st.sampled_from("abcdef")), min_size=1, max_size=40)


@given(scored)
def test_an_interval_holds_its_mean_and_stays_in_the_range_of_the_scores(questions: list[tuple[float, str]]) -> None:
    scores, clusters = zip(*questions, strict=True)
    value, low, high = mean_interval(scores, clusters, resamples=FEW)
    assert low <= value <= high
    assert value == pytest.approx(np.mean(scores))
    assert low >= 0
    assert high <= 1 + 1e-12


@given(
    st.floats(0, 1, allow_subnormal=False), st.lists(st.sampled_from("abc"), min_size=1).filter(lambda c: len({*c}) > 1)
)
def test_equal_scores_give_an_interval_of_no_width(score: float, clusters: list[str]) -> None:
    value, low, high = mean_interval([score] * len(clusters), clusters, resamples=FEW)
    assert low == pytest.approx(value, abs=1e-9)
    assert high == pytest.approx(value, abs=1e-9)


@given(scored)
def test_the_same_scores_give_the_same_interval_alone_or_beside_others(questions: list[tuple[float, str]]) -> None:
    scores, clusters = zip(*questions, strict=True)
    table = np.column_stack((scores, np.ones(len(scores)), scores))
    first, ones, again = mean_intervals(table, clusters, resamples=FEW)
    alone = mean_interval(scores, clusters, resamples=FEW)
    assert first == pytest.approx(alone)
    assert again == pytest.approx(alone)
    assert ones.value == ones.high == 1


@given(scored)
def test_a_system_does_not_differ_from_itself(questions: list[tuple[float, str]]) -> None:
    scores, clusters = zip(*questions, strict=True)
    assert difference_interval(scores, scores, clusters, resamples=FEW) == (0, 0, 0)


def test_a_difference_turns_its_sign_with_its_sides() -> None:
    new, old, clusters = [1.0, 1.0, 0.0, 1.0], [0.0, 1.0, 0.0, 0.0], ["a", "a", "b", "c"]
    there, back = difference_interval(new, old, clusters), difference_interval(old, new, clusters)
    assert there.value == 0.5
    assert (back.value, back.low, back.high) == (-there.value, -there.high, -there.low)


def test_a_better_system_on_every_document_has_its_interval_above_zero() -> None:
    clusters = [f"document {number // 5}" for number in range(100)]
    old = [float(number % 2) for number in range(100)]
    new = [1.0 if number % 5 else score for number, score in enumerate(old)]
    assert difference_interval(new, old, clusters).low > 0


def test_questions_of_one_document_are_not_independent() -> None:
    """Ten documents of ten questions that fail together are worth ten questions, not a hundred."""
    scores = [float(number % 20 < 10) for number in range(100)]
    together = mean_interval(scores, [str(number // 10) for number in range(100)])
    apart = mean_interval(scores, [str(number) for number in range(100)])
    assert together.high - together.low > 2.5 * (apart.high - apart.low)


def test_independent_questions_give_the_width_of_the_normal_approximation() -> None:
    scores = [float(number % 5 > 0) for number in range(1_000)]
    _, low, high = mean_interval(scores, [str(number) for number in range(1_000)])
    assert (high - low) / 2 == pytest.approx(1.96 * math.sqrt(0.8 * 0.2 / 1_000), rel=0.1)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_is_the_interval_that_scipy_gives(counts: tuple[int, int]) -> None:
    hits, n = counts
    expected = binomtest(hits, n).proportion_ci(method="wilson")
    value, low, high = wilson(hits / n, n)
    assert value == hits / n
    assert low == pytest.approx(expected.low, abs=1e-9)
    assert high == pytest.approx(expected.high, abs=1e-9)


def test_one_document_falls_back_to_wilson() -> None:
    assert mean_interval([1.0, 0.0, 1.0, 1.0], ["a"] * 4) == wilson(0.75, 4)


def test_what_cannot_be_averaged_is_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        mean_interval([], [])
    with pytest.raises(ValueError, match="do not fit"):
        mean_interval([1.0], ["a", "b"])
    with pytest.raises(ValueError, match="not a number"):
        mean_interval([math.nan, 1.0], ["a", "b"])
    with pytest.raises(ValueError, match="not paired"):
        difference_interval([1.0], [1.0, 0.0], ["a"])
    with pytest.raises(ValueError, match="not a rate"):
        wilson(1.5, 3)


def test_the_interval_of_a_mean_is_the_same_by_either_way_but_for_the_drawing() -> None:
    scores = np.random.default_rng(3).random(80)
    clusters = [str(number % 20) for number in range(80)]
    (ours,) = statistic_intervals(lambda rows: [float(scores[rows].mean())], clusters)
    assert ours.value == pytest.approx(scores.mean())
    assert ours == pytest.approx(mean_interval(scores, clusters), abs=0.02)


def test_drawings_without_a_figure_are_left_out_and_a_figure_that_is_never_one_is_refused() -> None:
    flags = np.array([1.0, 0.0, 0.0, 0.0])

    def share_of_found(rows: np.ndarray) -> list[float]:
        return [float(flags[rows].sum() / flags[rows].sum()) if flags[rows].any() else math.nan]

    assert statistic_intervals(share_of_found, list("abcd"), resamples=FEW) == ((1.0, 1.0, 1.0),)
    with pytest.raises(ValueError, match="not a number"):
        statistic_intervals(lambda rows: [math.nan for _ in rows[:1]], list("abcd"), resamples=FEW)


def test_one_document_that_moved_among_few_shows_nothing_and_many_that_moved_alike_do() -> None:
    names = [f"d{number}" for number in range(17)]
    one = families([[-1.0] + [0.0] * 16], [names])
    assert one.worse[0] == 0.5, "a coin"
    assert families([[-1.0] * 6 + [0.0] * 11], [names]).worse[0] == 2**-6
    assert families([[0.0] * 17], [names]).worse == (1.0,)


moves = st.lists(st.sampled_from([-1.0, 0.0, 1.0]), min_size=9, max_size=9).filter(any)


@given(st.lists(moves, min_size=2, max_size=6))
def test_a_family_asks_for_no_less_than_each_alone(rows: list[list[float]]) -> None:
    names = [f"d{number}" for number in range(9)]
    together = families(rows, [names] * len(rows))
    alone = [families([row], [names]) for row in rows]
    assert all(one >= own.worse[0] for one, own in zip(together.worse, alone, strict=True))
    opposite = families([[-value for value in row] for row in rows], [names] * len(rows))
    assert opposite.better == together.worse


def test_metrics_that_say_the_same_cost_nothing_to_test_together() -> None:
    names = [f"d{number}" for number in range(10)]
    row = [-1.0] * 8 + [1.0, 0.0]
    assert families([row] * 8, [names] * 8).worse == families([row], [names]).worse * 8


def test_false_alarms_of_eight_metrics_are_those_of_one() -> None:
    draw = np.random.default_rng(11)
    names = [f"d{number % 17}" for number in range(119)]
    together = alone = 0
    for _ in range(200):
        moves = draw.choice([0, 0, 0, 1, -1], size=119)
        rows = [[float(one) for one in moves * draw.integers(0, 2, size=119)] for _ in range(8)]
        together += min(families(rows, [names] * 8).worse) <= 0.025
        alone += min(families([row], [names]).worse[0] for row in rows) <= 0.025
    assert together <= 10 < alone, "5 of 200 are meant; uncorrected there are three times as many"
