"""Columns that belong together, row by row."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vernal.base import DataError, EmptyChunk


def aligned(**columns: ArrayLike) -> list[NDArray[Any]]:
    """Read columns as arrays of one shape, with at least one row.

    NumPy would stretch ``(N,)`` against ``(N, 1)`` to ``(N, N)`` without a word; here it is an error.

    Args:
        columns: the columns by the names that an error calls them.

    Raises:
        DataError: the shapes differ.
        EmptyChunk: there are no rows.

    Examples:
        >>> y, predicted = aligned(y=[0, 1], predicted=[1, 1])
        >>> aligned(y=[0, 1], predicted=[[1], [1]])
        Traceback (most recent call last):
        ...
        vernal.base.errors.DataError: `y` (2,), `predicted` (2, 1): the shapes differ. \
Pass one value per row, in the same order.
    """
    arrays = [np.asarray(column) for column in columns.values()]
    shapes = [array.shape for array in arrays]
    if len(set(shapes)) > 1:
        listing = ", ".join(f"`{name}` {shape}" for name, shape in zip(columns, shapes, strict=True))
        raise DataError(f"{listing}: the shapes differ. Pass one value per row, in the same order.")
    if arrays[0].size == 0:
        names = ", ".join(f"`{name}`" for name in columns)
        raise EmptyChunk(f"{names}: there are no rows to measure. Pass at least one.")
    return arrays


def one_each(values: ArrayLike, name: str, n: int, of: str) -> NDArray[Any]:
    """Read one value for each of ``n`` chunks or rows, shape ``(n,)``.

    Args:
        values: the values.
        name: what an error calls them.
        n: how many there must be.
        of: what there are ``n`` of, for the error.

    Raises:
        DataError: there are fewer or more.

    Examples:
        >>> one_each([10, 20], "sizes", 3, of="chunks")
        Traceback (most recent call last):
        ...
        vernal.base.errors.DataError: `sizes` has the shape (2,), and there are 3 chunks. \
Pass one value for each.
    """
    array = np.asarray(values)
    if array.shape != (n,):
        raise DataError(f"`{name}` has the shape {array.shape}, and there are {n} {of}. Pass one value for each.")
    return array
