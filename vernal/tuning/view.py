"""What decisions are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vernal.base import canonical_json
from vernal.space import Config, Space, Value
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
        fixed: the values of everything that could have been a range and is none, by name.
    """

    space: Space
    default: Mapping[str, Value]
    goal: Goal
    trials: tuple[Trial, ...] = ()
    levels: int = 1
    may_begin: bool = True
    seed: int = 0
    past: tuple[Past, ...] = ()
    fixed: Mapping[str, Value] = field(default_factory=dict)

    @property
    def untried(self) -> list[Config] | None:
        """The configurations that no trial has; None if there are too many to look at each."""
        if self.space.few is None:
            return None
        tried = {canonical_json(dict(trial.config)) for trial in self.trials}
        return [config for key, config in self.space.few.items() if key not in tried]

    @property
    def is_busy(self) -> bool:
        """Whether a trial is running."""
        return any(trial.status == "running" for trial in self.trials)

    def at(self, level: int) -> list[Trial]:
        """The trials that have reached a level, the best one there first.

        Those that failed later are among them, and those that were complete before: they stay what they were at last.
        """
        reached = [trial for trial in self.trials if trial.at(level) is not None]
        return sorted(reached, key=lambda trial: (*self.goal.key(trial.at(level)), trial.number))
