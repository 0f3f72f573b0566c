import math

import numpy as np
import pytest

from vernal.base import ConfigError, DataError
from vernal.metrics import coverage, gaussian_mae, gaussian_nll, gaussian_rmse


def test_the_density_is_that_of_a_normal_distribution():
    y, mean, deviation = np.array([[1.0, -2.0]]), np.array([[0.5, 1.0]]), np.array([[2.0, 0.5]])
    density = np.exp(-((y - mean) ** 2) / (2 * deviation**2)) / (deviation * math.sqrt(2 * math.pi))
    predicted = np.concatenate([mean, 2 * np.log(deviation)], axis=1)
    assert gaussian_nll(y, predicted) == pytest.approx(-np.log(density).mean())
    assert gaussian_mae(y, predicted) == 1.75
    assert gaussian_rmse(y, predicted) == pytest.approx(math.sqrt((0.25 + 9) / 2))


@pytest.mark.law
@pytest.mark.parametrize("level", [0.5, 0.95])
def test_an_honest_model_covers_what_it_promises(level):
    rng = np.random.default_rng(0)
    predicted = np.column_stack([rng.normal(size=20_000), rng.normal(size=20_000)])
    y = predicted[:, 0] + np.exp(predicted[:, 1] / 2) * rng.normal(size=20_000)
    assert coverage(y, predicted, level) == pytest.approx(level, abs=4 * math.sqrt(level * (1 - level) / 20_000))


def test_a_column_of_targets_is_not_broadcast():
    y, predicted = np.array([0.0, 1.0, 2.0]), np.zeros((3, 2))
    assert gaussian_nll(y, predicted) == gaussian_nll(y[:, None], predicted)


def test_what_is_wrong_is_told():
    with pytest.raises(ConfigError, match="`level` must be between 0 and 1, got 1"):
        coverage([0.0], [[0.0, 0.0]], 1)
    with pytest.raises(DataError, match=r"a row must predict the mean of every target, .* \(2, 2\)"):
        gaussian_nll([0.0, 1.0], [[0.0], [1.0]])
