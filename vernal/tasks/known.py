"""Means over what is known. Shapes: ``B`` rows, then any."""

from __future__ import annotations

import torch
from torch import Tensor

from vernal.base import TrainingError


def mean_over(known: Tensor, values: Tensor) -> Tensor:
    """The mean of each row over its known entries, ``(B,)``; 0 for a row that has none.

    Args:
        known: which entries count, ``(B, ...)``.
        values: of the same shape. Entries that are not known may be anything, NaN too.

    Examples:
        >>> mean_over(torch.tensor([[True, False], [False, False]]), torch.tensor([[3.0, 9.0], [1.0, 1.0]]))
        tensor([3., 0.])
    """
    known = known.reshape(len(known), -1)
    # A sum over a mask of pixels is more than float16 can hold.
    total = torch.where(known, values.reshape(known.shape), 0).sum(1, dtype=wide(values))
    return (total / known.sum(1).clamp(min=1)).to(values.dtype)


def wide(values: Tensor) -> torch.dtype:
    """The type of sums over many of these: float32 at least."""
    return torch.promote_types(values.dtype, torch.float32)


def in_common(scores: Tensor, old: Tensor, dim: int | None = 1) -> tuple[Tensor, Tensor, Tensor]:
    """What a model and an older one both say.

    The older one may know fewer classes, the first ones. What is NaN or infinite in `old`, or masked (minus infinity)
    in `scores`, is not known. NaN in `scores` stays: it is a training that went wrong, and must be seen.

    Args:
        scores: of the model, ``(B, C, ...)``.
        old: of the older model, ``(B, D, ...)``, of any type and on any device.
        dim: the dimension of the classes; None where there are none.

    Returns:
        Scores, old scores, and which of them are known, all of the shape of `old`. Unknown entries are 0 in both, so
        that no gradient comes from them.

    Raises:
        TrainingError: the shapes differ in something else, or the older model has more classes.
    """
    old = old.to(scores)
    if dim is not None and old.ndim == scores.ndim > 1 and old.shape[dim] < scores.shape[dim]:
        scores = scores.narrow(dim, 0, old.shape[dim])
    if scores.shape != old.shape:
        raise TrainingError(
            f"The model gives {tuple(scores.shape)}, and an older one gave {tuple(old.shape)}. They must agree, but "
            "for new classes of the model. Start a new lineage if the model means something else now."
        )
    known = torch.isfinite(old) & ~torch.isneginf(scores)
    return torch.where(known, scores, 0), torch.where(known, old, 0), known
