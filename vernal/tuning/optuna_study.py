"""A search as Optuna sees it: a study made of a view, anew for each decision."""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from vernal.base import derive_seed, require
from vernal.space import Choice, Config, Range, Real, Value, Whole
from vernal.space.values import same
from vernal.tuning.goal import Constraint
from vernal.tuning.scheduler import Suggestion
from vernal.tuning.trial import Measures, Trial
from vernal.tuning.view import View

if TYPE_CHECKING:
    from optuna import Study
    from optuna import Trial as Asked
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial


@contextmanager
def optuna_quietly() -> Iterator[Any]:
    """Optuna, which as long as this lasts neither logs nor warns of numbers or of what it calls experimental.

    Raises:
        MissingExtra: it is not installed.
    """
    optuna = require("optuna", "tuning")
    logger = logging.getLogger("optuna")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        # Densities far out are 0, and their logarithm is minus infinity.
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            warnings.simplefilter("ignore", RuntimeWarning)  # Where nothing was measured, a median is none.
            # Of a range that exists under conditions, there may be few values.
            warnings.filterwarnings("ignore", "Some regimes for parameter", UserWarning)
            yield optuna
    finally:
        logger.setLevel(level)


def optuna_seed(view: View) -> int:
    """The seed of the next suggestion, as large as Optuna takes it."""
    return derive_seed(view.seed, "trial", len(view.trials)) % 2**32


def study_of(view: View, sampler: BaseSampler) -> Study:
    """The study in which all trials of a view were told."""
    study = _empty_study(view, sampler)
    for trial in view.trials:
        study.add_trial(as_optuna(view, trial))
    return study


def replayed(view: View, sampler: BaseSampler) -> Study:
    """The study in which a sampler was asked for every trial of a view, and told what has come of it.

    So a sampler that writes notes for itself onto the study and its trials, such as generations, finds them.
    """
    study = _empty_study(view, sampler)
    for trial in view.trials:
        known = as_optuna(view, trial)
        if known.state.name == "FAIL":
            study.add_trial(known)
            continue
        study.enqueue_trial(known.params)
        asked = study.ask()
        asked.relative_params  # noqa: B018  # As long as nobody looks, the sampler is not asked.
        _suggested(asked, view)
        for step, value in known.intermediate_values.items():
            asked.report(value, step)
        for name, excess in known.constraints.items():
            asked.set_constraint(name, excess)
        if known.state.is_finished():
            study.tell(asked, known.values if known.state.name == "COMPLETE" else None, known.state)
    return study


def suggestion(view: View, study: Study, origin: str) -> Suggestion:
    """What the sampler of a study suggests next."""
    return Suggestion(_suggested(study.ask(), view), origin)


def as_optuna(view: View, trial: Trial) -> FrozenTrial:
    """A trial as Optuna sees it.

    =============================================  ===================================================================
    here                                           there
    =============================================  ===================================================================
    complete                                       ``COMPLETE``
    running                                        ``RUNNING``, with its curve
    paused                                         ``PRUNED``, with its curve and the constraints that were measured
    failed, or complete without a finite number    ``PRUNED``, as bad as can be: that configuration is to be avoided
    not in the space                               ``FAIL``: nobody looks at it
    =============================================  ===================================================================
    """
    optuna = require("optuna", "tuning")
    states = optuna.trial.TrialState
    if not view.space.holds(trial.config):
        return cast("FrozenTrial", optuna.trial.create_trial(state=states.FAIL))
    state, values, curve = states.PRUNED, None, _curve(view, trial)
    constraints = {f"{n}: {one}": _excess(one, trial.last) for n, one in enumerate(view.goal.constraints)}
    if trial.status == "running":
        state, constraints = states.RUNNING, {}
    elif trial.status == "paused":
        constraints = {name: excess for name, excess in constraints.items() if excess < math.inf}
    elif trial.status == "complete" and _is_measured(view, trial.last):
        assert trial.last is not None
        state, values = states.COMPLETE, [trial.last[one.name] for one in view.goal.objectives]
    else:
        curve, constraints = {}, dict.fromkeys(constraints, math.inf)
    made = optuna.trial.create_trial(
        state=state,
        values=values,
        params={name: _spoken(view.space[name], value) for name, value in trial.config.items()},
        distributions={name: _distribution(view.space[name]) for name in trial.config},
        intermediate_values=curve,
        constraints=constraints,
    )
    return cast("FrozenTrial", made)


