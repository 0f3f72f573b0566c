import numpy as np
import pytest

from vernal.base import DataError, EmptyChunk
from vernal.metrics.rows import aligned, one_each


def test_columns_of_one_shape_are_returned_as_arrays():
    first, second = aligned(y=[1, 2], predicted=(3, 4))
    np.testing.assert_array_equal(first + second, [4, 6])


def test_columns_that_numpy_would_stretch_are_an_error():
    with pytest.raises(DataError, match=r"`y` \(3,\), `predicted` \(3, 1\): the shapes differ"):
        aligned(y=np.zeros(3), predicted=np.zeros((3, 1)))


def test_no_rows_are_an_error():
    with pytest.raises(EmptyChunk, match="`y`, `predicted`: there are no rows to measure"):
        aligned(y=[], predicted=[])


def test_one_value_each_is_counted():
    np.testing.assert_array_equal(one_each([1, 2], "sizes", 2, of="chunks"), [1, 2])
    with pytest.raises(DataError, match=r"`sizes` has the shape \(\), and there are 2 chunks"):
        one_each(7, "sizes", 2, of="chunks")
