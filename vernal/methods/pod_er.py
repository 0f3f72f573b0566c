"""Experience replay with pooled outputs distillation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn

from vernal.base import check_range
from vernal.memory import Policy, Selection, make_policy
from vernal.methods.card import Card
from vernal.methods.checks import check_replay
from vernal.methods.components import PooledOutputs, Pooling
from vernal.methods.method import Method
from vernal.methods.step import Step
from vernal.space import lograndint, loguniform


@dataclass
class PODER(Method):
    r"""Replay, and keep what happens inside the network close to what happened before the update [1]_.

    With the new batch :math:`(x, y)`, a draw :math:`(x', y')` from memory, and :math:`h_l`, :math:`\hat h_l` the
    features of layer :math:`l` in the model and in the champion,

    .. math::
        \frac{\ell(f(x), y) + \alpha \, \ell(f(x'), y')}{1 + \alpha}
        + \frac{\beta}{L} \sum_{l=1}^{L} \lVert p(h_l(x')^2) - p(\hat h_l(x')^2) \rVert_2 ,

    where :math:`p` pools. What the pooling does not see may change freely, so the coarser it is, the more the network
    can still learn.

    Args:
        memory_size: rows kept, at least 1; None for all rows ever seen.
        memory_batch: rows replayed a step, at least 1, on top of the new batch.
        alpha: weight of the replayed rows, at least 0.
        beta: weight of the features, at least 0. More forgets less and adapts slower.
        layers: names of the modules whose outputs are compared, as in `model.named_modules()`; none for what the
            classifier is given. In a ResNet, its four stages.
        pooling: ``spatial``, sums along height and along width; ``height``, ``width``, ``channel``, ``gap`` or
            ``pixel``, for no pooling. Only features ``(B, C, H, W)`` are pooled.
        normalised: whether only the direction of pooled features counts, so that all layers weigh the same.
        selection: which rows are kept: ``reservoir``, a uniform sample of all that was seen; ``balanced``, as many of
            every class; ``window``, the latest; or, as many of every class: ``gradient_matching`` and
            ``herding``, rows that stand for the others, better where few are kept; ``k_center``, outliers as well.

    Deviations:
        The paper compares new rows, too, and has a classifier of its own. Renate, where POD-ER comes from, keeps the
        features with the rows in memory; here the champion computes them, as in the paper: what flows inside a
        network is often larger than the row itself, and a row that is augmented anew has other features.

    References:
        .. [1] A. Douillard et al. PODNet: pooled outputs distillation for small-tasks incremental learning.
           ECCV 2020. https://arxiv.org/abs/2004.13513
    """

    memory_size: int | None = 500
    memory_batch: int = 64
    alpha: float = 1.0
    beta: float = 1.0
    layers: tuple[str, ...] = ()
    pooling: Pooling = "spatial"
    normalised: bool = True
    selection: Selection = "reservoir"

    card = Card(
        when="For deep networks on images, where the features are worth keeping.",
        keeps="rows",
        forward=3.0,
        backward=2.0,
        group="replay",
    )
    space = {"alpha": loguniform(0.1, 10), "beta": loguniform(0.1, 10), "memory_batch": lograndint(16, 128)}

    def __post_init__(self) -> None:
        check_replay(self.memory_size, self.memory_batch, self.selection)
        check_range("alpha", self.alpha, 0)
        check_range("beta", self.beta, 0)
        self._features = PooledOutputs(self.layers, self.pooling, self.normalised)

    def policy(self) -> Policy:
        """As `selection` says."""
        return make_policy(self.selection, self.memory_size)

    def start(self, champion: nn.Module, fresh: Callable[[], nn.Module]) -> nn.Module:  # noqa: ARG002
        """The champion, if it has the layers."""
        self._features.check(champion)
        return champion

    def loss(self, step: Step) -> Tensor:
        """The weighted mean of the losses on the new and the replayed batch, and the distance of the features."""
        if not len(step.memory):
            return step.criterion(step.logits, step.y)
        old = step.memory.draw(self.memory_batch)
        with self._features.inside(step.model.module) as features:
            new_logits, old_logits = step.forward(step.x, old["x"])
        loss = step.criterion(new_logits, step.y) + self.alpha * step.criterion(old_logits, old["y"])
        return loss / (1 + self.alpha) + self.beta * self._features.loss(step, old["x"], features)
