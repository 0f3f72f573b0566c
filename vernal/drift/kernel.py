r"""Comparing samples by how similar their rows are: what MMD and energy distance have in common.

With a similarity :math:`k`, rows :math:`x` of the reference and :math:`y` of the current sample, the statistic is

.. math::
    \frac{\sum_{i \ne j} k(x_i, x_j)}{n (n - 1)} + \frac{\sum_{i \ne j} k(y_i, y_j)}{m (m - 1)}
    - \frac{2 \sum_{ij} k(x_i, y_j)}{n m},

the unbiased estimate of the squared distance between the means of both distributions in the feature space of
:math:`k`. In that space the squared standard deviation of a row is the mean similarity of a row with itself minus that
with another row. Distance over standard deviation is the effect: a standardised difference of means, as Cohen's d, for
all kinds of change at once. It does not grow with the number of rows.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from vernal.drift.comparison import Array
from vernal.drift.permutation import Deal


def squared_distances(one: Array, other: Array) -> Array:
    """Squared Euclidean distances ``(N, M)`` between rows that are centred, so that differences are not lost."""
    distances: Array = one @ other.T
    distances *= -2
    distances += np.einsum("nd,nd->n", one, one)[:, None]
    distances += np.einsum("nd,nd->n", other, other)[None, :]
    np.maximum(distances, 0, out=distances)
    return distances


def pooled(reference: Array, current: Array) -> tuple[NDArray[np.float64], float]:
    """All rows ``(n + m, d)``, moved to their mean and scaled to a mean square of 1 over all columns; and the scale."""
    rows = np.concatenate([reference, current]).astype(np.float64)
    rows -= rows.mean(axis=0)
    scale = float(np.sqrt(np.mean(rows**2)))
    rows /= scale
    return rows, scale


def statistics(similarity: Array, dealt: Iterable[Deal], rows: tuple[int, int]) -> NDArray[np.float64]:
    """The statistic for every way to deal the rows; one product of matrices for a batch of ways.

    Args:
        similarity: ``(n + m, n + m)``, its diagonal 0.
        dealt: the ways.
        rows: of the reference and of the current sample.
    """
    n, m = rows
    of_row = similarity.sum(axis=1, dtype=np.float64)
    found = []
    for deal in dealt:
        within_current = np.einsum("nb,nb->b", deal, similarity @ deal, dtype=np.float64)
        across = of_row @ deal - within_current
        within_reference = of_row.sum() - within_current - 2 * across
        found.append(within_reference / (n * (n - 1)) + within_current / (m * (m - 1)) - 2 * across / (n * m))
    return np.concatenate(found)


def standardised(statistics: NDArray[np.float64], variance: float) -> float:
    """The effect: the distance of the means in standard deviations.

    What rows that depend on each other add to the statistic, every way to deal them has too, and it is taken off.
    """
    excess = statistics[0] - statistics[1:].mean()
    return float(np.sqrt(max(excess, 0) / variance))
