"""Detectors that are fitted to a reference dataset and score others: what all have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from vernal.base import DataError
from vernal.drift import TwoSampleTest
from vernal.training import evaluating


class ShiftDetector(ABC):
    """Scores how surely a dataset is distributed otherwise than a reference dataset.

    Args:
        batch_size: rows that are read at once; no score depends on it.
        num_preprocessing_workers: worker processes of the data loader.
        device: where features are computed.
    """

    def __init__(self, batch_size: int = 32, num_preprocessing_workers: int = 0, device: str = "cpu") -> None:
        self._batch_size = batch_size
        self._num_preprocessing_workers = num_preprocessing_workers
        self._device = device

    @abstractmethod
    def fit(self, dataset: Dataset[Any]) -> None:
        """Take a dataset as the reference."""

    @abstractmethod
    def score(self, dataset: Dataset[Any]) -> float:
        """From 0, like the reference, to 1, surely otherwise."""

    def _make_data_loader(self, dataset: Dataset[Any], shuffle: bool = False) -> DataLoader[Any]:
        return DataLoader(dataset, self._batch_size, shuffle, num_workers=self._num_preprocessing_workers)


class ShiftDetectorWithFeatureExtractor(ShiftDetector):
    """A detector that compares features of rows: its score is 1 minus the p-value of a two-sample test.

    A subclass says which test, as `test`; or it writes `_fit_with_features` and `_score_with_features`, as for Renate.

    Args:
        feature_extractor: makes features ``(B, d)`` of a batch of inputs, in evaluation mode; None for the inputs
            themselves. It is moved to `device`.
        batch_size: rows that are read at once; no score depends on it.
        num_preprocessing_workers: worker processes of the data loader.
        device: where features are computed.
    """

    test: TwoSampleTest

    def __init__(
        self,
        feature_extractor: nn.Module | None = None,
        batch_size: int = 32,
        num_preprocessing_workers: int = 0,
        device: str = "cpu",
    ) -> None:
        super().__init__(batch_size, num_preprocessing_workers, device)
        self._feature_extractor = (feature_extractor or nn.Identity()).to(device)
        self._X_ref: Tensor | None = None

    def fit(self, dataset: Dataset[Any]) -> None:
        """Take a dataset as the reference."""
        self._fit_with_features(self.extract_features(dataset))

    def score(self, dataset: Dataset[Any]) -> float:
        """From 0, like the reference, to 1, surely otherwise.

        Raises:
            DataError: there is no reference yet, or the datasets cannot be compared: too few rows, missing values.
        """
        return self._score_with_features(self.extract_features(dataset))

    @torch.no_grad()
    def extract_features(self, dataset: Dataset[Any]) -> Tensor:
        """The features ``(N, d)`` of a dataset, whose items begin with the input, on the CPU."""
        with evaluating(self._feature_extractor):
            batches = self._make_data_loader(dataset)
            return torch.cat([self._feature_extractor(_moved(batch[0], self._device)).cpu() for batch in batches])

    def _fit_with_features(self, X: Tensor) -> None:  # noqa: N803  # Renate's name, for those who override it
        self._X_ref = X

    def _score_with_features(self, X: Tensor) -> float:  # noqa: N803
        if self._X_ref is None:
            raise DataError("There is no reference dataset to compare with. Call `fit` first.")
        found = self.test.compare(self._X_ref.numpy(), X.numpy())
        if found.p is None:
            raise DataError(f"The datasets cannot be compared. {found.note}")
        return 1.0 - found.p


def _moved(inputs: Any, device: str) -> Any:
    """Tensors, also in mappings and sequences, on a device."""
    if isinstance(inputs, Mapping):
        return {name: _moved(value, device) for name, value in inputs.items()}
    if isinstance(inputs, list | tuple):
        return [_moved(value, device) for value in inputs]
    return inputs.to(device)
