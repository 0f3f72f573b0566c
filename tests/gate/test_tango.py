import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import norm

from tests.gate.cases import counts, tolerance
from vernal.gate.tango import tango_interval, tango_z


def by_search(wins, losses, n, bound):
    """The statistic with the share of losses that makes the counts most likely, found by search."""
    same = n - wins - losses
    low, high = max(0, -bound), (1 - bound) / 2

    def unlikely(q):
        shares = np.clip([q + bound, q, 1 - 2 * q - bound], 1e-300, None)
        return -(np.array([wins, losses, same]) * np.log(shares)).sum()

    q = minimize_scalar(unlikely, bounds=(low, high), method="bounded", options={"xatol": 1e-12}).x
    return (wins - losses - n * bound) / np.sqrt(n * (2 * q + bound * (1 - bound)))


@pytest.mark.parametrize("bound", [-0.2, -0.01, 0.0, 0.02, 0.3])
@pytest.mark.parametrize("counted", [(12, 9, 100), (30, 10, 1000), (1, 0, 50), (3, 20, 60)])
def test_the_variance_is_that_of_the_most_likely_shares_under_the_bound(counted, bound):
    assert float(tango_z(*counted, bound)) == pytest.approx(by_search(*counted, bound), rel=1e-4)


def test_answers_that_all_agree_do_not_prove_much():
    # The usual interval has width 0 there. By the score test, n items rule out a loss of z² / (n + z²).
    z = norm.isf(0.05)
    assert tango_interval(0, 0, 100, 0.9) == pytest.approx((-(z**2) / (100 + z**2), z**2 / (100 + z**2)))


@given(st.integers(0, 40), st.integers(0, 40), st.integers(1, 100))
def test_the_interval_ends_where_the_statistic_is_at_its_quantile(wins, losses, same):
    assume(wins and losses)
    n = wins + losses + same
    low, high = tango_interval(wins, losses, n, 0.95)
    assert low < (wins - losses) / n < high
    assert tango_z(wins, losses, n, [low, high]) == pytest.approx([norm.isf(0.025), norm.ppf(0.025)], abs=1e-4)


def test_turning_the_sides_round_turns_the_interval_round():
    low, high = tango_interval(30, 10, 1000, 0.95)
    assert tango_interval(10, 30, 1000, 0.95) == pytest.approx((-high, -low))


def test_an_interval_ends_where_differences_do():
    assert tango_interval(10, 0, 10, 0.95)[1] == 1.0
    assert tango_interval(0, 10, 10, 0.95)[0] == -1.0


@pytest.mark.law
@pytest.mark.parametrize("n", [500, 2000])
@pytest.mark.parametrize("difference", [-0.02, 0.0, 0.01])
def test_the_interval_covers_the_true_difference(n, difference):
    wins, losses = counts(n, difference, repeats=4000)
    covered = (np.abs(tango_z(wins, losses, n, difference)) <= norm.isf(0.025)).mean()
    assert 0.93 <= covered <= 0.97


@pytest.mark.law
def test_of_challengers_at_the_margin_alpha_pass():
    wins, losses = counts(2000, -0.01, repeats=20_000)
    passed = (norm.sf(tango_z(wins, losses, 2000, -0.01)) <= 0.05).mean()
    assert passed == pytest.approx(0.05, abs=tolerance(0.05, 20_000) + 0.003)  # and what is discrete in it
