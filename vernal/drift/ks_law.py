"""The law of the two-sample Kolmogorov-Smirnov distance where both samples come from one distribution."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln
from scipy.stats import kstwo

from vernal.drift.comparison import Array

EXACT_ROWS = 500
"""Rows of the larger sample up to which the law is exact where the samples have other sizes than each other."""


def ks_p(distances: Iterable[int], n: int, m: int) -> NDArray[np.float64]:
    r"""How likely a distance as large as this one is, or a larger one.

    Exact for samples of equal size, and for those of up to 500 rows; otherwise by the asymptotic law with
    :math:`n m / (n + m)` rows, as SciPy's. Exact for continuous data; where values repeat, the truth is lower.

    Args:
        distances: whole numbers: the distance times ``n * m``.
        n: rows of the reference sample.
        m: rows of the current sample.

    Examples:
        >>> ks_p([6, 9], 3, 3).round(3).tolist()
        [0.6, 0.1]
    """
    steps, back = np.unique(np.fromiter(distances, np.int64), return_inverse=True)
    if n == m:
        found = _equal_sizes(steps // n, n)
    elif max(n, m) <= EXACT_ROWS:
        found = _any_sizes(steps, n, m)
    else:
        found = kstwo.sf(steps / (n * m), np.round(n * m / (n + m)))
    return np.clip(found, 0, 1)[back]


def _equal_sizes(steps: Array, n: int) -> NDArray[np.float64]:
    """Of paths of n steps up and n down those that leave a strip, by reflection."""
    found = np.ones(len(steps))
    for place, step in enumerate(steps.tolist()):
        if step > 0:
            turns = np.arange(1, n // step + 1)
            logs = 2 * gammaln(n + 1) - gammaln(n - turns * step + 1) - gammaln(n + turns * step + 1)
            found[place] = 2 * np.sum(np.where(turns % 2, 1, -1) * np.exp(logs))
    return found


def _any_sizes(steps: Array, n: int, m: int) -> NDArray[np.float64]:
    """How likely a random path from (0, 0) to (n, m) has touched the border, diagonal by diagonal.

    Nothing is subtracted, so the smallest p-values are exact too.
    """
    touched = (steps[:, None] <= 0).astype(np.float64) @ np.ones((1, n + 1))
    ups = np.arange(n + 1)
    for length in range(1, n + m + 1):
        downs = length - ups
        touched = touched * np.clip(downs, 0, None) / length + np.roll(touched, 1, axis=1) * ups / length
        touched[(np.abs(m * ups - n * downs) >= steps[:, None]) & (downs >= 0) & (downs <= m)] = 1
    return touched[:, n]
