"""How far the model has fallen below its own best."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from vernal.metrics.matrix import Floats, mean_over_earlier_chunks, score_matrix


def forgetting(scores: ArrayLike, *, higher_is_better: bool = True) -> Floats:
    r"""Average, over the earlier chunks, the best earlier score minus the score now [1]_.

    .. math:: \frac{1}{i} \sum_{j < i} \Big( \max_{k < i} A_{kj} - A_{ij} \Big)

    The best is taken over every earlier update whose score on the chunk is known, also those from before
    the chunk was learned. Negative forgetting means that the model is better on old chunks than it ever was.
    For an error, where lower is better, it is the error now minus the lowest earlier one: positive is bad
    for either kind.

    Args:
        scores: see :mod:`vernal.metrics.matrix`.
        higher_is_better: False for errors and losses.

    Returns:
        One value per update, shape ``(T,)``; 0 for the first.

    Examples:
        >>> forgetting([[0.75], [0.5, 0.75]])
        array([0.  , 0.25])
        >>> forgetting([[2.0], [3.5, 2.0]], higher_is_better=False)
        array([0. , 1.5])

    References:
        .. [1] A. Chaudhry et al. Riemannian walk for incremental learning. ECCV 2018.
           https://arxiv.org/abs/1801.10112
    """
    matrix = score_matrix(scores) * (1 if higher_is_better else -1)
    best_before = np.fmax.accumulate(matrix, axis=0)[:-1]  # fmax: a number wins against NaN
    return mean_over_earlier_chunks(best_before - matrix[1:])
