"""How many rows a method sends through networks in one step, and for how many of them gradients are computed."""

from __future__ import annotations

import copy
from dataclasses import replace

import torch
from torch import nn

from tests.methods.steps import Told, linear, step
from vernal.methods import Network, Stage

ROWS = 4


class Counted(nn.Module):
    """A model that counts rows; its copies count along."""

    def __init__(self, inner, counts=None):
        super().__init__()
        self.inner, self.counts = inner, counts if counts is not None else {"forward": 0, "backward": 0}

    def forward(self, x):
        outputs = self.inner(x)
        self.counts["forward"] += len(x)
        self.counts["backward"] += len(x) if outputs.requires_grad else 0
        return outputs

    def __deepcopy__(self, memo):
        return Counted(copy.deepcopy(self.inner, memo), self.counts)


def per_new_row(method, stage=None):
    """Forward and backward rows for each new row, where as many rows are replayed as are new."""
    model = Counted(linear())
    champion = Network(copy.deepcopy(model).eval().requires_grad_(False))
    x, y = torch.randn(ROWS, 2), torch.arange(ROWS) % 3
    draws = Told(*[{"x": torch.randn(ROWS, 2), "y": y, "z": torch.randn(ROWS, 3)}] * 3)
    method.enter(stage or Stage())
    method.start(model, lambda: copy.deepcopy(model))
    loss = method.loss(replace(step(draws, model, x=x, y=y), old=lambda: champion))
    loss.backward()
    return model.counts["forward"] / ROWS, model.counts["backward"] / ROWS
