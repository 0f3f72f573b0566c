"""One class for every pixel or token of a row. Shapes: ``N`` rows, then any.

``y`` holds classes from 0, and -1 for places that do not count. If none counts, a metric is NaN.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vernal.metrics.classification import accuracy, confusion_matrix, macro_f1
from vernal.metrics.rows import aligned


def dense_accuracy(y: ArrayLike, predicted: ArrayLike) -> float:
    """The share of pixels or tokens whose class is predicted.

    Args:
        y: true classes, shape ``(N, ...)``.
        predicted: predicted classes, of the same shape.

    Examples:
        >>> dense_accuracy([[0, 1, -1]], [[0, 0, 0]])
        0.5
    """
    true, answer = _counted(y, predicted)
    return accuracy(true, answer) if true.size else np.nan


def dense_macro_f1(y: ArrayLike, predicted: ArrayLike) -> float:
    """The F1 score averaged over the classes that occur, see `macro_f1`.

    Args:
        y: true classes, shape ``(N, ...)``.
        predicted: predicted classes, of the same shape.

    Examples:
        >>> dense_macro_f1([[0, 0, 1, -1]], [[0, 1, 1, 1]])
        0.6666666666666666
    """
    true, answer = _counted(y, predicted)
    return macro_f1(true, answer) if true.size else np.nan


def mean_iou(y: ArrayLike, predicted: ArrayLike) -> float:
    r"""The intersection over union of each class, averaged over the classes that occur, every class counting the same.

    .. math:: \mathrm{IoU} = \frac{\text{hits}}{\text{true} + \text{predicted} - \text{hits}}

    Args:
        y: true classes, shape ``(N, ...)``.
        predicted: predicted classes, of the same shape; a class that only occurs here counts as 0.

    Examples:
        >>> mean_iou([[0, 0], [1, -1]], [[0, 1], [1, 1]])
        0.5
    """
    true, answer = _counted(y, predicted)
    if not true.size:
        return np.nan
    counts = confusion_matrix(true, answer)
    hits = np.diag(counts)
    union = counts.sum(axis=0) + counts.sum(axis=1) - hits
    return float((hits[union > 0] / union[union > 0]).mean())


def _counted(y: ArrayLike, predicted: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    true, answer = aligned(y=y, predicted=predicted)
    return true[true >= 0], answer[true >= 0]
