"""The labels of a dataset, if possible without reading its inputs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import ConcatDataset, Dataset, Subset, TensorDataset

from vernal.data.transformed import Transformed


def labels(dataset: Dataset[Any]) -> NDArray[Any]:
    """Read ``y`` of every row.

    Where the labels lie side by side (the second tensor of a `TensorDataset`, the attribute ``targets`` of
    torchvision's datasets; subsets, concatenations and transforms of such) they are taken from there. Only
    otherwise is every row read.

    Args:
        dataset: a map-style dataset of pairs ``(x, y)``, where ``y`` is a number or a tensor of one shape.

    Returns:
        Shape ``(N, ...)``, in the order of the rows.

    Examples:
        >>> import torch
        >>> rows = TensorDataset(torch.zeros(3, 28, 28), torch.tensor([4, 5, 6]))
        >>> labels(Subset(rows, [2, 0]))
        array([6, 4])
    """
    if isinstance(dataset, Subset):
        return labels(dataset.dataset)[np.asarray(dataset.indices, dtype=np.int64)]
    if isinstance(dataset, ConcatDataset):
        return np.concatenate([labels(part) for part in dataset.datasets])
    if isinstance(dataset, Transformed) and dataset.target_transform is None:
        return labels(dataset.dataset)
    if isinstance(dataset, Transformed):  # the inputs are read below, but not transformed
        return _read(Transformed(dataset.dataset, target_transform=dataset.target_transform))
    if isinstance(dataset, TensorDataset) and len(dataset.tensors) == 2:
        return np.asarray(dataset.tensors[1])
    if _has_final_targets(dataset):
        return np.asarray(dataset.targets)  # type: ignore[attr-defined]
    return _read(dataset)


def _has_final_targets(dataset: Dataset[Any]) -> bool:
    # torchvision's `targets` are from before `target_transform`, and its rows from after.
    targets = getattr(dataset, "targets", None)
    return targets is not None and getattr(dataset, "target_transform", None) is None


def _read(dataset: Dataset[Any]) -> NDArray[Any]:
    n = len(dataset)  # type: ignore[arg-type]
    return np.array([np.asarray(dataset[i][1]) for i in range(n)])
