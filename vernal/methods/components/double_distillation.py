"""Double distillation: two teachers' logits, made comparable. Shapes: ``B`` rows, ``C`` classes."""

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


def consolidated_targets(first: Tensor, first_classes: Tensor, second: Tensor, second_classes: Tensor) -> Tensor:
    """What two teachers say together: each about the classes that it knows, centred over these.

    Args:
        first: logits of the teacher who has the say where both know a class, ``(B, C)``.
        first_classes: the classes that it knows, ``(C,)`` bool.
        second: logits of the other, ``(B, C)``.
        second_classes: the classes that the other knows.

    Returns:
        ``(B, C)``; NaN for classes that neither knows.

    Examples:
        >>> old, new = torch.tensor([[5.0, 1.0, 0.0]]), torch.tensor([[0.0, 0.0, 9.0]])
        >>> known = torch.tensor([True, True, False])
        >>> consolidated_targets(old, known, new, ~known)
        tensor([[ 2., -2.,  0.]])
    """
    own = centred(first.masked_fill(~first_classes, torch.nan))
    others = centred(second.masked_fill(~second_classes | first_classes, torch.nan))
    return torch.where(first_classes, own, others)


def centred(logits: Tensor) -> Tensor:
    """Logits less their mean over the classes that are known, not NaN or infinite, ``(B, C)``."""
    known = torch.isfinite(logits)
    values = torch.where(known, logits, 0)
    return logits - values.sum(1, keepdim=True) / known.sum(1, keepdim=True).clamp(min=1)
