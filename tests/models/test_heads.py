from __future__ import annotations

import copy
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.func import functional_call

from vernal.base import ConfigError, TrainingError
from vernal.models import GrowingHead

SIZES = st.integers(0, 6)
DTYPES = [torch.float16, torch.bfloat16, torch.float32, torch.float64]


@given(SIZES, SIZES, st.booleans())
def test_growing_keeps_old_rows_exactly_and_never_shrinks(before, after, bias):
    head = GrowingHead(3, before, bias)
    old = copy.deepcopy(head.state_dict())
    assert head.grow(after) == (after > before)
    assert head.out_features == len(head.weight) == max(before, after)
    for name, value in old.items():
        assert torch.equal(head.state_dict()[name][:before], value)


@given(st.integers(1, 6), st.integers(0, 4))
def test_growing_keeps_old_logits(before, more):
    # The same sums; a larger matrix may be multiplied in another order, hence whole numbers.
    head, x = GrowingHead(3, before), torch.randint(-4, 5, (5, 3)).float()
    with torch.no_grad():
        head.weight.round_()
        head.bias.round_()
    old = head(x)
    head.grow(before + more)
    assert torch.equal(head(x)[:, :before], old)


def test_new_rows_are_drawn_as_those_of_a_fresh_linear_layer():
    head = GrowingHead(3, 2)
    torch.manual_seed(7)
    head.grow(5)
    torch.manual_seed(7)
    fresh = nn.Linear(3, 3)
    assert torch.equal(head.weight[2:], fresh.weight)
    assert torch.equal(head.bias[2:], fresh.bias)


def test_a_head_that_begins_with_classes_is_drawn_as_a_linear_layer():
    torch.manual_seed(7)
    head = GrowingHead(3, 2)
    torch.manual_seed(7)
    fresh = nn.Linear(3, 2)
    assert torch.equal(head.weight, fresh.weight)
    assert torch.equal(head.bias, fresh.bias)


def test_new_rows_lie_within_the_bound_of_the_initialisation():
    head = GrowingHead(100)
    head.grow(50)
    assert head.weight.abs().max() <= 1 / math.sqrt(100)
    assert head.weight.abs().max() > 0.9 / math.sqrt(100)


@given(SIZES, SIZES, st.booleans(), st.booleans())
def test_a_state_of_any_size_makes_the_head_as_large_as_itself(stored, size, bias, assign):
    source, head = GrowingHead(3, stored, bias), GrowingHead(3, size, bias)
    head.load_state_dict(source.state_dict(), assign=assign)
    assert head.out_features == stored
    assert all(torch.equal(a, b) for a, b in zip(head.parameters(), source.parameters(), strict=True))


def test_a_state_of_the_same_size_keeps_the_parameters_that_an_optimiser_holds():
    head = GrowingHead(3, 2)
    weight = head.weight
    head.load_state_dict(GrowingHead(3, 2).state_dict())
    assert head.weight is weight


def test_a_state_inside_a_model_is_loaded_too():
    model = nn.Sequential(nn.Linear(4, 3), GrowingHead(3))
    grown = nn.Sequential(nn.Linear(4, 3), GrowingHead(3, 5))
    model.load_state_dict(grown.state_dict())
    assert model[1].out_features == 5
    assert torch.equal(model(torch.ones(2, 4)), grown(torch.ones(2, 4)))


def test_a_state_with_other_features_is_refused_as_torch_does():
    with pytest.raises(RuntimeError, match=r"size mismatch for weight.*\[2, 4\].*\[2, 3\]"):
        GrowingHead(3, 2).load_state_dict(GrowingHead(4, 2).state_dict())


def test_a_state_without_a_bias_is_refused_as_torch_does():
    with pytest.raises(RuntimeError, match="Missing key.*bias"):
        GrowingHead(3, 2).load_state_dict(GrowingHead(3, 4, bias=False).state_dict())


def test_frozen_stays_frozen_and_modes_stay():
    head = GrowingHead(3, 2).eval()
    head.weight.requires_grad_(False)
    head.grow(4)
    assert not head.training
    assert (head.weight.requires_grad, head.bias.requires_grad) == (False, True)
    head.load_state_dict(GrowingHead(3, 7).state_dict())
    assert (head.weight.requires_grad, head.bias.requires_grad) == (False, True)


@pytest.mark.parametrize("dtype", DTYPES)
def test_growing_stays_with_the_type(dtype):
    head = GrowingHead(3).to(dtype)
    head.grow(2)
    head.grow(4)
    assert head.weight.dtype == head.bias.dtype == dtype
    assert head(torch.ones(1, 3, dtype=dtype)).dtype == dtype
    head.load_state_dict(GrowingHead(3, 1).state_dict())
    assert head.weight.dtype == dtype


def test_growing_stays_on_the_device():
    head = GrowingHead(3).to("meta")
    head.grow(2)
    assert head.weight.device.type == head.bias.device.type == "meta"


@pytest.mark.gpu
def test_growing_stays_on_an_accelerator():
    device = torch.accelerator.current_accelerator()
    head = GrowingHead(3, 1).to(device)
    head.grow(2)
    head.load_state_dict(GrowingHead(3, 4).state_dict())
    assert head(torch.ones(1, 3, device=device)).device.type == device.type


def test_new_rows_learn():
    head = GrowingHead(2, 1)
    head.grow(3)
    head(torch.ones(1, 2)).sum().backward()
    assert torch.equal(head.weight.grad, torch.ones(3, 2))


def test_a_copy_grows_by_itself_and_a_functional_call_sees_other_rows():
    head = GrowingHead(2, 2)
    twin = copy.deepcopy(head)
    twin.grow(3)
    assert (head.out_features, twin.out_features) == (2, 3)
    other = {"weight": torch.ones(1, 2), "bias": torch.zeros(1)}
    assert functional_call(head, other, torch.ones(1, 2)).tolist() == [[2.0]]


def test_an_empty_head_says_that_it_must_grow():
    with pytest.raises(TrainingError, match="no classes yet. Grow it first: `vernal.models.grow_heads"):
        GrowingHead(3)(torch.ones(1, 3))


def test_an_empty_head_can_be_drawn_anew():
    head = GrowingHead(3)
    head.reset_parameters()
    assert head.out_features == 0


@pytest.mark.parametrize("classes", [-1, 2.5, True, "3"])
def test_classes_are_a_whole_number(classes):
    with pytest.raises(ConfigError, match="`classes` must be"):
        GrowingHead(3, classes)
    with pytest.raises(ConfigError, match="`classes` must be"):
        GrowingHead(3).grow(classes)
