"""What is better: one objective or several, and constraints."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from vernal.base import ConfigError
from vernal.tuning.trial import Measures, Trial

_CONSTRAINT = re.compile(r"\s*([\w.]+)\s*(<=|>=)\s*([-+.\deE]+)\s*")


@dataclass(frozen=True)
class Objective:
    """A measured number, and which way it improves.

    Args:
        name: of the number.
        higher_is_better: which way.
    """

    name: str
    higher_is_better: bool

    def loss(self, measures: Measures | None) -> float:
        """The number, turned so that lower is better; infinity where it was not measured."""
        value = None if measures is None else measures.get(self.name)
        if value is None or math.isnan(value):
            return math.inf
        return -value if self.higher_is_better else value


@dataclass(frozen=True)
class Constraint:
    """A bound on a measured number.

    Args:
        name: of the number.
        bound: the bound, which is allowed itself.
        at_most: whether the number must not be above the bound, or else not below.

    Examples:
        >>> Constraint.parse("forgetting <= 0.02")
        Constraint(name='forgetting', bound=0.02, at_most=True)
    """

    name: str
    bound: float
    at_most: bool = True

    @classmethod
    def parse(cls, text: str | Constraint) -> Constraint:
        """Read ``"forgetting<=0.02"`` or ``"recall>=0.9"``; a constraint is returned as it is."""
        if isinstance(text, Constraint):
            return text
        match = _CONSTRAINT.fullmatch(text)
        try:
            bound = float(match[3]) if match else math.nan
        except ValueError:
            bound = math.nan
        if match is None or not math.isfinite(bound):
            raise ConfigError(
                f"{text!r} is no constraint. Write a measured number, <= or >=, and a bound: 'forgetting<=0.02'."
            )
        return cls(match[1], bound, match[2] == "<=")

    def violation(self, measures: Measures | None) -> float:
        """By how much the bound is broken; 0 if it is kept, infinity where the number was not measured."""
        value = None if measures is None else measures.get(self.name)
        if value is None or math.isnan(value):
            return math.inf
        return max(0.0, value - self.bound if self.at_most else self.bound - value)

    def __str__(self) -> str:
        return f"{self.name} {'<=' if self.at_most else '>='} {self.bound:g}"


@dataclass(frozen=True)
class Goal:
    """What tuning is after.

    Args:
        objectives: what is to improve; more than one for a Pareto set.
        constraints: what must hold.
    """

    objectives: tuple[Objective, ...]
    constraints: tuple[Constraint, ...] = ()

    @property
    def objective(self) -> Objective:
        """The first objective."""
        return self.objectives[0]

    def violation(self, measures: Measures | None) -> float:
        """By how much all constraints together are broken; 0 for what is feasible."""
        return sum(constraint.violation(measures) for constraint in self.constraints)

    def key(self, measures: Measures | None) -> tuple[float, float]:
        """Sorts what is better first: what is feasible by its objective, what is not by how far it is from that.

        Deb's rule for constrained comparisons (K. Deb, An efficient constraint handling method for genetic algorithms,
        2000).
        """
        violation = self.violation(measures)
        return violation, self.objective.loss(measures)

    def rank(self, trial: Trial) -> tuple[float, int, float, int]:
        """Sorts trials, the one to keep first: feasible, then trained furthest, then best, then earliest."""
        violation, loss = self.key(trial.last)
        furthest = -trial.level if trial.status != "complete" else -math.inf
        return violation, furthest, loss, trial.number  # type: ignore[return-value]

    def is_feasible(self, trial: Trial) -> bool:
        """Whether a trial keeps all constraints."""
        return trial.last is not None and self.violation(trial.last) == 0
