"""Keep what the champion got right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from vernal.base import TrainingError, check_range
from vernal.methods.card import Card
from vernal.methods.step import Step
from vernal.methods.term import Term, mean_over_rows


@dataclass
class Compatible(Term):
    r"""Stay near the champion where it was right, so that fewer right answers become wrong: focal distillation [1]_.

    With the champion :math:`f^*`, the temperature `T`, and the distance `d` of the task (for classes the
    Kullback-Leibler divergence, times :math:`T^2`), this is added to the loss of the method, as a mean over the new
    rows and those from memory:

    .. math::
        w \, \big(e + (1 - e) \, [f^*(x) \text{ is right}]\big) \, d\big(f(x), f^*(x); T\big) .

    An update may raise the accuracy and yet break what users relied on. Such negative flips are what this keeps down;
    ``vernal show`` counts them. Measured beside replay, weight 1 took away a third to two thirds of them at no cost.

    Args:
        weight: `w`, at least 0. More flips less, and adapts slower.
        elsewhere: `e`, the part of the weight that rows have where the champion was wrong, 0 to 1; with 1 this is
            plain distillation.
        temperature: `T`, at least 0.01; much above 1 logits are matched rather than probabilities.

    Deviations:
        The paper writes the weight of a row as :math:`\lambda (\alpha + \beta [\ldots])`, three numbers of which two
        say all: `weight` is :math:`\lambda (\alpha + \beta)`, and `elsewhere` is :math:`\alpha / (\alpha + \beta)`.

    References:
        .. [1] S. Yan et al. Positive-congruent training: towards regression-free model updates. CVPR 2021.
           https://arxiv.org/abs/2011.09161
    """

    weight: float = 1.0
    elsewhere: float = 0.0
    temperature: float = 2.0

    card = Card(
        when="Users rely on single answers: fewer of those that were right become wrong.",
        tasks=("classification", "multilabel", "sequence_labelling"),
        forward=1.0,
        backward=0.0,
        group="term",
    )
    # `space` stays empty: `weight` buys fewer flips with accuracy, and only the user knows what a flip costs him.

    def __post_init__(self) -> None:
        check_range("weight", self.weight, 0)
        check_range("elsewhere", self.elsewhere, 0, 1)
        check_range("temperature", self.temperature, 0.01)

    def loss(self, step: Step) -> Tensor | None:
        """The distance to what the champion says, where that is right."""
        if step.champion is None or not self.weight:
            return None

        def weighted(x: Any, y: Any) -> Tensor:
            distances = step.task.distance(step.outputs(x), step.taught(x), self.temperature)
            return distances * torch.where(_right(step, x, y), 1.0, self.elsewhere).to(distances)

        return self.weight * mean_over_rows(step, weighted)


def _right(step: Step, x: Any, y: Any) -> Tensor:
    right = step.task.right(step.taught(x), y)
    if right is None:
        raise TrainingError(
            "What the champion gives tells no answers that are right or wrong: it has another shape than the targets "
            f"of a {step.task.name.replace('_', ' ')}. The term `compatible` needs them; `distil` does not."
        )
    return right
