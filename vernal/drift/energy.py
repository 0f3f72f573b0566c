"""Energy distance: has anything changed, measured by plain distances between rows?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vernal.base import check_whole, derive_seed
from vernal.drift.comparison import Array, Comparison, TwoSampleTest
from vernal.drift.kernel import pooled, squared_distances, standardised, statistics
from vernal.drift.permutation import deals, note_on_blocks, permutation_p, too_few_blocks, whole_blocks
from vernal.drift.samples import cannot_compare, checked_pair, no_decision

UNIT = "standard deviations"


@dataclass(frozen=True)
class Energy(TwoSampleTest):
    r"""How much farther rows lie from the other sample than from their own [1]_, with a permutation test.

    The statistic is the unbiased estimate of :math:`2 E\lVert x - y \rVert - E\lVert x - x' \rVert - E\lVert y - y'
    \rVert`. It has no width to choose and hears far outliers louder than `MMD` does. The effect is the square root of
    the statistic over the mean distance of two rows: like that of `MMD`, the distance of the means in standard
    deviations, in the feature space of the distance.

    Args:
        permutations: random ways to deal the rows, at least 1; p is at least ``1 / (permutations + 1)``.
        rows: of each sample at the most, at least 2; more are thinned at random. All pairs are compared, which takes
            ``8 (n + m)^2`` bytes.
        block: successive rows that stay together, for rows in the order of time that depend on those before them. Rows
            that fill no block, the oldest, are left out.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> found = Energy().compare(rng.normal(size=(200, 32)), rng.normal(0.3, size=(200, 32)))
        >>> round(found.p, 3), round(found.effect, 2)
        (0.005, 0.22)

    References:
        .. [1] G. Székely, M. Rizzo. Energy statistics: a class of statistics based on distances. Journal of Statistical
           Planning and Inference 2013. https://doi.org/10.1016/j.jspi.2013.03.018
    """

    permutations: int = 200
    rows: int = 2000
    block: int = 1

    def __post_init__(self) -> None:
        check_whole("permutations", self.permutations, 1)
        check_whole("rows", self.rows, 2)
        check_whole("block", self.block, 1)

    @property
    def smallest_p(self) -> float:
        """One part of all ways to deal the rows."""
        return 1 / (self.permutations + 1)

    def compare(self, reference: Array, current: Array, seed: int = 0) -> Comparison:
        """Compare ``(n, d)`` with ``(m, d)``; no decision where a value is missing."""
        rng = np.random.default_rng(derive_seed(seed, "energy", "rows"))
        x, y = (self._thinned(sample, rng) for sample in checked_pair(reference, current))
        rows = len(x), len(y)
        if why := too_few_blocks(rows, self.block) or cannot_compare(x, y):
            return no_decision("Energy", UNIT, rows, why)
        together, scale = pooled(x, y)
        similarity = -np.sqrt(squared_distances(together, together))
        np.fill_diagonal(similarity, 0)
        mean_distance = -similarity.sum() / (sum(rows) * (sum(rows) - 1))
        dealt = deals(rows, self.permutations, self.block, derive_seed(seed, "energy", "permutations"))
        found = statistics(similarity, dealt, rows)
        return Comparison(
            "Energy",
            permutation_p(found),
            float(found[0]) * scale,
            standardised(found, mean_distance),
            UNIT,
            rows,
            note=note_on_blocks(rows, self.block),
        )

    def _thinned(self, sample: Array, rng: np.random.Generator) -> Array:
        """Whole blocks, in their order."""
        whole = whole_blocks(sample, self.block)
        count = max(self.rows // self.block, 1)
        if len(whole) <= count * self.block:
            return whole
        kept = np.sort(rng.permutation(len(whole) // self.block)[:count])
        return whole.reshape(-1, self.block, whole.shape[1])[kept].reshape(-1, whole.shape[1])
