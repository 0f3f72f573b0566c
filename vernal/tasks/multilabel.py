"""Yes or no for several labels a row. Shapes: ``B`` rows, ``C`` labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from vernal.base import TrainingError
from vernal.tasks.divergence import binary_divergence
from vernal.tasks.known import mean_over
from vernal.tasks.outputs import as_array, scores_of
from vernal.tasks.task import Array, Task


@dataclass(frozen=True)
class MultiLabel(Task):
    """Predict which of several labels a row has; the loss is the binary cross entropy, averaged over the labels.

    Targets are 1 or 0, or True or False, ``(B, C)``; -1 or NaN where it is not known: such labels are left out of the
    loss and of the metrics. Outputs are logits ``(B, C)``; a label is predicted where its logit is above 0.

    Examples:
        >>> MultiLabel().losses(torch.zeros(1, 3), torch.tensor([[1, 0, -1]]))
        tensor([0.6931])
    """

    name: ClassVar[str] = "multilabel"
    allows_gaps: ClassVar[bool] = True

    def losses(self, outputs: Any, targets: Any) -> Tensor:
        """The binary cross entropy of each row, over the labels that are known and not masked."""
        scores = self.scores(outputs)
        counts = (targets >= 0) & ~torch.isneginf(scores)
        known_scores, known_targets = torch.where(counts, scores, 0), torch.where(counts, targets, 0)
        losses = F.binary_cross_entropy_with_logits(known_scores, known_targets.to(scores.dtype), reduction="none")
        return mean_over(counts, losses)

    def check(self, outputs: Any, targets: Any, labels: tuple[int, int] | None, rows: int) -> None:  # noqa: ARG002
        """Demand one logit for each label."""
        scores = self.scores(outputs)
        if scores.ndim != 2 or scores.shape != targets.shape:
            raise TrainingError(
                f"The model gives {tuple(scores.shape)} for targets {tuple(targets.shape)}. For several labels a row "
                "it must give one logit for each, (rows, labels). Define `loss_fn` if it means something else."
            )
        if (targets > 1).any():
            raise TrainingError(
                f"The targets hold {float(targets.max()):g}. For several labels a row they must be 1 or 0, or -1 or "
                "NaN for unknown."
            )

    def freeze(self, outputs: Any, targets: Any) -> tuple[Array, Array] | None:
        """Labels, NaN where unknown, and logits, ``(B, C)`` each."""
        scores = scores_of(outputs)
        if scores is None or not isinstance(targets, Tensor) or scores.shape != targets.shape:
            return None
        return as_array(torch.where(targets >= 0, targets.float(), torch.nan)), as_array(scores)

    def correct(self, y: Array, predicted: Array) -> Array | None:
        """Of which every known label is right."""
        return np.asarray((((predicted > 0) == y) | np.isnan(y)).all(axis=1))

    def right(self, outputs: Any, targets: Any) -> Tensor | None:
        """Of which every known label is right."""
        scores = scores_of(outputs)
        if scores is None or not isinstance(targets, Tensor) or scores.shape != targets.shape:
            return None
        return (((scores > 0) == targets) | ~(targets >= 0)).all(1)

    def distance(self, outputs: Any, teacher: Any, temperature: float = 1.0) -> Tensor:
        """The Kullback-Leibler divergence between the answers, averaged over labels, times the temperature squared."""
        return binary_divergence(self.scores(outputs), self.scores(teacher), temperature)
