"""An update because a metric is not what it should be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from vernal.base import Decision, check_range
from vernal.triggers.condition import Condition
from vernal.triggers.interval import Interval
from vernal.triggers.trigger import Facts, Settled, State, Trigger
from vernal.triggers.window import Summary, Window


@dataclass(frozen=True)
class Metric(Trigger):
    """Fires when the mean of a metric over a sliding window is on the wrong side of a level.

    The metric is ``"correct"`` or ``"loss"`` of the champion, or any number of a business: only mature labels count. It
    is compared whenever there are new values and the window is full; until then it waits. It fires once for each
    excursion: not again before the metric has come back, or another champion has been made; with that, the window
    begins anew. So an update that was rejected is not tried again: ``~~Metric(...) & Every("1d")`` does so daily.

    Args:
        condition: ``"ctr < 0.0191"``: fires below; ``"loss > 1.2"``: fires above. Or a difference from the first full
            window of the champion, when it was new: ``"correct < champion - 0.02"``. The level itself never fires.
        window: over how many rows, or over what span of time, e.g. ``"7d"``. A metric that is a number per day already
            has a window of 1. A larger one is calmer, and later; see `Window` for how it slides.
        confidence: fires only if the whole confidence interval is on the wrong side, e.g. 0.95: Wilson's for values
            that are 0 or 1, else Student's. None for the mean as it is. It holds for one look at independent rows: who
            looks every day is wrong more often, and needs more confidence.
        hysteresis: by how much the mean must be beyond the level, on the right side, for an excursion to end.

    Examples:
        >>> from datetime import UTC, datetime
        >>> trigger, now = Metric("ctr < 0.0191", window=1), datetime(2026, 1, 3, tzinfo=UTC)
        >>> days = np.array([[1767225600.0, 0.0191], [1767312000.0, 0.0180]])
        >>> state, decision = trigger.look(trigger.start(), Facts(now, values={"ctr": days}))
        >>> decision.outcome, decision.why
        ('update', 'ctr is 0.018 over 1 row, below 0.0191.')
    """

    condition: str
    window: int | str = 1000
    confidence: float | None = None
    hysteresis: float = 0.0

    def __post_init__(self) -> None:
        Condition.parse(self.condition)
        Window(self.window)
        check_range("hysteresis", self.hysteresis, 0)
        if self.confidence is not None:
            check_range("confidence", self.confidence, 0.5, 0.999999, "0.95 is usual.")

    @property
    def needs(self) -> frozenset[str]:
        """The metric."""
        return frozenset({self._condition.name})

    def start(self) -> State:
        """Nothing has been measured."""
        return {"window": Window(self.window).start(), "baseline": None, "latest": None, "wrong": False}

    def look(self, state: State, facts: Facts) -> tuple[State, Decision]:
        """Take in what was measured, and compare."""
        condition = self._condition
        values = np.asarray(facts.values.get(condition.name, np.empty((0, 2))), np.float64)
        window, summaries = Window(self.window).add(state["window"], values, facts.now.timestamp())
        baseline, latest, wrong, fires = state["baseline"], state["latest"], state["wrong"], 0
        if condition.relative and baseline is None and summaries:
            baseline = vars(summaries[0])
        for summary in summaries:
            compared = self._compared(summary, baseline)
            begins = not wrong and condition.is_true_of(compared)
            fires += begins
            wrong = begins or (wrong and not condition.is_over(compared.mean, self.hysteresis))
            # Several excursions may begin in one look: the evidence is that of the last that fired, or of the last.
            if begins or not fires:
                latest = {"n": summary.n, "value": summary.mean, **compared.to_json()}
        after = {"window": window, "baseline": baseline, "latest": latest, "wrong": wrong}
        return after, self._decision(after, fires, len(values))

    def settle(self, state: State, settled: Settled) -> State:
        """A new champion is measured anew."""
        return self.start() if settled.promoted else state

    def holds(self, state: State) -> bool:
        """Whether the excursion goes on."""
        return bool(state["wrong"])

    @property
    def _condition(self) -> Condition:
        return Condition.parse(self.condition)

    def _compared(self, summary: Summary, baseline: State | None) -> Interval:
        """What is compared with the level: the mean, or its difference from the champion's first."""
        interval = summary.interval(self.confidence)
        return interval.minus(Summary(**baseline).interval(self.confidence)) if baseline else interval

    def _decision(self, state: State, fires: int, new: int) -> Decision:
        condition, latest = self._condition, state["latest"]
        evidence = {
            "metric": condition.name,
            "threshold": condition.level,
            "confidence": self.confidence,
            "baseline": state["baseline"],
            "new_values": new,
            "measured": latest,
            "excursion": state["wrong"],
        }
        if latest is None:
            seen = f"{state['window']['seen']:,} values of {condition.name} have come"
            return Decision("wait", f"{seen}, and the window of {self.window} is not full.", evidence)
        outcome = "update" if fires else "keep"
        return Decision(outcome, self._why(condition, latest, state, bool(fires)), evidence, fires=fires)

    def _why(self, condition: Condition, latest: State, state: State, fired: bool) -> str:
        rows = "1 row" if latest["n"] == 1 else f"{latest['n']:,} rows"
        is_ = f"{condition.name} is {latest['value']:.5g} over {rows}"
        if state["baseline"]:
            is_ += f", {latest['mean']:+.3g} from the champion's {state['baseline']['mean']:.5g}"
        if self.confidence is not None:
            is_ += f" ({self.confidence:.4g}-interval {_end(latest['low'])} to {_end(latest['high'])})"
        side = "below" if condition.below else "above"
        if fired:
            return f"{is_}, {side} {condition.level:.5g}."
        if state["wrong"]:
            return f"{is_}: it has not come back since it fired for being {side} {condition.level:.5g}."
        return f"{is_}, not {'surely ' if self.confidence else ''}{side} {condition.level:.5g}."


def _end(value: Any) -> str:
    return "?" if value is None else f"{value:.5g}"
