"""Chunks out of Hugging Face datasets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch.utils.data import Dataset

from vernal.base import DataError, did_you_mean
from vernal.data.chunk import Chunk


class _Pairs(Dataset[tuple[Any, Any]]):
    """Rows of a Hugging Face dataset as pairs."""

    def __init__(self, dataset: Any, inputs: Sequence[str] | str, target: str) -> None:
        self._dataset, self._inputs, self._target = dataset, inputs, target

    def __len__(self) -> int:
        return len(self._dataset)

    def __getitem__(self, place: int) -> tuple[Any, Any]:
        return self._pair(self._dataset[place])

    def __getitems__(self, places: list[int]) -> list[tuple[Any, Any]]:
        columns = self._dataset[places]
        return [self._pair({name: columns[name][i] for name in columns}) for i in range(len(places))]

    def _pair(self, row: dict[str, Any]) -> tuple[Any, Any]:
        if isinstance(self._inputs, str):
            return _tensor_like(row[self._inputs]), _tensor_like(row[self._target])
        return {name: _tensor_like(row[name]) for name in self._inputs}, _tensor_like(row[self._target])


def chunk_from_huggingface(
    dataset: Any,
    inputs: Sequence[str] | str,
    target: str,
    *,
    id_column: str | None = None,
    name: str = "",
) -> Chunk:
    """Use a ``datasets.Dataset`` as a chunk.

    Args:
        dataset: with any format; lists of numbers become tensors.
        inputs: a column, which becomes ``x``; or several, which become ``x = {column: value}``, as a
            transformer takes it.
        target: the column that becomes ``y``.
        id_column: the column of ids.
        name: how people call this chunk.

    Raises:
        DataError: an unknown column.
    """
    wanted = [inputs] if isinstance(inputs, str) else [*inputs]
    for column in [*wanted, target, *([id_column] if id_column else [])]:
        if column not in dataset.column_names:
            raise DataError(f"The dataset has no column {column!r}. {did_you_mean(column, dataset.column_names)}")
    ids = dataset[id_column] if id_column else None
    return Chunk(_Pairs(dataset, inputs, target), ids=None if ids is None else [*ids], name=name)


def _tensor_like(value: Any) -> Any:
    return np.asarray(value) if isinstance(value, list) else value
