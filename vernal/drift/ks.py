"""Kolmogorov-Smirnov: which columns have changed?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from vernal.base import check_whole, derive_seed
from vernal.drift.columns import Column, Correction, check_correction, corrected_together, together
from vernal.drift.comparison import Array, Comparison, TwoSampleTest
from vernal.drift.ks_law import ks_p
from vernal.drift.permutation import deals, note_on_blocks, permutation_p, too_few_blocks, whole_blocks
from vernal.drift.samples import checked_pair, no_decision, no_rows

UNIT = "standard deviations"


@dataclass(frozen=True)
class KS(TwoSampleTest):
    r"""The largest distance between the distribution functions of each column, corrected for the number of columns.

    .. math:: D = \sup_t \lvert F_n(t) - G_m(t) \rvert

    Finds a change of one column among many, and names it. Blind to changes that no single column shows, such as of a
    correlation. A missing value (NaN) counts as one above all others, so a changed share of missing values is a change
    as any other. Columns with one and the same value in both samples are left out.

    The effect of a column is the shift of a normal distribution, in standard deviations, that makes the same distance
    :math:`d`, which is :math:`2 \Phi^{-1}((1 + d) / 2)`, after what chance makes on average is taken off:
    :math:`d = D - 0.87 \sqrt{1/n + 1/m}`. So it is no larger for being the largest of many columns. It needs no
    moments, outliers do not matter, and a shape that changes in place has one too. The effect of the whole is that of
    the column with the smallest p-value.

    Args:
        correction: ``"bonferroni"``, or ``"holm"``, by which more columns are named at the same risk.
        block: successive rows that stay together when p-values are found by permutations, for rows in the order of time
            that depend on those before them: for such rows the exact law gives false alarms. Several times as long as
            they do; rows that fill no block, the oldest, are left out. 1 for independent rows, and the exact law.
        permutations: random ways to deal the blocks, at least 1. All columns are dealt together and corrected by the
            law of their largest distance [1]_, which is sharper than `correction`, the more so where columns depend on
            each other. Not used for independent rows.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> reference, current = rng.normal(size=(2000, 3)), rng.normal([0, 0.4, 0], size=(2000, 3))
        >>> found = KS().compare(reference, current)
        >>> [name for name, column in found.columns.items() if column["p"] < 0.01], round(found.effect, 2)
        (['1'], 0.35)

    References:
        .. [1] P. Westfall, S. Young. Resampling-based multiple testing. Wiley 1993.
    """

    correction: Correction = "bonferroni"
    block: int = 1
    permutations: int = 200

    def __post_init__(self) -> None:
        check_correction(self.correction)
        check_whole("block", self.block, 1)
        check_whole("permutations", self.permutations, 1)

    @property
    def smallest_p(self) -> float:
        """One part of all ways to deal the blocks; 0 for independent rows."""
        return 1 / (self.permutations + 1) if self.block > 1 else 0.0

    def compare(self, reference: Array, current: Array, seed: int = 0) -> Comparison:
        """Compare ``(n, d)`` with ``(m, d)``, column by column; NaN is a missing value."""
        x, y = (whole_blocks(sample, self.block) for sample in checked_pair(reference, current))
        rows = len(x), len(y)
        if why := no_rows(rows) or too_few_blocks(rows, self.block):
            return no_decision("KS", UNIT, rows, why)
        steps = {number: distance(x[:, number], y[:, number]) for number in range(x.shape[1])}
        varying = {number: step for number, step in steps.items() if step or _varies(x[:, number])}
        constant = len(steps) - len(varying)
        if self.block == 1 or not varying:
            p, chance = ks_p(varying.values(), *rows), np.full(len(varying), by_chance(*rows))
            return together("KS", UNIT, rows, _columns(varying, p, chance, rows), constant, self.correction)
        numbers = [*varying]
        p, chance = self._dealt(x[:, numbers], y[:, numbers], seed)
        found = _columns(varying, p, chance, rows)
        return corrected_together("KS", UNIT, rows, found, constant, p.tolist(), note_on_blocks(rows, self.block))

    def _dealt(self, x: Array, y: Array, seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Of each column the corrected p-value, and the distance that chance makes on average.

        The p-value is how often the largest distance of all columns is as large as its own.
        """
        rows = len(x), len(y)
        orders = [_order(column) for column in np.concatenate([x, y]).T]
        dealt = deals(rows, self.permutations, self.block, derive_seed(seed, "ks", "permutations"))
        found = [np.array([_distances(deal, *order, rows) for order in orders]) for deal in dealt]
        distances = np.concatenate(found, axis=1)
        largest = distances[:, 1:].max(axis=0)
        p = np.array([permutation_p(np.append(own, largest)) for own in distances[:, 0]])
        return p, distances[:, 1:].mean(axis=1)


