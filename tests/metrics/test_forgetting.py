import numpy as np
import pytest
from hypothesis import given

from tests.metrics.lineages import DROPPING, GAINING, score_matrices, without_the_future
from vernal.metrics import backward_transfer, forgetting


def test_golden_forgetting():
    # .9362 - .8284 = .1078;  ((.9362 - .4377) + (.9507 - .4826)) / 2 = .4833
    np.testing.assert_allclose(forgetting(DROPPING), [0, 0.1078, 0.4833], atol=1e-6)


def test_golden_forgetting_may_be_negative_and_differ_from_backward_transfer():
    # .90 - .95 = -.05;  ((.95 - .70) + (.80 - .85)) / 2 = .1
    np.testing.assert_allclose(forgetting(GAINING), [0, -0.05, 0.1], atol=1e-12)
    assert forgetting(GAINING)[2] != pytest.approx(-backward_transfer(GAINING)[2])


def test_the_best_may_lie_before_the_chunk_was_learned():
    # Chunk 1 stood at .75 before it was learned, at .5 after, and at .25 now. Chunk 0 is unchanged.
    scores = [[0.5, 0.75, 0], [0.5, 0.5, 0], [0.5, 0.25, 1]]
    np.testing.assert_array_equal(forgetting(scores), [0, 0, 0.25])


@given(score_matrices)
def test_a_single_update_forgets_nothing_and_no_update_forgets_its_own_chunk(scores):
    changed = scores.copy()
    np.fill_diagonal(changed[-1:, -1:], 0)
    assert forgetting(scores)[0] == 0
    np.testing.assert_array_equal(forgetting(changed), forgetting(scores))


@given(score_matrices)
def test_forgetting_of_shares_lies_between_minus_one_and_one(scores):
    assert (np.abs(forgetting(scores)) <= 1 + 1e-12).all()


@given(score_matrices)
def test_forgetting_is_at_least_the_negative_of_backward_transfer(scores):
    # The best earlier score of a chunk is at least the one right after it was learned.
    known = without_the_future(scores)
    assert (forgetting(known) >= -backward_transfer(known) - 1e-12).all()


@given(score_matrices)
def test_an_error_is_forgotten_as_its_complement(scores):
    errors = forgetting(1 - scores, higher_is_better=False)
    np.testing.assert_allclose(errors, forgetting(scores), atol=1e-12)
