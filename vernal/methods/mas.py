"""Memory aware synapses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from vernal.base import check_range, check_whole
from vernal.methods.card import Card
from vernal.methods.method import Method
from vernal.methods.row_gradients import mean_over_rows
from vernal.methods.step import Setting
from vernal.methods.weight_state import WeightState, pull_
from vernal.space import loguniform


@dataclass
class MAS(Method):
    r"""Hold each weight where the last update left it, the firmer the more the outputs depend on it [1]_.

    With the weights :math:`\theta^*` at the start of the update,

    .. math::
        \ell(f(x), y) + \lambda \sum_i \Omega_i \, (\theta_i - \theta_i^*)^2 , \qquad
        \Omega_i = \mathbb{E}_x \left| \frac{\partial \lVert f(x) \rVert_2^2}{\partial \theta_i} \right| ,

    where :math:`\Omega` is the mean over the rows of an update, and the mean over updates. The loss that is reported is
    the first term.

    The outputs alone say what is important, so no labels are needed, and any task will do. It helps where the inputs
    change and the classes stay; where every update brings classes of its own, it is no better than fine-tuning.

    Args:
        strength: `lambda`, at least 0. More forgets less and adapts slower. With the authors' 1, images at a learning
            rate of 0.05 diverged.
        importance_rows: rows that the importance is computed on, drawn from the chunk; None for all.

    Deviations:
        Importances are averaged over updates, where the authors' code adds them up: else the same `strength` would
        hold firmer with every update.

    References:
        .. [1] R. Aljundi et al. Memory aware synapses: learning what (not) to forget. ECCV 2018.
           https://arxiv.org/abs/1711.09601
    """

    strength: float = 0.1
    importance_rows: int | None = 1000

    card = Card(
        when="As `ewc`, where the loss says little: a task of your own. It does not help with new classes.",
        keeps="one number for each weight",
        tied=True,
        once="the gradient of each of `importance_rows` rows",
        group="regularisation",
    )
    space = {"strength": loguniform(0.001, 10)}

    def __post_init__(self) -> None:
        check_range("strength", self.strength, 0)
        if self.importance_rows is not None:
            check_whole("importance_rows", self.importance_rows, 1)
        self._state = WeightState("importance", "anchors")
        self._updates = 0

    def begin(self, setting: Setting) -> None:
        """The weights at the start are the anchors."""
        state = self._state.on(setting.model.module, anew=True)
        if self._updates:
            state["anchors"] = state.values()

    def before_step(self, model: nn.Module) -> None:
        """Let the anchors pull."""
        if self.strength and self._updates:
            state = self._state.on(model)
            pull_(state.parameters, state["anchors"], state["importance"], self.strength)

    def end(self, setting: Setting) -> None:
        """Average the importance that the outputs show on this update's rows with that of earlier ones."""

        def size(outputs: Any, _: Any) -> Tensor:
            return setting.task.scores(outputs).square().sum()

        found = mean_over_rows(torch.abs, setting.model, size, setting.batches, self.importance_rows)
        state = self._state.on(setting.model.module)
        if self._updates:
            found = [
                known.lerp(new, 1 / (self._updates + 1)) for known, new in zip(state["importance"], found, strict=True)
            ]
        state["importance"] = found
        del state["anchors"]
        self._updates += 1

    def state_dict(self) -> dict[str, Any]:
        """The importances, and of how many updates; during an update also the anchors."""
        return {**self._state.state_dict(), "updates": self._updates}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take them up."""
        self._state.load_state_dict(state)
        self._updates = state["updates"]
