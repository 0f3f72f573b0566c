"""Which rows of earlier updates say something about the present search."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice

from vernal.space import Config, Space, Value
from vernal.tuning.history import Past
from vernal.tuning.trial import Trial
from vernal.tuning.view import View


def compatible(view: View, most: int | None = None, best: int | None = None) -> tuple[Past, ...]:
    """The earlier updates as if they had searched the present space; those that say nothing about it are left out.

    An update counts if it had the same objective. A trial of it counts if it did not fail, its last measure of the
    objective is finite, and it has a value in today's range for every name that is tuned today: from its configuration
    or, where that was fixed then, from the fixed values. What today's space does not have is taken out of it.

    What is fixed today may have had another value then, and the rest of the configuration was found under that:

    * another option (text, True, None, a tuple) switches something else on: the trial does not count;
    * another number shifts what is best, mostly not far: the trial counts, after all those that agree;
    * what was not known then says nothing.

    The trials of an update are sorted by `Goal.rank`, the best one first: those that were trained furthest come before
    all others, and only trials that stopped at the same level are compared by what was measured there. So a ragged
    history needs no padding, and a number after one epoch never competes with one after 27. Of trials that are alike
    today, the first counts.

    Args:
        view: the present search, which knows its past.
        most: how many updates, the latest; None for all.
        best: how many trials of each, the best; None for all.

    Returns:
        Earlier updates, oldest first, each with today's space and at least one trial.

    Examples:
        >>> from vernal.space import uniform
        >>> from vernal.tuning import Goal, Objective
        >>> row = Trial(0, {"lr": 0.5, "alpha": 0.1}, "random", 1, "paused", ({"loss": 2.0},))
        >>> then = Past("1a2b", Space({"lr": uniform(0, 1), "alpha": uniform(0, 1)}), {}, "loss", False, 3, (row,))
        >>> now = View(Space({"lr": uniform(0, 1)}), {"lr": 0.1}, Goal((Objective("loss", False),)), past=(then,))
        >>> [trial.config for past in compatible(now) for trial in past.trials]
        [{'lr': 0.5}]
    """
    return (*islice(_newest_first(view, best), most),)[::-1]


def _newest_first(view: View, best: int | None) -> Iterator[Past]:
    objective = view.goal.objective
    for past in reversed(view.past):
        if (past.metric, past.higher_is_better) == (objective.name, objective.higher_is_better):
            trials = tuple(islice(_distinct(view, past), best))
            if trials:
                yield replace(past, space=view.space, trials=trials)


def _distinct(view: View, past: Past) -> Iterator[Trial]:
    """The trials that count, the best one first, each configuration once."""
    met: list[Config] = []
    known = (trial for trial in past.trials if _is_known(view, trial))
    for trial in sorted(known, key=lambda trial: (_shift(view, past, trial), *view.goal.rank(trial))):
        config = _config_today(view.space, {**past.fixed, **trial.config})
        if config is not None and config not in met and _shift(view, past, trial) < math.inf:
            met.append(config)
            yield replace(trial, config=config)


def _is_known(view: View, trial: Trial) -> bool:
    return trial.status != "failed" and math.isfinite(view.goal.objective.loss(trial.last))


def _shift(view: View, past: Past, trial: Trial) -> float:
    """0 where a trial had all values that are fixed today; 1 where numbers differ, infinity where an option does."""
    values = {**past.fixed, **trial.config}
    differing = [name for name, value in view.fixed.items() if name in values and values[name] != value]
    if any(not (_is_number(values[name]) and _is_number(view.fixed[name])) for name in differing):
        return math.inf
    return float(bool(differing))


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _config_today(space: Space, values: Mapping[str, Value]) -> Config | None:
    """The values as a configuration of a space; None if one that it needs is missing, or outside its range."""
    config: Config = {}
    for name, one in space.items():
        if one.exists(config):
            if name not in values or values[name] not in one:
                return None
            config[name] = one.plain(values[name])
    return config
