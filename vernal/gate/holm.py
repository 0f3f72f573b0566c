"""Holm's correction: many tests, and one bound on the chance that any of them is wrong."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def holm_levels(p: Sequence[float], alpha: float) -> NDArray[np.float64]:
    """The level that each p-value is held to [1]_; those at or below theirs are significant.

    The smallest p-value is held to α / m, the next one to α / (m − 1), and so on. From the first one on that misses
    its level, all are held to that level, which they miss too.

    Args:
        p: ``(m,)`` p-values.
        alpha: bound on the chance of one or more false findings.

    Returns:
        ``(m,)`` levels, in the order of `p`.

    Examples:
        >>> holm_levels([0.04, 0.01, 0.03], alpha=0.06).round(3).tolist()
        [0.06, 0.02, 0.03]
        >>> holm_levels([0.04, 0.01, 0.035], alpha=0.06).round(3).tolist()
        [0.03, 0.02, 0.03]

    References:
        .. [1] S. Holm. A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics
           1979. https://www.jstor.org/stable/4615733
    """
    order = np.argsort(p, kind="stable")
    steps = alpha / np.arange(len(order), 0, -1)
    missed = np.flatnonzero(np.asarray(p, dtype=float)[order] > steps)
    if len(missed):
        steps[missed[0] :] = steps[missed[0]]
    levels = np.empty(len(order))
    levels[order] = steps
    return levels
