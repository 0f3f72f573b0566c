"""Batch norm, after its weights came from elsewhere than training."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any

import torch
from torch import nn

from vernal.base import EmptyChunk

BatchNorm = nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d | nn.SyncBatchNorm


def recalibrate_(model: nn.Module, batches: Iterable[Any]) -> None:
    """Recompute the running statistics of all batch norm layers, in place [1]_.

    For a model whose weights were averaged, shrunk or transplanted: its layers see other activations than those
    that they kept statistics of. The statistics become the mean over the batches. All else runs as it does in
    evaluation, because that is what the statistics are for; modes are as before afterwards.

    Args:
        model: any model; one without such layers is left as it is, and not run.
        batches: inputs of the model, on its device; each counts the same.

    Raises:
        EmptyChunk: there is no batch.

    Examples:
        >>> model = nn.BatchNorm1d(1)
        >>> recalibrate_(model, [torch.tensor([[1.0], [3.0]]), torch.tensor([[4.0], [8.0]])])
        >>> model.running_mean, model.running_var  # of (2, 6) and, without bias, of (2, 8)
        (tensor([4.]), tensor([5.]))

    References:
        .. [1] P. Izmailov et al. Averaging weights leads to wider optima and better generalization. UAI 2018,
           section 3.2. https://arxiv.org/abs/1803.05407
    """
    layers = [m for m in model.modules() if isinstance(m, BatchNorm) and m.track_running_stats]
    if not layers:
        return
    inputs = iter(batches)
    first = list(next(zip(inputs, strict=False), ()))
    if not first:
        raise EmptyChunk("Batch norm cannot be recalibrated without data. Give at least one batch.")
    with _calibrating(model, layers), torch.no_grad():
        for x in chain(first, inputs):
            model(x)


@contextmanager
def _calibrating(model: nn.Module, layers: Sequence[BatchNorm]) -> Iterator[None]:
    modes = [(module, module.training) for module in model.modules()]
    momenta = [layer.momentum for layer in layers]
    model.eval()
    for layer in layers:
        layer.reset_running_stats()
        layer.train()
        layer.momentum = None  # torch's way to ask for a cumulative mean
    try:
        yield
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
        for module, training in modes:
            module.training = training
