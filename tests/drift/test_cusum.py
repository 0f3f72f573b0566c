from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import solve
from scipy.stats import norm, skew

from vernal.drift import CUSUM, run_length_for
from vernal.drift.cusum import mean_run_length, threshold_for
from vernal.drift.moments import Moments


def markov_chain_run_length(h, k, states=400):
    """Brook and Evans (1972): the run length exactly, but for the width of a state: S in cells, and solve for times."""
    width = 2 * h / (2 * states - 1)
    middles = np.arange(states) * width
    upper = norm.cdf(middles[None, :] + width / 2 - middles[:, None] + k)
    lower = norm.cdf(middles[None, :] - width / 2 - middles[:, None] + k)
    moves = upper - lower
    moves[:, 0] = upper[:, 0]
    return float(solve(np.eye(states) - moves, np.ones(states))[0])


@pytest.mark.parametrize(("h", "shift"), [(4.0, 1.0), (5.0, 1.0), (8.0, 0.5), (13.0, 0.5)])
def test_siegmunds_approximation_is_within_two_percent(h, shift):
    assert mean_run_length(h, shift) == pytest.approx(markov_chain_run_length(h, shift / 2), rel=0.02)


@pytest.mark.law
@pytest.mark.parametrize("direction", ["up", "down", "both"])
def test_false_alarms_are_as_rare_as_is_asked_for(direction):
    """Normal values of unknown mean and scale: of 200,000, one in 1,000 alarms; 200 +- 4 standard errors of sqrt(200).

    The 200 values of each reference are no chance of an alarm: the mean distance of alarms is 200 more.
    """
    values = np.random.default_rng(0).normal(50, 7, 240_000)
    fires = CUSUM(run_length=1000, direction=direction).update_many(values).fires
    assert fires == pytest.approx(200, abs=57)


@pytest.mark.law
@pytest.mark.parametrize(("direction", "rate"), [("up", 0.2), ("down", 0.2), ("both", 0.4), ("up", 0.6)])
def test_false_alarms_of_errors_are_as_rare_too(direction, rate):
    """120 to 300 alarms where 200 are asked for; without skewness there are nearly three times as many upwards."""
    values = (np.random.default_rng(0).random(240_000) < rate).astype(float)
    assert 120 <= CUSUM(run_length=1000, direction=direction).update_many(values).fires <= 300


@given(st.lists(st.floats(-10, 10), min_size=3, max_size=50).filter(lambda xs: np.std(xs) > 0.01))
def test_the_moments_are_those_of_the_sample(xs):
    moments = Moments()
    for x in xs:
        moments.add(x)
    assert (moments.mean, moments.sd) == pytest.approx((np.mean(xs), np.std(xs, ddof=1)))
    assert moments.skewness == pytest.approx(skew(xs), abs=1e-6)


def test_the_recursion_is_that_of_the_docstring():
    values = np.random.default_rng(3).exponential(size=300)
    detector = CUSUM(reference=50, direction="up", shift=1.0, run_length=1e6)
    evidence = detector.update_many(values).evidence
    total = 0.0
    for t in range(50, len(values)):
        past = values[:t]
        z = np.sqrt(t / (t + 1)) * (values[t] - past.mean()) / past.std(ddof=1)
        total = max(0.0, total + z - 0.5 - skew(past) / 6)
    assert evidence["statistic"] == pytest.approx(total, abs=1e-9)


def test_it_sees_a_loss_rise_within_a_few_dozen_values_and_estimates_it():
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(2, 1, 1000), rng.normal(3, 1, 300)])
    evidence = CUSUM().update_many(values).evidence
    assert evidence["alarms"][0] in range(1001, 1050)
    assert evidence["before"] == pytest.approx(2, abs=0.1)
    assert evidence["after"] == pytest.approx(3, abs=0.4)


def test_the_threshold_gives_the_run_length_back():
    for direction, sides in (("up", 1), ("down", 1), ("both", 2)):
        assert mean_run_length(threshold_for(5000, 0.5, direction), 0.5) / sides == pytest.approx(5000)


def test_false_alarms_a_month_are_a_run_length():
    assert run_length_for(false_alarms_per_month=0.5, values_per_day=1000) == 60_000
