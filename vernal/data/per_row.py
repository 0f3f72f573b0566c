"""A column that a dataset keeps beside its rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch.utils.data import ConcatDataset, Dataset, Subset

from vernal.base import DataError
from vernal.data.transformed import Transformed


def per_row(dataset: Dataset[Any], read: Callable[[Any], ArrayLike]) -> NDArray[Any]:
    """Read one value per row from the dataset below all subsets, concatenations and transforms.

    Args:
        dataset: a map-style dataset, or parts of one.
        read: a function of the dataset at the bottom that gives one value for each of its rows.

    Returns:
        Shape ``(N,)``, in the order of the rows of `dataset`.

    Raises:
        DataError: there is not one value per row.

    Examples:
        >>> class Photos(list):
        ...     years = [2019, 2020, 2021]
        >>> per_row(Subset(Photos("abc"), [2, 0]), read=lambda photos: photos.years)
        array([2021, 2019])
    """
    if isinstance(dataset, Subset):
        return per_row(dataset.dataset, read)[np.asarray(dataset.indices, dtype=np.int64)]
    if isinstance(dataset, ConcatDataset):
        return np.concatenate([per_row(part, read) for part in dataset.datasets])
    if isinstance(dataset, Transformed):
        return per_row(dataset.dataset, read)
    values, n = np.asarray(read(dataset)), len(dataset)  # type: ignore[arg-type]
    if values.shape != (n,):
        raise DataError(f"`read` gave the shape {values.shape} for {n} rows. It must give one value per row.")
    return values
