"""Double distillation: logits of networks that were trained apart, made comparable. ``B`` rows, ``C`` classes."""

from __future__ import annotations

import torch
from torch import Tensor

from vernal.tasks import squared_error


def double_distillation(logits: Tensor, targets: Tensor) -> Tensor:
    r"""Half the mean squared distance to the centred logits of teachers [1]_.

    .. math:: \frac{1}{2 C} \sum_{c=1}^{C} \big(f_c - (z_c - \bar z)\big)^2

    Two networks that were trained apart give logits of different levels, which a softmax does not show; centred, they
    can be taken together.

    Args:
        logits: of the student, ``(B, C)``.
        targets: of the teachers, ``(B, C)``; NaN or infinite where they know nothing.

    Returns:
        ``(B,)``.

    Examples:
        >>> double_distillation(torch.zeros(1, 3), torch.tensor([[1.0, 2.0, 3.0]]))
        tensor([0.3333])

    References:
        .. [1] J. Zhang et al. Class-incremental learning via deep model consolidation. WACV 2020.
           https://arxiv.org/abs/1903.07864
    """
    return squared_error(logits, centred(targets)) / 2


def lowest_where_unknown(logits: Tensor) -> Tensor:
    """Logits of a teacher that has never heard of some classes: these get the lowest of the others.

    Args:
        logits: ``(B, C)``, NaN or infinite for a class that the teacher does not know.

    Examples:
        >>> lowest_where_unknown(torch.tensor([[2.0, -1.0, -torch.inf]]))
        tensor([[ 2., -1., -1.]])
    """
    known = torch.isfinite(logits)
    lowest = logits.masked_fill(~known, torch.inf).amin(1, keepdim=True)
    return torch.where(known, logits, lowest)


def centred(logits: Tensor) -> Tensor:
    """Logits less their mean over the classes that are known, not NaN or infinite, ``(B, C)``."""
    known = torch.isfinite(logits)
    values = torch.where(known, logits, 0)
    return logits - values.sum(1, keepdim=True) / known.sum(1, keepdim=True).clamp(min=1)
