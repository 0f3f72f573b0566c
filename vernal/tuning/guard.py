"""A guard against misleading history: what was carried over must prove itself."""

from __future__ import annotations

import math
from dataclasses import dataclass

from vernal.base import check_range, check_whole
from vernal.tuning.trial import Trial
from vernal.tuning.view import View

FROM_UPDATE = "update "
FROM_BOX = "box, "
"""How the origin of a configuration begins that history brought."""


@dataclass(frozen=True)
class Guard:
    r"""Compares what was carried over with what knows nothing of history, at the first rung.

    At first it lets the two take turns, until `turns` of each have begun. After that history may speak all the time,
    until it is refuted: when the configurations that know nothing of it are better at the first rung, by the
    one-sided rank test of Mann and Whitney [1]_. It speaks again if later trials no longer refute it.

    Where history inverts the ranking, all that it brings is worse than all else. So it is refuted as soon as two of
    each have been at the first rung, and has cost two trials of one epoch each. Where it is right, the turns cost two
    trials that know nothing of it, beside the default; without them nobody would know whether the best place has
    moved. A trial that failed before the first rung, because its weights ran away perhaps, counts as worse than all
    that got there.

    Args:
        turns: how many of each take turns at first. More make a better comparison, and history helps later.
        level: the chance, under equality, at which history is refuted. It is far above the usual 0.05, because an
            error costs little: what history brought already stays in the search.

    References:
        .. [1] H. B. Mann, D. R. Whitney. On a test of whether one of two random variables is stochastically larger
           than the other. Annals of Mathematical Statistics 18, 1947.
    """

    turns: int = 3
    level: float = 0.2

    def __post_init__(self) -> None:
        check_whole("turns", self.turns, 1)
        check_range("level", self.level, 0, 1)

    def admits(self, view: View) -> bool:
        """Whether history may speak next."""
        carried = [trial for trial in view.trials if is_carried(trial)]
        others = len(view.trials) - len(carried)
        if others < self.turns and len(carried) > others:
            return False
        return not self.refutes(view)

    def refutes(self, view: View) -> bool:
        """Whether the trials that know nothing of history are better than those that it brought, beyond chance."""
        rung = first_rung(view)
        seen = [trial for trial in view.trials if trial.at(rung) is not None or trial.status == "failed"]
        keys = [(is_carried(trial), _key(view, trial, rung)) for trial in seen]
        carried, others = ([key for of_history, key in keys if of_history is which] for which in (True, False))
        wins = sum(other < own for other in others for own in carried)
        return chance(wins, len(others), len(carried)) <= self.level


def _key(view: View, trial: Trial, rung: int) -> tuple[float, float]:
    measures = trial.at(rung)
    return (math.inf, math.inf) if measures is None else view.goal.key(measures)


def is_carried(trial: Trial) -> bool:
    """Whether history brought a trial."""
    return trial.origin.startswith((FROM_UPDATE, FROM_BOX))


def first_rung(view: View) -> int:
    """The lowest level at which a trial has been stopped, or was complete; 1 if none has."""
    return max(min((trial.level for trial in view.trials if trial.status in ("paused", "complete")), default=1), 1)


def chance(wins: int, n: int, m: int) -> float:
    """The probability that n things win at least so many of their n·m comparisons with m others just like them.

    By the normal approximation, with half a win taken off because wins are whole.

    Examples:
        >>> round(chance(9, 3, 3), 2), round(chance(8, 3, 3), 2), chance(0, 3, 0)
        (0.04, 0.1, 1.0)
    """
    if not n * m:
        return 1.0
    deviation = math.sqrt(n * m * (n + m + 1) / 12)
    return math.erfc((wins - 0.5 - n * m / 2) / deviation / math.sqrt(2)) / 2
