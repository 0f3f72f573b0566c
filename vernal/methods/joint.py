"""Training from scratch on everything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn

from vernal.data import Rows
from vernal.memory import Everything, Policy
from vernal.methods.method import Method, Step


@dataclass
class Joint(Method):
    r"""Train a fresh model on all rows of all chunks so far.

    .. math::
        \ell(f(x), y) \quad\text{over}\quad D_1 \cup \dots \cup D_t .

    The upper bound that other methods are held against, and what many teams do today. Its cost grows with every
    update: one epoch walks through everything ever seen.
    """

    def policy(self) -> Policy:
        """Everything stays."""
        return Everything()

    def start(self, champion: nn.Module, fresh: Callable[[], nn.Module]) -> nn.Module:  # noqa: ARG002
        """A fresh model."""
        return fresh()

    def rows(self, chunk: Rows, next_memory: Rows) -> Rows:  # noqa: ARG002
        """All rows of all chunks."""
        return next_memory

    def loss(self, step: Step) -> Tensor:
        """The loss on the batch."""
        return step.criterion(step.logits, step.y)
