"""Predicted against true numbers. Shapes: ``(N,)``, or ``(N, D)`` for ``D`` targets."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from vernal.base import DataError
from vernal.metrics.matrix import Floats
from vernal.metrics.rows import aligned


def mae(y: ArrayLike, predicted: ArrayLike) -> float:
    """The mean absolute error, in the unit of the target.

    Args:
        y: true values, shape ``(N,)`` or ``(N, D)``.
        predicted: predicted values, of the same shape.

    Examples:
        >>> mae([1.0, 2.0], [1.5, 1.0])
        0.75
    """
    true, answer = _checked(y, predicted)
    return float(np.abs(true - answer).mean())


def rmse(y: ArrayLike, predicted: ArrayLike) -> float:
    """The root of the mean squared error, in the unit of the target; large errors weigh more than in `mae`.

    Args:
        y: true values, shape ``(N,)`` or ``(N, D)``.
        predicted: predicted values, of the same shape.

    Examples:
        >>> rmse([0.0, 0.0], [3.0, 4.0])
        3.5355339059327378
    """
    true, answer = _checked(y, predicted)
    return float(np.sqrt(np.square(true - answer).mean()))


def r2(y: ArrayLike, predicted: ArrayLike) -> float:
    """The share of the target's variance that is explained, at most 1; several targets are averaged.

    Args:
        y: true values, shape ``(N,)`` or ``(N, D)``.
        predicted: predicted values, of the same shape.

    Examples:
        >>> r2([1.0, 2.0, 3.0], [1.0, 2.0, 4.0])
        0.5

    Deviations:
        A constant target has no variance to explain: 1 if it is predicted exactly, else 0, never infinite.
    """
    true, answer = _checked(y, predicted)
    residual = np.atleast_1d(np.square(true - answer).sum(axis=0))
    total = np.atleast_1d(np.square(true - true.mean(axis=0)).sum(axis=0))
    varies = np.atleast_1d(np.ptp(true, axis=0) > 0)  # exact, where `total` may be a rounding error
    unexplained = np.divide(residual, total, out=np.sign(residual), where=varies)
    return float(1 - unexplained.mean())


def _checked(y: ArrayLike, predicted: ArrayLike) -> tuple[Floats, Floats]:
    true, answer = aligned(y=np.asarray(y, dtype=np.float64), predicted=np.asarray(predicted, dtype=np.float64))
    for name, column in (("y", true), ("predicted", answer)):
        n_bad = int((~np.isfinite(column)).sum())
        if n_bad:
            raise DataError(
                f"`{name}` has {n_bad} of {column.size} values that are not finite. "
                "Find out where they come from; no error can be computed from them."
            )
    return true, answer
