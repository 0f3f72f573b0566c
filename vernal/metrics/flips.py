"""What changed for the users of a model: answers that were right and became wrong, and the other way round.

Two models of equal accuracy can disagree on many rows. A negative flip breaks what a user relied on, so a
gate may limit them although the average has improved [1]_.

References:
    .. [1] S. Yan et al. Positive-congruent training: towards regression-free model updates. CVPR 2021.
       https://arxiv.org/abs/2011.09161
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vernal.metrics.rows import aligned

Bools = NDArray[np.bool_]


def negative_flip_rate(new: ArrayLike, old: ArrayLike, y: ArrayLike) -> float:
    """The share of all rows that the old model had right and the new one has wrong.

    Args:
        new: predictions of the new model, shape ``(N,)``.
        old: predictions of the old model, shape ``(N,)``.
        y: true classes, shape ``(N,)``.

    Examples:
        >>> negative_flip_rate(new=[1, 3, 0, 3], old=[2, 1, 0, 2], y=[3, 3, 0, 2])
        0.25
    """
    new_right, old_right = _right(new, old, y)
    return float((old_right & ~new_right).mean())


def positive_flip_rate(new: ArrayLike, old: ArrayLike, y: ArrayLike) -> float:
    """The share of all rows that the old model had wrong and the new one has right.

    Args:
        new: predictions of the new model, shape ``(N,)``.
        old: predictions of the old model, shape ``(N,)``.
        y: true classes, shape ``(N,)``.

    Examples:
        >>> positive_flip_rate(new=[1, 3, 0, 3], old=[2, 1, 0, 2], y=[3, 3, 0, 2])
        0.25
    """
    new_right, old_right = _right(new, old, y)
    return float((new_right & ~old_right).mean())


def negative_flip_impact(new: ArrayLike, old: ArrayLike, y: ArrayLike) -> float:
    """The share of the new model's errors that the old model had right; 0 if there are no errors.

    Args:
        new: predictions of the new model, shape ``(N,)``.
        old: predictions of the old model, shape ``(N,)``.
        y: true classes, shape ``(N,)``.

    Examples:
        >>> negative_flip_impact(new=[1, 3, 0, 3], old=[2, 1, 0, 2], y=[3, 3, 0, 2])
        0.5
    """
    new_right, old_right = _right(new, old, y)
    return _share(old_right, among=~new_right)


def positive_flip_impact(new: ArrayLike, old: ArrayLike, y: ArrayLike) -> float:
    """The share of the new model's right answers that the old model had wrong; 0 if it has none.

    Args:
        new: predictions of the new model, shape ``(N,)``.
        old: predictions of the old model, shape ``(N,)``.
        y: true classes, shape ``(N,)``.

    Examples:
        >>> positive_flip_impact(new=[1, 3, 0, 3], old=[2, 1, 0, 2], y=[3, 3, 0, 2])
        0.5
    """
    new_right, old_right = _right(new, old, y)
    return _share(~old_right, among=new_right)


def _right(new: ArrayLike, old: ArrayLike, y: ArrayLike) -> tuple[Bools, Bools]:
    answers: list[NDArray[Any]] = aligned(new=new, old=old, y=y)
    return answers[0] == answers[2], answers[1] == answers[2]


def _share(rows: Bools, among: Bools) -> float:
    return float(rows[among].mean()) if among.any() else 0.0
