"""Dealing the rows of two samples anew: the law of a statistic where nothing has changed.

If reference and current rows come from one distribution, which of them is which is a matter of chance, so the
statistic of the samples as they are is one draw from its values over all ways to deal the rows. This is exact whatever
the distribution is, as long as what is dealt can change places: rows that are independent, or, where each row depends
on those before it, blocks that are longer than this memory.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from vernal.drift.comparison import Array

Deal = NDArray[np.float32]
"""``(n + m, b)``: ways to deal the pooled rows, 1 for those that go to the current sample."""

BATCH = 256
"""Ways to deal that are computed at once; bounds the memory."""

FEW = 1000
"""Below so many ways to deal blocks, the smallest possible p-value is worth a note."""


def whole_blocks(sample: Array, block: int) -> Array:
    """The newest rows that fill whole blocks."""
    return sample[len(sample) % block :]


def deals(rows: tuple[int, int], permutations: int, block: int, seed: int) -> Iterator[Deal]:
    """Ways to deal the pooled rows, in batches; the very first way is how they are.

    Args:
        rows: of the reference and of the current sample, both filling whole blocks.
        permutations: random ways, besides the first.
        block: successive rows that stay together.
        seed: of the random ways.
    """
    rng = np.random.default_rng(seed)
    units = np.repeat(np.array([0, 1], np.float32), [count // block for count in rows])
    first = units[None]
    for start in range(0, permutations, BATCH):
        size = min(BATCH, permutations - start)
        drawn = rng.permuted(np.tile(units, (size, 1)), axis=1)
        yield np.repeat(np.concatenate([first, drawn]).T, block, axis=0)
        first = units[:0].reshape(0, len(units))


def permutation_p(statistics: NDArray[np.float64]) -> float:
    """The part of all ways to deal that has a statistic as large as the first: :math:`(1 + b) / (1 + B)`.

    Sums in another order differ in the last digits, so what is that near counts as large.

    Args:
        statistics: of the samples as they are, then of every random way, shape ``(1 + B,)``.
    """
    return float(np.mean(statistics >= statistics[0] - 1e-5 * np.ptp(statistics)))


def too_few_blocks(rows: tuple[int, int], block: int) -> str:
    """Why nothing can be dealt; empty if it can."""
    if min(rows) >= block:
        return ""
    return f"The samples have {rows[0]} and {rows[1]} rows, and a block {block}."


def note_on_blocks(rows: tuple[int, int], block: int) -> str:
    """What the reader must know of a p-value by blocks."""
    if block == 1:
        return ""
    reference, current = (count // block for count in rows)
    ways = math.comb(reference + current, current)
    return f"Blocks can be dealt in {ways} ways, so p is at least {1 / ways:.2g}." if ways < FEW else ""
