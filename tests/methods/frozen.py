"""A small frozen network, rows for it, and what a closed form makes of them."""

import torch
from torch import nn
from torch.nn import functional as F

from vernal.methods import Network, Setting
from vernal.models import Features
from vernal.tasks import Classification, Regression

CLASSES = 4


def network(outputs=CLASSES):
    """Three inputs, five features that are never negative."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, outputs)).eval()


def rows(n=60, classes=(0, 1, 2), seed=0):
    """Rows of some classes, each around a place of its own."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.tensor(classes)[torch.arange(n) % len(classes)]
    places = 4 * torch.randn(CLASSES, 3, generator=torch.Generator().manual_seed(7))
    return places[y] + torch.randn(n, 3, generator=generator), y


def features(x, model=None):
    with torch.no_grad():
        return Features(model or network())(x).double()


def learn(method, x, y, model=None, batch=16, seed=0):
    """What the engine does at the end of an update."""
    task = Classification() if not y.is_floating_point() else Regression()
    setting = Setting(
        model=Network(model or network()),
        criterion=F.cross_entropy,
        batches=lambda: zip(x.split(batch), y.split(batch), strict=True),
        task=task,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        method.end(setting)
    return method


@torch.no_grad()
def scores(method, x, model=None):
    return method.predictor(model or network()).eval()(x)


def assert_alike(one, other, tolerance=1e-5):
    """The same scores, up to what is the same for all classes of a row."""
    torch.testing.assert_close(
        torch.as_tensor(one).double().log_softmax(1),
        torch.as_tensor(other).double().log_softmax(1),
        rtol=tolerance,
        atol=tolerance,
    )
