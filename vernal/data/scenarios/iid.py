"""No shift at all: the control of an experiment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch.utils.data import Dataset

from vernal.data.scenarios.cutting import shuffled_parts
from vernal.data.scenarios.scenario import Scenario


@dataclass(frozen=True)
class IID(Scenario):
    """Every chunk holds a random part of the data; all are tested on the same, whole test data.

    Args:
        n_chunks: how many chunks, at least 1.
        seed: which rows go where.

    Examples:
        >>> rows = [("x", 0)] * 10
        >>> chunks = IID(n_chunks=3).chunks(train=rows, test=rows)
        >>> [len(chunk.train) for chunk in chunks], [len(test) for test in chunks[0].tests]
        ([4, 3, 3], [10, 10, 10])
    """

    n_chunks: int
    seed: int = 0

    def parts(self, dataset: Dataset[Any]) -> list[Dataset[Any]]:
        """Cut at random into equal parts."""
        return shuffled_parts(dataset, self.n_chunks, self.seed)

    def tests(self, dataset: Dataset[Any]) -> list[Dataset[Any]]:
        """The whole test data for every chunk."""
        return [dataset] * self.n_chunks
