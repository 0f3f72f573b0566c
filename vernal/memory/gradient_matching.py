"""Rows whose mean gradient is that of all rows ever seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from vernal.memory.means import approach, exchanged, weighted_mean
from vernal.memory.policy import Candidates, Ints, Policy, check_capacity, descending, joined


@dataclass(frozen=True)
class GradientMatching(Policy):
    r"""Rows whose gradients have the same mean as those of all rows ever seen: gradient-matching coresets [1]_ [2]_.

    Learning from the memory then pulls at a model as learning from everything would. With :math:`g_\theta(i)` the
    gradient of the loss of row :math:`i`, the :math:`k` rows :math:`S` are to make

    .. math::
        \mathbb{E}_\theta \Big\lVert \frac{1}{N} \sum_{i \le N} g_\theta(i)
            - \frac{1}{k} \sum_{i \in S} g_\theta(i) \Big\rVert^2

    small, where :math:`\theta` are weights as the model is initialised, so that nothing needs to be trained first. The
    features of a row are its gradients for a few draws of :math:`\theta`, side by side; their squared distances are
    those of the formula, times the number of draws. Rows are chosen greedily, and then each may be exchanged once for a
    better one; rows that are equally good go by their keys. Classes get the places that make the gradient right, so a
    very rare one may get none.

    In the stream, each of the :math:`m` rows in memory stands for :math:`n/m` of the :math:`n` rows seen before, and a
    new row for itself. Since the memory was chosen to have their mean, this keeps the target in place over any number
    of updates, up to the errors of the earlier choices.

    Args:
        capacity: rows kept, at least 1.

    Examples:
        >>> gradients = np.array([[6.0], [5.0], [1.0], [0.0]])
        >>> keys, zeros = np.array([0.1, 0.2, 0.3, 0.4]), np.zeros(4, int)
        >>> GradientMatching(2).keep(Candidates(keys, zeros, zeros, features=gradients))
        array([1, 2])

    Deviations:
        All rows of the memory weigh the same, and no weights are fitted to them, because replay draws them with equal
        chances: the mean that is matched is the one that a method will see. Gradients are those of the last layer only.

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
        """The rows that are chosen first, after the exchange."""
        order = descending(candidates.keys)
        if self.capacity >= len(order):
            return np.arange(len(order))
        gradients = candidates.embedded[order]
        target = weighted_mean(gradients, candidates.weights[order])
        chosen = approach(gradients, target, self.capacity)
        return joined([order[exchanged(gradients, target, chosen)]])
