"""Numbers predicted with their uncertainty, as normal distributions. Shapes: ``N`` rows, ``D`` targets.

A prediction is a row of ``2 D`` numbers: the means, then the logarithms of the variances.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from vernal.base import ConfigError, DataError
from vernal.metrics.matrix import Floats
from vernal.metrics.regression import mae, rmse


def gaussian_nll(y: ArrayLike, predicted: ArrayLike) -> float:
    r"""The mean negative logarithm of the density that the true values were given, in nats.

    .. math:: \frac{1}{2} \Big( \log 2\pi + \log \sigma^2 + \frac{(y - \mu)^2}{\sigma^2} \Big)

    Args:
        y: true values, shape ``(N,)`` or ``(N, D)``.
        predicted: means, then log-variances, shape ``(N, 2 D)``.

    Examples:
        >>> round(gaussian_nll([0.0], [[1.0, 0.0]]), 4)  # one standard deviation away
        1.4189
    """
    true, mean, log_variance = _read(y, predicted)
    return float((np.log(2 * np.pi) + log_variance + np.square(true - mean) / np.exp(log_variance)).mean() / 2)


def coverage(y: ArrayLike, predicted: ArrayLike, level: float = 0.95) -> float:
    """The share of true values inside the central interval that should hold a share of `level`.

    Args:
        y: true values, shape ``(N,)`` or ``(N, D)``.
        predicted: means, then log-variances, shape ``(N, 2 D)``.
        level: of the interval, between 0 and 1. Less coverage than that: the model is too sure; more: not sure enough.

    Examples:
        >>> coverage([0.0, 3.0], [[1.0, 0.0], [0.0, 0.0]])
        0.5
    """
    if not 0 < level < 1:
        raise ConfigError(f"`level` must be between 0 and 1, got {level}.")
    true, mean, log_variance = _read(y, predicted)
    width = NormalDist().inv_cdf((1 + level) / 2)
    return float((np.abs(true - mean) <= width * np.exp(log_variance / 2)).mean())


def gaussian_mae(y: ArrayLike, predicted: ArrayLike) -> float:
    """The mean absolute error of the predicted means, see `mae`.

    Args:
        y: true values, shape ``(N,)`` or ``(N, D)``.
        predicted: means, then log-variances, shape ``(N, 2 D)``.
    """
    true, mean, _ = _read(y, predicted)
    return mae(true, mean)


def gaussian_rmse(y: ArrayLike, predicted: ArrayLike) -> float:
    """The root mean squared error of the predicted means, see `rmse`.

    Args:
        y: true values, shape ``(N,)`` or ``(N, D)``.
        predicted: means, then log-variances, shape ``(N, 2 D)``.
    """
    true, mean, _ = _read(y, predicted)
    return rmse(true, mean)


def _read(y: ArrayLike, predicted: ArrayLike) -> tuple[Floats, Floats, Floats]:
    true, answer = np.asarray(y, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    wide = true.reshape(len(true), -1)
    if answer.shape != (len(wide), 2 * wide.shape[1]):
        raise DataError(
            f"`y` {true.shape}, `predicted` {answer.shape}: a row must predict the mean of every target, and then the "
            f"logarithm of its variance, {(len(wide), 2 * wide.shape[1])}."
        )
    mean, log_variance = np.split(answer, 2, axis=1)
    return wide, mean, log_variance
