import numpy as np
import pytest
from hypothesis import given

from tests.metrics.lineages import (
    DROPPING,
    DROPPING_INITIAL,
    GAINING,
    GAINING_INITIAL,
    score_matrices,
    without_the_future,
)
from vernal.base import DataError
from vernal.metrics import backward_transfer, forward_transfer


def test_golden_backward_transfer():
    # .8284 - .9362 = -.1078;  ((.4377 - .9362) + (.4826 - .9507)) / 2 = -.4833
    np.testing.assert_allclose(backward_transfer(DROPPING), [0, -0.1078, -0.4833], atol=1e-6)
    # .95 - .90 = .05;  ((.70 - .90) + (.85 - .80)) / 2 = -.075
    np.testing.assert_allclose(backward_transfer(GAINING), [0, 0.05, -0.075], atol=1e-12)


def test_golden_forward_transfer():
    # .6093 - .1 = .5093;  (.5093 + (.3383 - .09)) / 2 = .3788
    dropping = forward_transfer(DROPPING, DROPPING_INITIAL)
    np.testing.assert_allclose(dropping, [0, 0.5093, 0.3788], atol=1e-6)
    # .20 - .1 = .1;  (.1 + (.15 - .1)) / 2 = .075
    gaining = forward_transfer(GAINING, GAINING_INITIAL)
    np.testing.assert_allclose(gaining, [0, 0.1, 0.075], atol=1e-12)


@given(score_matrices)
def test_a_model_that_never_changes_transfers_nothing(scores):
    frozen = np.tile(scores[0], (len(scores), 1))
    np.testing.assert_array_equal(backward_transfer(frozen), 0)
    np.testing.assert_array_equal(forward_transfer(frozen, initial=scores[0]), 0)


@given(score_matrices)
def test_a_gain_is_positive_for_errors_too(scores):
    initial = scores[0]
    backward = backward_transfer(1 - scores, higher_is_better=False)
    forward = forward_transfer(1 - scores, 1 - initial, higher_is_better=False)
    np.testing.assert_allclose(backward, backward_transfer(scores), atol=1e-12)
    np.testing.assert_allclose(forward, forward_transfer(scores, initial), atol=1e-12)


@given(score_matrices)
def test_transfer_of_shares_lies_between_minus_one_and_one(scores):
    assert (np.abs(backward_transfer(scores)) <= 1).all()
    assert (np.abs(forward_transfer(scores, initial=scores[-1])) <= 1).all()


def test_forward_transfer_is_unknown_from_the_first_unknown_score_on():
    known_once = [[0.5, 0.75], [0.5, 0.5], [0.5, 0.5, 0.5]]
    np.testing.assert_array_equal(forward_transfer(known_once, [0, 0.5, 0]), [0, 0.25, np.nan])
    assert np.isnan(forward_transfer(without_the_future(GAINING), GAINING_INITIAL)[1:]).all()


def test_initial_scores_must_fit_the_chunks():
    with pytest.raises(DataError, match=r"`initial` has the shape \(2,\), and there are 3 chunks"):
        forward_transfer(GAINING, [0.1, 0.1])
