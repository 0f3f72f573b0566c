"""What is known only afterwards: the cheapest policy there was, and what freshness is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vernal.backtest.backtest import Backtest, Lives
from vernal.backtest.clock import HeldClock
from vernal.backtest.models import Models
from vernal.worth import FreshnessCurve, Recommendation, freshness_curve, oracle, recommend

Array = np.ndarray[Any, Any]
DAY = 86400.0


@dataclass(frozen=True)
class Hindsight:
    """Models that were trained from scratch at several times, each tested on all later chunks.

    Args:
        trained: the numbers of the chunks up to which models were trained.
        matrix: ``(T, T)`` score of the model of chunk i (one of `trained`) on chunk j > i; NaN elsewhere.
        rows: ``(T,)`` rows of each chunk.
        ends: ``(T,)`` end of each chunk, seconds since 1970.
        seconds: what a training took on average.
    """

    trained: Sequence[int]
    matrix: Array
    rows: Array
    ends: Array
    seconds: float

    def curve(self) -> FreshnessCurve:
        """By how much the error of a model grows with every day of its age."""
        i, j = np.nonzero(np.isfinite(self.matrix))
        ages = (self.ends[j] - self.ends[i]) / DAY
        return freshness_curve(ages, 1 - self.matrix[i, j], j)

    def recommendation(self, update_cost: float, present_days: float | None = None) -> Recommendation:
        """How often to train from scratch.

        Args:
            update_cost: what an update costs, in wrong answers.
            present_days: the time between updates now.
        """
        days = (self.ends[-1] - self.ends[0]) / DAY
        return recommend(self.curve(), update_cost, 1.0, float(self.rows[1:].sum() / days), present_days)

    def cheapest(self, update_cost: float) -> tuple[tuple[int, ...], float]:
        """The chunks before which to update from scratch that would have cost least, and what they would have cost.

        Only where there is a model for every chunk.
        """
        steps = len(self.rows) - 1
        lost = (1 - self.matrix) * self.rows
        served = np.zeros((steps, steps))
        for i in range(steps):
            served[i, i:] = lost[i, i + 1 :]
        plan = oracle(served, update_cost)
        return plan.times, plan.cost


def look_back(backtest: Backtest, lives: Lives, models: int | None = None) -> Hindsight:
    """Train from scratch at several times, or find that it was done, and test on all that came later.

    Args:
        backtest: the backtest.
        lives: what it came to.
        models: how many models, evenly over the history; None for one at every chunk, which `cheapest` needs.
    """
    chunks = lives.chunks
    count = len(chunks) - 1
    trained = [*range(count)] if models is None else sorted({int(i) for i in np.linspace(0, count - 1, models)})
    learner: Models = backtest.models(lives.store, lives.shared, "hindsight", HeldClock(chunks[-1][0]))
    matrix, spent = np.full((len(chunks), len(chunks)), np.nan), []
    for i in trained:
        files = [file for _, arrival in chunks[: i + 1] for file in arrival.files]
        result = learner.update(files, None, scratch=True)
        spent.append(float(result.costs["total_seconds"]))
        for j in range(i + 1, len(chunks)):
            matrix[i, j] = learner.score(chunks[j][1].files, result.id)[0]
    rows = np.array([arrival.rows for _, arrival in chunks])
    ends = np.array([end.timestamp() for end, _ in chunks])
    return Hindsight(trained, matrix, rows, ends, float(np.mean(spent)))
