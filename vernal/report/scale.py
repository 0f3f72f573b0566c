"""How a score is written, and how good it looks beside others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

IN_PERCENT = ("accuracy",)
NOTHING = "–"


@dataclass(frozen=True)
class Scale:
    """The scale of one metric.

    Args:
        metric: its name.
        higher_is_better: False for errors and losses.
        good: the score that has the colour of the best.
        bad: the score that has the colour of the worst.

    Examples:
        >>> scale = Scale.over("accuracy", True, [0.9, 1.0])
        >>> print(scale.text(0.963), scale.distance(0.016), scale.share(0.75), sep=", ")
        96.3 %, 1.6 points, 0.5
        >>> Scale.over("mae", False, [2.0, 4.0]).text(2.5)
        '2.5'
    """

    metric: str
    higher_is_better: bool
    good: float
    bad: float

    @classmethod
    def over(cls, metric: str, higher_is_better: bool, scores: Sequence[float]) -> Scale:
        """The scale on which scores are told apart.

        Bad is the worst of them, or what is worse than the best by half of it: small differences are not
        painted as large ones.
        """
        sign = 1 if higher_is_better else -1
        good = sign * max((sign * score for score in scores), default=1.0)
        worst = sign * min((sign * score for score in scores), default=0.0)
        return cls(metric, higher_is_better, good, good - sign * max(abs(good - worst), abs(good) / 2))

    @property
    def in_percent(self) -> bool:
        """Whether scores are shares of rows."""
        return self.metric in IN_PERCENT

    @property
    def heading(self) -> str:
        """The metric, with its unit."""
        return f"{self.metric} in %" if self.in_percent else self.metric

    def number(self, score: float | None) -> str:
        """A score without its unit, for tables."""
        if score is None:
            return NOTHING
        return f"{100 * score + 0.0:.1f}" if self.in_percent else f"{score:.4g}"

    def text(self, score: float | None) -> str:
        """A score with its unit, for sentences."""
        return f"{self.number(score)}\N{NO-BREAK SPACE}%" if self.in_percent else self.number(score)

    def distance(self, difference: float) -> str:
        """The size of a difference between scores, with its unit, for sentences."""
        return f"{self.number(abs(difference))} points" if self.in_percent else self.number(abs(difference))

    def share(self, score: float) -> float:
        """How good a score looks, from 0 (bad) to 1 (good)."""
        span = self.good - self.bad
        return min(1.0, max(0.0, (score - self.bad) / span)) if span else 1.0
