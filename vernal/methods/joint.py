"""Training from scratch on everything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from vernal.data import Rows
from vernal.memory import Everything, Policy
from vernal.methods.card import Card
from vernal.methods.method import Method
from vernal.methods.step import Pool


@dataclass
class Joint(Method):
    r"""Train a fresh model on all rows of all chunks so far.

    .. math::
        \ell(f(x), y) \quad\text{over}\quad D_1 \cup \dots \cup D_t .

    The upper bound that other methods are held against, and what many teams do today. Its cost grows with every
    update: one epoch walks through everything ever seen.
    """

    card = Card(
        when="As the bound that others are held against, or where data and time are plentiful.",
        keeps="all rows",
        group="baseline",
    )

    def policy(self) -> Policy:
        """Everything stays."""
        return Everything()

    def start(self, champion: nn.Module, fresh: Callable[[], nn.Module]) -> nn.Module:  # noqa: ARG002
        """A fresh model."""
        return fresh()

    def rows(self, pool: Pool) -> Rows:
        """All rows of all chunks."""
        return pool.memory
