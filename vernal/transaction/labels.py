"""The labels of new data, as the model sees them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import torch
from torch import Tensor

from vernal.data import Chunk, fixed_randomness
from vernal.tasks import Task
from vernal.training import Transforms

TASK_ID = "x.task_id"  # the leaf that says which head a row belongs to
NO_TASK = -1  # the task of rows that do not say
AT_A_TIME = 4096  # rows that are held
AT_ONCE = 2**20  # labels that are compared: what a processor's cache holds

Span = tuple[int, int]
Targets = Tensor | list[Tensor]


def label_spans(parts: Iterable[Chunk], task: Task, transforms: Transforms) -> dict[int, Span]:
    """The smallest and the largest label of some data, task by task.

    Args:
        parts: the data. A dataset whose targets are one whole number a row is not read again.
        task: what the targets ask. One without classes has no labels; a nested target has none either.
        transforms: of these the one that makes the model's targets of the rows' is applied.

    Returns:
        By task, or by `NO_TASK`; empty if there are no labels. What the task ignores is left out.

    Raises:
        DataError: the transform fails.
    """
    spans: dict[int, Span] = {}
    for part in parts:
        if task.classes and "y" in part.schema.leaves:
            for task_id, labels in _by_task(part, transforms):
                for some in torch.split(labels.flatten(), AT_ONCE):
                    span = _span(some, getattr(task, "ignore", None))
                    if span is not None:
                        spans[task_id] = wider(spans.get(task_id), span)
    return spans


def wider(one: Span | None, other: Span) -> Span:
    """From the smallest to the largest label of both."""
    return other if one is None else (min(one[0], other[0]), max(one[1], other[1]))


def _span(labels: Tensor, ignored: int | None) -> Span | None:
    """From the smallest to the largest of the labels that count."""
    # A byte compared with -100 would be compared with 156.
    signed = ignored is not None and ignored < 0 and labels.dtype == torch.uint8
    counted = labels if ignored is None or signed else labels[labels != ignored]
    if not counted.numel():
        return None
    smallest, largest = torch.aminmax(counted)
    return int(smallest), int(largest)


def _by_task(part: Chunk, transforms: Transforms) -> Iterator[tuple[int, Tensor]]:
    told = TASK_ID in part.schema.leaves
    if part.labels is not None and transforms.y is None and not told:
        yield NO_TASK, torch.from_numpy(part.labels)
        return
    with fixed_randomness(0):  # As the data was read for its fingerprint.
        for labels, task_ids in _blocks(part, transforms, told):
            if task_ids is None:
                yield from ((NO_TASK, some) for some in ([labels] if isinstance(labels, Tensor) else labels))
            else:
                yield from ((int(one), _of(labels, task_ids == one)) for one in np.unique(task_ids))


def _blocks(part: Chunk, transforms: Transforms, told: bool) -> Iterator[tuple[Targets, Tensor | None]]:
    """Targets, and the tasks of their rows if these are told."""
    if transforms.y is None:
        for leaves in part.rows.blocks():
            yield leaves["y"], torch.as_tensor(leaves[TASK_ID]) if told else None
        return
    for places in torch.split(_telling(part, told), AT_A_TIME):
        task_ids = torch.as_tensor(part.rows.leaves(places)[TASK_ID]) if told else None
        yield _transformed(part, places, transforms), task_ids


def _telling(part: Chunk, told: bool) -> Tensor:
    """The places of rows with all labels: one of each class is enough, where a row has one and no task."""
    if part.labels is None or told:
        return torch.arange(len(part))
    return torch.from_numpy(np.unique(part.labels, return_index=True)[1])


def _transformed(part: Chunk, places: Tensor, transforms: Transforms) -> list[Tensor]:
    alone = Transforms(y=transforms.y)
    targets = [alone.of_rows([(0, y)], part.schema)[1] for _, y in part.rows.items(places)]
    return [y if isinstance(y, Tensor) else torch.empty(0) for y in targets]


def _of(labels: Targets, chosen: Tensor) -> Tensor:
    if isinstance(labels, Tensor):
        return labels[chosen]
    return torch.cat([one.flatten() for one, here in zip(labels, chosen.tolist(), strict=True) if here])
