import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vernal.base import ConfigError, DataError, EmptyChunk
from vernal.metrics import expected_calibration_error, log_loss


@st.composite
def predictions(draw):
    """True classes, and probabilities of three classes."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n_rows = draw(st.integers(1, 40))
    return rng.integers(0, 3, n_rows), rng.dirichlet(np.ones(3), n_rows)


@given(predictions())
def test_log_loss_is_the_mean_surprise(drawn):
    y, probabilities = drawn
    surprises = [-math.log(row[k]) for k, row in zip(y, probabilities, strict=True)]
    assert log_loss(y, probabilities) == pytest.approx(sum(surprises) / len(surprises))


def test_a_model_that_knows_nothing_loses_the_logarithm_of_the_number_of_classes():
    assert log_loss([0, 1, 2, 3], np.full((4, 4), 0.25)) == pytest.approx(math.log(4))


def test_an_error_made_with_certainty_costs_much_and_not_infinitely_much():
    assert log_loss([1], [[1.0, 0.0]]) == pytest.approx(708.4, abs=0.1)


def binned_by_loops(y, probabilities, n_bins):
    error = 0.0
    for b in range(n_bins):
        members = [
            (max(row), row.tolist().index(max(row)) == k)
            for k, row in zip(y, probabilities, strict=True)
            if b / n_bins < max(row) <= (b + 1) / n_bins
        ]
        if members:
            sureness, right = (sum(column) / len(members) for column in zip(*members, strict=True))
            error += len(members) / len(y) * abs(sureness - right)
    return error


@given(predictions(), st.sampled_from([1, 5, 15]))
def test_calibration_error_follows_its_definition(drawn, n_bins):
    error = expected_calibration_error(*drawn, n_bins)
    assert error == pytest.approx(binned_by_loops(*drawn, n_bins))
    assert 0 <= error <= 1


def test_a_model_that_is_right_as_often_as_it_is_sure_is_calibrated():
    probabilities = [[0.75, 0.25]] * 4
    assert expected_calibration_error([0, 0, 0, 1], probabilities) == 0.0
    assert expected_calibration_error([1, 1, 1, 1], probabilities) == 0.75


@pytest.mark.parametrize(
    ("y", "probabilities", "error", "text"),
    [
        ([0], [0.5, 0.5], DataError, r"`probabilities` \(2,\): the shapes must be \(N,\) and \(N, C\)"),
        ([0, 1], [[0.5, 0.5]], DataError, r"`y` \(2,\), `probabilities` \(1, 2\)"),
        ([], np.empty((0, 2)), EmptyChunk, "there are no rows"),
        ([0], [[3.0, -2.0]], DataError, "sum to 1 in every row. Apply a softmax"),
        ([0], [[3.0, 2.0]], DataError, "sum to 1 in every row. Apply a softmax"),
        ([2], [[0.5, 0.5]], DataError, "`y` must hold whole numbers from 0 to 1"),
    ],
)
def test_what_are_no_probabilities_of_the_classes_is_an_error(y, probabilities, error, text):
    for metric in (log_loss, expected_calibration_error):
        with pytest.raises(error, match=text):
            metric(y, probabilities)


def test_there_must_be_a_bin():
    with pytest.raises(ConfigError, match="`n_bins` must be at least 1, got 0"):
        expected_calibration_error([0], [[1.0, 0.0]], n_bins=0)
