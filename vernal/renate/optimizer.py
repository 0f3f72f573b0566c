"""The optimisers that are chosen by name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from torch import nn
from torch.optim import SGD, Adam, Optimizer

from vernal.renate import defaults


def optimizer_fn(
    parameters: Iterable[nn.Parameter],
    optimizer: Literal["Adam", "SGD"] = "Adam",
    learning_rate: float = defaults.LEARNING_RATE,
    momentum: float = defaults.MOMENTUM,
    weight_decay: float = defaults.WEIGHT_DECAY,
) -> Optimizer:
    """Adam or SGD, where the config file has no `optimizer_fn`.

    Args:
        parameters: what to optimise.
        optimizer: which one.
        learning_rate: its step size.
        momentum: of SGD.
        weight_decay: of both, added to the gradient.
    """
    if optimizer == "SGD":
        return SGD(parameters, lr=learning_rate, momentum=momentum, weight_decay=weight_decay)
    return Adam(parameters, lr=learning_rate, weight_decay=weight_decay)
