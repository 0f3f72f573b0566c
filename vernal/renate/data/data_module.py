"""Data modules that fill `_train_data`, `_val_data` and `_test_data`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

from torch.utils.data import Dataset

from vernal.base import check_range
from vernal.data import Collate
from vernal.data.split import split
from vernal.renate import defaults


class RenateDataModule(ABC):
    """Where the data of one update comes from; write `prepare_data` and `setup`.

    Args:
        data_path: a folder for data that `prepare_data` brings.
        val_size: the share of the training data that is kept for validation, from 0 to 1.
        seed: of the split.

    Examples:
        >>> import torch
        >>> from torch.utils.data import TensorDataset
        >>> class Zeros(RenateDataModule):
        ...     def prepare_data(self) -> None: ...
        ...
        ...     def setup(self) -> None:
        ...         rows = TensorDataset(torch.zeros(10, 2), torch.zeros(10))
        ...         self._train_data, self._val_data = self._split_train_val_data(rows)
        >>> module = Zeros("data", val_size=0.2)
        >>> module.setup()
        >>> len(module.train_data()), len(module.val_data()), module.test_data()
        (8, 2, None)
    """

    def __init__(
        self, data_path: str | Path, val_size: float = defaults.VALIDATION_SIZE, seed: int = defaults.SEED
    ) -> None:
        check_range("val_size", val_size, 0, 1)
        self._data_path = data_path
        self._val_size = val_size
        self._seed = seed
        self._train_data: Dataset[Any] | None = None
        self._val_data: Dataset[Any] | None = None
        self._test_data: Dataset[Any] | None = None
        self._train_collate_fn: Collate | None = None
        self._val_collate_fn: Collate | None = None
        self._test_collate_fn: Collate | None = None

    @abstractmethod
    def prepare_data(self) -> None:
        """Bring the data to `self._data_path`. Called once at a time on a machine; must be safe to call again."""

    @abstractmethod
    def setup(self) -> None:
        """Fill `_train_data`, and `_val_data` and `_test_data` if there are any."""

    def train_data(self) -> Dataset[Any] | None:
        """What the update learns from."""
        return self._train_data

    def val_data(self) -> Dataset[Any] | None:
        """What it is judged by."""
        return self._val_data

    def test_data(self) -> Dataset[Any] | None:
        """What is looked at for the report only."""
        return self._test_data

    def train_collate_fn(self) -> Collate | None:
        """What makes a batch of training rows; None for torch's own."""
        return self._train_collate_fn

    def val_collate_fn(self) -> Collate | None:
        """What makes a batch of validation rows; None for torch's own."""
        return self._val_collate_fn

    def test_collate_fn(self) -> Collate | None:
        """What makes a batch of test rows; None for torch's own."""
        return self._test_collate_fn

    def _split_train_val_data(self, train_data: Dataset[Any]) -> tuple[Dataset[Any], Dataset[Any] | None]:
        """Split at random, by `val_size` and `seed`; no validation data if `val_size` is 0."""
        if self._val_size == 0:
            return train_data, None
        train, validation = split(train_data, [1 - self._val_size, self._val_size], self._seed)
        return train, validation
