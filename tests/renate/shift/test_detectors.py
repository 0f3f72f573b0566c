"""Renate's detectors score as Renate's did, but for the certainty that permutations cannot give."""

import numpy as np
import pytest
import torch
from scipy.stats import ks_2samp
from torch import nn
from torch.utils.data import Dataset, TensorDataset

from vernal.base import DataError
from vernal.renate.shift.detector import ShiftDetector, ShiftDetectorWithFeatureExtractor
from vernal.renate.shift.ks_detector import KolmogorovSmirnovCovariateShiftDetector
from vernal.renate.shift.mmd_detectors import MMDCovariateShiftDetector

DETECTORS = [MMDCovariateShiftDetector, KolmogorovSmirnovCovariateShiftDetector]
either = pytest.mark.parametrize("kind", DETECTORS)


def rows(count: int = 100, columns: int = 2, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, columns, generator=torch.Generator().manual_seed(seed))


@either
def test_a_dataset_scores_0_against_itself(kind) -> None:
    detector = kind()
    detector.fit(TensorDataset(rows()))
    assert detector.score(TensorDataset(rows())) == 0


@either
def test_two_blobs_score_nearly_1(kind) -> None:
    """Renate said exactly 1; the observed order is one of the permutations, so 1 - 1 / 1001 is the most."""
    detector = kind()
    detector.fit(TensorDataset(rows()))
    assert 0.99 < detector.score(TensorDataset(rows(seed=1) + 2)) <= 1


@either
def test_a_dataset_of_the_same_distribution_scores_in_between(kind) -> None:
    detector = kind()
    detector.fit(TensorDataset(rows()))
    assert 0 <= detector.score(TensorDataset(rows(80, seed=2))) < 0.95


def test_the_score_by_ks_is_that_of_scipy_and_bonferroni() -> None:
    reference, current = rows(), rows(70, seed=3) + torch.tensor([0.0, 0.4])
    detector = KolmogorovSmirnovCovariateShiftDetector()
    detector.fit(TensorDataset(reference))
    p = [ks_2samp(reference[:, k].numpy(), current[:, k].numpy()).pvalue for k in range(2)]
    assert detector.score(TensorDataset(current)) == pytest.approx(1 - min(1, 2 * min(p)))


@either
def test_the_score_does_not_depend_on_the_size_of_batches_or_the_mode_of_the_extractor(kind) -> None:
    torch.manual_seed(0)
    extractor = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Dropout())
    before = {name: value.clone() for name, value in extractor.state_dict().items()}
    scores = set()
    for size in (7, 32, 1000):
        detector = kind(feature_extractor=extractor, batch_size=size)
        detector.fit(TensorDataset(rows()))
        scores.add(round(detector.score(TensorDataset(rows(60, seed=1))), 6))
    assert len(scores) == 1
    assert extractor.training
    assert all(torch.equal(value, before[name]) for name, value in extractor.state_dict().items())


@pytest.mark.parametrize("extra", [(), (torch.zeros(20, dtype=torch.int64),)], ids=["inputs", "inputs and targets"])
def test_features_are_of_the_first_part_of_an_item(extra: tuple[torch.Tensor, ...]) -> None:
    detector = KolmogorovSmirnovCovariateShiftDetector(nn.Linear(2, 4))
    features = detector.extract_features(TensorDataset(rows(20), *extra))
    assert features.shape == (20, 4)
    assert not features.requires_grad


def test_inputs_may_be_dictionaries() -> None:
    class Named(Dataset):
        def __getitem__(self, index: int) -> tuple[dict[str, list[torch.Tensor]], int]:
            return {"parts": [torch.tensor([float(index)])]}, 0

        def __len__(self) -> int:
            return 5

    class First(nn.Module):
        def forward(self, inputs: dict[str, list[torch.Tensor]]) -> torch.Tensor:
            return inputs["parts"][0]

    features = KolmogorovSmirnovCovariateShiftDetector(First()).extract_features(Named())
    assert features[:, 0].tolist() == [0, 1, 2, 3, 4]


def test_a_detector_of_ones_own_overrides_what_it_did_for_renate() -> None:
    class Mean(ShiftDetectorWithFeatureExtractor):
        def _fit_with_features(self, X: torch.Tensor) -> None:
            self._mean = X.mean()

        def _score_with_features(self, X: torch.Tensor) -> float:
            return float((X.mean() - self._mean).abs())

    detector: ShiftDetector = Mean()
    detector.fit(TensorDataset(torch.zeros(5, 1)))
    assert detector.score(TensorDataset(torch.ones(5, 1))) == 1


@either
def test_without_a_reference_there_is_no_score(kind) -> None:
    with pytest.raises(DataError, match="no reference dataset to compare with. Call `fit` first"):
        kind().score(TensorDataset(rows()))


def test_what_cannot_be_compared_has_no_score() -> None:
    detector = MMDCovariateShiftDetector()
    detector.fit(TensorDataset(rows()))
    with pytest.raises(DataError, match="cannot be compared. Of the 100 rows of the current sample 100 hold NaN"):
        detector.score(TensorDataset(rows() * np.nan))
