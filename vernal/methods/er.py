"""Experience replay."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from vernal.base import check_range
from vernal.memory import Policy, Selection, make_policy
from vernal.methods.card import Card
from vernal.methods.checks import check_replay
from vernal.methods.method import Method
from vernal.methods.step import Step
from vernal.space import lograndint, loguniform


@dataclass
class ER(Method):
    r"""Replay rows of earlier chunks beside every new batch [1]_.

    With the new batch :math:`(x, y)` and a draw :math:`(x', y')` from memory,

    .. math::
        \frac{\ell(f(x), y) + \alpha \, \ell(f(x'), y')}{1 + \alpha} .

    The method to begin with: it needs nothing but the rows, works for any task and loss, and is hard to beat.

    Args:
        memory_size: rows kept, at least 1; None for all rows ever seen. More forgets less.
        memory_batch: rows replayed a step, at least 1, on top of the new batch. More costs time.
        alpha: weight of the replayed rows, at least 0. More forgets less and adapts slower.
        selection: which rows are kept: ``reservoir``, a uniform sample of all that was seen; ``balanced``, as many of
            every class; ``window``, the latest; or, as many of every class: ``gradient_matching`` and
            ``herding``, rows that stand for the others, better where few are kept; ``k_center``, outliers as well.

    Deviations:
        The memory is filled at the end of an update, not row by row, so replayed rows are from earlier chunks.

    References:
        .. [1] A. Chaudhry et al. On tiny episodic memories in continual learning. 2019.
           https://arxiv.org/abs/1902.10486
    """

    memory_size: int | None = 500
    memory_batch: int = 64
    alpha: float = 1.0
    selection: Selection = "reservoir"

    card = Card(
        when="To begin with: any task, any model, little to tune.",
        keeps="rows",
        forward=2.0,
        backward=2.0,
        group="replay",
    )
    space = {"alpha": loguniform(0.1, 10), "memory_batch": lograndint(16, 128)}

    def __post_init__(self) -> None:
        check_replay(self.memory_size, self.memory_batch, self.selection)
        check_range("alpha", self.alpha, 0)

    def policy(self) -> Policy:
        """As `selection` says."""
        return make_policy(self.selection, self.memory_size)

    def loss(self, step: Step) -> Tensor:
        """The weighted mean of the losses on the new and the replayed batch."""
        if not len(step.memory):
            return step.criterion(step.logits, step.y)
        old = step.memory.draw(self.memory_batch)
        new_logits, old_logits = step.forward(step.x, old["x"])
        loss = step.criterion(new_logits, step.y) + self.alpha * step.criterion(old_logits, old["y"])
        return loss / (1 + self.alpha)
