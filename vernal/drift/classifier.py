"""The classifier two-sample test: can rows be told by a model which sample they are from?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vernal.base import check_whole, derive_seed
from vernal.drift.comparison import Array, Comparison, TwoSampleTest
from vernal.drift.kernel import pooled
from vernal.drift.permutation import Deal, deals, note_on_blocks, permutation_p, too_few_blocks, whole_blocks
from vernal.drift.samples import cannot_compare, checked_pair, no_decision

UNIT = "AUC above 0.5"


@dataclass(frozen=True)
class ClassifierTest(TwoSampleTest):
    r"""How well a linear classifier tells current rows from those of the reference [1]_, with a permutation test.

    The classifier is ridge regression on standardised columns, its penalty the number of columns. Rows are scored by a
    classifier that was not given them (cross-fitting), and the statistic is the area under the ROC curve, the chance
    that a current row has a higher score than one of the reference, averaged over the folds. The classifiers of all
    ways to deal the rows are one solution of linear equations, so the p-value is exact, and costs little.

    Good at shifts of many columns together. Being linear, it is blind to changes of scale and of correlations.

    Args:
        folds: parts of the rows, each scored by the others, at least 2.
        permutations: random ways to deal the rows, at least 1; p is at least ``1 / (permutations + 1)``.
        block: successive rows that stay together, for rows in the order of time that depend on those before them. Rows
            that fill no block, the oldest, are left out.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> found = ClassifierTest().compare(rng.normal(size=(200, 32)), rng.normal(0.3, size=(200, 32)))
        >>> round(found.p, 3), round(found.effect, 2)
        (0.005, 0.34)

    References:
        .. [1] D. Lopez-Paz, M. Oquab. Revisiting classifier two-sample tests. ICLR 2017.
           https://arxiv.org/abs/1610.06545
    """

    folds: int = 5
    permutations: int = 200
    block: int = 1

    def __post_init__(self) -> None:
        check_whole("folds", self.folds, 2)
        check_whole("permutations", self.permutations, 1)
        check_whole("block", self.block, 1)

    @property
    def smallest_p(self) -> float:
        """One part of all ways to deal the rows."""
        return 1 / (self.permutations + 1)

    def compare(self, reference: Array, current: Array, seed: int = 0) -> Comparison:
        """Compare ``(n, d)`` with ``(m, d)``; no decision where a value is missing."""
        x, y = (whole_blocks(sample, self.block) for sample in checked_pair(reference, current))
        rows = len(x), len(y)
        why = too_few_blocks(rows, self.block) or cannot_compare(x, y) or self._too_few(rows)
        if why:
            return no_decision("ClassifierTest", UNIT, rows, why)
        together = _standardised(pooled(x, y)[0])
        folds = self._folds(sum(rows), seed)
        dealt = deals(rows, self.permutations, self.block, derive_seed(seed, "classifier", "permutations"))
        areas = _areas(together, folds, dealt)
        effect = float(areas[0]) - 0.5
        note = note_on_blocks(rows, self.block)
        return Comparison("ClassifierTest", permutation_p(areas), float(areas[0]), effect, UNIT, rows, note=note)

    def _too_few(self, rows: tuple[int, int]) -> str:
        units = sum(rows) // self.block
        if units >= 2 * self.folds:
            return ""
        parts = "rows" if self.block == 1 else f"blocks of {self.block} rows"
        return f"The samples have {units} {parts} together, and {2 * self.folds} are needed for {self.folds} folds."

    def _folds(self, rows: int, seed: int) -> list[NDArray[np.int64]]:
        """The rows of each fold, whole blocks, in an order that tells nothing of the samples, as ties go by it."""
        rng = np.random.default_rng(derive_seed(seed, "classifier", "folds"))
        blocks = rng.permutation(np.arange(rows).reshape(-1, self.block))
        return [rng.permutation(part.ravel()) for part in np.array_split(blocks, self.folds)]


def _standardised(rows: NDArray[np.float64]) -> Array:
    """Columns of spread 1; those with one value are left out."""
    varying = rows[:, np.any(rows != rows[0], axis=0)]
    return np.asarray(varying / varying.std(axis=0), np.float32)


def _areas(rows: Array, folds: Sequence[NDArray[np.int64]], dealt: Iterable[Deal]) -> NDArray[np.float64]:
    """The area under the curve for every way to deal the rows: the mean over the folds."""
    parts = [rows[fold] for fold in folds]
    squares = [part.T @ part for part in parts]
    penalised = sum(squares) + rows.shape[1] * np.eye(rows.shape[1])
    inverses = [np.linalg.inv(penalised - square) for square in squares]
    found = []
    for deal in dealt:
        centred = deal - deal.mean(axis=0)
        products = [part.T @ centred[fold] for part, fold in zip(parts, folds, strict=True)]
        total = sum(products)
        found.append(
            np.mean(
                [
                    _area(part @ (inverse @ (total - product)), deal[fold])
                    for part, inverse, product, fold in zip(parts, inverses, products, folds, strict=True)
                ],
                axis=0,
            )
        )
    return np.concatenate(found)


def _area(scores: NDArray[np.float64], current: Deal) -> NDArray[np.float64]:
    """The chance that a current row has a higher score than one of the reference; a half where one of both is missing.

    Args:
        scores: ``(k, b)``.
        current: ``(k, b)``, 1 for current rows.
    """
    ordered = np.take_along_axis(current, np.argsort(scores, axis=0, kind="stable"), axis=0).astype(np.float64)
    m = ordered.sum(axis=0)
    pairs = m * (len(ordered) - m)
    ranks = np.arange(1, len(ordered) + 1) @ ordered
    return np.where(pairs > 0, (ranks - m * (m + 1) / 2) / np.maximum(pairs, 1), 0.5)
