"""What a trigger is: a state machine over frozen facts, whose state is plain values that the loop keeps for it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from vernal.base import Decision

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
    and given back, so that a restart changes nothing. Every look sees each fact exactly once.
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
