"""Experience replay with complementary learning systems."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from vernal.base import check_range
from vernal.memory import Policy, Selection, make_policy
from vernal.methods.card import Card
from vernal.methods.checks import check_replay
from vernal.methods.components import Complementary
from vernal.methods.method import Method
from vernal.methods.step import Step
from vernal.space import lograndint, loguniform


@dataclass
class CLSER(Method):
    r"""Replay, and stay close to two averages of the weights: one that adapts soon, and one that adapts late [1]_.

    With the new batch :math:`(x, y)`, a draw :math:`(x', y')` from memory, and :math:`\bar f(x')` the scores of that of
    both averages which does better on the row,

    .. math::
        \frac{\ell(f(x), y) + \alpha \, \ell(f(x'), y')}{1 + \alpha} + \beta \, \lVert f(x') - \bar f(x') \rVert_2^2 .

    After a step, each average moves with some probability: :math:`\theta_P \leftarrow d_P \theta_P + (1 - d_P) \theta`,
    and :math:`\theta_S` likewise. Predictions are made by the stable one.

    Args:
        memory_size: rows kept, at least 1; None for all rows ever seen.
        memory_batch: rows replayed a step, at least 1, on top of the new batch.
        alpha: weight of the replayed rows, at least 0.
        beta: weight of the distance to the averages, at least 0. More forgets less and adapts slower.
        plastic_decay: how much of the plastic average stays when it moves, from 0 to `stable_decay`.
        stable_decay: likewise of the stable average, up to 1. With d it is a mean over about 1 / (1 - d) moves: if an
            update has fewer steps, take less, or predictions lag behind.
        plastic_probability: how often the plastic average moves, above `stable_probability`, up to 1.
        stable_probability: how often the stable average moves, from 0.
        selection: which rows are kept: ``reservoir``, a uniform sample of all that was seen; ``balanced``, as many of
            every class; ``window``, the latest; or, as many of every class: ``gradient_matching`` and
            ``herding``, rows that stand for the others, better where few are kept; ``k_center``, outliers as well.

    Deviations:
        The squared norm is averaged over classes, as in the authors' code. The averages compute in evaluation mode,
        and the running statistics of normalisation layers are averaged as the weights are. The better average is the
        one with the smaller loss, for any task; for a classification that is the one with the higher probability of
        the true class, as in the paper. The memory is filled at the end of an update.

    References:
        .. [1] E. Arani, F. Sarfraz, B. Zonooz. Learning fast, learning slow: a general continual learning method based
           on complementary learning system. ICLR 2022. https://arxiv.org/abs/2201.12604
    """

    memory_size: int | None = 500
    memory_batch: int = 64
    alpha: float = 1.0
    beta: float = 0.1
    plastic_decay: float = 0.999
    stable_decay: float = 0.999
    plastic_probability: float = 0.9
    stable_probability: float = 0.7
    selection: Selection = "reservoir"

    card = Card(
        when="For long updates with many small steps, where predictions should be calm.",
        keeps="rows, and two averages of the weights",
        tied=True,
        forward=4.0,
        backward=2.0,
        group="replay",
    )
    # Not the decays and probabilities: they bound each other, and the user may have given some of them.
    space = {"alpha": loguniform(0.1, 10), "beta": loguniform(0.01, 1), "memory_batch": lograndint(16, 128)}

    def __post_init__(self) -> None:
        check_replay(self.memory_size, self.memory_batch, self.selection)
        check_range("alpha", self.alpha, 0)
        check_range("beta", self.beta, 0)
        self._averages = Complementary(
            self.plastic_decay, self.stable_decay, self.plastic_probability, self.stable_probability
        )

    def policy(self) -> Policy:
        """As `selection` says."""
        return make_policy(self.selection, self.memory_size)

    def start(self, champion: nn.Module, fresh: Callable[[], nn.Module]) -> nn.Module:  # noqa: ARG002
        """The champion; both averages get its architecture."""
        self._averages.attach(champion)
        return champion

    def loss(self, step: Step) -> Tensor:
        """The weighted mean of the losses on the new and the replayed batch, and the distance to the better average."""
        if not len(step.memory):
            return step.criterion(step.logits, step.y)
        old = step.memory.draw(self.memory_batch)
        new_logits, old_logits = step.forward(step.x, old["x"])
        loss = step.criterion(new_logits, step.y) + self.alpha * step.criterion(old_logits, old["y"])
        consistency = self._averages.consistency(step, old["x"], old["y"], old_logits)
        return loss / (1 + self.alpha) + self.beta * consistency

    def after_step(self, model: nn.Module) -> None:
        """The averages move."""
        self._averages.after_step(model)

    def predictor(self, model: nn.Module) -> nn.Module:
        """The stable average."""
        return self._averages.predictor(model)

    def state_dict(self) -> dict[str, Any]:
        """Both averages."""
        return self._averages.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take them up."""
        self._averages.load_state_dict(state)
