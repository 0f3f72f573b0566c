"""Mean and standard deviation of a stream, value by value."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass
class Moments:
    """Welford's recurrence. Values are added in order, so that no cut of the stream changes a bit.

    Examples:
        >>> moments = Moments()
        >>> for x in (1.0, 3.0):
        ...     moments.add(x)
        >>> moments.mean, moments.sd
        (2.0, 1.4142135623730951)
    """

    n: int = 0
    mean: float = 0.0
    squares: float = 0.0

    def add(self, x: float) -> None:
        """Take in one value."""
        self.n += 1
        step = x - self.mean
        self.mean += step / self.n
        self.squares += step * (x - self.mean)

    @property
    def sd(self) -> float:
        """The standard deviation of the sample; 0 for fewer than two values."""
        return math.sqrt(self.squares / (self.n - 1)) if self.n > 1 else 0.0
