"""The loss of a training: the user's, or the one that the task implies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from vernal.base import ConfigError
from vernal.methods import Criterion
from vernal.tasks import Task


def row_losses(task: Task, loss_fn: Criterion | None) -> Criterion:
    """The loss function: the user's, or the one that the task implies.

    Returns:
        ``loss(outputs, targets)``: one loss a row ``(B,)``, or whatever the user's function gives.

    Raises:
        ConfigError: the user's is no function.
    """
    if loss_fn is None:
        return task.losses
    if not callable(loss_fn):
        raise ConfigError(
            f"`loss_fn` gives a {type(loss_fn).__name__}. It must give a function of (outputs, targets), e.g. "
            "`torch.nn.CrossEntropyLoss()`."
        )
    return loss_fn


def mean_loss(losses: Callable[[Any, Any], Tensor]) -> Criterion:
    """The same loss as one number for the batch."""

    def criterion(outputs: Any, targets: Any) -> Tensor:
        loss = losses(outputs, targets)
        return loss.mean() if loss.ndim else loss

    return criterion
