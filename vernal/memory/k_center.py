"""Of every class, rows that leave none of its rows far from the nearest one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from vernal.memory.means import weighted_mean
from vernal.memory.policy import Candidates, Features, Floats, Ints, Policy, check_capacity, joined
from vernal.memory.shares import fair_groups


@dataclass(frozen=True)
class KCenter(Policy):
    r"""As many rows of every class, chosen so that they cover it: greedy k-centre [1]_.

    The first is the row whose feature is nearest the class mean; each next one is the row that is farthest from
    those chosen so far, :math:`\arg\max_p \min_i \lVert \phi(p) - \phi(p_i) \rVert`. The largest distance of any row
    to the nearest one chosen is at most twice the smallest possible [2]_. Keeps what is rare within a class, outliers
    and wrong labels included. Classes share the memory as in `Balanced`. Nothing is random but whose turn it is when
    places are left over; rows that are equally far go by their keys.

    Args:
        capacity: rows kept, at least 1.

    Examples:
        >>> features = np.array([[0.0], [4.0], [5.0], [10.0]])
        >>> keys, zeros = np.array([0.1, 0.2, 0.3, 0.4]), np.zeros(4, int)
        >>> KCenter(3).keep(Candidates(keys, zeros, zeros, features=features))
        array([0, 2, 3])

    Deviations:
        The authors choose rows to be labelled, so theirs are of all classes together, begin with those that have
        labels, and a search that leaves outliers out may follow. Here classes are known and each has its share, and all
        rows in memory are chosen anew at every update, by the model of the day.

    References:
        .. [1] O. Sener, S. Savarese. Active learning for convolutional neural networks: a core-set approach. ICLR 2018.
           https://arxiv.org/abs/1708.00489
        .. [2] T. Gonzalez. Clustering to minimize the maximum intercluster distance. Theoretical Computer Science 1985.
           https://doi.org/10.1016/0304-3975(85)90224-5
    """

    embedding: ClassVar[Literal[None, "features", "gradients"]] = "features"
    capacity: int

    def __post_init__(self) -> None:
        check_capacity(self.capacity)

    def keep(self, candidates: Candidates) -> Ints:
        """Of every class the rows that are chosen first, up to its share."""
        if self.capacity >= len(candidates.keys):
            return np.arange(len(candidates.keys))
        features, weights = candidates.embedded, candidates.weights
        return joined(
            places[_farthest_first(features[places], weights[places], share)]
            for places, share in fair_groups(candidates.labels, candidates.keys, self.capacity)
        )


def _farthest_first(features: Features, weights: Floats, count: int) -> Ints:
    """The places of `count` rows; one product of a matrix with a vector for each."""
    if count == len(features):
        return np.arange(count)
    # Distances are the same around the mean, and the rounding of large numbers is gone.
    features = features - weighted_mean(features, weights).astype(features.dtype)
    norms = np.einsum("nd,nd->n", features, features)
    distances = np.full(len(features), np.inf)
    chosen = np.empty(count, np.int64)
    for step in range(count):
        best = int(np.argmax(distances) if step else np.argmin(norms))
        chosen[step] = best
        np.minimum(distances, norms - 2 * (features @ features[best]) + norms[best], out=distances)
        distances[best] = -np.inf
    return chosen
