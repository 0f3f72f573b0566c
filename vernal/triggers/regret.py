"""Update when staleness has cost as much as an update does."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.special import ndtri

from vernal.base import Decision, check_range, check_whole
from vernal.triggers.excess import LEVEL, climb
from vernal.triggers.options import UNKNOWN, Option, charge, price
from vernal.triggers.steps import EMPTY, Array, Loss, Step, extended, losses, summary
from vernal.triggers.trigger import Facts, Settled, State, Trigger


class _Path(NamedTuple):
    """``(n + 1,)`` each, before and after every row: regret, its interval, and rows since it was 0."""

    regret: Array
    low: Array
    high: Array
    rows: Array

    def where(self, threshold: float) -> int:
        """The first place at which to update; the last one if there is none."""
        reached = (self.regret >= threshold) & (self.low > 0)
        return int(reached.argmax()) if reached.any() else len(reached) - 1


@dataclass(frozen=True)
class AccumulatedRegret(Trigger):
    r"""Accumulate what the champion loses against a fresh model, and update when that reaches the cost of an update.

    With the loss :math:`\ell_t` of each labelled row, the loss :math:`\ell_0` of the champion when it was fresh and the
    value :math:`v` of a unit of loss,

    .. math::
        R_t = \max\left(0,\; R_{t-1} + v\,(\ell_t - \ell_0 - \text{tolerance})\right), \qquad
        \text{update when } R_t \ge K .

    Where quality decays linearly this is exactly optimal (`vernal.worth.best_period`). However else it decays, it is
    the rent-or-buy rule: it costs at most twice what hindsight would have cost, and what is overshot [1]_. With a
    tolerance it is Page's CUSUM [2]_ with its threshold in money.

    Losses are noisy and :math:`\ell_0` is an estimate, so regret that nobody could tell from none is not acted upon: at
    :math:`K` without evidence the answer is ``"wait"``. Half of the error goes to :math:`\ell_0` (a normal interval),
    half to the noise of the rows (a normal mixture bound, which holds at all of them at once [3]_). The lower end is
    the regret against the highest plausible :math:`\ell_0`, accumulated in the same way, less its noise.

    Only a promotion makes an end of regret. A challenger that was rejected has cost as much as one that was not: its
    cost is charged, and the next is tried when regret has reached :math:`K` beyond what rejected ones have cost.

    Args:
        cost: :math:`K`, what an update costs; None for what updates have cost so far, as the loop measured it.
        value: :math:`v`, what one unit of loss on one labelled row costs, in the unit of the cost. Where one row in
            twenty gets a label, twenty times what a row is worth.
        tolerance: loss per row above a fresh model's that is accepted and does not count, at least 0.
        metric: what is measured of each row: ``"correct"``, whose loss is 1 for a wrong answer, or ``"loss"``.
        fresh_rows: the first labelled rows of a new champion, by which its fresh loss is estimated, at least 1. More
            rows make it surer, and hide the decay within them.
        confidence: level of the interval, between 0.5 and 0.999.

    Examples:
        >>> from datetime import datetime, timezone
        >>> trigger = AccumulatedRegret(cost=30, fresh_rows=100)
        >>> right = np.tile([1.0, 1, 1, 1, 1, 1, 1, 1, 1, 0], 20)
        >>> facts = Facts(datetime(2026, 1, 1, tzinfo=timezone.utc), values={"correct": np.stack([right, right], 1)})
        >>> state, decision = trigger.look(trigger.start(), facts)
        >>> decision.outcome
        'keep'
        >>> facts = Facts(facts.now, values={"correct": np.zeros((50, 2))})
        >>> trigger.look(state, facts)[1].why
        'Staleness has cost 30.6 (18.3 to 52.5) in 124 rows, and an update costs 30.'

    References:
        .. [1] A. Karlin et al. Competitive snoopy caching. Algorithmica 1988. https://doi.org/10.1007/BF01762111
        .. [2] E. Page. Continuous inspection schemes. Biometrika 1954. https://doi.org/10.1093/biomet/41.1-2.100
        .. [3] S. Howard et al. Time-uniform, nonparametric, nonasymptotic confidence sequences. Annals of Statistics
           2021. https://doi.org/10.1214/20-AOS1991
    """

    cost: float | None = None
    value: float = 1.0
    tolerance: float = 0.0
    metric: Loss = "correct"
    fresh_rows: int = 500
    confidence: float = 0.95

    def __post_init__(self) -> None:
        if self.cost is not None:
            check_range("cost", self.cost, 0)
        check_range("value", self.value, 0)
        check_range("tolerance", self.tolerance, 0)
        check_whole("fresh_rows", self.fresh_rows, 1)
        check_range("confidence", self.confidence, 0.5, 0.999)

    @property
    def needs(self) -> frozenset[str]:
        """The metric."""
        return frozenset({self.metric})

    def start(self) -> State:
        """Nothing is known of the champion."""
        # `sure` is regret against the highest loss that a fresh champion may plausibly have.
        return {"fresh": EMPTY, "regret": LEVEL, "sure": LEVEL, "charged": 0.0}

    def look(self, state: State, facts: Facts) -> tuple[State, Decision]:
        """Every row moves the regret; a look updates if it reached the threshold at any of its rows."""
        new = losses(facts, self.metric)
        missing = min(self.fresh_rows - state["fresh"]["rows"], len(new))
        fresh = extended(state["fresh"], new[:missing])
        state = {**state, "fresh": fresh}
        if fresh["rows"] < self.fresh_rows:
            why = (
                f"{fresh['rows']:,} of {self.fresh_rows:,} rows are labelled by which a fresh champion's loss is known."
            )
            return state, Decision("wait", why, {"rows": fresh["rows"], "threshold": self.fresh_rows})
        state, path = self._walked(state, new[missing:])
        return state, self._decision(state, path, price(self.cost, facts))

    def settle(self, state: State, settled: Settled) -> State:
        """A new champion begins without regret; a rejected challenger is charged."""
        if settled.promoted:
            return self.start()
        return {**state, "charged": state["charged"] + charge(self.cost, settled)}

    def _walked(self, state: State, new: Array) -> tuple[State, _Path]:
        """The state after some rows, and the path to it."""
        fresh = summary(state["fresh"])
        error = (1 - self.confidence) / 4  # At each end: half for the loss of a fresh model, half for the noise.
        slack = self._deviation(fresh) * float(ndtri(1 - error)) / math.sqrt(fresh.rows)
        excess = new - fresh.mean - self.tolerance
        after, regret = climb(state["regret"], excess)
        after_sure, sure = climb(state["sure"], excess - slack)
        low = np.maximum(0.0, sure.height - self._noise(fresh, sure.rows, error))
        high = regret.height + self._noise(fresh, regret.rows, error) + slack * regret.rows
        path = _Path(self.value * regret.height, self.value * low, self.value * high, regret.rows)
        return {**state, "regret": after, "sure": after_sure}, path

    def _noise(self, fresh: Step, rows: Array, error: float) -> Array:
        """How far some rows' losses may add up by chance, at any of them: tightest after as many as are fresh."""
        spread = rows + fresh.rows
        bound = self._deviation(fresh) * np.sqrt(spread * np.log(spread / (fresh.rows * (2 * error) ** 2)))
        return np.where(rows > 0, bound, 0.0)

    def _deviation(self, fresh: Step) -> float:
        if self.metric == "loss":
            return fresh.deviation
        wrong = (fresh.mean * fresh.rows + 1) / (fresh.rows + 2)  # Of no error in a few rows it does not follow: never.
        return math.sqrt(wrong * (1 - wrong))

    def _decision(self, state: State, path: _Path, cost: float | None) -> Decision:
        threshold = math.inf if cost is None else cost + state["charged"]
        at = path.where(threshold)
        keep, rows = Option(float(path.regret[at]), float(path.low[at]), float(path.high[at])), int(path.rows[at])
        evidence = self._evidence(state, keep, rows, cost)
        if cost is None:
            return Decision("wait", UNKNOWN, evidence)
        why = f"Staleness has cost {keep.cost:.3g} ({keep.low:.3g} to {keep.high:.3g}) in {rows:,} rows, "
        why += f"and an update costs {cost:.3g}" + (
            f", after {state['charged']:.3g} for rejected ones." if state["charged"] else "."
        )
        if keep.cost < threshold:
            return Decision("keep", why, evidence)
        if keep.low > 0:
            return Decision("update", why, evidence, fires=1)
        return Decision("wait", why + " The interval still contains nothing at all.", evidence)

    def _evidence(self, state: State, keep: Option, rows: int, cost: float | None) -> dict[str, Any]:
        fresh = summary(state["fresh"])
        options = {} if cost is None else {"update": Option(cost, cost, cost).to_json()}
        return {
            "statistic": keep.cost,
            "interval": [keep.low, keep.high],
            "threshold": None if cost is None else cost + state["charged"],
            "charged": state["charged"],
            "rows": rows,
            "fresh": {"loss": fresh.mean, "error": fresh.error, "rows": fresh.rows},
            # Over as many rows again, were they like those that the regret comes from.
            "options": options | {"keep": keep.to_json()},
        }
