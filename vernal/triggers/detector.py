"""An update because a sequential detector raised an alarm."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from vernal.base import ConfigError, Decision, StateError
from vernal.drift import SequentialDetector
from vernal.triggers.spelled import spelled
from vernal.triggers.trigger import Facts, Settled, State, Trigger

_BETTER = {"correct": "up", "loss": "down"}


@dataclass(frozen=True, eq=False)
class Detector(Trigger):
    """Fires at each alarm of a detector that watches the mean of a metric, value by value.

    Compared with `Metric` it needs no level: it finds out by itself what is usual, and how soon it is sure. A new
    champion is watched from the beginning.

    Args:
        on: the metric, ``"correct"`` or ``"loss"`` of the champion, or any that a source measures.
        detector: any of vernal.drift, with its direction: ``"down"`` for what is better the higher.

    Examples:
        >>> import numpy as np
        >>> from datetime import UTC, datetime
        >>> from vernal.drift import CUSUM
        >>> right = np.array([1.0, 1.0, 1.0, 0.0] * 100 + [0.0] * 100)
        >>> facts = Facts(datetime(2026, 1, 1, tzinfo=UTC), values={"correct": np.stack([right, right], axis=1)})
        >>> trigger = Detector("correct", CUSUM(direction="down"))
        >>> trigger.look(trigger.start(), facts)[1].outcome
        'update'
    """

    on: str
    detector: SequentialDetector

    def __post_init__(self) -> None:
        if not isinstance(self.detector, SequentialDetector):
            raise ConfigError(f"`detector` must be one of vernal.drift, e.g. ADWIN(), got {self.detector!r}.")
        if self.detector.direction == _BETTER.get(self.on):
            other = "down" if self.detector.direction == "up" else "up"
            raise ConfigError(
                f"{self.detector.name} looks for `{self.on}` going {self.detector.direction}, which is better."
                f" Give it direction={other!r}."
            )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Detector) and str(self) == str(other)  # A detector is equal to itself only.

    def __hash__(self) -> int:
        return hash(spelled(self))

    @property
    def needs(self) -> frozenset[str]:
        """The metric."""
        return frozenset({self.on})

    def start(self) -> State:
        """A detector that has seen nothing."""
        return {"detector": replace(self.detector).state()}

    def look(self, state: State, facts: Facts) -> tuple[State, Decision]:
        """Show the detector what was measured."""
        detector, lost = self._restored(state)
        values = np.asarray(facts.values.get(self.on, np.empty((0, 2))), np.float64)[:, 1]
        found = detector.update_many(values[np.isfinite(values)])
        evidence = {"metric": self.on, "new_values": len(values), "memory_lost": lost, **found.evidence}
        outcome = "update" if found.outcome == "drift" else "keep"
        why = f"{self.on}: {found.why}."
        return {"detector": detector.state()}, Decision(outcome, why, evidence, fires=found.fires)

    def settle(self, state: State, settled: Settled) -> State:
        """A new champion is watched from the beginning."""
        return self.start() if settled.promoted else state

    def _restored(self, state: State) -> tuple[SequentialDetector, str | None]:
        """The detector as it was; a new one, and why, if another version of its library remembers other things."""
        try:
            return self.detector.restored(state["detector"]), None
        except StateError as error:
            return replace(self.detector), str(error)
