"""Features that change places."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset

from vernal.base import derive_seed
from vernal.data.scenarios.transforming import Transforming


@dataclass(frozen=True)
class Permutation(Transforming):
    """Chunk ``i`` holds a random part of the data, its features in the ``i``-th random order.

    The first chunk is left as it is. Every row of a chunk, and of its test data, has the same order.

    Args:
        n_chunks: how many chunks, at least 1.
        seed: which rows go where, and in which order the features come.

    Examples:
        >>> rows = [(torch.arange(4), 0)] * 4
        >>> first, second = Permutation(n_chunks=2).chunks(train=rows, test=rows)
        >>> first.train[0][0], second.train[0][0].sort().values
        (tensor([0, 1, 2, 3]), tensor([0, 1, 2, 3]))
    """

    n_chunks: int
    seed: int = 0

    def transforms(self, dataset: Dataset[Any]) -> list[Callable[[Tensor], Tensor]]:
        """The order of each chunk; the number of features is read off the first row."""
        n_features = dataset[0][0].numel()
        return [partial(permute, order=self._order(i, n_features)) for i in range(self.n_chunks)]

    def _order(self, chunk: int, n_features: int) -> Tensor:
        if chunk == 0:
            return torch.arange(n_features)
        generator = torch.Generator().manual_seed(derive_seed(self.seed, "features", chunk))
        return torch.randperm(n_features, generator=generator)


def permute(x: Tensor, order: Tensor) -> Tensor:
    """Reorder all numbers of a tensor, whatever its shape.

    Args:
        x: ``n`` numbers, of any shape.
        order: the places that they come from, shape ``(n,)``.
    """
    return x.reshape(-1)[order].reshape(x.shape)
