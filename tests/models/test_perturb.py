from __future__ import annotations

import copy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from tests.models.nets import convolutional
from vernal.base import ConfigError, SchemaMismatch
from vernal.models import GrowingHead, reinitialise_, shrink_and_perturb_


class Scaled(nn.Module):
    """Has a parameter, and does not say how to draw it."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))


def copied(model):
    return copy.deepcopy(model.state_dict())


def changed(model, before):
    return [name for name, value in model.state_dict().items() if not torch.equal(value, before[name])]


def trained(model, shape):
    for _ in range(2):
        model(torch.randn(shape)).sum().backward()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(1)
    return model


def test_half_without_noise_halves_every_parameter_and_no_buffer():
    model = trained(convolutional(), (4, 3, 8, 8))
    before, parameters = copied(model), dict(model.named_parameters())
    shrink_and_perturb_(model, shrink=0.5, sigma=0.0)
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name] / 2 if name in parameters else before[name])


def test_neither_shrunk_nor_perturbed_is_unchanged():
    model = convolutional()
    before = copied(model)
    shrink_and_perturb_(model, shrink=1.0, sigma=0.0)
    assert changed(model, before) == []


@pytest.mark.law
def test_the_noise_is_normal_and_as_strong_as_asked():
    model = nn.Linear(100, 100, bias=False)
    before = model.weight.detach().clone()
    shrink_and_perturb_(model, shrink=0.75, sigma=0.5)
    noise = (model.weight.detach() - 0.75 * before) / 0.5
    # 10,000 draws: five standard errors of the mean, 1/100, and of the variance, sqrt(2)/100.
    assert abs(noise.mean()) < 0.05
    assert abs(noise.var() - 1) < 0.071


@given(st.floats(0.01, 1), st.floats(0, 3))
def test_a_fresh_model_is_added_as_noise(shrink, sigma):
    model, fresh = nn.Linear(3, 2).double(), nn.Linear(3, 2).double()
    before = copied(model)
    shrink_and_perturb_(model, shrink, sigma, fresh)
    for name, value in model.named_parameters():
        torch.testing.assert_close(value.detach(), shrink * before[name] + sigma * fresh.state_dict()[name])


def test_a_fresh_model_of_another_type_is_added_as_the_model_is():
    model = nn.Linear(3, 2).to(torch.bfloat16)
    shrink_and_perturb_(model, 0.5, 0.1, nn.Linear(3, 2))
    assert model.weight.dtype == torch.bfloat16


def test_frozen_parameters_do_not_change():
    model = nn.Sequential(nn.Linear(2, 2).requires_grad_(False), nn.Linear(2, 2))
    before = copied(model)
    shrink_and_perturb_(model, 0.5, 0.1)
    assert changed(model, before) == ["1.weight", "1.bias"]


def test_the_noise_is_a_function_of_torchs_stream():
    def perturbed():
        torch.manual_seed(0)
        model = nn.Linear(3, 2)
        shrink_and_perturb_(model, 0.5, 1.0)
        return model.weight

    assert torch.equal(perturbed(), perturbed())


@pytest.mark.parametrize(("shrink", "sigma"), [(0, 0.1), (-0.5, 0.1), (1.5, 0.1), (0.5, -0.1), (float("nan"), 0)])
def test_numbers_out_of_range_are_refused_and_change_nothing(shrink, sigma):
    model = nn.Linear(2, 2)
    before = copied(model)
    with pytest.raises(ConfigError, match="`(shrink|sigma)` must be"):
        shrink_and_perturb_(model, shrink, sigma)
    assert changed(model, before) == []


def test_a_fresh_model_of_another_architecture_is_refused():
    model = nn.Sequential(nn.Linear(2, 2), GrowingHead(2, 5))
    before = copied(model)
    with pytest.raises(SchemaMismatch, match=r"'1.weight' has shape \(5, 2\) in the model and is of shape \(3, 2\)"):
        shrink_and_perturb_(model, 0.5, 0.1, nn.Sequential(nn.Linear(2, 2), GrowingHead(2, 3)))
    with pytest.raises(SchemaMismatch, match="is missing in the fresh one"):
        shrink_and_perturb_(model, 0.5, 0.1, nn.Sequential(nn.Linear(2, 2)))
    assert changed(model, before) == []


def test_a_whole_model_drawn_anew_changes_in_every_parameter_and_buffer():
    model = trained(convolutional(), (4, 3, 8, 8))
    before = copied(model)
    reinitialise_(model)
    assert changed(model, before) == [*before]


def test_only_the_named_parts_are_drawn_anew():
    model = trained(convolutional(), (4, 3, 8, 8))
    before = copied(model)
    reinitialise_(model, "0.1", "2")
    assert changed(model, before) == [name for name in before if name.startswith(("0.1.", "2."))]


def test_attention_is_drawn_as_in_its_constructor():
    model = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(9)
    before = copied(model)
    reinitialise_(model)
    assert changed(model, before) == [*before]
    assert model.self_attn.out_proj.bias.eq(0).all()


def test_frozen_parameters_that_are_named_are_drawn_anew_and_stay_frozen():
    model = nn.Linear(2, 2).requires_grad_(False)
    before = copied(model)
    reinitialise_(model)
    assert changed(model, before) == ["weight", "bias"]
    assert not model.weight.requires_grad


def test_a_module_that_cannot_be_drawn_anew_is_named_and_nothing_changes():
    model = nn.Sequential(nn.Linear(2, 2), nn.Sequential(Scaled()))
    before = copied(model)
    with pytest.raises(ConfigError, match="Scaled at '1.0' has parameters of its own and no `reset_parameters`"):
        reinitialise_(model)
    with pytest.raises(ConfigError, match="^Scaled has parameters"):
        reinitialise_(Scaled())
    assert changed(model, before) == []
    reinitialise_(model, "0")


def test_an_unknown_name_is_refused():
    with pytest.raises(ConfigError, match="Sequential has no module '2'. Available: 0, 1."):
        reinitialise_(nn.Sequential(nn.Linear(2, 2), nn.ReLU()), "2")
