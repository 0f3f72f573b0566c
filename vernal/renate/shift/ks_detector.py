"""The detector by Kolmogorov-Smirnov tests."""

from __future__ import annotations

from vernal.drift import KS
from vernal.renate.shift.detector import ShiftDetectorWithFeatureExtractor


class KolmogorovSmirnovCovariateShiftDetector(ShiftDetectorWithFeatureExtractor):
    """Compares each feature by itself, with Bonferroni's correction: `vernal.drift.KS`.

    Args:
        feature_extractor: makes features ``(B, d)`` of a batch of inputs; None for the inputs themselves.
        batch_size: rows that are read at once; no score depends on it.
        num_preprocessing_workers: worker processes of the data loader.
        device: where features are computed.

    Examples:
        >>> import torch
        >>> from torch.utils.data import TensorDataset
        >>> rows = torch.randn(100, 2, generator=torch.Generator().manual_seed(0))
        >>> detector = KolmogorovSmirnovCovariateShiftDetector()
        >>> detector.fit(TensorDataset(rows))
        >>> detector.score(TensorDataset(rows)), round(detector.score(TensorDataset(rows + 2)), 4)
        (0.0, 1.0)
    """

    test = KS()
