"""What a trigger is: a state machine over frozen facts, whose state is plain values that the loop keeps for it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from vernal.base import ConfigError, Decision
from vernal.triggers.spelled import spelled

State = Mapping[str, Any]
Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Facts:
    """What is known when a trigger looks, the same live and in a backtest.

    Whatever a fact is about has happened by `now`, and labels are mature.

    Args:
        now: the time of the look, with its time zone.
        rows: how many rows came since the look before.
        known: how many rows had come before those, those of the champion's chunks included.
        values: new measurements by name, in the order of their times, each ``(n, 2)`` float64: seconds since 1970 and
            value. ``"correct"`` (1 right, 0 wrong) or ``"loss"`` of the champion on each newly labelled row, and the
            metrics of the user's sources.
        samples: by name (``"features"``, ``"embeddings"``, ``"outputs"``) two arrays ``(n, d)`` and ``(m, d)``: rows of
            the time when the champion was made, and rows since then that it has not learned.
        digests: what an update depends on beside data, by name (``"config"``, ``"code"``, ``"schema"``).
        cost: what an update is expected to cost, in the unit of the user; None if there was none yet.
    """

    now: datetime
    rows: int = 0
    known: int = 0
    values: Mapping[str, Array] = field(default_factory=dict)
    samples: Mapping[str, tuple[Array, Array]] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    cost: float | None = None

    def __post_init__(self) -> None:
        if self.now.tzinfo is None:
            raise ConfigError(
                f"`now` must have a time zone, got {self.now.isoformat()}. Take it from a clock, or add one."
            )


@dataclass(frozen=True)
class Settled:
    """What became of an update that was decided upon.

    Args:
        time: when it was settled.
        promoted: whether its model is the champion now. A challenger that was rejected has cost as much.
        cost: what it cost, in the unit of the user.
        values: measured differences by name, such as ``"gain"``: how much better the new champion is.
    """

    time: datetime
    promoted: bool
    cost: float = 0.0
    values: Mapping[str, float] = field(default_factory=dict)


class Trigger(ABC):
    """Decides whether an update is worth it.

    A trigger is a frozen dataclass of settings. What it must remember is a state of plain values (JSON), given to it
    and given back, so that a restart changes nothing. Every look sees each fact exactly once. ``a & b``, ``a | b`` and
    ``~a`` are triggers; ``str(a)`` is what `read_trigger` reads.
    """

    @property
    def needs(self) -> frozenset[str]:
        """Names of the values and samples that it looks at; the loop computes no others."""
        return frozenset()

    @abstractmethod
    def start(self) -> State:
        """The state before the first look."""

    @abstractmethod
    def look(self, state: State, facts: Facts) -> tuple[State, Decision]:
        """The next state, and the decision: ``"update"``, ``"wait"`` or ``"keep"``, with its evidence."""

    def settle(self, state: State, settled: Settled) -> State:
        """The state after an update was promoted or rejected; as it is, unless the trigger counts from there."""
        del settled
        return state

    def holds(self, state: State) -> bool:
        """Whether what it last fired for is still so, for those that wait for other triggers, or for a better time.

        An hour passes, a metric may recover, but a thousand rows that came stay: as is, until there is an update.
        """
        del state
        return True

    def __and__(self, other: Trigger) -> Trigger:
        """Fires when both have fired."""
        from vernal.triggers.at_least import AllOf  # noqa: PLC0415 - which is a trigger itself

        return AllOf(*AllOf.parts(self), *AllOf.parts(other))

    def __or__(self, other: Trigger) -> Trigger:
        """Fires when one of both fires."""
        from vernal.triggers.at_least import AnyOf  # noqa: PLC0415 - which is a trigger itself

        return AnyOf(*AnyOf.parts(self), *AnyOf.parts(other))

    def __invert__(self) -> Trigger:
        """Fires while this one does not."""
        from vernal.triggers.negated import Not  # noqa: PLC0415 - which is a trigger itself

        return Not(self)

    def __str__(self) -> str:
        return spelled(self)
