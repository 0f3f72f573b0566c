"""Chunks by a key that every row has."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Dataset, Subset

from vernal.base import DataError
from vernal.data.scenarios.scenario import Scenario, ScenarioChunk


@dataclass(frozen=True)
class Grouping(Scenario):
    """Chunk ``i`` holds the rows whose key is in group ``i``; write `keys`.

    Args:
        groups: the keys of each chunk. A key may be in several groups, and rows in none are left out.
    """

    groups: Sequence[Sequence[int | str]]
    noun: ClassVar[str] = "keys"

    @abstractmethod
    def keys(self, dataset: Dataset[Any]) -> NDArray[Any]:
        """The key of each row, shape ``(N,)``."""

    def parts(self, dataset: Dataset[Any]) -> list[Dataset[Any]]:
        """Cut by key, in the order of the rows."""
        keys = self._checked_keys(dataset)
        rows = (np.flatnonzero(np.isin(keys, list(group))) for group in self.groups)
        return [Subset(dataset, part.tolist()) for part in rows]

    def chunks(
        self, train: Dataset[Any], test: Dataset[Any], validation: Dataset[Any] | None = None
    ) -> list[ScenarioChunk]:
        """Cut the data of a benchmark.

        Raises:
            DataError: a key occurs in no row of the training or test data. Validation data may be too few
                to hold every key.
            EmptyChunk: a chunk has no rows of the validation data.
        """
        for dataset in (train, test):
            self._check(dataset)
        return super().chunks(train, test, validation)

    def _check(self, dataset: Dataset[Any]) -> None:
        present = set(self._checked_keys(dataset).tolist())
        for i, group in enumerate(self.groups):
            missing = [key for key in group if key not in present]
            if missing:
                raise DataError(
                    f"Chunk {i} does not contain {self.noun} {missing}. Name only those that have rows in both "
                    "the training and the test data."
                )

    def _checked_keys(self, dataset: Dataset[Any]) -> NDArray[Any]:
        keys, n = self.keys(dataset), len(dataset)  # type: ignore[arg-type]
        if keys.shape != (n,):
            raise DataError(
                f"The {self.noun} of {n} rows have the shape {keys.shape}. Grouping needs one for each row."
            )
        return keys
