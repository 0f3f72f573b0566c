"""Schedules for curves that are known."""

import json

import pytest

from vernal.base import ConfigError
from vernal.worth import FreshnessCurve, best_period, recommend

CURVE = FreshnessCurve(0.02, (0.01, 0.03), 0.95, 0.9, 60, 10)
FLAT = FreshnessCurve(0.001, (-0.002, 0.004), 0.95, 0.1, 60, 10)


def test_the_schedule_is_the_best_period_of_the_slope():
    found = recommend(CURVE, update_cost=80, value_per_error=2, rows_per_day=500)
    assert found.days == best_period(80, 20).length
    assert found.cost_per_day == best_period(80, 20).rate
    assert found.interval == (best_period(80, 30).length, best_period(80, 10).length)
    assert found.saving_per_day is None


def test_the_saving_is_what_the_present_schedule_costs_more():
    found = recommend(CURVE, 80, 2, 500, present_days=7)
    present = 80 / 7 + 20 * 7 / 2  # An update a week, and half a week's staleness on average.
    assert found.saving_per_day == pytest.approx(present - found.cost_per_day)
    low, high = found.saving_interval
    assert low < found.saving_per_day < high
    assert "less than every 7 d" in found.why


def test_the_present_schedule_may_be_the_best():
    best = recommend(CURVE, 80, 2, 500).days
    assert recommend(CURVE, 80, 2, 500, present_days=best).saving_per_day == pytest.approx(0)


def test_a_flat_curve_recommends_no_schedule():
    found = recommend(FLAT, 80, 2, 500, present_days=7)
    assert (found.days, found.saving_per_day) == (None, None)
    assert found.interval == (best_period(80, 4).length, None)
    assert "may be nothing" in found.why


def test_models_that_improve_with_age_are_kept():
    found = recommend(FreshnessCurve(-0.02, (-0.03, -0.01), 0.95, 0.9, 60, 10), 80, 2, 500)
    assert found.days is None
    assert "is less with age" in found.why


def test_a_recommendation_is_plain_values():
    for curve in (CURVE, FLAT):
        plain = recommend(curve, 80, 2, 500, present_days=7).to_json()
        assert json.loads(json.dumps(plain, allow_nan=False)) == plain


@pytest.mark.parametrize(
    ("arguments", "name"),
    [((0, 1, 1), "cost"), ((1, 0, 1), "value_per_error"), ((1, 1, 0), "rows_per_day"), ((1, 1, 1, 0), "present_days")],
)
def test_numbers_that_are_not_above_zero_are_refused(arguments, name):
    with pytest.raises(ConfigError, match=f"`{name}` must be above 0"):
        recommend(CURVE, *arguments)
