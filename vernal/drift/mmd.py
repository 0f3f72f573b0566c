"""Maximum mean discrepancy: has anything changed in rows of many columns?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from vernal.base import ConfigError, check_whole, derive_seed
from vernal.drift.comparison import Array, Comparison, TwoSampleTest
from vernal.drift.kernel import pooled, squared_distances, standardised, statistics
from vernal.drift.permutation import Deal, deals, note_on_blocks, permutation_p, too_few_blocks, whole_blocks
from vernal.drift.samples import cannot_compare, checked_pair, no_decision

UNIT = "standard deviations"

EXACT_ROWS = 4000
"""Rows of both samples up to which all pairs are compared, if nothing else is asked for."""

RANDOM_FEATURES = 1024
"""Features beyond that."""

HEURISTIC_ROWS = 2000
"""Rows, drawn at random, whose median distance is the width of the kernel."""


@dataclass(frozen=True)
class MMD(TwoSampleTest):
    r"""The distance of two samples in the feature space of a Gaussian kernel [1]_, with a permutation test.

    The kernel is :math:`\exp(-\lVert a - b \rVert^2 / 2 \sigma^2)`, where :math:`\sigma` is the median distance between
    rows, so that nothing depends on the unit of the data. It sees every kind of change, and best one in which many
    columns take part: rows of embeddings. A change of one column among many is found sooner by `KS`.

    The effect is the distance in standard deviations of a row, both in that feature space. A shift of all columns by
    :math:`\delta` standard deviations gives about :math:`0.9 \, \delta` where there are many independent columns, and
    :math:`0.7 \, \delta` where there is one. It does not grow with the number of rows.

    Args:
        permutations: random ways to deal the rows, at least 1; p is at least ``1 / (permutations + 1)``.
        features: None compares all pairs of rows, which takes ``4 (n + m)^2`` bytes; an even number approximates the
            kernel by that many random Fourier features [2]_, ``4 features (n + m)`` bytes; ``"auto"`` compares all
            pairs of up to 4,000 rows and takes 1,024 features beyond.
        block: successive rows that stay together, for rows in the order of time that depend on those before them;
            several times as long as they do. Rows that fill no block, the oldest, are left out.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> reference, current = rng.normal(size=(200, 32)), rng.normal(0.3, size=(200, 32))
        >>> found = MMD().compare(reference, current)
        >>> round(found.p, 3), round(found.effect, 2)
        (0.005, 0.27)

    References:
        .. [1] A. Gretton et al. A kernel two-sample test. JMLR 2012. https://jmlr.org/papers/v13/gretton12a.html
        .. [2] A. Rahimi, B. Recht. Random features for large-scale kernel machines. NeurIPS 2007.
           https://papers.nips.cc/paper/3182-random-features-for-large-scale-kernel-machines
    """

    permutations: int = 200
    features: Literal["auto"] | int | None = "auto"
    block: int = 1

    def __post_init__(self) -> None:
        check_whole("permutations", self.permutations, 1)
        check_whole("block", self.block, 1)
        if self.features not in ("auto", None):
            check_whole("features", self.features, 2)
            if int(self.features) % 2:
                raise ConfigError(
                    f"`features` must be even, a cosine and a sine for each frequency; got {self.features}."
                )

    @property
    def smallest_p(self) -> float:
        """One part of all ways to deal the rows."""
        return 1 / (self.permutations + 1)

    def compare(self, reference: Array, current: Array, seed: int = 0) -> Comparison:
        """Compare ``(n, d)`` with ``(m, d)``; no decision where a value is missing."""
        x, y = (whole_blocks(sample, self.block) for sample in checked_pair(reference, current))
        rows = len(x), len(y)
        if why := too_few_blocks(rows, self.block) or cannot_compare(x, y):
            return no_decision("MMD", UNIT, rows, why)
        together = pooled(x, y)[0].astype(np.float32)
        together /= _median_distance(together, seed)
        dealt = deals(rows, self.permutations, self.block, derive_seed(seed, "mmd", "permutations"))
        count = self._features_for(sum(rows))
        found, variance = (
            _exact(together, dealt, rows) if count is None else _random(together, dealt, rows, count, seed)
        )
        effect = standardised(found, variance)
        note = note_on_blocks(rows, self.block)
        return Comparison("MMD", permutation_p(found), float(found[0]), effect, UNIT, rows, note=note)

    def _features_for(self, rows: int) -> int | None:
        if self.features == "auto":
            return None if rows <= EXACT_ROWS else RANDOM_FEATURES
        return self.features


def _median_distance(rows: Array, seed: int) -> float:
    rng = np.random.default_rng(derive_seed(seed, "mmd", "width"))
    some = rows if len(rows) <= HEURISTIC_ROWS else rows[rng.permutation(len(rows))[:HEURISTIC_ROWS]]
    squared = squared_distances(some, some)[np.triu_indices(len(some), 1)]
    # Where most rows are the same, the median is 0, or what rounding leaves of it; the mean is not.
    median = float(np.median(squared))
    return float(np.sqrt(median if median > 1e-6 else squared.mean(dtype=np.float64) or 1.0))


def _exact(rows: Array, dealt: Iterable[Deal], sizes: tuple[int, int]) -> tuple[NDArray[np.float64], float]:
    """The statistic for every way to deal the rows, and the variance of a row in feature space."""
    kernel = squared_distances(rows, rows)
    kernel *= -0.5
    np.exp(kernel, out=kernel)
    np.fill_diagonal(kernel, 0)
    count = len(rows)
    mean = kernel.sum(dtype=np.float64) / (count * (count - 1))
    # A constant changes no statistic, and without it sums are small and lose fewer digits.
    kernel -= np.float32(mean)
    np.fill_diagonal(kernel, 0)
    return statistics(kernel, dealt, sizes), 1 - mean


def _random(
    rows: Array, dealt: Iterable[Deal], sizes: tuple[int, int], count: int, seed: int
) -> tuple[NDArray[np.float64], float]:
    """The same, with the kernel as the product of `count` random features, cosines and sines."""
    features = _fourier(rows, count, seed)
    mean = features.mean(axis=0, dtype=np.float64)
    features -= mean.astype(np.float32)
    n, m = sizes
    found = []
    for deal in dealt:
        sums = (features.T @ deal).astype(np.float64)
        of_reference, of_current = (_squared(mean[:, None] + one) for one in (-sums / n, sums / m))
        distance = _squared(sums * (1 / n + 1 / m))
        # Every row has the product 1 with itself, which the unbiased estimate leaves out.
        found.append(distance + (of_reference - 1) / (n - 1) + (of_current - 1) / (m - 1))
    total = n + m
    return np.concatenate(found), (1 - float(mean @ mean)) * total / (total - 1)


def _fourier(rows: Array, count: int, seed: int) -> Array:
    rng = np.random.default_rng(derive_seed(seed, "mmd", "features"))
    waves = rng.standard_normal((rows.shape[1], count // 2), dtype=np.float32)
    angles = rows @ waves
    features = np.empty((len(rows), count), np.float32)
    np.cos(angles, out=features[:, : count // 2])
    np.sin(angles, out=features[:, count // 2 :])
    features *= np.float32((count // 2) ** -0.5)
    return features


def _squared(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.einsum("fb,fb->b", columns, columns))
