"""A step on the fixed tensors of `tests.reference`, with a champion that is linear, too."""

import dataclasses

import torch
from torch import nn

from tests.methods.steps import OLD, Told, linear, step
from tests.reference import distillation
from vernal.methods import Network


def champion():
    model = nn.Linear(2, 3)
    weights = {"weight": torch.tensor(distillation.WEIGHT), "bias": torch.tensor(distillation.BIAS)}
    model.load_state_dict(weights)
    return model.requires_grad_(False)


def taught_step(with_memory=True, model=None, teacher=None, **changes):
    network = Network(teacher or champion())
    drawn = [OLD] if with_memory else []
    return dataclasses.replace(step(Told(OLD), model or linear()), old=lambda: network, drawn=drawn, **changes)
