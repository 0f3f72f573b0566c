from dataclasses import replace

import pytest
import torch
from torch import nn

from tests.methods.steps import OLD, OTHER, Told, gradient, linear, step
from tests.methods.test_pod_er import network
from tests.reference import pod_er, super_er
from vernal.base import ConfigError
from vernal.methods import Network, SuperER
from vernal.tasks import Heteroscedastic

# Of new rows, stored logits, stored labels, averages, features: the loss as it is, and normalised.
GOLDEN = {
    (1.0, 1.0, 1.0, 0.1, 1.0): (7.210537, 1.758668),
    (0.5, 0.2, 0.3, 2.0, 0.7): (9.794989, 2.647294),
    (1.0, 0.0, 0.0, 0.0, 0.0): (1.054827, 1.054827),
}
THIRD = {"x": super_er.X_THIRD, "y": torch.tensor([0, 1])}
STILL = {"shrink": 1.0, "sigma": 0.0}


def weighted(weights, **options):
    names = ("loss_weight", "der_alpha", "der_beta", "cls_alpha", "pod_alpha")
    return SuperER(**dict(zip(names, weights, strict=True)), layers=("1",), **STILL, **options)


def taught(method):
    method.start(network(pod_er.HIDDEN), lambda: network(pod_er.HIDDEN))
    averages = {
        name: {"0.weight": weight, "3.weight": pod_er.HEAD}
        for name, weight in (("plastic", super_er.PLASTIC), ("stable", super_er.STABLE))
    }
    method.load_state_dict(averages | {"steps": 100})
    return method


@pytest.mark.parametrize("weights", GOLDEN)
@pytest.mark.parametrize("normalised", [False, True])
def test_the_loss_and_its_gradient_are_those_of_the_formula(weights, normalised):
    model, champion = network(pod_er.HIDDEN), network(pod_er.OLD_HIDDEN).requires_grad_(False)
    now = replace(step(Told(OLD, OTHER, THIRD), model), old=lambda: Network(champion))
    loss = taught(weighted(weights, normalised=normalised)).loss(now)
    expected, slope = super_er.loss_and_gradient(weights, normalised)
    assert loss.item() == pytest.approx(expected, rel=1e-5)
    assert loss.item() == pytest.approx(GOLDEN[weights][normalised], abs=1e-5)
    assert torch.allclose(gradient(loss, model[0]), slope, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("normalised", "expected"), [(True, 1.856081), (False, 0.9280405)])
def test_without_memory_only_the_new_rows_count(normalised, expected):
    method = SuperER(loss_weight=0.5, normalised=normalised)
    assert method.loss(step()).item() == pytest.approx(expected, abs=1e-6)


def warm(**options):
    """The method at the beginning of an update that is not the first."""
    method = SuperER(**options)
    for stage in method.stages(first=False):
        method.enter(stage)
    return method


def test_a_first_model_is_trained_as_it_is():
    champion, method = linear(), SuperER(shrink=0.5)
    for stage in method.stages(first=True):
        method.enter(stage)
    assert method.start(champion, linear) is champion
    assert torch.equal(champion.weight, linear().weight)


def test_weights_are_shrunk_when_an_update_begins():
    champion = linear()
    model = warm(shrink=0.5, sigma=0.0).start(champion, linear)
    assert torch.equal(model.weight, champion.weight / 2)
    assert torch.equal(model.bias, champion.bias / 2)


def test_weights_are_perturbed_by_noise_of_the_size_that_is_asked_for():
    champion = torch.nn.Linear(200, 100)
    model = warm(shrink=1.0, sigma=0.1).start(champion, linear)
    assert (model.weight - champion.weight).std().item() == pytest.approx(0.1, rel=0.05)


def test_the_averages_begin_with_what_the_champion_was():
    champion = linear()
    method = warm(shrink=0.5)
    method.start(champion, linear)
    assert torch.equal(method.state_dict()["stable"]["weight"], champion.weight)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"loss_weight": 0}, "`loss_weight` must be at least"),
        ({"pod_alpha": -1}, "`pod_alpha` must be at least 0, got -1"),
        ({"sigma": -0.1}, "`sigma` must be at least 0, got -0.1"),
        ({"shrink": 0}, "`shrink` must be between .* got 0"),
        ({"shrink": 1.5}, "`shrink` must be between .* got 1.5"),
        ({"plastic_decay": 1.0}, "`plastic_decay` must be at most `stable_decay`"),
    ],
)
def test_options_out_of_range_are_refused(options, text):
    with pytest.raises(ConfigError, match=text):
        SuperER(**options)


def test_outputs_of_several_parts_are_kept_as_their_task_says():
    pair = Network(nn.Identity(), call=lambda x: (x, -x), task=Heteroscedastic())
    assert SuperER().keep(pair, torch.tensor([[1.0], [2.0]]))["z"].tolist() == [[1, -1], [2, -2]]
