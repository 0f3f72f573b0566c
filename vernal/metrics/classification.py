"""Predicted against true classes. Shapes: ``N`` rows, ``C`` classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vernal.base import DataError
from vernal.metrics.matrix import Floats
from vernal.metrics.rows import aligned


def accuracy(y: ArrayLike, predicted: ArrayLike) -> float:
    """The share of rows whose class was predicted.

    Args:
        y: true classes, shape ``(N,)``.
        predicted: predicted classes, shape ``(N,)``.

    Examples:
        >>> accuracy([0, 1, 2, 2], [0, 1, 1, 2])
        0.75
    """
    true, answer = aligned(y=y, predicted=predicted)
    return float((true == answer).mean())


def confusion_matrix(y: ArrayLike, predicted: ArrayLike, n_classes: int | None = None) -> NDArray[np.int64]:
    """Count rows by true class (down) and predicted class (across).

    Args:
        y: true classes, whole numbers from 0, shape ``(N,)``.
        predicted: predicted classes, shape ``(N,)``.
        n_classes: ``C``; by default one more than the largest class that occurs.

    Returns:
        Shape ``(C, C)``.

    Examples:
        >>> confusion_matrix([0, 1, 1], [0, 1, 0])
        array([[1, 0],
               [1, 1]])
    """
    true, answer = aligned(y=_class_indices(y), predicted=_class_indices(predicted))
    largest = int(max(true.max(), answer.max()))
    size = largest + 1 if n_classes is None else n_classes
    if largest >= size:
        raise DataError(f"Class {largest} occurs, and `n_classes` is {size}. Raise `n_classes`.")
    return np.bincount(true * size + answer, minlength=size * size).reshape(size, size)


def recall_per_class(y: ArrayLike, predicted: ArrayLike, n_classes: int | None = None) -> Floats:
    """The accuracy within each true class; NaN for a class without rows.

    Args:
        y: true classes, whole numbers from 0, shape ``(N,)``.
        predicted: predicted classes, shape ``(N,)``.
        n_classes: ``C``; by default one more than the largest class that occurs.

    Returns:
        Shape ``(C,)``.

    Examples:
        >>> recall_per_class([0, 0, 2, 2], [0, 2, 2, 2])
        array([0.5, nan, 1. ])
    """
    counts = confusion_matrix(y, predicted, n_classes)
    rows = counts.sum(axis=1)
    recalls = np.full(len(rows), np.nan)
    np.divide(np.diag(counts), rows, out=recalls, where=rows > 0)
    return recalls


def macro_f1(y: ArrayLike, predicted: ArrayLike) -> float:
    r"""Average the F1 score over the classes that occur, every class counting the same.

    .. math:: F_1 = \frac{2\,\text{hits}}{\text{rows of the class} + \text{predictions of the class}}

    Args:
        y: true classes, of any kind, shape ``(N,)``.
        predicted: predicted classes, shape ``(N,)``; a class that only occurs here counts as 0.

    Examples:
        >>> macro_f1(["a", "a", "b"], ["a", "b", "b"])
        0.6666666666666666
    """
    true, answer = (column.ravel() for column in aligned(y=y, predicted=predicted))
    classes, index = np.unique(np.concatenate([true, answer]), return_inverse=True)
    occurrences = np.bincount(index, minlength=len(classes))
    hits = np.bincount(index[: len(true)][true == answer], minlength=len(classes))
    return float((2 * hits / occurrences).mean())


def _class_indices(values: ArrayLike) -> NDArray[np.int64]:
    array = np.asarray(values)
    if array.size and (array.dtype.kind not in "iub" or array.min() < 0):
        raise DataError(
            f"Classes must be whole numbers from 0, got {array.ravel()[:3].tolist()}, ... . Number the classes first."
        )
    return array.astype(np.int64)
