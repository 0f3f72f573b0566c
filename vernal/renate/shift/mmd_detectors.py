"""The detector by maximum mean discrepancy."""

from __future__ import annotations

from torch import nn

from vernal.drift import MMD
from vernal.renate.shift.detector import ShiftDetectorWithFeatureExtractor


class MMDCovariateShiftDetector(ShiftDetectorWithFeatureExtractor):
    """Compares all features together, by a kernel and permutations: `vernal.drift.MMD`.

    Args:
        feature_extractor: makes features ``(B, d)`` of a batch of inputs; None for the inputs themselves.
        num_permutations: random ways to deal the rows; the score is at most ``1 - 1 / (num_permutations + 1)``.
        batch_size: rows that are read at once; no score depends on it.
        num_preprocessing_workers: worker processes of the data loader.
        device: where features are computed.

    Examples:
        >>> import torch
        >>> from torch.utils.data import TensorDataset
        >>> rows = torch.randn(100, 2, generator=torch.Generator().manual_seed(0))
        >>> detector = MMDCovariateShiftDetector(num_permutations=100)
        >>> detector.fit(TensorDataset(rows))
        >>> detector.score(TensorDataset(rows)), round(detector.score(TensorDataset(rows + 2)), 4)
        (0.0, 0.9901)
    """

    def __init__(
        self,
        feature_extractor: nn.Module | None = None,
        num_permutations: int = 1000,
        batch_size: int = 32,
        num_preprocessing_workers: int = 0,
        device: str = "cpu",
    ) -> None:
        super().__init__(feature_extractor, batch_size, num_preprocessing_workers, device)
        self.test = MMD(num_permutations)
