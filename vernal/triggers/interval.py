"""How well a mean is known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

from scipy.special import ndtri, stdtrit


@dataclass(frozen=True)
class Interval:
    """An estimate and its confidence interval.

    Args:
        mean: the estimate.
        low: the lower end; minus infinity where nothing is known.
        high: the upper end.
    """

    mean: float
    low: float
    high: float

    @classmethod
    def exactly(cls, value: float) -> Self:
        """A number that is known."""
        return cls(value, value, value)

    def minus(self, other: Interval) -> Interval:
        """The difference from another estimate, independent of this one, from the ends of both intervals [1]_.

        Examples:
            >>> Interval(7.0, 4.0, 10.0).minus(Interval(5.0, 1.0, 9.0))
            Interval(mean=2.0, low=-3.0, high=7.0)

        References:
            .. [1] G. Y. Zou, A. Donner. Construction of confidence limits about effect measures. Statistics in
               Medicine 2008. https://doi.org/10.1002/sim.3095
        """
        mean = self.mean - other.mean
        low = mean - math.hypot(self.mean - self.low, other.high - other.mean)
        return Interval(mean, low, mean + math.hypot(self.high - self.mean, other.mean - other.low))

    def to_json(self) -> dict[str, float | None]:
        """As plain values; None for an end that is not known."""
        return {name: value if math.isfinite(value) else None for name, value in vars(self).items()}


def of_share(ones: float, n: int, confidence: float) -> Interval:
    """Wilson's interval of a share [1]_, which holds for few rows and for shares near 0 and 1.

    Args:
        ones: how many of the rows.
        n: rows, at least 1.
        confidence: how often intervals of this kind hold the true share, between 0 and 1.

    Examples:
        >>> interval = of_share(10, 100, 0.95)
        >>> round(interval.low, 4), round(interval.high, 4)
        (0.0552, 0.1744)

    References:
        .. [1] E. B. Wilson. Probable inference, the law of succession, and statistical inference. JASA 1927.
           https://doi.org/10.1080/01621459.1927.10502953
    """
    z = float(ndtri((1 + confidence) / 2))
    share = ones / n
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * math.sqrt(share * (1 - share) / n + (z / (2 * n)) ** 2) / (1 + z**2 / n)
    return Interval(share, min(share, middle - half), max(share, middle + half))


def of_mean(mean: float, variance: float, n: int, confidence: float) -> Interval:
    """Student's interval of a mean.

    Args:
        mean: of the rows.
        variance: of the rows, with n - 1 as its denominator.
        n: rows; of one row, nothing is known.
        confidence: how often intervals of this kind hold the true mean, between 0 and 1, if the mean is nearly normal.

    Examples:
        >>> interval = of_mean(5.0, 4.0, 25, 0.95)
        >>> round(interval.low, 3), round(interval.high, 3)
        (4.174, 5.826)
    """
    if n < 2:
        return Interval(mean, -math.inf, math.inf)
    half = float(stdtrit(n - 1, (1 + confidence) / 2)) * math.sqrt(variance / n)
    return Interval(mean, mean - half, mean + half)
