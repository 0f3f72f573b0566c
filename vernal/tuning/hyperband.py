"""Hyperband: successive halving, from many short trials to few long ones."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from vernal.tuning.asha import check_options
from vernal.tuning.moves import Begin, Done, GoOn, Move, Wait
from vernal.tuning.trial import Trial
from vernal.tuning.view import View


@dataclass(frozen=True)
class Bracket:
    """One run of successive halving.

    Args:
        trials: how many begin.
        rungs: the levels at which all but the best are left behind; the last one is the end of the training.
    """

    trials: int
    rungs: Sequence[int]


@dataclass(frozen=True)
class Hyperband:
    r"""Brackets of successive halving, the one with most and shortest trials first; then over again [1]_.

    In a bracket the best :math:`1/\eta` of a rung are promoted when all have arrived; one that failed has arrived. So
    what is tried and what is promoted does not depend on the number of workers, and workers may have to wait. Which
    bracket a trial is in, its number says. Use it when it is not known how early a ranking can be trusted.

    Args:
        eta: one of how many trials is promoted, above 1.
        first: the level of the lowest rung at the least; all rungs are counted down from the end of the training.

    Deviations:
        A bracket that the limit on trials cuts short goes on with those that it has, and at least one is always
        promoted. A trial that was not measured at a rung (NaN) is not promoted. A trial that is complete early stands
        at all later rungs as it was at last.

    References:
        .. [1] L. Li et al. Hyperband: a novel bandit-based approach to hyperparameter optimization. JMLR 18, 2018.
           https://arxiv.org/abs/1603.06560
    """

    eta: float = 3.0
    first: int = 1

    def __post_init__(self) -> None:
        check_options(self.eta, self.first)

    def next(self, view: View) -> Move:
        """The next trial or promotion of the first bracket that has not ended."""
        start = 0
        for bracket in itertools.cycle(brackets_of(view.levels, self.eta, self.first)):
            trials = view.trials[start : start + bracket.trials]
            if len(trials) < bracket.trials and view.may_begin:
                return Begin(bracket.rungs[0])
            if not trials:
                break
            if (move := halve(view, trials, bracket.rungs, self.eta)) is not None:
                return move
            start += bracket.trials
        return Wait() if view.is_busy else Done()


def brackets_of(levels: int, eta: float, first: int) -> Sequence[Bracket]:
    """The brackets, as the paper counts them.

    Examples:
        >>> for bracket in brackets_of(27, 3, 1):
        ...     print(bracket.trials, bracket.rungs)
        27 [1, 3, 9, 27]
        12 [3, 9, 27]
        6 [9, 27]
        4 [27]
    """
    return [*_brackets(levels, eta, max(1, first))]


def _brackets(levels: int, eta: float, first: int) -> Iterator[Bracket]:
    most = math.floor(math.log(max(levels / first, 1), eta) + 1e-9)
    rungs = [round(levels / eta**k) for k in range(most, -1, -1)]
    for halvings in range(most, -1, -1):
        trials = math.ceil((most + 1) / (halvings + 1) * eta**halvings - 1e-9)
        yield Bracket(trials, sorted({*rungs[most - halvings :]}))


def halve(view: View, trials: Sequence[Trial], rungs: Sequence[int], eta: float) -> Move | None:
    """The next promotion in a bracket all of whose trials have begun, or Wait; None if it has ended."""
    members = trials
    for halvings, rung in enumerate(rungs):
        for trial in members:
            if trial.status == "paused" and trial.level < rung:
                return GoOn(trial.number, rung)
        if any(trial.status == "running" for trial in members):
            return Wait()
        places = max(1, math.floor(len(trials) / eta ** (halvings + 1) + 1e-9))
        members = _ranked(view, members, rung)[:places]
    return None


def _ranked(view: View, members: Sequence[Trial], rung: int) -> Sequence[Trial]:
    """Those that were measured at a rung, the best one first, also if they failed later."""
    reached = replace(view, trials=tuple(members)).at(rung)
    return [trial for trial in reached if view.goal.objective.loss(trial.at(rung)) < math.inf]
