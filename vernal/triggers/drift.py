"""An update because the data has changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from vernal.base import ConfigError, Decision, check_whole, period
from vernal.drift import Monitor
from vernal.triggers.moments import said
from vernal.triggers.trigger import Facts, Settled, State, Trigger

MONTH = timedelta(days=30)


@dataclass(frozen=True)
class Drift(Trigger):
    """Fires when rows since the champion was made differ from those of its time.

    It tests now and then, not at each look, since each test is a chance of a false alarm, and costs time. Between tests
    nothing is computed. Where a change is seen and too few rows have come since it began to learn the new world from,
    it waits, and tests again as soon as there are enough. Where a change goes on after an update that was rejected, the
    next test fires again; a `Cooldown` makes that rarer.

    Without labels, only the data can be seen to change: see docs/drift.md for what that cannot tell.

    Args:
        on: names of the samples that are compared, as far as there are any.
        every: a span of time between two tests, or a number of rows.
        enough: rows that must have come since the change began: since the last test that saw none.
        monitor: the tests, and how many false alarms they may raise. Its `looks_per_month` follows from `every`, where
            that is a span of time.

    Examples:
        >>> import numpy as np
        >>> from datetime import UTC, datetime
        >>> before, after = np.random.default_rng(0).normal(size=(2, 300, 4))
        >>> trigger = Drift(on=("features",), enough=1000)
        >>> facts = Facts(datetime(2026, 1, 1, tzinfo=UTC), rows=300, samples={"features": (before, after + 1)})
        >>> trigger.look(trigger.start(), facts)[1].outcome
        'wait'
    """

    on: tuple[str, ...] = ("embeddings", "features")
    every: str | int = "1d"
    enough: int = 0
    monitor: Monitor = Monitor()

    def __post_init__(self) -> None:
        if not (isinstance(self.on, tuple) and self.on):
            raise ConfigError(f"`on` must be names of samples, got {self.on!r}. Write e.g. on=('features',).")
        check_whole("enough", self.enough, 0)
        if not isinstance(self.every, str):
            check_whole("every", self.every, 1, "Or write a span of time, e.g. '1d'.")
        self._paced()

    @property
    def needs(self) -> frozenset[str]:
        """The samples."""
        return frozenset(self.on)

    def start(self) -> State:
        """Nothing has been tested."""
        return {"tests": 0, "tested": None, "untested_rows": 0, "rows": 0, "last": None, "drifted": False}

    def look(self, state: State, facts: Facts) -> tuple[State, Decision]:
        """Test if it is time to, and answer by the last test."""
        now = {
            **state,
            "rows": state["rows"] + facts.rows,
            "untested_rows": state["untested_rows"] + facts.rows,
        }
        if not self._is_due(now, facts):
            return now, self._between_tests(now)
        samples = {name: facts.samples[name] for name in self.on if name in facts.samples}
        found = self._paced().decide(samples, seed=state["tests"])
        if "comparisons" not in found.evidence:  # Too few rows: nothing was tested, and a test is still due.
            return now, self._decision(found, now["rows"])
        decision = self._decision(found, now["rows"])
        after = {
            "tests": state["tests"] + 1,
            "tested": facts.now.timestamp(),
            "untested_rows": 0,
            "rows": 0 if found.outcome == "none" else now["rows"],
            "last": decision.outcome,
            "drifted": found.outcome == "drift",
        }
        return after, decision

    def settle(self, state: State, settled: Settled) -> State:
        """A new champion is compared with its own time, at the next test."""
        fresh = {"untested_rows": 0, "rows": 0, "last": None, "drifted": False}
        return {**state, **fresh} if settled.promoted else state

    def _paced(self) -> Monitor:
        """The monitor, told how often it tests."""
        if not isinstance(self.every, str):
            return self.monitor
        return replace(self.monitor, looks_per_month=MONTH / period(self.every))

    def _is_due(self, now: State, facts: Facts) -> bool:
        if now["tested"] is None:
            return True
        if now["drifted"] and now["last"] == "wait" and now["rows"] >= self.enough:
            return True
        if isinstance(self.every, str):
            return bool(facts.now.timestamp() - now["tested"] >= period(self.every).total_seconds())
        return bool(now["untested_rows"] >= self.every)

    def _between_tests(self, now: State) -> Decision:
        evidence = {"rows_since": now["rows"], "enough": self.enough, "last": now["last"]}
        why = f"The last test was at {said(now['tested'])}, and there is one every {self._spacing()}."
        return Decision("wait" if now["last"] == "wait" else "keep", why, evidence)

    def _decision(self, found: Decision, rows: int) -> Decision:
        evidence: dict[str, Any] = {"rows_since": rows, "enough": self.enough, "test": found.to_json()}
        if found.outcome == "drift" and rows < self.enough:
            why = f"{found.why} {rows:,} rows have come since it began, and {self.enough:,} are needed to learn it."
            return Decision("wait", why, evidence)
        outcome = {"drift": "update", "none": "keep", "undecided": "wait"}[found.outcome]
        return Decision(outcome, found.why, evidence, fires=int(outcome == "update"))

    def _spacing(self) -> str:
        return self.every if isinstance(self.every, str) else f"{self.every:,} rows"
