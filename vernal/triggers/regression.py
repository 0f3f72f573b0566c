"""A small Bayesian linear regression: a forecast that knows how little it has seen."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy.special import stdtrit

Array = np.ndarray[Any, Any]

NOISE_FLOOR = 1e-24


class Forecasted(NamedTuple):
    """A quantity to come, distributed as Student's t: its expectation, scale and degrees of freedom."""

    mean: float
    scale: float
    freedom: int

    def quantile(self, level: float) -> float:
        """The value below which it lies with a probability."""
        return self.mean + self.scale * float(stdtrit(self.freedom, level))


def forecast_sum(x: Array, y: Array, ahead: Array) -> Forecasted:
    r"""The sum of the responses at some points, by conjugate linear regression.

    Features are shifted to mean 0 and scaled, all by the same factor, to a range of 1. The intercept has a flat prior;
    the coefficients have :math:`N(0, \sigma^2)`, as if one more observation had said that the features do nothing; and
    the noise has the prior :math:`1/\sigma^2`. With :math:`m` and :math:`V` the mean and covariance (in units of the
    noise) of the coefficients, and :math:`s` the sum of the :math:`H` points' features, the sum is Student's t,

    .. math::
        t_{n-1}\left(s^\top m,\; \hat\sigma^2 (H + s^\top V s)\right) .

    Args:
        x: ``(n, d)`` features of what was seen, n at least 2.
        y: ``(n,)`` responses.
        ahead: ``(H, d)`` features of what is to come.

    Examples:
        >>> x = np.arange(40.0)[:, None]
        >>> forecast = forecast_sum(x, 3 + 2 * x[:, 0], np.array([[40.0], [41.0]]))
        >>> 140 < forecast.mean < 168  # Without the prior, 168: one observation of 40 says that there is no trend.
        True
    """
    centre, scale = x.mean(axis=0), max(float(np.ptp(x, axis=0).max()), 1.0)
    known, coming = _design((x - centre) / scale), _design((ahead - centre) / scale)
    prior = np.diag([0.0, *np.ones(x.shape[1])])
    covariance = np.linalg.inv(known.T @ known + prior)
    coefficients = covariance @ known.T @ y
    residual = y - known @ coefficients
    spread = float(residual @ residual + coefficients @ prior @ coefficients)
    total = coming.sum(axis=0)
    noise = max(spread / (len(y) - 1), NOISE_FLOOR)
    variance = noise * (len(coming) + float(total @ covariance @ total))
    return Forecasted(float(total @ coefficients), variance**0.5, len(y) - 1)


def _design(features: Array) -> Array:
    return np.column_stack([np.ones(len(features)), features])
