"""Experience replay as Renate weighs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from vernal.base import check_range, check_whole
from vernal.memory import Policy, Reservoir
from vernal.methods import Card, Method, Setting, Step
from vernal.methods.components import weighted_sum
from vernal.renate.updaters.class_mask import ClassMask


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
        mask_unused_classes: whether classes that are not in the chunk are left out of the loss on its rows.
    """

    memory_size: int = 32
    memory_batch: int = 16
    loss_weight: float = 1.0
    alpha: float = 1.0
    normalized: bool = True
    mask_unused_classes: bool = False

    card = Card(when="To go on as with Renate.", keeps="rows", forward=2.0, backward=2.0, group="replay")

    def __post_init__(self) -> None:
        check_whole("memory_size", self.memory_size, 1)
        check_whole("memory_batch", self.memory_batch, 1)
        check_range("loss_weight", self.loss_weight, 1e-12)
        check_range("alpha", self.alpha, 0)
        self._mask = ClassMask(self.mask_unused_classes)

    def policy(self) -> Policy:
        """A uniform sample of everything seen."""
        return Reservoir(self.memory_size)

    def begin(self, setting: Setting) -> None:
        """Look which classes the chunk has."""
        self._mask.begin(setting)

    def loss(self, step: Step) -> Tensor:
        """The weighted losses on new and replayed rows."""
        if not len(step.memory):
            return weighted_sum([(self.loss_weight, self._mask.loss(step, step.logits))], normalised=self.normalized)
        old = step.memory.draw(self.memory_batch)
        new_logits, old_logits = step.forward(step.x, old["x"])
        terms = [
            (self.loss_weight, self._mask.loss(step, new_logits)),
            (self.alpha, step.criterion(old_logits, old["y"])),
        ]
        return weighted_sum(terms, normalised=self.normalized)

    def state_dict(self) -> dict[str, Any]:
        """The classes of the chunk."""
        return self._mask.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take them up."""
        self._mask.load_state_dict(state)
