"""A step on the fixed tensors of `tests.reference`, with a memory that gives what it is told to."""

import torch
from torch import nn
from torch.nn import functional as F

from tests.reference import tensors
from vernal.methods import Network, Step


class Told:
    """A memory that answers draws with prepared batches, and remembers how many rows were asked for."""

    def __init__(self, *batches):
        self._batches = [*batches]
        self.asked = []

    def __len__(self):
        return sum(len(batch["y"]) for batch in self._batches)

    def draw(self, count):
        self.asked.append(count)
        return self._batches[len(self.asked) - 1]


OLD = {"x": tensors.X_OLD, "y": tensors.Y_OLD, "z": tensors.Z_OLD}
OTHER = {"x": tensors.X_OTHER, "y": tensors.Y_OTHER, "z": tensors.Z_OTHER}


def linear():
    model = nn.Linear(2, 3)
    model.load_state_dict({"weight": tensors.WEIGHT, "bias": tensors.BIAS})
    return model


def step(memory=None, model=None, n_new=100, n_before=300, x=tensors.X, y=tensors.Y):
    return Step(
        model=Network(model or linear()),
        x=x,
        y=y,
        criterion=F.cross_entropy,
        memory=Told() if memory is None else memory,
        n_new=n_new,
        n_before=n_before,
        done=0.0,
    )


class Counting(nn.Module):
    """A model that counts its passes."""

    def __init__(self, inner):
        super().__init__()
        self.inner, self.passes = inner, 0

    def forward(self, x):
        self.passes += 1
        return self.inner(x)


def gradient(loss, model):
    return torch.cat([g.flatten() for g in torch.autograd.grad(loss, [*model.parameters()])])
