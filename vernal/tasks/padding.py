"""Batches of rows whose lengths differ, put together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def joined(parts: Sequence[Array], fill: float) -> Array:
    """Concatenate rows, each part padded at its ends to the largest size in every dimension.

    Args:
        parts: ``(n, ...)`` each, of one type and number of dimensions.
        fill: what is padded with.

    Examples:
        >>> joined([np.array([[1, 2]]), np.array([[3]])], fill=-1)
        array([[ 1,  2],
               [ 3, -1]])
    """
    largest = np.max([part.shape[1:] for part in parts], axis=0)
    return np.concatenate([np.pad(part, _missing(part, largest), constant_values=fill) for part in parts])


def _missing(part: Array, largest: Array) -> list[tuple[int, int]]:
    return [(0, 0), *((0, int(n - m)) for m, n in zip(part.shape[1:], largest, strict=True))]
