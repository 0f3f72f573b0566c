"""The score matrix of a lineage: ``scores[i, j]`` is the score on chunk ``j`` after update ``i``.

Shapes: ``T`` updates, and as many chunks. The lower triangle, diagonal included, is always known: every
update is measured on its own chunk and on all earlier ones. What lies above it, scores on chunks that were
still to come, may be unknown (NaN, None, or a row that ends early).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vernal.base import DataError

Floats = NDArray[np.float64]


def score_matrix(scores: ArrayLike | Sequence[Sequence[float | None]]) -> Floats:
    """Read the rows of a lineage as a square matrix, with NaN for what is not known.

    Args:
        scores: ``T`` rows; row ``i`` holds at least ``i + 1`` and at most ``T`` scores.

    Returns:
        Shape ``(T, T)``.

    Raises:
        DataError: there is no row, or a row is too short or too long, or leaves a hole.

    Examples:
        >>> score_matrix([[0.9], [0.8, 0.7]])
        array([[0.9, nan],
               [0.8, 0.7]])
    """
    rows = [np.asarray(row, dtype=np.float64) for row in scores]  # type: ignore[union-attr]
    if not rows:
        raise DataError("The score matrix has no rows. Pass one row of scores per update.")
    matrix = np.full((len(rows), len(rows)), np.nan)
    for i, row in enumerate(rows):
        matrix[i, : row.size] = _checked_row(row, i, len(rows))
    return matrix


def mean_over_earlier_chunks(gains: Floats) -> Floats:
    """Average what each update after the first changed on the chunks before its own.

    Args:
        gains: shape ``(T - 1, T)``; row ``i`` belongs to update ``i + 1``.

    Returns:
        Shape ``(T,)``; 0 for the first update, which has no earlier chunk.
    """
    n_earlier = np.arange(1, len(gains) + 1)
    return np.concatenate([[0.0], np.tril(gains).sum(axis=1) / n_earlier])


def _checked_row(row: Floats, update: int, n_updates: int) -> Floats:
    if row.ndim != 1 or not update < row.size <= n_updates:
        raise DataError(
            f"Row {update} of the score matrix has the shape {row.shape}. It must hold one score "
            f"for each of the chunks 0 to {update}, and none beyond chunk {n_updates - 1}."
        )
    if np.isnan(row[: update + 1]).any():
        raise DataError(
            f"Row {update} of the score matrix lacks the score on chunk "
            f"{int(np.flatnonzero(np.isnan(row))[0])}. Only scores on chunks after {update} may be "
            "unknown; measure every update on its own chunk and on all earlier ones."
        )
    return row
