"""Offline experience replay."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from vernal.base import check_range
from vernal.memory import Policy, Selection, make_policy
from vernal.methods.card import Card
from vernal.methods.checks import check_replay
from vernal.methods.method import Method
from vernal.methods.step import Step
from vernal.space import choice, lograndint


@dataclass
class OfflineER(Method):
    r"""Replay, weighted by how much data there is on each side.

    With the new batch :math:`(x, y)` of a chunk of :math:`n` rows, and a draw :math:`(x', y')` from a memory that
    stands for the :math:`N` rows before it,

    .. math::
        w \, \ell(f(x), y) + (1 - w) \, \ell(f(x'), y') , \qquad w = \frac{n}{n + N} ,

    an estimate of the loss over all data ever seen, as training from scratch on everything would have it. Right where
    old and new rows matter equally, one by one; with many chunks behind, the new one weighs little.

    Args:
        memory_size: rows kept, at least 1; None for all rows ever seen.
        memory_batch: rows replayed a step, at least 1, on top of the new batch.
        weight_new: `w`, between 0 and 1; None for the share of the new rows.
        selection: which rows are kept: ``reservoir``, a uniform sample of all that was seen; ``balanced``, as many of
            every class; ``window``, the latest; or, as many of every class: ``gradient_matching`` and
            ``herding``, rows that stand for the others, better where few are kept; ``k_center``, outliers as well.
    """

    memory_size: int | None = 500
    memory_batch: int = 64
    weight_new: float | None = None
    selection: Selection = "reservoir"

    card = Card(
        when="Where old and new rows matter equally, one by one, and the memory is large.",
        keeps="rows",
        forward=2.0,
        backward=2.0,
        group="replay",
    )
    space = {"weight_new": choice(None, 0.1, 0.3, 0.5, 0.7), "memory_batch": lograndint(16, 128)}

    def __post_init__(self) -> None:
        check_replay(self.memory_size, self.memory_batch, self.selection)
        if self.weight_new is not None:
            check_range("weight_new", self.weight_new, 0, 1)

    def policy(self) -> Policy:
        """As `selection` says."""
        return make_policy(self.selection, self.memory_size)

    def loss(self, step: Step) -> Tensor:
        """The mean of the losses on new and replayed rows, weighted by the data behind each."""
        if not len(step.memory):
            return step.criterion(step.logits, step.y)
        old = step.memory.draw(self.memory_batch)
        new_logits, old_logits = step.forward(step.x, old["x"])
        weight = step.n_new / (step.n_new + step.n_before) if self.weight_new is None else self.weight_new
        new_loss, old_loss = step.criterion(new_logits, step.y), step.criterion(old_logits, old["y"])
        return weight * new_loss + (1 - weight) * old_loss
