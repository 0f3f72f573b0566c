"""Two averages of a model's weights that teach it what it knew: complementary learning systems."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from vernal.base import ConfigError, check_range, derive_seed
from vernal.methods.step import Step
from vernal.models import Shadow, warmed_up
from vernal.tasks import Other, mean_squared_error


@dataclass
class Complementary:
    """A plastic average of a model's weights, which adapts soon, and a stable one, which adapts late [1]_.

    Whether an average moves after a step is decided by a coin. Coins depend on the number of the step and on nothing
    else, so that several processes, and an update that goes on after an interruption, toss the same.

    Args:
        plastic_decay: how much of the plastic average stays when it moves, from 0 to `stable_decay`.
        stable_decay: likewise of the stable one, up to 1; d averages over about 1 / (1 - d) moves.
        plastic_probability: how often the plastic average moves, above `stable_probability`, up to 1.
        stable_probability: how often the stable one moves, from 0.

    Raises:
        ConfigError: a number out of its range.

    References:
        .. [1] E. Arani, F. Sarfraz, B. Zonooz. Learning fast, learning slow: a general continual learning method based
           on complementary learning system. ICLR 2022. https://arxiv.org/abs/2201.12604
    """

    plastic_decay: float
    stable_decay: float
    plastic_probability: float
    stable_probability: float
    plastic: Shadow = field(default_factory=Shadow, init=False, repr=False)
    stable: Shadow = field(default_factory=Shadow, init=False, repr=False)
    steps: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        check_range("stable_decay", self.stable_decay, 0, 1)
        check_range("plastic_decay", self.plastic_decay, 0)
        check_range("stable_probability", self.stable_probability, 0)
        check_range("plastic_probability", self.plastic_probability, 0, 1)
        if self.plastic_decay > self.stable_decay:
            raise ConfigError(
                f"`plastic_decay` must be at most `stable_decay`, got {self.plastic_decay} and {self.stable_decay}: "
                "the plastic average is the one that adapts soon."
            )
        if self.plastic_probability <= self.stable_probability:
            raise ConfigError(
                f"`plastic_probability` must be above `stable_probability`, got {self.plastic_probability} and "
                f"{self.stable_probability}: the plastic average is the one that adapts soon."
            )

    def attach(self, model: nn.Module) -> None:
        """Make both averages networks of the model's architecture, on its device."""
        self.plastic.attach(model)
        self.stable.attach(model)

    def consistency(self, step: Step, x: Any, y: Any, outputs: Any) -> Tensor:
        """How far the model is from the better of both averages, the one with the smaller loss on each row.

        For a classification that is the one which gives the true class the higher probability.

        Args:
            step: the step.
            x: inputs of rows from memory.
            y: their targets.
            outputs: what the model says to them.

        Returns:
            The mean squared distance of scores, a scalar.
        """
        with torch.no_grad():
            plastic, stable = (step.model.beside(shadow.module)(x) for shadow in (self.plastic, self.stable))
            better = _losses(step, stable, y) < _losses(step, plastic, y)
            scores = step.task.scores(plastic)
            better = better.reshape(-1, *[1] * (scores.ndim - 1))
            teacher = torch.where(better, step.task.scores(stable), scores)
        return mean_squared_error(step.task.scores(outputs), teacher, step.task.class_dim)

    def after_step(self, model: nn.Module) -> None:
        """Toss a coin for each average, and move it."""
        self.steps += 1
        coins = np.random.default_rng(derive_seed(0, "complementary", self.steps))
        if coins.random() < self.plastic_probability:
            self.plastic.follow(model, warmed_up(self.plastic_decay, self.steps))
        if coins.random() < self.stable_probability:
            self.stable.follow(model, warmed_up(self.stable_decay, self.steps))

    def predictor(self, model: nn.Module) -> nn.Module:
        """The stable network; the model as long as there is none."""
        if not self.steps:
            return model
        if not self.stable.is_attached:
            self.stable.attach(model)
        return self.stable.module

    def state_dict(self) -> dict[str, Any]:
        """Both averages, and how many steps they have seen."""
        return {"plastic": self.plastic.state_dict(), "stable": self.stable.state_dict(), "steps": self.steps}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up what `state_dict` gave."""
        self.plastic.load_state_dict(state["plastic"])
        self.stable.load_state_dict(state["stable"])
        self.steps = state["steps"]


def _losses(step: Step, outputs: Any, y: Any) -> Tensor:
    """The loss of each row, ``(B,)``; that of the batch, ``(1,)``, where only the user's own loss fits the outputs."""
    if isinstance(step.task, Other) or (step.task.classes and _is_one_logit(step.task.scores(outputs))):
        return step.criterion(outputs, y).reshape(1)
    return step.task.losses(outputs, y)


def _is_one_logit(scores: Tensor) -> bool:
    return scores.ndim == 1 or scores.shape[1] == 1
