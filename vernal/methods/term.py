"""Something that is added to the loss of any method."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor

from vernal.methods.card import Card
from vernal.methods.step import Step
from vernal.space import Range


class Term(ABC):
    """A term of the loss, beside whatever the method does.

    A term is a dataclass: its fields are its hyperparameters. It keeps no state: all that it compares with is the
    champion, `Step.champion`. It is asked after the method, so what the method made of the batches of the step costs
    nothing more: `Step.outputs`, and `Step.drawn` for those from memory.

    Attributes:
        card: facts for whoever chooses; which tasks it serves.
        space: ranges of the options that are worth tuning, by name, as those of `Method`.
    """

    card: ClassVar[Card] = Card()
    space: ClassVar[Mapping[str, Range]] = {}

    @abstractmethod
    def loss(self, step: Step) -> Tensor | None:
        """What is added to the loss of the method, a scalar; None for nothing, as in a first update."""


def mean_over_rows(step: Step, each: Callable[[Any, Any], Tensor]) -> Tensor:
    """The mean over all rows of a step, the new ones and those that the method has drawn from memory.

    Args:
        step: the step, after the method has computed its loss.
        each: gives the values of the rows of a batch, ``(B,)``, for its inputs and targets.
    """
    batches = [(step.x, step.y), *((batch["x"], batch["y"]) for batch in step.drawn)]
    return torch.cat([each(x, y) for x, y in batches]).mean()
