"""A score that drifts from chunk to chunk."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from vernal.base import ConfigError, derive_seed
from vernal.data.scenarios.cutting import ordered_parts
from vernal.data.scenarios.scenario import Scenario


@dataclass(frozen=True)
class Sorting(Scenario):
    """All data are sorted by a score, and cut into chunks of equal size; write `score`.

    Args:
        n_chunks: how many chunks, at least 1.
        randomness: the share of the rows, from 0 to 1, that change places in pairs after sorting.
        seed: which rows change places.
    """

    n_chunks: int
    randomness: float = field(default=0.0, kw_only=True)
    seed: int = field(default=0, kw_only=True)

    def __post_init__(self) -> None:
        if not 0 <= self.randomness <= 1:
            raise ConfigError(f"`randomness` must be from 0 to 1, got {self.randomness}.")

    @abstractmethod
    def score(self, x: Tensor) -> float:
        """The score of one input."""

    def parts(self, dataset: Dataset[Any]) -> list[Dataset[Any]]:
        """Cut by score, lowest first. Every input is read once."""
        n = len(dataset)  # type: ignore[arg-type]
        scores = np.array([self.score(dataset[i][0]) for i in range(n)])
        order = swap_pairs(np.argsort(scores, kind="stable"), self.randomness, self.seed)
        return ordered_parts(dataset, order, self.n_chunks)


def swap_pairs(order: NDArray[np.int64], randomness: float, seed: int) -> NDArray[np.int64]:
    """Swap ``int(randomness * n / 2)`` random pairs of places; no place is in two of them.

    Examples:
        >>> swap_pairs(np.arange(4), 0.5, seed=0).tolist()
        [3, 1, 2, 0]
    """
    n_pairs = int(randomness * len(order) / 2)
    rng = np.random.default_rng(derive_seed(seed, "swaps"))
    first, second = rng.permutation(len(order))[: 2 * n_pairs].reshape(2, n_pairs)
    swapped = order.copy()
    swapped[first], swapped[second] = order[second], order[first]
    return swapped
