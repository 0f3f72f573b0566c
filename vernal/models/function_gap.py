"""How far apart what two models say is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from vernal.base import EmptyChunk, SchemaMismatch


def function_gap(old: nn.Module, new: nn.Module, x_old: Any, x_new: Any = None) -> float:
    """The largest absolute difference between what two models say to the same rows, in evaluation mode.

    Where `new` says more than `old` (more classes), only the first of it, as many as `old` has, count.

    Args:
        old: a model that gives a tensor, or tensors in sequences and mappings.
        new: another, that gives tensors of at least these shapes.
        x_old: rows for `old`, on its device.
        x_new: the same rows for `new`, on its device; None where they are as for `old`.

    Raises:
        SchemaMismatch: `new` gives less than `old`, or something else.
        EmptyChunk: there are no rows.

    Examples:
        >>> x = torch.tensor([[-2.0, 1.0]])
        >>> function_gap(nn.Identity(), nn.ReLU(), x)
        2.0
    """
    return max(gap for gap, _ in _gaps(old, new, x_old, x_new))


def check_function(old: nn.Module, new: nn.Module, x_old: Any, x_new: Any = None) -> None:
    """Refuse a model that does not say what the old one says, up to the rounding of its sums.

    Of the largest value of an output, the share that may be rounding is the square root of its type's epsilon:
    3e-4 for float32. Sums of another length are taken in another order, and through many layers.

    Raises:
        SchemaMismatch: it says something else.
    """
    for gap, allowed in _gaps(old, new, x_old, x_new):
        if gap > allowed:
            raise SchemaMismatch(
                f"The new model does not say what the old one says: outputs differ by up to {gap:.3g}, of which "
                f"{allowed:.3g} could be rounding. Its weights fit, so look for what they do not show: new features or "
                "units that do not come last (inputs that are concatenated, a flattened image of another size, an "
                "output cut in parts), layers that were added and are not `identity_`, another activation or pooling. "
                "Or distil from the champion instead."
            )


def _gaps(old: nn.Module, new: nn.Module, x_old: Any, x_new: Any) -> Iterator[tuple[float, float]]:
    """Of each output, the gap, and how much of it could be rounding."""
    with _evaluating(old), _evaluating(new), torch.no_grad():
        before, after = old(x_old), new(x_old if x_new is None else x_new)
    pairs = list(_pairs(before, after))
    if not pairs:
        raise SchemaMismatch(f"The model gives {type(before).__name__}, without tensors to compare.")
    for a, b in pairs:
        yield _gap(a, b), _scale(a) * torch.finfo(_rounded_as(a, b)).eps ** 0.5


def _pairs(a: Any, b: Any) -> Iterator[tuple[Tensor, Tensor]]:
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        yield a, _first(b, a)
    elif isinstance(a, Mapping) and isinstance(b, Mapping) and a.keys() <= b.keys():
        for key in a:
            yield from _pairs(a[key], b[key])
    elif isinstance(a, Sequence) and isinstance(b, Sequence) and not isinstance(a, str) and len(a) <= len(b):
        for one, other in zip(a, b, strict=False):
            yield from _pairs(one, other)
    elif a is not None:
        raise SchemaMismatch(f"The old model gives {_what(a)} where the new one gives {_what(b)}. Give both the same.")


def _first(b: Tensor, a: Tensor) -> Tensor:
    """The part of `b` that has the shape of `a`."""
    if not a.numel():
        raise EmptyChunk(f"The model gave an output of shape {tuple(a.shape)} to compare. Give it at least one row.")
    if a.ndim != b.ndim or any(n > m for n, m in zip(a.shape, b.shape, strict=True)):
        raise SchemaMismatch(
            f"The old model gives {_what(a)} and the new one {_what(b)}. It must give at least as much."
        )
    return b[tuple(slice(size) for size in a.shape)]


def _scale(a: Tensor) -> float:
    """The largest finite value, at least 1."""
    return max(1.0, float(a.float().nan_to_num(0.0, 0.0, 0.0).abs().max()))


def _gap(a: Tensor, b: Tensor) -> float:
    """Infinity where one of them is not a number; values that are the same infinity are no gap."""
    exact = torch.promote_types(torch.promote_types(a.dtype, b.dtype), torch.float32)
    a, b = a.to(exact), b.to(a.device, exact)
    return float(torch.where((a == b) | (a.isnan() & b.isnan()), 0, (a - b).abs()).nan_to_num(torch.inf).max())


def _rounded_as(a: Tensor, b: Tensor) -> torch.dtype:
    """The coarser of the types."""
    return max(
        (t.dtype for t in (a, b) if t.is_floating_point()), key=lambda d: torch.finfo(d).eps, default=torch.float32
    )


def _what(value: Any) -> str:
    return f"a tensor of shape {tuple(value.shape)}" if isinstance(value, Tensor) else f"a {type(value).__name__}"


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode
