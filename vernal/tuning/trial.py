"""A trial: one configuration, and how it has done so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from vernal.space import Value

Status = Literal["running", "paused", "complete", "failed"]
Measures = Mapping[str, float | None]


@dataclass(frozen=True)
class Trial:
    """One configuration, and how it has done so far.

    Args:
        number: its place in the order in which trials began, from 0.
        config: the values of the ranges that are active in it.
        origin: where the configuration comes from, in words.
        until: the level to which it may train, or was allowed to.
        status: ``running``, ``paused`` at a level (perhaps for ever), ``complete``, ``failed``.
        curve: what was measured at each level, from level 1 on. A level is an epoch, unless the budget is shorter.
        seconds: how long it has trained.
        final: what was measured when it was complete, of the model as it would be stored.
        error: why it failed.
        deaths: how often its process has died since its last level.
    """

    number: int
    config: Mapping[str, Value]
    origin: str
    until: int
    status: Status = "running"
    curve: tuple[Measures, ...] = ()
    seconds: float = 0.0
    final: Measures | None = None
    error: str = ""
    deaths: int = 0

    @property
    def level(self) -> int:
        """How many levels it has reached."""
        return len(self.curve)

    @property
    def last(self) -> Measures | None:
        """What was measured last; None if nothing was."""
        return self.final if self.final is not None else self.curve[-1] if self.curve else None

    def at(self, level: int) -> Measures | None:
        """What was measured at a level; at the end, for all levels that a complete trial never needed.

        Examples:
            >>> trial = Trial(0, {}, "default", 9, "complete", ({"loss": 2.0}, {"loss": 1.0}), final={"loss": 0.9})
            >>> trial.at(1), trial.at(9)
            ({'loss': 2.0}, {'loss': 0.9})
        """
        if level <= self.level:
            return self.curve[level - 1]
        return self.final if self.status == "complete" else None
