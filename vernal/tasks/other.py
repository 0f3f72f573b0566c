"""Targets of any other kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NoReturn

from torch import Tensor

from vernal.base import ConfigError
from vernal.tasks.matching import squared_error
from vernal.tasks.task import Array, Task


@dataclass(frozen=True)
class Other(Task):
    """Anything else: the user gives the loss, which is also what is measured.

    Methods that compare a model with an older one take its scores, if it gives any.
    """

    name: ClassVar[str] = "other"

    @property
    def headline(self) -> str:
        """The loss."""
        return "loss"

    def losses(self, outputs: Any, targets: Any) -> NoReturn:  # noqa: ARG002
        """No loss is implied.

        Raises:
            ConfigError: always.
        """
        raise ConfigError(
            "The targets are neither one whole number a row (classification), nor decimal numbers (regression), nor "
            "yes or no for several labels (multilabel), so no loss is implied. Define `loss_fn` in the config file: it "
            "returns a function of (outputs, targets). Or define `task_fn`, which names the task: "
            '"segmentation", "ranking", ... Classes that are texts or truth values: make them numbers 0, 1, ...'
        )

    def check(self, outputs: Any, targets: Any, labels: tuple[int, int] | None, rows: int) -> None:
        """Demand nothing: only the user's loss knows what fits."""

    def freeze(self, outputs: Any, targets: Any) -> tuple[Array, Array] | None:  # noqa: ARG002
        """Nothing: only the user's loss knows what is predicted."""
        return None

    def distance(self, outputs: Any, teacher: Any, temperature: float = 1.0) -> Tensor:  # noqa: ARG002
        """The squared error against the other model's scores."""
        return squared_error(self.scores(outputs), self.scores(teacher))
