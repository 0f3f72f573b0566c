"""Which rows stay in memory and which come in: the door that every selection policy has."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from vernal.base import ConfigError

Ints = np.ndarray[Any, np.dtype[np.int64]]
Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Candidates:
    """Rows among which a policy chooses: those in memory, oldest first, and after them the new ones.

    Args:
        keys: a random number in [0, 1) that a row gets once, when it is first seen, ``(n,)`` float64.
        labels: the class of each row, ``(n,)`` int64; 0 where there are no classes.
        chunks: the number of the update that brought each row, ``(n,)`` int64.
    """

    keys: Floats
    labels: Ints
    chunks: Ints


class Policy(ABC):
    """Selects by a rule that needs no data, no model and no state of its own.

    All randomness lies in the keys, and a row keeps its key for life. So a plan for a whole chunk is made at once,
    every process of a distributed run makes the same one, and a stream cut into chunks in any way, or resumed
    in another process, selects the same rows.
    """

    @abstractmethod
    def keep(self, candidates: Candidates) -> Ints:
        """Choose rows.

        Returns:
            The places of the chosen rows among the candidates, ascending, ``(k,)``.
        """


def check_capacity(capacity: int) -> None:
    """Demand a capacity of at least one row.

    Raises:
        ConfigError: otherwise.
    """
    if capacity < 1:
        raise ConfigError(
            f"The size of a memory must be at least 1, got {capacity}. "
            "Use the method `fine_tune` to train without memory."
        )


def largest(keys: Floats, count: int) -> Ints:
    """The places of the `count` largest keys, ascending.

    Examples:
        >>> largest(np.array([0.3, 0.9, 0.1, 0.5]), 2)
        array([1, 3])
    """
    if count >= len(keys):
        return np.arange(len(keys))
    if count == 0:
        return np.arange(0)
    return np.sort(np.argpartition(keys, len(keys) - count)[len(keys) - count :])
