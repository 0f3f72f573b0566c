"""The population stability index, with a p-value in the place of folklore."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from vernal.base import check_range, check_whole
from vernal.drift.columns import Column, Correction, check_correction, together
from vernal.drift.comparison import Array, Comparison, TwoSampleTest
from vernal.drift.samples import checked_pair, no_decision, no_rows

UNIT = "PSI"

ADDED = 0.25
"""Rows added to each bin: none would make the index of few rows too large on average, a half too small."""


@dataclass(frozen=True)
class PSI(TwoSampleTest):
    r"""How far apart the shares of both samples in each bin are, for each column.

    .. math:: \sum_b (p_b - q_b) \ln \frac{p_b}{q_b}

    Where nothing has changed, this is :math:`(1/n + 1/m)` times a :math:`\chi^2` variable with :math:`B - 1` degrees of
    freedom [1]_, so its size says nothing without the number of rows: of two samples of 200 rows, ten bins exceed the
    customary 0.1 in every third case by chance alone. The p-value is by this law; `threshold` is what it asks for.

    Bins hold equal shares of both samples together. Equal values are never parted, so there may be fewer bins; a
    missing value (NaN) has a bin of its own, and a column with one value is left out.

    Args:
        bins: at the most, at least 2; each should hold 10 rows of the smaller sample, or more.
        correction: of p-values for the number of columns: ``"bonferroni"`` or ``"holm"``.

    Examples:
        >>> round(PSI().threshold(200, 200), 3), round(PSI().threshold(10_000, 10_000), 4)
        (0.169, 0.0034)

    Deviations:
        A quarter of a row is added to every bin, so that an empty one does not make the index infinite.

    References:
        .. [1] B. Yurdakul, J. Naranjo. Statistical properties of the population stability index. Journal of Risk Model
           Validation 2020. https://doi.org/10.21314/JRMV.2020.227
    """

    bins: int = 10
    correction: Correction = "bonferroni"

    def __post_init__(self) -> None:
        check_whole("bins", self.bins, 2)
        check_correction(self.correction)

    def threshold(self, n: int, m: int, alpha: float = 0.05) -> float:
        """What the index of one column exceeds by chance in a share `alpha` of all cases.

        Args:
            n: rows of the reference sample.
            m: rows of the current sample.
            alpha: the share, between 0 and 1.
        """
        check_whole("n", n, 1)
        check_whole("m", m, 1)
        check_range("alpha", alpha, 0, 1)
        return float((1 / n + 1 / m) * chi2.isf(alpha, self.bins - 1))

    def compare(self, reference: Array, current: Array, seed: int = 0) -> Comparison:
        """Compare ``(n, d)`` with ``(m, d)``, column by column; NaN is a missing value. Nothing is random."""
        del seed
        x, y = checked_pair(reference, current)
        rows = len(x), len(y)
        if why := no_rows(rows):
            return no_decision("PSI", UNIT, rows, why)
        columns = {number: self._column(x[:, number], y[:, number]) for number in range(x.shape[1])}
        found = {number: column for number, column in columns.items() if column is not None}
        return together("PSI", UNIT, rows, found, len(columns) - len(found), self.correction)

    def _column(self, x: Array, y: Array) -> Column | None:
        # Infinite values were refused, so infinity is free to stand for what is missing: it can be sorted.
        x, y = (np.sort(np.where(np.isnan(column), np.inf, column)) for column in (x, y))
        tops = _tops(np.sort(np.concatenate([x, y]), kind="stable"), self.bins)
        if len(tops) < 2:
            return None
        p, q = (_shares(column, tops) for column in (x, y))
        index = float(np.sum((p - q) * np.log(p / q)))
        return Column(index, float(chi2.sf(index / (1 / len(x) + 1 / len(y)), len(tops) - 1)), index)


def _tops(ordered: Array, bins: int) -> Array:
    """The largest value of each bin: of the places between different values those nearest to equal shares."""
    ends = np.append(np.flatnonzero(ordered[1:] > ordered[:-1]) + 1, len(ordered))
    aims = np.arange(1, bins) * len(ordered) / bins
    after = np.searchsorted(ends, aims)
    before = np.maximum(after - 1, 0)
    nearest = np.where(ends[after] - aims < aims - ends[before], ends[after], ends[before])
    missing = np.searchsorted(ordered, np.inf)
    chosen = np.unique(np.append(nearest, [missing, len(ordered)]))
    return np.asarray(ordered[chosen[chosen > 0] - 1])


def _shares(ordered: Array, tops: Array) -> NDArray[np.float64]:
    counts = np.diff(np.searchsorted(ordered, tops, side="right"), prepend=0) + ADDED
    return np.asarray(counts / counts.sum())
