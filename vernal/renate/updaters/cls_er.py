"""Replay with complementary learning systems as Renate weighs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from vernal.base import check_range, check_whole
from vernal.memory import Policy, Reservoir
from vernal.methods import Card, Method, Setting, Step
from vernal.methods.components import Complementary, weighted_sum
from vernal.renate.updaters.class_mask import ClassMask


@dataclass
class RenateCLSER(Method):
    r"""Replay, and consistency with two averages of the weights, with a weight on each part.

    With the new batch :math:`(x, y)`, a draw :math:`(x', y')` from memory, and :math:`\bar f(x')` the logits of the
    better of both averages,

    .. math::
        w \, \ell(f(x), y) + \alpha \, \ell(f(x'), y') + \beta \, \lVert f(x') - \bar f(x') \rVert_2^2 ,

    divided by :math:`w + \alpha + \beta` if it is normalised; the squared norm is averaged over classes. While the
    memory is empty, only the first term is there. The model predicts, not the stable average: vernal's own `cls_er`
    predicts as its paper does.

    Args:
        memory_size: rows kept, at least 1; a uniform sample of all that was seen.
        memory_batch: rows replayed a step, at least 1.
        loss_weight: `w`, above 0.
        alpha: weight of the replayed rows, at least 0.
        beta: weight of the distance to the averages, at least 0.
        plastic_decay: how much of the plastic average stays when it moves, from 0 to `stable_decay`.
        stable_decay: likewise of the stable average, up to 1.
        plastic_probability: how often the plastic average moves, above `stable_probability`, up to 1.
        stable_probability: how often the stable average moves, from 0.
        normalized: whether to divide by the sum of the weights. If not, weights change the size of the steps.
        mask_unused_classes: whether classes that are not in the chunk are left out of the loss on its rows.
    """

    memory_size: int = 32
    memory_batch: int = 16
    loss_weight: float = 1.0
    alpha: float = 0.5
    beta: float = 0.1
    plastic_decay: float = 0.999
    stable_decay: float = 0.999
    plastic_probability: float = 0.9
    stable_probability: float = 0.7
    normalized: bool = True
    mask_unused_classes: bool = False

    card = Card(
        when="To go on as with Renate.",
        keeps="rows, and two averages of the weights",
        forward=4.0,
        backward=2.0,
        group="replay",
    )

    def __post_init__(self) -> None:
        check_whole("memory_size", self.memory_size, 1)
        check_whole("memory_batch", self.memory_batch, 1)
        check_range("loss_weight", self.loss_weight, 1e-12)
        check_range("alpha", self.alpha, 0)
        check_range("beta", self.beta, 0)
        self._mask = ClassMask(self.mask_unused_classes)
        self._averages = Complementary(
            self.plastic_decay, self.stable_decay, self.plastic_probability, self.stable_probability
        )

    def policy(self) -> Policy:
        """A uniform sample of everything seen."""
        return Reservoir(self.memory_size)

    def start(self, champion: nn.Module, fresh: Callable[[], nn.Module]) -> nn.Module:  # noqa: ARG002
        """The champion; both averages get its architecture."""
        self._averages.attach(champion)
        return champion

    def begin(self, setting: Setting) -> None:
        """Look which classes the chunk has."""
        self._mask.begin(setting)

    def loss(self, step: Step) -> Tensor:
        """The weighted losses on new and replayed rows, and the distance to the better average."""
        if not len(step.memory):
            return weighted_sum([(self.loss_weight, self._mask.loss(step, step.logits))], normalised=self.normalized)
        old = step.memory.draw(self.memory_batch)
        new_logits, old_logits = step.forward(step.x, old["x"])
        terms = [
            (self.loss_weight, self._mask.loss(step, new_logits)),
            (self.alpha, step.criterion(old_logits, old["y"])),
            (self.beta, self._averages.consistency(step, old["x"], old["y"], old_logits)),
        ]
        return weighted_sum(terms, normalised=self.normalized)

    def after_step(self, model: nn.Module) -> None:
        """The averages move."""
        self._averages.after_step(model)

    def state_dict(self) -> dict[str, Any]:
        """Both averages, and the classes of the chunk."""
        return {"averages": self._averages.state_dict(), "mask": self._mask.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take them up."""
        self._averages.load_state_dict(state["averages"])
        self._mask.load_state_dict(state["mask"])
