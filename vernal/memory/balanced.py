"""The same number of rows of every class, as far as there are any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vernal.memory.policy import Candidates, Ints, Policy, check_capacity, joined
from vernal.memory.shares import fair_groups


@dataclass(frozen=True)
class Balanced(Policy):
    r"""As equal a share for every group as there are rows: the greedy balancing sampler of GDumb [1]_.

    Each group gets the largest quota :math:`q` for which :math:`\sum_g \min(n_g, q) \le k`; the rows left over
    go one each to groups that have more, chosen at random. Inside a group the rows with the largest keys stay, so each
    group is a uniform sample of its own rows for as long as its quota does not grow again.

    Args:
        capacity: rows kept, at least 1.
        by: ``"labels"``, or ``"chunks"`` to keep as much of every update.

    Examples:
        >>> import numpy as np
        >>> labels = np.array([0] * 8 + [1] * 2)
        >>> Balanced(4).keep(Candidates(np.linspace(0, 0.9, 10), labels, np.zeros(10, int)))
        array([6, 7, 8, 9])

    Deviations:
        The authors decide row by row, and break ties by the order in which classes came; here a whole chunk is
        decided at once, and equally large groups lose a row with equal probability.

    References:
        .. [1] A. Prabhu et al. GDumb: a simple approach that questions our progress in continual learning.
           ECCV 2020. https://doi.org/10.1007/978-3-030-58536-5_31
    """

    capacity: int
    by: Literal["labels", "chunks"] = "labels"

    def __post_init__(self) -> None:
        check_capacity(self.capacity)

    def keep(self, candidates: Candidates) -> Ints:
        """The rows with the largest keys of every group, up to the group's share."""
        groups = fair_groups(getattr(candidates, self.by), candidates.keys, self.capacity)
        return joined(places[:share] for places, share in groups)
