import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.methods.frozen import assert_alike, features, learn, network, rows, scores
from vernal.base import ConfigError
from vernal.methods import RanPAC
from vernal.models import RidgeSpectrum
from vernal.state import pack
from vernal.testing import toy_update

X, Y = rows()
NEW, _ = rows(seed=1)


def least_squares(h, targets, ridge):
    """On rows padded with the square root of the ridge: no sums of products anywhere."""
    padded = torch.cat([h, ridge**0.5 * torch.eye(h.shape[1], dtype=h.dtype)])
    zeros = torch.zeros(h.shape[1], targets.shape[1], dtype=h.dtype)
    return torch.linalg.lstsq(padded, torch.cat([targets, zeros])).solution


@pytest.mark.parametrize("ridge", [1e-3, 1.0, 100.0])
def test_scores_are_ridge_regression_on_projected_features(ridge):
    method = learn(RanPAC(40, ridge), X, Y)
    h, new = (F.relu(features(part) @ method._projection.double()) for part in (X, NEW))
    expected = new @ least_squares(h, F.one_hot(Y).double(), ridge)
    torch.testing.assert_close(scores(method, NEW)[:, :3].double(), expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("shape", [(60,), (60, 1), (60, 2)])
def test_numbers_are_ridge_regression_with_an_intercept(shape):
    y = 100 + torch.stack([X[:, 0] * X[:, 1], X[:, 2].sin()], 1)[:, : shape[1] if len(shape) > 1 else 1]
    model = network(outputs=y.shape[1])
    if len(shape) == 1:
        model.append(nn.Flatten(0))
    method = learn(RanPAC(40, 0.1), X, y.reshape(shape), model)
    h, new = (F.relu(features(part, model) @ method._projection.double()) for part in (X, NEW))
    weight = least_squares(h - h.mean(0), y.double() - y.double().mean(0), 0.1)
    expected = (new - h.mean(0)) @ weight + y.double().mean(0)
    given = scores(method, NEW, model)
    assert given.shape == shape
    torch.testing.assert_close(given.double(), expected.reshape(shape), rtol=1e-4, atol=1e-3)


def test_the_ridge_is_chosen_over_all_rows():
    halves = learn(learn(RanPAC(40), X[:30], Y[:30]), X[30:], Y[30:])
    chosen = RidgeSpectrum(halves.statistics).choose()
    assert_alike(scores(learn(RanPAC(40, chosen), X, Y), NEW), scores(halves, NEW))


def test_more_projections_than_rows_are_solved():
    method = learn(RanPAC(200), X, Y)
    assert (scores(method, X).argmax(1) == Y).float().mean() > 0.8
    assert torch.isfinite(scores(learn(RanPAC(200, 0.0), X, Y), NEW)[:, :3]).all()


def test_the_projection_is_drawn_once_and_from_the_seed():
    method = learn(RanPAC(40), X[:30], Y[:30])
    drawn = method._projection
    assert drawn.shape == (5, 40)
    assert learn(method, X[30:], Y[30:], seed=1)._projection is drawn
    assert torch.equal(learn(RanPAC(40), X, Y)._projection, drawn)
    assert not torch.equal(learn(RanPAC(40), X, Y, seed=1)._projection, drawn)


def test_workers_with_the_same_projection_can_share_the_work():
    whole = learn(RanPAC(40, 1.0), X, Y)
    one, other = (learn(RanPAC(40, 1.0), X[part], Y[part]) for part in (slice(0, 40), slice(40, 60)))
    one.statistics.merge(other.statistics)
    one.solve()
    assert_alike(scores(one, NEW), scores(whole, NEW))


def test_a_class_whose_rows_are_all_removed_has_no_chance():
    method = learn(RanPAC(40), X, Y)
    gone = Y == 1
    h = method.transform(network()[:2](X[gone]).detach())
    for part in h.split(3):
        method.statistics.remove(part, F.one_hot(torch.ones(len(part), dtype=torch.int64)))
    method.solve()
    assert torch.isinf(scores(method, NEW)[0]).tolist() == [False, True, False, True]


def test_the_state_holds_half_of_the_symmetric_sums(tmp_path):
    size = len(pack(learn(RanPAC(200), X, Y).state_dict()))
    assert size < 8 * 200 * 201 / 2 + 8 * (5 * 200 + 10 * 200)


def test_the_projection_cannot_change_under_the_sums():
    with pytest.raises(ConfigError, match=r"`projections` is 50, but all rows so far were counted with 40"):
        RanPAC(50).load_state_dict(learn(RanPAC(40), X, Y).state_dict())


def test_the_ridge_may_change_between_updates(tmp_path):
    toy_update(tmp_path, RanPAC(40, ridge=1.0), 1)
    assert toy_update(tmp_path, RanPAC(40), 2).summary["average_accuracy"] > 0.9


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"projections": 0}, "`projections` must be at least 1, got 0"),
        ({"projections": 2.5}, "`projections` must be a whole number, got 2.5"),
        ({"ridge": -1.0}, "`ridge` must be at least 0, got -1.0"),
    ],
)
def test_hyperparameters_out_of_range_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        RanPAC(**options)
