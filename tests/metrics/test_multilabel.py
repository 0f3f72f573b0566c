"""All were checked besides against scikit-learn 1.9.1: equal but for rounding."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vernal.base import DataError
from vernal.metrics import average_precision, hamming_loss, micro_f1, multilabel_macro_f1, subset_accuracy

Y = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 0]])
SCORES = np.array([[2.0, 1.0, -1.0], [-1.0, 3.0, -1.0], [-2.0, 0.5, -3.0], [-1.0, -1.0, -0.5]])
ALL = [average_precision, hamming_loss, micro_f1, multilabel_macro_f1, subset_accuracy]


def by_hand(true, scores):
    """The mean, over the rows where a label is true, of the precision among the rows scored at least as high."""
    return np.mean([true[scores >= s].mean() for s in scores[true == 1]])


def test_the_numbers_are_those_counted_by_hand():
    # Hits 1 + 2; 2 + 2 true and 1 + 3 predicted.
    assert micro_f1(Y, SCORES) == 2 * 3 / 8
    assert multilabel_macro_f1(Y, SCORES) == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert hamming_loss(Y, SCORES) == pytest.approx(2 / 12)
    assert subset_accuracy(Y, SCORES) == 0.5
    # Label 0: places 1 and 2, the latter tied with the last row; label 1: places 1 and 3.
    assert average_precision(Y, SCORES) == pytest.approx(((1 + 2 / 3) / 2 + (1 + 2 / 3) / 2) / 2)


@given(
    st.lists(st.tuples(st.booleans(), st.integers(-3, 3)), min_size=1, max_size=12).filter(
        lambda r: any(t for t, _ in r)
    )
)
def test_average_precision_is_the_mean_precision_at_what_is_true(rows):
    true, scores = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    assert average_precision(true[:, None], scores[:, None]) == pytest.approx(by_hand(true, scores))


@pytest.mark.parametrize("metric", ALL)
def test_unknown_entries_change_nothing(metric):
    unknown = np.full((2, 3), np.nan)
    assert metric(np.concatenate([Y, unknown]), np.concatenate([SCORES, [[9.0] * 3, [-9.0] * 3]])) == metric(Y, SCORES)


@pytest.mark.parametrize("metric", ALL)
def test_nothing_is_said_where_nothing_is_known(metric):
    assert np.isnan(metric(np.full((2, 3), np.nan), np.zeros((2, 3))))


@pytest.mark.parametrize("metric", ALL)
def test_the_order_of_rows_does_not_matter(metric):
    for order in itertools.permutations(range(4)):
        assert metric(Y[list(order)], SCORES[list(order)]) == pytest.approx(metric(Y, SCORES))


def test_a_label_that_is_neither_true_nor_predicted_does_not_count():
    assert multilabel_macro_f1(Y, SCORES) == multilabel_macro_f1(Y[:, :2], SCORES[:, :2])


@pytest.mark.parametrize("y", [[[2, 0]], [[-1, 0]], [0, 1]])
def test_only_yes_no_and_unknown_are_labels(y):
    with pytest.raises(DataError, match=r"must hold 0, 1, or NaN for unknown"):
        hamming_loss(y, np.zeros(np.shape(y)))
