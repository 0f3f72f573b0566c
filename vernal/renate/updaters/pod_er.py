"""Pooled outputs distillation on rows from memory as Renate weighs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from vernal.base import check_range, check_whole
from vernal.memory import Policy, Reservoir
from vernal.methods import Card, Method, Setting, Step
from vernal.methods.components import PooledOutputs, Pooling, weighted_sum
from vernal.renate.updaters.class_mask import ClassMask


@dataclass
class RenatePODER(Method):
    r"""New rows are learned; rows from memory only hold the features where they were.

    With the new batch :math:`(x, y)`, inputs :math:`x'` from memory, and the mean distance :math:`d` of pooled features
    :math:`h` from the champion's, over layers,

    .. math::
        w \, \ell(f(x), y) + \alpha \, d(h(x'), \hat h(x')) ,

    divided by :math:`w + \alpha` if it is normalised. Labels in memory do not count; vernal's own `pod_er`
    replays them.

    Args:
        memory_size: rows kept, at least 1; a uniform sample of all that was seen.
        memory_batch: rows replayed a step, at least 1.
        loss_weight: `w`, above 0.
        alpha: weight of the features, at least 0.
        layers: names of the modules whose outputs are compared; none for what the classifier is given.
        pooling: ``spatial``, ``height``, ``width``, ``channel``, ``gap`` or ``pixel``.
        normalized_features: whether only the direction of pooled features counts.
        normalized: whether to divide by the sum of the weights. If not, weights change the size of the steps.
        mask_unused_classes: whether classes that are not in the chunk are left out of the loss on its rows.
    """

    memory_size: int = 32
    memory_batch: int = 16
    loss_weight: float = 1.0
    alpha: float = 1.0
    layers: tuple[str, ...] = ()
    pooling: Pooling = "spatial"
    normalized_features: bool = True
    normalized: bool = True
    mask_unused_classes: bool = False

    card = Card(when="To go on as with Renate.", keeps="rows", forward=3.0, backward=2.0, group="replay")

    def __post_init__(self) -> None:
        check_whole("memory_size", self.memory_size, 1)
        check_whole("memory_batch", self.memory_batch, 1)
        check_range("loss_weight", self.loss_weight, 1e-12)
        check_range("alpha", self.alpha, 0)
        self._mask = ClassMask(self.mask_unused_classes)
        self._features = PooledOutputs(self.layers, self.pooling, self.normalized_features)

    def policy(self) -> Policy:
        """A uniform sample of everything seen."""
        return Reservoir(self.memory_size)

    def start(self, champion: nn.Module, fresh: Callable[[], nn.Module]) -> nn.Module:  # noqa: ARG002
        """The champion, if it has the layers."""
        self._features.check(champion)
        return champion

    def begin(self, setting: Setting) -> None:
        """Look which classes the chunk has."""
        self._mask.begin(setting)

    def loss(self, step: Step) -> Tensor:
        """The weighted loss on new rows, and the distance of the features of replayed ones."""
        if not len(step.memory):
            return weighted_sum([(self.loss_weight, self._mask.loss(step, step.logits))], normalised=self.normalized)
        old = step.memory.draw(self.memory_batch)
        with self._features.inside(step.model.module) as features:
            new_logits, _ = step.forward(step.x, old["x"])
        terms = [
            (self.loss_weight, self._mask.loss(step, new_logits)),
            (self.alpha, self._features.loss(step, old["x"], features)),
        ]
        return weighted_sum(terms, normalised=self.normalized)

    def state_dict(self) -> dict[str, Any]:
        """The classes of the chunk."""
        return self._mask.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take them up."""
        self._mask.load_state_dict(state)
