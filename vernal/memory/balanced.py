"""The same number of rows of every class, as far as there are any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from vernal.memory.policy import Candidates, Ints, Policy, check_capacity, largest


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
        groups, member, sizes = np.unique(getattr(candidates, self.by), return_inverse=True, return_counts=True)
        # A group's turn in the draw for left-over places: its largest key, which is random.
        turns = np.array([candidates.keys[member == g].max() for g in range(len(groups))])
        shares = fair_shares(sizes, self.capacity, turns)
        chosen = [
            (places := np.flatnonzero(member == g))[largest(candidates.keys[places], int(share))]
            for g, share in enumerate(shares)
        ]
        return np.sort(np.concatenate(chosen)) if chosen else np.arange(0)


def fair_shares(sizes: Ints, capacity: int, turns: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Ints:
    """Divide `capacity` places among groups of these sizes as equally as possible.

    Args:
        sizes: rows in each group, ``(g,)``.
        capacity: places.
        turns: who comes first when places are left over, ``(g,)``; the larger, the earlier.

    Examples:
        >>> fair_shares(np.array([8, 2, 8]), 9, np.array([0.1, 0.2, 0.3]))
        array([3, 2, 4])
    """
    shares = np.zeros_like(sizes)
    left = min(capacity, int(sizes.sum()))
    while left:
        open_groups = np.flatnonzero(shares < sizes)
        each = left // len(open_groups)
        if each == 0:
            shares[open_groups[largest(turns[open_groups], left)]] += 1
            break
        given = np.minimum(each, sizes[open_groups] - shares[open_groups])
        shares[open_groups] += given
        left -= int(given.sum())
    return shares
