"""Layers that are added and change nothing at first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from vernal.base import SchemaMismatch
from vernal.models.carry import computes_as

M = TypeVar("M", bound=nn.Module)

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
_IDEMPOTENT = (nn.ReLU, nn.Identity, nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d)
_BATCH_NORMS = (_BatchNorm, nn.SyncBatchNorm)
_WEIGHTED = (nn.Linear, *_CONVOLUTIONS, *_BATCH_NORMS, nn.LayerNorm, nn.GroupNorm)


def identity_(module: M) -> M:
    """Make a layer give what it is given, in place, so that it can be inserted into a trained model [1]_.

    Linear layers and convolutions that give as many units as they take, with odd kernels that leave the size; batch
    norm in evaluation mode; sequences of these, with ReLU, which changes nothing behind another ReLU, and dropout.

    Returns:
        The module.

    Deviations:
        The paper sets batch norm to undo the statistics of its input, which needs data. Here it is neutral in
        evaluation mode, and normalises by batches as soon as it is trained.

    Examples:
        >>> import torch
        >>> model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
        >>> deeper = nn.Sequential(*model[:2], identity_(nn.Linear(4, 4)), nn.ReLU(), model[2])
        >>> x = torch.randn(5, 3)
        >>> torch.equal(deeper(x), model(x))
        True

    References:
        .. [1] T. Chen, I. Goodfellow, J. Shlens. Net2Net: accelerating learning via knowledge transfer. ICLR 2016.
           https://arxiv.org/abs/1511.05641
    """
    if computes_as(module, (nn.Sequential,)):
        for layer in module.children():
            identity_(layer)
    elif _is_plain(module, nn.Linear):
        _identity_linear(module)
    elif _is_plain(module, *_CONVOLUTIONS):
        _identity_convolution(module)
    elif _is_plain(module, *_BATCH_NORMS):
        _neutral(module)
    elif not computes_as(module, _IDEMPOTENT):
        raise SchemaMismatch(
            f"A {type(module).__name__} cannot be made an identity. Linear, Conv1d to Conv3d, batch norm, and "
            "sequences of these with ReLU and dropout can; for a residual block, `zero_` its last layer."
        )
    return module


def zero_(module: M) -> M:
    """Make a layer give zeros, in place: as the last one of a residual branch, it makes the block an identity [1]_.

    The layer learns from the first step; those before it in the branch from the second.

    Args:
        module: a linear layer, a convolution, or a norm with weights.

    Returns:
        The module.

    Examples:
        >>> import torch
        >>> branch = nn.Sequential(nn.Linear(4, 8), nn.GELU(), zero_(nn.Linear(8, 4)))
        >>> x = torch.randn(5, 4)
        >>> torch.equal(x + branch(x), x)
        True

    References:
        .. [1] P. Goyal et al. Accurate, large minibatch SGD: training ImageNet in 1 hour. 2017, section 5.1.
           https://arxiv.org/abs/1706.02677
    """
    if not _is_plain(module, *_WEIGHTED) or module.weight is None:
        raise SchemaMismatch(
            f"A {type(module).__name__} here has no weights that could make it give zeros. Give the last layer of the "
            "branch that has: a Linear, a convolution, or a norm."
        )
    _fill(module, nn.init.zeros_)
    return module


def _is_plain(module: Any, *types: type[nn.Module]) -> bool:
    """Whether the layer gives what these types give, and its weight, where it has one, can be written."""
    return computes_as(module, types) and isinstance(module.weight, nn.Parameter | None)


def _identity_linear(layer: Any) -> None:
    _same_units(layer, layer.in_features, layer.out_features)
    _fill(layer, nn.init.eye_)


def _identity_convolution(layer: Any) -> None:
    _same_units(layer, layer.in_channels, layer.out_channels)
    _same_size(layer)
    _fill(layer, lambda weight: nn.init.dirac_(weight, layer.groups))


def _fill(layer: Any, fill: Callable[[Tensor], Tensor]) -> None:
    """Fill the weight; the bias becomes zero."""
    fill(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


def _same_units(module: nn.Module, taken: int, given: int) -> None:
    if taken != given:
        raise SchemaMismatch(
            f"A {type(module).__name__} that takes {taken} units and gives {given} cannot be made an identity. Let it "
            "give as many as it takes."
        )


def _same_size(layer: Any) -> None:
    """The middle of the kernel must lie on every pixel in turn."""
    middles = tuple(d * (k - 1) // 2 for d, k in zip(layer.dilation, layer.kernel_size, strict=True))
    odd = all(k % 2 == 1 for k in layer.kernel_size)
    if not odd or {*layer.stride} != {1} or layer.padding not in ("same", middles):
        raise SchemaMismatch(
            f"A {type(layer).__name__} with kernel {layer.kernel_size}, stride {layer.stride} and padding "
            f"{layer.padding!r} cannot be made an identity. Use odd kernels, stride 1 and padding='same'."
        )


def _neutral(norm: Any) -> None:
    if norm.running_mean is None or norm.running_var is None:
        raise SchemaMismatch(
            f"A {type(norm).__name__} without running statistics cannot be made an identity. Let it track them."
        )
    norm.reset_parameters()
    norm.running_var.fill_(1 - norm.eps)  # what it divides by is sqrt(running_var + eps)
