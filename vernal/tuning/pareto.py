"""The trials that no other one beats, where there are several objectives."""

from __future__ import annotations

import math
from collections.abc import Sequence

from vernal.tuning.goal import Goal
from vernal.tuning.trial import Trial


def pareto(trials: Sequence[Trial], goal: Goal) -> list[int]:
    """The numbers of the complete trials that keep all constraints and that no other such trial dominates.

    One trial dominates another if it is at least as good in all objectives, and better in one. Trials that are equal
    in all are all in the set; one with an objective that was not measured is not.

    Args:
        trials: those of a search.
        goal: its objectives and constraints.

    Examples:
        >>> from vernal.tuning import Objective
        >>> finals = {"loss": 1.0, "size": 9.0}, {"loss": 2.0, "size": 3.0}, {"loss": 2.5, "size": 4.0}
        >>> trials = [Trial(n, {}, "", 1, "complete", final=final) for n, final in enumerate(finals)]
        >>> pareto(trials, Goal((Objective("loss", False), Objective("size", False))))
        [0, 1]
    """
    losses = {
        trial.number: tuple(one.loss(trial.last) for one in goal.objectives)
        for trial in trials
        if trial.status == "complete" and goal.is_feasible(trial)
    }
    measured = {number: loss for number, loss in losses.items() if max(loss) < math.inf}
    return [n for n, loss in measured.items() if not any(_dominates(other, loss) for other in measured.values())]


def _dominates(one: Sequence[float], other: Sequence[float]) -> bool:
    return one != other and all(a <= b for a, b in zip(one, other, strict=True))
