"""Mean IoU and macro F1 were checked besides against scikit-learn 1.9.1: equal but for rounding."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vernal.metrics import dense_accuracy, dense_macro_f1, mean_iou

ALL = [dense_accuracy, dense_macro_f1, mean_iou]
pixels = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=20)


@given(pixels)
def test_the_overlap_of_each_class_is_that_of_its_sets_of_pixels(rows):
    y, predicted = (np.array([column]) for column in zip(*rows, strict=True))
    classes = sorted({*y.ravel(), *predicted.ravel()})
    overlaps = [((y == c) & (predicted == c)).sum() / ((y == c) | (predicted == c)).sum() for c in classes]
    assert mean_iou(y, predicted) == pytest.approx(np.mean(overlaps))


@pytest.mark.parametrize("metric", ALL)
def test_places_that_do_not_count_change_nothing(metric):
    y, predicted = [[0, 1, 1], [2, 0, 0]], [[0, 1, 2], [2, 2, 0]]
    padded, more = np.pad(y, 1, constant_values=-1), np.pad(predicted, 1, constant_values=3)
    assert metric(padded, more) == metric(y, predicted)


@pytest.mark.parametrize("metric", ALL)
def test_nothing_is_said_where_nothing_counts(metric):
    assert np.isnan(metric([[-1, -1]], [[0, 1]]))


@pytest.mark.parametrize("metric", ALL)
def test_all_right_is_one(metric):
    assert metric([[0, 5, 5]], [[0, 5, 5]]) == 1
