"""GDumb."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from torch import nn

from vernal.base import check_whole
from vernal.data import Rows
from vernal.memory import Policy, make_policy
from vernal.methods.card import Card
from vernal.methods.method import Method
from vernal.methods.step import Pool


@dataclass
class GDumb(Method):
    r"""Keep a class-balanced memory, and train a fresh model on it alone [1]_.

    .. math::
        \ell(f(x), y) \quad\text{over}\quad \mathcal{M} .

    A baseline that shows how much of a method's result the memory alone explains. It never forgets more than its memory
    does, and ignores all that it does not hold.

    Args:
        memory_size: rows kept, at least 1.
        selection: which rows are kept, as many of every class: ``balanced``, at random; ``gradient_matching``, rows
            that stand for the others. What the trained model is asked for would come too late.

    Deviations:
        The authors train with cut-mix and a cosine schedule; here transforms and schedule are the user's.

    References:
        .. [1] A. Prabhu et al. GDumb: a simple approach that questions our progress in continual learning.
           ECCV 2020. https://doi.org/10.1007/978-3-030-58536-5_31
    """

    memory_size: int = 500
    selection: Literal["balanced", "gradient_matching"] = "balanced"

    card = Card(
        when="As a baseline: a method with the same memory must be better than this.",
        keeps="rows",
        group="baseline",
    )

    def __post_init__(self) -> None:
        check_whole("memory_size", self.memory_size, 1, hint="Use `fine_tune` to train without memory.")
        make_policy(self.selection, self.memory_size)

    def policy(self) -> Policy:
        """As many rows of every class."""
        return make_policy(self.selection, self.memory_size)

    def start(self, champion: nn.Module, fresh: Callable[[], nn.Module]) -> nn.Module:  # noqa: ARG002
        """A fresh model."""
        return fresh()

    def rows(self, pool: Pool) -> Rows:
        """What the memory holds, the new chunk's share included."""
        return pool.memory
