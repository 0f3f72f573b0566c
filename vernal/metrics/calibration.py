"""Predicted probabilities against what happened. Shapes: ``N`` rows, ``C`` classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vernal.base import ConfigError, DataError, EmptyChunk
from vernal.metrics.matrix import Floats


def log_loss(y: ArrayLike, probabilities: ArrayLike) -> float:
    """The mean negative logarithm of the probability that the true class was given, in nats.

    Args:
        y: true classes, whole numbers from 0, shape ``(N,)``.
        probabilities: of each class, shape ``(N, C)``, every row summing to 1.

    Examples:
        >>> round(log_loss([0, 1], [[0.5, 0.5], [0.25, 0.75]]), 4)
        0.4904

    Deviations:
        Probabilities are clipped at the smallest double: one error made with certainty costs 708 nats,
        not infinity.
    """
    true, chances = _checked(y, probabilities)
    given = chances[np.arange(len(true)), true]
    return float(-np.log(np.maximum(given, np.finfo(np.float64).tiny)).mean())


def expected_calibration_error(y: ArrayLike, probabilities: ArrayLike, n_bins: int = 15) -> float:
    """The mean distance between how sure the model is and how often it is right, over bins of sureness [1]_.

    Args:
        y: true classes, whole numbers from 0, shape ``(N,)``.
        probabilities: of each class, shape ``(N, C)``, every row summing to 1.
        n_bins: bins of equal width over [0, 1], at least 1; many bins with few rows overstate the error.

    Examples:
        >>> expected_calibration_error([0, 0, 1, 1], [[0.75, 0.25]] * 4)
        0.25

    References:
        .. [1] C. Guo et al. On calibration of modern neural networks. ICML 2017. https://arxiv.org/abs/1706.04599
    """
    if n_bins < 1:
        raise ConfigError(f"`n_bins` must be at least 1, got {n_bins}.")
    true, chances = _checked(y, probabilities)
    sureness, right = chances.max(axis=1), chances.argmax(axis=1) == true
    bins = np.clip(np.ceil(sureness * n_bins) - 1, 0, n_bins - 1).astype(np.int64)
    gaps = np.bincount(bins, weights=sureness - right, minlength=n_bins)
    return float(np.abs(gaps).sum() / len(true))


def _checked(y: ArrayLike, probabilities: ArrayLike) -> tuple[NDArray[np.int64], Floats]:
    true, chances = np.asarray(y), np.asarray(probabilities, dtype=np.float64)
    if chances.ndim != 2 or true.shape != chances.shape[:1]:
        raise DataError(f"`y` {true.shape}, `probabilities` {chances.shape}: the shapes must be (N,) and (N, C).")
    if chances.size == 0:
        raise EmptyChunk("`probabilities`: there are no rows to measure. Pass at least one.")
    if not (np.allclose(chances.sum(axis=1), 1, atol=1e-3) and (chances >= 0).all()):
        raise DataError(
            "`probabilities` must be at least 0 and sum to 1 in every row. Apply a softmax to logits first."
        )
    if true.dtype.kind not in "iub" or not ((true >= 0) & (true < chances.shape[1])).all():
        raise DataError(f"`y` must hold whole numbers from 0 to {chances.shape[1] - 1}.")
    return true.astype(np.int64), chances
