"""Distillation from the champion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from vernal.base import check_range
from vernal.methods.card import Card
from vernal.methods.step import Step
from vernal.methods.term import Term, mean_over_rows
from vernal.space import loguniform


@dataclass
class Distil(Term):
    r"""Let the champion teach the model, whatever the architecture of either [1]_.

    With the champion :math:`f^*`, the temperature `T`, and the distance `d` of the task (for classes the
    Kullback-Leibler divergence, times :math:`T^2`), this is added to the loss of the method, as a mean over the new
    rows and those from memory:

    .. math::
        w \, d\big(f(x), f^*(x); T\big) .

    It carries over what the champion knows when an update begins with fresh weights: with another architecture, or a
    method that trains anew. Where the model begins with the champion's weights, it holds it to what it said. Classes
    that a growing head gets in this update are not compared. Those of a fixed head all are, so new ones are held down:
    where updates bring classes, take `vernal.models.GrowingHead`, or the term `compatible`.

    Args:
        weight: `w`, at least 0. More carries more over, mistakes and outdated answers as well.
        temperature: `T`, at least 0.01; more compares also what the champion finds unlikely. Numbers have none.

    References:
        .. [1] G. Hinton, O. Vinyals, J. Dean. Distilling the knowledge in a neural network. 2015.
           https://arxiv.org/abs/1503.02531
    """

    weight: float = 1.0
    temperature: float = 2.0

    card = Card(
        when="An update changes the architecture, or trains anew, and brings no new classes.",
        forward=1.0,
        backward=0.0,
        group="term",
    )
    space = {"weight": loguniform(0.1, 10), "temperature": loguniform(1, 8)}

    def __post_init__(self) -> None:
        check_range("weight", self.weight, 0)
        check_range("temperature", self.temperature, 0.01)

    def loss(self, step: Step) -> Tensor | None:
        """The distance to what the champion says."""
        if step.champion is None or not self.weight:
            return None

        def distances(x: Any, y: Any) -> Tensor:  # noqa: ARG001
            return step.task.distance(step.outputs(x), step.taught(x), self.temperature)

        return self.weight * mean_over_rows(step, distances)
