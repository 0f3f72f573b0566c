"""The cheapest update times there were, known afterwards; and what any other times would have cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from vernal.base import DataError

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


class Plan(NamedTuple):
    """Update times, and what they cost.

    Args:
        times: the steps before which the model was updated, ascending.
        cost: of all updates and of all staleness.
    """

    times: tuple[int, ...]
    cost: float


def oracle(matrix: Array, update_cost: float | Array) -> Plan:
    r"""The cheapest plan with hindsight, by dynamic programming in :math:`O(T^2)`.

    With :math:`S_{ij} = A_{ii} + \dots + A_{i,j-1}`, the cheapest continuation after an update at :math:`i` costs

    .. math::
        V_i = \min\left(S_{iT},\; \min_{i < j < T} \; S_{ij} + K_j + V_j \right) ,

    and the plan begins with the model of step 0, which is there already. It is the yardstick of policies: none can cost
    less on the same matrix. Of plans that cost the same it takes one whose next update is latest.

    The matrix holds for training from scratch only. A model that continues from its parent depends on all updates
    before it, and no matrix of :math:`T^2` entries can say what it would have cost; such policies must be replayed.

    Args:
        matrix: ``(T, T)``, :math:`A_{ij}`: what it costs to serve step j by the model made just before step i. The part
            below the diagonal is not looked at. In the paper [1]_ a fresh model's diagonal is 0.
        update_cost: :math:`K`, what an update costs; or ``(T,)``, what it costs before each step.

    Raises:
        DataError: the matrix is not square, or an entry that counts is not finite.

    Examples:
        >>> aged = np.triu(np.array([[0, 1, 2, 3], [0, 0, 1, 2], [0, 0, 0, 1], [0, 0, 0, 0]], float))
        >>> oracle(aged, update_cost=2.5)
        Plan(times=(2,), cost=4.5)
        >>> oracle(aged, update_cost=5.0)
        Plan(times=(), cost=6.0)

    References:
        .. [1] A. Mahadevan, M. Mathioudakis. Cost-aware retraining for machine learning. Knowledge-Based Systems
           2024. https://doi.org/10.1016/j.knosys.2024.111610
    """
    served, costs = _served(matrix), _costs(update_cost, len(matrix))
    steps = len(matrix)
    value, following = np.zeros(steps + 1), np.full(steps, steps)
    for i in range(steps - 1, -1, -1):
        # What comes next, from the last possibility (none) to the first: argmin takes the first of equals.
        totals = (served[i, i + 1 :] + np.append(costs[i + 1 :], 0.0) + value[i + 1 :])[::-1]
        best = int(totals.argmin())
        value[i], following[i] = totals[best], steps - best
    return Plan(_walk(following), float(value[0]))


def _walk(following: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> tuple[int, ...]:
    times, at = [], int(following[0])
    while at < len(following):
        times.append(at)
        at = int(following[at])
    return tuple(times)


def replay(times: Sequence[int], matrix: Array, update_cost: float | Array) -> float:
    """What a plan costs: its updates, and all steps, each served by the latest model.

    Args:
        times: steps before which the model is updated, ascending, in ``1 .. T - 1``; the model of step 0 is there.
        matrix: as `oracle` takes it.
        update_cost: as `oracle` takes it.

    Raises:
        DataError: the times are not ascending steps of the matrix, or the matrix cannot be used.

    Examples:
        >>> aged = np.triu(np.array([[0, 1, 2, 3], [0, 0, 1, 2], [0, 0, 0, 1], [0, 0, 0, 0]], float))
        >>> replay([1, 3], aged, update_cost=2.5)
        6.0
    """
    served, costs = _served(matrix), _costs(update_cost, len(matrix))
    bounds = [0, *times, len(matrix)]
    if any(a >= b for a, b in zip(bounds, bounds[1:], strict=False)):
        raise DataError(f"Update times must ascend within 1 .. {len(matrix) - 1}, got {[*times]}.")
    return float(sum(served[a, b] for a, b in zip(bounds, bounds[1:], strict=False)) + costs[[*times]].sum())


def _served(matrix: Array) -> Array:
    """``(T, T + 1)``: what it costs to serve the steps from i until before j by the model of i."""
    matrix = np.asarray(matrix, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not len(matrix):
        raise DataError(f"The matrix must be square with a row for each step, got the shape {matrix.shape}.")
    upper = np.where(np.tri(len(matrix), k=-1, dtype=bool), 0.0, matrix)
    if not np.isfinite(upper).all():
        i, j = np.argwhere(~np.isfinite(upper))[0]
        raise DataError(f"The matrix must be finite on and above its diagonal, got {upper[i, j]} at [{i}, {j}].")
    return np.concatenate([np.zeros((len(matrix), 1)), upper.cumsum(axis=1)], axis=1)


def _costs(update_cost: float | Array, steps: int) -> Array:
    costs = np.asarray(update_cost, dtype=np.float64)
    if costs.shape not in ((), (steps,)) or not np.isfinite(costs).all() or (costs < 0).any():
        raise DataError(f"What an update costs must be one number, or {steps}, at least 0 each, got {update_cost!r}.")
    return np.broadcast_to(costs, (steps,))
