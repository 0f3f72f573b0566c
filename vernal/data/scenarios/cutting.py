"""Parts of equal size."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Dataset, Subset

from vernal.base import ConfigError, derive_seed


def ordered_parts(dataset: Dataset[Any], order: NDArray[np.int64], n_parts: int) -> list[Dataset[Any]]:
    """Cut the rows, in this order, into parts whose sizes differ by one row at most, longer ones first.

    Examples:
        >>> [part.indices for part in ordered_parts(None, np.array([2, 0, 1]), 2)]
        [[2, 0], [1]]
    """
    if n_parts < 1:
        raise ConfigError(f"A scenario must have at least 1 chunk, got {n_parts}.")
    return [Subset(dataset, part.tolist()) for part in np.array_split(order, n_parts)]


def shuffled_parts(dataset: Dataset[Any], n_parts: int, seed: int) -> list[Dataset[Any]]:
    """Cut the rows at random into parts of equal size."""
    rng = np.random.default_rng(derive_seed(seed, "parts"))
    return ordered_parts(dataset, rng.permutation(len(dataset)), n_parts)  # type: ignore[arg-type]
