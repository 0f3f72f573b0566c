"""How well the model does, on average, on every chunk that it has learned so far."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from vernal.base import DataError
from vernal.metrics.matrix import Floats, score_matrix
from vernal.metrics.rows import one_each


def average_accuracy(scores: ArrayLike) -> Floats:
    r"""Average the scores on the chunks seen so far, every chunk counting the same [1]_.

    .. math:: \frac{1}{i + 1} \sum_{j \le i} A_{ij}

    Args:
        scores: see :mod:`vernal.metrics.matrix`; any metric, not only accuracy.

    Returns:
        One value per update, shape ``(T,)``.

    Examples:
        >>> average_accuracy([[0.9], [0.5, 0.75]])
        array([0.9  , 0.625])

    References:
        .. [1] D. Lopez-Paz, M. Ranzato. Gradient episodic memory for continual learning. NeurIPS 2017.
           https://arxiv.org/abs/1706.08840
    """
    matrix = score_matrix(scores)
    seen = np.arange(1, len(matrix) + 1)
    return np.asarray(np.tril(matrix).sum(axis=1) / seen)


def micro_average_accuracy(scores: ArrayLike, sizes: ArrayLike) -> Floats:
    r"""Average the scores on the chunks seen so far, every row counting the same.

    .. math:: \sum_{j \le i} n_j A_{ij} \Big/ \sum_{j \le i} n_j

    Args:
        scores: see :mod:`vernal.metrics.matrix`; a metric that is a mean over rows.
        sizes: :math:`n_j`, test rows of each chunk, shape ``(T,)``, at least 1.

    Returns:
        One value per update, shape ``(T,)``.

    Examples:
        >>> micro_average_accuracy([[0.9], [0.5, 0.75]], sizes=[10, 40])
        array([0.9, 0.7])
    """
    matrix = score_matrix(scores)
    weights = one_each(sizes, "sizes", len(matrix), of="chunks")
    if not (weights > 0).all():
        raise DataError(f"`sizes` must be at least 1 for every chunk, got {weights.tolist()}.")
    return np.asarray(np.tril(matrix) @ weights / np.cumsum(weights))
