"""Mean, standard deviation and skewness of a stream, value by value."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass
class Moments:
    """Welford's recurrence, and Terriberry's for the third power. In order, so that no cut of the stream changes a bit.

    Examples:
        >>> moments = Moments()
        >>> for x in (0.0, 0.0, 0.0, 1.0):
        ...     moments.add(x)
        >>> moments.mean, moments.sd, round(moments.skewness, 3)
        (0.25, 0.5, 1.155)
    """

    n: int = 0
    mean: float = 0.0
    squares: float = 0.0
    cubes: float = 0.0

    def add(self, x: float) -> None:
        """Take in one value."""
        self.n += 1
        step = x - self.mean
        part = step / self.n
        more = step * (step - part)
        self.mean += part
        self.cubes += part * (more * (self.n - 2) - 3 * self.squares)
        self.squares += more

    @property
    def sd(self) -> float:
        """The standard deviation of the sample; 0 for fewer than two values."""
        return math.sqrt(self.squares / (self.n - 1)) if self.n > 1 else 0.0

    @property
    def skewness(self) -> float:
        """The third central moment over the third power of the standard deviation; 0 without variation."""
        return math.sqrt(self.n) * self.cubes / self.squares**1.5 if self.squares else 0.0
