"""A training in a few lines, which asks a method what the engine asks; and a stream of domains to train on."""

import copy

import torch
from torch import nn

from tests.methods.steps import Told
from vernal.methods import FineTune, Network, Step
from vernal.testing import toy_setting

CLASSES, FEATURES = 5, 20


def train(method, model, x, y, *, steps, lr=0.1, batch_size=32, momentum=0.0, old=None):
    """One update, without a copy of anything."""
    setting = toy_setting(Network(model.eval()).module, x, y)
    method.begin(setting)
    model.train()
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr, momentum)
    for number in range(steps):
        places = torch.arange(number * batch_size, (number + 1) * batch_size) % len(y)
        step = Step(
            model=Network(model),
            x=x[places],
            y=y[places],
            criterion=setting.criterion,
            memory=Told(),
            n_new=len(y),
            n_before=0,
            done=number / steps,
            old=None if old is None else lambda: Network(old),
        )
        method.loss(step).backward()
        method.before_step(model)
        optimizer.step()
        optimizer.zero_grad()
        method.after_step(model)
    model.eval()
    method.end(setting)
    return model


def whole_gradient(method, one):
    """What the optimiser gets to see, as one vector: the gradient of the loss, after the method has looked at it."""
    model = one.model.module
    model.zero_grad()
    method.loss(one).backward()
    method.before_step(model)
    return torch.cat([p.grad.flatten() for p in model.parameters()])


def network(seed=0, outputs=CLASSES, features=FEATURES):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(features, 64), nn.ReLU(), nn.Linear(64, outputs))


def domain(number, rows=320):
    """Classes that stay, with features in another order in every domain, as in permuted MNIST."""
    generator = torch.Generator().manual_seed(100 + number)
    y = torch.arange(rows) % CLASSES
    centres = torch.randn(CLASSES, FEATURES, generator=torch.Generator().manual_seed(1))
    x = centres[y] + 0.5 * torch.randn(rows, FEATURES, generator=generator)
    return x[:, torch.randperm(FEATURES, generator=generator)] if number else x, y


def accuracies_after(method, domains, **options):
    """On each of the domains, after all of them were learned one by one."""
    model = network()
    for number in range(domains):
        old = copy.deepcopy(model).eval().requires_grad_(False) if number else None
        train(method, model, *domain(number), old=old, **options)
    with torch.no_grad():
        return [(model(x).argmax(1) == y).float().mean().item() for x, y in map(domain, range(domains))]


def mean_accuracy(method, domains=3, **options):
    """The mean over domains, and that of the earlier ones; what methods without rows are for."""
    found = accuracies_after(method, domains, **options)
    return sum(found) / domains, sum(found[:-1]) / (domains - 1)


def fine_tuned(**options):
    return mean_accuracy(FineTune(), **options)
