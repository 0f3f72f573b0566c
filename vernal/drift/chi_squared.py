"""Chi-squared: have the shares of categories changed?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from vernal.base import DataError
from vernal.drift.columns import Column, Correction, check_correction, together
from vernal.drift.comparison import Array, Comparison, TwoSampleTest
from vernal.drift.samples import no_decision, no_rows

UNIT = "share of the rows"

EXPECTED = 5
"""Rows that each sample must be expected to have of a category, for the law to hold."""


@dataclass(frozen=True)
class ChiSquared(TwoSampleTest):
    """Pearson's test of equal shares of the categories of each column.

    Categories are whatever compares as equal: numbers, texts. Those that only one sample has count like all others, so
    a category that is new is a change. Rare ones, of which 5 rows are not to be expected in each sample, are counted as
    one category together. NaN, a missing value, is a category.

    The effect is the largest change of a share: 0.1 if a category had 30 % of the rows and has 40 % now.

    Args:
        correction: of p-values for the number of columns: ``"bonferroni"`` or ``"holm"``.

    Examples:
        >>> reference, current = np.repeat(["card", "cash"], 100), np.repeat(["card", "cash", "phone"], [100, 80, 20])
        >>> found = ChiSquared().compare(reference, current)
        >>> round(found.effect, 2), found.p < 1e-4
        (0.1, True)
    """

    correction: Correction = "bonferroni"

    def __post_init__(self) -> None:
        check_correction(self.correction)

    def compare(self, reference: Array, current: Array, seed: int = 0) -> Comparison:
        """Compare ``(n, d)`` with ``(m, d)``, column by column. Nothing is random.

        Raises:
            DataError: the samples have other numbers of columns, or are no table.
        """
        del seed
        x, y = _table("reference", reference), _table("current", current)
        if x.shape[1] != y.shape[1]:
            raise DataError(
                f"The reference sample has {x.shape[1]} columns, and the current one {y.shape[1]}. "
                "Compare the same columns of both."
            )
        rows = len(x), len(y)
        if why := no_rows(rows):
            return no_decision("ChiSquared", UNIT, rows, why)
        columns = {number: _column(x[:, number], y[:, number]) for number in range(x.shape[1])}
        found = {number: column for number, column in columns.items() if column is not None}
        return together("ChiSquared", UNIT, rows, found, len(columns) - len(found), self.correction)


def _table(name: str, sample: Any) -> Array:
    array = np.asarray(sample)
    if array.ndim not in (1, 2):
        raise DataError(f"The {name} sample has shape {array.shape}. It must be (rows, columns).")
    if array.dtype == object:
        array = array.astype(str)  # None and NaN have no order among texts; by their names they have.
    return array if array.ndim == 2 else array[:, None]


def _column(x: Array, y: Array) -> Column | None:
    values, codes = np.unique(np.concatenate([x, y]), return_inverse=True)
    counts = np.stack([np.bincount(part, minlength=len(values)) for part in (codes[: len(x)], codes[len(x) :])])
    grouped = _rare_together(counts)
    if grouped.shape[1] < 2:
        return None
    rows = grouped.sum(axis=1, keepdims=True)
    expected = rows * grouped.sum(axis=0) / rows.sum()
    statistic = float(((grouped - expected) ** 2 / expected).sum())
    change = np.abs(np.diff(grouped / rows, axis=0)).max()
    return Column(statistic, float(chi2.sf(statistic, grouped.shape[1] - 1)), float(change))


def _rare_together(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The counts ``(2, c)`` of categories, where those with too few expected rows are one, and last."""
    rows = counts.sum(axis=1)
    rare = counts.sum(axis=0) * rows.min() / rows.sum() < EXPECTED
    rest = counts[:, rare].sum(axis=1, keepdims=True)
    return np.concatenate([counts[:, ~rare], rest], axis=1) if rare.any() else counts
