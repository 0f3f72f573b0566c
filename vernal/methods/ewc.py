"""Elastic weight consolidation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from vernal.base import check_range, check_whole
from vernal.methods.card import Card
from vernal.methods.method import Method
from vernal.methods.row_gradients import mean_over_rows
from vernal.methods.step import Setting
from vernal.methods.weight_state import WeightState, pull_
from vernal.space import loguniform


@dataclass
class EWC(Method):
    r"""Hold each weight where earlier updates left it, the firmer the more their predictions depend on it.

    With the weights :math:`\theta_k` after update `k`, and the diagonal of the Fisher information there, a mean over
    rows, :math:`F_{k,i} = \mathbb{E}_{(x, y)} \big[ (\partial \ell(f(x), y) / \partial \theta_i)^2 \big]`,

    .. math::
        \ell(f(x), y) + \frac{\lambda}{2} \sum_{k} \sum_i F_{k,i} \, (\theta_i - \theta_{k,i})^2 ,

    with an anchor for every update [1]_; or online [2]_, where the latest weights are the anchor of all,

    .. math::
        \ell(f(x), y) + \frac{\lambda}{2} \sum_i \tilde F_i \, (\theta_i - \theta_{k,i})^2 , \qquad
        \tilde F \leftarrow \gamma \tilde F + F_k .

    The loss that is reported is the first term. The method keeps no rows. It helps where the inputs change and the
    classes stay, and for pretrained models; where every update brings classes of its own, it is no better than
    fine-tuning.

    Args:
        strength: `lambda`, at least 0. More forgets less and adapts slower. Above 2 over the learning rate and the
            largest entry of `F`, training diverges.
        online: whether the latest weights are the anchor of all updates.
        decay: `gamma`, from 0 to 1: what earlier updates still count after the next one.
        fisher_rows: rows that the Fisher information is computed on, drawn from the chunk; None for all.

    Deviations:
        The Fisher information is that of the true labels ("empirical"), not of labels drawn from the model. A sum of
        quadratics is a quadratic: with :math:`F = \sum_k F_k` and :math:`\bar\theta = \sum_k F_k \theta_k / F`,
        :math:`\sum_k F_k (\theta - \theta_k)^2 = F (\theta - \bar\theta)^2` but for a constant. So separate anchors are
        kept as one, with the same gradients, in a state that does not grow. They may decay as well.

    References:
        .. [1] J. Kirkpatrick et al. Overcoming catastrophic forgetting in neural networks. PNAS 2017.
           https://arxiv.org/abs/1612.00796
        .. [2] J. Schwarz et al. Progress & compress: a scalable framework for continual learning. ICML 2018.
           https://arxiv.org/abs/1805.06370
    """

    strength: float = 100.0
    online: bool = False
    decay: float = 1.0
    fisher_rows: int | None = 1000

    card = Card(
        when="Inputs change, classes stay, and no rows may be kept. It does not help with new classes.",
        keeps="two numbers for each weight",
        tied=True,
        once="the gradient of each of `fisher_rows` rows",
        group="regularisation",
    )
    # What `decay` does shows in the next update only, so no trial of this one can tell.
    space = {"strength": loguniform(1, 10_000)}

    def __post_init__(self) -> None:
        check_range("strength", self.strength, 0)
        check_range("decay", self.decay, 0, 1)
        if self.fisher_rows is not None:
            check_whole("fisher_rows", self.fisher_rows, 1)
        self._state = WeightState("importance", "anchors")

    def begin(self, setting: Setting) -> None:
        """Demand the architecture that the anchors belong to; a classifier may have grown."""
        self._state.on(setting.model.module, anew=True)

    def before_step(self, model: nn.Module) -> None:
        """Let the anchors pull."""
        if self.strength and "importance" in self._state:
            state = self._state.on(model)
            pull_(state.parameters, state["anchors"], state["importance"], self.strength / 2)

    def end(self, setting: Setting) -> None:
        """Add the Fisher information of this update, and move the anchors."""
        fisher = mean_over_rows(torch.square, setting.model, setting.criterion, setting.batches, self.fisher_rows)
        state = self._state.on(setting.model.module)
        weights = state.values()
        if "importance" not in state:
            state["importance"], state["anchors"] = fisher, weights
            return
        total = [self.decay * before + new for before, new in zip(state["importance"], fisher, strict=True)]
        if not self.online:
            weights = [
                torch.lerp(anchor, now, torch.nan_to_num(new / whole, 0.0))
                for anchor, now, new, whole in zip(state["anchors"], weights, fisher, total, strict=True)
            ]
        state["importance"], state["anchors"] = total, weights

    def state_dict(self) -> dict[str, Any]:
        """The Fisher information, and the anchors."""
        return self._state.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take them up."""
        self._state.load_state_dict(state)
