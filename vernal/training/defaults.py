"""What is used where the config file does not say otherwise."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn
from torch.optim import AdamW, Optimizer


def optimizer_fn(parameters: Iterable[nn.Parameter], lr: float = 1e-3, weight_decay: float = 0.0) -> Optimizer:
    """AdamW [1]_. For weights in float16 its epsilon is 1e-4: the usual 1e-8 is 0 there.

    Args:
        parameters: what to optimise.
        lr: learning rate.
        weight_decay: decoupled weight decay.

    References:
        .. [1] I. Loshchilov, F. Hutter. Decoupled weight decay regularization. ICLR 2019.
           https://arxiv.org/abs/1711.05101
    """
    parameters = list(parameters)
    half = any(parameter.dtype == torch.float16 for parameter in parameters)
    return AdamW(parameters, lr=lr, weight_decay=weight_decay, eps=1e-4 if half else 1e-8)
