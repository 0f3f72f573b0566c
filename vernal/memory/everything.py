"""All rows, for ever."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vernal.memory.policy import Candidates, Ints, Policy


@dataclass(frozen=True)
class Everything(Policy):
    """Every row ever seen, in the order in which they came.

    Examples:
        >>> Everything().keep(Candidates(np.zeros(3), np.zeros(3, int), np.zeros(3, int)))
        array([0, 1, 2])
    """

    def keep(self, candidates: Candidates) -> Ints:
        """All rows."""
        return np.arange(len(candidates.keys))
