"""One class a row. Shapes: ``B`` rows, ``C`` classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from vernal.base import TrainingError
from vernal.tasks.divergence import binary_divergence, softmax_divergence
from vernal.tasks.head import check_labels
from vernal.tasks.outputs import as_array, scores_of
from vernal.tasks.task import Array, Task


@dataclass(frozen=True)
class Classification(Task):
    """Predict one of several classes; the loss is the cross entropy.

    Targets are whole numbers from 0, ``(B,)`` or ``(B, 1)``; outputs are logits ``(B, C)``. With a loss of your own, a
    model may give one logit a row, ``(B,)`` or ``(B, 1)``: class 1 is predicted where it is positive.

    Examples:
        >>> import torch
        >>> Classification().losses(torch.zeros(1, 2), torch.tensor([1]))
        tensor([0.6931])
    """

    name: ClassVar[str] = "classification"
    classes: ClassVar[bool] = True

    def losses(self, outputs: Any, targets: Any) -> Tensor:
        """The cross entropy of each row."""
        return F.cross_entropy(self.scores(outputs), targets.reshape(-1).long(), reduction="none")

    def check(self, outputs: Any, targets: Any, labels: tuple[int, int] | None, rows: int) -> None:  # noqa: ARG002
        """Demand one score a class, and a class for every label."""
        scores = self.scores(outputs)
        if scores.ndim != 2 or len(scores) != rows:
            raise TrainingError(
                f"The model gives {tuple(scores.shape)} for {rows} rows. For a classification it must give one score a "
                "class, (rows, classes). Define `loss_fn` if it means something else."
            )
        check_labels(labels, scores.shape[1])

    def freeze(self, outputs: Any, targets: Any) -> tuple[Array, Array] | None:
        """True and predicted classes, ``(B,)`` each."""
        classes = _predicted(outputs, targets)
        return None if classes is None else (as_array(targets.reshape(-1)), as_array(classes))

    def correct(self, y: Array, predicted: Array) -> Array | None:
        """Whose class is predicted."""
        return np.asarray(y == predicted)

    def right(self, outputs: Any, targets: Any) -> Tensor | None:
        """Whose class is predicted."""
        classes = _predicted(outputs, targets)
        return None if classes is None else classes == targets.reshape(-1)

    def distance(self, outputs: Any, teacher: Any, temperature: float = 1.0) -> Tensor:
        """The Kullback-Leibler divergence between the predicted distributions, times the temperature squared."""
        scores, old = self.scores(outputs), self.scores(teacher)
        if scores.ndim == 1 or scores.shape[1] == 1:  # A softmax over one logit is always 1.
            return binary_divergence(scores, old, temperature)
        return softmax_divergence(scores, old, temperature)


def _predicted(outputs: Any, targets: Any) -> Tensor | None:
    """The largest of ``(B, C)`` scores, or whether one logit a row is positive; None if outputs tell no classes."""
    scores = scores_of(outputs)
    if scores is None or not isinstance(targets, Tensor):
        return None
    rows = len(targets)
    if scores.ndim == 2 and len(scores) == rows and scores.shape[1] > 1:
        return scores.argmax(1)
    if scores.numel() == rows and scores.ndim <= 2:
        return (scores.reshape(-1) > 0).long()
    return None
