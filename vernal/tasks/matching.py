"""The squared distance to the scores of an older model."""

from __future__ import annotations

from torch import Tensor

from vernal.tasks.known import in_common, mean_over, wide


def squared_error(scores: Tensor, old: Tensor, dim: int = 1) -> Tensor:
    """The squared distance of each row to what an older model gave, averaged over what that one knew.

    Args:
        scores: of the model, ``(B, C, ...)``.
        old: of the older model, of the same shape or with fewer classes; NaN or infinite where it knew nothing.
        dim: the dimension of the classes.

    Returns:
        ``(B,)``; 0 for a row of which nothing is known.

    Examples:
        >>> import torch
        >>> squared_error(torch.tensor([[1.0, 5.0, 9.0]]), torch.tensor([[3.0, float("nan")]]))
        tensor([4.])
    """
    scores, old, known = in_common(scores, old, dim)
    return mean_over(known, (scores - old).square())


def mean_squared_error(scores: Tensor, old: Tensor, dim: int = 1) -> Tensor:
    """As `squared_error`, but one mean over all known entries of the batch.

    Every entry counts the same, so rows of which less is known count less. Where all is known this is
    `torch.nn.functional.mse_loss`, to the last bit; a mean of means is not.

    Args:
        scores: of the model, ``(B, C, ...)``.
        old: of the older model, of the same shape or with fewer classes; NaN or infinite where it knew nothing.
        dim: the dimension of the classes.

    Examples:
        >>> import torch
        >>> mean_squared_error(torch.tensor([[1.0, 5.0, 9.0]]), torch.tensor([[3.0, 5.0]]))
        tensor(2.)
    """
    scores, old, known = in_common(scores, old, dim)
    total = (scores - old).square().sum(dtype=wide(scores))
    return (total / known.sum().clamp(min=1)).to(scores.dtype)
