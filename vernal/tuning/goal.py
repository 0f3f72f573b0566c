"""What is better: one objective or several, and constraints."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
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
        short = f"{self.bound:g}"
        bound = short if float(short) == self.bound else repr(float(self.bound))  # Another bound is another search.
        return f"{self.name} {'<=' if self.at_most else '>='} {bound}"


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

    def rank(self, trial: Trial) -> tuple[float, float, float, int]:
        """Sorts the trials of a search that is over: feasible first, then complete or furthest, then best, earliest."""
        violation, loss = self.key(trial.last)
        furthest = -math.inf if trial.status == "complete" else -float(trial.level)
        return violation, furthest, loss, trial.number

    def best(self, trials: Iterable[Trial]) -> Trial | None:
        """The trial whose model is the best, or would be if it were trained to its end; None if all have failed.

        Feasible trials come before all others. Of those, complete ones and those that were trained furthest among the
        others compete: the latter have won all comparisons on their way, and a complete one may have ended early
        because it did not improve, so that it beats nothing by being complete.

        Examples:
            >>> goal = Goal((Objective("loss", higher_is_better=False),))
            >>> flat = Trial(0, {}, "", 27, "complete", ({"loss": 3.0},), final={"loss": 3.0})
            >>> short, long = (Trial(n, {}, "", n, "paused", ({"loss": 3.0 - n / 4},) * n) for n in (1, 3))
            >>> goal.best([flat, short, long]).number
            3
        """
        measured = [trial for trial in trials if trial.status != "failed" and trial.last is not None]
        able = [trial for trial in measured if self.is_feasible(trial)] or measured
        furthest = max((trial.level for trial in able if trial.status != "complete"), default=0)
        rivals = [trial for trial in able if trial.status == "complete" or trial.level == furthest]
        return min(
            rivals, key=lambda trial: (*self.key(trial.last), trial.status != "complete", trial.number), default=None
        )

    def is_feasible(self, trial: Trial) -> bool:
        """Whether a trial keeps all constraints."""
        return trial.last is not None and self.violation(trial.last) == 0
