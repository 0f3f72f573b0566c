"""The same data, seen differently with every chunk."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

from torch import Tensor
from torch.utils.data import Dataset

from vernal.data.scenarios.cutting import shuffled_parts
from vernal.data.scenarios.scenario import Scenario
from vernal.data.transformed import Transformed


class Transforming(Scenario):
    """Chunk ``i`` holds a random part of the data, with transform ``i``; write `transforms`.

    It is tested on the whole test data, with the same transform.
    """

    seed: int

    @abstractmethod
    def transforms(self, dataset: Dataset[Any]) -> list[Callable[[Tensor], Tensor]]:
        """The transform of each chunk; the same for all datasets whose inputs have the same shape."""

    def parts(self, dataset: Dataset[Any]) -> list[Dataset[Any]]:
        """Cut at random into equal parts, and transform each."""
        transforms = self.transforms(dataset)
        parts = shuffled_parts(dataset, len(transforms), self.seed)
        return [Transformed(part, transform) for part, transform in zip(parts, transforms, strict=True)]

    def tests(self, dataset: Dataset[Any]) -> list[Dataset[Any]]:
        """The whole test data, once with every transform."""
        return [Transformed(dataset, transform) for transform in self.transforms(dataset)]
