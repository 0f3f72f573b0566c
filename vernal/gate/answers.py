"""Two versions whose answers are right or wrong."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.stats import norm

from vernal.gate.mcnemar import mcnemar_p
from vernal.gate.paired import Paired
from vernal.gate.tango import tango_interval, tango_z


@dataclass(frozen=True)
class PairedAnswers(Paired):
    """McNemar's exact test against no difference, Tango's score test against any other bound.

    Args:
        wins: items that the first version has right and the second wrong.
        losses: items the other way round.
        n: items in all.

    Examples:
        >>> paired = PairedAnswers(wins=90, losses=60, n=2000)
        >>> paired.difference, round(paired.p_above(0.0), 3), round(paired.p_above(-0.01), 6)
        (0.015, 0.009, 3.1e-05)
    """

    wins: int
    losses: int
    n: int

    def test(self, bound: float) -> str:
        """``"mcnemar_exact"`` or ``"tango_score"``."""
        return "tango_score" if bound else "mcnemar_exact"

    @property
    def difference(self) -> float:
        """The difference of the shares of right answers."""
        return (self.wins - self.losses) / self.n

    def variance(self, difference: float) -> float:
        """Discordance minus the squared difference; the discordance is no smaller than the difference."""
        return max(self.wins + self.losses, 1, abs(difference) * self.n) / self.n - difference**2

    def p_above(self, bound: float) -> float:
        """The p-value of "the true difference is at most this bound"."""
        if bound == 0:
            return float(mcnemar_p(self.wins, self.losses))
        return float(norm.sf(tango_z(self.wins, self.losses, self.n, bound)))

    def p_below(self, bound: float) -> float:
        """The p-value of "the true difference is at least this bound"."""
        return PairedAnswers(self.losses, self.wins, self.n).p_above(-bound)

    def interval(self, confidence: float) -> tuple[float, float]:
        """Tango's score interval."""
        return tango_interval(self.wins, self.losses, self.n, confidence)
