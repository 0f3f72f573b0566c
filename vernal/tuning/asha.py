"""Asynchronous successive halving."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vernal.base import ConfigError, check_range, check_whole
from vernal.tuning.moves import Begin, Done, GoOn, Move, Wait
from vernal.tuning.trial import Trial
from vernal.tuning.view import View


@dataclass(frozen=True)
class ASHA:
    r"""Promote the best trials of every rung to the next one, without waiting for the others [1]_.

    Rungs lie at the levels :math:`r, r\eta, r\eta^2, \dots, R`. A free worker promotes a trial that is among the best
    :math:`1/\eta` of its rung; if there is none, it begins another one. A trial that failed after it had reached a rung
    still counts there: its promotion is spent.

    Args:
        eta: one of how many trials is promoted, above 1. The larger, the fewer epochs, and the sooner a slow starter is
            left behind.
        first: the level of the lowest rung, at least 1.

    Deviations:
        A trial whose objective could not be measured at a rung (NaN) counts there, and is never promoted. If no
        training ever gets to the top, for want of trials, the tuner takes the best one there.

    References:
        .. [1] L. Li et al. A system for massively parallel hyperparameter tuning. MLSys 2020.
           https://arxiv.org/abs/1810.05934
    """

    eta: float = 3.0
    first: int = 1

    def __post_init__(self) -> None:
        check_options(self.eta, self.first)

    def next(self, view: View) -> Move:
        """A promotion, from the highest rung that has one; else another trial."""
        return climb(view, rungs_of(view.levels, self.eta, self.first), self.eta)


def check_options(eta: float, first: int) -> None:
    """Demand what all schedulers with rungs demand."""
    check_range("eta", eta, 1)
    if eta == 1:
        raise ConfigError("`eta` must be above 1, got 1: of every `eta` trials one is promoted.")
    check_whole("first", first, 1)


def rungs_of(levels: int, eta: float, first: int) -> Sequence[int]:
    """The levels of the rungs, the last one being the end of the training.

    Examples:
        >>> rungs_of(27, 3, 1), rungs_of(10, 3, 2), rungs_of(16, 2.5, 1)
        ([1, 3, 9, 27], [2, 6, 10], [1, 2, 6, 16])
    """
    count = math.floor(math.log(max(levels / first, 1), eta)) + 1
    below = {round(first * eta**k) for k in range(count)}
    return [*sorted(level for level in below if level < levels), levels]


def climb(view: View, rungs: Sequence[int], eta: float, may_rise: Callable[[Trial, int], bool] | None = None) -> Move:
    """A promotion, from the highest rung that has one; else another trial.

    Args:
        view: what is known.
        rungs: the levels that may be trained to.
        eta: one of how many is promoted.
        may_rise: whether a trial that is among the best of a rung may leave it; None if it always may.
    """
    for rung, following in reversed([*zip(rungs, rungs[1:], strict=False)]):
        for trial in _best(view, rung, eta):
            waits = trial.status == "paused" and rung <= trial.level < following
            if waits and (may_rise is None or may_rise(trial, rung)):
                return GoOn(trial.number, following)
    if view.may_begin:
        return Begin(rungs[0])
    return Wait() if view.is_busy else Done()


def _best(view: View, rung: int, eta: float) -> Sequence[Trial]:
    """The best 1/eta of those that have reached a rung, as far as they were measured there."""
    reached = view.at(rung)
    best = reached[: math.floor(len(reached) / eta + 1e-9)]  # 33 / 1.1 is a little less than 30.
    return [trial for trial in best if view.goal.objective.loss(trial.at(rung)) < math.inf]
