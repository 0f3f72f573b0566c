"""How many classes the classifiers of a model need, for the labels that have come so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor, nn

from vernal.models import GrowingHead, MultiHead, grow_heads
from vernal.transaction.labels import NO_TASK, Span


@dataclass(frozen=True)
class Sizes:
    """Classes of the heads of a model.

    Args:
        classes: of every `GrowingHead`.
        tasks: of the heads of every `MultiHead`, by task.
    """

    classes: int = 0
    tasks: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of_model(cls, model: nn.Module) -> Sizes:
        """The sizes that a model has; if none of its heads grows, its last linear layer counts."""
        heads = [head.out_features for head in _heads(model) or _linear(model)[-1:]]
        multi = [module for module in model.modules() if isinstance(module, MultiHead)]
        tasks = {task: size for module in multi for task, size in module.sizes.items()}
        return cls(max(heads, default=0), tasks)

    @classmethod
    def of_labels(cls, spans: Mapping[int, Span]) -> Sizes:
        """The sizes that labels need, by the smallest and the largest of each task; see `label_spans`."""
        needed = {task_id: largest + 1 for task_id, (_, largest) in spans.items() if largest >= 0}
        tasks = {task_id: classes for task_id, classes in needed.items() if task_id != NO_TASK}
        return cls(max(needed.values(), default=0), tasks)

    def __or__(self, other: Sizes) -> Sizes:
        """What is enough for both."""
        both = self.tasks.keys() | other.tasks.keys()
        tasks = {task: max(self.tasks.get(task, 0), other.tasks.get(task, 0)) for task in sorted(both)}
        return Sizes(max(self.classes, other.classes), tasks)

    def grow(self, model: nn.Module) -> bool:
        """Make room in a model; whether it needed to."""
        return grow_heads(model, self.classes, self.tasks)

    def grow_silently(self, model: nn.Module) -> None:
        """Make room in a model that is not trained: it says minus infinity to the classes that it never knew.

        So `vernal.models.MultiHead` says it to classes that are not of a row's task, and `Task.distance` leaves such
        entries out.
        """
        known = {head: head.out_features for head in _heads(model)}
        self.grow(model)
        for head in _heads(model):
            if (before := known.get(head, 0)) < head.out_features:
                head.register_forward_hook(partial(_silence, before))


def _heads(model: nn.Module) -> list[GrowingHead]:
    """All heads, those inside a `MultiHead` too."""
    return [module for module in model.modules() if isinstance(module, GrowingHead)]


def _linear(model: nn.Module) -> list[nn.Linear]:
    return [module for module in model.modules() if isinstance(module, nn.Linear)]


def _silence(known: int, head: nn.Module, inputs: tuple[Tensor, ...], scores: Tensor) -> Tensor:  # noqa: ARG001
    """A forward hook: leave only what a head says to the classes that it knows."""
    unknown = torch.arange(scores.shape[-1], device=scores.device) >= known
    return scores.masked_fill(unknown, -torch.inf)
