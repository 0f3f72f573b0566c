import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vernal.base import DataError
from vernal.metrics import accuracy, confusion_matrix, macro_f1, recall_per_class

two_columns = st.integers(1, 40).flatmap(lambda n: arrays(np.int64, (2, n), elements=st.integers(0, 4)))


def test_a_table_worked_out_by_hand():
    y, predicted = [0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 2, 2]
    np.testing.assert_array_equal(confusion_matrix(y, predicted), [[2, 1, 0], [0, 1, 1], [0, 0, 1]])
    np.testing.assert_allclose(recall_per_class(y, predicted), [2 / 3, 1 / 2, 1])
    # F1 = 2 hits / (rows + predictions): 4 / 5, 2 / 4, 2 / 3.
    assert macro_f1(y, predicted) == pytest.approx((4 / 5 + 2 / 4 + 2 / 3) / 3)
    assert accuracy(y, predicted) == pytest.approx(4 / 6)


def f1_by_precision_and_recall(y, predicted, a_class):
    hits = np.sum((y == a_class) & (predicted == a_class))
    if hits == 0:
        return 0.0
    precision, recall = hits / np.sum(predicted == a_class), hits / np.sum(y == a_class)
    return 2 * precision * recall / (precision + recall)


@given(two_columns)
def test_macro_f1_is_the_mean_harmonic_mean_of_precision_and_recall(columns):
    scores = [f1_by_precision_and_recall(*columns, a_class) for a_class in np.unique(columns)]
    assert macro_f1(*columns) == pytest.approx(np.mean(scores))


@given(two_columns)
def test_the_confusion_matrix_counts_every_pair(columns):
    y, predicted = columns
    counts = confusion_matrix(y, predicted, n_classes=5)
    pairs = list(zip(y.tolist(), predicted.tolist(), strict=True))
    assert all(counts[i, j] == pairs.count((i, j)) for i in range(5) for j in range(5))
    assert counts.sum() == len(y)


@given(two_columns)
def test_accuracy_is_recall_weighted_by_the_rows_of_each_class(columns):
    y, predicted = columns
    recalls = recall_per_class(y, predicted, n_classes=5)
    rows = np.bincount(y, minlength=5)
    np.testing.assert_array_equal(np.isnan(recalls), rows == 0)
    assert np.nansum(recalls * rows) / len(y) == pytest.approx(accuracy(y, predicted))


@given(two_columns, st.randoms(use_true_random=False))
def test_the_order_of_rows_and_the_names_of_classes_do_not_matter(columns, random):
    order = list(range(columns.shape[1]))
    random.shuffle(order)
    names = np.array(["ant", "bee", "cat", "dog", "elk"])[::-1]
    for metric in (accuracy, macro_f1):
        assert 0 <= metric(*columns) <= 1
        assert metric(*columns[:, order]) == pytest.approx(metric(*columns))
        assert metric(*names[columns]) == pytest.approx(metric(*columns))


def test_a_class_without_rows_has_no_recall():
    np.testing.assert_array_equal(recall_per_class([0, 2], [0, 0], n_classes=4), [1, np.nan, 0, np.nan])


def test_classes_beyond_the_number_of_classes_are_an_error():
    with pytest.raises(DataError, match="Class 3 occurs, and `n_classes` is 3. Raise `n_classes`"):
        confusion_matrix([0, 1], [3, 1], n_classes=3)


@pytest.mark.parametrize("y", [[-1, 0], [0.5, 1.0], ["a", "b"]])
def test_classes_that_are_no_indices_cannot_be_tabled(y):
    with pytest.raises(DataError, match="Classes must be whole numbers from 0, got .* Number the classes"):
        confusion_matrix(y, [0, 1])
