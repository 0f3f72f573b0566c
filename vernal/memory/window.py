"""The most recent rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vernal.memory.policy import Candidates, Ints, Policy, check_capacity


@dataclass(frozen=True)
class SlidingWindow(Policy):
    """The rows that came last; for data whose past is of no use any more.

    Args:
        capacity: rows kept, at least 1.

    Examples:
        >>> SlidingWindow(2).keep(Candidates(np.zeros(5), np.zeros(5, int), np.zeros(5, int)))
        array([3, 4])
    """

    capacity: int

    def __post_init__(self) -> None:
        check_capacity(self.capacity)

    def keep(self, candidates: Candidates) -> Ints:
        """The last rows."""
        n = len(candidates.keys)
        return np.arange(max(0, n - self.capacity), n)
