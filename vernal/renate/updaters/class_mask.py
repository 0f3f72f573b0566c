"""Classes that the new chunk does not have, left out of the loss on its rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from vernal.methods import Setting, Step
from vernal.tasks import masked, present_classes


class ClassMask:
    """Gives logits of classes that are not in the chunk no chance, so that its rows do not push them down.

    Rows from memory are of those classes, so their logits stay: masked, as Renate had it, their loss is infinite.

    Args:
        wanted: whether anything is masked; if not, all this does nothing.
    """

    def __init__(self, wanted: bool) -> None:
        self._wanted = wanted
        self._classes: list[int] | None = None

    def begin(self, setting: Setting) -> None:
        """Look which classes the chunk has."""
        if self._wanted and setting.task.classes:
            self._classes = sorted({label for _, y in setting.batches() for label in y.unique().tolist()})

    def loss(self, step: Step, outputs: Any) -> Tensor:
        """The loss on the new batch."""
        if self._classes is None:
            return step.criterion(outputs, step.y)
        scores, dim = step.task.scores(outputs), step.task.class_dim
        present = present_classes(torch.tensor(self._classes, device=scores.device), scores.shape[dim])
        return step.criterion(masked(scores, present, dim), step.y)

    def state_dict(self) -> dict[str, Any]:
        """The classes of the chunk; empty if nothing is masked."""
        return {} if self._classes is None else {"classes": self._classes}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up what `state_dict` gave."""
        self._classes = state.get("classes") if self._wanted else None
