import numpy as np
import pytest
import torch

from tests.methods.frozen import assert_alike, features, learn, rows, scores
from vernal.base import ConfigError
from vernal.methods import NCM

X, Y = rows()
NEW, _ = rows(seed=1)


def means():
    f, y = features(X).numpy(), Y.numpy()
    return np.stack([f[y == c].mean(0) for c in range(3)])


def test_scores_are_cosines_to_the_means():
    new, mu = features(NEW).numpy(), means()
    expected = [[f @ m / np.linalg.norm(f) / np.linalg.norm(m) for m in mu] for f in new]
    torch.testing.assert_close(scores(learn(NCM(), X, Y), NEW)[:, :3].double(), torch.tensor(expected).double())


def test_scores_are_squared_distances_to_the_means():
    new, mu = features(NEW).numpy(), means()
    expected = [[-((f - m) ** 2).sum() / 2 for m in mu] for f in new]
    assert_alike(scores(learn(NCM("euclidean"), X, Y), NEW)[:, :3], expected)


def test_means_far_from_zero_cost_no_digits():
    model = torch.nn.Sequential(torch.nn.Identity(), torch.nn.Linear(3, 3)).eval()
    near = scores(learn(NCM("euclidean"), X, Y, model), NEW, model)
    far = scores(learn(NCM("euclidean"), X + 1000, Y, model), NEW + 1000, model)
    assert_alike(far, near, tolerance=1e-2)


def test_a_distance_that_is_not_known_is_refused():
    with pytest.raises(ConfigError, match="`distance` must be 'cosine' or 'euclidean', got 'manhattan'"):
        NCM("manhattan")
