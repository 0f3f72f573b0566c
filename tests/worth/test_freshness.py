"""The curve on concepts whose decay is known."""

import numpy as np
import pytest

from vernal.base import DataError
from vernal.worth import freshness_curve


def rotating(degrees, dims, windows, ages, rows, rng):
    """Errors of perfect models of each age on windows of ``sign(w_t x)``, whose w turns by some degrees a step."""
    points = []
    for window in range(windows):
        x = rng.normal(size=(rows, dims))
        directions = np.radians(degrees) * (window - np.arange(ages))
        answers = x[:, :2] @ np.stack([np.cos(directions), np.sin(directions)]) > 0
        errors = (answers != answers[:, :1]).mean(axis=0)
        points += [(age, error, window) for age, error in enumerate(errors)]
    return np.array(points).T


@pytest.mark.parametrize("dims", [2, 10])
def test_a_concept_that_rotates_costs_its_angle_over_pi(dims):
    ages, errors, windows = rotating(4, dims, windows=8, ages=10, rows=10_000, rng=np.random.default_rng(dims))
    curve = freshness_curve(ages, errors, windows)
    assert curve.slope == pytest.approx(4 / 180, rel=0.05)
    assert curve.r2 > 0.99
    assert curve.interval[0] < 4 / 180 < curve.interval[1]
    assert not curve.flat


def test_twenty_degrees_cost_a_ninth():
    # The angle over pi: 20 / 180 = .1111.
    ages, errors, windows = rotating(20, 5, windows=1, ages=2, rows=200_000, rng=np.random.default_rng(0))
    assert errors[ages == 1] == pytest.approx(1 / 9, abs=0.003)


def noisy(slope, rng, windows=12, ages=6):
    """Errors with a level for each window, and with a decay of its own for each window."""
    age, window = (grid.ravel() for grid in np.meshgrid(np.arange(float(ages)), np.arange(windows)))
    level, decay = rng.normal(0.3, 0.1, windows)[window], rng.normal(slope, 0.01, windows)[window]
    return age, level + decay * age + rng.normal(0, 0.01, len(age)), window


@pytest.mark.law
@pytest.mark.parametrize("slope", [0.0, 0.02])
def test_the_interval_holds_the_slope_as_often_as_it_says(slope):
    rng = np.random.default_rng(3)
    curves = [freshness_curve(*noisy(slope, rng)) for _ in range(400)]
    held = np.mean([curve.interval[0] <= slope <= curve.interval[1] for curve in curves])
    assert held == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / 400))


def test_without_drift_the_curve_is_flat():
    assert freshness_curve(*noisy(0.0, np.random.default_rng(0))).flat


def test_the_slope_and_its_interval_are_those_of_the_textbook():
    # A dummy for each window, least squares by lstsq, and the jackknife by leaving out rows of the design.
    age, error, window = noisy(0.02, np.random.default_rng(5), windows=4)

    def slope(kept):
        design = np.column_stack([age, *(window == w for w in range(4))])[kept]
        return np.linalg.lstsq(design, error[kept], rcond=None)[0][0]

    without = np.array([slope(window != w) for w in range(4)])
    reach = 3.182446305284263 * np.sqrt(
        3 / 4 * ((without - slope(window >= 0)) ** 2).sum()
    )  # t with 3 degrees: 97.5 %.
    curve = freshness_curve(age, error, window)
    assert curve.slope == pytest.approx(slope(window >= 0))
    assert curve.interval == pytest.approx((curve.slope - reach, curve.slope + reach))


def test_a_single_window_says_that_it_is_one():
    curve = freshness_curve([0, 1, 2, 3], [0.1, 0.12, 0.13, 0.16], np.zeros(4))
    assert curve.windows == 1
    assert "One test window only" in curve.note


def test_windows_with_models_of_one_age_say_nothing():
    several = freshness_curve([0, 1, 2, 0.1, 0.1, 0.1], [0.1, 0.2, 0.3, 0.9, 0.9, 0.7], [0, 0, 0, 1, 1, 1])
    assert (several.slope, several.windows, several.points) == (pytest.approx(0.1), 1, 3)


@pytest.mark.parametrize(
    ("ages", "errors", "windows", "message"),
    [
        ([0, 1], [0.1, 0.2], [0, 0], "three points"),
        ([0, 1, 2], [0.1, 0.2, 0.3], [0, 1, 2], "different ages"),
        ([0, 1, 2], [0.1, np.nan, 0.3], [0, 0, 0], "must be finite"),
        ([0, 1], [0.1, 0.2, 0.3], [0, 0, 0], "must be as many"),
    ],
)
def test_points_without_a_slope_are_refused(ages, errors, windows, message):
    with pytest.raises(DataError, match=message):
        freshness_curve(ages, errors, windows)


def test_the_curve_is_plain_values():
    curve = freshness_curve([0, 1, 2], [0.1, 0.2, 0.3], ["a", "a", "a"])
    assert curve.to_json()["flat"] is False
    assert isinstance(curve.to_json()["interval"], list)
