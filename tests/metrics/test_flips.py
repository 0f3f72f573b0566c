import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vernal.base import DataError, EmptyChunk
from vernal.metrics import (
    accuracy,
    negative_flip_impact,
    negative_flip_rate,
    positive_flip_impact,
    positive_flip_rate,
)

FLIPS = [negative_flip_rate, positive_flip_rate, negative_flip_impact, positive_flip_impact]

# Right are     new: rows 1, 2;  old: rows 2, 3.  So row 1 flips up, row 3 flips down.
NEW, OLD, Y = [1, 3, 0, 3], [2, 1, 0, 2], [3, 3, 0, 2]

three_columns = st.integers(1, 30).flatmap(lambda n: arrays(np.int64, (3, n), elements=st.integers(0, 3)))


def test_golden_flips():
    assert negative_flip_rate(NEW, OLD, Y) == 0.25  # one of four rows
    assert positive_flip_rate(NEW, OLD, Y) == 0.25  # one of four rows
    assert negative_flip_impact(NEW, OLD, Y) == 0.5  # one of the two errors of the new model
    assert positive_flip_impact(NEW, OLD, Y) == 0.5  # one of its two right answers


def test_golden_flips_of_two_batches():
    # In the second batch the new model has row 0 right (flips up), and rows 2 and 3 flip down.
    new, old, y = [*NEW, 3, 1, 1, 3], OLD * 2, Y * 2
    assert negative_flip_rate(new, old, y) == 0.375  # three of eight rows
    assert negative_flip_impact(new, old, y) == 0.6  # three of five errors
    assert positive_flip_rate(new, old, y) == 0.25  # two of eight rows
    assert positive_flip_impact(new, old, y) == pytest.approx(2 / 3)  # two of three right answers


@given(three_columns)
def test_accuracy_moves_by_positive_minus_negative_flips(columns):
    new, old, y = columns
    moved = positive_flip_rate(new, old, y) - negative_flip_rate(new, old, y)
    assert accuracy(y, new) == pytest.approx(accuracy(y, old) + moved)


@given(three_columns)
def test_impacts_are_rates_among_errors_and_among_right_answers(columns):
    new, old, y = columns
    right = accuracy(y, new)
    impact_down, impact_up = negative_flip_impact(new, old, y), positive_flip_impact(new, old, y)
    assert impact_down * (1 - right) == pytest.approx(negative_flip_rate(new, old, y))
    assert impact_up * right == pytest.approx(positive_flip_rate(new, old, y))


@given(three_columns)
def test_swapping_the_models_swaps_the_rates(columns):
    new, old, y = columns
    assert negative_flip_rate(new, old, y) == positive_flip_rate(old, new, y)


@given(three_columns, st.randoms(use_true_random=False))
def test_flips_are_shares_and_do_not_depend_on_the_order_of_rows(columns, random):
    order = list(range(columns.shape[1]))
    random.shuffle(order)
    for flips in FLIPS:
        assert 0 <= flips(*columns) <= 1
        assert flips(*columns[:, order]) == pytest.approx(flips(*columns))


def test_a_model_without_errors_has_no_negative_impact_and_one_without_hits_no_positive():
    assert negative_flip_impact([1, 1], [0, 1], [1, 1]) == 0.0
    assert positive_flip_impact([0, 0], [0, 1], [1, 1]) == 0.0


@pytest.mark.parametrize("flips", FLIPS)
def test_flips_of_nothing_and_of_unequal_columns_are_errors(flips):
    with pytest.raises(EmptyChunk, match="there are no rows to measure"):
        flips([], [], [])
    with pytest.raises(DataError, match=r"`new` \(2,\), `old` \(3,\), `y` \(2,\): the shapes differ"):
        flips([0, 1], [0, 1, 2], [0, 1])
