"""A metric by parts of the data: an average can rise while one group of users loses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from vernal.base import ConfigError
from vernal.metrics.rows import aligned, one_each


def by_slice(
    metric: Callable[[Any, Any], float],
    slices: ArrayLike,
    y: ArrayLike,
    predicted: ArrayLike,
    *,
    min_rows: int = 1,
) -> list[dict[str, Any]]:
    """Compute a metric within each slice.

    Args:
        metric: a function of ``(y, predicted)``, e.g. `accuracy` or `mae`.
        slices: the slice of each row (numbers or strings), shape ``(N,)``.
        y: true classes or values, shape ``(N, ...)``.
        predicted: predicted classes or values, of the same shape.
        min_rows: a smaller slice is listed without a value, at least 1; raise it where few rows
            would say little.

    Returns:
        One row per slice, in the order of the slices' names: ``slice``, ``rows``, ``value``.

    Examples:
        >>> from vernal.metrics import accuracy
        >>> by_slice(accuracy, ["de", "fr", "de"], y=[0, 1, 1], predicted=[0, 1, 0], min_rows=2)
        [{'slice': 'de', 'rows': 2, 'value': 0.5}, {'slice': 'fr', 'rows': 1, 'value': None}]
    """
    if min_rows < 1:
        raise ConfigError(f"`min_rows` must be at least 1, got {min_rows}.")
    true, answer = aligned(y=y, predicted=predicted)
    names = one_each(slices, "slices", len(true), of="rows")
    members = {name: np.flatnonzero(names == name) for name in np.unique(names)}
    return [
        {
            "slice": name.item(),
            "rows": len(rows),
            "value": metric(true[rows], answer[rows]) if len(rows) >= min_rows else None,
        }
        for name, rows in members.items()
    ]
