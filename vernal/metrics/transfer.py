"""What learning one chunk does to the scores on others."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from vernal.metrics.matrix import Floats, mean_over_earlier_chunks, score_matrix
from vernal.metrics.rows import one_each


def backward_transfer(scores: ArrayLike, *, higher_is_better: bool = True) -> Floats:
    r"""Average what was gained on earlier chunks since each was learned [1]_.

    .. math:: \frac{1}{i} \sum_{j < i} \left( A_{ij} - A_{jj} \right)

    Args:
        scores: see :mod:`vernal.metrics.matrix`.
        higher_is_better: False for errors and losses; a gain is positive either way.

    Returns:
        One value per update, shape ``(T,)``; 0 for the first.

    Examples:
        >>> backward_transfer([[0.75], [0.5, 0.75]])
        array([ 0.  , -0.25])

    References:
        .. [1] D. Lopez-Paz, M. Ranzato. Gradient episodic memory for continual learning. NeurIPS 2017.
           https://arxiv.org/abs/1706.08840
    """
    matrix = score_matrix(scores) * (1 if higher_is_better else -1)
    return mean_over_earlier_chunks(matrix[1:] - np.diag(matrix))


def forward_transfer(scores: ArrayLike, initial: ArrayLike, *, higher_is_better: bool = True) -> Floats:
    r"""Average the head start on each chunk, just before it is learned, over the starting model [1]_.

    .. math:: \frac{1}{i} \sum_{1 \le j \le i} \left( A_{j-1,j} - a_j \right)

    Args:
        scores: see :mod:`vernal.metrics.matrix`; needs the scores on the chunk that comes next.
        initial: :math:`a_j`, scores of the untrained model, shape ``(T,)``; the first is not used.
        higher_is_better: False for errors and losses; a gain is positive either way.

    Returns:
        One value per update, shape ``(T,)``; 0 for the first, NaN from the first unknown score on.

    Examples:
        >>> forward_transfer([[0.75, 0.25], [0.5, 0.75]], initial=[0.125, 0.125])
        array([0.   , 0.125])

    References:
        .. [1] D. Lopez-Paz, M. Ranzato. Gradient episodic memory for continual learning. NeurIPS 2017.
           https://arxiv.org/abs/1706.08840
    """
    matrix = score_matrix(scores)
    start = one_each(initial, "initial", len(matrix), of="chunks")
    head_starts = np.diag(matrix, 1) - start[1:]
    gains = head_starts if higher_is_better else -head_starts
    return np.concatenate([[0.0], np.cumsum(gains) / np.arange(1, len(matrix))])
