"""Several losses as one."""

from __future__ import annotations

from collections.abc import Iterable

from torch import Tensor


def weighted_sum(terms: Iterable[tuple[float, Tensor]], *, normalised: bool = True) -> Tensor:
    r"""Add up terms of a loss: :math:`\sum_i w_i \ell_i`, divided by :math:`\sum_i w_i` if it is normalised.

    Args:
        terms: weight and loss of each, at least one; weights are at least 0, and not all 0.
        normalised: whether to divide, so that weights do not change the size of the steps.

    Examples:
        >>> import torch
        >>> weighted_sum([(1.0, torch.tensor(2.0)), (3.0, torch.tensor(4.0))])
        tensor(3.5000)
    """
    (weight, loss), *others = terms
    total, weights = weight * loss, weight
    for weight, loss in others:
        total, weights = total + weight * loss, weights + weight
    return total / weights if normalised else total
