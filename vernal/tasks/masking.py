"""Logits of classes that are not there. Shapes: ``B`` rows, ``C`` classes."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from vernal.base import TrainingError


def masked(logits: Tensor, present: Tensor, dim: int = 1) -> Tensor:
    """Leave only the classes that are present in the competition: the others get minus infinity.

    A softmax gives a masked class no probability, so training on a chunk does not push down classes of which it has no
    rows. Gradients of masked logits are 0.

    Args:
        logits: ``(B, C, ...)``; they are not changed.
        present: True for each class that is there, ``(C,)``.
        dim: the dimension of the classes, `Task.class_dim`.

    Raises:
        TrainingError: there is not one entry a class.

    Examples:
        >>> masked(torch.zeros(1, 5), present_classes(torch.tensor([0, 2, 1]), 5))
        tensor([[0., 0., 0., -inf, -inf]])
    """
    if present.shape != (logits.shape[dim],):
        raise TrainingError(
            f"The mask of classes has the shape {tuple(present.shape)}, and the model has {logits.shape[dim]} outputs. "
            "Give one entry for each."
        )
    shape = [1] * logits.ndim
    shape[dim] = -1
    return logits.masked_fill(~present.to(logits.device).view(shape), -torch.inf)


def present_classes(targets: Tensor, classes: int) -> Tensor:
    """Which classes occur, ``(C,)``, on the device of the targets.

    Args:
        targets: labels of any shape; those outside 0 to C - 1, which tasks use for "does not count", are no classes.
        classes: outputs of the model, C.

    Examples:
        >>> present_classes(torch.tensor([[0, 2], [2, -100]]), 4)
        tensor([ True, False,  True, False])
    """
    labels = targets.reshape(-1).long()
    labels = labels[(labels >= 0) & (labels < classes)]
    return torch.zeros(classes, dtype=torch.bool, device=targets.device).index_fill(0, labels, True)


def complement(classes: int, present: Iterable[int]) -> list[int]:
    """The classes that are not among `present`.

    Examples:
        >>> complement(5, {2, 4})
        [0, 1, 3]
    """
    there = set(present)
    return [label for label in range(classes) if label not in there]
