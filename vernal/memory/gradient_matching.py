"""Of every class, rows whose mean gradient is that of all its rows ever seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from vernal.memory.means import approach, exchanged, weighted_mean
from vernal.memory.policy import Candidates, Features, Floats, Ints, Policy, check_capacity, joined
from vernal.memory.shares import fair_groups


@dataclass(frozen=True)
class GradientMatching(Policy):
    r"""Of every class, rows with the mean gradient of all its rows: gradient-matching coresets [1]_ [2]_.

    Learning from the memory then pulls at a model as learning from everything would. With :math:`g_\theta(i)` the
    gradient of the loss of row :math:`i`, and :math:`N_c` rows of class :math:`c` so far, the :math:`k_c` of them that
    stay, :math:`S_c`, are to make

    .. math::
        \mathbb{E}_\theta \Big\lVert \frac{1}{N_c} \sum_{i \in c} g_\theta(i)
            - \frac{1}{k_c} \sum_{i \in S_c} g_\theta(i) \Big\rVert^2

    small, where :math:`\theta` are weights as the model is initialised, so that nothing needs to be trained first. The
    features of a row are its gradients for a few draws of :math:`\theta`, side by side; their squared distances are
    those of the formula, times the number of draws. Classes share the memory as in `Balanced`. Rows are chosen
    greedily, and then each may be exchanged once for a better one; rows that are equally good go by their keys.

    In the stream, each of the :math:`m` rows in memory stands for :math:`n/m` of the :math:`n` rows seen before, and a
    new row for itself. Since the memory was chosen to have their mean, this keeps the target in place over any number
    of updates, up to the errors of the earlier choices; for a class that goes on, it is right where classes are equally
    frequent.

    Args:
        capacity: rows kept, at least 1.

    Examples:
        >>> gradients = np.array([[6.0], [5.0], [1.0], [0.0]])
        >>> keys, zeros = np.array([0.1, 0.2, 0.3, 0.4]), np.zeros(4, int)
        >>> GradientMatching(2).keep(Candidates(keys, zeros, zeros, features=gradients))
        array([1, 2])

    Deviations:
        Means are matched class by class. To match that of all rows at once is what the formula of the papers says, and
        it lets an error in one class make up for an error in another: with 100 rows of Split-Fashion-MNIST a model that
        is trained on the memory alone was right four points less often. All rows of the memory weigh the same, and no
        weights are fitted to them, because replay draws them with equal chances: the mean that is matched is the one
        that a method will see. Gradients are those of the last layer only.

    References:
        .. [1] L. Balles, G. Zappella, C. Archambeau. Gradient-matching coresets for continual learning. 2021.
           https://arxiv.org/abs/2112.05025
        .. [2] L. Balles, G. Zappella, C. Archambeau. Gradient-matching coresets for rehearsal-based continual
           learning. 2022. https://arxiv.org/abs/2203.14544
    """

    embedding: ClassVar[Literal[None, "features", "gradients"]] = "gradients"
    capacity: int

    def __post_init__(self) -> None:
        check_capacity(self.capacity)

    def keep(self, candidates: Candidates) -> Ints:
        """Of every class the rows that are chosen first, up to its share, after the exchange."""
        if self.capacity >= len(candidates.keys):
            return np.arange(len(candidates.keys))
        gradients, weights = candidates.embedded, candidates.weights
        return joined(
            places[_matching(gradients[places], weights[places], share)]
            for places, share in fair_groups(candidates.labels, candidates.keys, self.capacity)
        )


def _matching(gradients: Features, weights: Floats, count: int) -> Ints:
    """The places of `count` rows whose mean is near that of all."""
    target = weighted_mean(gradients, weights)
    return exchanged(gradients, target, approach(gradients, target, count))
