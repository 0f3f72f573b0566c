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
        errors: ``(T, T)`` what the model of chunk i (one of `trained`) loses on a row of chunk j > i, on average: the
            share of wrong answers, or the loss; NaN elsewhere.
        rows: ``(T,)`` rows of each chunk.
        ends: ``(T,)`` end of each chunk, seconds since 1970.
        seconds: what a training took on average.
    """

    trained: Sequence[int]
    errors: Array
    rows: Array
    ends: Array
    seconds: float

    @property
    def points(self) -> list[tuple[float, float, int]]:
        """Age in days, error, and number of the chunk it was measured on, of every model and chunk."""
        i, j = np.nonzero(np.isfinite(self.errors))
        ages = (self.ends[j] - self.ends[i]) / DAY
        return [*zip(ages.tolist(), self.errors[i, j].tolist(), j.tolist(), strict=True)]

    def curve(self) -> FreshnessCurve:
        """By how much the error of a model grows with every day of its age."""
        ages, errors, chunks = zip(*self.points, strict=True)
        return freshness_curve(ages, errors, chunks)

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

        Only where there is a model for every chunk. Labels count as if they had been known at once.
        """
        steps = len(self.rows) - 1
        lost = self.errors * self.rows
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
    errors, spent = np.full((len(chunks), len(chunks)), np.nan), []
    for i in trained:
        files = [file for _, arrival in chunks[: i + 1] for file in arrival.files]
        result = learner.update(files, None, scratch=True)
        spent.append(float(result.costs["total_seconds"]))
        for j in range(i + 1, len(chunks)):
            errors[i, j] = learner.measure(chunks[j][1].files, result.id).error
    rows = np.array([arrival.rows for _, arrival in chunks])
    ends = np.array([end.timestamp() for end, _ in chunks])
    return Hindsight(trained, errors, rows, ends, float(np.mean(spent)))