def _empty_study(view: View, sampler: BaseSampler) -> Study:
    directions = ["maximize" if one.higher_is_better else "minimize" for one in view.goal.objectives]
    made = require("optuna", "tuning").create_study(directions=directions, sampler=sampler, study_name="vernal")
    return cast("Study", made)


def _curve(view: View, trial: Trial) -> dict[int, float]:
    """What was measured of the objective, by level. Optuna has no curves of several."""
    if len(view.goal.objectives) > 1:
        return {}
    values = [measures.get(view.goal.objective.name) for measures in trial.curve]
    return {n: value for n, value in enumerate(values, 1) if value is not None and math.isfinite(value)}


def _is_measured(view: View, measures: Measures | None) -> bool:
    losses = [one.loss(measures) for one in view.goal.objectives]
    return all(map(math.isfinite, losses + [_excess(one, measures) for one in view.goal.constraints]))


def _excess(constraint: Constraint, measures: Measures | None) -> float:
    """By how much a bound is exceeded, below 0 where it is kept with room to spare, which `violation` does not say."""
    violation = constraint.violation(measures)
    if violation > 0 or measures is None:
        return violation
    return -replace(constraint, at_most=not constraint.at_most).violation(measures)


def _suggested(asked: Asked, view: View) -> Config:
    return view.space.fill(lambda name, one: _meant(one, _ask(asked, name, one)))


def _ask(asked: Asked, name: str, one: Range) -> int | float:
    match one:
        case Choice():
            return asked.suggest_categorical(name, range(len(one.options)))
        case Real(step=None):
            return asked.suggest_float(name, one.low, one.high, log=one.log)
        case Real():
            return asked.suggest_int(name, 0, one.steps)
        case Whole() if _is_wide(one):
            return asked.suggest_float(name, one.low, one.high, log=one.log)
    assert isinstance(one, Whole)
    return asked.suggest_int(name, one.low, one.high, log=one.log)


def _distribution(one: Range) -> BaseDistribution:
    kinds = require("optuna.distributions", "tuning")
    match one:
        case Choice():
            made = kinds.CategoricalDistribution(range(len(one.options)))
        case Real(step=None):
            made = kinds.FloatDistribution(one.low, one.high, log=one.log)
        case Real():
            made = kinds.IntDistribution(0, one.steps)
        case Whole() if _is_wide(one):
            made = kinds.FloatDistribution(one.low, one.high, log=one.log)
        case Whole():
            made = kinds.IntDistribution(one.low, one.high, log=one.log)
    return cast("BaseDistribution", made)


def _spoken(one: Range, value: Value) -> int | float:
    """A value as Optuna takes it: by its place among options, as it knows no tuples and takes True for 1, or steps."""
    match one:
        case Choice():
            return next(n for n, option in enumerate(one.options) if same(option, value))
        case Real(step=float()):
            return one.place(value)
    return one.plain(value)  # type: ignore[no-any-return]


def _meant(one: Range, spoken: int | float) -> Value:
    """The value that Optuna's stands for."""
    match one:
        case Choice():
            return one.options[int(spoken)]
        case Real(step=float()):
            return one.at(int(spoken))
        case Whole():
            return round(spoken)
    return spoken


def _is_wide(one: Whole) -> bool:
    """Whether a range has too many whole numbers for a Gaussian process, which would go through all of them."""
    return one.high - one.low > 10**5
