"""CARA: update by the champion's staleness, with thresholds that were cheapest in the past."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, TypeVar

import numpy as np
from scipy.special import ndtri

from vernal.base import Decision, check_range, check_whole
from vernal.triggers.options import Option, charge, price
from vernal.triggers.steps import EMPTY, Array, Loss, Step, losses, take
from vernal.triggers.trigger import Facts, Settled, State, Trigger
from vernal.worth import oracle

CANDIDATES = 256

Rule = TypeVar("Rule", bound="Cara")


class Served(NamedTuple):
    """What a rule is told after each step.

    Args:
        staleness: what the step has cost.
        accumulated: what all steps since the last promotion have cost, this one among them, less what rejected
            challengers have cost since.
        steps: how many steps there were since the last update, promoted or rejected.
    """

    staleness: float
    accumulated: float
    steps: int


@dataclass(frozen=True)
class Cara(Trigger):
    r"""What the three rules of the cost-aware retraining algorithm have in common [1]_.

    Time goes in steps of equally many labelled rows. The *staleness cost* of a step is what the champion's losses in it
    cost, :math:`\Psi = v \sum_t \ell_t`; an update costs :math:`K`. A rule decides after each step by one number, and
    `fit_cara` finds the number that would have been cheapest on a history.

    Args:
        step_rows: labelled rows in a step, at least 1. Of the same size as the history's steps.
        value: :math:`v`, what one unit of loss on one labelled row costs, at least 0.
        metric: what is measured of each row: ``"correct"``, whose loss is 1 for a wrong answer, or ``"loss"``.
        cost: :math:`K`, for the evidence only: it is in the rule's number already. None for what updates have cost.
        confidence: level of the intervals in the evidence, between 0.5 and 0.999.

    Deviations:
        In the paper the staleness of a query is the mean loss of the model over the newest data, each row weighed by
        its similarity to the query, and a step's staleness is the sum over its queries. Facts do not tell which
        features belong to which loss, so rows here stand for the queries, all similarities are 1, and staleness is the
        sum of losses. The paper decides before a step's queries are answered; here their labels are needed, and an
        update serves from the step after. There is no gate in the paper: here the cost of a rejected challenger is
        taken off what has accumulated, and a period begins with every update, promoted or not.

    References:
        .. [1] A. Mahadevan, M. Mathioudakis. Cost-aware retraining for machine learning. Knowledge-Based Systems
           2024. https://arxiv.org/abs/2310.04216
    """

    step_rows: int = 500
    value: float = 1.0
    metric: Loss = "correct"
    cost: float | None = None
    confidence: float = 0.95

    unit: ClassVar[str]

    def __post_init__(self) -> None:
        check_range("threshold", self.limit, 0)
        check_whole("step_rows", self.step_rows, 1)
        check_range("value", self.value, 0)
        check_range("confidence", self.confidence, 0.5, 0.999)
        if self.cost is not None:
            check_range("cost", self.cost, 0)

    @abstractmethod
    def statistic(self, served: Served) -> float:
        """What the rule looks at."""

    @property
    @abstractmethod
    def limit(self) -> float:
        """What the statistic must exceed for an update."""

    def is_due(self, served: Served) -> bool:
        """Whether the rule calls for an update after a step."""
        return self.statistic(served) > self.limit

    @property
    def needs(self) -> frozenset[str]:
        """The metric."""
        return frozenset({self.metric})

    def start(self) -> State:
        """No step was served."""
        return {"open": EMPTY, "accumulated": 0.0, "steps": 0, "fresh": None, "last": None}

    def look(self, state: State, facts: Facts) -> tuple[State, Decision]:
        """Each step that is complete is judged; a look updates if any of them says so."""
        still_open, done = take(state["open"], losses(facts, self.metric), self.step_rows)
        state = {**state, "open": still_open}
        due = None
        for step in done:
            state = self._served(state, step)
            if due is None and self.is_due(_seen(state)):
                due = state
        if state["last"] is None:
            why = f"{still_open['rows']:,} of {self.step_rows:,} labelled rows of the first step have come."
            return state, Decision("wait", why, {"rows": still_open["rows"], "threshold": self.step_rows})
        return state, self._decision(due or state, due is not None, price(self.cost, facts))

    def settle(self, state: State, settled: Settled) -> State:
        """A new champion begins anew; a rejected challenger is charged."""
        if settled.promoted:
            return self.start()
        return {**state, "accumulated": state["accumulated"] - charge(self.cost, settled), "steps": 0}

    def _served(self, state: State, step: Step) -> State:
        staleness = self.value * step.mean * step.rows
        last = [staleness, self.value * step.error * step.rows]
        return {
            **state,
            "accumulated": state["accumulated"] + staleness,
            "steps": state["steps"] + 1,
            "fresh": state["fresh"] or last,
            "last": last,
        }

    def _decision(self, state: State, due: bool, cost: float | None) -> Decision:
        # The options are for the next step, were the champion's like its last one, and a new champion's like its first.
        keep, fresh = self._option(0.0, state["last"]), self._option(cost or 0.0, state["fresh"])
        evidence = {
            "statistic": self.statistic(_seen(state)),
            "threshold": self.limit,
            "accumulated": state["accumulated"],
            "steps": state["steps"],
            "options": {"keep": keep.to_json()} | ({} if cost is None else {"update": fresh.to_json()}),
        }
        why = f"{self.unit} {evidence['statistic']:.3g}; more than {self.limit:.3g} calls for an update."
        return Decision("update" if due else "keep", why, evidence, fires=int(due))

    def _option(self, cost: float, step: Sequence[float]) -> Option:
        reach = step[1] * float(ndtri((1 + self.confidence) / 2))
        return Option(cost + step[0], cost + step[0] - reach, cost + step[0] + reach)


def _seen(state: State) -> Served:
    return Served(state["last"][0], state["accumulated"], state["steps"])


# A rule's number lies in a base of its own, the last one, whose fields come first among the arguments.
@dataclass(frozen=True)
class _Threshold:
    threshold: float


@dataclass(frozen=True)
class _Period:
    period: int


@dataclass(frozen=True)
class CaraThreshold(Cara, _Threshold):
    """Update when a single step's staleness cost exceeds a threshold: for sudden drift.

    It has no memory. After a rejected challenger it asks again at the next such step: combine it with a cool-down.

    Args:
        threshold: what a step may cost, in the unit of `value`.

    Examples:
        >>> rule = CaraThreshold(threshold=12.5, step_rows=100)
        >>> rule.is_due(Served(staleness=13.0, accumulated=40.0, steps=4))
        True
    """

    unit = "The last step has cost"

    @property
    def limit(self) -> float:
        """The threshold."""
        return self.threshold

    def statistic(self, served: Served) -> float:
        """What the step has cost."""
        return served.staleness


@dataclass(frozen=True)
class CaraCumulative(Cara, _Threshold):
    """Update when the staleness cost accumulated since the last promotion exceeds a threshold: for gradual drift.

    Args:
        threshold: what the steps may cost together, in the unit of `value`.

    Examples:
        >>> rule = CaraCumulative(threshold=50.0, step_rows=100)
        >>> rule.is_due(Served(staleness=13.0, accumulated=40.0, steps=4))
        False
    """

    unit = "The steps since the last promotion have cost"

    @property
    def limit(self) -> float:
        """The threshold."""
        return self.threshold

    def statistic(self, served: Served) -> float:
        """What the steps have cost together."""
        return served.accumulated


@dataclass(frozen=True)
class CaraPeriodic(Cara, _Period):
    """Update every so many steps.

    Args:
        period: steps from one update to the next, at least 1.

    Examples:
        >>> rule = CaraPeriodic(period=4, step_rows=100)
        >>> rule.is_due(Served(staleness=13.0, accumulated=40.0, steps=4))
        True
    """

    unit = "Steps since the last update:"

    def __post_init__(self) -> None:
        check_whole("period", self.period, 1)
        super().__post_init__()

    @property
    def limit(self) -> float:
        """One step less than the period."""
        return self.period - 1

    def statistic(self, served: Served) -> float:
        """How many steps there were."""
        return served.steps


class CaraFit(NamedTuple):
    """The numbers with which each rule would have been cheapest on a history.

    Args:
        threshold: for `CaraThreshold`.
        cumulative: for `CaraCumulative`.
        period: for `CaraPeriodic`.
        costs: what they would have cost, by the names above, and what hindsight would have cost, ``"oracle"``.
    """

    threshold: float
    cumulative: float
    period: int
    costs: dict[str, float]


def fit_cara(matrix: Array, cost: float) -> CaraFit:
    """Fit each rule's number on a history, by trying all that would have made a difference there.

    Those are the values that a rule's statistic takes on the history; of more than 256, as many, evenly by rank. Give
    it costs as they were measured, with their noise: a threshold fitted on smooth ones fires on noise.

    Args:
        matrix: ``(T, T)`` what it costs to serve step j by the model made just before step i, as `vernal.worth.oracle`
            takes it. It holds for training from scratch only. Its steps are of as many rows as the triggers' will be.
        cost: what an update costs, in the same unit.

    Raises:
        DataError: the matrix is not square, or an entry that counts is not finite.

    Examples:
        >>> age = np.maximum(np.arange(12.0) - np.arange(12.0)[:, None], 0)  # Linear decay.
        >>> fit_cara(age, cost=6.0)
        CaraFit(threshold=2.0, cumulative=3.0, period=4, costs={'threshold': 30.0, ...})
    """
    matrix = np.asarray(matrix, dtype=np.float64)
    hindsight = oracle(matrix, cost).cost
    rows = [matrix[i, i:] for i in range(len(matrix))]
    threshold, a = _cheapest([CaraThreshold(x) for x in _candidates(rows)], matrix, cost)
    cumulative, b = _cheapest([CaraCumulative(x) for x in _candidates([row.cumsum() for row in rows])], matrix, cost)
    periodic, c = _cheapest([CaraPeriodic(x) for x in range(1, len(matrix) + 1)], matrix, cost)
    costs = {"threshold": a, "cumulative": b, "period": c, "oracle": hindsight}
    return CaraFit(threshold.threshold, cumulative.threshold, periodic.period, costs)


def _candidates(rows: Sequence[Array]) -> list[float]:
    """Values at which a threshold's decisions change, ascending."""
    values = np.unique(np.concatenate(rows))
    picked = np.linspace(0, len(values) - 1, min(len(values), CANDIDATES)).round().astype(int)
    return [float(value) for value in values[picked]]


