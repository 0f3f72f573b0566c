"""How worn a holdout is that has been used to judge before."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from scipy.stats import norm

_ENDLESS = 1000


@dataclass(frozen=True)
class Wear:
    r"""The level that the next judgment on the same items is held to.

    Every judgment is a chance to promote by mistake, and what was promoted or refused before shapes what is tried next,
    so that a holdout is slowly learned by heart. The k-th judgment on the same items is held to

    .. math:: \alpha_k = \alpha / k^2, \qquad \sum_k \alpha_k = \tfrac{\pi^2}{6} \alpha

    so the first one is not penalised, and all of them together, however many, promote by mistake with a chance of
    8.2 % at most for α = 5 %. The bound holds although challengers may depend on the verdicts before them, as long as
    all that is learned of a refusal is that it was one: until the first mistake, there is one path of verdicts only.
    Whoever tunes by the numbers in verdicts wears a holdout out faster than any formula says. A smaller level needs
    more labels, so n items have a shelf life, after which a difference that matters would be missed too often [1]_.

    Args:
        looks: judgments before this one.
        alpha: level of the first.

    Examples:
        >>> [round(Wear(looks, 0.05).level, 5) for looks in (0, 1, 2, 9)]
        [0.05, 0.0125, 0.00556, 0.0005]

    References:
        .. [1] C. Renggli et al. Continuous integration of machine learning models with ease.ml/ci. MLSys 2019.
           https://arxiv.org/abs/1903.00278
    """

    looks: int
    alpha: float

    @property
    def level(self) -> float:
        """The level of this judgment."""
        return self.alpha / (self.looks + 1) ** 2

    def left(self, n: int, variance: float, distance: float, power: float) -> int:
        """How many judgments after this one still find a distance with the power that is asked for.

        Args:
            n: items.
            variance: of the difference of a single item.
            distance: what is to be found.
            power: with which chance.

        Examples:
            >>> [Wear(0, 0.05).left(n, 0.08, 0.01, 0.8) for n in (2000, 5000, 10_000, 20_000)]
            [0, 0, 2, 54]
        """
        if variance == 0 or distance == 0:
            return _ENDLESS if distance else 0
        smallest = float(norm.sf(distance * math.sqrt(n / variance) - norm.ppf(power)))
        life = _ENDLESS if smallest <= self.alpha / _ENDLESS**2 else math.floor(math.sqrt(self.alpha / smallest))
        return max(0, life - self.looks - 1)

    def to_json(self) -> dict[str, Any]:
        """The wear as plain values."""
        return {"looks": self.looks, "alpha": self.level}
