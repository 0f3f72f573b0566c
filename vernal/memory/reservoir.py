"""A uniform sample of everything ever seen."""

from __future__ import annotations

from dataclasses import dataclass

from vernal.memory.policy import Candidates, Ints, Policy, check_capacity, largest


@dataclass(frozen=True)
class Reservoir(Policy):
    r"""A uniform random sample: after :math:`n` rows, each lies in memory with probability :math:`k/n` [1]_.

    Every row has a random key, and the rows with the :math:`k` largest keys stay; that is a simple random
    sample without replacement at every moment, whatever the order and the cut of the stream [2]_. Shrinking the memory
    keeps it uniform. Rows once evicted cannot come back, so after growing it is uniform again only in the long run.

    Args:
        capacity: rows kept, at least 1. More rows forget less and cost disk, not time.

    Examples:
        >>> import numpy as np
        >>> Reservoir(2).keep(Candidates(np.array([0.3, 0.9, 0.1, 0.5]), np.zeros(4, int), np.zeros(4, int)))
        array([1, 3])

    References:
        .. [1] J. Vitter. Random sampling with a reservoir. ACM TOMS 1985. https://doi.org/10.1145/3147.3165
        .. [2] P. Efraimidis, P. Spirakis. Weighted random sampling with a reservoir. Information Processing
           Letters 2006. https://doi.org/10.1016/j.ipl.2005.11.003
    """

    capacity: int

    def __post_init__(self) -> None:
        check_capacity(self.capacity)

    def keep(self, candidates: Candidates) -> Ints:
        """The rows with the largest keys."""
        return largest(candidates.keys, self.capacity)
