"""Asynchronous successive halving."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vernal.base import check_range, check_whole
from vernal.tuning.moves import Begin, Done, GoOn, Move, Wait
from vernal.tuning.view import View


@dataclass(frozen=True)
class ASHA:
    r"""Promote the best trials of every rung to the next one, without waiting for the others [1]_.

    Rungs lie at the levels :math:`r, r\eta, r\eta^2, \dots, R`. A free worker promotes a trial that is among the best
    :math:`1/\eta` of its rung; if there is none, it begins another one.

    Args:
        eta: one of how many trials is promoted, above 1. The larger, the fewer epochs, and the sooner a slow starter is
            left behind.
        first: the level of the lowest rung, at least 1.

    References:
        .. [1] L. Li et al. A system for massively parallel hyperparameter tuning. MLSys 2020.
           https://arxiv.org/abs/1810.05934
    """

    eta: float = 3.0
    first: int = 1

    def __post_init__(self) -> None:
        check_range("eta", self.eta, 1.000001)
        check_whole("first", self.first, 1)

    def next(self, view: View) -> Move:
        """A promotion, from the highest rung that has one; else another trial."""
        rungs = rungs_of(view.levels, self.eta, self.first)
        for rung, following in reversed([*zip(rungs, rungs[1:], strict=False)]):
            if (number := promotable(view, rung, self.eta)) is not None:
                return GoOn(number, following)
        if view.may_begin:
            return Begin(rungs[0])
        return Wait() if view.is_busy else Done()


def rungs_of(levels: int, eta: float, first: int) -> Sequence[int]:
    """The levels of the rungs, the last one being the end of the training.

    Examples:
        >>> rungs_of(27, 3, 1), rungs_of(10, 3, 2)
        ([1, 3, 9, 27], [2, 6, 10])
    """
    rungs = [min(first, levels)]
    while (level := round(rungs[-1] * eta)) < levels:
        rungs.append(max(level, rungs[-1] + 1))
    return rungs if rungs[-1] == levels else [*rungs, levels]


def promotable(view: View, rung: int, eta: float) -> int | None:
    """The best trial that waits at a rung and is among the best there; None if there is none."""
    reached = view.at(rung)
    for trial in reached[: int(len(reached) / eta)]:
        if trial.status == "paused" and trial.level == rung:
            return trial.number
    return None
