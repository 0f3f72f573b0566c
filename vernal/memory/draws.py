"""Which rows of a memory are replayed when."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from vernal.base import derive_seed


class Shuffled:
    """An endless walk through `n` rows in random order: every row once before any comes again.

    Compared with independent draws, every row is replayed equally often, and a batch has no row twice, unless one
    round ends inside it and the next begins. The walk is a function of its seed and of how far it has come, so that is
    all there is to save.

    Args:
        n: rows, at least 1.
        seed: of the order.
        position: rows already taken.

    Examples:
        >>> walk = Shuffled(3, seed=0)
        >>> sorted([*walk.take(2).tolist(), *walk.take(1).tolist()])
        [0, 1, 2]
    """

    def __init__(self, n: int, seed: int, position: int = 0) -> None:
        self._n, self._seed = n, seed
        self.position = position
        self._orders: dict[int, Tensor] = {}

    def take(self, count: int) -> Tensor:
        """The next `count` rows, ``(count,)`` int64; all rows if there are no more than that."""
        count = min(count, self._n)
        rows = self._between(self.position, self.position + count)
        self.position += count
        return rows

    def ahead(self, skip: int, count: int) -> Tensor:
        """The rows that will come after `skip` more; takes nothing."""
        return self._between(self.position + skip, self.position + skip + count)

    def _between(self, start: int, end: int) -> Tensor:
        walk, offset = divmod(start, self._n)
        if offset + end - start <= self._n:
            return self._order(walk)[offset : offset + end - start]
        parts = [self._order(walk)[offset:]]
        missing = end - start - len(parts[0])
        while missing > 0:
            walk += 1
            parts.append(self._order(walk)[:missing])
            missing -= len(parts[-1])
        return torch.cat(parts)

    def _order(self, walk: int) -> Tensor:
        if walk not in self._orders:
            for old in [w for w in self._orders if w < walk - 1]:
                del self._orders[old]
            generator = np.random.Generator(np.random.PCG64(derive_seed(self._seed, "walk", walk)))
            self._orders[walk] = torch.from_numpy(generator.permutation(self._n))
        return self._orders[walk]
