"""How accurate is a classifier, as far as its own confidence can tell? Estimates without labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from vernal.base import DataError, EmptyChunk, check_range

Array = np.ndarray[Any, Any]

BLIND = (
    "It rests on the model's own confidence and is blind to concept drift: if what the right answer is has changed, "
    "it stays as it was. Only labels tell; a small random sample of labelled rows is enough."
)


@dataclass(frozen=True)
class Estimate:
    """An accuracy that nobody has measured. Its text always says what it cannot see.

    Args:
        method: ``"cbpe"`` or ``"doc"``.
        accuracy: the estimate, between 0 and 1.
        rows: unlabelled rows that it rests on.
        reference: labelled rows that it rests on; 0 for none.
    """

    method: str
    accuracy: float
    rows: int
    reference: int

    def __str__(self) -> str:
        known = f" and {self.reference:,} labelled ones" if self.reference else ""
        return (
            f"Estimated accuracy {self.accuracy:.3f} ({self.method}, {self.rows:,} rows without labels{known}). {BLIND}"
        )

    def to_json(self) -> dict[str, Any]:
        """The estimate as plain values, with the sentence that says what it cannot see."""
        return vars(self) | {"note": BLIND}


@dataclass(frozen=True)
class Calibration:
    """How often the model was right at each confidence: a step function that only rises.

    Args:
        confidences: ``(k,)`` the lowest confidence of each step, ascending.
        rates: ``(k,)`` the share of right answers on it.
        rows: labelled rows that it rests on.
    """

    confidences: Array
    rates: Array
    rows: int

    @classmethod
    def fitted(cls, confidences: Array, correct: Array) -> Calibration:
        """Fit to labelled rows, by isotonic regression (pooling adjacent violators).

        Args:
            confidences: ``(n,)`` the highest probability of each row, see `confidence`.
            correct: ``(n,)`` whether the answer was right.

        Raises:
            DataError: the two do not belong together, or are not what they should be.
        """
        confidences, correct = _confidences(confidences), np.asarray(correct, dtype=np.float64)
        if confidences.shape != correct.shape or not np.isin(correct, (0, 1)).all():
            raise DataError(
                f"`correct` must say of each of the {len(confidences)} rows whether its answer was right, 1 or 0; "
                f"got the shape {correct.shape} and values from {correct.min():.4g} to {correct.max():.4g}."
            )
        levels, inverse, counts = np.unique(confidences, return_inverse=True, return_counts=True)
        rates = _isotonic(np.bincount(inverse, weights=correct) / counts, counts)
        return cls(levels, rates, len(correct))

    def __call__(self, confidences: Array) -> Array:
        """``(n,)`` The share of right answers at each confidence, between known ones in a straight line."""
        return np.interp(confidences, self.confidences, self.rates)


def confidence(probabilities: Array) -> Array:
    """``(n,)`` The highest probability of each row.

    Args:
        probabilities: ``(n, classes)``, or ``(n,)`` of the second of two classes.

    Raises:
        DataError: these are no probabilities.

    Examples:
        >>> confidence(np.array([[0.7, 0.3], [0.1, 0.9]]))
        array([0.7, 0.9])
        >>> confidence(np.array([0.2, 0.9]))
        array([0.8, 0.9])
    """
    given = np.asarray(probabilities, dtype=np.float64)
    if given.ndim == 1:
        return np.maximum(_confidences(given), 1 - given)
    if given.ndim != 2 or not (given >= 0).all() or not np.allclose(given.sum(axis=1), 1, atol=1e-3):
        raise DataError(
            "Probabilities are (n, classes), none negative, each row with the sum 1, or (n,) of two classes; "
            f"got the shape {given.shape}. Apply softmax to logits."
        )
    return _confidences(given.max(axis=1))


def cbpe(probabilities: Array, calibration: Calibration | None = None) -> Estimate:
    r"""Confidence-based performance estimation: the accuracy is the mean confidence [1]_.

    .. math::
        \widehat{\mathrm{acc}} = \frac{1}{n} \sum_i c\bigl(\max_k p_k(x_i)\bigr)

    Exact where the model is calibrated and only the inputs drift. Networks are overconfident: calibrate on labelled
    rows.

    Args:
        probabilities: ``(n, classes)``, or ``(n,)`` of the second of two classes.
        calibration: how often the model was right at each confidence; None takes its word.

    Raises:
        EmptyChunk: there are no rows.
        DataError: these are no probabilities.

    Examples:
        >>> print(cbpe(np.array([[0.75, 0.25], [0.05, 0.95]])).accuracy)
        0.85

    References:
        .. [1] NannyML. Estimation of performance of the monitored model: confidence-based performance estimation.
           https://nannyml.readthedocs.io/en/stable/how_it_works/performance_estimation.html
    """
    sure = _some(confidence(probabilities))
    rates = sure if calibration is None else calibration(sure)
    return Estimate("cbpe", float(rates.mean()), len(sure), 0 if calibration is None else calibration.rows)


def doc(reference_confidences: Array, reference_accuracy: float, current_confidences: Array) -> Estimate:
    r"""Difference of confidences: the accuracy falls by what the mean confidence falls [1]_.

    .. math::
        \widehat{\mathrm{acc}} = \mathrm{acc}_{\mathrm{ref}} - (\bar c_{\mathrm{ref}} - \bar c) ,

    between 0 and 1. Needs no calibration: a constant overconfidence cancels.

    Args:
        reference_confidences: ``(n,)`` of the labelled rows, see `confidence`.
        reference_accuracy: measured on the same rows.
        current_confidences: ``(m,)`` of the rows without labels.

    Raises:
        EmptyChunk: there are no rows.
        DataError: these are no confidences.

    Examples:
        >>> print(round(doc(np.array([0.9, 0.8]), 0.80, np.array([0.8, 0.8])).accuracy, 3))
        0.75

    References:
        .. [1] D. Guillory et al. Predicting with confidence on unseen distributions. ICCV 2021.
           https://arxiv.org/abs/2107.03315
    """
    check_range("reference_accuracy", reference_accuracy, 0, 1)
    known, current = (_some(_confidences(given)) for given in (reference_confidences, current_confidences))
    accuracy = reference_accuracy - (known.mean() - current.mean())
    return Estimate("doc", float(np.clip(accuracy, 0, 1)), len(current), len(known))


def _confidences(given: Array) -> Array:
    array = np.asarray(given, dtype=np.float64)
    if array.ndim != 1 or not ((array >= 0) & (array <= 1)).all():
        raise DataError(
            f"Confidences are numbers between 0 and 1, one for each row, (n,); got the shape {array.shape}"
            + (f" and values from {array.min():.4g} to {array.max():.4g}." if array.size else ".")
        )
    return array


def _some(confidences: Array) -> Array:
    if not len(confidences):
        raise EmptyChunk("There are no rows to estimate the accuracy of.")
    return confidences


def _isotonic(rates: Array, counts: Array) -> Array:
    """The closest sequence that never falls: neighbours in the wrong order are merged into their mean."""
    blocks: list[tuple[float, int, int]] = []
    for rate, count in zip(rates.tolist(), counts.tolist(), strict=True):
        block = (rate, count, 1)
        while blocks and blocks[-1][0] >= block[0]:
            block = _merged(blocks.pop(), block)
        blocks.append(block)
    return np.repeat([rate for rate, _, _ in blocks], [levels for _, _, levels in blocks])


def _merged(a: tuple[float, int, int], b: tuple[float, int, int]) -> tuple[float, int, int]:
    count = a[1] + b[1]
    return (a[0] * a[1] + b[0] * b[1]) / count, count, a[2] + b[2]
