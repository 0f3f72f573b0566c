"""KS: against SciPy, its law against counting, and what it says of each column."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from tests.drift.laws import normal
from vernal.drift import KS
from vernal.drift.ks import distance
from vernal.drift.ks_law import ks_p

VALUES = st.lists(st.sampled_from([-1.0, 0.0, 0.5, 2.0, float("nan")]), min_size=1, max_size=12).map(np.array)


@settings(max_examples=200)
@given(VALUES, VALUES)
def test_the_distance_is_the_largest_over_all_values(x: np.ndarray, y: np.ndarray) -> None:
    """With ties and missing values, which are above all others: at every value, both shares up to it, as fractions."""
    x_inf, y_inf = (np.where(np.isnan(column), 9.0, column) for column in (x, y))
    apart = [abs(len(y) * (x_inf <= t).sum() - len(x) * (y_inf <= t).sum()) for t in {*x_inf, *y_inf}]
    assert distance(x, y) == max(apart)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (3, 3), (3, 5), (2, 6), (4, 4)])
def test_the_law_is_what_counting_gives(n: int, m: int) -> None:
    """Every way to order n + m different values, of which each is as likely."""
    found = [
        distance(np.setdiff1d(np.arange(n + m), chosen), np.array(chosen))
        for chosen in itertools.combinations(range(n + m), m)
    ]
    for step in set(found):
        assert ks_p([step], n, m)[0] == pytest.approx(np.mean(np.array(found) >= step))


@pytest.mark.parametrize(("n", "m"), [(50, 50), (200, 301), (500, 499), (1000, 1000), (10_000, 10_000)])
def test_p_is_scipys_where_it_is_exact(n: int, m: int) -> None:
    rng = np.random.default_rng(0)
    for shift in (0, 1 / np.sqrt(n), 5 / np.sqrt(n)):
        x, y = rng.normal(size=n), rng.normal(shift, size=m)
        assert KS().compare(x, y).p == pytest.approx(ks_2samp(x, y).pvalue, rel=1e-6)


def test_p_is_scipys_asymptotic_one_for_large_samples_of_other_sizes() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=900), rng.normal(0.1, size=700)
    assert KS().compare(x, y).p == pytest.approx(ks_2samp(x, y, method="asymp").pvalue)
    assert KS().compare(x, y).p == pytest.approx(ks_2samp(x, y, method="exact").pvalue, rel=0.05)


def test_very_small_p_values_are_right() -> None:
    """Nothing in common: of all orders just two, n values and then m, or the other way round."""
    x, y = np.arange(7.0), np.arange(10.0, 19.0)
    assert KS().compare(x, y).p == pytest.approx(2 / 11440)  # 16 over 7
    assert 0 < KS().compare(np.arange(400.0), np.arange(500.0, 600.0)).p < 1e-100


def test_the_whole_has_the_smallest_p_value_times_the_columns() -> None:
    rng = np.random.default_rng(0)
    x, y = normal(rng, 80, 5), normal(rng, 80, 5) + [0, 0.9, 0, 0.6, 0]
    alone = [ks_2samp(x[:, number], y[:, number]).pvalue for number in range(5)]
    found, by_holm = KS().compare(x, y), KS("holm").compare(x, y)
    assert found.p == by_holm.p == pytest.approx(5 * min(alone))
    assert found.statistic == pytest.approx(ks_2samp(x[:, 1], y[:, 1]).statistic)
    assert [found.columns[str(number)]["p"] for number in range(5)] == pytest.approx([min(1, 5 * p) for p in alone])
    assert by_holm.columns["3"]["p"] == pytest.approx(4 * alone[3])


@pytest.mark.law
@pytest.mark.parametrize("rows", [2_000, 20_000])
def test_the_effect_is_the_shift_in_standard_deviations(rows: int) -> None:
    """It is too small by what chance makes, which is taken off: .06 at 2,000 rows."""
    rng = np.random.default_rng(0)
    found = KS().compare(7 * normal(rng, rows, 1), 7 * (normal(rng, rows, 1) + 0.5))
    assert found.effect == pytest.approx(0.5, abs=0.1)


@pytest.mark.law
def test_the_largest_effect_of_many_columns_is_no_larger_for_that() -> None:
    """512 columns, all shifted by .05: measured .08 to .09; without what is taken off it would be .11."""
    rng = np.random.default_rng(0)
    found = KS().compare(normal(rng, 10_000, 512), normal(rng, 10_000, 512) + 0.05)
    assert found.p < 0.05
    assert found.effect < 0.1


def test_outliers_do_not_hide_a_shift() -> None:
    rng = np.random.default_rng(0)
    x, y = normal(rng, 500, 1), normal(rng, 500, 1) + 1
    clean = KS().compare(x, y).effect
    x[:5], y[:5] = 1e6, -1e6
    assert KS().compare(x, y).effect == pytest.approx(clean, abs=0.15)


def test_a_column_that_went_missing_is_named() -> None:
    rng = np.random.default_rng(0)
    x, y = normal(rng, 200, 3), normal(rng, 200, 3)
    y[:, 2] = np.nan
    found = KS().compare(x, y)
    assert found.p < 1e-50
    assert found.columns["2"]["p"] == found.p


def test_by_permutations_the_columns_are_corrected_by_their_largest_distance() -> None:
    """200 ways are too few for Bonferroni over 50 columns, 50 / 201, and enough for the law of the largest."""
    rng = np.random.default_rng(0)
    x, y = normal(rng, 300, 50), normal(rng, 300, 50) + 1.5 * (np.arange(50) == 17)
    found = KS(block=5).compare(x, y)
    assert found.p == pytest.approx(1 / 201)
    assert [name for name, column in found.columns.items() if column["p"] < 0.05] == ["17"]
    assert found.effect == pytest.approx(1.5, abs=0.3)


def test_by_permutations_the_distance_is_the_same() -> None:
    rng = np.random.default_rng(0)
    x, y = (rng.integers(0, 9, (90, 4)).astype(float) for _ in range(2))
    x[rng.random(x.shape) < 0.2] = np.nan
    assert KS(block=3).compare(x, y).statistic == max(distance(a, b) / 8100 for a, b in zip(x.T, y.T, strict=True))
    numbers = {str(number): distance(x[:, number], y[:, number]) for number in range(4)}
    p = {name: column["p"] for name, column in KS(block=3).compare(x, y).columns.items()}
    assert sorted(p, key=p.get) == sorted(numbers, key=lambda name: -numbers[name])
