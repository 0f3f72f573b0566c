"""Dark experience replay as Renate weighs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor
from torch.nn import functional as F

from vernal.base import check_range, check_whole
from vernal.memory import Policy, Reservoir
from vernal.methods import Method, Step


@dataclass
class RenateDER(Method):
    r"""Replay of labels and logits, with a weight on each part.

    With the new batch :math:`(x, y)` and one draw :math:`(x', y', z')` from memory, where :math:`z'` are the logits at
    storing time,

    .. math::
        w \, \ell(f(x), y) + \alpha \, \lVert f(x') - z' \rVert_2^2 + \beta \, \ell(f(x'), y') ,

    divided by :math:`w + \alpha + \beta` if it is normalised; the squared norm is averaged over classes. While the
    memory is empty, only the first term is there. vernal's own `derpp` draws twice, as its paper does.

    Args:
        memory_size: rows kept, at least 1; a uniform sample of all that was seen.
        memory_batch: rows replayed a step, at least 1.
        loss_weight: `w`, above 0.
        alpha: weight of the logits, at least 0.
        beta: weight of the labels, at least 0. 0 is DER, above is DER++.
        normalized: whether to divide by the sum of the weights. If not, weights change the size of the steps.
    """

    memory_size: int = 32
    memory_batch: int = 16
    loss_weight: float = 1.0
    alpha: float = 1.0
    beta: float = 1.0
    normalized: bool = True

    def __post_init__(self) -> None:
        check_whole("memory_size", self.memory_size, 1)
        check_whole("memory_batch", self.memory_batch, 1)
        check_range("loss_weight", self.loss_weight, 1e-12)
        check_range("alpha", self.alpha, 0)
        check_range("beta", self.beta, 0)

    def policy(self) -> Policy:
        """A uniform sample of everything seen."""
        return Reservoir(self.memory_size)

    def loss(self, step: Step) -> Tensor:
        """The weighted losses on new rows, stored logits and stored labels."""
        if not len(step.memory):
            loss = step.criterion(step.logits, step.y)
            return loss if self.normalized else self.loss_weight * loss
        old = step.memory.draw(self.memory_batch)
        new_logits, old_logits = step.forward(step.x, old["x"])
        loss = self.loss_weight * step.criterion(new_logits, step.y)
        loss = loss + self.alpha * F.mse_loss(old_logits, old["z"])
        loss = loss + self.beta * step.criterion(old_logits, old["y"])
        return loss / (self.loss_weight + self.alpha + self.beta) if self.normalized else loss

    def keep(self, model: Callable[[Any], Any], x: Any) -> dict[str, Tensor]:
        """The logits."""
        return {"z": model(x)}
