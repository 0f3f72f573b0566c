import numpy as np
import pytest
import torch
from torch import nn

from tests.methods.frozen import features, learn, rows, scores
from vernal.base import ConfigError
from vernal.methods import FeCAM

X, Y = rows()
NEW, _ = rows(seed=1)
PLAIN = nn.Sequential(nn.Identity(), nn.Linear(3, 3)).eval()


def by_hand(old, y, new, beta, alpha1, alpha2):
    """The paper's steps, number by number."""
    old, new = np.sign(old) * np.abs(old) ** beta, np.sign(new) * np.abs(new) ** beta
    size, found = old.shape[1], np.empty((len(new), 3))
    for c in range(3):
        covariance = np.cov(old[y == c].T)
        variance = np.mean([covariance[i, i] for i in range(size)])
        others = np.mean([covariance[i, j] for i in range(size) for j in range(size) if i != j])
        for i in range(size):
            for j in range(size):
                covariance[i, j] += alpha1 * variance if i == j else alpha2 * others
        deviations = np.sqrt(np.diag(covariance))
        correlation = covariance / np.outer(deviations, deviations)
        mean = old[y == c].mean(0)
        mean = mean / np.linalg.norm(mean)
        for n, z in enumerate(new):
            difference = z / np.linalg.norm(z) - mean
            found[n, c] = -difference @ np.linalg.inv(correlation) @ difference / 2
    return torch.from_numpy(found)


@pytest.mark.parametrize(
    ("beta", "alpha1", "alpha2"), [(0.5, 1.0, 1.0), (0.5, 1.0, 0.0), (1.0, 0.1, 0.05), (0.3, 2, 1)]
)
def test_scores_are_those_of_the_paper(beta, alpha1, alpha2):
    expected = by_hand(features(X).numpy(), Y.numpy(), features(NEW).numpy(), beta, alpha1, alpha2)
    given = scores(learn(FeCAM(beta, alpha1, alpha2), X, Y), NEW)[:, :3]
    torch.testing.assert_close(given.double(), expected, rtol=1e-4, atol=1e-5)


def test_negative_features_keep_their_sign():
    expected = by_hand(X.double().numpy(), Y.numpy(), NEW.double().numpy(), 0.5, 1.0, 1.0)
    assert (X < 0).any()
    torch.testing.assert_close(scores(learn(FeCAM(), X, Y, PLAIN), NEW, PLAIN).double(), expected, rtol=1e-4, atol=1e-5)


def test_a_class_with_one_row_is_scored_by_the_plain_distance():
    x, y = rows(3)
    z, new = (torch.nn.functional.normalize(features(part).sqrt()) for part in (x, NEW))
    expected = -torch.cdist(new, z).square() / 2
    torch.testing.assert_close(scores(learn(FeCAM(), x, y), NEW)[:, :3].double(), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("alphas", [(0.0, 0.0), (1.0, 1.0)])
def test_features_that_never_vary_do_no_harm(alphas):
    x, new = (torch.cat([part, torch.ones(len(part), 1)], 1) for part in (X, NEW))
    wider = nn.Sequential(nn.Identity(), nn.Linear(4, 3)).eval()
    given = scores(learn(FeCAM(1.0, *alphas), x, Y, wider), new, wider)
    assert torch.isfinite(given).all()
    assert (given.argmax(1) == rows(seed=1)[1]).float().mean() > 0.7


def test_a_single_feature_is_enough():
    narrow = nn.Sequential(nn.Identity(), nn.Linear(1, 3)).eval()
    assert torch.isfinite(scores(learn(FeCAM(), X[:, :1], Y, narrow), NEW[:, :1], narrow)).all()


def test_the_power_cannot_change_under_the_statistics():
    with pytest.raises(ConfigError, match=r"`beta` is 1.0, but all rows so far were counted with 0.5"):
        FeCAM(beta=1.0).load_state_dict(learn(FeCAM(), X, Y).state_dict())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"beta": 1.5}, "`beta` must be between 0 and 1, got 1.5"),
        ({"alpha1": 0.5}, "`alpha2` must be between 0 and 0.5, got 1.0. With more than `alpha1`"),
    ],
)
def test_hyperparameters_out_of_range_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        FeCAM(**options)
