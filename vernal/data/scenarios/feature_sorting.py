"""One feature that grows."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from vernal.data.scenarios.sorting import Sorting


@dataclass(frozen=True)
class FeatureSorting(Sorting):
    """Chunks of equal size, in the order of one feature.

    Args:
        n_chunks: how many chunks, at least 1.
        feature: which entry of a flat input; of an image ``(C, H, W)`` which channel, by its mean.
        randomness: the share of the rows, from 0 to 1, that change places in pairs after sorting.
        seed: which rows change places.

    Examples:
        >>> import torch
        >>> rows = [(torch.tensor([value, 0.0]), 0) for value in (3.0, 1.0, 2.0)]
        >>> [part[0][0][0].item() for part in FeatureSorting(n_chunks=3, feature=0).parts(rows)]
        [1.0, 2.0, 3.0]
    """

    feature: int = 0

    def score(self, x: Tensor) -> float:
        """The feature, or the mean of its channel."""
        return float(x[self.feature].double().mean())
