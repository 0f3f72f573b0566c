import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vernal.base import ConfigError, DataError, canonical_json
from vernal.metrics import accuracy, by_slice, mae

three_columns = st.integers(1, 40).flatmap(lambda n: arrays(np.int64, (3, n), elements=st.integers(0, 2)))


@given(three_columns)
def test_slices_weighted_by_their_rows_give_the_whole(columns):
    slices, y, predicted = columns
    table = by_slice(accuracy, slices, y, predicted)
    assert sum(row["rows"] for row in table) == len(y)
    assert [row["slice"] for row in table] == sorted(set(slices.tolist()))
    total = sum(row["rows"] * row["value"] for row in table)
    assert total / len(y) == pytest.approx(accuracy(y, predicted))


def test_slices_with_too_few_rows_are_listed_without_a_value():
    table = by_slice(mae, ["b", "a", "b"], [1.0, 2.0, 3.0], [1.0, 5.0, 4.0], min_rows=2)
    assert table == [
        {"slice": "a", "rows": 1, "value": None},
        {"slice": "b", "rows": 2, "value": 0.5},
    ]
    assert canonical_json(table)


def test_slices_must_be_one_per_row():
    with pytest.raises(DataError, match=r"`slices` has the shape \(3,\), and there are 2 rows"):
        by_slice(accuracy, [0, 0, 1], [0, 1], [0, 1])
    with pytest.raises(ConfigError, match="`min_rows` must be at least 1, got 0"):
        by_slice(accuracy, [0], [0], [0], min_rows=0)