def distance(reference: Array, current: Array) -> int:
    """The Kolmogorov-Smirnov distance of two columns, times ``n * m``: a whole number, so that nothing is rounded.

    The distribution functions are farthest apart at a current value or just before one. NaN is above all numbers.

    Args:
        reference: values ``(n,)``.
        current: values ``(m,)``.

    Examples:
        >>> distance(np.array([1.0, 2.0]), np.array([2.0, 3.0, 4.0]))
        4
    """
    n, m = len(reference), len(current)
    below, values = np.sort(reference), np.sort(current)
    rank = np.arange(m)
    above = n * (rank + 1) - m * np.searchsorted(below, values, side="right")
    before = m * np.searchsorted(below, values, side="left") - n * rank
    return int(max(above.max(), before.max()))


def _varies(column: Array) -> bool:
    missing = np.isnan(column)
    return bool(missing.any() != missing.all() or np.any(column[~missing] != column[~missing][:1]))


def _columns(
    steps: dict[int, int], p: NDArray[np.float64], chance: NDArray[np.float64], rows: tuple[int, int]
) -> dict[int, Column]:
    apart = np.array([*steps.values()]) / (rows[0] * rows[1])
    effects = shift(np.maximum(apart - chance, 0))
    found = zip(apart.tolist(), p.tolist(), effects.tolist(), strict=True)
    return {number: Column(*of_column) for number, of_column in zip(steps, found, strict=True)}


def by_chance(n: int, m: int) -> float:
    """The distance of two samples of one distribution, on average: the mean of Kolmogorov's law."""
    return float(np.sqrt(np.pi / 2) * np.log(2) * np.sqrt(1 / n + 1 / m))


def shift(apart: ArrayLike) -> NDArray[np.float64]:
    """The shift of a normal distribution, in standard deviations, whose distribution functions are so far apart.

    Args:
        apart: distances, from 0 to below 1.

    Examples:
        >>> shift([0, 0.3829]).round(3).tolist()
        [0.0, 1.0]
    """
    return np.asarray(2 * ndtri((1 + np.asarray(apart)) / 2))


def _order(column: Array) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The order of the values, and which are the last of their like: only there distribution functions are compared."""
    order = np.argsort(column, kind="stable")
    ordered = column[order]
    last = np.ones(len(ordered), np.bool_)
    last[:-1] = (ordered[:-1] != ordered[1:]) & ~(np.isnan(ordered[:-1]) & np.isnan(ordered[1:]))
    return order, last


def _distances(
    deal: Array, order: NDArray[np.int64], last: NDArray[np.bool_], rows: tuple[int, int]
) -> NDArray[np.float64]:
    """The distance of a column for every way to deal its rows."""
    n, m = rows
    apart = np.cumsum(deal[order], axis=0)  # counts, which float32 holds exactly up to 16 million rows
    apart = apart if last.all() else apart[last]
    apart *= np.float32(1 / m + 1 / n)
    apart -= ((np.flatnonzero(last)[:, None] + 1) / n).astype(np.float32)
    return np.asarray(np.maximum(apart.max(axis=0), -apart.min(axis=0)), np.float64)
