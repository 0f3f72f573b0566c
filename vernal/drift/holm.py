"""Several tests at once: p-values that stay honest."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vernal.base import DataError


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Adjust p-values so that rejecting those up to alpha rejects any true hypothesis with at most that chance [1]_.

    Holds for tests that depend on each other, too, and never rejects less than Bonferroni's correction.

    Args:
        p_values: one for each test, shape ``(k,)``, between 0 and 1.

    Returns:
        The adjusted p-values, in the same order.

    Raises:
        DataError: one of them is no number between 0 and 1.

    Examples:
        >>> holm([0.01, 0.04, 0.03]).tolist()
        [0.03, 0.06, 0.06]

    References:
        .. [1] S. Holm. A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics
           1979. https://www.jstor.org/stable/4615733
    """
    given = np.asarray(p_values, dtype=np.float64)
    if given.ndim != 1 or not np.all((given >= 0) & (given <= 1)):
        raise DataError(f"p-values must be a list of numbers between 0 and 1, got {p_values!r}.")
    order = np.argsort(given, kind="stable")
    adjusted = np.empty_like(given)
    adjusted[order] = np.minimum(1, np.maximum.accumulate(given[order] * np.arange(len(given), 0, -1)))
    return adjusted
