"""PSI: the formula, its law, and its bins."""

import numpy as np
import pytest

from tests.drift.laws import normal
from vernal.drift import PSI


def test_it_is_the_formula() -> None:
    """40 and 60 of 100 zeros, a quarter of a row added to each of both bins: shares .4 and .6, moved towards a half."""
    x, y = np.repeat([0, 1], [40, 60]), np.repeat([0, 1], [60, 40])
    p = 40.25 / 100.5
    by_hand = 2 * (1 - 2 * p) * np.log((1 - p) / p)
    found = PSI().compare(x, y)
    assert found.statistic == found.effect == pytest.approx(by_hand)
    assert by_hand == pytest.approx(2 * 0.2 * np.log(1.5), rel=0.02)


@pytest.mark.law
@pytest.mark.parametrize(("n", "m"), [(200, 200), (500, 500), (200, 1000), (10_000, 10_000)])
def test_without_a_change_its_mean_and_its_false_alarms_are_those_of_the_law(n: int, m: int) -> None:
    """Mean (B - 1) (1/n + 1/m) ± 5 %, P(p <= .05) = .05 ± 3 standard errors; one comparison of 2,000 columns."""
    rng = np.random.default_rng(n)
    columns = 500 if n > 1000 else 2000
    found = PSI().compare(normal(rng, n, columns), normal(rng, m, columns))
    index = np.array([column["effect"] for column in found.columns.values()])
    assert index.mean() == pytest.approx(9 * (1 / n + 1 / m), rel=0.05)
    share = np.mean(index > PSI().threshold(n, m))
    assert share == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / columns))


@pytest.mark.law
def test_the_customary_threshold_is_exceeded_by_chance() -> None:
    """n = m = 200: P(PSI > .1) = .37 and the 95 % point .177, both measured by others; law .169."""
    rng = np.random.default_rng(0)
    found = PSI().compare(normal(rng, 200, 2000), normal(rng, 200, 2000))
    index = np.array([column["effect"] for column in found.columns.values()])
    assert np.mean(index > 0.1) == pytest.approx(0.36, abs=0.05)
    assert np.quantile(index, 0.95) == pytest.approx(0.17, abs=0.012)


def test_the_threshold_is_where_p_is_alpha() -> None:
    assert PSI(bins=2).threshold(100, 100) == pytest.approx(0.02 * 3.8415, rel=1e-4)
    rng = np.random.default_rng(0)
    found = PSI().compare(normal(rng, 300, 1), normal(rng, 200, 1))
    assert PSI().threshold(300, 200, found.p) == pytest.approx(found.statistic)


def test_the_samples_and_the_direction_of_a_column_can_be_exchanged() -> None:
    rng = np.random.default_rng(0)
    x, y = normal(rng, 300, 2), normal(rng, 200, 2) + 0.2
    assert PSI().compare(y, x).p == pytest.approx(PSI().compare(x, y).p)
    assert PSI().compare(np.exp(x), np.exp(y)).p == pytest.approx(PSI().compare(x, y).p)


@pytest.mark.parametrize("rare", [0.0, 9.0])
def test_a_value_that_most_rows_have_is_a_bin_and_the_rest_another(rare: float) -> None:
    """95 % have one value, whether the others are below or above it; a bin between equal values there is none."""
    rng = np.random.default_rng(0)
    x, y, z = (np.where(rng.random(1000) < share, rare, 5.0) for share in (0.05, 0.05, 0.15))
    assert PSI().compare(x, y).p > 0.01
    assert PSI().compare(x, z).p < 1e-6


def test_few_values_have_a_bin_each() -> None:
    """The law has as many degrees of freedom as there are bins, less one."""
    x, y = np.repeat([1, 2, 3], [30, 30, 40]), np.repeat([1, 2, 3], [40, 30, 30])
    found = PSI().compare(x, y)
    by_chi2 = np.exp(-found.statistic / 0.02 / 2)  # the tail of chi-squared with two degrees of freedom
    assert found.p == pytest.approx(by_chi2)
