"""What must be shown of a challenger: that it lies above a bound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vernal.gate.finding import Finding, said_p
from vernal.gate.paired import Paired
from vernal.gate.required_labels import labels_for


@dataclass(frozen=True)
class Proof:
    """A comparison, and the bound that the true difference must lie above.

    Args:
        check: what it is for: ``"champion"``, ``"anchor"`` or ``"forgetting"``.
        against: the version that the challenger is compared with.
        paired: the comparison.
        bound: the smallest difference that will not do; below 0 where a loss is tolerated.
        distance: how far above the bound a challenger would be that ought to pass; for counting labels.
        values: the values of challenger and opponent.
    """

    check: str
    against: str
    paired: Paired
    bound: float
    distance: float
    values: tuple[float, float]

    @property
    def p(self) -> float:
        """Small where it is shown."""
        return self.paired.p_above(self.bound)

    def labels(self, level: float, power: float) -> int | None:
        """How many labels this is likely to need in all; None if no number will do.

        As many as find the distance that matters. If there are as many already, as many as tell the difference
        that was observed from the bound.
        """
        needed = labels_for(self._variance, self.distance, level, power)
        if needed is not None and needed > self.paired.n:
            return needed
        observed = self.paired.difference
        return labels_for(self.paired.variance(observed), observed - self.bound, level, power)

    def finding(self, level: float, alpha: float, power: float) -> Finding:
        """What it comes to.

        Args:
            level: that the p-value is held to.
            alpha: that the opposite is held to: α, without any correction, since refusing needs none.
            power: for counting labels.
        """
        values = self._values(level, alpha)
        opposite = self.paired.p_below(self.bound)
        if self.p <= level:
            return Finding(self.check, "passed", self._said("is shown to be", self.p), values)
        if opposite <= alpha:
            return Finding(self.check, "failed", self._said("is shown not to be", opposite), values)
        needed = self.labels(level, power)
        missing = None if needed is None else max(needed - self.paired.n, 1)
        labels = {"have": self.paired.n, "needed": needed, "missing": missing}
        told = (
            "no number of labels will tell" if missing is None else f"about {missing:,} more labels are needed to tell"
        )
        said = f"{self._said('may or may not be', self.p)}; {told}"
        return Finding(self.check, "open", said, {**values, "labels": labels})

    def _values(self, level: float, alpha: float) -> dict[str, Any]:
        value, other = self.values
        return {
            "against": self.against,
            "test": self.paired.test(self.bound),
            "items": self.paired.n,
            "value": value,
            "value_against": other,
            "difference": self.paired.difference,
            "interval": [*self.paired.interval(1 - alpha)],
            "confidence": 1 - alpha,
            "bound": self.bound,
            "distance": self.distance,
            "variance": self._variance,
            "p": self.p,
            "level": level,
        }

    @property
    def _variance(self) -> float:
        """Of a single item, for a challenger that ought to pass."""
        return self.paired.variance(self.bound + self.distance)

    def _said(self, shown: str, p: float) -> str:
        place = {"anchor": "against the anchor ", "forgetting": "on earlier chunks "}.get(self.check, "")
        wanted = f"{self.bound:+.4g}" if self.bound else "0"
        gain = f"the gain of {self.paired.difference:+.4g} on {self.paired.n:,} items"
        return f"{place}{gain} {shown} above {wanted} ({said_p(p)})"
