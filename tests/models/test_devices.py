"""Models and statistics on a GPU, here a fake one: what they compute there is what they compute on the CPU."""

import copy

import pytest
import torch
from torch import nn

from tests.fake_device import fake_device
from tests.models.nets import convolutional
from vernal.models import (
    ClassStatistics,
    GrowingHead,
    MultiHead,
    RidgeSpectrum,
    RidgeStatistics,
    Shadow,
    function_gap,
    grow_heads,
    grown_like,
    identity_,
    interpolate,
    logits_and_features,
    moving_average_,
    recalibrate_,
    reinitialise_,
    shrink_and_perturb_,
    transplant,
    uniform_average,
    with_continual_norm,
    zero_,
)

IMAGES = torch.randn(6, 3, 8, 8, generator=torch.Generator().manual_seed(0))
FEATURES = torch.randn(12, 5, generator=torch.Generator().manual_seed(1))
LABELS = torch.arange(12) % 3


def on_both(compute):
    """What a function gives on the CPU, and, brought back, on the device; random numbers begin alike."""
    found = []
    for there in (False, True):
        with torch.random.fork_rng(), fake_device() as device:
            torch.manual_seed(0)
            made = compute(device if there else torch.device("cpu"))
            assert {value.is_cuda for value in made} == {there}
            found.append([value.detach().cpu() for value in made])
    return found


def state(model):
    return [*model.state_dict().values()]


def shrunk(device):
    model, fresh = convolutional().to(device), convolutional()
    shrink_and_perturb_(model, 0.5, 0.1)
    shrink_and_perturb_(model, 0.5, 0.1, fresh)  # A fresh model is made on the CPU.
    reinitialise_(model, "2")
    return state(model)


def averaged(device):
    models = [convolutional().to(device) for _ in range(3)]
    average = {name: value.clone() for name, value in models[0].state_dict().items()}
    moving_average_(average, models[1], 0.9)
    between = interpolate(models[0].state_dict(), models[2].state_dict(), 0.3)
    mean = uniform_average([model.state_dict() for model in models])
    return [*average.values(), *between.values(), *mean.values()]


def recalibrated(device):
    model = convolutional().to(device)
    recalibrate_(model, IMAGES.to(device).split(3))
    return state(model)


def normalised(device):
    model = with_continual_norm(convolutional().to(device), groups=2)
    outputs = model(IMAGES.to(device))
    outputs.sum().backward()
    return [outputs, *(p.grad for p in model.parameters()), *state(model)]


def shadowed(device):
    model, shadow = convolutional().to(device), Shadow()
    shadow.attach(model)
    shadow.follow(model, 0.9)
    again = Shadow()
    again.load_state_dict({name: value.cpu() for name, value in shadow.state_dict().items()})
    again.attach(model)
    again.follow(model, 0.9)
    return [again.module.eval()(IMAGES.to(device)), *again.state_dict().values()]


def grown(device):
    model = nn.Sequential(nn.Linear(5, 4), GrowingHead(4)).to(device)
    grow_heads(model, 2)
    old = [parameter.detach().clone() for parameter in model.parameters()]
    grow_heads(model, 3)
    wider = [grown_like(value.cpu(), parameter) for value, parameter in zip(old, model.parameters(), strict=True)]
    return [*logits_and_features(model, FEATURES.to(device)), *wider]


def with_tasks(device):
    head = MultiHead(5).to(device)
    assert head.grow(0, 2)
    assert head.grow(7, 3)
    return [head(FEATURES.to(device), (7 * (LABELS > 0)).to(device))]


def transplanted(device):
    old = nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 2)).to(device)
    new = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3)).to(device)
    x_new = torch.cat([FEATURES, torch.ones(12, 1)], dim=1).to(device)
    transplant(old, new, x_old=FEATURES.to(device), x_new=x_new)
    assert function_gap(old, new, FEATURES.to(device), x_new) < 1e-5
    deeper = [identity_(nn.Linear(4, 4).to(device)), zero_(nn.Linear(4, 4).to(device))]
    return [*state(new), *(value for layer in deeper for value in state(layer))]


def class_statistics(device, scatter):
    kept = ClassStatistics(scatter)
    kept.add(FEATURES[:6].to(device), LABELS[:6].to(device))
    kept.load_state_dict({name: _on_cpu(value) for name, value in kept.state_dict().items()})
    kept.add(FEATURES[6:].to(device), LABELS[6:].to(device))
    kept.remove(FEATURES[:1].to(device), LABELS[:1].to(device))
    other = ClassStatistics(scatter)
    other.add(FEATURES.to(device), LABELS.to(device) + 1)
    kept.merge(other)
    found = {"shared": [kept.shared_covariance], "per_class": [kept.covariances], "none": []}[scatter]
    return [kept.counts, kept.means, *(part() for part in found)]


def ridge(device):
    kept, targets = RidgeStatistics(), nn.functional.one_hot(LABELS, 3).double()
    kept.add(FEATURES[:6].to(device), targets[:6, :2].to(device))
    kept.load_state_dict({name: _on_cpu(value) for name, value in kept.state_dict().items()})
    kept.add(FEATURES[6:].to(device), targets[6:].to(device))
    kept.remove(FEATURES[:1].to(device), targets[:1].to(device))
    other = RidgeStatistics()
    other.add(FEATURES.to(device), targets)  # Targets follow the features.
    kept.merge(other)
    spectrum = RidgeSpectrum(kept, intercept=True)
    return [*kept.solve(0.1), *kept.solve(0.1, intercept=True), *spectrum.solve(spectrum.choose())]


def _on_cpu(value):
    return value.cpu() if isinstance(value, torch.Tensor) else copy.copy(value)


COMPUTATIONS = [shrunk, averaged, recalibrated, normalised, shadowed, grown, with_tasks, transplanted, ridge]


@pytest.mark.parametrize("compute", COMPUTATIONS, ids=lambda compute: compute.__name__)
def test_models_are_on_a_device_what_they_are_on_the_cpu(compute):
    on_cpu, on_device = on_both(compute)
    torch.testing.assert_close(on_device, on_cpu)


@pytest.mark.parametrize("scatter", ["none", "shared", "per_class"])
def test_class_statistics_are_on_a_device_what_they_are_on_the_cpu(scatter):
    on_cpu, on_device = on_both(lambda device: class_statistics(device, scatter))
    torch.testing.assert_close(on_device, on_cpu)
