from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from tests.methods.steps import step
from tests.reference import pod_er
from vernal.base import ConfigError, TrainingError
from vernal.methods import Network, Passes
from vernal.methods.components import PooledOutputs, features_inside, pooled_output_distance, pooled_outputs_loss

POOLINGS = ("pixel", "channel", "width", "height", "gap", "spatial")
F = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]], [[0.0, 1.0], [1.0, 0.0]]]])
G = torch.tensor([[[[1.0, 0.0], [0.0, 1.0]], [[2.0, 0.0], [0.0, 0.0]]]])
# Squares, pooled, and the length of the difference; e.g. width of F: (10, 20, 1, 1), of G: (1, 1, 4, 0).
GOLDEN = {
    "channel": (19.131126, 1.256409),
    "width": (21.260292, 1.133422),
    "height": (24.535688, 1.171454),
    "gap": (7.017834, 0.994264),
    "spatial": (32.465366, 1.154450),
}


@pytest.mark.parametrize("pooling", GOLDEN)
@pytest.mark.parametrize("normalised", [False, True])
def test_the_distance_is_the_one_that_was_worked_out(pooling, normalised):
    found = pooled_output_distance(F, G, pooling, normalised=normalised)
    assert found.shape == (1,)
    assert found.item() == pytest.approx(GOLDEN[pooling][normalised], abs=1e-5)


@pytest.mark.parametrize("pooling", POOLINGS)
@given(seed=st.integers(0, 1000), normalised=st.booleans())
def test_it_is_that_of_plain_sums(pooling, seed, normalised):
    generator = torch.Generator().manual_seed(seed)
    h, old = (torch.randn(3, 2, 2, 2, generator=generator) for _ in range(2))
    expected = pod_er.distance(h, old, pooling, normalised).item()
    assert pooled_output_distance(h, old, pooling, normalised=normalised).mean().item() == pytest.approx(expected, 1e-5)


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("normalised", [False, True])
def test_equal_features_are_at_distance_nothing_and_pull_nowhere(pooling, normalised):
    features = F.clone().requires_grad_()
    distance = pooled_output_distance(features, F, pooling, normalised=normalised)
    distance.sum().backward()
    assert distance.item() == 0
    assert features.grad is not None
    assert bool((features.grad == 0).all())


def test_flat_features_are_not_pooled():
    a, b = torch.tensor([[3.0, 4.0]]), torch.tensor([[0.0, 0.0]])
    assert pooled_output_distance(a, b, "gap", normalised=False).item() == 5
    assert pooled_output_distance(a, b, normalised=True).item() == pytest.approx(1)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_squares_of_16_bits_do_not_overflow(dtype):
    features = torch.full((1, 2, 2, 2), 500.0, dtype=dtype)
    assert torch.isfinite(pooled_output_distance(features, torch.zeros_like(features), normalised=False)).all()


def test_64_bits_stay():
    assert pooled_output_distance(F.double(), G).dtype == torch.float64


def test_layers_weigh_the_same():
    one, two = {"a": F}, {"a": F, "b": F}
    assert pooled_outputs_loss(two, {"a": G, "b": F}) == pooled_outputs_loss(one, {"a": G}) / 2


def test_nothing_captured_is_an_error_and_not_nan():
    with pytest.raises(TrainingError, match="No features were captured, so there is nothing to distil"):
        pooled_outputs_loss({}, {})


def test_features_of_other_shapes_are_refused():
    with pytest.raises(TrainingError, match=r"shape \(1, 2, 2, 2\), and those to compare with \(1, 1, 2, 2\)"):
        pooled_output_distance(F, G[:, :1])


def test_sequences_are_compared_place_by_place():
    a, b = torch.randn(2, 3, 4), torch.randn(2, 3, 4)
    found = pooled_output_distance(a, b, normalised=False)
    assert torch.allclose(found, (a - b).square().sum((1, 2)).sqrt())


def test_a_model_of_which_no_features_are_known_is_refused():
    with pytest.raises(ConfigError, match="Sequential has no linear layer, .* Name modules"):
        PooledOutputs().check(nn.Sequential(nn.Conv2d(1, 1, 1)))
    PooledOutputs(("0",)).check(nn.Sequential(nn.Conv2d(1, 1, 1)))


def test_an_unknown_pooling_is_refused():
    with pytest.raises(ConfigError, match="No pooling is called 'spatal'. Did you mean 'spatial'"):
        pooled_output_distance(F, G, "spatal")


@pytest.mark.parametrize("layers", [("",), (3,)])
def test_layers_are_names(layers):
    with pytest.raises(ConfigError, match="`layers` must be names of modules"):
        PooledOutputs(layers)


def net():
    return nn.Sequential(nn.Conv2d(1, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(8, 3))


def test_features_are_those_of_named_layers_or_what_the_classifier_is_given():
    model, x = net(), torch.randn(5, 1, 2, 2)
    with features_inside(model, ("0", "1")) as named:
        model(x)
    with features_inside(model) as last:
        model(x)
    assert [(name, tuple(h.shape)) for name, h in named.items()] == [("0", (5, 2, 2, 2)), ("1", (5, 2, 2, 2))]
    assert torch.equal(last["3"], named["1"].flatten(1))


def test_a_layer_that_does_not_run_is_told():
    model = net()
    model.add_module("idle", nn.Linear(1, 1))
    with pytest.raises(TrainingError, match="Nothing is captured of 'idle'"), features_inside(model, ("idle",)):
        model[3](model[2](model[1](model[0](torch.zeros(1, 1, 2, 2)))))


def test_a_layer_that_gives_no_tensor_is_told():
    model = nn.Sequential(nn.LSTM(2, 2))
    with pytest.raises(TrainingError, match="'0' gives a tuple, not a tensor"), features_inside(model, ("0",)):
        model(torch.zeros(1, 3, 2))


@pytest.mark.parametrize("joint", [True, False])
def test_the_rows_that_were_asked_for_count_however_batches_went_through(joint):
    model, champion = net(), net().requires_grad_(False)
    x, old = torch.randn(3, 1, 2, 2), torch.randn(5, 1, 2, 2)
    passes = Passes()
    passes.joint = joint
    now = replace(step(model=model, x=x), old=lambda: Network(champion), passes=passes)
    pooled = PooledOutputs(("0",))
    with pooled.inside(model) as features:
        now.forward(x, old)
    expected = pooled_output_distance(model[0](old), champion[0](old)).mean()
    assert pooled.loss(now, old, features).item() == pytest.approx(expected.item(), rel=1e-5)
