"""Random, disjoint parts of a dataset."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from torch.utils.data import Dataset, Subset

from vernal.base import ConfigError, derive_seed


def split(dataset: Dataset[Any], proportions: Sequence[float], seed: int) -> list[Subset[Any]]:
    """Split a dataset at random. The same length, proportions and seed give the same rows.

    Args:
        dataset: any map-style dataset.
        proportions: the share of each part, summing to 1.
        seed: the seed that the user chose.

    Examples:
        >>> train, validation = split(range(10), [0.8, 0.2], seed=0)
        >>> len(train), len(validation), sorted([*train, *validation]) == [*range(10)]
        (8, 2, True)
    """
    parts = split_indices(len(dataset), proportions, seed)  # type: ignore[arg-type]
    return [Subset(dataset, part) for part in parts]


def split_indices(n: int, proportions: Sequence[float], seed: int) -> list[list[int]]:
    """Split the places 0 to ``n - 1`` at random.

    A part has ``round(p * n)`` places, and the last one what is left.

    Args:
        n: how many places there are.
        proportions: the share of each part, summing to 1.
        seed: the seed that the user chose.

    Examples:
        >>> [len(part) for part in split_indices(100, [0.333, 0.333, 0.334], seed=0)]
        [33, 33, 34]
    """
    if not math.isclose(sum(proportions), 1.0, abs_tol=1e-6) or min(proportions) < 0:
        raise ConfigError(
            f"`proportions` must be at least 0 and sum to 1, got {list(proportions)}. "
            "Give the share of every part, the last one too."
        )
    order = np.random.default_rng(derive_seed(seed, "split")).permutation(n)
    ends = np.cumsum([round(p * n) for p in proportions[:-1]])
    return [part.tolist() for part in np.split(order, ends)]
