"""What earlier updates learned about hyperparameters; it travels with the state."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vernal.base import SchemaTooNew
from vernal.space import Space, Value
from vernal.tuning.trial import Measures, Trial

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Past:
    """The tuning of an earlier update.

    Args:
        update: its id.
        space: what could be chosen.
        fixed: the values of everything that could have been a range and was none, by name.
        metric: the name of the objective.
        higher_is_better: which way that improves.
        levels: how many levels a whole training had.
        trials: all of them, those that failed, too. A curve is as long as its trial trained; it is never padded.

    Examples:
        >>> from vernal.space import uniform
        >>> trial = Trial(0, {"alpha": 0.5}, "default", 3, "paused", ({"loss": 2.0}, {"loss": 1.5}))
        >>> past = Past("1a2b", Space({"alpha": uniform(0, 1)}), {"lr": 0.1}, "loss", False, 3, (trial,))
        >>> Past.from_json(past.to_json()) == past
        True
    """

    update: str
    space: Space
    fixed: Mapping[str, Value]
    metric: str
    higher_is_better: bool
    levels: int
    trials: tuple[Trial, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values, as canonical JSON has them: no NaN, lists for tuples.

        A measure that is not finite becomes None, "not measured". A fixed value that JSON does not have, such as an
        infinity, is left out: later updates do not know it.
        """
        return {
            **vars(self),
            "schema_version": SCHEMA_VERSION,
            "space": self.space.to_json(),
            "fixed": {name: value for name, value in self.fixed.items() if _is_plain(value)},
            "trials": [_trial_to_json(trial) for trial in self.trials],
        }

    @classmethod
    def from_json(cls, past: Mapping[str, Any]) -> Past:
        """What `to_json` wrote down.

        Raises:
            SchemaTooNew: a later version of vernal wrote it.
        """
        if past["schema_version"] > SCHEMA_VERSION:
            raise SchemaTooNew(
                f"The tuning of update {past.get('update')} was written in schema {past['schema_version']}, and this "
                f"vernal reads up to {SCHEMA_VERSION}. Run: pip install --upgrade vernal"
            )
        values = {name: value for name, value in past.items() if name != "schema_version"}
        values["space"] = Space.from_json(past["space"])
        values["fixed"] = _with_tuples(past["fixed"])
        values["trials"] = tuple(_trial_from_json(trial) for trial in past["trials"])
        return cls(**values)


def _trial_to_json(trial: Trial) -> dict[str, Any]:
    final = None if trial.final is None else _finite(trial.final)
    return {**vars(trial), "curve": [_finite(measures) for measures in trial.curve], "final": final}


def _trial_from_json(trial: Mapping[str, Any]) -> Trial:
    return Trial(**{**trial, "config": _with_tuples(trial["config"]), "curve": tuple(trial["curve"])})


def _finite(measures: Measures) -> dict[str, float | None]:
    return {name: value if value is not None and math.isfinite(value) else None for name, value in measures.items()}


def _is_plain(value: Value) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, bool | int | str) or (isinstance(value, float) and math.isfinite(value))


def _with_tuples(values: Mapping[str, Value]) -> dict[str, Value]:
    return {name: _tuple(value) for name, value in values.items()}


def _tuple(value: Value) -> Value:
    return tuple(map(_tuple, value)) if isinstance(value, list) else value
