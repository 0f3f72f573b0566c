"""One class for every pixel or token. Shapes: ``B`` rows, ``C`` classes, and any number of places, such as ``H, W``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from vernal.base import TrainingError
from vernal.tasks.divergence import softmax_divergence
from vernal.tasks.head import check_labels
from vernal.tasks.known import mean_over
from vernal.tasks.outputs import as_array, scores_of
from vernal.tasks.padding import joined
from vernal.tasks.task import Array, Task


class Dense(Task):
    """What segmentation and sequence labelling have in common: the cross entropy of every place that counts.

    Attributes:
        ignore: the target of a place that does not count.
    """

    classes: ClassVar[bool] = True
    ignore: int

    def losses(self, outputs: Any, targets: Any) -> Tensor:
        """The cross entropy, averaged over the places of each row that count."""
        scores, labels = self.scores(outputs).movedim(self.class_dim, 1), targets.long()
        losses = F.cross_entropy(scores, labels, ignore_index=self.ignore, reduction="none")
        return mean_over(labels != self.ignore, losses)

    def check(self, outputs: Any, targets: Any, labels: tuple[int, int] | None, rows: int) -> None:  # noqa: ARG002
        """Demand one score a class and place, and a class for every label, of all data or at least of the batch."""
        scores = self.scores(outputs)
        if not self._fits(scores, targets):
            raise TrainingError(
                f"The model gives {tuple(scores.shape)} for targets {tuple(targets.shape)}. For a "
                f"{self.name.replace('_', ' ')} it must give one score a class for every target, with the classes in "
                f"dimension {self.class_dim}. Define `loss_fn` if it means something else."
            )
        counted = targets[targets.long() != self.ignore]
        found = (int(counted.min()), int(counted.max())) if counted.numel() else None
        check_labels(labels or found, scores.shape[self.class_dim])

    def freeze(self, outputs: Any, targets: Any) -> tuple[Array, Array] | None:
        """True classes, -1 where they do not count, and predicted ones, in the shape of the targets."""
        scores = scores_of(outputs)
        if scores is None or not self._fits(scores, targets):
            return None
        labels = targets.int()
        predicted = scores.argmax(self.class_dim).int()
        return as_array(labels.masked_fill(labels == self.ignore, -1)), as_array(predicted)

    def join(self, parts: Sequence[tuple[Array, Array]]) -> tuple[Array, Array]:
        """Pad to the largest size with places that do not count."""
        y, predicted = zip(*parts, strict=True)
        return joined(y, -1), joined(predicted, 0)

    def distance(self, outputs: Any, teacher: Any, temperature: float = 1.0) -> Tensor:
        """The divergence between the predicted distributions, averaged over places, times the temperature squared.

        Where a place does not count, let `teacher` be NaN: scores do not tell.
        """
        return softmax_divergence(self.scores(outputs), self.scores(teacher), temperature, self.class_dim)

    def _fits(self, scores: Tensor, targets: Any) -> bool:
        """Whether there is one score a class for every target."""
        if not isinstance(targets, Tensor) or scores.ndim != targets.ndim + 1 or targets.ndim < 2:
            return False
        return scores.movedim(self.class_dim, 1)[:, 0].shape == targets.shape and not torch.is_floating_point(targets)
