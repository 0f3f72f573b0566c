"""MMD: against the formula with loops, its two ways against each other, its effect and its memory."""

import itertools
import math
import tracemalloc

import numpy as np
import pytest

from tests.drift.laws import normal
from vernal.drift import MMD


def naive(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """The unbiased estimate and the effect, pair by pair, in plain floats."""
    rows = [*x.tolist(), *y.tolist()]
    pairs = [*itertools.combinations(range(len(rows)), 2)]
    distances = {pair: math.dist(rows[pair[0]], rows[pair[1]]) for pair in pairs}
    width = math.sqrt(float(np.median([distance**2 for distance in distances.values()])))
    kernel = {pair: math.exp(-((distance / width) ** 2) / 2) for pair, distance in distances.items()}
    n = len(x)
    within_x = [kernel[i, j] for i, j in pairs if j < n]
    within_y = [kernel[i, j] for i, j in pairs if i >= n]
    across = [kernel[i, j] for i, j in pairs if i < n <= j]
    squared = sum(within_x) / len(within_x) + sum(within_y) / len(within_y) - 2 * sum(across) / len(across)
    return squared, math.sqrt(max(squared, 0) / (1 - sum(kernel.values()) / len(kernel)))


@pytest.mark.parametrize(("n", "m"), [(40, 25), (3, 5)])
def test_it_is_the_formula(n: int, m: int) -> None:
    rng = np.random.default_rng(0)
    x, y = normal(rng, n, 3), normal(rng, m, 3) + 1
    squared, effect = naive(x, y)
    found = MMD(permutations=4000).compare(x, y)
    assert found.statistic == pytest.approx(squared, abs=1e-6)
    # What the permutations have on average is taken off; it is 0 but for chance.
    assert found.effect == pytest.approx(effect, abs=0.02)


def test_the_p_value_is_that_of_all_ways_to_deal() -> None:
    """Of 4 + 4 rows all 70 ways, by the formula; 20,000 random ones are within 3 standard errors."""
    rng = np.random.default_rng(3)
    rows = np.concatenate([normal(rng, 4, 2), normal(rng, 4, 2) + 0.7])
    of = {
        chosen: naive(rows[[i for i in range(8) if i not in chosen]], rows[[*chosen]])[0]
        for chosen in itertools.combinations(range(8), 4)
    }
    exact = np.mean([value >= of[4, 5, 6, 7] - 1e-9 for value in of.values()])
    found = MMD(permutations=20_000).compare(rows[:4], rows[4:])
    assert 0.05 < exact < 0.6
    assert found.p == pytest.approx(exact, abs=3 * math.sqrt(exact * (1 - exact) / 20_000))


@pytest.mark.parametrize(("n", "m"), [(300, 300), (400, 150)])
def test_random_features_approximate_it(n: int, m: int) -> None:
    """Their error falls with the root of their number: 1 / sqrt(10,000) = .01 of the kernel, less where it cancels."""
    rng = np.random.default_rng(0)
    x, y = normal(rng, n, 8), normal(rng, m, 8) + 0.3
    exact, random = (MMD(features=features).compare(x, y) for features in (None, 20_000))
    assert random.statistic == pytest.approx(exact.statistic, rel=0.05)
    assert random.effect == pytest.approx(exact.effect, rel=0.03)
    assert random.p == exact.p


@pytest.mark.parametrize("features", [None, 1024])
def test_identical_samples_are_as_near_as_can_be(features: int | None) -> None:
    rows = normal(np.random.default_rng(0), 200, 8)
    found = MMD(features=features).compare(rows, rows)
    assert (found.p, found.effect) == (1, 0)


@pytest.mark.law
@pytest.mark.parametrize("rows", [300, 1500])
@pytest.mark.parametrize(("columns", "per_shift"), [(32, 0.9), (1, 0.66)])
def test_the_effect_of_a_shift_is_in_standard_deviations_and_does_not_grow_with_rows(
    rows: int, columns: int, per_shift: float
) -> None:
    """Of a shift by .3; for normal data in one column the formula with the median distance gives .66, in many .88."""
    rng = np.random.default_rng(0)
    found = MMD().compare(normal(rng, rows, columns), normal(rng, rows, columns) + 0.3)
    assert found.effect == pytest.approx(0.3 * per_shift, abs=0.06)


def test_many_rows_are_compared_by_random_features_and_few_pair_by_pair() -> None:
    rng = np.random.default_rng(0)
    few, many = normal(rng, 2000, 2), normal(rng, 2001, 2)
    for sample, features in ((few, None), (many, 1024)):
        assert MMD().compare(few, sample) == MMD(features=features).compare(few, sample)


def test_memory_is_bounded() -> None:
    """10,000 rows of 512 columns: less than 1 GB at the peak, beside the samples; all pairs would take 1.6 GB."""
    x, y = np.random.default_rng(0).normal(size=(2, 10_000, 512)).astype(np.float32)
    tracemalloc.start()
    MMD(permutations=20).compare(x, y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1e9


def test_rows_that_are_mostly_the_same_are_compared() -> None:
    """The median distance is 0 then, and is no width."""
    x, y = np.zeros((100, 2)), np.zeros((100, 2))
    x[:5] = 1
    y[:40] = 1
    found = MMD().compare(x, y)
    assert found.p == pytest.approx(1 / 201)
    assert MMD().compare(x, x[::-1]).p == 1
