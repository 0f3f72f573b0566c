"""Tango's score test of the difference of two paired shares."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.stats import norm

_EDGE = 1 - 1e-9


def tango_z(wins: ArrayLike, losses: ArrayLike, n: ArrayLike, bound: ArrayLike) -> NDArray[np.float64]:
    r"""How many standard errors the observed difference lies above a bound [1]_.

    .. math:: z = \frac{b - c - n \delta}{\sqrt{n \, (2 \hat q + \delta (1 - \delta))}}

    where :math:`\hat q` is the most likely share of losses if the true difference were δ. Because the variance is that
    under the bound, two models that agree on every one of a few items are not thereby shown to be equal, as they would
    be by the usual interval, whose width is then 0. At δ = 0 this is McNemar's test.

    Args:
        wins: ``(...)`` items b that the challenger has right and the champion wrong.
        losses: ``(...)`` items c the other way round.
        n: ``(...)`` items in all.
        bound: ``(...)`` δ, in (-1, 1).

    Returns:
        ``(...)``; 0 where nothing can be said.

    Examples:
        >>> float(tango_z(30, 10, 1000, 0.0).round(4))  # (30 - 10) / sqrt(30 + 10)
        3.1623
        >>> tango_z(0, 0, [100, 1000], -0.01).round(2).tolist()  # All answers agree: sqrt(n / 99).
        [1.01, 3.18]

    References:
        .. [1] T. Tango. Equivalence test and confidence interval for the difference in proportions for the paired-
           sample design. Statistics in Medicine 1998.
           https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8%3C891::AID-SIM780%3E3.0.CO;2-B
    """
    b, c, n, delta = np.broadcast_arrays(*(np.asarray(value, dtype=float) for value in (wins, losses, n, bound)))
    # The share of losses solves 2n q² + B q - c δ(1 - δ) = 0.
    half = -b - c + (2 * n - b + c) * delta
    root = np.sqrt(np.maximum(half**2 + 8 * n * c * delta * (1 - delta), 0))
    variance = n * (2 * (root - half) / (4 * n) + delta * (1 - delta))
    known = variance > 0
    return np.where(known, (b - c - n * delta) / np.sqrt(np.where(known, variance, 1)), 0.0)


def tango_interval(wins: int, losses: int, n: int, confidence: float) -> tuple[float, float]:
    """The differences that the score test does not rule out.

    Args:
        wins: items that the challenger has right and the champion wrong.
        losses: items the other way round.
        n: items in all.
        confidence: such as 0.95, two-sided.

    Examples:
        >>> low, high = tango_interval(30, 10, 1000, 0.95)
        >>> round(low, 4), round(high, 4)
        (0.008, 0.0336)
    """
    z = norm.isf((1 - confidence) / 2)
    return _crossing(wins, losses, n, z), _crossing(wins, losses, n, -z)


def _crossing(wins: int, losses: int, n: int, z: float) -> float:
    """The bound at which the statistic, which falls from one end to the other, is z."""

    def above(bound: float) -> float:
        return float(tango_z(wins, losses, n, bound)) - z

    if above(-_EDGE) <= 0:
        return -1.0
    return 1.0 if above(_EDGE) >= 0 else float(brentq(above, -_EDGE, _EDGE, xtol=1e-10))
