"""Closed forms against a search over all periods."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize_scalar

from vernal.base import ConfigError
from vernal.worth import best_period


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
@pytest.mark.parametrize(("cost", "slope"), [(50.0, 4.0), (3.0, 0.2), (1000.0, 0.01)])
def test_no_other_period_costs_less(cost, slope, power):
    def rate(log_length):
        length = np.exp(log_length)
        return (cost + quad(lambda t: slope * t**power, 0, length)[0]) / length

    found = best_period(cost, slope, power)
    searched = minimize_scalar(rate, bounds=(np.log(found.length / 20), np.log(found.length * 20)), method="bounded")
    assert found.length == pytest.approx(np.exp(searched.x), rel=0.01)
    assert found.rate == pytest.approx(searched.fun, rel=0.01)
    assert found.excess == pytest.approx(quad(lambda t: slope * t**power, 0, found.length)[0], rel=0.01)
    assert found.excess == pytest.approx(cost / power)


def test_four_times_the_cost_doubles_the_period():
    assert best_period(40, 3).length == pytest.approx(2 * best_period(10, 3).length)


@pytest.mark.parametrize("wrong", [{"cost": 0}, {"slope": 0}, {"power": 0}, {"slope": -1}])
def test_what_is_not_above_zero_has_no_best_period(wrong):
    with pytest.raises(ConfigError, match=f"`{next(iter(wrong))}` must be"):
        best_period(**({"cost": 1, "slope": 1, "power": 1} | wrong))
