"""Of every class, rows whose mean is the mean of the class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from vernal.memory.means import approach, weighted_mean
from vernal.memory.policy import Candidates, Features, Ints, Policy, check_capacity, joined
from vernal.memory.shares import fair_groups


@dataclass(frozen=True)
class Herding(Policy):
    r"""As many rows of every class, chosen so that their mean feature is near that of the class: iCaRL [1]_.

    With features :math:`\phi` of length one and :math:`\mu` their mean over the class, rows are chosen one by one:

    .. math::
        p_j = \arg\min_p \Big\lVert \mu - \frac{1}{j} \Big( \phi(p) + \sum_{i < j} \phi(p_i) \Big) \Big\rVert ,

    which is herding [2]_. Suits methods that compare with class means, and memories of a few rows a class. Classes
    share the memory as in `Balanced`. Nothing is random but whose turn it is when places are left over; rows that are
    equally good go by their keys.

    Args:
        capacity: rows kept, at least 1.

    Examples:
        >>> features = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.0, 3.0]])
        >>> keys, zeros = np.array([0.1, 0.2, 0.3, 0.4]), np.zeros(4, int)
        >>> Herding(1).keep(Candidates(keys, zeros, zeros, features=features))
        array([1])

    Deviations:
        The authors rank the rows of a class once, when it comes, and drop the last ones as classes share the memory
        with more others. Here they are ranked anew at every update, by the model of the day, and new rows of an old
        class compete. In the mean of such a class a row in memory weighs as many rows as it represents, which is right
        where classes are equally frequent. The mean is not scaled to length one.

    References:
        .. [1] S.-A. Rebuffi et al. iCaRL: incremental classifier and representation learning. CVPR 2017.
           https://arxiv.org/abs/1611.07725
        .. [2] M. Welling. Herding dynamical weights to learn. ICML 2009. https://doi.org/10.1145/1553374.1553517
    """

    embedding: ClassVar[Literal[None, "features", "gradients"]] = "features"
    capacity: int

    def __post_init__(self) -> None:
        check_capacity(self.capacity)

    def keep(self, candidates: Candidates) -> Ints:
        """Of every class the rows that are chosen first, up to its share."""
        if self.capacity >= len(candidates.keys):
            return np.arange(len(candidates.keys))
        features = _of_length_one(candidates.embedded)
        weights = candidates.weights
        return joined(
            places[approach(features[places], weighted_mean(features[places], weights[places]), share)]
            for places, share in fair_groups(candidates.labels, candidates.keys, self.capacity)
        )


def _of_length_one(features: Features) -> Features:
    """The rows, each divided by its length; zero stays zero."""
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    return features / np.where(lengths > 0, lengths, 1)
