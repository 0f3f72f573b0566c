from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from tests.models.nets import convolutional
from vernal.base import ConfigError
from vernal.models import ContinualNorm1d, ContinualNorm2d, with_continual_norm

EPS = 1e-5


def by_hand(x, groups):
    """Both normalisations in NumPy: each row over its groups, then each channel over rows and places."""
    rows, channels = x.shape[:2]
    grouped = x.reshape(rows, groups, -1)
    grouped = (grouped - grouped.mean(2, keepdims=True)) / np.sqrt(grouped.var(2, keepdims=True) + EPS)
    y = grouped.reshape(rows, channels, -1)
    y = (y - y.mean((0, 2), keepdims=True)) / np.sqrt(y.var((0, 2), keepdims=True) + EPS)
    return y.reshape(x.shape)


@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize(
    ("kind", "shape"), [(ContinualNorm2d, (5, 8, 3, 2)), (ContinualNorm1d, (5, 8)), (ContinualNorm1d, (5, 8, 3))]
)
def test_training_normalises_by_group_and_then_by_batch(kind, shape, groups):
    x = np.random.default_rng(0).normal(3, 2, shape)
    layer = kind(8, groups).double()
    np.testing.assert_allclose(layer(torch.tensor(x)).detach().numpy(), by_hand(x, groups), atol=1e-12)


def test_scale_and_shift_come_last():
    x, layer = torch.randn(5, 4, 3, 3), ContinualNorm2d(4, 2)
    plain = layer(x)
    nn.init.constant_(layer.weight, 2.0)
    nn.init.constant_(layer.bias, -1.0)
    torch.testing.assert_close(layer(x), 2 * plain - 1)


def test_evaluation_uses_running_statistics_of_the_grouped():
    x, layer = torch.randn(50, 4, 3, 3), ContinualNorm2d(4, 2, momentum=1.0)
    layer(x)
    grouped = nn.functional.group_norm(x, 2)
    torch.testing.assert_close(layer.running_mean, grouped.mean((0, 2, 3)))
    torch.testing.assert_close(layer.running_var, grouped.var((0, 2, 3)))
    torch.testing.assert_close(layer.eval()(x[:1]), layer(x)[:1])


def test_a_row_scaled_and_shifted_is_the_same_row():
    """What batch norm alone does not give: a change of brightness or contrast has no effect."""
    x, layer = torch.randn(5, 4, 3, 3, dtype=torch.float64), ContinualNorm2d(4, 1, eps=0.0).double().eval()
    torch.testing.assert_close(layer(3 * x + 7), layer(x))


def test_a_model_keeps_its_weights_statistics_modes_and_names():
    model = convolutional()
    model(torch.randn(9, 3, 8, 8))
    model[0][1].eval()
    model[0][1].weight.requires_grad_(False)
    before = copy.deepcopy(model.state_dict())
    continual = with_continual_norm(model, groups=2)
    assert [type(continual[0][1]), type(continual[1][2])] == [ContinualNorm2d, ContinualNorm1d]
    assert [*continual.state_dict()] == [*before]
    assert all(torch.equal(value, before[name]) for name, value in continual.state_dict().items())
    assert (continual[0][1].training, continual[1][2].training) == (False, True)
    assert not continual[0][1].weight.requires_grad
    assert type(model[0][1]) is nn.BatchNorm2d
    continual.load_state_dict(model.state_dict())


def test_a_layer_used_twice_stays_one():
    layer = nn.BatchNorm1d(4)
    continual = with_continual_norm(nn.Sequential(layer, nn.Linear(4, 4), layer), groups=2)
    assert isinstance(continual[0], ContinualNorm1d)
    assert continual[0] is continual[2]


def test_a_model_that_is_batch_norm_itself_is_replaced():
    assert isinstance(with_continual_norm(nn.BatchNorm2d(4).double(), 2), ContinualNorm2d)
    assert with_continual_norm(nn.BatchNorm2d(4).double(), 2).weight.dtype == torch.float64


def test_what_is_continual_already_stays():
    assert with_continual_norm(ContinualNorm2d(8, 4), 2).groups == 4


def test_layers_without_weights_or_statistics_are_replaced():
    continual = with_continual_norm(nn.BatchNorm2d(4, affine=False, track_running_stats=False), 2)
    assert [*continual.state_dict()] == []
    assert continual(torch.randn(3, 4, 2, 2)).shape == (3, 4, 2, 2)


def test_groups_divide_the_channels():
    with pytest.raises(ConfigError, match="3 groups do not divide the 8 channels. Allowed: 1, 2, 4, 8."):
        ContinualNorm2d(8, 3)
    with pytest.raises(ConfigError, match="4 groups do not divide the 6 channels of '1.2'. Allowed: 1, 2, 3, 6."):
        with_continual_norm(convolutional(), groups=4)
    with pytest.raises(ConfigError, match="`groups` must be at least 1, got 0."):
        ContinualNorm1d(8, 0)


def test_single_numbers_cannot_be_normalised():
    with pytest.raises(ConfigError, match="4 groups of 4 features have one number each.*Take fewer groups."):
        ContinualNorm1d(4, 4)(torch.randn(3, 4))


def test_batch_norm_of_another_kind_is_named():
    with pytest.raises(ConfigError, match="'0' is a BatchNorm3d, which has no continual form here."):
        with_continual_norm(nn.Sequential(nn.BatchNorm3d(4)), 2)


def test_what_is_shown_says_how_many_groups():
    assert "groups=2" in repr(ContinualNorm2d(4, 2))
