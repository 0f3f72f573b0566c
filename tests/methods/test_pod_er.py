from dataclasses import replace

import pytest
import torch
from torch import nn

from tests.methods.steps import OLD, Told, gradient, step
from tests.reference import pod_er
from vernal.base import ConfigError
from vernal.methods import PODER, Network
from vernal.testing import toy_update

# Not normalised, and normalised, with alpha 0.5 and beta 2.
GOLDEN = {
    "pixel": (4.598050, 2.084493),
    "channel": (3.697287, 1.623331),
    "width": (5.619811, 2.093937),
    "height": (2.554206, 1.208531),
    "gap": (1.526356, 1.012303),
    "spatial": (5.886495, 1.800697),
}


def network(weight):
    model = nn.Sequential(
        nn.Linear(2, 8, bias=False), nn.Unflatten(1, pod_er.SHAPE), nn.Flatten(), nn.Linear(8, 3, bias=False)
    )
    model.load_state_dict({"0.weight": weight, "3.weight": pod_er.HEAD})
    model[3].requires_grad_(False)
    return model


def stepping(memory, model):
    champion = network(pod_er.OLD_HIDDEN).requires_grad_(False)
    return replace(step(memory, model), old=lambda: Network(champion))


@pytest.mark.parametrize("pooling", GOLDEN)
@pytest.mark.parametrize("normalised", [False, True])
def test_the_loss_and_its_gradient_are_those_of_the_formula(pooling, normalised):
    model = network(pod_er.HIDDEN)
    method = PODER(alpha=0.5, beta=2.0, layers=("1",), pooling=pooling, normalised=normalised)
    loss = method.loss(stepping(Told(OLD), model))
    expected, slope = pod_er.loss_and_gradient(0.5, 2.0, pooling, normalised)
    assert loss.item() == pytest.approx(expected, rel=1e-5)
    assert loss.item() == pytest.approx(GOLDEN[pooling][normalised], abs=1e-5)
    assert torch.allclose(gradient(loss, model[0]), slope, rtol=1e-4, atol=1e-5)


def test_without_memory_the_loss_is_that_of_the_new_batch():
    assert PODER().loss(step()).item() == pytest.approx(1.856081, abs=1e-6)


def test_a_model_that_is_the_champion_still_has_no_pull_from_its_features():
    model = network(pod_er.OLD_HIDDEN)
    with_features = PODER(layers=("1",)).loss(stepping(Told(OLD), model)).item()
    assert with_features == pytest.approx(PODER(beta=0).loss(stepping(Told(OLD), model)).item(), abs=1e-6)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"alpha": -1}, "`alpha` must be at least 0, got -1"),
        ({"pooling": "max"}, "No pooling is called 'max'"),
        ({"layers": ("",)}, "`layers` must be names of modules"),
    ],
)
def test_options_out_of_range_are_refused(options, text):
    with pytest.raises(ConfigError, match=text):
        PODER(**options)


def test_a_layer_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match="Sequential has no module 'layer4'"):
        toy_update(tmp_path, PODER(layers=("layer4",)), 1)
