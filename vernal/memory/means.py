"""Rows whose mean is near a given one."""

from __future__ import annotations

import numpy as np

from vernal.memory.policy import Features, Floats, Ints


def weighted_mean(features: Features, weights: Floats) -> Floats:
    """The mean of rows that stand for so many, ``(d,)`` float64."""
    total: Floats = np.einsum("n,nd->d", weights / weights.sum(), features, dtype=np.float64)
    return total


def approach(features: Features, target: Floats, count: int) -> Ints:
    r"""Choose rows one by one, each so that the mean of those chosen comes as near the target as it can.

    With :math:`s` the sum of the :math:`j - 1` rows chosen so far, the next one is that with the smallest
    :math:`\lVert j \mu - s - \phi \rVert^2`. No row is chosen twice. One product of a matrix with a vector a choice.

    Args:
        features: the rows :math:`\phi`, ``(n, d)``.
        target: the mean :math:`\mu`, ``(d,)``.
        count: rows to choose, at most `n`.

    Returns:
        Their places in the order in which they were chosen, unless all are; of rows that are equally good, the first.

    Examples:
        >>> approach(np.array([[4.0], [2.0], [0.0], [1.5]]), np.array([1.5]), 3)
        array([3, 1, 2])
    """
    if count == len(features):
        return np.arange(count)
    half_norms = np.einsum("nd,nd->n", features, features) / 2  # infinite once a row is chosen
    total = np.zeros(features.shape[1])
    chosen = np.empty(count, np.int64)
    for step in range(count):
        residual = (step + 1) * target - total
        best = int(np.argmax(features @ residual.astype(features.dtype) - half_norms))
        chosen[step] = best
        total += features[best]
        half_norms[best] = np.inf
    return chosen


def exchanged(features: Features, target: Floats, chosen: Ints) -> Ints:
    """Bring the mean of chosen rows nearer the target: each is put back once, and the best row takes its place.

    The mean is never farther from the target than before. One product of a matrix with a vector a row.

    Args:
        features: all rows, ``(n, d)``.
        target: the mean, ``(d,)``.
        chosen: places of rows, ``(k,)``.

    Returns:
        As many places.

    Examples:
        >>> exchanged(np.array([[4.0], [2.0], [0.0], [1.5]]), np.array([3.0]), np.array([3, 1]))
        array([0, 1])
    """
    half_norms = np.einsum("nd,nd->n", features, features) / 2
    free = np.ones(len(features), bool)
    free[chosen] = False
    chosen, total = chosen.copy(), features[chosen].sum(axis=0, dtype=np.float64)
    for turn, place in enumerate(chosen):
        free[place] = True
        total -= features[place]
        residual = len(chosen) * target - total
        scores = features @ residual.astype(features.dtype) - half_norms
        chosen[turn] = np.argmax(np.where(free, scores, -np.inf))
        free[chosen[turn]] = False
        total += features[chosen[turn]]
    return chosen