def _cheapest(rules: Sequence[Rule], matrix: Array, cost: float) -> tuple[Rule, float]:
    """The rule that would have cost least, and what; of equals the last, which updates least."""
    rows = matrix.tolist()
    plans = [_followed(rule, rows) for rule in rules]
    costs = [staleness + cost * len(times) for times, staleness in plans]
    best = max(range(len(rules)), key=lambda n: (-costs[n], n))
    return rules[best], costs[best]


def update_times(rule: Cara, matrix: Array) -> tuple[int, ...]:
    """The steps before which a rule would have updated, on the matrix of a history.

    Examples:
        >>> update_times(CaraPeriodic(2), np.zeros((6, 6)))
        (2, 4)
    """
    return _followed(rule, matrix.tolist())[0]


def _followed(rule: Cara, rows: Sequence[Sequence[float]]) -> tuple[tuple[int, ...], float]:
    """When a rule would have updated, and the staleness that it would have left."""
    model, accumulated, total, times = 0, 0.0, 0.0, []
    for step in range(len(rows)):
        staleness = rows[model][step]
        accumulated, total = accumulated + staleness, total + staleness
        if step + 1 < len(rows) and rule.is_due(Served(staleness, accumulated, step + 1 - model)):
            model, accumulated = step + 1, 0.0
            times.append(model)
    return tuple(times), total
