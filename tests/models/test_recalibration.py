from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from tests.models.nets import convolutional
from vernal.base import EmptyChunk
from vernal.models import ContinualNorm1d, recalibrate_


def modes(model):
    return [module.training for module in model.modules()]


def test_statistics_become_the_mean_over_the_batches():
    model = nn.BatchNorm1d(3)
    nn.init.constant_(model.running_mean, float("nan"))
    batches = [torch.randn(n, 3) for n in (4, 7, 5)]
    recalibrate_(model, batches)
    torch.testing.assert_close(model.running_mean, torch.stack([x.mean(0) for x in batches]).mean(0))
    torch.testing.assert_close(model.running_var, torch.stack([x.var(0) for x in batches]).mean(0))
    assert model.num_batches_tracked.item() == 3


def test_statistics_behind_another_batch_norm_are_those_of_its_training_outputs():
    model, x = nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 2), nn.BatchNorm1d(2)), torch.randn(8, 3)
    recalibrate_(model, [x])
    seen = model[1](model[0].train()(x)).detach()
    torch.testing.assert_close(model[2].running_mean, seen.mean(0))


def test_modes_momenta_and_parameters_are_left_as_they_were():
    model = convolutional()
    model[0][1].eval()
    model[1][2].momentum = 0.3
    before, weights = modes(model), copy.deepcopy([*model.parameters()])
    recalibrate_(model, [torch.randn(4, 3, 8, 8)])
    assert modes(model) == before
    assert (model[0][1].momentum, model[1][2].momentum) == (0.1, 0.3)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), weights, strict=True))
    assert all(parameter.grad is None for parameter in model.parameters())


def test_dropout_is_off():
    model = nn.Sequential(nn.Dropout(0.5), nn.BatchNorm1d(2)).train()
    recalibrate_(model, [torch.tensor([[1.0, 5.0], [3.0, 7.0]])])
    assert model[1].running_mean.tolist() == [2.0, 6.0]
    assert model[0].training


def test_modes_are_left_as_they_were_after_an_error():
    model = nn.Sequential(nn.BatchNorm1d(2), nn.Linear(2, 2))
    model[1].eval()
    with pytest.raises(RuntimeError, match="running_mean should contain"):
        recalibrate_(model, [torch.randn(4, 3)])
    assert modes(model) == [True, True, False]
    assert model[0].momentum == 0.1


def test_a_model_without_running_statistics_is_not_run():
    recalibrate_(nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2, track_running_stats=False)), [None])


def test_continual_norm_is_batch_norm():
    model = ContinualNorm1d(4, 2)
    x = torch.randn(6, 4)
    recalibrate_(model, iter([x]))
    torch.testing.assert_close(model.running_mean, nn.functional.group_norm(x, 2).mean(0))


def test_without_data_nothing_changes():
    model = nn.BatchNorm1d(2)
    model(torch.randn(4, 2))
    before = model.running_mean.clone()
    with pytest.raises(EmptyChunk, match="Give at least one batch"):
        recalibrate_(model, [])
    assert torch.equal(model.running_mean, before)
