import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vernal.base import DataError, EmptyChunk
from vernal.metrics import mae, r2, rmse

two_columns = st.integers(2, 30).flatmap(lambda n: arrays(np.float64, (2, n), elements=st.floats(-1e3, 1e3, width=32)))


def test_errors_worked_out_by_hand():
    y, predicted = [1.0, 2.0, 3.0, 6.0], [1.0, 3.0, 3.0, 4.0]
    assert mae(y, predicted) == 3 / 4
    assert rmse(y, predicted) == pytest.approx(math.sqrt(5 / 4))
    assert r2(y, predicted) == pytest.approx(1 - 5 / 14)  # the mean is 3: 4 + 1 + 0 + 9 = 14


@given(two_columns)
def test_the_mean_error_is_at_most_the_root_mean_square(columns):
    assert 0 <= mae(*columns) <= rmse(*columns) * (1 + 1e-9) + 1e-9


@given(two_columns)
def test_errors_do_not_depend_on_the_order_of_rows_nor_on_which_side_they_lie(columns):
    for metric in (mae, rmse):
        assert metric(*columns[:, ::-1]) == pytest.approx(metric(*columns))
        assert metric(*columns[::-1]) == pytest.approx(metric(*columns))


@given(two_columns)
def test_the_explained_variance_is_at_most_one_and_always_a_number(columns):
    assert r2(*columns) <= 1
    assert math.isfinite(r2(*columns))


def test_predicting_the_mean_explains_nothing():
    assert r2([1.0, 2.0, 6.0], [3.0, 3.0, 3.0]) == 0.0


@pytest.mark.parametrize(("predicted", "explained"), [([0.1] * 3, 1.0), ([0.1, 0.1, 0.2], 0.0)])
def test_a_constant_target_is_explained_all_or_not_at_all(predicted, explained):
    assert r2([0.1] * 3, predicted) == explained


def test_several_targets_are_averaged():
    y = np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]])
    predicted = y + np.array([[0.0, 10.0], [0.0, 0.0], [1.0, 0.0]])
    assert mae(y, predicted) == pytest.approx(11 / 6)
    assert r2(y, predicted) == pytest.approx((0.5 + 0.5) / 2)


@pytest.mark.parametrize("metric", [mae, rmse, r2])
def test_values_that_are_not_finite_or_do_not_fit_are_errors(metric):
    with pytest.raises(DataError, match="`predicted` has 1 of 2 values that are not finite"):
        metric([1.0, 2.0], [1.0, math.nan])
    with pytest.raises(DataError, match="`y` has 2 of 2 values that are not finite"):
        metric([math.inf, math.nan], [1.0, 2.0])
    with pytest.raises(DataError, match=r"`y` \(2,\), `predicted` \(2, 1\): the shapes differ"):
        metric([1.0, 2.0], [[1.0], [2.0]])
    with pytest.raises(EmptyChunk, match="there are no rows"):
        metric([], [])
