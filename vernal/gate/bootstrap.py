"""The paired bootstrap, for any metric."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.stats import norm

from vernal.gate.metric import UNDEFINED, Metric
from vernal.gate.paired import Paired

Array = np.ndarray[Any, Any]

_GROUPS = 100  # of the jackknife: enough for the skewness, and a hundredth of the work at 10,000 items
_STEEPEST = 0.1  # The correction for skewness has a pole; draws that are so skewed are too few anyway.


@dataclass(frozen=True)
class PairedBootstrap(Paired):
    r"""The bootstrap of the difference of a metric, by percentiles and corrected (BCa) [1]_.

    Items are drawn with replacement, and both versions are measured on the same draw. The percentile interval lies
    between quantiles of these differences. The BCa interval corrects their places for the bias :math:`z_0` and the
    skewness :math:`a` of their distribution. Each of them errs in cases of its own, so what is to be shown must be
    shown by both: of 600 pairs with equal errors on 400 items, at a level of 5 %, percentiles alone took 8 % for better
    where one of the two had rare large errors, and BCa alone 9 % where both had heavy tails; both together 6 %. A
    p-value is the level at which a limit meets the bound. A draw on which the metric is not defined speaks against
    whatever is to be shown.

    Args:
        n: items in all.
        observed: the difference on the items as they are.
        draws: ``(B,)`` the differences on the draws; NaN where the metric is not defined.
        acceleration: a, from a jackknife over groups of items.

    References:
        .. [1] B. Efron. Better bootstrap confidence intervals. Journal of the American Statistical Association 1987.
           https://doi.org/10.1080/01621459.1987.10478410
    """

    n: int
    observed: float
    draws: Array = field(repr=False)
    acceleration: float = 0.0

    def test(self, bound: float) -> str:  # noqa: ARG002
        """``"paired_bootstrap"``."""
        return "paired_bootstrap"

    @property
    def difference(self) -> float:
        """The difference of the metric."""
        return self.observed

    def variance(self, difference: float) -> float:  # noqa: ARG002
        """What the variance of a single item would be, if the metric were a mean."""
        return float(self.n * np.nanvar(self.draws))

    def p_above(self, bound: float) -> float:
        """The p-value of "the true difference is at most this bound"."""
        against = _share(~(self.draws > bound))
        return max(against, float(norm.cdf(self._corrected(norm.ppf(against)))))

    def p_below(self, bound: float) -> float:
        """The p-value of "the true difference is at least this bound"."""
        against = _share(~(self.draws < bound))
        return max(against, float(norm.sf(self._corrected(norm.isf(against)))))

    def interval(self, confidence: float) -> tuple[float, float]:
        """From the lower of the two lower limits to the higher of the two upper ones."""
        tail = norm.isf((1 - confidence) / 2)
        places = norm.cdf([-tail, tail, self._place(-tail), self._place(tail)])
        limits = np.nanquantile(self.draws, places)
        return float(limits.min()), float(limits.max())

    @property
    def _bias(self) -> float:
        """How far the median of the draws lies below the observed difference, in normal quantiles."""
        known = self.draws[~np.isnan(self.draws)]
        return float(norm.ppf(_share((known < self.observed) + (known == self.observed) / 2)))

    def _place(self, z: float) -> float:
        """Where in the distribution of the draws the limit for a normal quantile lies."""
        moved = self._bias + z
        return self._bias + moved / max(1 - self.acceleration * moved, _STEEPEST)

    def _corrected(self, place: float) -> float:
        """The normal quantile whose limit lies at this place: the inverse of `_place`."""
        moved = place - self._bias
        return moved / max(1 + self.acceleration * moved, _STEEPEST) - self._bias


def bootstrap(metric: Metric, y: Array, first: Array, second: Array, draws: int, seed: int) -> PairedBootstrap:
    """Draw the differences of a metric.

    Args:
        metric: what is compared.
        y: ``(n, ...)`` the targets.
        first: ``(n, ...)`` the answers of the version that may be better.
        second: ``(n, ...)`` the answers of the other one.
        draws: how many; no p-value is smaller than one over it.
        seed: of the draws; the same for the same verdict.

    Examples:
        >>> from vernal.gate.metric import named_metric
        >>> y = np.arange(100.0)
        >>> paired = bootstrap(named_metric("mae"), y, y + 1, y + 1 + y % 2, draws=500, seed=0)
        >>> paired.difference, paired.p_above(0.0) < 0.01, [round(limit, 1) for limit in paired.interval(0.95)]
        (0.5, True, [0.4, 0.6])
    """
    generator = np.random.default_rng(seed)

    def difference(rows: Array) -> float:
        try:
            return metric.gain(y[rows], first[rows]) - metric.gain(y[rows], second[rows])
        except UNDEFINED:  # Some metrics refuse rows that do not define them; others say NaN.
            return math.nan

    n = len(y)
    drawn = np.array([difference(generator.integers(n, size=n)) for _ in range(draws)])
    order = generator.permutation(n)
    groups = np.array_split(order, min(n, _GROUPS))
    without = np.array([difference(np.setdiff1d(order, group, assume_unique=True)) for group in groups])
    return PairedBootstrap(n, difference(np.arange(n)), drawn, _acceleration(without))


def _acceleration(without: Array) -> float:
    """Skewness of what leaving out each group changes, over six."""
    moved = np.nanmean(without) - without
    spread = np.nansum(moved**2) ** 1.5
    return float(np.nansum(moved**3) / (6 * spread)) if spread else 0.0


def _share(against: Array) -> float:
    """The share of draws that speak against; neither 0 nor 1, since there are more than were drawn."""
    return float((against.sum() + 1) / (len(against) + 2))
