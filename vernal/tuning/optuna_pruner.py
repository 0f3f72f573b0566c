"""Optuna's pruners as a scheduler."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vernal.base import ConfigError, require
from vernal.tuning.moves import Begin, Done, GoOn, Move, Wait
from vernal.tuning.optuna_study import optuna_quietly
from vernal.tuning.trial import Measures, Trial
from vernal.tuning.view import View

if TYPE_CHECKING:
    from optuna import Study
    from optuna.pruners import BasePruner


@dataclass(frozen=True)
class OptunaPruner:
    """Train each trial level by level, until a pruner of Optuna's says stop.

    The pruner compares a trial with those that began before it, as far as they have got. So with one worker each trial
    ends exactly where it would in Optuna itself. Several workers may go on with a trial later, when others have got
    further. It knows one objective, and no constraints. After each level it is asked again about all levels of all
    trials: the time that takes grows with their number.

    Args:
        pruner: this; it is never changed.

    Raises:
        ConfigError: it is no pruner.
        MissingExtra: Optuna is not installed.

    Examples:
        >>> import optuna
        >>> from vernal.space import Space
        >>> from vernal.tuning import Goal, Objective
        >>> good, bad = (Trial(n, {}, "", 1, "paused", ({"loss": n},)) for n in (1, 2))
        >>> view = View(Space({}), {}, Goal((Objective("loss", False),)), (good, bad), levels=9, may_begin=False)
        >>> OptunaPruner(optuna.pruners.ThresholdPruner(upper=1.5)).next(view)
        GoOn(number=1, until=2)
    """

    pruner: BasePruner

    def __post_init__(self) -> None:
        if not isinstance(self.pruner, require("optuna", "tuning").pruners.BasePruner):
            raise ConfigError(f"{self.pruner!r} is no pruner of Optuna's. Give an object such as `MedianPruner()`.")

    def next(self, view: View) -> Move:
        """One more level for a trial that is not pruned; else another trial."""
        for trial in self._going_on(view):
            return GoOn(trial.number, min(trial.level + 1, view.levels))
        if view.may_begin:
            return Begin(1)
        return Wait() if view.is_busy else Done()

    def _going_on(self, view: View) -> Iterator[Trial]:
        """The trials that wait and are not pruned, as they began."""
        objective = view.goal.objective
        with optuna_quietly() as optuna:
            # Hyperband's pruner finds the bracket of a trial by the name of the study.
            study = optuna.create_study(
                study_name="vernal",
                direction="maximize" if objective.higher_is_better else "minimize",
                pruner=copy.deepcopy(self.pruner),
            )
            for trial in view.trials:
                if not _is_pruned(study, view, trial) and trial.status == "paused":
                    yield trial


def _is_pruned(study: Study, view: View, trial: Trial) -> bool:
    """What the pruner says about a trial at its last level; afterwards the study knows the trial."""
    asked, is_pruned = study.ask(), False
    for level, measures in enumerate(trial.curve, 1):
        asked.report(_value(view, measures), level)
        is_pruned = asked.should_prune()
    final = _value(view, trial.final)
    if trial.status == "complete" and not math.isnan(final):
        study.tell(asked, final)
    elif trial.status != "running":
        study.tell(asked, state=require("optuna", "tuning").trial.TrialState.PRUNED)
    return is_pruned


def _value(view: View, measures: Measures | None) -> float:
    """What was measured of the objective, NaN if nothing finite was."""
    objective = view.goal.objective
    loss = objective.loss(measures)
    return (-loss if objective.higher_is_better else loss) if math.isfinite(loss) else math.nan
