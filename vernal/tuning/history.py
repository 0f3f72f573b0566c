"""What earlier updates learned about hyperparameters; it travels with the state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vernal.space import Space, Value
from vernal.tuning.trial import Trial

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
        trials: all of them, with their whole curves.
    """

    update: str
    space: Space
    fixed: Mapping[str, Value]
    metric: str
    higher_is_better: bool
    levels: int
    trials: tuple[Trial, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            **vars(self),
            "schema_version": SCHEMA_VERSION,
            "space": self.space.to_json(),
            "trials": [vars(trial) for trial in self.trials],
        }

    @classmethod
    def from_json(cls, past: Mapping[str, Any]) -> Past:
        """What `to_json` wrote down."""
        values = {name: value for name, value in past.items() if name != "schema_version"}
        trials = tuple(Trial(**{**trial, "curve": tuple(trial["curve"])}) for trial in past["trials"])
        return cls(**{**values, "space": Space.from_json(past["space"]), "trials": trials})
