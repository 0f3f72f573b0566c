import numpy as np
import pytest
import torch
from torch import nn

from tests.methods.frozen import assert_alike, features, learn, rows, scores
from vernal.base import ConfigError
from vernal.methods import NCM, SLDA

X, Y = rows()
NEW, _ = rows(seed=1)
PLAIN = nn.Sequential(nn.Identity(), nn.Linear(3, 3)).eval()


@pytest.mark.parametrize("shrinkage", [1e-4, 0.1, 1.0])
def test_scores_are_those_of_linear_discriminant_analysis(shrinkage):
    """All rows at once, by NumPy."""
    f, y, new = features(X).numpy(), Y.numpy(), features(NEW).numpy()
    mu = np.stack([f[y == c].mean(0) for c in range(3)])
    covariance = (f - mu[y]).T @ (f - mu[y]) / len(f)
    precision = np.linalg.inv((1 - shrinkage) * covariance + shrinkage * np.eye(5))
    expected = new @ precision @ mu.T - np.einsum("cd,de,ce->c", mu, precision, mu) / 2
    assert_alike(scores(learn(SLDA(shrinkage), X, Y), NEW)[:, :3], expected, tolerance=1e-4)


def test_scores_are_the_posterior_of_normal_classes_of_one_covariance():
    f, y, new = X.double().numpy(), Y.numpy(), NEW.double().numpy()
    mu = np.stack([f[y == c].mean(0) for c in range(3)])
    covariance = sum((y == c).mean() * np.cov(f[y == c].T, bias=True) for c in range(3))
    distances = [[(x - m) @ np.linalg.solve(covariance, x - m) for m in mu] for x in new]
    assert_alike(scores(learn(SLDA(0.0), X, Y, PLAIN), NEW, PLAIN), -np.array(distances) / 2, tolerance=1e-4)


def test_a_linear_map_of_features_changes_nothing():
    mixing = torch.tensor([[2.0, 1, 0], [0, 0.5, 1], [1, 0, 3]])
    one = scores(learn(SLDA(0.0), X, Y, PLAIN), NEW, PLAIN)
    other = scores(learn(SLDA(0.0), X @ mixing, Y, PLAIN), NEW @ mixing, PLAIN)
    assert_alike(other, one, tolerance=1e-4)


def test_shrunk_to_the_end_it_is_the_nearest_mean():
    assert_alike(scores(learn(SLDA(1.0), X, Y), NEW), scores(learn(NCM("euclidean"), X, Y), NEW))


def test_features_that_never_vary_do_no_harm_without_shrinkage():
    x, new = (torch.cat([part, torch.ones(len(part), 1)], 1) for part in (X, NEW))
    wider = nn.Sequential(nn.Identity(), nn.Linear(4, 3)).eval()
    given = scores(learn(SLDA(0.0), x, Y, wider), new, wider)
    assert_alike(given, scores(learn(SLDA(0.0), X, Y, PLAIN), NEW, PLAIN), tolerance=1e-4)


def test_a_shrinkage_above_one_is_refused():
    with pytest.raises(ConfigError, match="`shrinkage` must be between 0 and 1, got 2"):
        SLDA(2)
