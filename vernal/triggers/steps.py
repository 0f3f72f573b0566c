"""The champion's losses, cut into steps of equally many rows, however they arrive."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import numpy as np

from vernal.triggers.trigger import Facts

Array = np.ndarray[Any, Any]
Loss = Literal["correct", "loss"]

EMPTY = {"rows": 0, "sum": 0.0, "squares": 0.0}


class Step(NamedTuple):
    """Some rows: how many, their mean loss, and its standard deviation from row to row."""

    rows: int
    mean: float
    deviation: float

    @property
    def error(self) -> float:
        """The standard error of the mean."""
        return self.deviation / math.sqrt(self.rows)


def losses(facts: Facts, metric: Loss) -> Array:
    """``(n,)`` the loss of each newly labelled row, 1 - correct where that was measured; only finite ones."""
    values = facts.values.get(metric)
    if values is None or not len(values):
        return np.zeros(0)
    found = np.asarray(values, dtype=np.float64)[:, 1]
    found = found[np.isfinite(found)]
    return 1 - found if metric == "correct" else found


def take(open_step: Mapping[str, Any], new: Array, rows: int) -> tuple[dict[str, Any], list[Step]]:
    """Add rows to an open step: the step that is open now, and those that were completed.

    Sums run from row to row, so the same rows give the same bits however they are cut into arrivals.

    Examples:
        >>> still_open, done = take(EMPTY, np.array([0.0, 1.0, 1.0]), rows=2)
        >>> done[0].mean, still_open["rows"]
        (0.5, 1)
    """
    done = []
    while len(new) >= (missing := rows - open_step["rows"]):
        done.append(summary(extended(open_step, new[:missing])))
        open_step, new = EMPTY, new[missing:]
    return extended(open_step, new), done


def extended(step: Mapping[str, Any], new: Array) -> dict[str, Any]:
    """The sums of a step with more rows."""
    return {
        "rows": step["rows"] + len(new),
        "sum": float(running(step["sum"], new)[-1]),
        "squares": float(running(step["squares"], new**2)[-1]),
    }


def running(start: float, new: Array) -> Array:
    """``(n + 1,)`` the sum before and after each row."""
    return np.cumsum(np.concatenate([[start], new]))


def summary(sums: Mapping[str, Any]) -> Step:
    """Mean and standard deviation of the rows that were summed; at least one."""
    mean = sums["sum"] / sums["rows"]
    return Step(sums["rows"], mean, math.sqrt(max(0.0, sums["squares"] / sums["rows"] - mean**2)))
