"""New classes with every chunk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from numpy.typing import NDArray
from torch.utils.data import Dataset

from vernal.data.labels import labels
from vernal.data.scenarios.grouping import Grouping


@dataclass(frozen=True)
class ClassIncremental(Grouping):
    """Chunk ``i`` holds the rows of the classes in group ``i``, in training, validation and test data.

    Args:
        groups: the classes of each chunk, e.g. ``((0, 1), (2, 3))``. A class may be in several groups, and
            rows of classes in none are left out.

    Examples:
        >>> import torch
        >>> from torch.utils.data import TensorDataset
        >>> rows = TensorDataset(torch.zeros(4, 2), torch.tensor([0, 1, 2, 2]))
        >>> [len(chunk.train) for chunk in ClassIncremental(((0, 1), (2,))).chunks(rows, test=rows)]
        [2, 2]
    """

    noun: ClassVar[str] = "classes"

    def keys(self, dataset: Dataset[Any]) -> NDArray[Any]:
        """The class of each row."""
        return labels(dataset)
