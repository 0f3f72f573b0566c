"""Two samples that can be compared, and what is said of two that cannot."""

from __future__ import annotations

from typing import Any

import numpy as np

from vernal.base import DataError
from vernal.drift.comparison import Array, Comparison


def checked_pair(reference: Any, current: Any) -> tuple[Array, Array]:
    """Two samples of numbers, ``(n, d)`` and ``(m, d)``; NaN, a missing value, is left in.

    Args:
        reference: the rows to compare with; ``(n,)`` is one column.
        current: the rows that may have changed.

    Returns:
        Both as float32 where they are, otherwise as float64.

    Raises:
        DataError: they are no numbers, have other numbers of columns, or hold infinite values.
    """
    one, other = _columns("reference", reference), _columns("current", current)
    if one.shape[1] != other.shape[1]:
        raise DataError(
            f"The reference sample has {one.shape[1]} columns, and the current one {other.shape[1]}. "
            "Compare the same columns of both."
        )
    return one, other


def _columns(name: str, sample: Any) -> Array:
    array = np.asarray(sample)
    if array.dtype.kind not in "fiub":
        raise DataError(
            f"The {name} sample is of type {array.dtype}. Give numbers, or compare categories by ChiSquared."
        )
    if array.ndim not in (1, 2):
        raise DataError(
            f"The {name} sample has shape {array.shape}. It must be (rows, columns): flatten what a row holds."
        )
    numbers = array.astype(array.dtype if array.dtype == np.float32 else np.float64, copy=False)
    if np.isinf(numbers).any():
        raise DataError(f"The {name} sample holds infinite values. Clip them, or make them NaN, a missing value.")
    return numbers if array.ndim == 2 else numbers[:, None]


def cannot_compare(reference: Array, current: Array) -> str:
    """Why samples cannot be compared by a test that looks at all columns together; empty if they can."""
    for name, sample in (("reference", reference), ("current", current)):
        if len(sample) < 2:
            return f"The {name} sample has {len(sample)} rows, and 2 are needed."
        if missing := int(np.isnan(sample).any(axis=1).sum()):
            return f"Of the {len(sample)} rows of the {name} sample {missing} hold NaN. Leave them out, or fill them."
    if np.all(reference == reference[0]) and np.all(current == reference[0]):
        return "All rows are the same."
    return ""


def no_rows(rows: tuple[int, int]) -> str:
    """Why nothing can be compared; empty if both samples have rows."""
    return "" if all(rows) else f"The samples have {rows[0]} and {rows[1]} rows."


def no_decision(test: str, unit: str, rows: tuple[int, int], note: str) -> Comparison:
    """The comparison of samples that cannot be compared."""
    return Comparison(test, None, None, None, unit, rows, note=note)
