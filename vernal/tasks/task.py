"""What every task answers. Shapes: ``B`` rows in a batch, ``n`` rows in all, ``C`` classes."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from torch import Tensor

from vernal import metrics
from vernal.base import TrainingError
from vernal.tasks.outputs import scores_of

Array = np.ndarray[Any, Any]


class Task(ABC):
    """The kind of question that the targets ask: its loss, its metrics, and how far two answers lie apart.

    A task is a frozen dataclass; its fields are its options. It holds no state, so that one object serves every batch,
    device and precision.

    Attributes:
        name: what configurations and records call it.
        classes: whether targets are class labels 0, 1, ..., C - 1, of which there may be more one day.
        class_dim: the dimension of `scores` that holds one entry a class, or a label, a document or a value.
        allows_gaps: whether a NaN among the targets means "unknown" and is left out, rather than a mistake.
    """

    name: ClassVar[str]
    classes: ClassVar[bool] = False
    class_dim: ClassVar[int] = 1
    allows_gaps: ClassVar[bool] = False

    @property
    def headline(self) -> str:
        """The metric that stands for the task: its forgetting is followed, and a gate judges by it."""
        return metrics.headline(self.name)

    @abstractmethod
    def losses(self, outputs: Any, targets: Any) -> Tensor:
        """The loss of each row.

        Args:
            outputs: what the model says to a batch.
            targets: the targets of the batch.

        Returns:
            ``(B,)``, differentiable. 0 for a row without a target, where the task knows such rows.
        """

    def scores(self, outputs: Any) -> Tensor:
        """The tensor ``(B, ...)`` that methods keep, match and distil: the output itself, or its ``logits``.

        Raises:
            TrainingError: the model gives neither.
        """
        scores = scores_of(outputs)
        if scores is None:
            raise TrainingError(
                f"The model gives a {type(outputs).__name__}. The loss that the task {self.name!r} implies needs a "
                "tensor, or something that has one as `logits`. Define `loss_fn` in the config file."
            )
        return scores

    def check(self, outputs: Any, targets: Any, labels: tuple[int, int] | None, rows: int) -> None:  # noqa: ARG002
        """Demand outputs that fit the targets, before training starts.

        Args:
            outputs: what the model says to a batch.
            targets: the targets of the batch.
            labels: the smallest and the largest label of all data, if they are known.
            rows: rows in the batch.

        Raises:
            TrainingError: they do not fit.
        """
        self.scores(outputs)

    @abstractmethod
    def freeze(self, outputs: Any, targets: Any) -> tuple[Array, Array] | None:
        """Targets and predictions of a batch as arrays, one entry a row.

        What is not to be counted is -1 among whole numbers, and NaN among decimal ones.

        Returns:
            Two arrays ``(B, ...)``; None if the outputs tell no predictions.
        """

    def join(self, parts: Sequence[tuple[Array, Array]]) -> tuple[Array, Array]:
        """Put what `freeze` gave for each batch together.

        Returns:
            Two arrays ``(n, ...)``.
        """
        y, predicted = zip(*parts, strict=True)
        return np.concatenate(y), np.concatenate(predicted)

    def measure(self, y: Array, predicted: Array) -> dict[str, float]:
        """All metrics by name; one that these rows do not define is left out.

        Args:
            y: targets, as `freeze` and `join` give them.
            predicted: predictions, likewise.
        """
        values = metrics.summary(self.name, y, predicted)
        return {name: value for name, value in values.items() if not math.isnan(value)}

    def correct(self, y: Array, predicted: Array) -> Array | None:  # noqa: ARG002
        """Which rows are predicted right, ``(n,)``; None where nothing is simply right or wrong."""
        return None

    def right(self, outputs: Any, targets: Any) -> Tensor | None:  # noqa: ARG002
        """`correct` for a batch of outputs, on their device, ``(B,)``."""
        return None

    @abstractmethod
    def distance(self, outputs: Any, teacher: Any, temperature: float = 1.0) -> Tensor:
        """How far a model is from what another one says.

        Entries of `teacher` that are NaN or infinite are not known, and left out. A teacher with fewer classes is
        compared on those that it has, the first ones.

        Args:
            outputs: what the model says to a batch, or its scores.
            teacher: what the other model says to the same rows, or its scores.
            temperature: softens both before they are compared, above 0, where they are logits.

        Returns:
            ``(B,)``, at least 0, and 0 for a row of which nothing is known; differentiable in `outputs`.
        """
