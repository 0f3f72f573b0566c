"""The test that fits the scores."""

from __future__ import annotations

from typing import Any

import numpy as np

from vernal.gate.answers import PairedAnswers
from vernal.gate.means import PairedMeans
from vernal.gate.paired import Paired

Array = np.ndarray[Any, Any]


def compare_scores(first: Array, second: Array) -> Paired:
    """Compare the scores of two versions on the same items.

    Args:
        first: ``(n,)`` scores of the version that may be better.
        second: ``(n,)`` scores of the other one.

    Returns:
        Exact and score tests where all scores are 1 or 0; else a t-test.

    Examples:
        >>> compare_scores(np.array([1, 1, 1, 0]), np.array([0, 1, 0, 1]))
        PairedAnswers(wins=2, losses=1, n=4)
        >>> compare_scores(np.array([-0.5, -1.0]), np.array([-0.5, -2.0])).test(0.0)
        'paired_t'
    """
    if are_answers(first) and are_answers(second):
        return PairedAnswers(int((first > second).sum()), int((first < second).sum()), len(first))
    return PairedMeans.of(first - second)


def are_answers(scores: Array) -> bool:
    """Whether all scores are 1 or 0: right or wrong."""
    return bool(((scores == 0) | (scores == 1)).all())
