"""Dark experience replay as Renate weighs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from vernal.base import check_range, check_whole
from vernal.memory import Policy, Reservoir
from vernal.methods import Card, Method, Network, Setting, Step
from vernal.methods.components import weighted_sum
from vernal.renate.updaters.class_mask import ClassMask
from vernal.tasks import mean_squared_error, scores_of


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
        mask_unused_classes: whether classes that are not in the chunk are left out of the loss on its rows.
    """

    memory_size: int = 32
    memory_batch: int = 16
    loss_weight: float = 1.0
    alpha: float = 1.0
    beta: float = 1.0
    normalized: bool = True
    mask_unused_classes: bool = False

    card = Card(when="To go on as with Renate.", keeps="rows and outputs", forward=2.0, backward=2.0, group="replay")

    def __post_init__(self) -> None:
        check_whole("memory_size", self.memory_size, 1)
        check_whole("memory_batch", self.memory_batch, 1)
        check_range("loss_weight", self.loss_weight, 1e-12)
        check_range("alpha", self.alpha, 0)
        check_range("beta", self.beta, 0)
        self._mask = ClassMask(self.mask_unused_classes)

    def policy(self) -> Policy:
        """A uniform sample of everything seen."""
        return Reservoir(self.memory_size)

    def begin(self, setting: Setting) -> None:
        """Look which classes the chunk has."""
        self._mask.begin(setting)

    def loss(self, step: Step) -> Tensor:
        """The weighted losses on new rows, stored logits and stored labels."""
        if not len(step.memory):
            return weighted_sum([(self.loss_weight, self._mask.loss(step, step.logits))], normalised=self.normalized)
        old = step.memory.draw(self.memory_batch)
        new_logits, old_logits = step.forward(step.x, old["x"])
        scores, stored = step.task.scores(old_logits), step.task.scores(old["z"])
        terms = [
            (self.loss_weight, self._mask.loss(step, new_logits)),
            (self.alpha, mean_squared_error(scores, stored, step.task.class_dim)),
            (self.beta, step.criterion(old_logits, old["y"])),
        ]
        return weighted_sum(terms, normalised=self.normalized)

    def keep(self, model: Network, x: Any) -> dict[str, Tensor]:
        """The logits, or whatever the model gives."""
        outputs = model(x)
        scores = scores_of(outputs)
        return {"z": outputs if scores is None else scores}

    def state_dict(self) -> dict[str, Any]:
        """The classes of the chunk."""
        return self._mask.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take them up."""
        self._mask.load_state_dict(state)
