"""Yes or no for several labels a row. Shapes: ``N`` rows, ``C`` labels.

``y`` holds 1 for yes, 0 for no, and NaN where it is not known: such entries are left out. A label is predicted where
its score is above 0, as a logit is for a probability above one half. What no entry defines is NaN.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vernal.base import DataError
from vernal.metrics.matrix import Floats
from vernal.metrics.rows import aligned

Bools = NDArray[np.bool_]


def micro_f1(y: ArrayLike, scores: ArrayLike) -> float:
    """The F1 score of all rows and labels taken together.

    Args:
        y: true labels, shape ``(N, C)``.
        scores: logits, shape ``(N, C)``.

    Examples:
        >>> micro_f1([[1, 0], [1, 1]], [[2.0, 1.0], [-1.0, 3.0]])
        0.6666666666666666
    """
    true, predicted, _ = _answers(y, scores)
    return _mean(_f1(true.ravel(), predicted.ravel()))


def multilabel_macro_f1(y: ArrayLike, scores: ArrayLike) -> float:
    """The F1 score of each label, averaged over the labels that are true or predicted somewhere.

    Args:
        y: true labels, shape ``(N, C)``.
        scores: logits, shape ``(N, C)``.

    Examples:
        >>> multilabel_macro_f1([[1, 0, 0], [1, 1, 0]], [[2.0, 1.0, -1.0], [-1.0, 3.0, -1.0]])
        0.6666666666666666
    """
    true, predicted, _ = _answers(y, scores)
    return _mean(_f1(true, predicted))


def subset_accuracy(y: ArrayLike, scores: ArrayLike) -> float:
    """The share of rows of which every known label is right.

    Args:
        y: true labels, shape ``(N, C)``; a row of which nothing is known does not count.
        scores: logits, shape ``(N, C)``.

    Examples:
        >>> subset_accuracy([[1, 0], [1, 1]], [[2.0, -1.0], [-1.0, 3.0]])
        0.5
    """
    true, predicted, known = _answers(y, scores)
    return _mean((true == predicted).all(axis=1)[known.any(axis=1)])


def hamming_loss(y: ArrayLike, scores: ArrayLike) -> float:
    """The share of labels that are wrong, over all rows.

    Args:
        y: true labels, shape ``(N, C)``.
        scores: logits, shape ``(N, C)``.

    Examples:
        >>> hamming_loss([[1, 0], [1, 1]], [[2.0, -1.0], [-1.0, 3.0]])
        0.25
    """
    true, predicted, known = _answers(y, scores)
    return _mean((true != predicted)[known])


def average_precision(y: ArrayLike, scores: ArrayLike) -> float:
    r"""The area under the precision-recall curve of each label, averaged over the labels that occur.

    .. math:: \sum_k (R_k - R_{k-1}) P_k

    over the thresholds :math:`k` from the highest score down. It needs no threshold for yes, and is not flattered by
    labels that are rarely true.

    Args:
        y: true labels, shape ``(N, C)``.
        scores: of any scale, shape ``(N, C)``; only their order counts, and rows that tie count together.

    Examples:
        >>> average_precision([[1], [0], [1]], [[3.0], [2.0], [1.0]])
        0.8333333333333333
    """
    true, known, values = _read(y, scores)
    columns = range(true.shape[1])
    return _mean(np.array([_average_precision(true[known[:, c], c], values[known[:, c], c]) for c in columns]))


def _average_precision(true: Bools, scores: Floats) -> float:
    if not true.any():
        return np.nan
    order = np.argsort(-scores, kind="stable")
    last = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))  # The last of each group of ties.
    hits = np.cumsum(true[order])[last]
    return float(np.sum(np.diff(hits, prepend=0) * hits / (last + 1)) / hits[-1])


def _answers(y: ArrayLike, scores: ArrayLike) -> tuple[Bools, Bools, Bools]:
    """What is true, what is predicted, and what is known; both are no where it is not known."""
    true, known, values = _read(y, scores)
    return true, (values > 0) & known, known


def _read(y: ArrayLike, scores: ArrayLike) -> tuple[Bools, Bools, Floats]:
    labels, values = aligned(y=np.asarray(y, dtype=np.float64), scores=np.asarray(scores, dtype=np.float64))
    known = ~np.isnan(labels)
    if labels.ndim != 2 or not np.isin(labels[known], (0, 1)).all():
        raise DataError(f"`y` {labels.shape} must hold 0, 1, or NaN for unknown, one for each row and label (N, C).")
    return labels == 1, known, values


def _f1(true: Bools, predicted: Bools) -> Floats:
    hits, occurrences = (true & predicted).sum(axis=0), true.sum(axis=0) + predicted.sum(axis=0)
    scores = np.full(np.shape(hits), np.nan)
    np.divide(2 * hits, occurrences, out=scores, where=occurrences > 0)
    return scores


def _mean(values: NDArray[np.generic]) -> float:
    """The mean of what is defined."""
    numbers = values.astype(np.float64)
    numbers = numbers[~np.isnan(numbers)]
    return float(numbers.mean()) if numbers.size else np.nan
