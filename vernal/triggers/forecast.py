"""Forecast what keeping and updating will cost, with uncertainty, and take the option whose bad case is better."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from vernal.base import Decision, check_range, check_whole
from vernal.triggers.options import UNKNOWN, Option, charge, price
from vernal.triggers.regression import Forecasted, forecast_sum
from vernal.triggers.steps import EMPTY, Array, Loss, losses, take
from vernal.triggers.trigger import Facts, Settled, State, Trigger

LEAST = 5
REMEMBERED = 200


@dataclass(frozen=True)
class Forecast(Trigger):
    r"""Forecast the loss of the champion and of a model made now, and update if the latter's bad case costs less [1]_.

    Time goes in steps of equally many labelled rows. Each step that was served is one observation: how old its model
    was, when it was, and its mean loss. A Bayesian linear regression

    .. math::
        \ell_{ij} = w_0 + w_1\, j + w_2\, (j - i) + \varepsilon

    of the loss at step :math:`j` of the model made at :math:`i` forecasts the steps to come for both options: tasks
    that become harder for everyone move :math:`w_1`, and staleness :math:`w_2`. With :math:`q_\delta` the quantile of
    what the next :math:`H` steps of :math:`n` rows cost, :math:`v n \sum \ell`, it updates when

    .. math::
        K + q_\delta[\text{updated}] < q_\delta[\text{kept}] .

    It needs a handful of steps, no features and no threshold to be tuned. Until the first update, age and time cannot
    be told from each other, and the trend is split between them; a history of several models (`after`) tells them
    apart.

    Args:
        cost: :math:`K`, what an update costs; None for what updates have cost so far, as the loop measured it.
        value: :math:`v`, what one unit of loss on one labelled row costs, in the same unit, at least 0. Where one row
            in twenty gets a label, twenty times what a row is worth.
        metric: what is measured of each row: ``"correct"``, whose loss is 1 for a wrong answer, or ``"loss"``.
        step_rows: :math:`n`, labelled rows in a step, at least 1. More rows are less noisy, and fewer observations.
        horizon: :math:`H`, steps for which the options are compared, at least 1: about how long an update is to last.
        confidence: :math:`\delta`, between 0.5 and 0.999. At 0.5 expectations are compared.

    Examples:
        >>> from datetime import datetime, timezone
        >>> trigger = Forecast(cost=20, step_rows=50, metric="loss")
        >>> wear = np.repeat(np.arange(10.0), 50) / 50  # The loss grows by 0.02 in each of ten steps.
        >>> now = datetime(2026, 1, 1, tzinfo=timezone.utc)
        >>> trigger.look(trigger.start(), Facts(now, values={"loss": np.stack([wear, wear], 1)}))[1].outcome
        'update'

    Deviations:
        As in the paper: both options are forecast, by a regularised linear model of when a model was made and when it
        is asked, from few observations; their costs are compared at a quantile, 0.95 there, too. Not as in the paper:
        (1) There a performance is Beta distributed, approximated by a Gaussian; here it is Student's t, which knows how
        little was seen, cut off at the ends of ``"correct"``. (2) There a feature measures the shift between batches; a
        look's samples are not cut into steps, so here is none. (3) There models of an offline history are trained and
        tested first; here that is optional (`after`). (4) There costs count up to the end of a stream; a loop has none,
        and counts `horizon` steps. (5) There is no gate; here a rejected challenger's cost is added to :math:`K` until
        the next promotion.

    References:
        .. [1] F. Regol et al. When to retrain a machine learning model. ICML 2025, PMLR 267.
           https://arxiv.org/abs/2505.14903
    """

    cost: float | None = None
    value: float = 1.0
    metric: Loss = "correct"
    step_rows: int = 500
    horizon: int = 10
    confidence: float = 0.95

    def __post_init__(self) -> None:
        if self.cost is not None:
            check_range("cost", self.cost, 0)
        check_range("value", self.value, 0)
        check_whole("step_rows", self.step_rows, 1)
        check_whole("horizon", self.horizon, 1)
        check_range("confidence", self.confidence, 0.5, 0.999)

    @property
    def needs(self) -> frozenset[str]:
        """The metric."""
        return frozenset({self.metric})

    def start(self) -> State:
        """Nothing was observed. Observations are ``[step, age, mean loss]``."""
        return {"open": EMPTY, "time": 0, "age": 0, "charged": 0.0, "observed": []}

    def after(self, matrix: Array) -> State:
        """The state after a history, of which models of every age are known; the champion is as old as its first step.

        Args:
            matrix: ``(T, T)`` the mean loss per row at step j of the model made just before step i; NaN where there is
                none, and below the diagonal not looked at. Its steps are of `step_rows` rows.
        """
        steps = len(matrix)
        known = [[j, j - i, float(matrix[i, j])] for j in range(steps) for i in range(j + 1)]
        observed = [point for point in known if math.isfinite(point[2])][-REMEMBERED:]
        return {**self.start(), "time": steps, "age": steps, "observed": observed}

    def look(self, state: State, facts: Facts) -> tuple[State, Decision]:
        """Each step that is complete is judged; a look updates if any of them says so."""
        still_open, done = take(state["open"], losses(facts, self.metric), self.step_rows)
        cost, decisions = price(self.cost, facts), []
        for step in done:
            observed = [*state["observed"], [state["time"], state["age"], step.mean]][-REMEMBERED:]
            state = {**state, "time": state["time"] + 1, "age": state["age"] + 1, "observed": observed}
            decisions.append(self._decision(state, cost))
        state = {**state, "open": still_open}
        updates = [decision for decision in decisions if decision.yes]
        return state, (updates or decisions[-1:] or [self._decision(state, cost)])[0]

    def settle(self, state: State, settled: Settled) -> State:
        """A new champion has age 0, and what was observed of others stays; a rejected challenger is charged."""
        if settled.promoted:
            return {**state, "open": EMPTY, "age": 0, "charged": 0.0}
        return {**state, "charged": state["charged"] + charge(self.cost, settled)}

    def _decision(self, state: State, cost: float | None) -> Decision:
        observed = len(state["observed"])
        if observed < LEAST:
            why = f"{observed} of {LEAST} steps of {self.step_rows:,} labelled rows have been observed."
            return Decision("wait", why, {"steps": observed, "threshold": LEAST})
        if cost is None:
            return Decision("wait", UNKNOWN, {"steps": observed})
        cost += state["charged"]
        kept, updated = self._forecasts(state)
        keep, update = self._option(kept, 0.0), self._option(updated, cost)
        bad = [self._money(forecast.quantile(self.confidence)) for forecast in (kept, updated)]
        bad[1] += cost
        evidence = {
            "statistic": bad[0] - bad[1],
            "threshold": 0.0,
            "quantiles": {"keep": bad[0], "update": bad[1], "level": self.confidence},
            "options": {"keep": keep.to_json(), "update": update.to_json()},
            "steps": observed,
            "charged": state["charged"],
        }
        why = f"The next {self.horizon} steps are forecast to cost {keep.cost:.3g} ({keep.low:.3g} to {keep.high:.3g}) "
        why += f"if the model is kept and {update.cost:.3g} ({update.low:.3g} to {update.high:.3g}) if it is updated."
        if bad[1] < bad[0]:
            return Decision("update", why, evidence, fires=1)
        return Decision("wait" if update.cost < keep.cost else "keep", why, evidence)

    def _forecasts(self, state: State) -> tuple[Forecasted, Forecasted]:
        """The summed mean losses of the next steps: of the champion, and of a model made now."""
        points = np.array(state["observed"], dtype=np.float64)
        ahead = np.arange(self.horizon, dtype=np.float64)
        kept, updated = (np.stack([state["time"] + ahead, age + ahead], axis=1) for age in (state["age"], 0))
        return forecast_sum(points[:, :2], points[:, 2], kept), forecast_sum(points[:, :2], points[:, 2], updated)

    def _option(self, forecast: Forecasted, cost: float) -> Option:
        error = (1 - self.confidence) / 2
        levels = (0.5, error, 1 - error)
        return Option(*(cost + self._money(forecast.quantile(level)) for level in levels))

    def _money(self, total: float) -> float:
        """What a sum of the steps' mean losses costs."""
        possible = min(max(total, 0.0), float(self.horizon)) if self.metric == "correct" else total
        return self.value * self.step_rows * possible
