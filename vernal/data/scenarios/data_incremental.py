"""New domains with every chunk: other sites, years, languages, customers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import ConcatDataset, Dataset, Subset

from vernal.base import DataError
from vernal.data.scenarios.grouping import Grouping
from vernal.data.transformed import Transformed


def source(dataset: Dataset[Any]) -> NDArray[Any]:
    """Number each row by the dataset that it comes from, within a `ConcatDataset`.

    Raises:
        DataError: there is no concatenation below.

    Examples:
        >>> source(ConcatDataset([["a", "b"], ["c"]]))
        array([0, 0, 1])
    """
    if isinstance(dataset, ConcatDataset):
        lengths = np.diff([0, *dataset.cumulative_sizes])
        return np.repeat(np.arange(len(lengths)), lengths)
    if isinstance(dataset, Subset):
        return source(dataset.dataset)[np.asarray(dataset.indices, dtype=np.int64)]
    if isinstance(dataset, Transformed):
        return source(dataset.dataset)
    raise DataError(
        f"A {type(dataset).__name__} does not say which domain a row is from. Concatenate one dataset per "
        "domain with `ConcatDataset`, or pass `domain=`, a function that gives the domain of each row."
    )


@dataclass(frozen=True)
class DataIncremental(Grouping):
    """Chunk ``i`` holds the rows of the domains in group ``i``, in training, validation and test data.

    Args:
        groups: the domains of each chunk, e.g. ``((2019,), (2020, 2021))``. A domain may be in several
            groups, and rows of domains in none are left out.
        domain: gives the domain of each row of a dataset, shape ``(N,)``. By default the number of its
            dataset within a `ConcatDataset`; see also `per_row`.

    Examples:
        >>> rows = ConcatDataset([[("x", 0)] * 3, [("x", 1)] * 2])
        >>> [len(chunk.train) for chunk in DataIncremental(((1,), (0,))).chunks(rows, test=rows)]
        [2, 3]
    """

    domain: Callable[[Dataset[Any]], NDArray[Any]] = source
    noun: ClassVar[str] = "domains"

    def keys(self, dataset: Dataset[Any]) -> NDArray[Any]:
        """The domain of each row."""
        return self.domain(dataset)
