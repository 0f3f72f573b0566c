import math

import numpy as np
import pytest
from scipy import stats

from vernal.triggers.interval import Interval, of_mean, of_share


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.999])
@pytest.mark.parametrize(("ones", "n"), [(0, 1), (1, 1), (0, 50), (7, 50), (50, 50), (191, 10000)])
def test_a_share_has_wilsons_interval(ones, n, confidence):
    interval = of_share(ones, n, confidence)
    expected = stats.binomtest(ones, n).proportion_ci(confidence, method="wilson")
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert interval.low <= interval.mean <= interval.high


def test_a_mean_has_students_interval():
    values = np.random.default_rng(0).normal(5, 2, size=12)
    interval = of_mean(values.mean(), values.var(ddof=1), 12, 0.9)
    assert (interval.low, interval.high) == pytest.approx(stats.ttest_1samp(values, 0).confidence_interval(0.9))


def test_of_one_value_nothing_is_known():
    interval = of_mean(3.0, 0.0, 1, 0.95)
    assert (interval.low, interval.high) == (-math.inf, math.inf)
    assert interval.to_json() == {"mean": 3.0, "low": None, "high": None}


def test_a_difference_of_shares_has_newcombes_interval():
    # The first example of R. G. Newcombe, Statistics in Medicine 17, 1998: 56/70 - 48/80, 95 %, his method 10.
    difference = of_share(56, 70, 0.95).minus(of_share(48, 80, 0.95))
    assert (difference.low, difference.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_a_known_number_shifts_an_interval():
    shifted = Interval(5.0, 4.0, 7.0).minus(Interval.exactly(3.0))
    assert shifted == Interval(2.0, 1.0, 4.0)


@pytest.mark.law
def test_a_difference_of_means_holds_the_truth_as_often_as_it_says():
    rng, held = np.random.default_rng(0), 0
    for _ in range(2000):
        one, other = rng.normal(1, 1, 40), rng.normal(0, 3, 25)
        intervals = [of_mean(x.mean(), x.var(ddof=1), len(x), 0.95) for x in (one, other)]
        difference = intervals[0].minus(intervals[1])
        held += difference.low <= 1 <= difference.high
    assert abs(held / 2000 - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 2000)
