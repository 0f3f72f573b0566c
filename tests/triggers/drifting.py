"""A double for everything around a trigger: a stream of losses that depend on when the champion was made."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np

from vernal.base import Decision
from vernal.triggers import Facts, Settled, State, Trigger

NOW = datetime(2026, 1, 5, tzinfo=UTC)
Array = np.ndarray[Any, Any]


class Outcome(NamedTuple):
    """The steps before which the champion was replaced, the attempts, and what all of it has cost."""

    times: tuple[int, ...]
    attempts: int
    cost: float


def facts(losses: Any, metric: str = "loss", cost: float | None = None) -> Facts:
    losses = np.asarray(losses, dtype=np.float64)
    values = 1 - losses if metric == "correct" else losses
    return Facts(NOW, rows=len(losses), values={metric: np.stack([np.arange(len(losses)) * 1.0, values], 1)}, cost=cost)


def look(trigger: Trigger, state: State, seen: Facts) -> tuple[State, Decision]:
    """A look by a process that has just started: its state was JSON."""
    state, decision = trigger.look(json.loads(json.dumps(state)), seen)
    json.dumps(decision.to_json(), allow_nan=False)
    return state, decision


def serve(
    trigger: Trigger,
    matrix: Array,
    cost: float,
    rows: int = 1,
    fresh_rows: int = 0,
    promotes: Callable[[int], bool] = lambda attempt: True,
) -> Outcome:
    """Serve all steps; update when the trigger says so, before the next step.

    Args:
        matrix: ``(T, T)`` what step j costs by the model made before step i; the rows of a step share it.
        cost: what an update costs.
        rows: in a step.
        fresh_rows: rows without loss on which a new champion is seen before its first step.
        promotes: whether the n-th challenger is promoted.
    """
    state, model, times, attempts, total = trigger.start(), 0, [], 0, 0.0
    state, _ = trigger.look(state, facts(np.zeros(fresh_rows)))
    for step in range(len(matrix)):
        total += matrix[model, step]
        state, decision = trigger.look(state, facts(np.full(rows, matrix[model, step] / rows)))
        if decision.yes and step + 1 < len(matrix):
            promoted = promotes(attempts)
            attempts, total = attempts + 1, total + cost
            state = trigger.settle(state, Settled(NOW, promoted, cost))
            if promoted:
                model = step + 1
                times.append(model)
                state, _ = trigger.look(state, facts(np.zeros(fresh_rows)))
    return Outcome(tuple(times), attempts, total)


def drift(level: Array, lag: int = 0) -> Array:
    """``(T, T)`` the cost of a concept at some level for a model that has seen all steps up to i - lag."""
    level = np.asarray(level, dtype=np.float64)
    known = np.concatenate([np.zeros(lag), level])[: len(level)]
    known[0] = 0.0
    return np.maximum(level[None, :] - known[:, None], 0.0)


def step_drift(rng: np.random.Generator, steps: int = 60) -> Array:
    """A level that rises in one of five steps, by up to 1."""
    return np.cumsum((rng.random(steps) < 0.2) * rng.random(steps))
