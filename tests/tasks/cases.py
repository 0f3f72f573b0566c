"""A small batch for every task: what a model says, and targets of which some are unknown where the task allows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from vernal.tasks import (
    Classification,
    Heteroscedastic,
    MultiLabel,
    Other,
    Ranking,
    Regression,
    Segmentation,
    SequenceLabelling,
    Task,
)

ROWS = 6
NAN = torch.nan


@dataclass(frozen=True)
class Case:
    task: Task
    shape: tuple[int, ...]
    targets: Tensor

    def outputs(self, seed: int = 0, dtype: torch.dtype = torch.float32) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        return torch.randn(self.shape, generator=generator).to(dtype)

    def __str__(self) -> str:
        return repr(self.task)


def whole(seed: int, classes: int, *shape: int, ignore: int | None = None) -> Tensor:
    """Random classes; the first row, and the first place of each, do not count."""
    labels = torch.randint(classes, shape, generator=torch.Generator().manual_seed(seed))
    if ignore is not None:
        labels[0] = ignore
        labels[:, 0] = ignore
    return labels


def decimal(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def with_gaps(labels: Tensor, gap: float) -> Tensor:
    labels = labels.float() if gap != -1 else labels
    labels[0] = gap
    labels[1:3, 1] = gap
    return labels


TAGS = ("O", "B-PER", "I-PER")
CASES = [
    Case(Classification(), (ROWS, 4), whole(1, 4, ROWS)),
    Case(MultiLabel(), (ROWS, 3), whole(1, 2, ROWS, 3)),
    Case(MultiLabel(), (ROWS, 3), with_gaps(whole(1, 2, ROWS, 3), -1)),
    Case(MultiLabel(), (ROWS, 3), with_gaps(whole(1, 2, ROWS, 3), NAN)),
    Case(Regression(), (ROWS, 1), decimal(1, ROWS)),
    Case(Regression(), (ROWS, 3), decimal(1, ROWS, 3)),
    Case(Heteroscedastic(), (ROWS, 2), decimal(1, ROWS)),
    Case(Heteroscedastic(), (ROWS, 6), decimal(1, ROWS, 3)),
    Case(Ranking(), (ROWS, 5), with_gaps(whole(1, 4, ROWS, 5), -1)),
    Case(Ranking("pairwise"), (ROWS, 5), with_gaps(whole(1, 4, ROWS, 5), NAN)),
    Case(Ranking("lambda", at=3), (ROWS, 5, 1), with_gaps(whole(1, 4, ROWS, 5), NAN)),
    Case(Segmentation(), (ROWS, 4, 3, 2), whole(1, 4, ROWS, 3, 2, ignore=255).to(torch.uint8)),
    Case(Segmentation(ignore=-1), (ROWS, 4, 7), whole(1, 4, ROWS, 7, ignore=-1)),
    Case(SequenceLabelling(), (ROWS, 5, 3), whole(1, 3, ROWS, 5, ignore=-100)),
    Case(SequenceLabelling(tags=TAGS), (ROWS, 5, 3), whole(1, 3, ROWS, 5, ignore=-100)),
    Case(Other(), (ROWS, 4), decimal(1, ROWS)),
]
LEARNED = [case for case in CASES if not isinstance(case.task, Other)]


def copy_of(outputs: Tensor) -> Any:
    return outputs.detach().clone().requires_grad_()
