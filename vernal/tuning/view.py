"""What decisions are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vernal.space import Space, Value
from vernal.tuning.goal import Goal
from vernal.tuning.history import Past
from vernal.tuning.trial import Trial


@dataclass(frozen=True)
class View:
    """All that a scheduler or a searcher sees. Frozen: the same view gives the same decision, after a restart, too.

    Args:
        space: what may be chosen.
        default: the configuration that stands for the plan's own values.
        goal: what is better.
        trials: all so far, by number.
        levels: how many levels a whole training has, at least 1.
        may_begin: whether another trial may begin.
        seed: of everything that is random.
        past: the tunings of earlier updates, oldest first.
    """

    space: Space
    default: Mapping[str, Value]
    goal: Goal
    trials: tuple[Trial, ...] = ()
    levels: int = 1
    may_begin: bool = True
    seed: int = 0
    past: tuple[Past, ...] = ()

    @property
    def is_busy(self) -> bool:
        """Whether a trial is running."""
        return any(trial.status == "running" for trial in self.trials)

    def at(self, level: int) -> list[Trial]:
        """The trials that have reached a level, the best one there first; those that failed later are among them."""
        reached = [trial for trial in self.trials if trial.level >= level]
        return sorted(reached, key=lambda trial: (*self.goal.key(trial.curve[level - 1]), trial.number))
