"""Tensors that belong to parameters, after the parameters have grown."""

from __future__ import annotations

import torch
from torch import Tensor

from vernal.base import SchemaMismatch


def grown_like(old: Tensor, like: Tensor, fill: float = 0.0) -> Tensor:
    """Make what is kept for a parameter as large as the parameter has become.

    For importances, anchors and other state of a classifier that has new classes since: what was known keeps its
    place, the first along every dimension.

    Args:
        old: what was kept, of the parameter's former shape.
        like: the parameter now.
        fill: what stands where nothing was known.

    Returns:
        A new tensor with the shape and device of `like` and the type of `old`.

    Raises:
        SchemaMismatch: `like` has another number of dimensions, or is smaller in one.

    Examples:
        >>> grown_like(torch.ones(1, 2), torch.zeros(2, 3), fill=5.0)
        tensor([[1., 1., 5.],
                [5., 5., 5.]])
    """
    corner = corner_of(old, like)
    grown = torch.full_like(like, fill, dtype=old.dtype, requires_grad=False)
    grown[corner] = old.detach().to(like.device)
    return grown


def corner_of(old: Tensor, like: Tensor) -> tuple[slice, ...]:
    """Where `old` has its place in a tensor shaped as `like`.

    Raises:
        SchemaMismatch: it does not fit in.
    """
    if old.ndim != like.ndim or any(before > now for before, now in zip(old.shape, like.shape, strict=True)):
        raise SchemaMismatch(
            f"A tensor of shape {tuple(old.shape)} was kept for a parameter that now has shape {tuple(like.shape)}. "
            "Parameters may only grow, and keep their number of dimensions. Start anew what is kept for it."
        )
    return tuple(slice(length) for length in old.shape)
