"""Methods of kinds that vernal does not ship yet, written as a user would, to prove that the door serves them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from vernal.base import check_range
from vernal.methods import Card, Method, Setting, Stage, Step
from vernal.models import grown_like
from vernal.space import loguniform


@dataclass
class Anchored(Method):
    r"""Hold each weight where the last update left it, the firmer the more it moved the loss: EWC and SI in small.

    .. math::
        \ell(f(x), y) + \lambda \sum_i \Omega_i (\theta_i - \theta_i^*)^2 .

    Args:
        strength: `lambda`, at least 0.
    """

    strength: float = 1.0

    card = Card(when="As an example.")
    space = {"strength": loguniform(0.1, 10)}

    def __post_init__(self) -> None:
        check_range("strength", self.strength, 0)
        self._anchors: dict[str, Tensor] = {}
        self._importance: dict[str, Tensor] = {}
        self._squares: dict[str, Tensor] = {}
        self._updates = 0

    def begin(self, setting: Setting) -> None:
        """Nothing was seen in this update yet."""
        self._squares = {name: torch.zeros_like(p) for name, p in setting.model.module.named_parameters()}

    def loss(self, step: Step) -> Tensor:
        """The loss on the new batch, and the pull of the anchors."""
        loss = step.criterion(step.logits, step.y)
        for name, parameter in step.model.module.named_parameters():
            if name in self._anchors:
                importance, anchor = (grown_like(old[name], parameter) for old in (self._importance, self._anchors))
                pull = importance * (parameter - anchor) ** 2
                loss = loss + self.strength * pull.sum()
        return loss

    def after_step(self, model: nn.Module) -> None:
        """Collect how much each weight is worth, along the way."""
        for name, parameter in model.named_parameters():
            anchor = grown_like(self._anchors[name], parameter) if name in self._anchors else torch.zeros(())
            self._squares[name] += (parameter.detach() - anchor) ** 2

    def end(self, setting: Setting) -> None:
        """Cast new anchors; add up the importance of weights, by their gradients on the chunk."""
        setting.model.module.zero_grad()
        for x, y in setting.batches():
            setting.criterion(setting.model(x), y).backward()
        for name, parameter in setting.model.module.named_parameters():
            assert parameter.grad is not None
            new = parameter.grad**2 + 0.01 * self._squares[name]
            self._importance[name] = grown_like(self._importance.get(name, torch.zeros_like(new)), new) + new
            self._anchors[name] = parameter.detach().clone()
        setting.model.module.zero_grad()
        self._squares = {}
        self._updates += 1

    def state_dict(self) -> dict[str, Any]:
        """Anchors and importance."""
        return {
            "anchors": self._anchors,
            "importance": self._importance,
            "squares": self._squares,
            "updates": self._updates,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take them up."""
        self._anchors, self._importance = dict(state["anchors"]), dict(state["importance"])
        self._squares, self._updates = dict(state["squares"]), state["updates"]


@dataclass
class NearestMean(Method):
    """Leave the network as it is, and compare its features with the mean of every class.

    Examples:
        >>> NearestMean().state_dict()
        {'sums': {}, 'counts': {}}
    """

    card = Card(when="As an example.", tasks=("classification",), forward=1.0, backward=0.0)

    def __post_init__(self) -> None:
        self._sums: dict[int, Tensor] = {}
        self._counts: dict[int, int] = {}

    def start(self, champion: nn.Module, fresh: Callable[[], nn.Module]) -> nn.Module:
        """The champion."""
        return champion

    def stages(self, first: bool) -> tuple[Stage, ...]:
        """Nothing to descend."""
        return (Stage("statistics", share=0),)

    def end(self, setting: Setting) -> None:
        """Add the chunk to sums and counts of its classes."""
        with torch.no_grad():
            for x, y in setting.batches():
                for feature, label in zip(_features(setting.model.module, x), y.tolist(), strict=True):
                    self._sums[label] = self._sums.get(label, torch.zeros_like(feature)) + feature
                    self._counts[label] = self._counts.get(label, 0) + 1

    def predictor(self, model: nn.Module) -> nn.Module:
        """The nearest mean; the model itself before there is any."""
        if not self._sums:
            return model
        return _ByMeans(model, {label: self._sums[label] / self._counts[label] for label in self._sums})

    def state_dict(self) -> dict[str, Any]:
        """Sums and counts."""
        return {"sums": self._sums, "counts": self._counts}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take them up."""
        self._sums, self._counts = dict(state["sums"]), dict(state["counts"])


class _ByMeans(nn.Module):
    def __init__(self, model: nn.Module, means: Mapping[int, Tensor]) -> None:
        super().__init__()
        self._model, self._means = model, means

    def forward(self, x: Tensor) -> Tensor:
        """Scores: the negative squared distance to the mean of every class; -1e9 for a class without."""
        features = _features(self._model, x)
        scores = torch.full_like(self._model(x), -1e9)
        for label, mean in self._means.items():
            scores[:, label] = -((features - mean) ** 2).sum(1)
        return scores


def _features(model: nn.Module, x: Tensor) -> Tensor:
    hidden: Tensor = model[:2](x)  # type: ignore[index]
    return hidden
