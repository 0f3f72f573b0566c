import numpy as np
import pytest
from hypothesis import given

from tests.metrics.lineages import (
    DROPPING,
    DROPPING_SIZES,
    GAINING,
    GAINING_SIZES,
    score_matrices,
    without_the_future,
)
from vernal.base import DataError
from vernal.metrics import average_accuracy, micro_average_accuracy


def test_golden_averages():
    # .9362;  (.8284 + .9507) / 2 = .88955;  (.4377 + .4826 + .9439) / 3 = .6214
    np.testing.assert_allclose(average_accuracy(DROPPING), [0.9362, 0.88955, 0.6214], atol=1e-6)
    # .9;  (.95 + .80) / 2 = .875;  (.70 + .85 + .90) / 3 = .816667
    np.testing.assert_allclose(average_accuracy(GAINING), [0.9, 0.875, 0.816667], atol=1e-6)


def test_golden_micro_averages():
    # (10 * .8284 + 5 * .9507) / 15 = .8691667;  (10 * .4377 + 5 * .4826 + 10 * .9439) / 25 = .64916
    dropping = micro_average_accuracy(DROPPING, DROPPING_SIZES)
    np.testing.assert_allclose(dropping, [0.9362, 0.8691667, 0.64916], atol=1e-6)
    # (100 * .95 + 300 * .80) / 400 = .8375;  (100 * .70 + 300 * .85 + 100 * .90) / 500 = .83
    gaining = micro_average_accuracy(GAINING, GAINING_SIZES)
    np.testing.assert_allclose(gaining, [0.9, 0.8375, 0.83], atol=1e-6)


def test_golden_averages_of_a_counting_matrix():
    # .1;  (.4 + .5) / 2 = .45;  (.7 + .8 + .9) / 3 = .8
    counting = np.arange(1, 10).reshape(3, 3) / 10
    np.testing.assert_allclose(average_accuracy(counting), [0.1, 0.45, 0.8])


@given(score_matrices)
def test_chunks_of_one_size_weigh_the_same(scores):
    sizes = np.full(len(scores), 7)
    micro = micro_average_accuracy(scores, sizes)
    np.testing.assert_allclose(micro, average_accuracy(scores), atol=1e-12)


@given(score_matrices)
def test_averages_lie_between_the_lowest_and_the_highest_score_and_know_nothing_of_the_future(scores):
    averages = average_accuracy(scores)
    assert (averages >= scores.min() - 1e-12).all()
    assert (averages <= scores.max() + 1e-12).all()
    np.testing.assert_array_equal(averages, average_accuracy(without_the_future(scores)))


@given(score_matrices)
def test_the_order_of_the_chunks_does_not_matter_after_the_last_update(scores):
    backwards = average_accuracy(scores[:, ::-1])
    np.testing.assert_allclose(backwards[-1], average_accuracy(scores)[-1], atol=1e-12)


def test_sizes_must_fit_the_chunks():
    with pytest.raises(DataError, match=r"`sizes` has the shape \(2,\), and there are 3 chunks"):
        micro_average_accuracy(GAINING, [1, 2])
    with pytest.raises(DataError, match=r"`sizes` must be at least 1 for every chunk, got \[1, 0, 1\]"):
        micro_average_accuracy(GAINING, [1, 0, 1])
