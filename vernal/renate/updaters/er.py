"""Experience replay as Renate weighs it."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from vernal.base import check_range, check_whole
from vernal.memory import Policy, Reservoir
from vernal.methods import Method, Step


@dataclass
class RenateER(Method):
    r"""Replay, with a weight on each side.

    With the new batch :math:`(x, y)` and a draw :math:`(x', y')` from memory,

    .. math::
        w \, \ell(f(x), y) + \alpha \, \ell(f(x'), y') ,

    divided by :math:`w + \alpha` if it is normalised. While the memory is empty, the term with :math:`\alpha` is not
    there, neither in the sum nor in the divisor.

    Args:
        memory_size: rows kept, at least 1; a uniform sample of all that was seen.
        memory_batch: rows replayed a step, at least 1.
        loss_weight: `w`, above 0.
        alpha: weight of the replayed rows, at least 0.
        normalized: whether to divide by the sum of the weights. If not, weights change the size of the steps.
    """

    memory_size: int = 32
    memory_batch: int = 16
    loss_weight: float = 1.0
    alpha: float = 1.0
    normalized: bool = True

    def __post_init__(self) -> None:
        check_whole("memory_size", self.memory_size, 1)
        check_whole("memory_batch", self.memory_batch, 1)
        check_range("loss_weight", self.loss_weight, 1e-12)
        check_range("alpha", self.alpha, 0)

    def policy(self) -> Policy:
        """A uniform sample of everything seen."""
        return Reservoir(self.memory_size)

    def loss(self, step: Step) -> Tensor:
        """The weighted losses on new and replayed rows."""
        if not len(step.memory):
            loss = step.criterion(step.logits, step.y)
            return loss if self.normalized else self.loss_weight * loss
        old = step.memory.draw(self.memory_batch)
        new_logits, old_logits = step.forward(step.x, old["x"])
        loss = self.loss_weight * step.criterion(new_logits, step.y)
        loss = loss + self.alpha * step.criterion(old_logits, old["y"])
        return loss / (self.loss_weight + self.alpha) if self.normalized else loss
