"""Synaptic intelligence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from vernal.base import check_range
from vernal.methods.card import Card
from vernal.methods.method import Method
from vernal.methods.step import Setting
from vernal.methods.weight_state import WeightState, pull_
from vernal.space import loguniform


@dataclass
class SI(Method):
    r"""Hold each weight where the last update left it, the firmer the more its way there lowered the loss [1]_.

    With the weights :math:`\tilde\theta` at the start of the update,

    .. math::
        \ell(f(x), y) + c \sum_i \Omega_i \, (\theta_i - \tilde\theta_i)^2 .

    Along the way every weight collects what its steps took off the loss, with the gradient :math:`g` of
    :math:`\ell` alone; at the end of an update that counts relative to how far the weight came,

    .. math::
        \omega_i = - \sum_t g_i(t) \, \Delta\theta_i(t) , \qquad
        \Omega_i \leftarrow \Omega_i + \frac{\omega_i}{(\theta_i - \tilde\theta_i)^2 + \xi} .

    The loss that is reported is the first term. The method keeps no rows, and needs no pass over them after training.
    It helps where the inputs change and the classes stay; where every update brings classes of its own, it is no
    better than fine-tuning.

    Args:
        strength: `c`, at least 0. More forgets less and adapts slower.
        damping: `xi`, above 0: weights that moved less than its root do not become important.

    Deviations:
        An importance that falls below 0, as steps raised the loss, is set to 0, as in the authors' code. Gradients
        are those before clipping.

    References:
        .. [1] F. Zenke, B. Poole, S. Ganguli. Continual learning through synaptic intelligence. ICML 2017.
           https://arxiv.org/abs/1703.04200
    """

    strength: float = 0.5
    damping: float = 0.1

    card = Card(
        when="As `ewc`, where a pass over the rows after training costs too much. It does not help with new classes.",
        keeps="one number for each weight",
        tied=True,
        group="regularisation",
    )
    # What `damping` does shows in the next update only, so no trial of this one can tell.
    space = {"strength": loguniform(0.01, 100)}

    def __post_init__(self) -> None:
        check_range("strength", self.strength, 0)
        check_range("damping", self.damping, 1e-8)
        self._state = WeightState("importance", "anchors", "path")
        self._gradients: list[Tensor] = []
        self._before: list[Tensor] = []

    def begin(self, setting: Setting) -> None:
        """The weights at the start are the anchors; nobody has moved yet."""
        state = self._state.on(setting.model.module, anew=True)
        state["anchors"], state["path"] = state.values(), state.zeros()

    def before_step(self, model: nn.Module) -> None:
        """Look at the gradients of the loss alone, and at where the weights are; then let the anchors pull."""
        state = self._state.on(model)
        self._gradients, self._before = _gradients(state), state.values()
        if self.strength and "importance" in state:
            pull_(state.parameters, state["anchors"], state["importance"], self.strength)

    @torch.no_grad()
    def after_step(self, model: nn.Module) -> None:
        """What the step took off the loss, to first order."""
        state = self._state.on(model)
        step = torch._foreach_sub(state.parameters, self._before)  # noqa: SLF001 - as torch's own optimisers do
        torch._foreach_addcmul_(state["path"], self._gradients, step, -1)
        self._gradients, self._before = [], []

    def end(self, setting: Setting) -> None:
        """Add the importance that this update showed."""
        state = self._state.on(setting.model.module)
        if "importance" not in state:
            state["importance"] = state.zeros()
        parts = zip(state["importance"], state["path"], state.values(), state["anchors"], strict=True)
        state["importance"] = [
            (known + path / ((now - start).square() + self.damping)).clamp(min=0) for known, path, now, start in parts
        ]
        del state["path"], state["anchors"]

    def state_dict(self) -> dict[str, Any]:
        """The importances; during an update also the way so far, and where it began."""
        return self._state.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take them up."""
        self._state.load_state_dict(state)


def _gradients(state: WeightState) -> list[Tensor]:
    """The gradients of all weights, in a copy; 0 where there is none.

    In half precision a step whose gradients overflow is left out, and must not spoil the sum: 0 in place of infinity.
    """
    return [
        torch.zeros_like(path) if p.grad is None else torch.nan_to_num(p.grad.to(path.dtype), 0.0, 0.0, 0.0)
        for p, path in zip(state.parameters, state["path"], strict=True)
    ]
