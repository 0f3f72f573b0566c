"""Something that is added to the loss of any method."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from torch import Tensor

from vernal.methods.card import Card
from vernal.methods.step import Step


class Term(ABC):
    """A term of the loss, beside whatever the method does.

    A term is a dataclass: its fields are its hyperparameters. It keeps no state: all that it compares with is the
    champion, `Step.champion`.

    Attributes:
        card: facts for whoever chooses; which tasks it serves.
    """

    card: ClassVar[Card] = Card()

    @abstractmethod
    def loss(self, step: Step) -> Tensor | None:
        """What is added to the loss of the method, a scalar; None for nothing, as in a first update."""
