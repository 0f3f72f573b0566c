"""How many classes the classifiers of a model need, for the labels that have come so far."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor, nn

from vernal.data import Chunk
from vernal.models import GrowingHead, MultiHead, grow_heads
from vernal.tasks import Task
from vernal.training import Transforms

TASK_ID = "x.task_id"  # the leaf that says which head a row belongs to


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
        """The sizes that a model has."""
        heads = [head.out_features for head in _heads(model)]
        multi = [module for module in model.modules() if isinstance(module, MultiHead)]
        tasks = {task: size for module in multi for task, size in module.sizes.items()}
        return cls(max(heads, default=0), tasks)

    @classmethod
    def of_data(cls, parts: Iterable[Chunk], task: Task, transforms: Transforms) -> Sizes:
        """The sizes that the labels of some data need; none for a task without classes."""
        sizes = cls()
        if task.classes:
            for part in parts:
                sizes = sizes | _needed(part, task, transforms)
        return sizes

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


def _silence(known: int, head: nn.Module, inputs: tuple[Tensor, ...], scores: Tensor) -> Tensor:  # noqa: ARG001
    """A forward hook: leave only what a head says to the classes that it knows."""
    unknown = torch.arange(scores.shape[-1], device=scores.device) >= known
    return scores.masked_fill(unknown, -torch.inf)


def _needed(part: Chunk, task: Task, transforms: Transforms) -> Sizes:
    sizes = Sizes()
    for leaves in part.rows.blocks():
        labels, task_ids = _as_the_model_sees_them(leaves["y"], transforms), leaves.get(TASK_ID)
        tasks = {}
        if isinstance(task_ids, Tensor) and isinstance(labels, Tensor):
            tasks = {int(one): _classes([labels[task_ids == one]], task) for one in torch.unique(task_ids)}
        sizes = sizes | Sizes(_classes(labels, task), tasks)
    return sizes


def _as_the_model_sees_them(labels: Tensor | list[Tensor], transforms: Transforms) -> Tensor | list[Tensor]:
    """The labels of some rows after the user's target transform."""
    if transforms.y is None:
        return labels
    if isinstance(labels, Tensor) and labels.ndim == 1:  # A class has one answer, however many rows it has.
        classes, rows = torch.unique(labels, return_inverse=True)
        return torch.stack([torch.as_tensor(transforms.y(label)) for label in classes.tolist()])[rows]
    return [torch.as_tensor(transforms.y(label)) for label in labels]


def _classes(labels: Iterable[Tensor], task: Task) -> int:
    """How many classes a head needs for these labels; those that the task ignores need none."""
    ignored = getattr(task, "ignore", -1)
    largest = -1
    for label in [labels] if isinstance(labels, Tensor) else labels:
        valid = label[(label != ignored) & (label >= 0)]
        largest = max(largest, int(valid.max()) if valid.numel() else -1)
    return largest + 1
