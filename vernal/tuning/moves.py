"""What a free worker may be told."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Begin:
    """Begin another trial.

    Args:
        until: the level to which it may train.
    """

    until: int


@dataclass(frozen=True)
class GoOn:
    """Go on with a paused trial.

    Args:
        number: of the trial.
        until: the level to which it may train.
    """

    number: int
    until: int


@dataclass(frozen=True)
class Wait:
    """Nothing can be decided before a running trial has reached its level."""


@dataclass(frozen=True)
class Done:
    """There is nothing left to do."""


Move = Begin | GoOn | Wait | Done
