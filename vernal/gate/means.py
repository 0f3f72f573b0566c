"""Two versions whose answers have a score each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import t

from vernal.gate.paired import Paired

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class PairedMeans(Paired):
    """Student's t-test of the differences of the scores, item by item.

    Args:
        n: items in all, two or more.
        mean: mean of the differences.
        deviation: their standard deviation, with n - 1 in the denominator.

    Examples:
        >>> paired = PairedMeans.of(np.array([0.5, -0.5, 1.0, 1.0]))
        >>> paired.difference, round(paired.p_above(0.0), 4), round(paired.p_below(2.0), 4)
        (0.5, 0.1261, 0.012)
    """

    n: int
    mean: float
    deviation: float

    @classmethod
    def of(cls, differences: Array) -> PairedMeans:
        """The test of ``(n,)`` differences."""
        return cls(len(differences), float(differences.mean()), float(differences.std(ddof=1)))

    def test(self, bound: float) -> str:  # noqa: ARG002
        """``"paired_t"``."""
        return "paired_t"

    @property
    def difference(self) -> float:
        """The mean difference."""
        return self.mean

    def variance(self, difference: float) -> float:  # noqa: ARG002
        """The variance of the differences."""
        return self.deviation**2

    def p_above(self, bound: float) -> float:
        """The p-value of "the true difference is at most this bound"."""
        return float(t.sf(self._t(bound), self.n - 1))

    def p_below(self, bound: float) -> float:
        """The p-value of "the true difference is at least this bound"."""
        return float(t.cdf(self._t(bound), self.n - 1))

    def interval(self, confidence: float) -> tuple[float, float]:
        """Student's interval."""
        reach = float(t.isf((1 - confidence) / 2, self.n - 1)) * self._error
        return self.mean - reach, self.mean + reach

    @property
    def _error(self) -> float:
        return self.deviation / math.sqrt(self.n)

    def _t(self, bound: float) -> float:
        """Standard errors above the bound. Scores that all differ by the same leave no doubt."""
        distance = self.mean - bound
        if self._error == 0:
            return math.copysign(math.inf, distance) if distance else 0.0
        return distance / self._error
