"""Decimal numbers. Shapes: ``B`` rows, ``(B,)`` or ``(B, ...)`` values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor
from torch.nn import functional as F

from vernal.base import TrainingError
from vernal.tasks.matching import squared_error
from vernal.tasks.outputs import as_array, scores_of
from vernal.tasks.task import Array, Task


@dataclass(frozen=True)
class Regression(Task):
    """Predict one decimal number a row, or several; the loss is the squared error, averaged over them.

    Targets are ``(B,)`` or ``(B, ...)``; outputs hold as many numbers.

    Examples:
        >>> import torch
        >>> Regression().losses(torch.zeros(2, 1), torch.tensor([1.0, 2.0]))
        tensor([1., 4.])
    """

    name: ClassVar[str] = "regression"

    def losses(self, outputs: Any, targets: Any) -> Tensor:
        """The squared error of each row."""
        values = self.scores(outputs)
        # (B, 1) against (B,) would broadcast to (B, B).
        if values.numel() != targets.numel():
            raise TrainingError(
                f"The model gives {tuple(values.shape)} for targets {tuple(targets.shape)}. For a regression it must "
                "give as many numbers as there are targets. Define `loss_fn` if it means something else."
            )
        values = values.reshape(targets.shape)
        return F.mse_loss(values, targets.to(values.dtype), reduction="none").reshape(len(targets), -1).mean(1)

    def check(self, outputs: Any, targets: Any, labels: tuple[int, int] | None, rows: int) -> None:  # noqa: ARG002
        """Demand as many numbers as there are targets."""
        self.losses(outputs, targets)

    def freeze(self, outputs: Any, targets: Any) -> tuple[Array, Array] | None:
        """True and predicted values, in the shape of the targets."""
        values = scores_of(outputs)
        if values is None or not isinstance(targets, Tensor) or values.numel() != targets.numel():
            return None
        return as_array(targets), as_array(values.reshape(targets.shape))

    def distance(self, outputs: Any, teacher: Any, temperature: float = 1.0) -> Tensor:  # noqa: ARG002
        """The squared error against the other model's values; numbers have no temperature."""
        values, old = self.scores(outputs), self.scores(teacher)
        return squared_error(values, old.reshape(values.shape) if old.numel() == values.numel() else old)
